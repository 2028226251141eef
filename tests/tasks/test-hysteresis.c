/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which class goes on. */
#include "hysteresis.h"

#define N 3

static void test_follow(void)
{
    static const gboolean background[N] = {TRUE, FALSE, FALSE};
    static const struct {
        double scores[N];
        int going, expected;
    } cases[] = {
        {{0.1, 0.5, 0.4}, -1, 1}, /* just high enough */
        {{0.1, 0.49, 0.41}, -1, -1},
        {{0.9, 0.05, 0.05}, -1, -1}, /* background */
        {{0.5, 0.5, 0}, -1, -1},     /* of equal ones, the first */
        {{0.2, 0.3, 0.5}, 1, 1},     /* behind, but not by much */
        {{0.2, 0.29, 0.51}, 1, 2},
        {{0.5, 0.3, 0.2}, 1, 1}, /* that holds against the background, too */
        {{0.6, 0.3, 0.1}, 1, -1},
        {{0.35, 0.35, 0.3}, 1, 1},
        {{0.36, 0.29, 0.35}, 1, -1}, /* too low */
        {{0.1, 0.2, 0.7}, 7, 2},     /* of another network */
    };
    const VdtHysteresis hysteresis = {.threshold = 0.5, .hysteresis = 0.2 + 1e-12};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(
            vdt_hysteresis_follow(&hysteresis, cases[i].scores, N, background, cases[i].going), ==,
            cases[i].expected);
    /* without any, it is the best one, whatever it is */
    g_assert_cmpint(vdt_hysteresis_follow(&(VdtHysteresis){0, 0}, cases[4].scores, N, NULL, 1), ==,
                    2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hysteresis/follow", test_follow);
    return g_test_run();
}
