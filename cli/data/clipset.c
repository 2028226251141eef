/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clipset.h"

#include <math.h>

ClipFormat clip_format_for_card(const VdtCard *card, gboolean one_frame)
{
    ClipFormat format = {.width = card->width,
                         .height = card->height,
                         .frames = card->frames,
                         .stored = one_frame ? 1 : card->frames,
                         .interval = card->frame_interval,
                         .window = card->window,
                         .framing = card->framing};
    for (int c = 0; c < 3; c++)
        format.margin[c] = CLAMP(lrintf(card->mean[c]), 0, 255);
    return format;
}

gsize clip_format_bytes(const ClipFormat *format)
{
    gsize area = (gsize)format->width * format->height;
    return area * (3 * format->stored + (format->mapped ? 1 : 0));
}

void clip_format_describe(const ClipFormat *format, GString *text)
{
    g_string_append_printf(text,
                           "size: %ux%u\nframes: %u\nstored: %u\ninterval: %u\nwindow: %.9g\n"
                           "framing: %d\nmargin: %u %u %u\n",
                           format->width, format->height, format->frames, format->stored,
                           format->interval, format->window, format->framing, format->margin[0],
                           format->margin[1], format->margin[2]);
    if (format->mapped)
        g_string_append(text, "classes: of each pixel\n");
    if (format->change.func != NULL)
        g_string_append_printf(text, "restored: %s\n", format->change.key);
}

VdtPicture clip_format_picture(const ClipFormat *format, const guint8 *clip, guint t)
{
    gsize stride = (gsize)3 * format->width;
    guint i = MIN(t, format->stored - 1);
    return (VdtPicture){(guint8 *)clip + i * stride * format->height, format->width, format->height,
                        stride};
}

guint8 *clip_format_classes(const ClipFormat *format, const guint8 *clip)
{
    return (guint8 *)clip + (gsize)3 * format->width * format->height * format->stored;
}

guint clip_format_frame_of(const ClipFormat *format, guint i)
{
    return format->stored == format->frames ? i : format->frames / 2;
}

void clip_format_store(const ClipFormat *format, const VdtPicture *from, guint8 *clip, guint i)
{
    VdtPicture changed = {NULL, from->width, from->height, (gsize)3 * from->width};
    g_autofree guint8 *pixels = NULL;
    if (format->change.func != NULL) {
        changed.data = pixels = g_malloc(changed.stride * changed.height);
        format->change.func(format->change.data, from, &changed);
        from = &changed;
    }
    VdtView view = vdt_view_for_framing(format->framing, from->width, from->height, format->width,
                                        format->height);
    VdtPicture to = clip_format_picture(format, clip, i);
    vdt_picture_resize(from, &view, format->margin, &to);
}

void clip_focus_join(ClipFocus *focus, double x, double y, double width, double height)
{
    if (focus->x0 >= focus->x1)
        *focus = (ClipFocus){G_MAXDOUBLE, G_MAXDOUBLE, -G_MAXDOUBLE, -G_MAXDOUBLE};
    focus->x0 = MIN(focus->x0, x);
    focus->y0 = MIN(focus->y0, y);
    focus->x1 = MAX(focus->x1, x + width);
    focus->y1 = MAX(focus->y1, y + height);
}

guint clip_set_get_n_clips(const ClipSet *set)
{
    return set->n_items * set->group;
}

void clip_set_free(ClipSet *set)
{
    if (set == NULL)
        return;
    if (set->finalize != NULL)
        set->finalize(set);
    g_strfreev(set->labels);
    g_free(set->key);
    g_free(set);
}
