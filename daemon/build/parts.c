/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "parts.h"

#include <string.h>

#include "description.h"
#include "pipeline/expand.h"
#include "values/mask.h"

static gboolean fail(GError **error, const VdtTemplate *t, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static gboolean fail(GError **error, const VdtTemplate *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *shown = vdt_mask(why);
    g_set_error(error, GST_PARSE_ERROR, GST_PARSE_ERROR_SYNTAX, "%s: %s", t->file, shown);
    return FALSE;
}

static GstElement *parse(const VdtTemplate *t, const char *name, const char *description,
                         GError **error)
{
    g_autoptr(GError) wrong = NULL;
    g_autoptr(GstElement) bin = gst_parse_bin_from_description_full(
        description, FALSE, NULL, GST_PARSE_FLAG_PLACE_IN_BIN, &wrong);
    if (wrong != NULL || bin == NULL) {
        fail(error, t, "%s", wrong != NULL ? wrong->message : "there is nothing in it");
        return NULL;
    }
    gst_object_set_name(GST_OBJECT(bin), name);
    return g_steal_pointer(&bin);
}

/* Makes pad @pad_name of element @name a pad of the bin. */
static gboolean expose(const VdtTemplate *t, GstElement *bin, const char *name,
                       const char *pad_name, GError **error)
{
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(bin), name);
    if (element == NULL)
        return fail(error, t, "expected an element with name=%s", name);
    g_autoptr(GstPad) pad = gst_element_get_static_pad(element, pad_name);
    if (pad == NULL || gst_pad_is_linked(pad))
        return fail(error, t, "expected a pad %s of name=%s that is not linked", pad_name, name);
    GstPad *ghost = gst_ghost_pad_new(pad_name, pad);
    return ghost != NULL && gst_element_add_pad(bin, ghost);
}

static gboolean give_secret(const VdtStreamConfig *stream, GstElement *bin, GError **error)
{
    g_autoptr(GstElement) camera = gst_bin_get_by_name(GST_BIN(bin), VDT_PART_CAMERA);
    if (stream->user == NULL)
        return TRUE;
    if (camera == NULL || !g_object_class_find_property(G_OBJECT_GET_CLASS(camera), "user-id") ||
        !g_object_class_find_property(G_OBJECT_GET_CLASS(camera), "user-pw"))
        return fail(error, stream->source,
                    "expected an element with name=%s that has user-id and user-pw, since stream "
                    "%s has a user and a password",
                    VDT_PART_CAMERA, stream->name);
    g_object_set(camera, "user-id", stream->user, "user-pw", stream->password, NULL);
    return TRUE;
}

GstElement *vdt_make_source(const VdtStreamConfig *stream, GError **error)
{
    g_autofree char *description = vdt_describe_source(stream, FALSE, error);
    if (description == NULL)
        return NULL;
    g_autoptr(GstElement) bin = parse(stream->source, VDT_PART_SOURCE, description, error);
    if (bin == NULL || !expose(stream->source, bin, VDT_PART_EXIT, "src", error) ||
        !give_secret(stream, bin, error))
        return NULL;
    return g_steal_pointer(&bin);
}

static gboolean check_analyser(const VdtStreamConfig *stream, GstElement *bin,
                               const VdtAnalyserConfig *analyser, GError **error)
{
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(bin), analyser->name);
    GstElementFactory *factory = element != NULL ? gst_element_get_factory(element) : NULL;
    const char *is = factory != NULL ? GST_OBJECT_NAME(factory) : "nothing";
    if (strcmp(is, analyser->group->factory) != 0)
        return fail(error, stream->frames, "expected %s with name=${name} for a %s, found %s",
                    analyser->group->factory, analyser->group->name, is);
    return TRUE;
}

GstElement *vdt_make_analysis(const VdtStreamConfig *stream, GError **error)
{
    g_autofree char *description = vdt_describe_frames(stream, FALSE, error);
    if (description == NULL)
        return NULL;
    g_autoptr(GstElement) bin = parse(stream->frames, VDT_PART_ANALYSIS, description, error);
    if (bin == NULL || !expose(stream->frames, bin, VDT_PART_ENTRY, "sink", error))
        return NULL;
    g_autoptr(GstElement) watch = gst_bin_get_by_name(GST_BIN(bin), VDT_PART_WATCH);
    if (watch == NULL || !GST_OBJECT_FLAG_IS_SET(watch, GST_ELEMENT_FLAG_SINK)) {
        fail(error, stream->frames, "expected a sink with name=%s", VDT_PART_WATCH);
        return NULL;
    }
    for (guint i = 0; i < stream->analysers->len; i++)
        if (!check_analyser(stream, bin, stream->analysers->pdata[i], error))
            return NULL;
    return g_steal_pointer(&bin);
}

static void update(GstElement *element, const VdtAnalyserConfig *before,
                   const VdtAnalyserConfig *after)
{
    for (guint i = 0; i < after->group->n_keys; i++) {
        const VdtKey *key = &after->group->keys[i];
        if (vdt_option_equal(&before->values[i], &after->values[i]))
            continue;
        g_autofree char *text = vdt_template_expand_property(&key->spec, &after->values[i]);
        gst_util_set_object_arg(G_OBJECT(element), key->name, text);
    }
}

void vdt_update_analysis(GstElement *analysis, const VdtStreamConfig *before,
                         const VdtStreamConfig *after)
{
    for (guint i = 0; i < after->analysers->len; i++) {
        const VdtAnalyserConfig *now = after->analysers->pdata[i];
        g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(analysis), now->name);
        for (guint k = 0; element != NULL && k < before->analysers->len; k++) {
            const VdtAnalyserConfig *old = before->analysers->pdata[k];
            if (strcmp(old->name, now->name) == 0 && old->group == now->group)
                update(element, old, now);
        }
    }
}
