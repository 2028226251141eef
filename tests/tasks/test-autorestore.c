/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which restoration goes on by what a network says of pictures. */
#include "autorestore.h"

#include <math.h>
#include <string.h>

/* Two classes of another question come first. */
static char *labels[] = {"day", "night", "noise", "rain", "dark", "clean", NULL};
static VdtCardGroup groups[] = {{"light", 0, 2}, {"restoration", 2, 4}};
static const VdtCard card = {
    .name = "n", .labels = labels, .n_labels = 6, .groups = groups, .n_groups = 2};
static const char *const can[] = {"dark", "rain", "haze", "noise", NULL};
/* By the index in the list above. */
enum { NOTHING = -1, DARK = 0, RAIN = 1, NOISE = 3 };
static const VdtAutoRestoreOptions options = {{0.6, 0.2}, .begin_after = 3, .end_after = 2};

/* One result, as tenths: noise, rain, dark, clean. */
static int follow(VdtAutoRestore *self, const char *tenths)
{
    double scores[6] = {0.9, 0.1};

    for (guint i = 0; i < 4; i++)
        scores[2 + i] = tenths[i] == 'x' ? NAN : (tenths[i] - '0') / 10.;
    return vdt_auto_restore_follow(self, scores);
}

static VdtAutoRestore init(const VdtAutoRestoreOptions *how)
{
    g_autoptr(GError) error = NULL;
    VdtAutoRestore self;

    g_assert_true(vdt_auto_restore_init(&self, how, &card, can, &error));
    g_assert_no_error(error);
    return self;
}

static void test_sequences(void)
{
    static const struct {
        const char *what, *results;
        int expected[16];
    } cases[] = {
        {"clean", "0109 1009 0019 2008", {-1, -1, -1, -1}},
        {"rain sets in", "0109 0802 0802 0802 0802", {-1, -1, -1, RAIN, RAIN}},
        {"two odd pictures", "0802 0802 0109 0802 0802", {-1, -1, -1, -1, -1}},
        {"the night comes", "0802 0802 0802 0190 0190 0190", {-1, -1, RAIN, RAIN, RAIN, DARK}},
        {"it clears up", "0802 0802 0802 0109 0802 0109 0109", {-1, -1, 1, 1, 1, 1, -1}},
        {"below the threshold it goes on", "8002 8002 8002 5005 4404 4005", {-1, -1, 3, 3, 3, 3}},
        {"but not far below", "8002 8002 8002 3007 3007", {-1, -1, NOISE, NOISE, NOTHING}},
        {"no numbers", "0802 0802 0802 xxxx xxxx 0x02 xxxx", {-1, -1, 1, 1, 1, 1, 1}},
        {"no numbers from the start", "xxxx xxxx xxxx xxxx", {-1, -1, -1, -1}},
        {"turns", "8002 0802 8002 0802 8002 0802", {-1, -1, -1, -1, -1, -1}},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        VdtAutoRestore self = init(&options);
        g_auto(GStrv) results = g_strsplit(cases[i].results, " ", -1);
        for (guint k = 0; results[k] != NULL; k++) {
            int got = follow(&self, results[k]);
            if (got != cases[i].expected[k])
                g_error("%s, result %u: %d, not %d", cases[i].what, k, got, cases[i].expected[k]);
        }
    }
}

static void test_reset(void)
{
    VdtAutoRestore self = init(&options);

    for (guint i = 0; i < 3; i++)
        follow(&self, "0802");
    g_assert_cmpint(follow(&self, "0802"), ==, RAIN);
    vdt_auto_restore_reset(&self);
    g_assert_cmpint(follow(&self, "0802"), ==, NOTHING);

    VdtAutoRestoreOptions at_once = options;
    at_once.begin_after = at_once.end_after = 0;
    self = init(&at_once);
    g_assert_cmpint(follow(&self, "0802"), ==, RAIN);
    g_assert_cmpint(follow(&self, "0109"), ==, NOTHING);
}

static void refuse(const VdtCard *other, const char *const *restorations, const char *message)
{
    g_autoptr(GError) error = NULL;
    VdtAutoRestore self;

    g_assert_false(vdt_auto_restore_init(&self, &options, other, restorations, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_MODEL);
    g_assert_true(g_pattern_match_simple(message, error->message));
}

static void test_cards(void)
{
    static const char *const few[] = {"dark", NULL}, *const none[] = {"haze", NULL};
    static const char *const nothing[] = {NULL};
    static char *unclean[] = {"day", "night", "noise", "rain", "dark", "fine", NULL};
    char *many[VDT_AUTO_RESTORE_MAX + 2] = {NULL};
    VdtCardGroup all = {"restoration", 0, VDT_AUTO_RESTORE_MAX + 1};
    VdtAutoRestore self;

    refuse(&(VdtCard){.name = "n"}, can, "n: *\"restoration\"*");
    refuse(&(VdtCard){.name = "n", .path = "/p", .labels = labels, .groups = groups, .n_groups = 1},
           can, "/p: *\"restoration\"*");
    refuse(&(VdtCard){.name = "n", .labels = unclean, .groups = groups, .n_groups = 2}, can,
           "*\"clean\"*");
    refuse(&card, none, "*restorer*");
    refuse(&card, nothing, "*restorer*");
    for (guint i = 0; i <= VDT_AUTO_RESTORE_MAX; i++)
        many[i] = "rain";
    refuse(&(VdtCard){.name = "n", .labels = many, .groups = &all, .n_groups = 1}, can, "*16*");

    /* What the restorer cannot do does not begin. */
    g_assert_true(vdt_auto_restore_init(&self, &options, &card, few, NULL));
    for (guint i = 0; i < 5; i++)
        g_assert_cmpint(follow(&self, "0802"), ==, -1);
    for (guint i = 0; i < 2; i++)
        g_assert_cmpint(follow(&self, "0082"), ==, -1);
    g_assert_cmpint(follow(&self, "0082"), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tasks/autorestore/sequences", test_sequences);
    g_test_add_func("/tasks/autorestore/reset", test_reset);
    g_test_add_func("/tasks/autorestore/cards", test_cards);
    return g_test_run();
}
