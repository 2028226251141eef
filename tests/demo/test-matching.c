/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events held against the truth: pairs, and what is counted. */
#include "demo/matching.h"

#define TOLERANCE 1.0

static void expect(const VdtDemoEvent *truth, guint n_truth, const VdtDemoEvent *found,
                   guint n_found, const int *partner)
{
    g_autofree int *got = vdt_demo_match(truth, n_truth, found, n_found, TOLERANCE);

    for (guint i = 0; i < n_found; i++)
        g_assert_cmpint(got[i], ==, partner[i]);
}

static void test_pairs(void)
{
    static const VdtDemoEvent truth[] = {{3, 10}, {4, 10.5}, {3, 11.5}, {3, 20}};
    /* the first could have either of two, the second only the later one; then another label, one
     * that comes twice, and ones that are too far */
    static const VdtDemoEvent found[] = {{3, 10.8}, {3, 12.4}, {4, 13},  {3, 19},
                                         {3, 20.9}, {3, 22},   {5, 22.1}};

    expect(truth, G_N_ELEMENTS(truth), found, G_N_ELEMENTS(found),
           (const int[]){0, 2, -1, 3, -1, -1, -1});
    expect(truth, 0, found, 1, (const int[]){-1});
    expect(truth, 1, found, 0, NULL);
}

static void test_score(void)
{
    static const VdtDemoEvent truth[] = {{1, 1}, {2, 5}, {1, 9}, {2, 30}};
    static const VdtDemoEvent found[] = {
        {1, 1.5, 2}, {2, 4.5, 8}, {1, 9, 10.5}, {1, 15, 16}, {3, 20, 21}};
    static const double expected[] = {1, 3, 1.5};
    g_autoptr(GArray) delays = g_array_new(FALSE, FALSE, sizeof(double));
    VdtDemoScore score =
        vdt_demo_score(truth, G_N_ELEMENTS(truth), found, G_N_ELEMENTS(found), TOLERANCE, delays);

    g_assert_cmpuint(score.happened, ==, 4);
    g_assert_cmpuint(score.recognised, ==, 3);
    g_assert_cmpuint(score.told, ==, 5);
    g_assert_cmpuint(score.right, ==, 3);
    g_assert_cmpuint(delays->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < delays->len; i++)
        g_assert_cmpfloat_with_epsilon(g_array_index(delays, double, i), expected[i], 1e-12);

    score = vdt_demo_score(NULL, 0, NULL, 0, TOLERANCE, NULL);
    g_assert_cmpuint(score.happened + score.recognised + score.told + score.right, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/matching/pairs", test_pairs);
    g_test_add_func("/matching/score", test_score);
    return g_test_run();
}
