/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "train/curve.h"

/* A curve goes on from its text as if it had not been written and read. */
static void test_again(void)
{
    g_autoptr(Curve) curve = curve_new(10), again = curve_new(10);
    for (guint step = 1; step <= 25; step++)
        curve_add_step(curve, step, step / 8.0, step * 2, 0.5, 4, 0.25);
    curve_add_validation(curve, 0.75, 0.5);
    g_autofree char *text = curve_to_text(curve);
    g_assert_true(curve_parse(again, text, 25));
    g_autofree char *same = curve_to_text(again);
    g_assert_cmpstr(same, ==, text);
    guint n;
    const CurveRow *rows = curve_get_rows(again, &n);
    g_assert_cmpuint(n, ==, 3);
    g_assert_cmpuint(rows[2].step, ==, 25);
    g_assert_cmpfloat(rows[2].score, ==, 0.5);
    g_assert_true(isnan(rows[1].score));
}

static void test_wrong(void)
{
#define HEAD "step\tepoch\tseconds\trate\tloss\tgradient\tval_loss\tval_score"
#define ROW  "1\t1\t1\t0.5\t4\t0.25\t-\t-"
    static const char *const good[] = {HEAD, HEAD "\n", HEAD "\n" ROW, HEAD "\n" ROW "\n",
                                       HEAD "\n\nmore"};
    static const char *const bad[] = {"",
                                      HEAD "s\n" ROW,
                                      HEAD "\n" ROW "\t",
                                      HEAD "\n" ROW "\n" ROW,
                                      HEAD "\n1\t1",
                                      HEAD "\n9\t1\t1\t0.5\t4\t0.25\t-\t-"};
    for (guint i = 0; i < G_N_ELEMENTS(good) + G_N_ELEMENTS(bad); i++) {
        const gboolean right = i < G_N_ELEMENTS(good);
        const char *text = right ? good[i] : bad[i - G_N_ELEMENTS(good)];
        g_autoptr(Curve) curve = curve_new(10);
        if (curve_parse(curve, text, 8) != right)
            g_error("%s", text);
    }
}

/* KB of addresses that the process ever had. */
static guint64 most_addresses(void)
{
    g_autofree char *status = NULL;
    g_assert_true(g_file_get_contents("/proc/self/status", &status, NULL, NULL));
    return g_ascii_strtoull(strstr(status, "VmPeak:") + strlen("VmPeak:"), NULL, 10);
}

/* Neither lines that nobody reads nor cells take more memory than the text has. */
static void test_long(void)
{
    for (const char *c = "\n\t"; *c != '\0'; c++) {
        g_autoptr(GString) text = g_string_new(HEAD "\n");
        for (guint i = 0; i < 4 << 20; i++)
            g_string_append_c(text, *c);
        g_autoptr(Curve) curve = curve_new(10);
        const guint64 before = most_addresses();
        curve_parse(curve, text->str, 8);
        g_assert_cmpuint(most_addresses() - before, <, 32 << 10);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/curve/again", test_again);
    g_test_add_func("/curve/wrong", test_wrong);
    g_test_add_func("/curve/long", test_long);
    return g_test_run();
}
