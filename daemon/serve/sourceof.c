/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sourceof.h"

#include <string.h>

#include "build/description.h"
#include "build/parts.h"

#define LATENCY 200 /* ms, of sources whose template has no such parameter */

static GstElement *make_source(gpointer config, GError **error)
{
    return vdt_make_source(config, error);
}

static gpointer hold_config(gpointer config)
{
    return vdt_stream_config_ref(config);
}

static void drop_config(gpointer config)
{
    vdt_stream_config_unref(config);
}

static guint latency_of(const VdtStreamConfig *config)
{
    for (guint i = 0; i < config->n_parameters; i++)
        if (strcmp(config->parameter_keys[i].name, "latency") == 0 &&
            config->parameter_keys[i].spec.type == VDT_OPTION_DURATION)
            return (guint)(config->parameters[i].whole / 1000);
    return LATENCY;
}

VdtSourceSpec vdt_source_of(VdtStreamConfig *config, char **shown)
{
    const char *address = config->values[VDT_KEY_STREAM_SOURCE].text;
    *shown = g_strndup(address, strcspn(address, "?#"));
    return (VdtSourceSpec){.build = make_source,
                           .build_data = config,
                           .build_ref = hold_config,
                           .build_unref = drop_config,
                           .shown = *shown,
                           .latency = latency_of(config)};
}

VdtStreamTimes vdt_times_of(const VdtStreamConfig *config)
{
    VdtStreamTimes times = vdt_stream_times_default;
    const struct {
        guint key;
        gint64 *time;
    } rows[] = {{VDT_KEY_STREAM_FIRST_FRAME_TIMEOUT, &times.first_frame},
                {VDT_KEY_STREAM_STALL_TIMEOUT, &times.stall},
                {VDT_KEY_STREAM_STALL_PATIENCE, &times.patience},
                {VDT_KEY_STREAM_BACKOFF_MIN, &times.backoff.first},
                {VDT_KEY_STREAM_BACKOFF_MAX, &times.backoff.most}};
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        *rows[i].time = config->values[rows[i].key].whole * 1000;
    return times;
}

gboolean vdt_source_is_same(const VdtStreamConfig *a, const VdtStreamConfig *b)
{
    g_autofree char *one = vdt_describe_source(a, FALSE, NULL),
                    *other = vdt_describe_source(b, FALSE, NULL);
    return g_strcmp0(one, other) == 0 && g_strcmp0(a->user, b->user) == 0 &&
           g_strcmp0(a->password, b->password) == 0;
}
