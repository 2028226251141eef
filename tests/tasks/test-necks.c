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

/* Columns that are filled from the foot up to where they reach, or less. */
typedef struct {
    guint width, rise, filled;
} Column;

static guint find_heads(const Column *list, guint n, guint thin, guint cuts[VDT_NECKS_MOST])
{
    guint rises[300], profile[300], columns = 0;

    for (guint i = 0; i < n; i++)
        for (guint k = 0; k < list[i].width; k++) {
            rises[columns] = list[i].rise;
            profile[columns++] = list[i].filled;
        }
    return vdt_necks_find_heads(rises, profile, columns, thin, cuts);
}

static void test_heads(void)
{
    static const struct {
        Column list[7];
        guint n, least, most; /* where the cut is; 0 for none */
    } shapes[] = {
        {{{5, 80, 80}, {12, 100, 100}, {6, 80, 80}, {12, 96, 96}, {5, 80, 80}}, 5, 17, 22},
        {{{12, 80, 80}, {3, 50, 50}, {12, 100, 100}}, 3, 12, 14},
        /* one head */
        {{{8, 80, 80}, {12, 100, 100}, {8, 80, 80}}, 3, 0, 0},
        /* a curl, and a slit */
        {{{5, 100, 100}, {4, 94, 94}, {5, 100, 100}}, 3, 0, 0},
        {{{10, 100, 100}, {2, 60, 60}, {10, 100, 100}}, 3, 0, 0},
        /* an arm that is raised has nothing below it, or is thin */
        {{{6, 80, 80}, {12, 100, 100}, {6, 75, 75}, {8, 95, 30}}, 4, 0, 0},
        {{{6, 80, 80}, {12, 100, 100}, {6, 75, 75}, {4, 95, 95}}, 4, 0, 0},
        /* a child by the hand is one that is too small to tell, as are all that are far away */
        {{{12, 100, 100}, {4, 40, 40}, {12, 60, 60}}, 3, 0, 0},
        {{{6, 36, 36}, {3, 20, 20}, {6, 36, 36}}, 3, 0, 0},
        /* a post */
        {{{12, 100, 100}, {5, 0, 0}, {12, 90, 90}}, 3, 0, 0},
        /* two cars */
        {{{60, 100, 100}, {4, 40, 40}, {60, 100, 100}}, 3, 0, 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
        guint cuts[VDT_NECKS_MOST];
        const guint found = find_heads(shapes[i].list, shapes[i].n, 2, cuts);

        g_test_message("shape %u", i);
        g_assert_cmpuint(found, ==, shapes[i].most > 0);
        if (found == 0)
            continue;
        g_assert_cmpuint(cuts[0], >=, shapes[i].least);
        g_assert_cmpuint(cuts[0], <=, shapes[i].most);
    }
}

/* As many as there are, from left to right. */
static void test_crowd(void)
{
    for (guint n = 1; n <= 12; n++) {
        Column list[2 * 12];
        guint cuts[VDT_NECKS_MOST], found;

        for (guint i = 0; i < n; i++) {
            list[2 * i] = (Column){12, 200, 200};
            list[2 * i + 1] = (Column){4, 160, 160};
        }
        found = find_heads(list, 2 * n - 1, 1, cuts);
        g_assert_cmpuint(found, ==, MIN(n - 1, VDT_NECKS_MOST));
        for (guint i = 0; i < found; i++) {
            g_assert_cmpuint(cuts[i], >, i > 0 ? cuts[i - 1] : 0);
            g_assert_cmpuint(cuts[i] % 16, >=, 12);
        }
    }
}

static void test_empty(void)
{
    const guint one = 7;
    guint cuts[VDT_NECKS_MOST];

    for (guint thin = 0; thin < 3; thin++) {
        g_assert_cmpuint(vdt_necks_find(NULL, 0, thin, cuts), ==, 0);
        g_assert_cmpuint(vdt_necks_find_heads(NULL, NULL, 0, thin, cuts), ==, 0);
        g_assert_cmpuint(vdt_necks_find_heads(&one, &one, 1, thin, cuts), ==, 0);
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
    g_test_add_func("/necks/heads", test_heads);
    g_test_add_func("/necks/crowd", test_crowd);
    g_test_add_func("/necks/empty", test_empty);
    g_test_add_func("/necks/noise", test_noise);
    return g_test_run();
}
