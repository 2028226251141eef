/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "source.h"

#include <gio/gio.h>
#include <gst/sdp/sdp.h>

#include "nal.h"

#define BYTES ",stream-format=byte-stream,alignment=au"

#define EXIT   "vedette-exit"
#define FILTER "capsfilter"

/* How a codec is taken out of RTP, parsed, and what of it leaves the source. */
typedef struct {
    const char *encoding, *caps, *depay, *parse, *out;
} Codec;

static const Codec codecs[] = {
    {"H264", "video/x-h264", "rtph264depay", "h264parse", "video/x-h264" BYTES},
    {"H265", "video/x-h265", "rtph265depay", "h265parse", "video/x-h265" BYTES},
    {"JPEG", "image/jpeg", "rtpjpegdepay", NULL, "image/jpeg"},
    {"MP4V-ES", "video/mpeg", "rtpmp4vdepay", "mpeg4videoparse", "video/mpeg"},
    {"VP8", "video/x-vp8", "rtpvp8depay", NULL, "video/x-vp8"},
    {"VP9", "video/x-vp9", "rtpvp9depay", NULL, "video/x-vp9"},
};
/* --- the bin --- */

static gboolean is_taken(GstElement *bin)
{
    g_autoptr(GstPad) ghost = gst_element_get_static_pad(bin, "src");
    g_autoptr(GstPad) target = gst_ghost_pad_get_target(GST_GHOST_PAD(ghost));

    return target != NULL;
}

/* What comes out of a new pad, of which it may know no more than that; not empty. */
static GstCaps *get_caps(GstPad *pad)
{
    GstCaps *caps = gst_pad_get_current_caps(pad);

    if (!caps)
        caps = gst_pad_query_caps(pad, NULL);
    if (gst_caps_get_size(caps) == 0) {
        gst_caps_unref(caps);
        caps = gst_caps_new_empty_simple("unknown");
    }
    return caps;
}

/* Adds an element to those from @from on; NULL if it is not installed. */
static GstElement *append(GstElement *bin, GstElement *from, const char *factory)
{
    GstElement *element = gst_element_factory_make(factory, NULL);

    if (!element) {
        GST_ELEMENT_ERROR(bin, CORE, MISSING_PLUGIN, ("The element %s is missing.", factory),
                          (NULL));
        return NULL;
    }
    gst_bin_add(GST_BIN(bin), element);
    if (from && !gst_element_link(from, element)) {
        GST_ELEMENT_ERROR(bin, CORE, PAD,
                          ("%s does not go with %s.", factory, GST_OBJECT_NAME(from)), (NULL));
        return NULL;
    }
    return element;
}

/* What a guard dropped, the next picture does not go on from. */
typedef struct {
    VdtNalCodec codec;
    VdtNalForm form;
    gboolean dropped;
} Guard;

static gboolean is_sane(const Guard *guard, GstBuffer *buffer)
{
    gboolean sane = FALSE;
    GstMapInfo map;

    if (gst_buffer_map(buffer, &map, GST_MAP_READ)) {
        sane = vdt_nal_is_sane(guard->codec, guard->form, map.data, map.size);
        gst_buffer_unmap(buffer, &map);
    }
    return sane;
}

static void note_form(Guard *guard, GstEvent *event)
{
    GstCaps *caps;
    const char *format;

    if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS)
        return;
    gst_event_parse_caps(event, &caps);
    format = gst_structure_get_string(gst_caps_get_structure(caps, 0), "stream-format");
    guard->form = g_strcmp0(format, "byte-stream") == 0 ? VDT_NAL_STARTS : VDT_NAL_LENGTHS;
}

static GstPadProbeReturn on_picture(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Guard *guard = data;
    GstBuffer *buffer;
    gboolean sane;

    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) {
        note_form(guard, GST_PAD_PROBE_INFO_EVENT(info));
        return GST_PAD_PROBE_OK;
    }
    buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    sane = is_sane(guard, buffer);
    if (sane && guard->dropped) {
        buffer = gst_buffer_make_writable(buffer);
        GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
        GST_PAD_PROBE_INFO_DATA(info) = buffer;
    }
    guard->dropped = !sane;
    return sane ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

static gboolean is_made_by(GstElement *element, const char *name)
{
    GstElementFactory *factory = gst_element_get_factory(element);

    return factory && g_str_equal(GST_OBJECT_NAME(factory), name);
}

/* Keeps what could not be a picture from parsers behind an element that takes pictures out of
 * packets. */
static void guard(GstElement *element)
{
    static const char *const depays[] = {
        [VDT_NAL_H264] = "rtph264depay",
        [VDT_NAL_H265] = "rtph265depay",
    };

    for (guint i = 0; i < G_N_ELEMENTS(depays); i++)
        if (is_made_by(element, depays[i])) {
            g_autoptr(GstPad) pad = gst_element_get_static_pad(element, "src");
            Guard *state = g_new0(Guard, 1);

            state->codec = i;
            gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
                              on_picture, state, g_free);
        }
}

/* Has what comes out of @pad leave the bin, once there is everything it passes on its way. */
static void take(GstElement *bin, GstPad *pad, const Codec *codec, const char *depay)
{
    const char *const factories[] = {depay, codec->parse, FILTER};
    GstElement *chain[G_N_ELEMENTS(factories)];
    GstElement *last = NULL;
    guint n = 0;
    g_autoptr(GstPad) first = NULL, out = NULL;
    g_autoptr(GstPad) ghost = gst_element_get_static_pad(bin, "src");
    g_autoptr(GstCaps) caps = gst_caps_from_string(codec->out);

    for (guint i = 0; i < G_N_ELEMENTS(factories); i++) {
        if (!factories[i])
            continue;
        last = append(bin, last, factories[i]);
        if (!last)
            return;
        if (g_str_equal(factories[i], FILTER))
            g_object_set(last, "caps", caps, NULL);
        if (g_object_class_find_property(G_OBJECT_GET_CLASS(last), "config-interval"))
            g_object_set(last, "config-interval", -1, NULL);
        guard(last);
        chain[n++] = last;
    }
    out = gst_element_get_static_pad(last, "src");
    gst_ghost_pad_set_target(GST_GHOST_PAD(ghost), out);
    /* from the end on, so that nothing flows into what is not yet there */
    for (guint i = n; i > 0; i--)
        gst_element_sync_state_with_parent(chain[i - 1]);
    first = gst_element_get_static_pad(chain[0], "sink");
    if (gst_pad_link(pad, first) != GST_PAD_LINK_OK)
        GST_ELEMENT_ERROR(bin, CORE, PAD,
                          ("%s takes none of what comes.", GST_OBJECT_NAME(chain[0])), (NULL));
}

/* FALSE if it is no coded video. */
static gboolean take_coded(GstElement *bin, GstPad *pad, const GstCaps *caps)
{
    const char *name = gst_structure_get_name(gst_caps_get_structure(caps, 0));

    for (guint i = 0; i < G_N_ELEMENTS(codecs); i++)
        if (g_str_equal(codecs[i].caps, name)) {
            if (!is_taken(bin))
                take(bin, pad, &codecs[i], NULL);
            return TRUE;
        }
    return FALSE;
}

/* --- RTSP --- */

static const Codec *codec_by_encoding(const GstStructure *caps)
{
    const char *encoding = gst_structure_get_string(caps, "encoding-name");

    for (guint i = 0; i < G_N_ELEMENTS(codecs); i++)
        if (g_strcmp0(codecs[i].encoding, encoding) == 0)
            return &codecs[i];
    return NULL;
}

static gboolean is_video(const GstStructure *caps)
{
    return g_strcmp0(gst_structure_get_string(caps, "media"), "video") == 0;
}

static void on_sdp(GstElement *rtspsrc, GstSDPMessage *sdp, gpointer bin)
{
    for (guint i = 0; i < gst_sdp_message_medias_len(sdp); i++)
        if (g_strcmp0(gst_sdp_media_get_media(gst_sdp_message_get_media(sdp, i)), "video") == 0)
            return;
    GST_ELEMENT_ERROR(bin, STREAM, WRONG_TYPE, ("There is no video in it."), (NULL));
}

#define SELECTED "vedette-selected"

/* Of all that is offered, the first pictures are asked for. */
static gboolean on_select_stream(GstElement *rtspsrc, guint n, GstCaps *caps, gpointer bin)
{
    const GstStructure *s = gst_caps_get_structure(caps, 0);
    const char *encoding = gst_structure_get_string(s, "encoding-name");
    const guint selected = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(rtspsrc), SELECTED));

    if (!is_video(s) || (selected && selected != n + 1))
        return FALSE;
    if (!codec_by_encoding(s)) {
        GST_ELEMENT_ERROR(bin, STREAM, CODEC_NOT_FOUND,
                          ("Its video is %s.", encoding ? encoding : "of no known codec"), (NULL));
        return FALSE;
    }
    g_object_set_data(G_OBJECT(rtspsrc), SELECTED, GUINT_TO_POINTER(n + 1));
    return TRUE;
}

/* What rtspsrc says of it is that it could not connect. */
static gboolean on_certificate(GstElement *rtspsrc, GTlsConnection *connection,
                               GTlsCertificate *certificate, GTlsCertificateFlags flaws,
                               gpointer bin)
{
    static const struct {
        GTlsCertificateFlags flaw;
        const char *text;
    } rows[] = {
        {G_TLS_CERTIFICATE_UNKNOWN_CA, "nobody known has signed it"},
        {G_TLS_CERTIFICATE_BAD_IDENTITY, "it is another host's"},
        {G_TLS_CERTIFICATE_NOT_ACTIVATED, "its time has not begun"},
        {G_TLS_CERTIFICATE_EXPIRED, "its time is over"},
        {G_TLS_CERTIFICATE_REVOKED, "it was revoked"},
        {G_TLS_CERTIFICATE_INSECURE, "its algorithm is too weak"},
    };
    const char *why = "it is broken";

    for (guint i = G_N_ELEMENTS(rows); i > 0; i--)
        if (flaws & rows[i - 1].flaw)
            why = rows[i - 1].text;
    g_autoptr(GError) error = g_error_new_literal(G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE, why);
    gst_element_post_message(bin, gst_message_new_error(bin, error, NULL));
    return FALSE;
}

static void on_rtsp_pad(GstElement *rtspsrc, GstPad *pad, gpointer bin)
{
    g_autoptr(GstCaps) caps = get_caps(pad);
    const GstStructure *s = gst_caps_get_structure(caps, 0);
    const Codec *codec = is_video(s) ? codec_by_encoding(s) : NULL;

    if (codec && !is_taken(bin))
        take(bin, pad, codec, codec->depay);
}

/* Times are RTP's own: the jitter buffer would set them anew, and not evenly, whenever a packet
 * comes later than it waits for one; a clock that is off is the business of timeline.c. And what
 * comes in a burst is not late. */
#define ONLY_RTP_TIMES 0

/* Of any rtspsrc, whoever made it. */
static void tune_rtsp(GstElement *rtspsrc, GstElement *bin)
{
    g_object_set(rtspsrc, "buffer-mode", ONLY_RTP_TIMES, "drop-on-latency", FALSE, NULL);
    g_signal_connect(rtspsrc, "on-sdp", G_CALLBACK(on_sdp), bin);
    g_signal_connect(rtspsrc, "select-stream", G_CALLBACK(on_select_stream), bin);
    g_signal_connect(rtspsrc, "accept-certificate", G_CALLBACK(on_certificate), bin);
}

static const char *const transports[] = {
    [VDT_SOURCE_TCP] = "tcp",
    [VDT_SOURCE_UDP] = "udp",
    [VDT_SOURCE_MULTICAST] = "udp-mcast",
};

static gboolean add_rtsp(GstElement *bin, const VdtSourceSpec *spec)
{
    GstElement *rtspsrc = append(bin, NULL, "rtspsrc");
    const guint64 timeout = (guint64)(spec->timeout / GST_USECOND);

    if (!rtspsrc)
        return FALSE;
    g_object_set(rtspsrc, "location", spec->uri, "user-id", spec->user, "user-pw", spec->password,
                 "latency", spec->latency, "tcp-timeout", timeout, "timeout", timeout, NULL);
    gst_util_set_object_arg(G_OBJECT(rtspsrc), "protocols", transports[spec->transport]);
    tune_rtsp(rtspsrc, bin);
    g_signal_connect(rtspsrc, "pad-added", G_CALLBACK(on_rtsp_pad), bin);
    return TRUE;
}

/* --- files and HTTP --- */

static void on_parsed_pad(GstElement *parsebin, GstPad *pad, gpointer bin)
{
    g_autoptr(GstCaps) caps = get_caps(pad);

    take_coded(bin, pad, caps);
}

static void on_all_parsed(GstElement *parsebin, gpointer bin)
{
    if (!is_taken(bin))
        GST_ELEMENT_ERROR(bin, STREAM, WRONG_TYPE, ("There is no video in it."), (NULL));
}

static void on_source_setup(GstElement *urisourcebin, GstElement *source, gpointer data)
{
    const VdtSourceSpec *spec = data;
    GObjectClass *klass = G_OBJECT_GET_CLASS(source);

    if (g_object_class_find_property(klass, "user-pw"))
        g_object_set(source, "user-id", spec->user, "user-pw", spec->password, NULL);
    if (g_object_class_find_property(klass, "timeout"))
        g_object_set(source, "timeout", (guint)MAX(spec->timeout / (gint64)GST_SECOND, 1), NULL);
}

static void on_source_pad(GstElement *urisourcebin, GstPad *pad, gpointer parsebin)
{
    g_autoptr(GstPad) sink = gst_element_get_static_pad(parsebin, "sink");

    if (!gst_pad_is_linked(sink))
        gst_pad_link(pad, sink);
}

static void free_spec(gpointer spec, GClosure *closure)
{
    vdt_source_spec_free(spec);
}

static gboolean add_uri(GstElement *bin, const VdtSourceSpec *spec)
{
    GstElement *source = append(bin, NULL, "urisourcebin");
    GstElement *parsebin = source ? append(bin, NULL, "parsebin") : NULL;

    if (!parsebin)
        return FALSE;
    g_object_set(source, "uri", spec->uri, NULL);
    if (spec->user)
        g_signal_connect_data(source, "source-setup", G_CALLBACK(on_source_setup),
                              vdt_source_spec_copy(spec), free_spec, 0);
    g_signal_connect(source, "pad-added", G_CALLBACK(on_source_pad), parsebin);
    g_signal_connect(parsebin, "pad-added", G_CALLBACK(on_parsed_pad), bin);
    g_signal_connect(parsebin, "no-more-pads", G_CALLBACK(on_all_parsed), bin);
    return TRUE;
}

/* --- elements that somebody else chose --- */

/* What they give is known once its caps come: just before its first frame. */
static GstPadProbeReturn on_caps(GstPad *pad, GstPadProbeInfo *info, gpointer bin)
{
    g_autoptr(GstPad) ghost = gst_element_get_static_pad(bin, "src");
    GstCaps *caps;

    if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) != GST_EVENT_CAPS)
        return GST_PAD_PROBE_OK;
    gst_event_parse_caps(GST_PAD_PROBE_INFO_EVENT(info), &caps);
    if (!take_coded(bin, pad, caps))
        gst_ghost_pad_set_target(GST_GHOST_PAD(ghost), pad);
    return GST_PAD_PROBE_REMOVE;
}

static void tune(const GValue *item, gpointer bin)
{
    GstElement *element = g_value_get_object(item);

    if (is_made_by(element, "rtspsrc"))
        tune_rtsp(element, bin);
    guard(element);
}

/* What is chosen only when data comes. */
static void on_element_added(GstBin *inner, GstBin *within, GstElement *element, gpointer data)
{
    guard(element);
}

/* Which pads are left open cannot be seen: some are linked only when data comes. */
static GstElement *parse(const char *launch, GError **error)
{
    g_autofree char *whole = g_strconcat(launch, " ! identity silent=true name=" EXIT, NULL);
    GstElement *bin =
        gst_parse_bin_from_description_full(whole, FALSE, NULL, GST_PARSE_FLAG_FATAL_ERRORS, error);
    g_autoptr(GstElement) exit = bin ? gst_bin_get_by_name(GST_BIN(bin), EXIT) : NULL;
    g_autoptr(GstPad) pad = exit ? gst_element_get_static_pad(exit, "src") : NULL;

    if (bin)
        gst_element_add_pad(bin, gst_ghost_pad_new("src", pad));
    return bin;
}

static gboolean add_elements(GstElement *bin, const VdtSourceSpec *spec, GError **error)
{
    GstElement *inner =
        spec->build ? spec->build(spec->build_data, error) : parse(spec->launch, error);
    g_autoptr(GstPad) pad = NULL;
    GstIterator *elements;

    if (!inner)
        return FALSE;
    gst_bin_add(GST_BIN(bin), inner);
    pad = gst_element_get_static_pad(inner, "src");
    if (!pad || inner->numsrcpads != 1) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "a source has one pad, \"src\", and this has %u of any name",
                    inner->numsrcpads);
        return FALSE;
    }
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_caps, bin, NULL);
    g_signal_connect(inner, "deep-element-added", G_CALLBACK(on_element_added), NULL);
    elements = gst_bin_iterate_recurse(GST_BIN(inner));
    gst_iterator_foreach(elements, tune, bin);
    gst_iterator_free(elements);
    return TRUE;
}

static gboolean add_address(GstElement *bin, const VdtSourceSpec *spec, GError **error)
{
    if (vdt_source_is_rtsp(spec) ? add_rtsp(bin, spec) : add_uri(bin, spec))
        return TRUE;
    g_set_error(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
                "an element of GStreamer that reads such a source is missing");
    return FALSE;
}

GstElement *vdt_source_new(const VdtSourceSpec *spec, GError **error)
{
    GstElement *bin;

    if (!vdt_source_check(spec, error))
        return NULL;
    bin = gst_bin_new("source");
    gst_element_add_pad(bin, gst_ghost_pad_new_no_target("src", GST_PAD_SRC));
    if (spec->uri ? add_address(bin, spec, error) : add_elements(bin, spec, error))
        return bin;
    gst_object_unref(gst_object_ref_sink(bin));
    return NULL;
}
