/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "labelpng.h"

#include <glib/gstdio.h>
#include <png.h>
#include <stdio.h>
#include <string.h>

#include "io/atomic-file.h"
#include "pictures/formats.h"

/* libpng reports by a callback that does not return. */
typedef struct {
    const char *path;
    GError **error;
} Report;

void label_png_clear(LabelPng *map)
{
    g_clear_pointer(&map->classes, g_free);
}

static void complain(png_structp png, png_const_charp message)
{
    const Report *report = png_get_error_ptr(png);

    g_set_error(report->error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: %s", report->path, message);
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp message) {}

gboolean label_png_load(const char *path, LabelPng *map, GError **error)
{
    g_auto(PictureSource) source = {0};
    g_auto(Pixels) numbers = {0};
    guint orientation;

    if (!picture_source_open(path, &source, error) ||
        !png_decode_numbers(&source, &numbers, &orientation, error) ||
        !pixels_turn(path, &numbers, orientation, error))
        return FALSE;
    *map = (LabelPng){numbers.width, numbers.height, g_steal_pointer(&numbers.data)};
    return TRUE;
}

/* Does not return after an error. */
static void write_bytes(png_structp png, png_bytep data, gsize n)
{
    const Report *report = png_get_error_ptr(png);

    if (!vdt_atomic_file_write(png_get_io_ptr(png), data, n, report->error))
        png_longjmp(png, 1);
}

static void flush(png_structp png) {}

static gboolean write_map(png_structp png, png_infop info, VdtAtomicFile *file, const LabelPng *map,
                          png_color *palette, guint n)
{
    if (setjmp(png_jmpbuf(png)))
        return FALSE;
    png_set_write_fn(png, file, write_bytes, flush);
    png_set_IHDR(png, info, map->width, map->height, 8, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_PLTE(png, info, palette, (int)n);
    png_write_info(png, info);
    for (guint y = 0; y < map->height; y++)
        png_write_row(png, map->classes + (gsize)y * map->width);
    png_write_end(png, NULL);
    return TRUE;
}

gboolean label_png_save(const char *path, const LabelPng *map, const guint32 *colours, guint n,
                        GError **error)
{
    Report report = {path, error};
    g_autoptr(VdtAtomicFile) file = vdt_atomic_file_new(path, error);
    png_color palette[256] = {0};
    png_structp png;
    png_infop info;
    gboolean ok;

    if (!file)
        return FALSE;
    for (guint i = 0; i < n; i++)
        palette[i] = (png_color){colours[i] >> 16, colours[i] >> 8 & 255, colours[i] & 255};
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &report, complain, ignore);
    info = png_create_info_struct(png);
    ok = write_map(png, info, file, map, palette, n);
    png_destroy_write_struct(&png, &info);
    return ok && vdt_atomic_file_commit(file, error);
}
