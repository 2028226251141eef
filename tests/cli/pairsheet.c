/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Draws what restoring is learned from, to look at it: pair-sheet OUT.png clean|all|noise|blur|…
 * [SEED [FIRST]]. Of one kind of spoiling, each clean picture has the spoiled one below it, with
 * strengths that grow from left to right; "all" draws three pictures, each clean and then in each
 * kind.
 */
#include <cairo.h>
#include <stdlib.h>
#include <string.h>
#include <vedette/error.h>

#include "data/cleanpictures.h"
#include "data/spoil.h"

#define COLUMNS 5
#define ROWS    6
/* Of "all". */
#define N_ALL   3
#define MUCH    0.6

typedef struct {
    cairo_surface_t *surface;
    guint width, height; /* of a picture */
} Sheet;

static Sheet sheet_new(guint columns, guint rows, guint width, guint height)
{
    return (Sheet){cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(columns * width),
                                              (int)(rows * height)),
                   width, height};
}

static void put(const Sheet *sheet, guint column, guint row, const float *planes)
{
    gsize stride = cairo_image_surface_get_stride(sheet->surface);
    gsize area = (gsize)sheet->width * sheet->height;
    guint8 *to = cairo_image_surface_get_data(sheet->surface) + row * sheet->height * stride +
                 (gsize)4 * sheet->width * column;
    for (guint y = 0; y < sheet->height; y++)
        for (guint x = 0; x < sheet->width; x++) {
            const float *from = planes + (gsize)y * sheet->width + x;
            guint32 pixel =
                (guint32)from[0] << 16 | (guint32)from[area] << 8 | (guint32)from[2 * area];
            memcpy(to + y * stride + 4 * (gsize)x, &pixel, sizeof pixel);
        }
}

static void fill(const ClipSet *set, guint item, float *planes)
{
    gsize area = (gsize)set->format.width * set->format.height;
    g_autofree guint8 *clip = g_malloc(clip_format_bytes(&set->format));
    g_autoptr(GError) error = NULL;
    if (!set->fill(set, item, clip, NULL, &error))
        g_error("%s", error->message);
    for (gsize i = 0; i < area; i++)
        for (guint c = 0; c < 3; c++)
            planes[c * area + i] = clip[3 * i + c];
}

static Sheet draw_all(guint64 seed, guint64 first)
{
    const guint width = 192, height = 128;
    Sheet sheet = sheet_new(1 + SPOIL_N_KINDS, N_ALL, width, height);
    g_autoptr(ClipSet) set = clean_pictures_new(seed, first, N_ALL, width, height);
    g_autofree float *planes = g_new(float, (gsize)3 * width * height);
    for (guint i = 0; i < N_ALL; i++)
        for (guint k = 0; k <= SPOIL_N_KINDS; k++) {
            fill(set, i, planes);
            Spoil spoil = {.kind = k - 1, .strength = MUCH, .seed = seed + i};
            if (k > 0)
                spoil_apply(&spoil, planes, width, height);
            put(&sheet, k, i, planes);
        }
    return sheet;
}

/* @kind is -1 for clean ones. */
static Sheet draw_some(int kind, guint64 seed, guint64 first)
{
    const guint width = CLEAN_PICTURES_WIDTH, height = CLEAN_PICTURES_HEIGHT;
    guint n = COLUMNS * (kind < 0 ? ROWS : ROWS / 2);
    Sheet sheet = sheet_new(COLUMNS, ROWS, width, height);
    g_autoptr(ClipSet) set = clean_pictures_new(seed, first, n, width, height);
    g_autofree float *planes = g_new(float, (gsize)3 * width * height);
    for (guint i = 0; i < n; i++) {
        guint column = i % COLUMNS, row = i / COLUMNS * (kind < 0 ? 1 : 2);
        fill(set, i, planes);
        put(&sheet, column, row, planes);
        if (kind < 0)
            continue;
        Spoil spoil = {.kind = kind, .strength = column / (COLUMNS - 1.0), .seed = seed + i};
        spoil_apply(&spoil, planes, width, height);
        put(&sheet, column, row + 1, planes);
    }
    return sheet;
}

int main(int argc, char **argv)
{
    guint64 seed = argc > 3 ? g_ascii_strtoull(argv[3], NULL, 10) : 1;
    guint64 first = argc > 4 ? g_ascii_strtoull(argv[4], NULL, 10) : 0;
    gboolean all = argc > 2 && strcmp(argv[2], "all") == 0;
    gboolean clean = argc > 2 && strcmp(argv[2], "clean") == 0;
    g_autoptr(GError) error = NULL;
    SpoilKind kind = SPOIL_NOISE;
    if (argc < 3 || (!all && !clean && !spoil_find(argv[2], &kind, &error))) {
        g_printerr("usage: pair-sheet OUT.png clean|all|noise|blur|rain|haze|snow|dark "
                   "[SEED [FIRST]]\n%s\n",
                   error != NULL ? error->message : "");
        return 2;
    }
    Sheet sheet = all ? draw_all(seed, first) : draw_some(clean ? -1 : (int)kind, seed, first);
    cairo_surface_mark_dirty(sheet.surface);
    cairo_status_t status = cairo_surface_write_to_png(sheet.surface, argv[1]);
    cairo_surface_destroy(sheet.surface);
    return status == CAIRO_STATUS_SUCCESS ? 0 : 1;
}
