/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maps of classes from logits, and the colours of classes. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vedette/error.h>

#include "labelmap.h"
#include "palette.h"
#include "segmentation.h"

static const VdtSeen all = {0, 0, 1, 1};

/* 3 classes on 2 x 4 cells: the left half is class 0 but for its lower left cell, which is 2. */
static const float logits[3 * 2 * 4] = {
    2, 2, 0, 0, 0, 2, 0, 0, /* class 0 */
    0, 0, 3, 3, 0, 0, 3, 3, /* class 1 */
    0, 0, 0, 0, 1, 0, 0, 0, /* class 2 */
};

static void test_map(void)
{
    static const guint8 expected[] = {0, 0, 1, 1, 2, 0, 1, 1};
    g_autoptr(VdtSegmentation) s = vdt_segmentation_new(logits, 3, 2, 4, &all, 4, 2);
    const VdtSegment *segments = s->segments;
    guint8 order[VDT_SEGMENTATION_CLASSES];

    g_assert_cmpmem(s->map, 8, expected, 8);
    g_assert_cmpuint(segments[0].pixels, ==, 3);
    g_assert_cmpfloat(segments[0].share, ==, 3 / 8.0);
    g_assert_cmpfloat_with_epsilon(segments[0].score, exp(2) / (exp(2) + 2), 1e-6);
    g_assert_cmpfloat_with_epsilon(segments[1].score, exp(3) / (exp(3) + 2), 1e-6);
    g_assert_cmpfloat_with_epsilon(segments[2].score, exp(1) / (exp(1) + 2), 1e-6);
    g_assert_cmpfloat(segments[0].x, ==, 0);
    g_assert_cmpfloat(segments[0].width, ==, 0.5);
    g_assert_cmpfloat(segments[0].height, ==, 1);
    g_assert_cmpfloat(segments[1].x, ==, 0.5);
    g_assert_cmpfloat(segments[1].width, ==, 0.5);
    g_assert_cmpfloat(segments[2].y, ==, 0.5);
    g_assert_cmpfloat(segments[2].width, ==, 0.25);
    g_assert_cmpfloat(segments[2].height, ==, 0.5);
    g_assert_cmpuint(vdt_segmentation_order(s, order), ==, 3);
    g_assert_cmpuint(order[0], ==, 1);
    g_assert_cmpuint(order[1], ==, 0);
    g_assert_cmpuint(order[2], ==, 2);
}

/* Of each pixel the probability of its own class, and none where nothing was seen. */
static void test_sure(void)
{
    const double shares[] = {exp(2) / (exp(2) + 2), exp(3) / (exp(3) + 2), exp(1) / (exp(1) + 2)};
    g_autoptr(VdtSegmentation) whole = vdt_segmentation_new(logits, 3, 2, 4, &all, 4, 2);
    g_autoptr(VdtSegmentation) part =
        vdt_segmentation_new(logits, 3, 2, 4, &(VdtSeen){0.5, 0.5, 0.5, 0.5}, 8, 4);
    g_autoptr(VdtSegmentation) empty = vdt_segmentation_empty(3, 4, 2);

    for (guint i = 0; i < 8; i++)
        g_assert_cmpint(ABS(whole->sure[i] - (int)lrint(255 * shares[whole->map[i]])), <=, 1);
    for (guint y = 0; y < 4; y++)
        for (guint x = 0; x < 8; x++)
            g_assert_cmpuint(part->sure[y * 8 + x], ==,
                             x < 4 || y < 2 ? 0 : whole->sure[(y - 2) * 4 + x - 4]);
    g_assert_null(empty->sure);
}

static void test_keep(void)
{
    static const guint8 expected[] = {255, 255, 1, 1, 255, 255, 1, 1};
    g_autoptr(VdtSegmentation) s = vdt_segmentation_new(logits, 3, 2, 4, &all, 4, 2);
    guint8 order[VDT_SEGMENTATION_CLASSES];

    /* class 2 is too small, class 0 not wanted */
    vdt_segmentation_keep(s, (const gboolean[]){FALSE, TRUE, TRUE}, 0.2);
    g_assert_cmpmem(s->map, 8, expected, 8);
    g_assert_cmpuint(vdt_segmentation_order(s, order), ==, 1);
    g_assert_cmpuint(order[0], ==, 1);
    vdt_segmentation_keep(s, (const gboolean[]){FALSE, FALSE, FALSE}, 0);
    g_assert_cmpuint(vdt_segmentation_order(s, order), ==, 0);
}

/* Part of the frame was seen; the rest is nothing. */
static void test_part(void)
{
    g_autoptr(VdtSegmentation) s =
        vdt_segmentation_new(logits, 3, 2, 4, &(VdtSeen){0.5, 0.5, 0.5, 0.5}, 8, 4);

    for (guint y = 0; y < 4; y++)
        for (guint x = 0; x < 8; x++)
            g_assert_true((s->map[y * 8 + x] == 255) == (x < 4 || y < 2));
    g_assert_cmpuint(s->map[3 * 8 + 4], ==, 2);
    g_assert_cmpfloat(s->segments[1].share, ==, 4 / 32.0);
    g_assert_cmpfloat(s->segments[1].x, ==, 0.75);
    g_assert_cmpfloat(s->segments[1].y, ==, 0.5);
}

/* The network's picture reaches beyond the frame: its margins are not in the map. */
static void test_margins(void)
{
    g_autoptr(VdtSegmentation) s =
        vdt_segmentation_new(logits, 3, 2, 4, &(VdtSeen){-0.5, 0, 2, 1}, 2, 2);
    static const guint8 expected[] = {0, 1, 0, 1};

    g_assert_cmpmem(s->map, 4, expected, 4);
    g_assert_cmpfloat(s->segments[0].share + s->segments[1].share, ==, 1);
}

/* Any size, and places that are next to nowhere, stay in bounds. */
static void test_sizes(void)
{
    static const VdtSeen places[] = {{0, 0, 1, 1},
                                     {0.999, 0.999, 0.001, 0.001},
                                     {-3, -7, 9, 11},
                                     {1, 1, 1, 1},
                                     {0.3, 0, 1e-9, 1}};

    for (guint i = 0; i < G_N_ELEMENTS(places); i++)
        for (guint size = 1; size < 40; size += 3) {
            g_autoptr(VdtSegmentation) s =
                vdt_segmentation_new(logits, 3, 2, 4, &places[i], size, 41 - size);
            double total = 0;

            for (guint c = 0; c < 3; c++) {
                const VdtSegment *segment = &s->segments[c];

                total += segment->share;
                g_assert_cmpfloat(segment->x + segment->width, <=, 1 + 1e-9);
                g_assert_cmpfloat(segment->y + segment->height, <=, 1 + 1e-9);
                g_assert_true(segment->pixels == 0 || (segment->score > 0 && segment->score <= 1));
            }
            g_assert_cmpfloat(total, <=, 1 + 1e-9);
        }
}

/* Margins cost nothing, however far they reach: here the whole picture would be a square of 60,000,
 * and what is seen is one of its rows. */
static void test_far_margins(void)
{
    g_autoptr(VdtSegmentation) s =
        vdt_segmentation_new(logits, 3, 2, 4, &(VdtSeen){0, -44999, 1, 60000}, 60000, 1);

    g_assert_cmpuint(s->map[0], ==, 2);
    g_assert_cmpuint(s->map[22500], ==, 0);
    g_assert_cmpuint(s->map[59999], ==, 1);
    g_assert_cmpfloat(s->segments[0].share + s->segments[1].share + s->segments[2].share, ==, 1);
}

/* A part of a map is what the whole map has there. */
static void test_part_of_map(void)
{
    guint16 whole[23 * 31], part[5 * 7];

    vdt_label_map(logits, 3, 2, 4, whole, 31, 31, 23);
    for (guint top = 0; top <= 18; top++)
        for (guint left = 0; left <= 24; left++) {
            vdt_label_map_part(logits, 3, 2, 4, part, 31, 23, &(VdtLabelPart){left, top, 7, 5, 7});
            for (guint y = 0; y < 5; y++)
                g_assert_cmpmem(part + y * 7, 7 * sizeof *part, whole + (top + y) * 31 + left,
                                7 * sizeof *whole);
        }
}

static void test_classes(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(vdt_segmentation_check_classes(255, NULL));
    g_assert_false(vdt_segmentation_check_classes(0, NULL));
    g_assert_false(vdt_segmentation_check_classes(256, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "256"));
    g_assert_nonnull(strstr(error->message, "255"));
}

static void test_palette(void)
{
    g_autofree char *labels =
        g_test_build_filename(G_TEST_DIST, "models", "cgrseg", "labels", "street.txt", NULL);
    VdtCard card = {.labels_path = labels};
    g_autofree guint32 *street = vdt_palette_load(&card, 9), *other = vdt_palette_load(&card, 8);

    g_assert_cmphex(street[0], ==, 0x4682b4);
    g_assert_cmphex(street[8], ==, 0xf0f000);
    /* for other classes than the palette's, colours are made up */
    g_assert_cmphex(other[0], ==, vdt_palette_colour(0));
    for (guint i = 0; i < 255; i++)
        for (guint k = 0; k < i; k++)
            g_assert_cmphex(vdt_palette_colour(i), !=, vdt_palette_colour(k));
}

/* A map that no memory could hold is none, and the process goes on. */
static void test_no_memory(void)
{
    const float two[] = {0, 1};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    g_test_skip("sanitizers end the process where there is no memory");
    return;
#endif
    g_assert_null(vdt_segmentation_empty(2, 4000000000u, 4000000000u));
    g_assert_null(
        vdt_segmentation_new(two, 2, 1, 1, &(VdtSeen){0, 0, 1, 1}, 2000000000u, 2000000000u));
}

/* Files that are no palettes. */
static void test_bad_palettes(void)
{
    static const char *const texts[] = {"",
                                        "GIMP Palette",
                                        "GIMP Palette\n1 2 300\n",
                                        "GIMP Palette\n1 2 3\n4 5 6\n",
                                        "1 2 3\n",
                                        "GIMP Palette\n-1 2 3\n"};
    g_autofree char *dir = g_dir_make_tmp("vedette-XXXXXX", NULL);
    g_autofree char *labels = g_build_filename(dir, "own.txt", NULL);
    g_autofree char *path = g_build_filename(dir, "own.gpl", NULL);
    VdtCard card = {.labels_path = labels};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree guint32 *colours = NULL;

        g_assert_true(g_file_set_contents(path, texts[i], -1, NULL));
        colours = vdt_palette_load(&card, 1);
        g_assert_cmphex(colours[0], ==, vdt_palette_colour(0));
    }
    g_unlink(path);

    /* Nobody writes into it; and a device without an end. */
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    for (guint i = 0; i < 2; i++) {
        g_autofree guint32 *colours = NULL;

        alarm(20);
        colours = vdt_palette_load(&card, 1);
        alarm(0);
        g_assert_cmphex(colours[0], ==, vdt_palette_colour(0));
        g_unlink(path);
        if (i == 0)
            g_assert_cmpint(symlink("/dev/zero", path), ==, 0);
    }
    g_rmdir(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segmentation/map", test_map);
    g_test_add_func("/segmentation/sure", test_sure);
    g_test_add_func("/segmentation/no-memory", test_no_memory);
    g_test_add_func("/segmentation/keep", test_keep);
    g_test_add_func("/segmentation/part", test_part);
    g_test_add_func("/segmentation/margins", test_margins);
    g_test_add_func("/segmentation/sizes", test_sizes);
    g_test_add_func("/segmentation/far-margins", test_far_margins);
    g_test_add_func("/segmentation/part-of-map", test_part_of_map);
    g_test_add_func("/segmentation/classes", test_classes);
    g_test_add_func("/palette/load", test_palette);
    g_test_add_func("/palette/bad", test_bad_palettes);
    return g_test_run();
}
