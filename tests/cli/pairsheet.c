/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Draws what restoring is learned from, to look at it: pair-sheet OUT.png clean|noise|blur|…
 * [SEED [FIRST]]. Of a kind of spoiling, each clean picture has the spoiled one below it, with
 * strengths that grow from left to right.
 */
#include <cairo.h>
#include <stdlib.h>
#include <string.h>
#include <vedette/error.h>

#include "data/cleanpictures.h"
#include "data/spoil.h"

#define WIDTH   CLEAN_PICTURES_WIDTH
#define HEIGHT  CLEAN_PICTURES_HEIGHT
#define AREA    ((gsize)WIDTH * HEIGHT)
#define COLUMNS 5
#define ROWS    6

static void put(cairo_surface_t *surface, guint column, guint row, const float *planes)
{
    gsize stride = cairo_image_surface_get_stride(surface);
    guint8 *to =
        cairo_image_surface_get_data(surface) + row * HEIGHT * stride + (gsize)4 * WIDTH * column;
    for (guint y = 0; y < HEIGHT; y++)
        for (guint x = 0; x < WIDTH; x++) {
            const float *from = planes + (gsize)y * WIDTH + x;
            guint32 pixel =
                (guint32)from[0] << 16 | (guint32)from[AREA] << 8 | (guint32)from[2 * AREA];
            memcpy(to + y * stride + 4 * (gsize)x, &pixel, sizeof pixel);
        }
}

static void fill(const ClipSet *set, guint item, float *planes)
{
    g_autofree guint8 *clip = g_malloc(clip_format_bytes(&set->format));
    g_autoptr(GError) error = NULL;
    if (!set->fill(set, item, clip, NULL, &error))
        g_error("%s", error->message);
    for (gsize i = 0; i < AREA; i++)
        for (guint c = 0; c < 3; c++)
            planes[c * AREA + i] = clip[3 * i + c];
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        g_printerr("usage: pair-sheet OUT.png clean|noise|blur|rain|haze|snow|dark "
                   "[SEED [FIRST]]\n");
        return 2;
    }
    guint64 seed = argc > 3 ? g_ascii_strtoull(argv[3], NULL, 10) : 1;
    guint64 first = argc > 4 ? g_ascii_strtoull(argv[4], NULL, 10) : 0;
    gboolean clean = strcmp(argv[2], "clean") == 0;
    g_autoptr(GError) error = NULL;
    SpoilKind kind = SPOIL_NOISE;
    if (!clean && !spoil_find(argv[2], &kind, &error)) {
        g_printerr("%s\n", error->message);
        return 2;
    }
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, COLUMNS * WIDTH, ROWS * HEIGHT);
    guint n = COLUMNS * (clean ? ROWS : ROWS / 2);
    g_autoptr(ClipSet) set = clean_pictures_new(seed, first, n, WIDTH, HEIGHT);
    g_autofree float *planes = g_new(float, 3 * AREA);
    for (guint i = 0; i < n; i++) {
        guint column = i % COLUMNS, row = i / COLUMNS * (clean ? 1 : 2);
        fill(set, i, planes);
        put(surface, column, row, planes);
        if (clean)
            continue;
        Spoil spoil = {.kind = kind, .strength = column / (COLUMNS - 1.0), .seed = seed + i};
        spoil_apply(&spoil, planes, WIDTH, HEIGHT);
        put(surface, column, row + 1, planes);
    }
    cairo_surface_mark_dirty(surface);
    cairo_status_t status = cairo_surface_write_to_png(surface, argv[1]);
    cairo_surface_destroy(surface);
    return status == CAIRO_STATUS_SUCCESS ? 0 : 1;
}
