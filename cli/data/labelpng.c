/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "labelpng.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <png.h>
#include <stdio.h>
#include <string.h>

#include "io/atomic-file.h"

#define MOST_PIXELS (1u << 28)

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

/* What is only a warning concerns colours, which do not matter here. */
static void ignore(png_structp png, png_const_charp message) {}

static FILE *open_file(const char *path, GError **error)
{
    FILE *file = g_fopen(path, "rb");
    int code = errno;

    if (!file)
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: %s", path,
                    g_strerror(code));
    return file;
}

/* FALSE, after complaining, if the file is no map of classes. */
static gboolean check_header(png_structp png, png_infop info, const char *path, GError **error)
{
    const guint width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    const int type = png_get_color_type(png, info), depth = png_get_bit_depth(png, info);

    if ((guint64)width * height > MOST_PIXELS) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: has %ux%u pixels, past the limit of %u", path, width, height, MOST_PIXELS);
        return FALSE;
    }
    if ((type != PNG_COLOR_TYPE_GRAY && type != PNG_COLOR_TYPE_PALETTE) || depth > 8) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: is no map of classes, which is grey or has a palette, of at most 8 bits",
                    path);
        return FALSE;
    }
    return TRUE;
}

static gboolean read_map(png_structp png, png_infop info, FILE *file, const char *path,
                         LabelPng *map, png_bytep **rows, GError **error)
{
    if (setjmp(png_jmpbuf(png)))
        return FALSE;
    png_init_io(png, file);
    png_set_user_limits(png, MOST_PIXELS, MOST_PIXELS);
    png_read_info(png, info);
    if (!check_header(png, info, path, error))
        return FALSE;
    png_set_packing(png); /* fewer bits become a byte, as they are */
    png_set_interlace_handling(png);
    map->width = png_get_image_width(png, info);
    map->height = png_get_image_height(png, info);
    map->classes = g_malloc((gsize)map->width * map->height);
    *rows = g_new(png_bytep, map->height);
    for (guint y = 0; y < map->height; y++)
        (*rows)[y] = map->classes + (gsize)y * map->width;
    png_read_image(png, *rows);
    png_read_end(png, NULL);
    return TRUE;
}

gboolean label_png_load(const char *path, LabelPng *map, GError **error)
{
    Report report = {path, error};
    FILE *file = open_file(path, error);
    png_structp png;
    png_infop info;
    png_bytep *rows = NULL;
    gboolean ok;

    if (!file)
        return FALSE;
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &report, complain, ignore);
    info = png_create_info_struct(png);
    ok = read_map(png, info, file, path, map, &rows, error);
    if (!ok)
        label_png_clear(map);
    png_destroy_read_struct(&png, &info, NULL);
    g_free(rows);
    fclose(file);
    return ok;
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
