/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapfiles.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "data/labelpng.h"
#include "pictures/jpegsave.h"
#include "surface.h"

/* Of a file in a folder, unless a pattern says otherwise. */
#define DIGITS 6

gboolean map_file_save(const char *path, const guint16 *labels, guint width, guint height,
                       const guint32 *colours, guint n, GError **error)
{
    gsize area = (gsize)width * height;
    if (n > 256) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "%s: a palette has 256 colours at most, but there are %u classes", path, n);
        return FALSE;
    }
    g_auto(LabelPng) map = {width, height, g_malloc(area)};
    for (gsize i = 0; i < area; i++)
        map.classes[i] = (guint8)labels[i];
    return label_png_save(path, &map, colours, n, error);
}

void map_draw_over(VdtPicture *picture, const guint16 *labels, const guint32 *colours,
                   double opacity)
{
    const int share = lrint(256 * opacity);
    for (guint y = 0; y < picture->height; y++) {
        guint8 *at = picture->data + y * picture->stride;
        for (guint x = 0; x < picture->width; x++) {
            const guint32 colour = colours[*labels++];
            for (int c = 0; c < 3; c++, at++)
                *at = (*at * (256 - share) + (colour >> (16 - 8 * c) & 255) * share + 128) / 256;
        }
    }
}

static gboolean is_jpeg(const char *path)
{
    return g_str_has_suffix(path, ".jpg") || g_str_has_suffix(path, ".jpeg");
}

gboolean picture_file_is_named(const char *path)
{
    return g_str_has_suffix(path, ".png") || is_jpeg(path);
}

gboolean picture_file_save(const char *path, const VdtPicture *picture, GError **error)
{
    if (is_jpeg(path))
        return jpeg_save(path, picture->data, picture->width, picture->height, picture->stride,
                         error);
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)picture->width, (int)picture->height);
    guint8 *data = cairo_image_surface_get_data(surface);
    for (guint y = 0; y < picture->height && data != NULL; y++) {
        guint32 *row =
            (guint32 *)(void *)(data + (gsize)y * cairo_image_surface_get_stride(surface));
        const guint8 *rgb = picture->data + y * picture->stride;
        for (guint x = 0; x < picture->width; x++, rgb += 3)
            row[x] = (guint32)rgb[0] << 16 | (guint32)rgb[1] << 8 | rgb[2];
    }
    cairo_surface_mark_dirty(surface);
    gboolean ok = surface_save(surface, path, error);
    cairo_surface_destroy(surface);
    return ok;
}

gboolean film_is_named(const char *path)
{
    return g_str_has_suffix(path, ".mp4") || g_str_has_suffix(path, ".mkv");
}

/* The digits that "%d", "%6d" or "%06d" at @at asks for, *end behind it; -1 if it is none. */
static int read_digits(const char *at, const char **end)
{
    guint64 digits = g_ascii_strtoull(at + 1, (char **)end, 10);
    if (**end != 'd' || digits > 9 || at[1] == '-' || at[1] == '+' || g_ascii_isspace(at[1]))
        return -1;
    (*end)++;
    return digits;
}

gboolean map_pattern_check(const char *pattern, GError **error)
{
    const char *percent = strchr(pattern, '%'), *end;
    const char *what = NULL;
    g_autofree char *name = g_path_get_basename(pattern);
    if (percent == NULL && strrchr(name, '.') > name && !g_file_test(pattern, G_FILE_TEST_IS_DIR))
        what = "must end in .npy or .png, or be a folder for the maps of a video";
    else if (percent != NULL && (read_digits(percent, &end) < 0 || strchr(end, '%') != NULL ||
                                 !g_str_has_suffix(end, ".png")))
        what = "must have one number, as in map-%06d.png, and end in .png";
    if (what != NULL)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--output is \"%s\", but %s",
                    pattern, what);
    return what == NULL;
}

gboolean map_pattern_prepare(const char *pattern, GError **error)
{
    if (strchr(pattern, '%') != NULL || g_mkdir_with_parents(pattern, 0777) == 0)
        return TRUE;
    int code = errno;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: cannot be made: %s",
                pattern, g_strerror(code));
    return FALSE;
}

char *map_pattern_expand(const char *pattern, guint i)
{
    const char *percent = strchr(pattern, '%'), *end;
    if (percent == NULL)
        return g_strdup_printf("%s/%0*u.png", pattern, DIGITS, i);
    int digits = read_digits(percent, &end);
    return g_strdup_printf("%.*s%0*u%s", (int)(percent - pattern), pattern, digits, i, end);
}
