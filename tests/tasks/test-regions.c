/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connected regions, against a flood fill and in drawn maps. */
#include "regions.h"

#include <string.h>

#include "drawing.h"
#include "necks.h"

static const gboolean things[] = {FALSE, TRUE, TRUE, FALSE};

#define CLASSES G_N_ELEMENTS(things)

static const VdtRegion *at(const GArray *regions, guint i)
{
    return &g_array_index(regions, VdtRegion, i);
}

/* "class: pixels left,top right,bottom; …" */
static char *text_of(const GArray *regions)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < regions->len; i++) {
        const VdtRegion *r = at(regions, i);

        g_string_append_printf(text, "%s%u: %u %u,%u %u,%u", i ? "; " : "", r->class_id,
                               (guint)r->pixels, r->left, r->top, r->right, r->bottom);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void test_drawn(void)
{
    static const struct {
        const char *map, *regions;
    } cases[] = {
        {"0", ""},
        {"1", "1: 1 0,0 1,1"},
        {".", ""},
        {"3", ""},
        {"3.3/.3./0.0", ""},
        {"1111/1111", "1: 8 0,0 4,2"},
        /* neighbours by a corner, either way */
        {"1000/0100/0010", "1: 3 0,0 3,3"},
        {"0010/0100/1000", "1: 3 0,0 3,3"},
        {"2200000/0010222", "2: 3 4,1 7,2; 2: 2 0,0 2,1; 1: 1 2,1 3,2"},
        /* both are one */
        {"1212/2121/1212/2121", "1: 8 0,0 4,4; 2: 8 0,0 4,4"},
        /* arms that meet at the end; upside down; lying */
        {"12221/12221/11111", "1: 9 0,0 5,3; 2: 6 1,0 4,2"},
        {"11111/12221/12221", "1: 9 0,0 5,3; 2: 6 1,1 4,3"},
        {"1111/1222/1111", "1: 9 0,0 4,3; 2: 3 1,1 4,2"},
        {"1111/2221/1111", "1: 9 0,0 4,3; 2: 3 0,1 3,2"},
        /* a comb, whose teeth meet at last, and what is between them */
        {"2121212/2121212/2111112/2222222",
         "2: 13 0,0 7,4; 1: 11 1,0 6,3; 2: 2 2,0 3,2; 2: 2 4,0 5,2"},
        /* a spiral in another, that reaches the middle */
        {"111111111/222222221/111111121/122222121/121112121/121222121/121111121/122222221/"
         "111111111",
         "1: 49 0,0 9,9; 2: 32 0,1 8,8"},
        /* the frame, all around */
        {"11111/12221/12221/11111", "1: 14 0,0 5,4; 2: 6 1,1 4,3"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(VdtSegmentation) map = drawing_parse(CLASSES, cases[i].map);
        g_autoptr(GArray) regions = vdt_regions_find(map, NULL, things, 1);
        g_autofree char *text = text_of(regions);

        g_assert_cmpstr(text, ==, cases[i].regions);
    }
}

static void test_empty(void)
{
    g_autoptr(VdtSegmentation) map = vdt_segmentation_empty(CLASSES, 30, 20);
    g_autoptr(GArray) regions = vdt_regions_find(map, NULL, things, 1);

    g_assert_cmpuint(regions->len, ==, 0);
}

/* What stands before one thing does not make it two, unless it is wide, or the two have little to
 * do with each other. */
static void test_posts(void)
{
    static const struct {
        int from, to, down; /* the post; how much lower the right half is */
        guint regions;
    } cases[] = {{40, 42, 0, 1},  {40, 43, 0, 2},  {40, 52, 0, 2},  {40, 41, 0, 1},
                 {40, 42, 10, 1}, {40, 42, 20, 2}, {40, 42, 29, 2}, {40, 42, 31, 2}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(VdtSegmentation) map = drawing_new(CLASSES, 128, 72);
        g_autoptr(GArray) regions = NULL;
        const int down = cases[i].down;

        drawing_fill(map, 1, 20, 5, cases[i].from, 35);
        drawing_fill(map, 3, cases[i].from, 0, cases[i].to, 72);
        drawing_fill(map, 1, cases[i].to, 5 + down, 60, 35 + down);
        regions = vdt_regions_find(map, NULL, things, 1);
        g_assert_cmpuint(regions->len, ==, cases[i].regions);
        g_assert_cmpuint(at(regions, 0)->pixels, ==,
                         regions->len == 1 ? (40 - cases[i].to + cases[i].from) * 30
                                           : MAX(cases[i].from - 20, 60 - cases[i].to) * 30);
        if (regions->len == 1) {
            g_assert_cmpuint(at(regions, 0)->left, ==, 20);
            g_assert_cmpuint(at(regions, 0)->right, ==, 60);
        }
    }
}

/* Things of two classes are two, however near. */
static void test_post_between_classes(void)
{
    g_autoptr(VdtSegmentation) map = drawing_new(CLASSES, 128, 72);
    g_autoptr(GArray) regions = NULL;

    drawing_fill(map, 1, 20, 5, 40, 35);
    drawing_fill(map, 2, 41, 5, 60, 35);
    regions = vdt_regions_find(map, NULL, things, 1);
    g_assert_cmpuint(regions->len, ==, 2);
}

/* Two that touch below, and one with a bag before its middle. */
static void test_necks(void)
{
    g_autoptr(VdtSegmentation) map = drawing_new(CLASSES, 128, 72);
    g_autoptr(GArray) regions = NULL, one = NULL;

    drawing_fill(map, 1, 20, 5, 35, 45);
    drawing_fill(map, 1, 35, 40, 45, 45);
    drawing_fill(map, 1, 45, 5, 60, 45);
    regions = vdt_regions_find(map, NULL, things, 1);
    g_assert_cmpuint(regions->len, ==, 2);
    g_assert_cmpuint(at(regions, 0)->pixels + at(regions, 1)->pixels, ==, 2 * 15 * 40 + 10 * 5);
    for (guint i = 0; i < 2; i++)
        g_assert_cmpuint(at(regions, i)->pixels, >=, 15 * 40);
    /* where one is cut off, the other begins */
    g_assert_cmpuint(MIN(at(regions, 0)->right, at(regions, 1)->right), ==,
                     MAX(at(regions, 0)->left, at(regions, 1)->left));
    drawing_fill(map, 2, 35, 5, 45, 40);
    one = vdt_regions_find(map, NULL, things, 1);
    g_assert_cmpuint(one->len, ==, 2);
    g_assert_cmpuint(at(one, 0)->class_id, ==, 1);
    g_assert_cmpuint(at(one, 0)->right - at(one, 0)->left, ==, 40);
    g_assert_cmpuint(at(one, 1)->class_id, ==, 2);
}

/* Two whose bodies are one, until only one has a head. */
static void test_heads(void)
{
    g_autoptr(VdtSegmentation) map = drawing_new(CLASSES, 128, 72);
    g_autoptr(GArray) regions = NULL, one = NULL;

    drawing_fill(map, 1, 20, 15, 50, 65);
    drawing_fill(map, 1, 24, 5, 32, 15);
    drawing_fill(map, 1, 38, 6, 46, 15);
    regions = vdt_regions_find(map, NULL, things, 1);
    g_assert_cmpuint(regions->len, ==, 2);
    g_assert_cmpuint(at(regions, 0)->pixels + at(regions, 1)->pixels, ==, 30 * 50 + 8 * 10 + 8 * 9);
    g_assert_cmpuint(at(regions, 0)->row, >, 0);
    g_assert_cmpuint(at(regions, 0)->row, ==, at(regions, 1)->row);
    drawing_fill(map, 0, 38, 6, 46, 15);
    one = vdt_regions_find(map, NULL, things, 1);
    g_assert_cmpuint(one->len, ==, 1);
    g_assert_cmpuint(at(one, 0)->row, ==, 0);
}

/* Shares of the outline on each side that another thing is at. */
static void test_beside(void)
{
    g_autoptr(VdtSegmentation) map = drawing_parse(CLASSES, "00000000/"
                                                            "01122000/"
                                                            "01120000/"
                                                            "01130000/"
                                                            "011.0000/"
                                                            "02200000");
    g_autoptr(VdtSegmentation) all = drawing_parse(CLASSES, "111/111");
    g_autoptr(GArray) regions = vdt_regions_find(map, NULL, things, 5),
                      whole = vdt_regions_find(all, NULL, things, 1);
    const double *beside = at(regions, 0)->beside;

    g_assert_cmpuint(at(regions, 0)->class_id, ==, 1);
    g_assert_cmpfloat(beside[VDT_EDGE_LEFT], ==, 0);
    g_assert_cmpfloat(beside[VDT_EDGE_TOP], ==, 0);
    g_assert_cmpfloat(beside[VDT_EDGE_RIGHT], ==, 0.5);
    g_assert_cmpfloat(beside[VDT_EDGE_BOTTOM], ==, 1);
    /* behind the end of the frame nothing begins */
    for (VdtEdge edge = 0; edge < VDT_N_EDGES; edge++)
        g_assert_cmpfloat(at(whole, 0)->beside[edge], ==, 0);
}

static void test_score(void)
{
    g_autoptr(VdtSegmentation) map = drawing_parse(CLASSES, "01112/01112");
    g_autoptr(GArray) regions = NULL;

    for (guint i = 0; i < 10; i++)
        map->sure[i] = (guint8)(i % 5 == 0 ? 0 : i < 5 ? 255 : 51);
    regions = vdt_regions_find(map, NULL, things, 1);
    g_assert_cmpuint(regions->len, ==, 2);
    for (guint i = 0; i < 2; i++)
        g_assert_cmpfloat_with_epsilon(at(regions, i)->score, 0.6, 1e-9);
}

static void test_least(void)
{
    g_autoptr(VdtSegmentation) map = drawing_parse(CLASSES, "1020110222/0000000222");
    static const guint expected[] = {4, 4, 2, 1, 1, 1, 1, 0};

    for (guint least = 0; least < G_N_ELEMENTS(expected); least++) {
        g_autoptr(GArray) regions = vdt_regions_find(map, NULL, things, least);

        g_assert_cmpuint(regions->len, ==, expected[least]);
        for (guint i = 0; i < regions->len; i++) {
            g_assert_cmpuint(at(regions, i)->pixels, >=, least);
            if (i > 0)
                g_assert_cmpuint(at(regions, i)->pixels, <=, at(regions, i - 1)->pixels);
        }
    }
}

/* The definition: pixel by pixel, then cut where there are necks. */

typedef struct {
    const VdtSegmentation *map;
    guint *region; /* by pixel, 0 for none so far */
} Flood;

static void flood(Flood *f, guint x, guint y, guint number)
{
    const VdtSegmentation *map = f->map;
    const guint8 class_id = map->map[y * map->width + x];

    f->region[y * map->width + x] = number;
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++) {
            const guint u = x + (guint)dx, v = y + (guint)dy; /* wraps at 0, out of the map */

            if (u < map->width && v < map->height && !f->region[v * map->width + u] &&
                map->map[v * map->width + u] == class_id)
                flood(f, u, v, number);
        }
}

static void add_pixel(VdtRegion *r, const VdtSegmentation *map, guint x, guint y)
{
    if (r->pixels == 0)
        *r = (VdtRegion){.class_id = map->map[y * map->width + x],
                         .left = x,
                         .top = y,
                         .right = x + 1,
                         .bottom = y + 1};
    r->left = MIN(r->left, x);
    r->right = MAX(r->right, x + 1);
    r->bottom = MAX(r->bottom, y + 1);
    r->pixels++;
}

static VdtRegion measure(const Flood *f, guint number, guint from, guint to)
{
    VdtRegion r = {0};

    for (guint y = 0; y < f->map->height; y++)
        for (guint x = from; x < to; x++)
            if (f->region[y * f->map->width + x] == number)
                add_pixel(&r, f->map, x, y);
    return r;
}

static gboolean is_thing(const VdtSegmentation *map, guint x, guint y)
{
    const guint8 class_id = map->map[y * map->width + x];

    return class_id < CLASSES && things[class_id];
}

static void add_parts(const Flood *f, guint number, GArray *regions)
{
    const VdtRegion whole = measure(f, number, 0, f->map->width);
    g_autofree guint *profile = g_new0(guint, whole.right - whole.left);
    guint cuts[VDT_NECKS_MOST], n, from = whole.left;

    for (guint y = whole.top; y < whole.bottom; y++)
        for (guint x = whole.left; x < whole.right; x++)
            profile[x - whole.left] += is_thing(f->map, x, y);
    n = vdt_necks_find(profile, whole.right - whole.left, 0, cuts);
    for (guint i = 0; i <= n; i++) {
        const guint to = i < n ? whole.left + cuts[i] : whole.right;
        const VdtRegion part = measure(f, number, from, to);

        if (part.pixels > 0)
            g_array_append_val(regions, part);
        from = to;
    }
}

static int by_place(gconstpointer a, gconstpointer b)
{
    const VdtRegion *p = a, *q = b;
    const gint64 keys[][2] = {{p->class_id, q->class_id}, {(gint64)p->pixels, (gint64)q->pixels},
                              {p->left, q->left},         {p->top, q->top},
                              {p->right, q->right},       {p->bottom, q->bottom}};

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
        if (keys[i][0] != keys[i][1])
            return keys[i][0] < keys[i][1] ? -1 : 1;
    return 0;
}

static void check_flood(const VdtSegmentation *map)
{
    g_autoptr(GArray) found = vdt_regions_find(map, NULL, things, 1);
    g_autoptr(GArray) expected = g_array_new(FALSE, FALSE, sizeof(VdtRegion));
    g_autofree guint *region = g_new0(guint, (gsize)map->width * map->height);
    Flood f = {map, region};
    g_autofree char *one = NULL, *other = NULL;
    guint n = 0;

    for (guint y = 0; y < map->height; y++)
        for (guint x = 0; x < map->width; x++) {
            if (!is_thing(map, x, y) || region[y * map->width + x])
                continue;
            flood(&f, x, y, ++n);
            add_parts(&f, n, expected);
        }
    g_array_sort(found, by_place);
    g_array_sort(expected, by_place);
    one = text_of(found);
    other = text_of(expected);
    g_assert_cmpstr(one, ==, other);
}

/* Narrow maps, in which nothing is thin enough to be a post. */
static void test_flood(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(5);

    for (guint i = 0; i < 400; i++) {
        const guint width = (guint)g_rand_int_range(rand, 1, 64),
                    height = (guint)g_rand_int_range(rand, 1, 40);
        g_autoptr(VdtSegmentation) map = drawing_new(CLASSES, width, height);

        for (guint k = 0; k < width * height; k++)
            map->map[k] = (guint8)g_rand_int_range(rand, 0, 2 + (int)(i % 3));
        /* blots, so that there are large ones */
        for (guint k = 0; k < i % 12; k++) {
            const int x = g_rand_int_range(rand, 0, (int)width),
                      y = g_rand_int_range(rand, 0, (int)height);

            drawing_fill(map, k % CLASSES, x, y, x + g_rand_int_range(rand, 1, 30),
                         y + g_rand_int_range(rand, 1, 30));
        }
        check_flood(map);
    }
}

/* Large maps of the worst kind: all pixels are told of, and it is over in no time. */
static void test_noise(void)
{
    enum { SIZE = 512 };
    g_autoptr(GRand) rand = g_rand_new_with_seed(6);

    for (guint i = 0; i < 7; i++) {
        g_autoptr(VdtSegmentation) map = drawing_new(CLASSES, SIZE, SIZE);
        g_autoptr(GArray) regions = NULL;
        const gint64 start = g_get_monotonic_time();
        gsize wanted = 0, told = 0;

        for (guint y = 0; y < SIZE; y++)
            for (guint x = 0; x < SIZE; x++) {
                const guint8 patterns[] = {(guint8)g_rand_int_range(rand, 0, 256),
                                           (guint8)g_rand_int_range(rand, 1, 3),
                                           (guint8)g_rand_int_range(rand, 0, 4),
                                           (guint8)(x + y) % 2,
                                           (guint8)((x + y) % 4 < 2),
                                           x % 2 == 0,
                                           (guint8)(MIN(MIN(x, y), SIZE - 1 - MAX(x, y)) % 2)};

                map->map[y * SIZE + x] = patterns[i];
                wanted += is_thing(map, x, y);
            }
        regions = vdt_regions_find(map, NULL, things, 1);
        for (guint k = 0; k < regions->len; k++)
            told += at(regions, k)->pixels;
        g_assert_cmpuint(told, ==, wanted);
        g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/regions/drawn", test_drawn);
    g_test_add_func("/regions/empty", test_empty);
    g_test_add_func("/regions/posts", test_posts);
    g_test_add_func("/regions/posts/classes", test_post_between_classes);
    g_test_add_func("/regions/necks", test_necks);
    g_test_add_func("/regions/heads", test_heads);
    g_test_add_func("/regions/beside", test_beside);
    g_test_add_func("/regions/score", test_score);
    g_test_add_func("/regions/least", test_least);
    g_test_add_func("/regions/flood", test_flood);
    g_test_add_func("/regions/noise", test_noise);
    return g_test_run();
}
