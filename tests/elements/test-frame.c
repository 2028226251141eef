/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frame conversion, against GStreamer's own converter and against the RGB path of models/. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frame/framemap.h"
#include "preprocess.h"

/* One colour; luma that varies; all components that vary. */
typedef enum { SOLID, SHADES, COLOURS } Pattern;

/* A buffer with padded strides and gaps between planes, and the video meta that says so. */
static GstBuffer *make_buffer(const GstVideoInfo *info, guint padding)
{
    const guint n_planes = GST_VIDEO_INFO_N_PLANES(info);
    gsize offset[GST_VIDEO_MAX_PLANES] = {0}, size = 0;
    int stride[GST_VIDEO_MAX_PLANES] = {0};
    GstBuffer *buffer;

    for (guint p = 0; p < n_planes; p++) {
        const gsize next = p + 1 < n_planes ? GST_VIDEO_INFO_PLANE_OFFSET(info, p + 1) : info->size;
        const gsize rows =
            (next - GST_VIDEO_INFO_PLANE_OFFSET(info, p)) / GST_VIDEO_INFO_PLANE_STRIDE(info, p);

        offset[p] = size + padding;
        stride[p] = GST_VIDEO_INFO_PLANE_STRIDE(info, p) + padding;
        size = offset[p] + rows * stride[p];
    }
    buffer = gst_buffer_new_allocate(NULL, size, NULL);
    gst_buffer_memset(buffer, 0, 0xa5, size);
    gst_buffer_add_video_meta_full(buffer, 0, GST_VIDEO_INFO_FORMAT(info),
                                   GST_VIDEO_INFO_WIDTH(info), GST_VIDEO_INFO_HEIGHT(info),
                                   n_planes, offset, stride);
    return buffer;
}

/* What component @k is at (@x, @y) of its own plane, in [0, 1). */
static double value(Pattern pattern, guint k, double x, double y)
{
    static const double solid[] = {0.55, 0.42, 0.63};

    if (pattern == SOLID || (pattern == SHADES && k > 0))
        return solid[k];
    return k == 0 ? 0.1 + 0.4 * x + 0.4 * y : k == 1 ? 0.35 + 0.3 * x : 0.35 + 0.3 * y;
}

static void paint(GstVideoFrame *frame, Pattern pattern)
{
    const guint n = GST_VIDEO_FORMAT_INFO_IS_GRAY(frame->info.finfo) ? 1 : 3;

    for (guint k = 0; k < n; k++) {
        const int width = GST_VIDEO_FRAME_COMP_WIDTH(frame, k);
        const int height = GST_VIDEO_FRAME_COMP_HEIGHT(frame, k);
        const int depth = GST_VIDEO_FRAME_COMP_DEPTH(frame, k);

        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                guint8 *at = (guint8 *)GST_VIDEO_FRAME_COMP_DATA(frame, k) +
                             y * GST_VIDEO_FRAME_COMP_STRIDE(frame, k) +
                             x * GST_VIDEO_FRAME_COMP_PSTRIDE(frame, k);
                const guint v = (guint)(value(pattern, k, (double)x / width, (double)y / height) *
                                        (1 << depth));

                if (depth > 8)
                    GST_WRITE_UINT16_LE(at, v);
                else
                    *at = (guint8)v;
            }
    }
}

/*
 * The same frame through GstVideoConverter, packed RGB of the size of @visible. Its matrix for
 * 8-bit output is off by up to 4 levels (it keeps 8 bits between SIMD steps), so the bound of 2
 * levels is held against its 16-bit output.
 */
static guint8 *reference(GstVideoFrame *frame, const GstVideoRectangle *visible)
{
    GstVideoInfo out;
    GstVideoFrame wide;
    GstVideoConverter *converter;
    g_autoptr(GstBuffer) buffer = NULL;
    guint8 *packed = g_malloc((gsize)3 * visible->w * visible->h);

    gst_video_info_set_format(&out, GST_VIDEO_FORMAT_ARGB64, visible->w, visible->h);
    buffer = gst_buffer_new_allocate(NULL, out.size, NULL);
    converter = gst_video_converter_new(
        &frame->info, &out,
        gst_structure_new("config", GST_VIDEO_CONVERTER_OPT_SRC_X, G_TYPE_INT, visible->x,
                          GST_VIDEO_CONVERTER_OPT_SRC_Y, G_TYPE_INT, visible->y,
                          GST_VIDEO_CONVERTER_OPT_SRC_WIDTH, G_TYPE_INT, visible->w,
                          GST_VIDEO_CONVERTER_OPT_SRC_HEIGHT, G_TYPE_INT, visible->h,
                          GST_VIDEO_CONVERTER_OPT_DITHER_METHOD, GST_TYPE_VIDEO_DITHER_METHOD,
                          GST_VIDEO_DITHER_NONE, NULL));
    g_assert_true(gst_video_frame_map(&wide, &out, buffer, GST_MAP_WRITE));
    gst_video_converter_frame(converter, frame, &wide);
    for (int y = 0; y < visible->h; y++) {
        const guint16 *line = (const guint16 *)((guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&wide, 0) +
                                                y * GST_VIDEO_FRAME_PLANE_STRIDE(&wide, 0));

        for (int x = 0; x < visible->w; x++)
            for (int c = 0; c < 3; c++)
                packed[3 * (y * visible->w + x) + c] = (guint8)(line[4 * x + 1 + c] / 257);
    }
    gst_video_frame_unmap(&wide);
    gst_video_converter_free(converter);
    return packed;
}

static int worst(const guint8 *a, const guint8 *b, gsize n)
{
    int most = 0;

    for (gsize i = 0; i < n; i++)
        most = MAX(most, abs(a[i] - b[i]));
    return most;
}

/* A component where pixel (@x, @y) of the whole frame lies, as a share of its range. */
static double sample(const GstVideoFrame *frame, guint k, int x, int y)
{
    const int width = GST_VIDEO_FRAME_COMP_WIDTH(frame, k);
    const int height = GST_VIDEO_FRAME_COMP_HEIGHT(frame, k);
    const int depth = GST_VIDEO_FRAME_COMP_DEPTH(frame, k);
    const double sub_x = 1 << GST_VIDEO_FORMAT_INFO_W_SUB(frame->info.finfo, k);
    const double sub_y = 1 << GST_VIDEO_FORMAT_INFO_H_SUB(frame->info.finfo, k);
    const guint site = frame->info.chroma_site;
    const double px = site & GST_VIDEO_CHROMA_SITE_H_COSITED ? x / sub_x : (x + 0.5) / sub_x - 0.5;
    const double py = site & GST_VIDEO_CHROMA_SITE_V_COSITED ? y / sub_y : (y + 0.5) / sub_y - 0.5;
    double sum = 0;

    for (int i = 0; i < 4; i++) {
        const int tx = (int)floor(px) + i % 2, ty = (int)floor(py) + i / 2;
        const double weight = (1 - fabs(px - tx)) * (1 - fabs(py - ty));
        const guint8 *at = (const guint8 *)GST_VIDEO_FRAME_COMP_DATA(frame, k) +
                           CLAMP(ty, 0, height - 1) * GST_VIDEO_FRAME_COMP_STRIDE(frame, k) +
                           CLAMP(tx, 0, width - 1) * GST_VIDEO_FRAME_COMP_PSTRIDE(frame, k);

        sum += weight * (depth > 8 ? GST_READ_UINT16_LE(at) / 4.0 : *at);
    }
    return sum;
}

/* The same frame by the book, in double: every pixel by itself. Gray and RGB are full range. */
static guint8 *by_the_book(const GstVideoFrame *frame)
{
    const int width = GST_VIDEO_FRAME_WIDTH(frame), height = GST_VIDEO_FRAME_HEIGHT(frame);
    const gboolean full = frame->info.colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
    guint8 *rgb = g_malloc((gsize)3 * width * height), *out = rgb;
    double kr, kb;

    gst_video_color_matrix_get_Kr_Kb(frame->info.colorimetry.matrix, &kr, &kb);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const double l = (sample(frame, 0, x, y) - (full ? 0 : 16)) / (full ? 255 : 219);
            const double u = (sample(frame, 1, x, y) - 128) / (full ? 255 : 224);
            const double v = (sample(frame, 2, x, y) - 128) / (full ? 255 : 224);
            const double r = l + 2 * (1 - kr) * v, b = l + 2 * (1 - kb) * u;
            const double g = (l - kr * r - kb * b) / (1 - kr - kb);
            const double levels[3] = {r, g, b};

            for (int c = 0; c < 3; c++)
                *out++ = (guint8)(CLAMP(levels[c], 0, 1) * 255 + 0.5);
        }
    return rgb;
}

static void compare(const GstVideoInfo *info, Pattern pattern, guint padding,
                    const GstVideoRectangle *crop)
{
    const GstVideoRectangle all = {0, 0, info->width, info->height};
    const GstVideoRectangle *visible = crop ? crop : &all;
    const VdtFrameTarget target = {visible->w, visible->h, VDT_FRAMING_STRETCH, {0}};
    const gsize n = (gsize)3 * visible->w * visible->h;
    g_autoptr(GstBuffer) buffer = make_buffer(info, padding);
    g_autoptr(VdtFrameMap) map = NULL;
    g_autofree guint8 *ours = g_malloc(n), *theirs = NULL;
    g_autofree char *color = gst_video_colorimetry_to_string(&info->colorimetry);
    GstVideoFrame frame;
    int difference;

    g_assert_true(gst_video_frame_map(&frame, info, buffer, GST_MAP_READWRITE));
    paint(&frame, pattern);
    map = vdt_frame_map_new(&frame.info, crop, &target);
    g_assert_true(vdt_frame_map_fits(map, &frame.info, crop, &target));
    vdt_frame_map_convert(map, &frame, ours);
    theirs = reference(&frame, visible);
    difference = worst(ours, theirs, n);
    /* GStreamer rounds chroma to 8 bits between two pixels; a level of chroma is two of blue */
    if (difference > (pattern == COLOURS ? 4 : 2))
        g_test_message("%s %dx%d %s pattern %d: %d levels", GST_VIDEO_INFO_NAME(info), info->width,
                       info->height, color, pattern, difference);
    g_assert_cmpint(difference, <=, pattern == COLOURS ? 4 : 2);
    if (pattern == COLOURS && GST_VIDEO_INFO_IS_YUV(info) && !crop) {
        g_autofree guint8 *exact = by_the_book(&frame);

        g_assert_cmpint(worst(ours, exact, n), <=, 1);
    }
    gst_video_frame_unmap(&frame);
}

static void test_format(gconstpointer data)
{
    static const int sizes[][2] = {{64, 48}, {63, 47}, {65, 33}, {320, 240}, {2, 2}, {1, 1}};
    const GstVideoFormat format = GPOINTER_TO_INT(data);

    for (guint s = 0; s < G_N_ELEMENTS(sizes); s++)
        for (guint padding = 0; padding < 20; padding += 13) {
            GstVideoInfo info;

            gst_video_info_set_format(&info, format, sizes[s][0], sizes[s][1]);
            for (int pattern = SOLID; pattern <= COLOURS; pattern++)
                compare(&info, pattern, padding & ~1u, NULL);
        }
}

/* Matrix and range, by the names that caps carry. */
static void test_colorimetry(void)
{
    static const char *const colors[] = {
        "bt601",   "bt709",  "bt2020", "smpte240m", "1:4:7:1" /* full-range BT.601 */,
        "1:3:5:1", "1:6:5:7"};
    static const GstVideoFormat formats[] = {GST_VIDEO_FORMAT_NV12, GST_VIDEO_FORMAT_I420_10LE,
                                             GST_VIDEO_FORMAT_YUY2};

    for (guint c = 0; c < G_N_ELEMENTS(colors); c++)
        for (guint f = 0; f < G_N_ELEMENTS(formats); f++) {
            GstVideoInfo info;

            gst_video_info_set_format(&info, formats[f], 64, 48);
            g_assert_true(gst_video_colorimetry_from_string(&info.colorimetry, colors[c]));
            for (int pattern = SOLID; pattern <= COLOURS; pattern++)
                compare(&info, pattern, 0, NULL);
        }
}

static void test_gray_range(void)
{
    GstVideoInfo info;

    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_GRAY8, 32, 32);
    info.colorimetry.range = GST_VIDEO_COLOR_RANGE_0_255;
    compare(&info, SHADES, 0, NULL);
    info.colorimetry.range = GST_VIDEO_COLOR_RANGE_16_235;
    compare(&info, SHADES, 0, NULL);
}

static void test_crop_meta(void)
{
    static const GstVideoRectangle crops[] = {{8, 4, 40, 30}, {0, 0, 64, 40}, {2, 2, 33, 21}};

    for (guint c = 0; c < G_N_ELEMENTS(crops); c++) {
        GstVideoInfo info;

        gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, 64, 48);
        compare(&info, SOLID, 6, &crops[c]);
        gst_video_info_set_format(&info, GST_VIDEO_FORMAT_BGRx, 64, 48);
        compare(&info, COLOURS, 6, &crops[c]);
    }
}

/* A rectangle that reaches outside is clipped. */
static void test_crop_outside(void)
{
    const VdtFrameTarget target = {8, 8, VDT_FRAMING_CROP, {0}};
    const GstVideoRectangle wild = {50, 40, 4000, 4000};
    g_autoptr(GstBuffer) buffer = NULL;
    guint8 rgb[8 * 8 * 3];
    GstVideoInfo info;
    GstVideoFrame frame;

    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_NV12, 64, 48);
    buffer = make_buffer(&info, 0);
    g_assert_true(gst_video_frame_map(&frame, &info, buffer, GST_MAP_READWRITE));
    paint(&frame, SOLID);
    g_autoptr(VdtFrameMap) map = vdt_frame_map_new(&info, &wild, &target);
    vdt_frame_map_convert(map, &frame, rgb);
    for (guint i = 3; i < sizeof rgb; i++)
        g_assert_cmpint(rgb[i], ==, rgb[i % 3]);
    gst_video_frame_unmap(&frame);
}

/* A region is a part of what is visible, as if that had been cropped to it. */
static void test_region(void)
{
    const GstVideoRectangle crop = {16, 8, 40, 32}, part = {26, 24, 20, 16};
    VdtFrameTarget target = {24, 20, VDT_FRAMING_STRETCH, {0}, {0.25, 0.5, 0.5, 0.5}};
    g_autoptr(GstBuffer) buffer = NULL;
    guint8 ours[24 * 20 * 3], theirs[24 * 20 * 3];
    GstVideoInfo info;
    GstVideoFrame frame;

    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, 64, 48);
    buffer = make_buffer(&info, 0);
    g_assert_true(gst_video_frame_map(&frame, &info, buffer, GST_MAP_READWRITE));
    paint(&frame, COLOURS);
    g_autoptr(VdtFrameMap) map = vdt_frame_map_new(&info, &crop, &target);
    vdt_frame_map_convert(map, &frame, ours);
    g_assert_true(vdt_frame_map_fits(map, &info, &crop, &target));
    target.region = (VdtFrameRegion){0};
    g_assert_false(vdt_frame_map_fits(map, &info, &crop, &target));
    g_autoptr(VdtFrameMap) cropped = vdt_frame_map_new(&info, &part, &target);
    vdt_frame_map_convert(cropped, &frame, theirs);
    g_assert_cmpmem(ours, sizeof ours, theirs, sizeof theirs);
    gst_video_frame_unmap(&frame);
}

static void take_region(const char *text, gboolean good, const VdtFrameRegion *expected)
{
    VdtFrameRegion region = {0.1, 0.1, 0.1, 0.1};
    GValue value = G_VALUE_INIT, back = G_VALUE_INIT;

    g_value_init(&value, GST_TYPE_ARRAY);
    g_assert_true(gst_value_deserialize(&value, text));
    g_assert_cmpint(vdt_frame_region_from_value(&region, &value), ==, good);
    if (good) {
        g_assert_true(vdt_frame_region_equal(&region, expected));
        g_value_init(&back, GST_TYPE_ARRAY);
        vdt_frame_region_to_value(&region, &back);
        g_assert_cmpint(gst_value_compare(&value, &back), ==, GST_VALUE_EQUAL);
        g_value_unset(&back);
    } else {
        g_assert_cmpfloat(region.width, ==, 0.1);
    }
    g_value_unset(&value);
}

static void test_region_value(void)
{
    take_region("< >", TRUE, &(VdtFrameRegion){0});
    take_region("< 0.25, 0.0, 0.5, 1.0 >", TRUE, &(VdtFrameRegion){0.25, 0, 0.5, 1});
    take_region("< 0.7, 0.7, 0.3, 0.3 >", TRUE, &(VdtFrameRegion){0.7, 0.7, 0.3, 0.3});
    take_region("< 0.25, 0.0, 0.5 >", FALSE, NULL);
    take_region("< 0.25, 0.0, 0.5, 1.0, 1.0 >", FALSE, NULL);
    take_region("< 0.75, 0.0, 0.5, 1.0 >", FALSE, NULL);
    take_region("< 0.0, 0.0, 0.0, 1.0 >", FALSE, NULL);
    take_region("< -0.5, 0.0, 0.5, 1.0 >", FALSE, NULL);
    take_region("< a, b, c, d >", FALSE, NULL);
    take_region("< 0, 0, 1, 1 >", FALSE, NULL);
    /* nothing is left to look at: a pixel is */
    GstVideoRectangle tiny = {5, 6, 1, 1};
    vdt_frame_region_apply(&(VdtFrameRegion){0.9, 0.9, 0.01, 0.01}, &tiny);
    g_assert_cmpint(tiny.x, ==, 5);
    g_assert_cmpint(tiny.w, ==, 1);
}

/* Scaling and framing as for pictures that come as RGB. */
static void test_framing(void)
{
    static const int sizes[][2] = {{640, 360}, {360, 640}, {1920, 1080}, {97, 61}, {30, 20}};
    static const guint8 fill[3] = {124, 117, 104};

    for (guint s = 0; s < G_N_ELEMENTS(sizes); s++)
        for (int framing = VDT_FRAMING_STRETCH; framing <= VDT_FRAMING_FIT; framing++) {
            const VdtFrameTarget target = {56, 48, framing, {fill[0], fill[1], fill[2]}};
            const VdtView view = vdt_view_for_framing(framing, sizes[s][0], sizes[s][1],
                                                      target.width, target.height);
            g_autoptr(GstBuffer) buffer = NULL;
            guint8 ours[56 * 48 * 3], theirs[56 * 48 * 3];
            VdtPicture from, to = {theirs, 56, 48, 56 * 3};
            GstVideoInfo info;
            GstVideoFrame frame;

            gst_video_info_set_format(&info, GST_VIDEO_FORMAT_RGB, sizes[s][0], sizes[s][1]);
            buffer = make_buffer(&info, 0);
            g_assert_true(gst_video_frame_map(&frame, &info, buffer, GST_MAP_READWRITE));
            paint(&frame, COLOURS);
            from = (VdtPicture){GST_VIDEO_FRAME_PLANE_DATA(&frame, 0), info.width, info.height,
                                GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)};
            g_autoptr(VdtFrameMap) map = vdt_frame_map_new(&info, NULL, &target);
            vdt_frame_map_convert(map, &frame, ours);
            vdt_picture_resize(&from, &view, fill, &to);
            g_assert_cmpint(worst(ours, theirs, sizeof ours), <=, 1);
            gst_video_frame_unmap(&frame);
        }
}

static void test_map_fits(void)
{
    const VdtFrameTarget target = {8, 8, VDT_FRAMING_CROP, {0}},
                         other = {8, 8, VDT_FRAMING_FIT, {0}};
    GstVideoInfo info, odd;

    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_NV12, 64, 48);
    g_autoptr(VdtFrameMap) map = vdt_frame_map_new(&info, NULL, &target);
    odd = info;
    odd.stride[0] = 128;
    g_assert_true(vdt_frame_map_fits(map, &odd, NULL, &target));
    odd.colorimetry.range = GST_VIDEO_COLOR_RANGE_0_255;
    g_assert_false(vdt_frame_map_fits(map, &odd, NULL, &target));
    g_assert_false(vdt_frame_map_fits(map, &info, NULL, &other));
    g_assert_false(vdt_frame_map_fits(map, &info, &(GstVideoRectangle){0, 0, 32, 32}, &target));
    gst_video_info_set_format(&odd, GST_VIDEO_FORMAT_NV21, 64, 48);
    g_assert_false(vdt_frame_map_fits(map, &odd, NULL, &target));
}

int main(int argc, char **argv)
{
    g_autoptr(GstCaps) caps = NULL;
    const GValue *formats;

    gst_init(&argc, &argv);
    caps = gst_caps_from_string("video/x-raw, format=" VDT_FRAME_FORMATS);
    formats = gst_structure_get_value(gst_caps_get_structure(caps, 0), "format");
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frame/colorimetry", test_colorimetry);
    g_test_add_func("/frame/gray-range", test_gray_range);
    g_test_add_func("/frame/crop-meta", test_crop_meta);
    g_test_add_func("/frame/crop-outside", test_crop_outside);
    g_test_add_func("/frame/framing", test_framing);
    g_test_add_func("/frame/region", test_region);
    g_test_add_func("/frame/region-value", test_region_value);
    g_test_add_func("/frame/map-fits", test_map_fits);
    for (guint i = 0; i < gst_value_list_get_size(formats); i++) {
        const char *name = g_value_get_string(gst_value_list_get_value(formats, i));
        g_autofree char *path = g_strdup_printf("/frame/format/%s", name);

        g_test_add_data_func(path, GINT_TO_POINTER(gst_video_format_from_string(name)),
                             test_format);
    }
    return g_test_run();
}
