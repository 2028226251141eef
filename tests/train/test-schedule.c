/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rates of schedules, against values computed by hand. */
#include <vedette/train.h>

typedef struct {
    guint64 step;
    double rate;
} Expected;

static void check(const VdtSchedule *schedule, const Expected *expected, guint n)
{
    for (guint i = 0; i < n; i++)
        g_assert_cmpfloat_with_epsilon(vdt_schedule_get_rate(schedule, expected[i].step),
                                       expected[i].rate, 1e-15);
}
#define CHECK(schedule, ...)                                                                       \
    check(&(schedule), (const Expected[]){__VA_ARGS__},                                            \
          G_N_ELEMENTS(((const Expected[]){__VA_ARGS__})))

static void test_constant(void)
{
    const VdtSchedule plain = {.kind = VDT_SCHEDULE_CONSTANT, .rate = 0.3, .steps = 10};
    const VdtSchedule warm = {.rate = 0.8, .steps = 10, .warmup = 4, .warmup_start = 0.5};

    CHECK(plain, {0, 0.3}, {9, 0.3}, {10, 0.3}, {1000, 0.3});
    CHECK(warm, {0, 0.4}, {1, 0.5}, {2, 0.6}, {3, 0.7}, {4, 0.8}, {5, 0.8}, {9, 0.8});
}

static void test_cosine(void)
{
    const VdtSchedule plain = {.kind = VDT_SCHEDULE_COSINE, .rate = 2, .steps = 12};
    const VdtSchedule whole = {
        .kind = VDT_SCHEDULE_COSINE, .rate = 1, .steps = 14, .warmup = 2, .final = 0.2};

    /* half of 1 + cos of 0, 60, 90, 120 and 180 degrees */
    CHECK(plain, {0, 2}, {4, 1.5}, {6, 1}, {8, 0.5}, {12, 0}, {13, 0});
    CHECK(whole, {0, 0}, {1, 0.5}, {2, 1}, {6, 0.8}, {8, 0.6}, {10, 0.4}, {14, 0.2}, {99, 0.2});
}

static void test_step(void)
{
    const VdtSchedule schedule = {.kind = VDT_SCHEDULE_STEP,
                                  .rate = 1,
                                  .steps = 20,
                                  .warmup = 4,
                                  .gamma = 0.5,
                                  .milestones = {8, 12, 13}};

    CHECK(schedule, {0, 0}, {3, 0.75}, {4, 1}, {7, 1}, {8, 0.5}, {11, 0.5}, {12, 0.25}, {13, 0.125},
          {19, 0.125}, {50, 0.125});
}

static void test_poly(void)
{
    const VdtSchedule schedule = {
        .kind = VDT_SCHEDULE_POLY, .rate = 4, .steps = 12, .warmup = 2, .final = 0.25, .power = 2};

    /* 1 + 3 * (1 - progress)^2 */
    CHECK(schedule, {2, 4}, {4, 2.92}, {7, 1.75}, {10, 1.12}, {11, 1.03}, {12, 1}, {20, 1});
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/schedule/constant", test_constant);
    g_test_add_func("/schedule/cosine", test_cosine);
    g_test_add_func("/schedule/step", test_step);
    g_test_add_func("/schedule/poly", test_poly);
    return g_test_run();
}
