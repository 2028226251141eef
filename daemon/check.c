/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"

#include "build/parts.h"
#include "build/plugin.h"
#include "http/settings.h"

static void check_parts(const VdtStreamConfig *stream, VdtProblems *problems)
{
    static GstElement *(*const makers[])(const VdtStreamConfig *, GError **) = {vdt_make_source,
                                                                                vdt_make_analysis};
    VdtSite site = {.file = stream->file};
    for (guint i = 0; i < G_N_ELEMENTS(makers); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GstElement) part = makers[i](stream, &error);
        if (part == NULL)
            vdt_problems_add(problems, &site, "%s", error->message);
    }
}

VdtConfig *vdt_config_check_read(VdtConfig *read, guint before, VdtMemoryNeed **need,
                                 VdtProblems *problems)
{
    g_autoptr(VdtConfig) config = read;
    if (config == NULL)
        return NULL;
    g_autoptr(GError) error = NULL;
    gboolean has_plugin = vdt_plugin_load(&error);
    if (!has_plugin)
        vdt_problems_add(problems, &(VdtSite){NULL}, "%s", error->message);
    for (guint i = 0; has_plugin && i < config->streams->len; i++)
        check_parts(config->streams->pdata[i], problems);
    g_autoptr(VdtMemoryNeed) found = vdt_memory_estimate(config, problems);
    g_autoptr(VdtHttpSettings) http = vdt_http_settings_new(config, problems);
    vdt_problems_sort(problems);
    if (vdt_problems_count(problems) > before)
        return NULL;
    if (need != NULL)
        *need = g_steal_pointer(&found);
    return g_steal_pointer(&config);
}

VdtConfig *vdt_config_check(const char *where, const char *streams, VdtMemoryNeed **need,
                            VdtProblems *problems)
{
    guint before = vdt_problems_count(problems);
    return vdt_config_check_read(vdt_config_read(where, streams, problems), before, need, problems);
}

GPtrArray *vdt_config_reload(VdtConfig **config, const char *where, const char *streams,
                             VdtProblems *problems)
{
    VdtConfig *next = vdt_config_check(where, streams, NULL, problems);
    if (next == NULL)
        return NULL;
    GPtrArray *differences = vdt_config_diff(*config, next);
    vdt_config_unref(*config);
    *config = next;
    return differences;
}
