/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <png.h>

#include "decoders.h"
#include "exif.h"

/* Deflate makes at most 1032 bytes of one. */
#define MOST_INFLATION 1032
/* Of an EXIF chunk. */
#define MOST_EXIF      (8 << 20)

typedef struct {
    const PictureSource *source;
    png_structp png;
    png_infop info;
    gboolean numbers; /* not colours */
    GError **error;
} Decoding;

/* libpng reports by a callback that does not return. */
static void complain(png_structp png, png_const_charp message)
{
    const Decoding *d = png_get_error_ptr(png);

    if (feof(d->source->file))
        message = "is truncated: it ends early";
    g_set_error(d->error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: %s", d->source->name, message);
    png_longjmp(png, 1);
}

/* What is only a warning concerns colour profiles and texts. */
static void ignore(png_structp png, png_const_charp message) {}

static gboolean check_header(const Decoding *d)
{
    const guint width = png_get_image_width(d->png, d->info);
    const guint height = png_get_image_height(d->png, d->info);
    const int type = png_get_color_type(d->png, d->info);
    const guint64 raw = png_get_rowbytes(d->png, d->info) * (guint64)height;

    if (!pixels_check_size(d->source->name, width, height, d->error))
        return FALSE;
    if (raw / MOST_INFLATION > d->source->size) {
        g_set_error(d->error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: is truncated: %" G_GUINT64_FORMAT " bytes cannot hold %ux%u pixels",
                    d->source->name, d->source->size, width, height);
        return FALSE;
    }
    if (d->numbers && ((type != PNG_COLOR_TYPE_GRAY && type != PNG_COLOR_TYPE_PALETTE) ||
                       png_get_bit_depth(d->png, d->info) > 8)) {
        g_set_error(d->error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: is no map of classes, which is grey or has a palette, of at most 8 bits",
                    d->source->name);
        return FALSE;
    }
    return TRUE;
}

/* Has libpng bring every kind of picture to bytes: of colours, or of what the file holds. */
static void ask_for_bytes(const Decoding *d)
{
    if (d->numbers) {
        png_set_packing(d->png);
        return;
    }
    png_set_palette_to_rgb(d->png);
    png_set_expand_gray_1_2_4_to_8(d->png);
    png_set_scale_16(d->png);
    png_set_gray_to_rgb(d->png);
    png_set_strip_alpha(d->png);
}

static guint find_orientation(const Decoding *d)
{
    png_unknown_chunkp chunks;

    return png_get_unknown_chunks(d->png, d->info, &chunks) > 0
               ? exif_read(chunks[0].data, chunks[0].size).orientation
               : 1;
}

static gboolean decode(Decoding *d, Pixels *pixels, guint *orientation)
{
    if (setjmp(png_jmpbuf(d->png)))
        return FALSE;
    png_init_io(d->png, d->source->file);
    png_set_user_limits(d->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    /* libpng takes memory for a whole chunk, up to 2 GB, before it reads it; it looks at this limit
     * only for those that it does not know. */
    png_set_chunk_malloc_max(d->png, MIN(MOST_EXIF, d->source->size));
    png_set_keep_unknown_chunks(d->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_keep_unknown_chunks(d->png, PNG_HANDLE_CHUNK_ALWAYS, (png_const_bytep) "eXIf", 1);
    png_read_info(d->png, d->info);
    if (!check_header(d))
        return FALSE;
    ask_for_bytes(d);
    const int passes = png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    const gsize stride = png_get_rowbytes(d->png, d->info);
    if (!pixels_allocate(d->source->name, pixels, png_get_image_width(d->png, d->info),
                         png_get_image_height(d->png, d->info), d->numbers ? 1 : 3, d->error))
        return FALSE;
    if (stride != (gsize)pixels->channels * pixels->width)
        png_error(d->png, "has rows of a kind that is not known");
    /* Row by row: pointers to all of them would be larger than the rows of a narrow picture. */
    for (int pass = 0; pass < passes; pass++)
        for (guint y = 0; y < pixels->height; y++)
            png_read_row(d->png, pixels->data + y * stride, NULL);
    png_read_end(d->png, d->info);
    *orientation = find_orientation(d);
    return TRUE;
}

static gboolean run(Decoding *d, Pixels *pixels, guint *orientation)
{
    d->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, d, complain, ignore);
    d->info = png_create_info_struct(d->png);
    const gboolean ok = decode(d, pixels, orientation);
    png_destroy_read_struct(&d->png, &d->info, NULL);
    if (!ok)
        pixels_clear(pixels);
    return ok;
}

gboolean png_decode(const PictureSource *source, Pixels *pixels, guint *orientation, GError **error)
{
    Decoding d = {.source = source, .error = error};

    return run(&d, pixels, orientation);
}

gboolean png_decode_numbers(const PictureSource *source, Pixels *pixels, guint *orientation,
                            GError **error)
{
    Decoding d = {.source = source, .numbers = TRUE, .error = error};

    return run(&d, pixels, orientation);
}
