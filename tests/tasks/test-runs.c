/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes as runs, and runs that are none. */
#include <string.h>
#include <vedette/error.h>

#include "runs.h"

static void test_form(void)
{
    static const guint8 bytes[] = {7, 7, 7, 0, 255, 255}, expected[] = {7, 3, 0, 1, 255, 2};
    g_autofree guint8 *long_run = g_malloc0(300);
    g_autoptr(GByteArray) runs = vdt_runs_encode(bytes, sizeof bytes);
    g_autoptr(GByteArray) one = vdt_runs_encode(long_run, 300), none = vdt_runs_encode(bytes, 0);

    g_assert_cmpmem(runs->data, runs->len, expected, sizeof expected);
    g_assert_cmpmem(one->data, one->len, ((const guint8[]){0, 0x80 | 44, 2}), 3);
    g_assert_cmpuint(none->len, ==, 0);
}

static void test_round_trip(void)
{
    guint32 state = 1;

    for (gsize n = 1; n < 100000; n = n * 3 + 1) {
        g_autofree guint8 *bytes = g_malloc(n), *again = g_malloc(n);
        g_autoptr(GByteArray) runs = NULL;
        g_autoptr(GError) error = NULL;

        for (gsize i = 0; i < n; i++) {
            state = state * 1664525 + 1013904223;
            bytes[i] = i && state >> 24 ? bytes[i - 1] : (guint8)(state >> 16);
        }
        runs = vdt_runs_encode(bytes, n);
        g_assert_true(vdt_runs_decode(runs->data, runs->len, again, n, &error));
        g_assert_cmpmem(bytes, n, again, n);
    }
}

static void test_bad(void)
{
    static const struct {
        guint8 runs[14];
        gsize size;
    } cases[] = {
        {{0}, 0},
        {{1}, 1},
        {{1, 0}, 2},
        {{1, 5}, 2},
        {{1, 3}, 2},
        {{1, 0x84}, 2},
        {{1, 4, 2, 1}, 4},
        {{1, 4, 2}, 3},
        {{1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}, 14},
        {{1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f}, 10},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        guint8 bytes[4];

        g_assert_false(vdt_runs_decode(cases[i].runs, cases[i].size, bytes, 4, &error));
        g_assert_error(error, VDT_ERROR, VDT_ERROR_FORMAT);
    }
}

/* Whatever the bytes are, nothing is written past the end; what is accepted is read in full. */
static void test_noise(void)
{
    guint32 state = 20;
    guint good = 0;

    for (guint i = 0; i < 200000; i++) {
        guint8 runs[24], bytes[40];
        gsize size, n;

        state = state * 1664525 + 1013904223;
        size = (state >> 16) % (sizeof runs + 1);
        n = (state >> 24) % 32;
        for (gsize k = 0; k < size; k++) {
            state = state * 1664525 + 1013904223;
            /* small numbers, for the most part: they are lengths, now and then */
            runs[k] = (guint8)(state >> 16) >> (state >> 28);
        }
        memset(bytes, 0xa5, sizeof bytes);
        if (vdt_runs_decode(runs, size, bytes, n, NULL)) {
            g_autoptr(GByteArray) again = vdt_runs_encode(bytes, n);

            good++;
            g_assert_cmpuint(again->len, <=, size);
        }
        for (gsize k = n; k < sizeof bytes; k++)
            g_assert_cmpuint(bytes[k], ==, 0xa5);
    }
    g_assert_cmpuint(good, >, 100);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/runs/form", test_form);
    g_test_add_func("/runs/round-trip", test_round_trip);
    g_test_add_func("/runs/bad", test_bad);
    g_test_add_func("/runs/noise", test_noise);
    return g_test_run();
}
