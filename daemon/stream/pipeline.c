/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipeline.h"

#include <gio/gio.h>
#include <gst/app/gstappsink.h>
#include <gst/base/gstbasesink.h>

#include "clock.h"

#define ENTRY "vedette-entry"
#define DOOR  "vedette-door"

/* --- behind the source --- */

GstElement *vdt_pipeline_parse(const char *launch, GError **error)
{
    /* Which pad is left open cannot be seen: some are linked only when data comes. */
    g_autofree char *whole = g_strconcat("identity name=" DOOR " silent=true ! ", launch, NULL);
    GstElement *bin =
        gst_parse_bin_from_description_full(whole, FALSE, NULL, GST_PARSE_FLAG_FATAL_ERRORS, error);
    g_autoptr(GstElement) door = bin ? gst_bin_get_by_name(GST_BIN(bin), DOOR) : NULL;
    g_autoptr(GstPad) pad = door ? gst_element_get_static_pad(door, "sink") : NULL;

    if (bin)
        gst_element_add_pad(bin, gst_ghost_pad_new("sink", pad));
    return bin;
}

GstAppSrc *vdt_pipeline_get_entry(GstElement *pipeline)
{
    g_autoptr(GstElement) entry = gst_bin_get_by_name(GST_BIN(pipeline), ENTRY);

    return GST_APP_SRC(entry); /* the pipeline has a reference, too */
}

gboolean vdt_pipeline_play(GstElement *pipeline, GError **error)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    g_autoptr(GstMessage) message = NULL;
    g_autoptr(GError) told = NULL;

    if (gst_element_set_state(pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
        return TRUE;
    message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    if (message) {
        gst_message_parse_error(message, &told, NULL);
        g_set_error(error, told->domain, told->code, "%s: %s",
                    GST_OBJECT_NAME(GST_MESSAGE_SRC(message)), told->message);
    } else {
        g_set_error(error, GST_CORE_ERROR, GST_CORE_ERROR_STATE_CHANGE,
                    "it does not begin to play, and does not say why");
    }
    return FALSE;
}

static GstElement *entry_new(gint64 latency)
{
    GstElement *entry = gst_element_factory_make("appsrc", ENTRY);

    if (entry)
        g_object_set(entry, "is-live", TRUE, "format", GST_FORMAT_TIME, "min-latency", latency,
                     "max-bytes", G_GUINT64_CONSTANT(0), "max-buffers", G_GUINT64_CONSTANT(0),
                     "max-time", G_GUINT64_CONSTANT(0), NULL);
    return entry;
}

static void discard(GstElement *pipeline)
{
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
}

GstElement *vdt_pipeline_new(const char *stream, VdtStreamBuild build, gpointer data,
                             gint64 latency, GError **error)
{
    GstElement *rest = build(stream, data, error), *pipeline, *entry;

    if (!rest)
        return NULL;
    pipeline = gst_object_ref_sink(gst_pipeline_new(stream));
    gst_bin_add(GST_BIN(pipeline), rest);
    entry = entry_new(latency);
    if (!entry) {
        g_set_error(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
                    "the element appsrc is missing");
        discard(pipeline);
        return NULL;
    }
    gst_bin_add(GST_BIN(pipeline), entry);
    if (!gst_element_link_pads(entry, "src", rest, "sink")) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "what stands behind a source has no open pad \"sink\"");
        discard(pipeline);
        return NULL;
    }
    vdt_clock_rule(pipeline, vdt_clock_now());
    if (!vdt_pipeline_play(pipeline, error)) {
        discard(pipeline);
        return NULL;
    }
    return pipeline;
}

static void add_output(const GValue *item, gpointer data)
{
    GstElement *element = g_value_get_object(item);
    guint64 *frames = data, rendered = 0, dropped = 0;
    g_autoptr(GstStructure) stats = NULL;

    if (!GST_IS_BASE_SINK(element))
        return;
    g_object_get(element, "stats", &stats, NULL);
    gst_structure_get_uint64(stats, "rendered", &rendered);
    gst_structure_get_uint64(stats, "dropped", &dropped);
    frames[0] += rendered + dropped;
    frames[1]++;
}

gboolean vdt_pipeline_count_output(GstElement *pipeline, guint64 *frames)
{
    GstIterator *elements = gst_bin_iterate_recurse(GST_BIN(pipeline));
    guint64 sum[2] = {0}; /* of frames, of sinks */

    while (gst_iterator_foreach(elements, add_output, sum) == GST_ITERATOR_RESYNC) {
        sum[0] = sum[1] = 0;
        gst_iterator_resync(elements);
    }
    gst_iterator_free(elements);
    *frames = sum[0];
    return sum[1] > 0;
}

/* --- with the source --- */

typedef struct {
    VdtFeed *feed;
    guint opening;
} Tap;

static void tap_free(gpointer data)
{
    Tap *tap = data;

    vdt_feed_unref(tap->feed);
    g_free(tap);
}

static GstFlowReturn on_sample(GstAppSink *sink, gpointer data)
{
    const Tap *tap = data;
    g_autoptr(GstSample) sample = gst_app_sink_pull_sample(sink);

    if (!sample || !gst_sample_get_buffer(sample) || !gst_sample_get_caps(sample))
        return GST_FLOW_OK;
    return vdt_feed_push(tap->feed, tap->opening, sample) ? GST_FLOW_OK : GST_FLOW_FLUSHING;
}

GstElement *vdt_pipeline_new_source(const VdtSourceSpec *spec, VdtFeed *feed, guint opening,
                                    gint64 base, GError **error)
{
    GstAppSinkCallbacks callbacks = {.new_sample = on_sample};
    GstElement *source = vdt_source_new(spec, error), *pipeline, *sink;
    Tap *tap;

    if (!source)
        return NULL;
    pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
    gst_bin_add(GST_BIN(pipeline), source);
    sink = gst_element_factory_make("appsink", NULL);
    if (!sink) {
        g_set_error(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
                    "the element appsink is missing");
        discard(pipeline);
        return NULL;
    }
    g_object_set(sink, "sync", vdt_source_is_file(spec), "qos", FALSE, "max-buffers", 1,
                 "enable-last-sample", FALSE, NULL);
    tap = g_new(Tap, 1);
    *tap = (Tap){.feed = vdt_feed_ref(feed), .opening = opening};
    gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, tap, tap_free);
    gst_bin_add(GST_BIN(pipeline), sink);
    if (!gst_element_link_pads(source, "src", sink, "sink")) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "the source has no pad \"src\"");
        discard(pipeline);
        return NULL;
    }
    vdt_clock_rule(pipeline, base);
    return pipeline;
}
