/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures cut into tiles and joined: nothing lost, no seam, each tile in its place. */
#include <math.h>
#include <string.h>

#include "tiles.h"

typedef gboolean (*Join)(const VdtTiler *, const float *, guint, guint, float *, GError **);

typedef struct {
    guint tile, scale, batch, n_tiles, calls;
    gboolean numbered; /* results are the number of the tile, not the tile */
    int fail_at;       /* which call fails, from 0; -1: none */
    guint height;      /* of a tile; 0: as its width */
} Network;

/* Enlarges by repeating pixels. */
static gboolean run(const float *tiles, guint n, float *results, gpointer data, GError **error)
{
    Network *net = data;
    guint height = net->height > 0 ? net->height : net->tile;
    g_assert_cmpuint(n, <=, net->batch);
    if ((int)net->calls++ == net->fail_at) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "asked to fail");
        return FALSE;
    }
    for (guint i = 0; i < n; i++, net->n_tiles++)
        for (guint c = 0; c < 3; c++)
            for (guint y = 0; y < height * net->scale; y++)
                for (guint x = 0; x < net->tile * net->scale; x++)
                    *results++ = net->numbered
                                     ? net->n_tiles
                                     : tiles[((i * 3 + c) * height + y / net->scale) * net->tile +
                                             x / net->scale];
    return TRUE;
}

static VdtTiler tiler_of(Network *net, guint overlap)
{
    return (VdtTiler){net->tile, net->scale, net->batch, overlap, run, net, net->height};
}

static float *new_picture(guint width, guint height)
{
    float *picture = g_new(float, 3 * width * height);
    guint32 state = width * 31 + height;
    for (guint i = 0; i < 3 * width * height; i++) {
        state = state * 1664525 + 1013904223;
        picture[i] = state >> 24;
    }
    return picture;
}

static const struct {
    guint tile, scale, batch, overlap, width, height;
} sizes[] = {
    {48, 1, 8, 12, 48, 48},  {48, 1, 8, 12, 49, 48},  {48, 1, 3, 12, 85, 131},
    {48, 2, 5, 16, 60, 101}, {48, 3, 1, 0, 97, 96},   {48, 4, 2, 12, 84, 72},
    {16, 1, 7, 5, 37, 100},  {16, 1, 100, 4, 33, 35}, {48, 1, 8, 12, 640, 50},
};

/* A network that changes nothing leaves the picture as it was. */
static void check_identity(Join join, guint tile_height)
{
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        Network net = {sizes[i].tile, sizes[i].scale, sizes[i].batch, .fail_at = -1,
                       .height = tile_height};
        VdtTiler tiler = tiler_of(&net, sizes[i].overlap);
        guint width = sizes[i].width, height = sizes[i].height, s = net.scale;
        g_autofree float *picture = new_picture(width, height);
        g_autofree float *result = g_new(float, 3 * width * height * s * s);
        g_autoptr(GError) error = NULL;
        g_assert_true(join(&tiler, picture, width, height, result, &error));
        for (guint c = 0; c < 3; c++)
            for (guint y = 0; y < height * s; y++)
                for (guint x = 0; x < width * s; x++)
                    g_assert_cmpfloat_with_epsilon(result[(c * height * s + y) * width * s + x],
                                                   picture[(c * height + y / s) * width + x / s],
                                                   1e-3);
    }
}

static void test_blend_identity(void)
{
    check_identity(vdt_tiles_blend, 0);
    check_identity(vdt_tiles_blend, 60); /* no squares */
}

static void test_average_identity(void)
{
    check_identity(vdt_tiles_average, 0);
}

/* Where neighbours differ, one fades into the other: no two pixels side by side differ by more than
 * a step of the fade. */
static void test_blend_seams(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        Network net = {sizes[i].tile, sizes[i].scale, sizes[i].batch, .numbered = TRUE,
                       .fail_at = -1};
        VdtTiler tiler = tiler_of(&net, sizes[i].overlap);
        guint width = sizes[i].width, s = net.scale;
        g_autofree float *picture = g_new0(float, 3 * width * net.tile);
        g_autofree float *result = g_new(float, 3 * width * net.tile * s * s);
        g_assert_true(vdt_tiles_blend(&tiler, picture, width, net.tile, result, NULL));
        float step = 1.001f / MAX(1, sizes[i].overlap * s);
        g_assert_cmpfloat(result[0], ==, 0);
        g_assert_cmpfloat(result[width * s - 1], ==, net.n_tiles - 1);
        for (guint x = 1; x < width * s; x++) {
            g_assert_cmpfloat(result[x], >=, result[x - 1]);
            g_assert_cmpfloat(result[x] - result[x - 1], <=, step);
        }
    }
}

/* A picture that is smaller than a tile is mirrored: one tile, of its own pixels. */
static void test_blend_small(void)
{
    static const guint small[][2] = {{1, 1}, {7, 48}, {48, 3}, {20, 30}, {2, 100}};
    for (guint i = 0; i < G_N_ELEMENTS(small); i++) {
        Network net = {48, 2, 4, .fail_at = -1};
        VdtTiler tiler = tiler_of(&net, 12);
        guint width = small[i][0], height = small[i][1];
        g_autofree float *picture = new_picture(width, height);
        g_autofree float *result = g_new(float, 12 * width * height);
        g_assert_true(vdt_tiles_blend(&tiler, picture, width, height, result, NULL));
        for (guint k = 0; k < 12 * width * height; k++) {
            guint c = k / (4 * width * height), y = k / (2 * width) % (2 * height);
            g_assert_cmpfloat_with_epsilon(
                result[k], picture[(c * height + y / 2) * width + k % (2 * width) / 2], 1e-3);
        }
    }
}

/* A quarter of what the authors' way takes, and less. */
static void test_costs(void)
{
    g_autofree float *picture = new_picture(640, 360), *result = g_new(float, 3 * 640 * 360);
    Network ours = {48, 1, 8, .fail_at = -1}, theirs = ours;
    VdtTiler a = tiler_of(&ours, 12), b = tiler_of(&theirs, 12);
    g_assert_true(vdt_tiles_blend(&a, picture, 640, 360, result, NULL));
    g_assert_true(vdt_tiles_average(&b, picture, 640, 360, result, NULL));
    g_assert_cmpuint(ours.n_tiles, ==, 18 * 10);
    /* 50 x 27, the first again, strips of 50 and of 27, and a corner */
    g_assert_cmpuint(theirs.n_tiles, ==, 50 * 27 + 1 + 50 + 27 + 1);
    g_assert_cmpuint(vdt_tiles_count(&a, 640, 360), ==, ours.n_tiles);
    g_assert_cmpuint(vdt_tiles_count_averaged(&b, 640, 360), ==, theirs.n_tiles);
    g_assert_cmpuint(ours.calls, ==, (180 + 7) / 8);
}

static void test_errors(void)
{
    g_autofree float *picture = new_picture(100, 100), *result = g_new(float, 3 * 100 * 100);
    g_autoptr(GError) small = NULL;
    Network net = {48, 1, 2, .fail_at = -1};
    VdtTiler tiler = tiler_of(&net, 12);
    g_assert_false(vdt_tiles_average(&tiler, picture, 100, 47, result, &small));
    g_assert_error(small, VDT_ERROR, VDT_ERROR_SHAPE);
    g_assert_nonnull(strstr(small->message, "100 x 47"));
    for (int fail_at = 0; fail_at < 3; fail_at++)
        for (int way = 0; way < 2; way++) {
            g_autoptr(GError) error = NULL;
            net.calls = 0;
            net.fail_at = fail_at;
            g_assert_false((way == 0 ? vdt_tiles_blend : vdt_tiles_average)(&tiler, picture, 100,
                                                                            100, result, &error));
            g_assert_error(error, VDT_ERROR, VDT_ERROR_FAILED);
            g_assert_cmpuint(net.calls, ==, fail_at + 1);
        }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tiles/blend/identity", test_blend_identity);
    g_test_add_func("/tiles/blend/seams", test_blend_seams);
    g_test_add_func("/tiles/blend/small", test_blend_small);
    g_test_add_func("/tiles/average/identity", test_average_identity);
    g_test_add_func("/tiles/costs", test_costs);
    g_test_add_func("/tiles/errors", test_errors);
    return g_test_run();
}
