/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "custommeta.h"

#include "letterbox.h"

static gboolean copy_field(GQuark field, const GValue *value, gpointer to)
{
    gst_structure_id_set_value(to, field, value);
    return TRUE;
}

/* The frame may be a part of another now. */
static void fit(GstStructure *s, const GstVideoMetaTransform *scaling)
{
    const GstVideoInfo *out = scaling->out_info;
    VdtInner inner;

    if (vdt_letterbox_find(scaling->in_info, out, &inner))
        vdt_letterbox_apply(s, &inner, (guint)MAX(out->width, out->height));
}

/* Copies, whatever is done to the pixels: nothing in the structure depends on their number, but for
 * borders around them. */
static gboolean transform(GstBuffer *to, GstCustomMeta *meta, GstBuffer *from, GQuark type,
                          gpointer data, gpointer name)
{
    GstCustomMeta *copy = gst_buffer_add_custom_meta(to, name);

    if (!copy)
        return FALSE;
    gst_structure_foreach(gst_custom_meta_get_structure(meta), copy_field,
                          gst_custom_meta_get_structure(copy));
    if (type == gst_video_meta_transform_scale_get_quark())
        fit(gst_custom_meta_get_structure(copy), data);
    return TRUE;
}

const GstMetaInfo *vdt_custom_meta_register(const char *name)
{
    static const char *tags[] = {"video", "size", NULL};
    static GMutex mutex;
    const GstMetaInfo *info;

    g_mutex_lock(&mutex);
    /* somebody else in the process may have registered it, with another copy of this code */
    info = gst_meta_get_info(name);
    if (!info)
        info = gst_meta_register_custom(name, tags, transform, (gpointer)name, NULL);
    g_mutex_unlock(&mutex);
    return info;
}
