/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugin.h"

#include "config/keytable.h"

static gboolean is_known(void)
{
    g_autoptr(GstElementFactory) factory = gst_element_factory_find(vdt_analyser_groups[0].factory);
    return factory != NULL;
}

gboolean vdt_plugin_load(GError **error)
{
    if (is_known())
        return TRUE;
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *bin = program != NULL ? g_path_get_dirname(program) : g_strdup("/usr/bin");
    g_autofree char *folder = g_build_filename(bin, "..", VEDETTE_PLUGIN_DIR, NULL);
    gst_registry_scan_path(gst_registry_get(), folder);
    if (is_known())
        return TRUE;
    g_set_error(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
                "GStreamer has no plugin vedette, and %s has none either; GST_PLUGIN_PATH names "
                "more folders",
                folder);
    return FALSE;
}
