/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "surface.h"

#include "io/atomic-file.h"

typedef struct {
    VdtAtomicFile *file;
    GError **error;
} Saving;

static cairo_status_t save(void *data, const unsigned char *bytes, unsigned int n)
{
    Saving *saving = data;
    return vdt_atomic_file_write(saving->file, bytes, n, saving->error) ? CAIRO_STATUS_SUCCESS
                                                                        : CAIRO_STATUS_WRITE_ERROR;
}

gboolean surface_save(cairo_surface_t *surface, const char *path, GError **error)
{
    g_autoptr(GError) mistake = NULL;
    g_autoptr(VdtAtomicFile) file = vdt_atomic_file_new(path, error);
    if (file == NULL)
        return FALSE;
    Saving saving = {file, &mistake};
    cairo_status_t status = cairo_surface_write_to_png_stream(surface, save, &saving);
    if (status != CAIRO_STATUS_SUCCESS && mistake == NULL)
        g_set_error(&mistake, G_FILE_ERROR, G_FILE_ERROR_IO, "%s: cannot be written: %s", path,
                    cairo_status_to_string(status));
    if (mistake == NULL)
        return vdt_atomic_file_commit(file, error);
    g_propagate_error(error, g_steal_pointer(&mistake));
    return FALSE;
}
