/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Framing, resizing, normalisation and clip sampling against recorded values: pictures from
 * OpenCV 4.9's INTER_LINEAR, frame numbers from mmaction2's SampleFrames in test mode. */
#include <math.h>
#include <string.h>

#include "preprocess.h"

static const guint8 grey[3] = {124, 116, 104};

/* The pictures that were recorded: high bytes of a linear congruence. */
static VdtPicture made_up(guint width, guint height, guint32 seed)
{
    gsize n = 3 * (gsize)width * height;
    VdtPicture picture = {g_malloc(n), width, height, 3 * (gsize)width};
    for (gsize i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        picture.data[i] = seed >> 24;
    }
    return picture;
}

/* Resized as a whole. */
static VdtPicture resized(const VdtPicture *from, guint width, guint height)
{
    VdtPicture to = {g_malloc0(3 * (gsize)width * height), width, height, 3 * (gsize)width};
    VdtView view = {width, height, 0, 0};
    vdt_picture_resize(from, &view, grey, &to);
    return to;
}

static const struct {
    guint width, height, to_width, to_height;
    guint32 seed;
    guint8 values[36];
} small[] = {
    {7, 5, 4, 3, 1, {79, 68,  113, 167, 109, 71,  185, 161, 88, 188, 194, 123,
                     40, 107, 126, 133, 226, 81,  186, 36,  93, 134, 98,  36,
                     99, 152, 200, 212, 191, 101, 151, 160, 85, 91,  143, 111}},
    {5, 4, 9, 7, 2, {60,  117, 48,  103, 139, 42, 174, 175, 32, 128, 155, 76,
                     52,  120, 134, 122, 153, 74, 174, 182, 37, 156, 194, 88,
                     145, 201, 118, 79,  76,  62, 123, 103, 75, 196, 147, 98}},
    {8, 6, 4, 3, 3, {146, 154, 224, 108, 77,  94,  105, 126, 158, 60,  95,  167,
                     123, 81,  168, 143, 192, 77,  130, 154, 95,  44,  114, 157,
                     175, 162, 74,  98,  178, 130, 159, 177, 138, 154, 98,  78}},
    {6,
     1,
     3,
     2,
     4,
     {134, 88, 149, 112, 116, 130, 115, 129, 165, 134, 88, 149, 112, 116, 130, 115, 129, 165}},
    {3, 3, 3, 3, 5, {60, 187, 62,  218, 183, 92, 127, 56, 13,  222, 16,  41,  127, 164,
                     37, 216, 121, 99,  224, 20, 250, 91, 192, 155, 153, 121, 250}},
};

static void test_resize(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(small); i++) {
        VdtPicture from = made_up(small[i].width, small[i].height, small[i].seed);
        VdtPicture to = resized(&from, small[i].to_width, small[i].to_height);
        guint n = MIN(36, 3 * to.width * to.height);
        for (guint j = 0; j < n; j++)
            g_assert_cmpint(ABS(to.data[j] - small[i].values[j]), <=, 1);
        g_free(from.data);
        g_free(to.data);
    }
}

static const struct {
    guint width, height, to_width, to_height;
    guint32 seed;
    gint64 sum;
    guint8 values[16]; /* each 16th part of the picture begins with one */
} large[] = {
    {640,
     360,
     398,
     224,
     9,
     34007074,
     {85, 95, 115, 155, 101, 85, 170, 56, 154, 83, 111, 177, 105, 213, 146, 104}},
    {320,
     240,
     341,
     256,
     10,
     33289431,
     {61, 80, 34, 241, 73, 205, 140, 176, 183, 98, 162, 183, 39, 144, 251, 166}},
};

static void test_resize_large(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(large); i++) {
        VdtPicture from = made_up(large[i].width, large[i].height, large[i].seed);
        VdtPicture to = resized(&from, large[i].to_width, large[i].to_height);
        gint64 n = 3 * (gint64)to.width * to.height, sum = 0;
        for (gint64 j = 0; j < n; j++)
            sum += to.data[j];
        for (guint j = 0; j < 16; j++)
            g_assert_cmpint(ABS(to.data[j * (n / 16)] - large[i].values[j]), <=, 1);
        g_assert_cmpint(ABS(sum - large[i].sum), <=, n / 100);
        g_free(from.data);
        g_free(to.data);
    }
}

/* The same in double, for sizes that were not recorded. */
static void test_resize_formula(void)
{
    VdtPicture from = made_up(53, 31, 77), to = resized(&from, 20, 47);
    for (guint y = 0; y < to.height; y++) {
        for (guint x = 0; x < to.width; x++) {
            double sx = CLAMP((x + 0.5) * 53 / 20 - 0.5, 0, 52);
            double sy = CLAMP((y + 0.5) * 31 / 47 - 0.5, 0, 30);
            int x0 = MIN((int)sx, 51), y0 = MIN((int)sy, 29);
            for (int c = 0; c < 3; c++) {
                const guint8 *at = from.data + y0 * from.stride + 3 * x0 + c;
                double top = at[0] + (sx - x0) * (at[3] - at[0]);
                const guint8 *below = at + from.stride;
                double bottom = below[0] + (sx - x0) * (below[3] - below[0]);
                double want = top + (sy - y0) * (bottom - top);
                g_assert_cmpfloat(fabs(to.data[y * to.stride + 3 * x + c] - want), <=, 1.1);
            }
        }
    }
    g_free(from.data);
    g_free(to.data);
}

/* A crop is the crop of the resized whole, and margins have the margin's colour; nothing is written
 * outside. */
static void test_views(void)
{
    VdtPicture from = made_up(30, 20, 3), whole = resized(&from, 45, 30);
    guint8 memory[40 * 128];
    memset(memory, 0xA5, sizeof memory);
    VdtPicture to = {memory, 40, 40, 128};
    VdtView view = {45, 30, 7, -4};
    vdt_picture_resize(&from, &view, grey, &to);
    for (guint y = 0; y < 40; y++) {
        const guint8 *line = memory + y * 128;
        for (guint x = 0; x < 40; x++) {
            gboolean inside = y >= 4 && y < 34 && x + 7 < 45;
            const guint8 *want = inside ? whole.data + (y - 4) * whole.stride + 3 * (x + 7) : grey;
            g_assert_cmpmem(line + 3 * x, 3, want, 3);
        }
        for (guint i = 120; i < 128; i++)
            g_assert_cmpuint(line[i], ==, 0xA5);
    }
    g_free(from.data);
    g_free(whole.data);
}

static void check_view(VdtView view, guint width, guint height, int left, int top)
{
    g_assert_cmpuint(view.width, ==, width);
    g_assert_cmpuint(view.height, ==, height);
    g_assert_cmpint(view.left, ==, left);
    g_assert_cmpint(view.top, ==, top);
}

static void test_framing(void)
{
    check_view(vdt_view_for_framing(VDT_FRAMING_STRETCH, 640, 360, 256, 256), 256, 256, 0, 0);
    check_view(vdt_view_for_framing(VDT_FRAMING_CROP, 640, 360, 224, 224), 398, 224, 87, 0);
    check_view(vdt_view_for_framing(VDT_FRAMING_CROP, 360, 640, 224, 224), 224, 398, 0, 87);
    check_view(vdt_view_for_framing(VDT_FRAMING_CROP, 1, 1, 224, 224), 224, 224, 0, 0);
    check_view(vdt_view_for_framing(VDT_FRAMING_FIT, 640, 360, 224, 224), 224, 126, 0, -49);
    /* mmcv.rescale_size((320, 240), (inf, 256)) and (340, 256) to 224 */
    check_view(vdt_view_for_short_side(320, 240, 256), 341, 256, 0, 0);
    check_view(vdt_view_for_short_side(340, 256, 224), 298, 224, 0, 0);
    check_view(vdt_view_for_short_side(500, 3, 224), 37333, 224, 0, 0);
}

static void test_crops(void)
{
    static const int lefts[] = {0, 174, 87};
    for (guint i = 0; i < 3; i++) {
        VdtView wide = {399, 224, 0, 0}, tall = {224, 399, 0, 0};
        vdt_view_crop(&wide, 224, i, 3);
        vdt_view_crop(&tall, 224, i, 3);
        check_view(wide, 399, 224, lefts[i], 0);
        check_view(tall, 224, 399, 0, lefts[i]);
    }
    VdtView view = {341, 256, 0, 0};
    vdt_view_crop(&view, 224, 0, 1);
    check_view(view, 341, 256, 58, 16);
}

static void test_normalise(void)
{
    static const float mean[3] = {123.675f, 116.28f, 103.53f}, std[3] = {58.395f, 57.12f, 57.375f};
    VdtShape shape = vdt_shape(2, 3, 2, 3, 2);
    g_autoptr(VdtTensor) clip = vdt_tensor_new(VDT_F32, &shape, NULL);
    VdtPicture picture = made_up(2, 3, 1);
    vdt_clip_set_frame(clip, 1, 1, &picture, mean, std);
    const float *values = clip->data;
    for (guint c = 0; c < 3; c++)
        for (guint y = 0; y < 3; y++)
            for (guint x = 0; x < 2; x++) {
                float want = (picture.data[y * 6 + x * 3 + c] - mean[c]) / std[c];
                g_assert_cmpfloat(values[(((3 + c) * 2 + 1) * 3 + y) * 2 + x], ==, want);
            }
    for (guint i = 0; i < 36; i++)
        g_assert_cmpfloat(values[i], ==, 0); /* clip 0 is untouched */
    g_free(picture.data);
}

/* First frames of the clips; the others follow at the interval. */
static const struct {
    gint64 n_frames;
    guint n_clips;
    gint64 first[10];
} spread[] = {
    {300, 1, {119}},
    {300, 10, {0, 27, 53, 80, 106, 133, 159, 186, 212, 239}},
    {250, 10, {0, 21, 42, 63, 84, 105, 126, 147, 168, 189}},
    {100, 10, {0, 4, 9, 13, 17, 22, 26, 30, 35, 39}},
    {96, 2, {0, 35}},
    {66, 3, {0, 2, 5}}, /* 2.5 rounds to even */
    {66, 10, {0, 1, 1, 2, 2, 3, 3, 4, 4, 5}},
    {61, 1, {0}},
    {62, 1, {0}},
    {63, 1, {1}},
};

static void test_sampling(void)
{
    gint64 indices[160];
    for (guint i = 0; i < G_N_ELEMENTS(spread); i++) {
        vdt_clip_sample(spread[i].n_frames, 16, 4, spread[i].n_clips, indices);
        for (guint clip = 0; clip < spread[i].n_clips; clip++)
            for (guint t = 0; t < 16; t++)
                g_assert_cmpint(indices[clip * 16 + t], ==, spread[i].first[clip] + 4 * t);
    }
}

static void test_sampling_short(void)
{
    static const gint64 of_20[] = {0, 4, 8, 12, 16, 0, 4, 8, 12, 16, 0, 4, 8, 12, 16, 0};
    static const gint64 of_30[] = {0, 4, 8, 12, 16, 20, 24, 28, 2, 6, 10, 14, 18, 22, 26, 0};
    gint64 indices[32];
    vdt_clip_sample(20, 16, 4, 1, indices);
    g_assert_cmpmem(indices, sizeof of_20, of_20, sizeof of_20);
    vdt_clip_sample(30, 16, 4, 2, indices);
    g_assert_cmpmem(indices, sizeof of_30, of_30, sizeof of_30);
    g_assert_cmpmem(indices + 16, sizeof of_30, of_30, sizeof of_30);
    vdt_clip_sample(1, 16, 4, 1, indices);
    for (guint i = 0; i < 16; i++)
        g_assert_cmpint(indices[i], ==, 0);
}

/* By time: as by number where the rate is the one that numbers are meant for; the same seconds at
 * any other; the nearest picture where rates change. */
static void test_sampling_times(void)
{
    const gint64 second = G_GINT64_CONSTANT(1000000000);
    gint64 times[600], indices[160];
    for (guint i = 0; i < G_N_ELEMENTS(spread); i++) {
        gint64 length = 60 * second / 30;
        if (spread[i].n_frames == 66) /* halves of pictures, where times have no even side */
            continue;
        for (gint64 k = 0; k < spread[i].n_frames; k++)
            times[k] = 5 * second + k * second / 30;
        vdt_clip_sample_times(times, spread[i].n_frames, 16, length, spread[i].n_clips, indices);
        for (guint clip = 0; clip < spread[i].n_clips; clip++)
            for (guint t = 0; t < 16; t++)
                g_assert_cmpint(indices[clip * 16 + t], ==, spread[i].first[clip] + 4 * t);
    }
    for (gint64 rate = 5; rate <= 60; rate += 5) {
        for (gint64 k = 0; k < 10 * rate; k++)
            times[k] = k * second / rate;
        vdt_clip_sample_times(times, 10 * rate, 5, 2 * second, 1, indices);
        for (guint t = 0; t < 5; t++) {
            gint64 off = times[indices[t]] - times[indices[0]] - t * second / 2;
            g_assert_cmpint(ABS(off), <=, second / rate / 2 + 1);
        }
        g_assert_cmpint(indices[0], ==, (10 * rate - 1 - 2 * rate) / 2);
    }
    /* four pictures of one second, then one a second; more seconds than there are begin anew */
    const gint64 uneven[] = {0, second / 4, second / 2, 3 * second / 4, second, 2 * second};
    static const gint64 wanted[] = {0, 3, 4, 5, 1, 4, 5};
    vdt_clip_sample_times(uneven, 6, 7, 4 * second, 1, indices);
    g_assert_cmpmem(indices, sizeof wanted, wanted, sizeof wanted);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/preprocess/resize", test_resize);
    g_test_add_func("/preprocess/resize-large", test_resize_large);
    g_test_add_func("/preprocess/resize-formula", test_resize_formula);
    g_test_add_func("/preprocess/views", test_views);
    g_test_add_func("/preprocess/framing", test_framing);
    g_test_add_func("/preprocess/crops", test_crops);
    g_test_add_func("/preprocess/normalise", test_normalise);
    g_test_add_func("/preprocess/sampling", test_sampling);
    g_test_add_func("/preprocess/sampling-short", test_sampling_short);
    g_test_add_func("/preprocess/sampling-times", test_sampling_times);
    return g_test_run();
}
