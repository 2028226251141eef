/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From logits to the best answers to each question. */
#include "scores.h"

#include <math.h>

#define N 5

static VdtCardGroup groups[] = {{"light", 0, 2, NULL}, {"weather", 2, 3, NULL}};
static const VdtCard grouped = {.groups = groups, .n_groups = 2}, plain = {.n_labels = N};

/* Shares within a group, however much larger another's logits are. */
static void test_groups(void)
{
    static const float logits[N] = {1, 1, 90, 91, 90};
    double scores[N] = {0};

    vdt_scores_add(&grouped, logits, N, 1, scores);
    g_assert_cmpfloat_with_epsilon(scores[0], 0.5, 1e-12);
    g_assert_cmpfloat_with_epsilon(scores[1], 0.5, 1e-12);
    g_assert_cmpfloat_with_epsilon(scores[2] + scores[3] + scores[4], 1, 1e-12);
    g_assert_cmpfloat_with_epsilon(scores[3], exp(1) / (exp(1) + 2), 1e-12);
    /* half of what there was, and half of something else */
    double mean[N] = {0};
    vdt_scores_add(&grouped, logits, N, 2, mean);
    vdt_scores_add(&grouped, (const float[N]){9, -90, 0, 0, 0}, N, 2, mean);
    g_assert_cmpfloat_with_epsilon(mean[0], 0.75, 1e-9);
    g_assert_cmpfloat_with_epsilon(mean[2], (scores[2] + 1 / 3.) / 2, 1e-9);
}

/* Without groups there is one question, about all. */
static void test_plain(void)
{
    double scores[N] = {0}, sum = 0;

    g_assert_cmpuint(vdt_scores_n_groups(&plain), ==, 1);
    VdtCardGroup all = vdt_scores_group(&plain, 0, N);
    g_assert_null(all.name);
    g_assert_cmpuint(all.first, ==, 0);
    g_assert_cmpuint(all.n_labels, ==, N);
    vdt_scores_add(&plain, (const float[N]){1, 2, 3, 4, 5}, N, 1, scores);
    for (guint i = 0; i < N; i++)
        sum += scores[i];
    g_assert_cmpfloat_with_epsilon(sum, 1, 1e-12);
    g_assert_cmpfloat(scores[0], <, 0.02);
}

static void test_rank(void)
{
    static const double scores[N] = {0.9, 0.1, 0.25, 0.5, 0.25};
    gint64 winners[N];

    g_assert_cmpuint(vdt_scores_n_groups(&grouped), ==, 2);
    VdtCardGroup weather = vdt_scores_group(&grouped, 1, N), all = vdt_scores_group(&plain, 0, N);
    g_assert_cmpstr(weather.name, ==, "weather");
    g_assert_cmpuint(vdt_scores_rank(scores, &weather, 2, winners), ==, 2);
    g_assert_cmpint(winners[0], ==, 3);
    g_assert_cmpint(winners[1], ==, 2); /* of equals, the lower one */
    g_assert_cmpuint(vdt_scores_rank(scores, &weather, N, winners), ==, 3);
    g_assert_cmpint(winners[2], ==, 4);
    g_assert_cmpuint(vdt_scores_rank(scores, &all, 1, winners), ==, 1);
    g_assert_cmpint(winners[0], ==, 0);
}

/* What is asked of rain is not asked where there is none, nor what is asked of that. */
static void test_asks(void)
{
    static char *labels[] = {"dry", "rain", "light", "heavy", "drops", "sheets", NULL};
    static VdtCardGroup each[] = {
        {"weather", 0, 2, NULL}, {"rain", 2, 2, "rain"}, {"heavy", 4, 2, "heavy"}};
    const VdtCard card = {.groups = each, .n_groups = 3, .labels = labels, .n_labels = 6};
    static const double heavy[] = {0.4, 0.6, 0.1, 0.9, 0.5, 0.5},
                        light[] = {0.4, 0.6, 0.9, 0.1, 0.5, 0.5},
                        dry[] = {0.6, 0.4, 0.1, 0.9, 0.5, 0.5};
    g_assert_true(vdt_scores_asks(&card, 0, dry));
    g_assert_true(vdt_scores_asks(&card, 1, heavy));
    g_assert_true(vdt_scores_asks(&card, 2, heavy));
    g_assert_true(vdt_scores_asks(&card, 1, light));
    g_assert_false(vdt_scores_asks(&card, 2, light));
    g_assert_false(vdt_scores_asks(&card, 1, dry));
    g_assert_false(vdt_scores_asks(&card, 2, dry));
    g_assert_true(vdt_scores_asks(&plain, 0, dry));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scores/groups", test_groups);
    g_test_add_func("/scores/plain", test_plain);
    g_test_add_func("/scores/rank", test_rank);
    g_test_add_func("/scores/asks", test_asks);
    return g_test_run();
}
