/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resultmeta.h"

#include "analytics.h"
#include "custommeta.h"

const GstMetaInfo *vdt_result_meta_get_info(void)
{
    static const GstMetaInfo *info;

    if (g_once_init_enter(&info))
        g_once_init_leave(&info, vdt_custom_meta_register(VDT_RESULT_META_NAME));
    return info;
}

VdtResult *vdt_result_new(GPtrArray *structures, GstClockTime pts)
{
    VdtResult *result = g_atomic_rc_box_new0(VdtResult);

    result->pts = pts;
    g_value_init(&result->structures, GST_TYPE_ARRAY);
    for (guint i = 0; i < structures->len; i++) {
        GValue value = G_VALUE_INIT;

        g_value_init(&value, GST_TYPE_STRUCTURE);
        gst_value_set_structure(&value, g_ptr_array_index(structures, i));
        gst_value_array_append_and_take_value(&result->structures, &value);
    }
    return result;
}

VdtResult *vdt_result_ref(VdtResult *result)
{
    return g_atomic_rc_box_acquire(result);
}

static void clear(gpointer data)
{
    VdtResult *result = data;

    vdt_analytics_clear(result);
    g_value_unset(&result->structures);
    g_clear_pointer(&result->fields, gst_structure_free);
}

void vdt_result_unref(VdtResult *result)
{
    g_atomic_rc_box_release_full(result, clear);
}

static gboolean set_field(GQuark field, const GValue *value, gpointer structure)
{
    gst_structure_id_set_value(structure, field, value);
    return TRUE;
}

void vdt_result_attach(const VdtResult *result, GstBuffer *buffer, GstClockTime pts,
                       const char *element, const char *kind)
{
    GstCustomMeta *meta = gst_buffer_add_custom_meta(buffer, VDT_RESULT_META_NAME);
    GstStructure *s = gst_custom_meta_get_structure(meta);
    const GstClockTime from = result->backwards ? pts : result->pts;
    const GstClockTime to = result->backwards ? result->pts : pts;
    const GstClockTime age = to > from ? to - from : 0;

    gst_structure_set(s, "element", G_TYPE_STRING, element, "kind", G_TYPE_STRING, kind,
                      "result-pts", G_TYPE_UINT64, result->pts, "age", G_TYPE_UINT64, age, NULL);
    gst_structure_set_value(s, "results", &result->structures);
    if (result->fields)
        gst_structure_foreach(result->fields, set_field, s);
}
