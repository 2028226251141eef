/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a format looks like (planes, steps, subsampling, depth) comes from GStreamer's own table of
 * formats, so there is one path for all of them: sample each component bilinearly in its own plane,
 * then apply one 3x3 matrix with offsets.
 */
#include "framemap.h"

#include <string.h>

#include "preprocess.h"

/* Samples leave the bilinear step as 8.4 fixed point, whatever their depth was. */
#define SAMPLE_BITS 4
#define WEIGHT_BITS 8
#define MATRIX_BITS 14

/* One axis of one plane. Output i is tap[i] and its neighbour, weighed 256 - weight and weight. */
typedef struct {
    guint32 *tap;
    guint16 *weight;
    guint next; /* from a tap to its neighbour; 0 in a plane of one sample */
} Axis;

/* Components that are subsampled alike share both axes. */
typedef struct {
    Axis x, y;
} Grid;

typedef struct {
    gint32 to[3]; /* share of this component in red, green and blue */
} MatrixColumn;

struct _VdtFrameMap {
    GstVideoFormat format;
    gint width, height;
    GstVideoColorimetry colorimetry;
    GstVideoChromaSite chroma_site;
    GstVideoRectangle visible;
    VdtFrameTarget target;

    GstVideoRectangle inner; /* part of the picture that the frame fills */
    guint n_components;
    Grid grids[2]; /* full resolution, subsampled */
    MatrixColumn columns[3];
    gint32 constant[3];
    gint16 *rows[3]; /* one sampled row of each component */
};

/* The part of the frame to look at. */
static void clip(const GstVideoInfo *info, const GstVideoRectangle *visible,
                 const VdtFrameTarget *target, GstVideoRectangle *out)
{
    const int width = GST_VIDEO_INFO_WIDTH(info), height = GST_VIDEO_INFO_HEIGHT(info);

    *out = (GstVideoRectangle){0, 0, width, height};
    if (visible && visible->w > 0 && visible->h > 0) {
        out->x = CLAMP(visible->x, 0, width - 1);
        out->y = CLAMP(visible->y, 0, height - 1);
        out->w = MIN(visible->w, width - out->x);
        out->h = MIN(visible->h, height - out->y);
    }
    vdt_frame_region_apply(&target->region, out);
}

/*
 * Fills an axis of @n outputs: output i looks at source position first + (i + 0.5) * scale - 0.5 of
 * the full-resolution grid, translated to the plane's own grid.
 */
static void axis_init(Axis *axis, guint n, double first, double scale, int low, int high,
                      guint subsampling, gboolean cosited, guint step)
{
    const int plane_low = low >> subsampling;
    const int plane_high = GST_VIDEO_SUB_SCALE(subsampling, high + 1) - 1;
    const double factor = 1 << subsampling;

    axis->tap = g_new(guint32, n);
    axis->weight = g_new(guint16, n);
    axis->next = plane_high > plane_low ? step : 0;
    for (guint i = 0; i < n; i++) {
        const double at = CLAMP(first + (i + 0.5) * scale - 0.5, low, high);
        double p = cosited ? at / factor : (at + 0.5) / factor - 0.5;
        int tap;

        p = CLAMP(p, plane_low, plane_high);
        tap = MIN((int)p, MAX(plane_low, plane_high - 1));
        axis->tap[i] = (guint32)tap * step;
        axis->weight[i] = (guint16)((p - tap) * (1 << WEIGHT_BITS) + 0.5);
    }
}

static void axis_clear(Axis *axis)
{
    g_free(axis->tap);
    g_free(axis->weight);
}

/* Components to red, green and blue, for samples in 8.4 fixed point. */
static void matrix_init(VdtFrameMap *map, const GstVideoInfo *info)
{
    const GstVideoFormatInfo *finfo = info->finfo;
    const GstVideoColorimetry *color = &info->colorimetry;
    const double one = 1 << MATRIX_BITS;
    GstVideoColorRange range = color->range;
    int offset[GST_VIDEO_MAX_COMPONENTS], scale[GST_VIDEO_MAX_COMPONENTS];
    double m[3][3] = {{0}}, constant[3] = {0};

    if (range == GST_VIDEO_COLOR_RANGE_UNKNOWN)
        range = GST_VIDEO_FORMAT_INFO_IS_RGB(finfo) ? GST_VIDEO_COLOR_RANGE_0_255
                                                    : GST_VIDEO_COLOR_RANGE_16_235;
    gst_video_color_range_offsets(range, finfo, offset, scale);
    if (GST_VIDEO_FORMAT_INFO_IS_RGB(finfo)) {
        for (int c = 0; c < 3; c++)
            m[c][c] = 1;
    } else if (map->n_components == 1) {
        for (int c = 0; c < 3; c++)
            m[c][0] = 1;
    } else {
        double kr, kb;

        if (!gst_video_color_matrix_get_Kr_Kb(color->matrix, &kr, &kb))
            gst_video_color_matrix_get_Kr_Kb(GST_VIDEO_COLOR_MATRIX_BT601, &kr, &kb);
        for (int c = 0; c < 3; c++)
            m[c][0] = 1;
        m[0][2] = 2 * (1 - kr);
        m[1][1] = -2 * kb * (1 - kb) / (1 - kr - kb);
        m[1][2] = -2 * kr * (1 - kr) / (1 - kr - kb);
        m[2][1] = 2 * (1 - kb);
    }
    for (guint k = 0; k < map->n_components; k++) {
        /* offset and scale are in the format's own depth, samples have 8 whole bits */
        const double unit = (double)(1 << GST_VIDEO_FORMAT_INFO_DEPTH(finfo, k)) / 256;
        const double gain = 255 * unit / scale[k];

        for (int c = 0; c < 3; c++) {
            m[c][k] *= gain;
            constant[c] -= m[c][k] * offset[k] / unit;
            map->columns[k].to[c] = (gint32)(m[c][k] * one + (m[c][k] < 0 ? -0.5 : 0.5));
        }
    }
    /* and half a level, for rounding */
    for (int c = 0; c < 3; c++)
        map->constant[c] = (gint32)((constant[c] + 0.5) * one * (1 << SAMPLE_BITS));
}

VdtFrameMap *vdt_frame_map_new(const GstVideoInfo *info, const GstVideoRectangle *visible,
                               const VdtFrameTarget *target)
{
    const GstVideoFormatInfo *finfo = info->finfo;
    VdtFrameMap *map = g_new0(VdtFrameMap, 1);
    VdtView view;

    map->format = GST_VIDEO_INFO_FORMAT(info);
    map->width = GST_VIDEO_INFO_WIDTH(info);
    map->height = GST_VIDEO_INFO_HEIGHT(info);
    map->colorimetry = info->colorimetry;
    map->chroma_site = info->chroma_site;
    map->target = *target;
    clip(info, visible, target, &map->visible);
    map->n_components = GST_VIDEO_FORMAT_INFO_IS_GRAY(finfo) ? 1 : 3;

    view = vdt_view_for_framing(target->framing, map->visible.w, map->visible.h, target->width,
                                target->height);
    map->inner.w = MIN(view.width, target->width);
    map->inner.h = MIN(view.height, target->height);
    map->inner.x = MAX(-view.left, 0);
    map->inner.y = MAX(-view.top, 0);

    for (guint g = 0; g < (map->n_components == 3 ? 2 : 1); g++) {
        /* component 0 is never subsampled; 1 and 2 are alike in every format taken */
        const guint sub_x = GST_VIDEO_FORMAT_INFO_W_SUB(finfo, g);
        const guint sub_y = GST_VIDEO_FORMAT_INFO_H_SUB(finfo, g);
        const double scale_x = (double)map->visible.w / view.width;
        const double scale_y = (double)map->visible.h / view.height;
        const GstVideoRectangle *v = &map->visible;

        axis_init(&map->grids[g].x, map->inner.w, v->x + MAX(view.left, 0) * scale_x, scale_x, v->x,
                  v->x + v->w - 1, sub_x,
                  (info->chroma_site & GST_VIDEO_CHROMA_SITE_H_COSITED) != 0,
                  GST_VIDEO_FORMAT_INFO_PSTRIDE(finfo, g));
        axis_init(&map->grids[g].y, map->inner.h, v->y + MAX(view.top, 0) * scale_y, scale_y, v->y,
                  v->y + v->h - 1, sub_y,
                  (info->chroma_site & GST_VIDEO_CHROMA_SITE_V_COSITED) != 0, 1);
    }
    for (guint k = 0; k < map->n_components; k++)
        map->rows[k] = g_new(gint16, map->inner.w);
    matrix_init(map, info);
    return map;
}

void vdt_frame_map_free(VdtFrameMap *map)
{
    if (!map)
        return;
    for (guint g = 0; g < G_N_ELEMENTS(map->grids); g++) {
        axis_clear(&map->grids[g].x);
        axis_clear(&map->grids[g].y);
    }
    for (guint k = 0; k < G_N_ELEMENTS(map->rows); k++)
        g_free(map->rows[k]);
    g_free(map);
}

gboolean vdt_frame_map_fits(const VdtFrameMap *map, const GstVideoInfo *info,
                            const GstVideoRectangle *visible, const VdtFrameTarget *target)
{
    GstVideoRectangle clipped;

    clip(info, visible, target, &clipped);
    return map->format == GST_VIDEO_INFO_FORMAT(info) && map->width == GST_VIDEO_INFO_WIDTH(info) &&
           map->height == GST_VIDEO_INFO_HEIGHT(info) &&
           gst_video_colorimetry_is_equal(&map->colorimetry, &info->colorimetry) &&
           map->chroma_site == info->chroma_site && vdt_frame_target_equal(&map->target, target) &&
           map->visible.x == clipped.x && map->visible.y == clipped.y &&
           map->visible.w == clipped.w && map->visible.h == clipped.h;
}

#define BLEND(LOAD)                                                                                \
    for (guint i = 0; i < n; i++) {                                                                \
        const guint32 a = x->tap[i], b = a + x->next, wx = x->weight[i];                           \
        const guint32 up = LOAD(above, a) * (one - wx) + LOAD(above, b) * wx;                      \
        const guint32 down = LOAD(below, a) * (one - wx) + LOAD(below, b) * wx;                    \
        out[i] = (gint16)((up * (one - wy) + down * wy + half) >> shift);                          \
    }

#define LOAD_8(row, at)    ((guint32)(row)[at])
#define LOAD_16LE(row, at) ((guint32)(row)[at] | (guint32)(row)[(at) + 1] << 8)

/* One row of one component: taps in the rows @above and @below, @wy being the share of @below. */
static void sample_row(const guint8 *above, const guint8 *below, const Axis *x, guint32 wy, guint n,
                       guint depth, gint16 *restrict out)
{
    const guint32 one = 1 << WEIGHT_BITS;
    const guint shift = 2 * WEIGHT_BITS + depth - 8 - SAMPLE_BITS;
    const guint32 half = 1u << (shift - 1);

    if (depth > 8) {
        BLEND(LOAD_16LE)
    } else {
        BLEND(LOAD_8)
    }
}

static inline guint8 level(gint32 sum)
{
    const gint32 v = sum >> (MATRIX_BITS + SAMPLE_BITS);

    return (guint8)CLAMP(v, 0, 255);
}

/* A row of samples to packed RGB. */
static void mix_row(const VdtFrameMap *map, guint8 *restrict rgb)
{
    const guint n = map->inner.w;
    const gint32 *k = map->constant;
    const gint16 *a = map->rows[0], *b = map->rows[1], *c = map->rows[2];
    const MatrixColumn ma = map->columns[0], mb = map->columns[1], mc = map->columns[2];

    if (map->n_components == 1) {
        for (guint i = 0; i < n; i++)
            rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = level(k[0] + a[i] * ma.to[0]);
        return;
    }
    for (guint i = 0; i < n; i++)
        for (guint j = 0; j < 3; j++)
            rgb[3 * i + j] = level(k[j] + a[i] * ma.to[j] + b[i] * mb.to[j] + c[i] * mc.to[j]);
}

static void fill(guint8 *rgb, guint n, const guint8 colour[3])
{
    for (guint i = 0; i < n; i++)
        memcpy(rgb + 3 * i, colour, 3);
}

void vdt_frame_map_convert(VdtFrameMap *map, const GstVideoFrame *frame, guint8 *rgb)
{
    const guint width = map->target.width, height = map->target.height;
    const guint left = map->inner.x, right = width - left - map->inner.w;

    fill(rgb, width * map->inner.y, map->target.fill);
    for (int y = 0; y < map->inner.h; y++) {
        guint8 *row = rgb + (gsize)3 * width * (map->inner.y + y);

        for (guint k = 0; k < map->n_components; k++) {
            const Grid *grid = &map->grids[k > 0];
            const int stride = GST_VIDEO_FRAME_COMP_STRIDE(frame, k);
            const guint8 *above = (const guint8 *)GST_VIDEO_FRAME_COMP_DATA(frame, k) +
                                  (gssize)stride * grid->y.tap[y];

            sample_row(above, above + (gssize)stride * grid->y.next, &grid->x, grid->y.weight[y],
                       map->inner.w, GST_VIDEO_FRAME_COMP_DEPTH(frame, k), map->rows[k]);
        }
        fill(row, left, map->target.fill);
        mix_row(map, row + 3 * left);
        fill(row + 3 * (left + map->inner.w), right, map->target.fill);
    }
    fill(rgb + (gsize)3 * width * (map->inner.y + map->inner.h),
         width * (height - map->inner.y - map->inner.h), map->target.fill);
}

gboolean vdt_frame_map_buffer(VdtFrameMap **map, const GstVideoInfo *info, GstBuffer *buffer,
                              const VdtFrameTarget *target, guint8 *rgb)
{
    const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(buffer);
    GstVideoRectangle visible = {0, 0, 0, 0};
    GstVideoFrame frame;

    if (!gst_video_frame_map(&frame, info, buffer, GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF))
        return FALSE;
    if (crop)
        visible = (GstVideoRectangle){crop->x, crop->y, crop->width, crop->height};
    if (!*map || !vdt_frame_map_fits(*map, &frame.info, &visible, target)) {
        g_clear_pointer(map, vdt_frame_map_free);
        *map = vdt_frame_map_new(&frame.info, &visible, target);
    }
    vdt_frame_map_convert(*map, &frame, rgb);
    gst_video_frame_unmap(&frame);
    return TRUE;
}
