/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Draws pictures that are trained on, to look at them and at their labels, which are printed row by
 * row: label-sheet OUT.png scene|object [SEED [FIRST]].
 */
#include <cairo.h>
#include <stdlib.h>
#include <string.h>

#include "data/streettasks.h"

#define SIDE    128
#define COLUMNS 8
#define ROWS    6

static void paint(guint8 *to, gsize stride, const VdtPicture *picture)
{
    for (guint y = 0; y < picture->height; y++)
        for (guint x = 0; x < picture->width; x++) {
            const guint8 *from = picture->data + y * picture->stride + 3 * (gsize)x;
            guint32 pixel = (guint32)from[0] << 16 | (guint32)from[1] << 8 | from[2];
            memcpy(to + y * stride + 4 * (gsize)x, &pixel, sizeof pixel);
        }
}

static void print_labels(const ClipSet *set, guint item)
{
    ClipInfo info = set->info(set, item);
    g_print("%u:", item);
    for (guint i = 0; i < set->n_groups; i++)
        g_print(" %s", info.answers[i] == CLIP_NO_ANSWER
                           ? "-"
                           : set->labels[set->groups[i].first + info.answers[i]]);
    g_print(info.coded ? " coded%s" : "%s", item % COLUMNS == COLUMNS - 1 ? "\n" : "; ");
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        g_printerr("usage: label-sheet OUT.png scene|object [SEED [FIRST]]\n");
        return 2;
    }
    const ClipFormat format = {.width = SIDE, .height = SIDE, .frames = 1, .stored = 1};
    guint64 seed = argc > 3 ? g_ascii_strtoull(argv[3], NULL, 10) : 1;
    guint64 first = argc > 4 ? g_ascii_strtoull(argv[4], NULL, 10) : 0;
    g_autoptr(GError) error = NULL;
    const StreetTask *task = street_task_find(argv[2], &error);
    g_autoptr(ClipSet) set =
        task != NULL ? task->open(seed, first, ROWS * COLUMNS, 0, &format, &error) : NULL;
    if (set == NULL) {
        g_printerr("%s\n", error->message);
        return 2;
    }
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, COLUMNS * SIDE, ROWS * SIDE);
    gsize stride = cairo_image_surface_get_stride(surface);
    g_autofree guint8 *clip = g_malloc(clip_format_bytes(&format));
    for (guint i = 0; i < set->n_items; i++) {
        if (!set->fill(set, i, clip, NULL, &error))
            g_error("%s", error->message);
        VdtPicture picture = clip_format_picture(&format, clip, 0);
        paint(cairo_image_surface_get_data(surface) + i / COLUMNS * SIDE * stride +
                  (gsize)4 * SIDE * (i % COLUMNS),
              stride, &picture);
        print_labels(set, i);
    }
    cairo_surface_mark_dirty(surface);
    cairo_status_t status = cairo_surface_write_to_png(surface, argv[1]);
    cairo_surface_destroy(surface);
    return status == CAIRO_STATUS_SUCCESS ? 0 : 1;
}
