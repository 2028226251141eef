/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Maps of classes that are blended plane by plane, beside the picture that is attached where a sink
 * draws it, as GStreamer blends that.
 */
#include <string.h>

#include "fixture.h"
#include "overlay/blend.h"
#include "overlay/canvas.h"
#include "overlay/caps.h"
#include "overlay/maps.h"

static const char *const formats[] = {"NV12", "I420", "RGB",  "BGR",  "RGBx", "BGRx",
                                      "xRGB", "xBGR", "RGBA", "BGRA", "ARGB", "ABGR"};

/* Classes 0 to 3 have colours; 4 to 7 and 255 have none. */
#define N_CLASSES 8
static const guint32 colours[] = {0xffff0000, 0xff00c060, 0xff203040, 0xfff0e0ff};

static guint32 next_random(guint32 *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 16;
}

/* A map of patches, as segmenters find them; and single pixels. */
static void show_init(VdtOverlayShow *show, guint width, guint height, guint32 seed)
{
    g_autofree guint8 *classes = g_malloc((gsize)width * height);
    VdtOverlayMap *map = &show->maps[0];

    memset(show, 0, sizeof *show);
    for (gsize i = 0; i < (gsize)width * height; i++)
        classes[i] = i > 0 && next_random(&seed) % 4 ? classes[i - 1]
                     : next_random(&seed) % 8 == 0   ? 255
                                                     : (guint8)(next_random(&seed) % N_CLASSES);
    map->classes = gst_buffer_new_memdup(classes, (gsize)width * height);
    map->width = width;
    map->height = height;
    memcpy(map->colours, colours, sizeof colours);
    show->n_maps = 1;
}

/* A frame of noise in planes with a pad of @pad bytes or more around them. */
static GstBuffer *noise(GstVideoInfo *info, guint pad, guint32 seed)
{
    GstVideoAlignment alignment;
    GstBuffer *buffer;
    GstMapInfo map;

    gst_video_alignment_reset(&alignment);
    alignment.padding_left = alignment.padding_bottom = 2 * pad;
    alignment.padding_right = pad;
    g_assert_true(gst_video_info_align(info, &alignment));
    buffer = gst_buffer_new_allocate(NULL, info->size, NULL);
    gst_buffer_add_video_meta_full(buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT(info),
                                   (guint)info->width, (guint)info->height,
                                   GST_VIDEO_INFO_N_PLANES(info), info->offset, info->stride);
    g_assert_true(gst_buffer_map(buffer, &map, GST_MAP_WRITE));
    for (gsize i = 0; i < map.size; i++)
        map.data[i] = (guint8)next_random(&seed);
    gst_buffer_unmap(buffer, &map);
    return buffer;
}

/* Sets the byte of each pixel that is its opacity, or nothing: GStreamer takes that for opacity. */
static void set_opaque(GstVideoFrame *frame)
{
    guint at = 0 + 1 + 2 + 3;

    if (GST_VIDEO_FRAME_COMP_PSTRIDE(frame, 0) < 4)
        return;
    for (guint c = 0; c < 3; c++)
        at -= (guint)GST_VIDEO_FRAME_COMP_POFFSET(frame, c);
    for (int y = 0; y < GST_VIDEO_FRAME_HEIGHT(frame); y++)
        for (int x = 0; x < GST_VIDEO_FRAME_WIDTH(frame); x++)
            ((guint8 *)frame->data[0])[y * frame->info.stride[0] + x * 4 + (int)at] = 255;
}

/* As it was done before, and is done where the drawing is attached: one picture of it all. */
static void blend_picture(const GstVideoInfo *info, const VdtOverlayShow *show, double opacity,
                          const GstVideoFrame *frame)
{
    const VdtOverlayStyle style = {VDT_OVERLAY_TOP_LEFT, 0.7, opacity, 1};
    g_autoptr(VdtOverlayCanvas) canvas = vdt_overlay_canvas_new();
    g_autoptr(GstVideoOverlayComposition) drawn = NULL;

    vdt_overlay_canvas_set_info(canvas, info);
    drawn = vdt_overlay_canvas_compose(canvas, show, &style);
    g_assert_nonnull(drawn);
    vdt_overlay_blend(drawn, frame);
}

/* How far samples are apart, at most. How visible a pixel is counts for its colours: those of one
 * that is hardly there say little. */
static guint distance(const GstVideoFrame *a, const GstVideoFrame *b)
{
    const gboolean alpha = GST_VIDEO_INFO_HAS_ALPHA(&a->info);
    guint most = 0;

    for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS(a); c++)
        for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(a, c); y++)
            for (int x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH(a, c); x++) {
                const int at =
                    y * GST_VIDEO_FRAME_COMP_STRIDE(a, c) + x * GST_VIDEO_FRAME_COMP_PSTRIDE(a, c);
                const guint8 *p = GST_VIDEO_FRAME_COMP_DATA(a, c);
                const guint8 *q = GST_VIDEO_FRAME_COMP_DATA(b, c);
                const guint8 *seen = alpha ? GST_VIDEO_FRAME_COMP_DATA(a, 3) : NULL;
                guint d = (guint)ABS(p[at] - q[at]);

                if (alpha && c < 3)
                    d = d * seen[at] / 255;
                most = MAX(most, d);
            }
    return most;
}

static void assert_same(GstBuffer *a, GstBuffer *b)
{
    GstMapInfo p, q;

    gst_buffer_map(a, &p, GST_MAP_READ);
    gst_buffer_map(b, &q, GST_MAP_READ);
    g_assert_cmpmem(p.data, p.size, q.data, q.size);
    gst_buffer_unmap(a, &p);
    gst_buffer_unmap(b, &q);
}

static void info_init(GstVideoInfo *info, const char *format, guint width, guint height,
                      const char *colorimetry)
{
    g_assert_true(
        gst_video_info_set_format(info, gst_video_format_from_string(format), width, height));
    if (colorimetry && GST_VIDEO_INFO_IS_YUV(info))
        g_assert_true(gst_video_colorimetry_from_string(&info->colorimetry, colorimetry));
}

/* Pads of frames and what has no class stay as they are. */
static void check(const char *format, guint width, guint height, guint map_width, guint map_height,
                  double opacity, gboolean opaque)
{
    const guint32 seed = width * 7 + map_width;
    g_autoptr(VdtOverlayMaps) maps = vdt_overlay_maps_new();
    g_autoptr(GstBuffer) fast = NULL, slow = NULL;
    GstVideoFrame a, b;
    VdtOverlayShow show;
    GstVideoInfo info;
    GstBuffer *classes;

    info_init(&info, format, width, height, "bt709");
    slow = noise(&info, width % 5, seed);
    fast = noise(&info, width % 5, seed);
    show_init(&show, map_width, map_height, seed);
    classes = show.maps[0].classes;
    g_assert_true(gst_video_frame_map(&a, &info, slow, GST_MAP_READWRITE));
    g_assert_true(gst_video_frame_map(&b, &info, fast, GST_MAP_READWRITE));
    if (opaque || !GST_VIDEO_INFO_HAS_ALPHA(&info)) {
        set_opaque(&a);
        set_opaque(&b);
    }
    blend_picture(&info, &show, opacity, &a);
    vdt_overlay_maps_set_info(maps, &info);
    g_assert_true(vdt_overlay_maps_take(maps, &show, opacity));
    g_assert_cmpuint(show.n_maps, ==, 0);
    vdt_overlay_maps_blend(maps, &b);
    if (distance(&a, &b) > 2)
        g_error("%s %ux%u, map %ux%u, opacity %g: %u levels apart", format, width, height,
                map_width, map_height, opacity, distance(&a, &b));
    gst_video_frame_unmap(&a);
    gst_video_frame_unmap(&b);
    gst_buffer_unref(classes);
}

static void test_as_before(void)
{
    static const guint sizes[][4] = {{320, 180, 2, 1},  {321, 181, 64, 36}, {64, 48, 64, 48},
                                     {1, 1, 3, 3},      {2, 3, 1, 1},       {17, 5, 40, 30},
                                     {123, 77, 200, 1}, {98, 60, 97, 61}};
    static const double opacities[] = {0.5, 1, 0.25, 0.9};

    for (guint f = 0; f < G_N_ELEMENTS(formats); f++)
        for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
            for (guint k = 0; k < G_N_ELEMENTS(opacities); k++)
                check(formats[f], sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], opacities[k],
                      (i + k) % 3 > 0);
}

/* Bytes that no colour is to be seen on are as they were: part of a frame, and pads. */
static void test_region(void)
{
    for (guint f = 0; f < G_N_ELEMENTS(formats); f++) {
        static const guint8 classes[] = {255, 0, 5, 255, 7, 255};
        g_autoptr(VdtOverlayMaps) maps = vdt_overlay_maps_new();
        g_autoptr(GstBuffer) buffer = NULL, before = NULL;
        VdtOverlayShow show = {0};
        GstVideoFrame frame, old;
        GstVideoInfo info;
        gsize changed = 0;

        info_init(&info, formats[f], 61, 40, "bt709");
        buffer = noise(&info, 3, 9);
        before = gst_buffer_copy_deep(buffer);
        show.n_maps = 1;
        show.maps[0] = (VdtOverlayMap){gst_buffer_new_memdup(classes, 6), 3, 2, {0xffff0000}};
        vdt_overlay_maps_set_info(maps, &info);
        g_assert_true(gst_video_frame_map(&frame, &info, buffer, GST_MAP_READWRITE));
        g_assert_true(vdt_overlay_maps_take(maps, &show, 0.5));
        gst_buffer_unref(show.maps[0].classes);
        vdt_overlay_maps_blend(maps, &frame);
        g_assert_true(gst_video_frame_map(&old, &info, before, GST_MAP_READWRITE));
        /* put back what may have changed, and nothing has */
        for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS(&frame); c++) {
            const int w = GST_VIDEO_FRAME_COMP_WIDTH(&frame, c);
            const int h = GST_VIDEO_FRAME_COMP_HEIGHT(&frame, c);
            guint8 *p = GST_VIDEO_FRAME_COMP_DATA(&frame, c);
            const guint8 *q = GST_VIDEO_FRAME_COMP_DATA(&old, c);

            for (int y = 0; y < h / 2; y++)
                for (int x = w / 3; x < (w + 1) * 2 / 3; x++) {
                    const int at = y * GST_VIDEO_FRAME_COMP_STRIDE(&frame, c) +
                                   x * GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, c);

                    changed += p[at] != q[at];
                    p[at] = q[at];
                }
        }
        g_assert_cmpuint(changed, >, 300);
        gst_video_frame_unmap(&frame);
        gst_video_frame_unmap(&old);
        assert_same(buffer, before);
    }
}

/* A colour is what the frame's colorimetry makes of it. */
static void test_colorimetry(void)
{
    static const struct {
        const char *colorimetry;
        guint8 red[3];
    } cases[] = {{"bt601", {81, 90, 240}}, {"bt709", {63, 102, 240}}, {"1:4:0:0", {76, 85, 255}}};
    static const guint8 class = 0;

    for (guint i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        g_autoptr(VdtOverlayMaps) maps = vdt_overlay_maps_new();
        g_autoptr(GstBuffer) buffer = NULL;
        VdtOverlayShow show = {0};
        GstVideoFrame frame;
        GstVideoInfo info;

        info_init(&info, i % 2 ? "NV12" : "I420", 34, 18, cases[i / 2].colorimetry);
        buffer = noise(&info, 0, 3);
        show.n_maps = 1;
        show.maps[0] = (VdtOverlayMap){gst_buffer_new_memdup(&class, 1), 1, 1, {0xffff0000}};
        vdt_overlay_maps_set_info(maps, &info);
        g_assert_true(vdt_overlay_maps_take(maps, &show, 1));
        gst_buffer_unref(show.maps[0].classes);
        g_assert_true(gst_video_frame_map(&frame, &info, buffer, GST_MAP_READWRITE));
        vdt_overlay_maps_blend(maps, &frame);
        for (guint c = 0; c < 3; c++) {
            const guint8 *p = GST_VIDEO_FRAME_COMP_DATA(&frame, c);

            g_assert_cmpint(ABS(p[0] - cases[i / 2].red[c]), <=, 1);
        }
        gst_video_frame_unmap(&frame);
    }
}

/* What cannot be seen is not blended at all. */
static void test_nothing(void)
{
    g_autoptr(VdtOverlayMaps) maps = vdt_overlay_maps_new();
    VdtOverlayShow show;
    GstVideoInfo info;
    GstBuffer *classes;

    info_init(&info, "I420", 64, 48, NULL);
    vdt_overlay_maps_set_info(maps, &info);
    show_init(&show, 8, 8, 1);
    classes = show.maps[0].classes;
    g_assert_false(vdt_overlay_maps_take(maps, &show, 0));
    show.n_maps = 1;
    g_assert_true(vdt_overlay_maps_take(maps, &show, 0.1));
    /* what was taken is held, and let go */
    g_assert_cmpint(GST_MINI_OBJECT_REFCOUNT_VALUE(classes), ==, 2);
    show.n_maps = 1;
    memset(show.maps[0].colours, 0, sizeof show.maps[0].colours);
    g_assert_false(vdt_overlay_maps_take(maps, &show, 1));
    g_assert_cmpint(GST_MINI_OBJECT_REFCOUNT_VALUE(classes), ==, 1);
    gst_buffer_unref(classes);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/overlay-maps/as-before", test_as_before);
    g_test_add_func("/overlay-maps/region", test_region);
    g_test_add_func("/overlay-maps/colorimetry", test_colorimetry);
    g_test_add_func("/overlay-maps/nothing", test_nothing);
    return fixture_run();
}
