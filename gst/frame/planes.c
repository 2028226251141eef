/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "planes.h"

#include <string.h>

#define N 3 /* components, and colours */

/* Components of 8 bits to colours of 0 to 255, and back. */
typedef struct {
    float to[N][N], constant[N]; /* of each colour: shares of components */
    float from[N][N], offset[N]; /* of each component: shares of colours */
} Matrix;

static void matrix_of_yuv(const GstVideoInfo *info, double to[N][N], double from[N][N])
{
    double kr, kb, kg;

    if (!gst_video_color_matrix_get_Kr_Kb(info->colorimetry.matrix, &kr, &kb))
        gst_video_color_matrix_get_Kr_Kb(GST_VIDEO_COLOR_MATRIX_BT601, &kr, &kb);
    kg = 1 - kr - kb;
    for (guint c = 0; c < N; c++)
        to[c][0] = 1;
    to[0][2] = 2 * (1 - kr);
    to[1][1] = -2 * kb * (1 - kb) / kg;
    to[1][2] = -2 * kr * (1 - kr) / kg;
    to[2][1] = 2 * (1 - kb);
    memcpy(from[0], (const double[N]){kr, kg, kb}, sizeof from[0]);
    for (guint c = 0; c < N; c++) {
        from[1][c] = ((c == 2) - from[0][c]) / (2 * (1 - kb));
        from[2][c] = ((c == 0) - from[0][c]) / (2 * (1 - kr));
    }
}

static Matrix matrix_of(const GstVideoInfo *info)
{
    const gboolean rgb = GST_VIDEO_FORMAT_INFO_IS_RGB(info->finfo);
    GstVideoColorRange range = info->colorimetry.range;
    int offset[GST_VIDEO_MAX_COMPONENTS], scale[GST_VIDEO_MAX_COMPONENTS];
    double to[N][N] = {{0}}, from[N][N] = {{0}}, constant[N] = {0};
    Matrix m;

    if (range == GST_VIDEO_COLOR_RANGE_UNKNOWN)
        range = rgb ? GST_VIDEO_COLOR_RANGE_0_255 : GST_VIDEO_COLOR_RANGE_16_235;
    gst_video_color_range_offsets(range, info->finfo, offset, scale);
    for (guint c = 0; rgb && c < N; c++)
        to[c][c] = from[c][c] = 1;
    if (!rgb)
        matrix_of_yuv(info, to, from);
    for (guint k = 0; k < N; k++) {
        m.offset[k] = (float)offset[k];
        for (guint c = 0; c < N; c++) {
            constant[c] -= to[c][k] * 255 / scale[k] * offset[k];
            m.to[c][k] = (float)(to[c][k] * 255 / scale[k]);
            m.from[k][c] = (float)(from[k][c] * scale[k] / 255);
        }
    }
    for (guint c = 0; c < N; c++)
        m.constant[c] = (float)constant[c];
    return m;
}

void vdt_planes_align(const GstVideoInfo *info, GstVideoRectangle *part)
{
    const int w = 1 << GST_VIDEO_FORMAT_INFO_W_SUB(info->finfo, 1);
    const int h = 1 << GST_VIDEO_FORMAT_INFO_H_SUB(info->finfo, 1);
    const int right = MIN(GST_ROUND_UP_N(part->x + part->w, w), GST_VIDEO_INFO_WIDTH(info));
    const int bottom = MIN(GST_ROUND_UP_N(part->y + part->h, h), GST_VIDEO_INFO_HEIGHT(info));

    part->x -= part->x % w;
    part->y -= part->y % h;
    part->w = right - part->x;
    part->h = bottom - part->y;
}

/* --- Reading -------------------------------------------------------------------------------- */

static const guint8 *row_of(const GstVideoFrame *frame, guint k, int y)
{
    return (const guint8 *)GST_VIDEO_FRAME_COMP_DATA(frame, k) +
           (gssize)GST_VIDEO_FRAME_COMP_STRIDE(frame, k) * y;
}

/* Between which two samples pixel @at lies, and what the second one counts. */
typedef struct {
    int first, second;
    float share;
} Place;

static Place place_of(int at, guint sub, gboolean cosited, int samples)
{
    float p = (float)at;

    if (sub == 0)
        return (Place){at, at, 0};
    p = cosited ? p / 2 : (p + 0.5f) / 2 - 0.5f;
    p = CLAMP(p, 0, (float)(samples - 1));
    return (Place){(int)p, MIN((int)p + 1, samples - 1), p - (float)(int)p};
}

/* Every @step-th byte. */
static void load_bytes(const guint8 *restrict from, int step, int n, float *restrict out)
{
    if (step == 1)
        for (int x = 0; x < n; x++)
            out[x] = from[x];
    else
        for (int x = 0; x < n; x++)
            out[x] = from[x * step];
}

/* Component @k of the pixels of @part in row @y of the frame. With fewer samples than pixels, those
 * between two rows are made first, in @between, then those between two columns. */
static void load_row(const GstVideoFrame *frame, guint k, const GstVideoRectangle *part, int y,
                     const Place *columns, float *restrict between, float *restrict out)
{
    const guint h_sub = GST_VIDEO_FORMAT_INFO_H_SUB(frame->info.finfo, k);
    const int step = GST_VIDEO_FRAME_COMP_PSTRIDE(frame, k);
    const int first = columns[0].first, n = columns[part->w - 1].second - first + 1;
    const guint8 *above, *below;
    Place row;

    if (h_sub == 0) {
        load_bytes(row_of(frame, k, y) + (gsize)part->x * step, step, part->w, out);
        return;
    }
    row = place_of(y, h_sub, (frame->info.chroma_site & GST_VIDEO_CHROMA_SITE_V_COSITED) != 0,
                   GST_VIDEO_FRAME_COMP_HEIGHT(frame, k));
    above = row_of(frame, k, row.first) + (gsize)first * step;
    below = row_of(frame, k, row.second) + (gsize)first * step;
    for (int i = 0; i < n; i++) {
        const float a = above[i * step], b = below[i * step];

        between[i] = a + row.share * (b - a);
    }
    for (int x = 0; x < part->w; x++) {
        const float a = between[columns[x].first - first], b = between[columns[x].second - first];

        out[x] = a + columns[x].share * (b - a);
    }
}

static void mix_row(const Matrix *m, const float *restrict a, const float *restrict b,
                    const float *restrict c, int n, gsize area, float *restrict out)
{
    for (guint i = 0; i < N; i++, out += area) {
        const float k = m->constant[i], ma = m->to[i][0], mb = m->to[i][1], mc = m->to[i][2];

        for (int x = 0; x < n; x++) {
            const float v = k + ma * a[x] + mb * b[x] + mc * c[x], low = v < 0 ? 0 : v;

            out[x] = low > 255 ? 255 : low;
        }
    }
}

void vdt_planes_read(const GstVideoFrame *frame, const GstVideoRectangle *part, float *planes)
{
    const GstVideoInfo *info = &frame->info;
    const Matrix m = matrix_of(info);
    const gsize area = (gsize)part->w * part->h;
    g_autofree float *room = g_new(float, (gsize)(N + 1) * part->w + 1);
    g_autofree Place *columns = g_new(Place, part->w);
    float *const rows[N + 1] = {room, room + part->w, room + 2 * part->w, room + 3 * part->w};

    for (int x = 0; x < part->w; x++)
        columns[x] = place_of(part->x + x, GST_VIDEO_FORMAT_INFO_W_SUB(info->finfo, 1),
                              (info->chroma_site & GST_VIDEO_CHROMA_SITE_H_COSITED) != 0,
                              GST_VIDEO_FRAME_COMP_WIDTH(frame, 1));
    for (int y = 0; y < part->h; y++) {
        for (guint k = 0; k < N; k++)
            load_row(frame, k, part, part->y + y, columns, rows[N], rows[k]);
        mix_row(&m, rows[0], rows[1], rows[2], part->w, area, planes + (gsize)y * part->w);
    }
}

/* --- Writing -------------------------------------------------------------------------------- */

/* What is written, and where. */
typedef struct {
    GstVideoFrame *frame;
    const GstVideoRectangle *part, *inside;
    const float *planes;
    gboolean add;
    Matrix m;
    float *row[N + 1]; /* of colours, and of what is made of them; as wide as the part */
} Writing;

/* The pixels that sample @i of a component stands for, and what each counts. */
typedef struct {
    int at[3];
    float share[3];
    guint n;
} Taps;

static Taps taps_of(int i, guint sub, gboolean cosited, int pixels)
{
    const int next = MIN(2 * i + 1, pixels - 1);

    if (sub == 0)
        return (Taps){{i}, {1}, 1};
    if (!cosited)
        return (Taps){{2 * i, next}, {0.5f, 0.5f}, 2};
    return (Taps){{MAX(2 * i - 1, 0), 2 * i, next}, {0.25f, 0.5f, 0.25f}, 3};
}

/* Beyond what is altered there is no difference. */
static gboolean is_in(int at, int begin, int length)
{
    return at >= begin && at < begin + length;
}

/* Colours of the pixels that row @j of chroma stands for. */
static void take_rows(Writing *w, int j)
{
    const GstVideoInfo *info = &w->frame->info;
    const Taps taps = taps_of(j, GST_VIDEO_FORMAT_INFO_H_SUB(info->finfo, 1),
                              (info->chroma_site & GST_VIDEO_CHROMA_SITE_V_COSITED) != 0,
                              GST_VIDEO_INFO_HEIGHT(info));
    const GstVideoRectangle *part = w->part, *inside = w->inside;

    for (guint c = 0; c < N; c++) {
        memset(w->row[c], 0, part->w * sizeof *w->row[c]);
        for (guint t = 0; t < taps.n; t++) {
            const float *from = w->planes + ((gsize)c * part->h + taps.at[t] - part->y) * part->w;

            if (!is_in(taps.at[t], inside->y, inside->h))
                continue;
            for (int x = inside->x - part->x; x < inside->x - part->x + inside->w; x++)
                w->row[c][x] += taps.share[t] * from[x];
        }
    }
}

/* Whatever is no number is 0. */
static inline guint8 level(float value)
{
    const float v = value + 0.5f > 0 ? value + 0.5f : 0;

    return (guint8)(v < 255 ? v : 255);
}

/* What @m makes of colours, to be added to @offset, or to the samples that there are. */
static inline void put_samples(const float *restrict r, const float *restrict g,
                               const float *restrict b, const float m[N], gboolean add,
                               float offset, int n, int step, guint8 *restrict to)
{
    const float mr = m[0], mg = m[1], mb = m[2];

    if (add)
        for (int x = 0; x < n; x++)
            to[x * step] = level(to[x * step] + mr * r[x] + mg * g[x] + mb * b[x]);
    else
        for (int x = 0; x < n; x++)
            to[x * step] = level(offset + mr * r[x] + mg * g[x] + mb * b[x]);
}

/* Row @y of component @k, which has a sample for each pixel. */
static void put_full_row(Writing *w, guint k, int y)
{
    const GstVideoRectangle *part = w->part, *inside = w->inside;
    const gsize area = (gsize)part->w * part->h;
    const float *r = w->planes + (gsize)(y - part->y) * part->w + inside->x - part->x;
    const int step = GST_VIDEO_FRAME_COMP_PSTRIDE(w->frame, k);
    guint8 *to = (guint8 *)row_of(w->frame, k, y) + (gsize)inside->x * step;

    if (step == 1) /* which compilers know how to do at once */
        put_samples(r, r + area, r + 2 * area, w->m.from[k], w->add, w->m.offset[k], inside->w, 1,
                    to);
    else
        put_samples(r, r + area, r + 2 * area, w->m.from[k], w->add, w->m.offset[k], inside->w,
                    step, to);
}

/* Row @j of component @k, of which the colours were taken. */
static void put_row(Writing *w, guint k, int j)
{
    const GstVideoInfo *info = &w->frame->info;
    const guint sub = GST_VIDEO_FORMAT_INFO_W_SUB(info->finfo, k);
    const gboolean cosited = (info->chroma_site & GST_VIDEO_CHROMA_SITE_H_COSITED) != 0;
    const int step = GST_VIDEO_FRAME_COMP_PSTRIDE(w->frame, k);
    const int begin = w->inside->x >> sub, end = (w->inside->x + w->inside->w - 1) >> sub;
    const int left = w->inside->x - w->part->x;
    const float *m = w->m.from[k];
    guint8 *to = (guint8 *)row_of(w->frame, k, j);

    for (int x = left; x < left + w->inside->w; x++)
        w->row[N][x] = m[0] * w->row[0][x] + m[1] * w->row[1][x] + m[2] * w->row[2][x];
    for (int i = begin; i <= end; i++) {
        const Taps taps = taps_of(i, sub, cosited, GST_VIDEO_INFO_WIDTH(info));
        float value = w->add ? to[i * step] : w->m.offset[k];

        for (guint t = 0; t < taps.n; t++)
            if (is_in(taps.at[t], w->inside->x, w->inside->w))
                value += taps.share[t] * w->row[N][taps.at[t] - w->part->x];
        to[i * step] = level(value);
    }
}

static void put(GstVideoFrame *frame, const GstVideoRectangle *part, const float *planes,
                const GstVideoRectangle *inside, gboolean add)
{
    g_autofree float *room = g_new(float, (gsize)(N + 1) * part->w + 1);
    Writing w = {frame,
                 part,
                 inside,
                 planes,
                 add,
                 matrix_of(&frame->info),
                 {room, room + part->w, room + 2 * part->w, room + 3 * part->w}};
    const guint sub = GST_VIDEO_FORMAT_INFO_H_SUB(frame->info.finfo, 1);

    for (guint k = 0; k < (sub == 0 ? N : 1); k++)
        for (int y = inside->y; y < inside->y + inside->h; y++)
            put_full_row(&w, k, y);
    for (int j = inside->y >> sub; sub > 0 && j <= (inside->y + inside->h - 1) >> sub; j++) {
        take_rows(&w, j);
        put_row(&w, 1, j);
        put_row(&w, 2, j);
    }
}

void vdt_planes_add(GstVideoFrame *frame, const GstVideoRectangle *part, const float *planes,
                    const GstVideoRectangle *inside)
{
    put(frame, part, planes, inside, TRUE);
}

void vdt_planes_write(GstVideoFrame *frame, const float *planes)
{
    const GstVideoRectangle all = {0, 0, GST_VIDEO_FRAME_WIDTH(frame),
                                   GST_VIDEO_FRAME_HEIGHT(frame)};

    /* bytes that belong to no component */
    if (GST_VIDEO_FRAME_COMP_PSTRIDE(frame, 0) == 4)
        for (int y = 0; y < all.h; y++)
            memset((guint8 *)GST_VIDEO_FRAME_PLANE_DATA(frame, 0) +
                       (gssize)GST_VIDEO_FRAME_PLANE_STRIDE(frame, 0) * y,
                   255, (gsize)4 * all.w);
    put(frame, &all, planes, &all, FALSE);
}
