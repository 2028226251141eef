/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where one region is several things side by side. */
#include "necks.h"

typedef struct {
    guint width, height;
} Part;

/* @most columns at most, of parts of one height each. */
static guint profile_of(const Part *parts, guint n, guint *profile, guint most)
{
    guint columns = 0;

    for (guint i = 0; i < n; i++)
        for (guint k = 0; k < parts[i].width && columns < most; k++)
            profile[columns++] = parts[i].height;
    return columns;
}

static guint find(const Part *parts, guint n, guint thin, guint cuts[VDT_NECKS_MOST])
{
    guint profile[600];
    const guint columns = profile_of(parts, n, profile, G_N_ELEMENTS(profile));
    const guint found = vdt_necks_find(profile, columns, thin, cuts);

    g_assert_cmpuint(found, <=, VDT_NECKS_MOST);
    for (guint i = 0; i < found; i++) {
        g_assert_cmpuint(cuts[i], >, i > 0 ? cuts[i - 1] : 0);
        g_assert_cmpuint(cuts[i], <, columns);
    }
    return found;
}

static void test_one(void)
{
    static const struct {
        Part parts[5];
        guint n;
    } shapes[] = {
        {{{30, 20}}, 1},
        {{{10, 5}, {10, 20}, {10, 5}}, 3},
        /* a shoulder is none */
        {{{10, 20}, {20, 14}}, 2},
        /* a dent is none */
        {{{10, 20}, {5, 16}, {10, 20}}, 3},
        /* neither is what stands out at an end, an arm or a spoiler */
        {{{20, 30}, {1, 4}, {2, 30}}, 3},
        {{{2, 30}, {1, 4}, {20, 30}}, 3},
        {{{20, 40}, {4, 4}, {20, 10}}, 3},
        {{{10, 0}}, 1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
        guint cuts[VDT_NECKS_MOST];

        g_assert_cmpuint(find(shapes[i].parts, shapes[i].n, 0, cuts), ==, 0);
    }
}

static void test_slope(void)
{
    guint profile[40], cuts[VDT_NECKS_MOST];

    for (guint i = 0; i < G_N_ELEMENTS(profile); i++)
        profile[i] = 2 + MIN(i, G_N_ELEMENTS(profile) - 1 - i);
    g_assert_cmpuint(vdt_necks_find(profile, G_N_ELEMENTS(profile), 2, cuts), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(profile); i++)
        profile[i] = 2 + i;
    g_assert_cmpuint(vdt_necks_find(profile, G_N_ELEMENTS(profile), 2, cuts), ==, 0);
}

static void test_two(void)
{
    static const Part even[] = {{10, 20}, {4, 3}, {10, 20}}, uneven[] = {{12, 26}, {5, 4}, {9, 20}},
                      sloping[] = {{8, 20}, {2, 8}, {2, 2}, {2, 8}, {8, 20}};
    guint cuts[VDT_NECKS_MOST];

    g_assert_cmpuint(find(even, G_N_ELEMENTS(even), 2, cuts), ==, 1);
    g_assert_cmpuint(cuts[0], >=, 11); /* the middle of the neck */
    g_assert_cmpuint(cuts[0], <=, 13);
    g_assert_cmpuint(find(uneven, G_N_ELEMENTS(uneven), 2, cuts), ==, 1);
    g_assert_cmpuint(cuts[0], >=, 12);
    g_assert_cmpuint(cuts[0], <=, 17);
    g_assert_cmpuint(find(sloping, G_N_ELEMENTS(sloping), 1, cuts), ==, 1);
    g_assert_cmpuint(cuts[0], >=, 10); /* where it is lowest */
    g_assert_cmpuint(cuts[0], <=, 12);
}

/* No wider than a post is, it is one; a column more, and it is none. */
static void test_slit(void)
{
    for (guint thin = 0; thin < 12; thin++) {
        Part parts[] = {{20, 20}, {thin, 2}, {20, 20}};
        guint cuts[VDT_NECKS_MOST];

        g_assert_cmpuint(find(parts, G_N_ELEMENTS(parts), thin, cuts), ==, 0);
        parts[1].width++;
        g_assert_cmpuint(find(parts, G_N_ELEMENTS(parts), thin, cuts), ==, 1);
        g_assert_cmpuint(cuts[0], >=, 20);
        g_assert_cmpuint(cuts[0], <=, 20 + parts[1].width);
    }
}

/* Each is cut off where it begins, though all necks are alike. */
static void test_row(void)
{
    for (guint n = 2; n <= 12; n++) {
        Part parts[2 * 12];
        guint cuts[VDT_NECKS_MOST], found;

        for (guint i = 0; i < n; i++) {
            parts[2 * i] = (Part){10, 20};
            parts[2 * i + 1] = (Part){4, 3};
        }
        found = find(parts, 2 * n - 1, 1, cuts);
        g_assert_cmpuint(found, ==, MIN(n - 1, VDT_NECKS_MOST));
        for (guint i = 0; i < found; i++)
            g_assert_cmpuint(cuts[i] % 14, >=, 10);
    }
}

static void test_empty(void)
{
    const guint one = 7;
    guint cuts[VDT_NECKS_MOST];

    for (guint thin = 0; thin < 3; thin++) {
        g_assert_cmpuint(vdt_necks_find(NULL, 0, thin, cuts), ==, 0);
        g_assert_cmpuint(vdt_necks_find(&one, 1, thin, cuts), ==, 0);
    }
}

/* Cuts are in order and within, whatever is cut. */
static void test_noise(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(4);
    guint most = 0;

    for (guint i = 0; i < 3000; i++) {
        Part parts[60];
        guint cuts[VDT_NECKS_MOST];
        const guint n = (guint)g_rand_int_range(rand, 1, G_N_ELEMENTS(parts) + 1);

        for (guint k = 0; k < n; k++)
            parts[k] = (Part){(guint)g_rand_int_range(rand, 1, 10),
                              (guint)g_rand_int_range(rand, 0, i % 2 ? 30 : 4)};
        most = MAX(most, find(parts, n, i % 5, cuts));
    }
    g_assert_cmpuint(most, ==, VDT_NECKS_MOST);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/necks/one", test_one);
    g_test_add_func("/necks/slope", test_slope);
    g_test_add_func("/necks/two", test_two);
    g_test_add_func("/necks/slit", test_slit);
    g_test_add_func("/necks/row", test_row);
    g_test_add_func("/necks/empty", test_empty);
    g_test_add_func("/necks/noise", test_noise);
    return g_test_run();
}
