/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jpegsave.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
/* Wants stdio.h first. */
#include <jpeglib.h>

#include "io/atomic-file.h"

#define QUALITY 95

typedef struct {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr manager;
    jmp_buf back;
    const char *path;
    unsigned char *bytes;
    unsigned long n_bytes;
    GError **error;
} Encoding;

/* libjpeg reports by a callback that does not return. */
static void complain(j_common_ptr common)
{
    Encoding *e = common->client_data;
    char text[JMSG_LENGTH_MAX];

    common->err->format_message(common, text);
    g_set_error(e->error, VDT_ERROR, VDT_ERROR_FAILED, "%s: cannot be written: %s", e->path, text);
    longjmp(e->back, 1);
}

static gboolean encode(Encoding *e, const guint8 *rgb, guint width, guint height, gsize stride)
{
    struct jpeg_compress_struct *jpeg = &e->jpeg;

    if (setjmp(e->back))
        return FALSE;
    jpeg_create_compress(jpeg);
    jpeg_mem_dest(jpeg, &e->bytes, &e->n_bytes);
    jpeg->image_width = width;
    jpeg->image_height = height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, QUALITY, TRUE);
    jpeg->comp_info[0].h_samp_factor = jpeg->comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < height) {
        JSAMPROW row = (JSAMPROW)(rgb + jpeg->next_scanline * stride);
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
    return TRUE;
}

gboolean jpeg_save(const char *path, const guint8 *rgb, guint width, guint height, gsize stride,
                   GError **error)
{
    Encoding e = {.path = path, .error = error};

    e.jpeg.err = jpeg_std_error(&e.manager);
    e.jpeg.client_data = &e;
    e.manager.error_exit = complain;
    gboolean ok = encode(&e, rgb, width, height, stride);
    jpeg_destroy_compress(&e.jpeg);
    ok = ok && vdt_file_save(path, e.bytes, e.n_bytes, error);
    free(e.bytes);
    return ok;
}
