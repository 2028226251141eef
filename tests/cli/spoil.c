/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does to a photograph what a camera's faults would: spoil-picture IN OUT-FOLDER NAME SEED writes
 * OUT-FOLDER/STATE/NAME.png for each state of a camera, in a height of 360.
 */
#include <cairo.h>
#include <glib/gstdio.h>
#include <string.h>

#include "data/faults.h"
#include "data/media.h"

#define HEIGHT 360

typedef struct {
    const char *folder, *name;
    guint64 seed;
} Job;

static gboolean save(const VdtPicture *picture, const char *path, GError **error)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, picture->width, picture->height);
    gsize stride = cairo_image_surface_get_stride(surface);
    for (guint y = 0; y < picture->height; y++) {
        guint32 *to = (guint32 *)(void *)(cairo_image_surface_get_data(surface) + y * stride);
        const guint8 *from = picture->data + y * picture->stride;
        for (guint x = 0; x < picture->width; x++, from += 3)
            to[x] = (guint32)from[0] << 16 | (guint32)from[1] << 8 | from[2];
    }
    cairo_surface_mark_dirty(surface);
    cairo_status_t status = cairo_surface_write_to_png(surface, path);
    cairo_surface_destroy(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "%s: %s", path, cairo_status_to_string(status));
    return FALSE;
}

/* As a camera would: each pixel is the mean of what falls on it. */
static void shrink(const VdtPicture *from, const VdtPicture *to)
{
    for (guint y = 0; y < to->height; y++)
        for (guint x = 0; x < to->width; x++) {
            guint x0 = (guint64)x * from->width / to->width;
            guint y0 = (guint64)y * from->height / to->height;
            guint x1 = MAX((guint64)(x + 1) * from->width / to->width, x0 + 1);
            guint y1 = MAX((guint64)(y + 1) * from->height / to->height, y0 + 1);
            for (guint c = 0; c < 3; c++) {
                guint64 sum = 0;
                for (guint v = y0; v < y1; v++)
                    for (guint u = x0; u < x1; u++)
                        sum += from->data[v * from->stride + 3 * (gsize)u + c];
                to->data[y * to->stride + 3 * (gsize)x + c] =
                    sum / ((guint64)(x1 - x0) * (y1 - y0));
            }
        }
}

static gboolean spoil(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts,
                      GError **error)
{
    const Job *job = data;
    guint height = MIN(HEIGHT, picture->height);
    guint width = MAX((guint64)picture->width * height / picture->height, 1);
    g_autofree guint8 *pixels = g_malloc((gsize)3 * width * height);
    VdtPicture small = {pixels, width, height, (gsize)3 * width};
    for (CameraState state = 0; state < CAMERA_N_STATES; state++) {
        shrink(picture, &small);
        camera_fault_apply(state, job->seed, &small);
        g_autofree char *folder = g_build_filename(job->folder, camera_state_name(state), NULL);
        g_autofree char *file = g_strconcat(job->name, ".png", NULL);
        g_autofree char *path = g_build_filename(folder, file, NULL);
        g_mkdir_with_parents(folder, 0777);
        if (!save(&small, path, error))
            return FALSE;
    }
    return FALSE;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        g_printerr("usage: spoil-picture IN OUT-FOLDER NAME SEED\n");
        return 2;
    }
    Job job = {argv[2], argv[3], g_ascii_strtoull(argv[4], NULL, 10)};
    g_autoptr(GError) error = NULL;
    if (media_decode(argv[1], spoil, &job, &error))
        return 0;
    g_printerr("%s\n", error->message);
    return 1;
}
