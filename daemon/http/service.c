/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service.h"

void vdt_served_analyser_free(gpointer data)
{
    VdtServedAnalyser *analyser = data;
    g_free(analyser->name);
    g_free(analyser->model);
    g_free(analyser);
}

void vdt_served_stream_free(gpointer data)
{
    VdtServedStream *stream = data;
    vdt_stream_config_unref(stream->config);
    g_clear_pointer(&stream->info, vdt_stream_info_free);
    g_ptr_array_unref(stream->analysers);
    g_free(stream);
}
