/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <string.h>

#include "decoders.h"
#include "exif.h"
/* These two want stdio.h first. */
#include <jpeglib.h>

#include <jerror.h>

/* Each scan of a progressive picture goes over all of it, however few bytes it has. */
#define MOST_SCANS           100
/* A block of 8x8 pixels takes a bit at least, in the scan of its mean. Where that is coded
 * arithmetically it may take next to nothing, but only pictures of one colour have no more. */
#define MOST_PIXELS_OF_BYTE  512
#define MOST_PIXELS_OF_ARITH 2048

typedef struct {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr manager;
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    const PictureSource *source;
    guint8 *row; /* of CMYK */
    GError **error;
} Decoding;

static void refuse(Decoding *d, const char *text)
{
    g_set_error(d->error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: %s", d->source->name, text);
}

/* libjpeg reports by a callback that does not return. */
static void complain(j_common_ptr common)
{
    Decoding *d = common->client_data;
    char text[JMSG_LENGTH_MAX];

    common->err->format_message(common, text);
    refuse(d, text);
    longjmp(d->back, 1);
}

/* Of what libjpeg only warns about, these mean that pixels are missing or made up. */
static void warn(j_common_ptr common, int level)
{
    Decoding *d = common->client_data;
    const int code = common->err->msg_code;

    if (level >= 0)
        return;
    if (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER) {
        refuse(d, "is truncated: its pixels end early");
        longjmp(d->back, 1);
    }
    if (code == JWRN_HUFF_BAD_CODE || code == JWRN_ARITH_BAD_CODE || code == JWRN_MUST_RESYNC)
        complain(common);
}

static void watch_scans(j_common_ptr common)
{
    Decoding *d = common->client_data;

    if (d->jpeg.input_scan_number <= MOST_SCANS)
        return;
    g_set_error(d->error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: has more scans than %d",
                d->source->name, MOST_SCANS);
    longjmp(d->back, 1);
}

static guint find_orientation(const struct jpeg_decompress_struct *jpeg)
{
    for (const struct jpeg_marker_struct *m = jpeg->marker_list; m != NULL; m = m->next)
        if (m->marker == JPEG_APP0 + 1 && m->data_length > 6 && memcmp(m->data, "Exif\0", 6) == 0)
            return exif_read(m->data + 6, m->data_length - 6).orientation;
    return 1;
}

static gboolean check_header(Decoding *d)
{
    const struct jpeg_decompress_struct *jpeg = &d->jpeg;
    const guint64 n = (guint64)jpeg->image_width * jpeg->image_height;
    const guint most = jpeg->arith_code ? MOST_PIXELS_OF_ARITH : MOST_PIXELS_OF_BYTE;

    if (!pixels_check_size(d->source->name, jpeg->image_width, jpeg->image_height, d->error))
        return FALSE;
    if (n / most <= d->source->size)
        return TRUE;
    g_set_error(d->error, VDT_ERROR, VDT_ERROR_FORMAT,
                "%s: is truncated: %" G_GUINT64_FORMAT " bytes cannot hold %ux%u pixels",
                d->source->name, d->source->size, jpeg->image_width, jpeg->image_height);
    return FALSE;
}

/* Photoshop, which writes most of these, stores how much ink there is not. */
static void store_inks(const Decoding *d, guint8 *to)
{
    const guint invert = d->jpeg.saw_Adobe_marker ? 0 : 255;
    const guint8 *from = d->row;

    for (guint x = 0; x < d->jpeg.output_width; x++, from += 4)
        for (int c = 0; c < 3; c++)
            *to++ = ((from[c] ^ invert) * (from[3] ^ invert) + 127) / 255;
}

static gboolean decode(Decoding *d, Pixels *pixels, guint *orientation)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;

    if (setjmp(d->back))
        return FALSE;
    jpeg_create_decompress(jpeg);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_stdio_src(jpeg, d->source->file);
    jpeg_read_header(jpeg, TRUE);
    if (!check_header(d) || !pixels_allocate(d->source->name, pixels, jpeg->image_width,
                                             jpeg->image_height, 3, d->error))
        return FALSE;
    *orientation = find_orientation(jpeg);
    const gboolean inks = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = inks ? JCS_CMYK : JCS_RGB;
    jpeg->progress = &d->progress;
    jpeg_start_decompress(jpeg);
    d->row = inks ? g_malloc((gsize)4 * jpeg->output_width) : NULL;
    while (jpeg->output_scanline < jpeg->output_height) {
        guint8 *to = pixels->data + (gsize)3 * jpeg->output_width * jpeg->output_scanline;
        JSAMPROW row = inks ? d->row : to;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (inks)
            store_inks(d, to);
    }
    jpeg_finish_decompress(jpeg);
    return TRUE;
}

gboolean jpeg_decode(const PictureSource *source, Pixels *pixels, guint *orientation,
                     GError **error)
{
    Decoding d = {.source = source, .error = error, .progress.progress_monitor = watch_scans};

    d.jpeg.err = jpeg_std_error(&d.manager);
    d.jpeg.client_data = &d;
    d.manager.error_exit = complain;
    d.manager.emit_message = warn;
    const gboolean ok = decode(&d, pixels, orientation);
    jpeg_destroy_decompress(&d.jpeg);
    g_free(d.row);
    if (!ok)
        pixels_clear(pixels);
    return ok;
}
