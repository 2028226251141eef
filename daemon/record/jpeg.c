/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jpeg.h"

#include <setjmp.h>
#include <stdlib.h>
/* It wants stdio.h first. */
#include <stdio.h>

#include <jpeglib.h>

#define MOST_SIDE 65500 /* JPEG_MAX_DIMENSION */

const VdtJpegOptions vdt_jpeg_options_default = {.longest = 1280, .quality = 85};

static gboolean fail(GError **error, const char *sentence)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, sentence);
    return FALSE;
}

/* --- libjpeg --- */

typedef struct {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr manager;
    jmp_buf back;
    guint8 *data;
    unsigned long size;
    GError **error;
} Coding;

/* libjpeg reports by a callback that does not return. */
static void complain(j_common_ptr common)
{
    Coding *c = common->client_data;
    char text[JMSG_LENGTH_MAX];

    common->err->format_message(common, text);
    fail(c->error, text);
    longjmp(c->back, 1);
}

static void keep_quiet(j_common_ptr common) {}

static gboolean write_rows(Coding *c, const GstVideoFrame *picture, guint quality)
{
    struct jpeg_compress_struct *jpeg = &c->jpeg;

    if (setjmp(c->back))
        return FALSE;
    jpeg_create_compress(jpeg);
    jpeg_mem_dest(jpeg, &c->data, &c->size);
    jpeg->image_width = (guint)GST_VIDEO_FRAME_WIDTH(picture);
    jpeg->image_height = (guint)GST_VIDEO_FRAME_HEIGHT(picture);
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, (int)quality, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = (guint8 *)GST_VIDEO_FRAME_PLANE_DATA(picture, 0) +
                       (gsize)GST_VIDEO_FRAME_PLANE_STRIDE(picture, 0) * jpeg->next_scanline;

        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
    return TRUE;
}

static GBytes *code(const GstVideoFrame *picture, guint quality, GError **error)
{
    Coding c = {.error = error};
    gboolean coded;

    c.jpeg.err = jpeg_std_error(&c.manager);
    c.jpeg.client_data = &c;
    c.manager.error_exit = complain;
    c.manager.output_message = keep_quiet;
    coded = write_rows(&c, picture, quality);
    jpeg_destroy_compress(&c.jpeg);
    if (coded)
        return g_bytes_new_with_free_func(c.data, c.size, free, c.data);
    free(c.data);
    return NULL;
}

/* --- size and colours --- */

typedef struct {
    guint x, y, width, height;
} Crop;

static gboolean find_crop(GstBuffer *buffer, const GstVideoInfo *info, Crop *crop)
{
    const GstVideoCropMeta *meta = gst_buffer_get_video_crop_meta(buffer);
    const guint width = (guint)info->width, height = (guint)info->height;

    *crop = (Crop){0, 0, width, height};
    if (meta)
        *crop = (Crop){meta->x, meta->y, meta->width, meta->height};
    return crop->width > 0 && crop->height > 0 && crop->x < width && crop->y < height &&
           crop->width <= width - crop->x && crop->height <= height - crop->y;
}

/* With square pixels, of which there are as many as there were along the side that keeps its size,
 * and no more than the most. */
static void find_size(const Crop *crop, const GstVideoInfo *info, guint longest, guint *width,
                      guint *height)
{
    const double most = longest > 0 ? MIN(longest, MOST_SIDE) : MOST_SIDE;
    const double shape = info->par_n > 0 && info->par_d > 0 ? (double)info->par_n / info->par_d : 1;
    double w = crop->width * MAX(shape, 1), h = crop->height / MIN(shape, 1);
    const double scale = MIN(most / MAX(w, h), 1);

    w = CLAMP(w * scale + 0.5, 1, MOST_SIDE);
    h = CLAMP(h * scale + 0.5, 1, MOST_SIDE);
    *width = (guint)w;
    *height = (guint)h;
}

/* As RGB, of which libjpeg makes what JPEG has, BT.601 in full range: from one YUV to another
 * GStreamer leaves the range as it is where the matrix is the same. */
static void find_info(const GstVideoInfo *from, guint width, guint height, GstVideoInfo *to)
{
    gst_video_info_set_format(to, GST_VIDEO_FORMAT_RGB, width, height);
    to->fps_n = from->fps_n;
    to->fps_d = from->fps_d;
    to->interlace_mode = from->interlace_mode;
    GST_VIDEO_INFO_FIELD_ORDER(to) = GST_VIDEO_INFO_FIELD_ORDER(from);
}

static gboolean convert(const GstVideoFrame *from, const Crop *crop, GstVideoFrame *to,
                        GError **error)
{
    GstVideoInfo info = from->info;
    GstStructure *options =
        gst_structure_new("options", GST_VIDEO_CONVERTER_OPT_SRC_X, G_TYPE_INT, (int)crop->x,
                          GST_VIDEO_CONVERTER_OPT_SRC_Y, G_TYPE_INT, (int)crop->y,
                          GST_VIDEO_CONVERTER_OPT_SRC_WIDTH, G_TYPE_INT, (int)crop->width,
                          GST_VIDEO_CONVERTER_OPT_SRC_HEIGHT, G_TYPE_INT, (int)crop->height, NULL);
    GstVideoConverter *converter = gst_video_converter_new(&info, &to->info, options);

    if (!converter)
        return fail(error, "its pixels cannot be converted");
    gst_video_converter_frame(converter, from, to);
    gst_video_converter_free(converter);
    return TRUE;
}

static GBytes *encode_frame(const GstVideoFrame *frame, const Crop *crop,
                            const VdtJpegOptions *options, GstVideoInfo *info, GError **error)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, info->size, NULL);
    GstVideoFrame picture;
    GBytes *jpeg = NULL;

    if (buffer && gst_video_frame_map(&picture, info, buffer, GST_MAP_READWRITE)) {
        if (convert(frame, crop, &picture, error))
            jpeg = code(&picture, options->quality, error);
        gst_video_frame_unmap(&picture);
    } else {
        fail(error, "there is no memory for it");
    }
    gst_clear_buffer(&buffer);
    return jpeg;
}

GBytes *vdt_jpeg_encode(GstBuffer *buffer, const GstVideoInfo *info, const VdtJpegOptions *options,
                        guint *width, guint *height, GError **error)
{
    GstVideoInfo from = *info, to;
    GstVideoFrame frame;
    GBytes *jpeg;
    Crop crop;

    if (GST_VIDEO_INFO_FORMAT(info) <= GST_VIDEO_FORMAT_ENCODED) {
        fail(error, "it is no raw video");
        return NULL;
    }
    if (!find_crop(buffer, info, &crop)) {
        fail(error, "there is nothing in its crop");
        return NULL;
    }
    find_size(&crop, info, options->longest, width, height);
    find_info(info, *width, *height, &to);
    if (!gst_video_frame_map(&frame, &from, buffer, GST_MAP_READ)) {
        fail(error, "its pixels cannot be read");
        return NULL;
    }
    jpeg = encode_frame(&frame, &crop, options, &to, error);
    gst_video_frame_unmap(&frame);
    return jpeg;
}
