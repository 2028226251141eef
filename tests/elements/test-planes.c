/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames as floats, and back. */
#include "frame/planes.h"

#include <math.h>
#include <string.h>

#include "fixture.h"
#include "restorer/resize.h"

static const char *const formats[] = {"NV12", "NV21", "I420", "YV12", "RGB",
                                      "BGR",  "RGBx", "BGRx", "xRGB", "xBGR"};

/* A mapped frame of one's own. */
typedef struct {
    GstBuffer *buffer;
    GstVideoFrame frame;
} Frame;

static Frame frame_new(const char *format, int width, int height, const char *more)
{
    g_autofree char *text =
        g_strdup_printf("video/x-raw, format=%s, width=%d, height=%d, framerate=25/1%s", format,
                        width, height, more);
    g_autoptr(GstCaps) caps = gst_caps_from_string(text);
    GstVideoInfo info;
    Frame f;

    g_assert_true(gst_video_info_from_caps(&info, caps));
    f.buffer = gst_buffer_new_allocate(NULL, info.size, NULL);
    gst_buffer_memset(f.buffer, 0, 0x80, info.size);
    g_assert_true(gst_video_frame_map(&f.frame, &info, f.buffer, GST_MAP_READWRITE));
    return f;
}

static void frame_free(Frame *f)
{
    gst_video_frame_unmap(&f->frame);
    gst_buffer_unref(f->buffer);
}

static guint8 *sample(Frame *f, guint k, int x, int y)
{
    return (guint8 *)GST_VIDEO_FRAME_COMP_DATA(&f->frame, k) +
           (gssize)GST_VIDEO_FRAME_COMP_STRIDE(&f->frame, k) * y +
           (gssize)GST_VIDEO_FRAME_COMP_PSTRIDE(&f->frame, k) * x;
}

static void fill(Frame *f, const guint8 values[3])
{
    for (guint k = 0; k < 3; k++)
        for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&f->frame, k); y++)
            for (int x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH(&f->frame, k); x++)
                *sample(f, k, x, y) = values[k];
}

static void fill_randomly(Frame *f, GRand *rand)
{
    for (guint k = 0; k < 3; k++)
        for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&f->frame, k); y++)
            for (int x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH(&f->frame, k); x++)
                *sample(f, k, x, y) = (guint8)g_rand_int_range(rand, 0, 256);
}

static GstVideoRectangle whole(const Frame *f)
{
    return (GstVideoRectangle){0, 0, f->frame.info.width, f->frame.info.height};
}

static float *read_all(Frame *f)
{
    const GstVideoRectangle all = whole(f);
    float *planes = g_new(float, (gsize)3 * all.w * all.h);

    vdt_planes_read(&f->frame, &all, planes);
    return planes;
}

typedef struct {
    const char *format, *colorimetry;
    guint8 components[3];
    float colours[3];
} Colour;

/* By the standards: BT.601 and BT.709, limited and full range. */
static const Colour colours[] = {
    {"I420", "bt601", {16, 128, 128}, {0, 0, 0}},
    {"I420", "bt601", {235, 128, 128}, {255, 255, 255}},
    {"NV12", "bt601", {126, 128, 128}, {128.08f, 128.08f, 128.08f}},
    {"I420", "bt601", {81, 90, 240}, {254.44f, 0, 0}}, /* red */
    {"NV12", "bt709", {63, 102, 240}, {255, 0, 0}},
    {"NV12", "bt709", {32, 240, 118}, {0.7f, 0.7f, 255}}, /* blue */
    {"I420", "1:4:0:0", {76, 85, 255}, {254.05f, 0.05f, 0}},
    {"I420", "1:3:5:1", {54, 99, 255}, {254, 0, 0.2f}},
    {"RGB", "sRGB", {1, 2, 3}, {1, 2, 3}},
    {"xBGR", "sRGB", {250, 0, 3}, {250, 0, 3}},
    {"BGRx", "2:1:7:1", {16, 235, 126}, {0, 255, 128.08f}}, /* limited range */
};

static void test_colours(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(colours); i++) {
        g_autofree char *more = g_strconcat(", colorimetry=", colours[i].colorimetry, NULL);
        Frame f = frame_new(colours[i].format, 6, 4, more);
        g_autofree float *planes = NULL;

        fill(&f, colours[i].components);
        planes = read_all(&f);
        for (guint c = 0; c < 3; c++)
            for (guint k = 0; k < 24; k++)
                g_assert_cmpfloat_with_epsilon(planes[c * 24 + k], colours[i].colours[c], 1.6);
        frame_free(&f);
    }
}

/* Where nothing changes, not a bit does; whatever samples say, and be they no colours. */
static void test_identity(void)
{
    static const int sizes[][2] = {{64, 48}, {63, 47}, {1, 1}, {2, 1}, {1, 2}, {3, 3}, {17, 2}};
    static const char *const more[] = {"", ", chroma-site=mpeg2", ", chroma-site=dv",
                                       ", colorimetry=bt709", ", colorimetry=1:4:0:0"};
    GRand *rand = g_rand_new_with_seed(1);

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
        for (guint k = 0; k < G_N_ELEMENTS(sizes); k++)
            for (guint m = 0; m < (i < 4 ? G_N_ELEMENTS(more) : 1); m++) {
                Frame f = frame_new(formats[i], sizes[k][0], sizes[k][1], more[m]);
                const GstVideoRectangle all = whole(&f);
                g_autofree float *none = g_new0(float, (gsize)3 * all.w * all.h);
                g_autofree float *planes = NULL;
                g_autoptr(GstBuffer) before = NULL;

                fill_randomly(&f, rand);
                before = gst_buffer_copy_deep(f.buffer);
                planes = read_all(&f);
                for (int p = 0; p < 3 * all.w * all.h; p++)
                    g_assert_true(planes[p] >= 0 && planes[p] <= 255);
                vdt_planes_add(&f.frame, &all, none, &all);
                gst_video_frame_unmap(&f.frame);
                {
                    GstMapInfo a, b;

                    gst_buffer_map(before, &a, GST_MAP_READ);
                    gst_buffer_map(f.buffer, &b, GST_MAP_READ);
                    g_assert_cmpmem(a.data, a.size, b.data, b.size);
                    gst_buffer_unmap(before, &a);
                    gst_buffer_unmap(f.buffer, &b);
                }
                gst_buffer_unref(f.buffer);
            }
    g_rand_free(rand);
}

/* What is added is there when it is read again, in smooth pictures, as exactly as samples are. */
static void test_add(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        Frame f = frame_new(formats[i], 31, 21, i % 2 ? ", chroma-site=mpeg2" : "");
        const GstVideoRectangle all = whole(&f);
        g_autofree float *difference = g_new(float, 3 * 31 * 21);
        g_autofree float *before = read_all(&f), *after = NULL;

        for (int c = 0; c < 3; c++)
            for (int p = 0; p < 31 * 21; p++)
                difference[c * 31 * 21 + p] = (float)(c * 10 - 8) + (float)(p % 31) / 8;
        vdt_planes_add(&f.frame, &all, difference, &all);
        after = read_all(&f);
        for (int p = 0; p < 3 * 31 * 21; p++)
            g_assert_cmpfloat_with_epsilon(after[p], before[p] + difference[p], 2.5);
        frame_free(&f);
    }
}

/* Outside of what is altered nothing is. */
static void test_inside(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
        for (guint site = 0; site < 2; site++) {
            Frame f = frame_new(formats[i], 33, 23, site ? ", chroma-site=mpeg2" : "");
            const GstVideoRectangle part = {3, 2, 27, 19};
            GstVideoRectangle inside = {7, 5, 12, 9};
            g_autofree float *difference = g_new(float, 3 * 27 * 19);

            for (guint p = 0; p < 3 * 27 * 19; p++)
                difference[p] = p < 27 * 19 ? 90 : 50; /* redder, too */
            fill(&f, (const guint8[]){100, 110, 120});
            vdt_planes_align(&f.frame.info, &inside);
            g_assert_cmpint(inside.x, ==, i < 4 ? 6 : 7);
            vdt_planes_add(&f.frame, &part, difference, &inside);
            for (int y = 0; y < 23; y++)
                for (int x = 0; x < 33; x++) {
                    const gboolean in = x >= inside.x && x < inside.x + inside.w && y >= inside.y &&
                                        y < inside.y + inside.h;

                    g_assert_true((*sample(&f, 0, x, y) != 100) == in);
                }
            for (guint k = 1; i < 4 && k < 3; k++)
                for (int y = 0; y < 12; y++)
                    for (int x = 0; x < 17; x++) {
                        const gboolean in = 2 * x >= inside.x && 2 * x < inside.x + inside.w &&
                                            2 * y >= inside.y && 2 * y < inside.y + inside.h;

                        g_assert_true((*sample(&f, k, x, y) != (k == 1 ? 110 : 120)) == in);
                    }
            frame_free(&f);
        }
}

/* A frame that is made is the one that is read. */
static void test_write(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        Frame f = frame_new(formats[i], 15, 9, "");
        g_autofree float *planes = g_new(float, 3 * 15 * 9), *got = NULL;

        for (int c = 0; c < 3; c++)
            for (int p = 0; p < 15 * 9; p++)
                planes[c * 15 * 9 + p] = (float)(60 + c * 30) + (float)(p / 15) * 3;
        vdt_planes_write(&f.frame, planes);
        got = read_all(&f);
        for (int p = 0; p < 3 * 15 * 9; p++)
            g_assert_cmpfloat_with_epsilon(got[p], planes[p], 2.5);
        frame_free(&f);
    }
}

/* Smaller pictures have the same mean; a plane that rises evenly is the same when it comes back. */
static void test_resize(void)
{
    static const VdtPlaneSize sizes[] = {{16, 12}, {8, 6}, {12, 9}, {5, 4}, {1, 1}};
    const VdtPlaneSize size = {16, 12};
    float from[3 * 16 * 12], to[3 * 16 * 12], back[3 * 16 * 12];

    for (guint c = 0; c < 3; c++)
        for (guint y = 0; y < 12; y++)
            for (guint x = 0; x < 16; x++)
                from[(c * 12 + y) * 16 + x] = (float)(10 * c + 2 * x + 3 * y);
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const guint n = sizes[i].width * sizes[i].height;

        vdt_planes_shrink(from, size, to, sizes[i]);
        for (guint c = 0; c < 3; c++) {
            double mean = 0;

            for (guint p = 0; p < n; p++)
                mean += to[c * n + p] / (double)n;
            g_assert_cmpfloat_with_epsilon(mean, 10 * c + 15 + 16.5, 1e-3);
        }
        memset(back, 0, sizeof back);
        vdt_planes_enlarge(to, sizes[i], back, size, 4, 3, 8, 6);
        for (guint c = 0; c < 3; c++)
            for (guint y = 0; y < 12; y++)
                for (guint x = 0; x < 16; x++) {
                    const guint p = (c * 12 + y) * 16 + x;
                    const gboolean in = x >= 4 && x < 12 && y >= 3 && y < 9;

                    if (!in)
                        g_assert_cmpfloat(back[p], ==, 0);
                    else if (sizes[i].width > 1)
                        g_assert_cmpfloat_with_epsilon(back[p], from[p], 0.5);
                }
    }
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/planes/colours", test_colours);
    g_test_add_func("/planes/identity", test_identity);
    g_test_add_func("/planes/add", test_add);
    g_test_add_func("/planes/inside", test_inside);
    g_test_add_func("/planes/write", test_write);
    g_test_add_func("/planes/resize", test_resize);
    return fixture_run();
}
