/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names that are not ASCII, or not even UTF-8, in any locale; columns; progress on a terminal. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <pty.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "progress.h"
#include "score/tally.h"
#include "text.h"

#define IN_C_LOCALE "unset LANG LC_CTYPE; LC_ALL=C exec \"$@\""

static void test_names(void)
{
    const char *const names[][2] = {{"", ""},
                                    {"a.png", "a.png"},
                                    {"gr\303\266\303\237e", "gr\303\266\303\237e"},
                                    {"caf\xe9", "caf\\xe9"},
                                    {"\xff\xc3", "\\xff\\xc3"},
                                    {"\xe9\303\266\xe9x", "\\xe9\303\266\\xe9x"}};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *is = json_name(names[i][0]);
        g_assert_cmpstr(is, ==, names[i][1]);
    }
}

/* Wide characters take two columns, accents none of their own. */
static void test_columns(void)
{
    g_autofree char *padded = text_pad("\346\227\245\346\234\254", 6), *as_is = text_pad("abc", 2);
    g_autofree char *cut = text_cut("a\346\227\245\346\234\254", 4);
    g_autofree char *accent = text_cut("e\314\201x", 1);
    g_assert_cmpstr(padded, ==, "\346\227\245\346\234\254  ");
    g_assert_cmpstr(as_is, ==, "abc");
    g_assert_cmpstr(cut, ==, "a\346\227\245");
    g_assert_cmpstr(accent, ==, "e\314\201");
    g_assert_cmpuint(text_width("gr\303\266\303\237e"), ==, 5);
}

/* A line for programs is UTF-8 where there is no locale, and JSON for any name. */
static void test_json(void)
{
    const char *const names[][2] = {{"gr\303\266\303\237e.npy", "gr\303\266\303\237e.npy\""},
                                    {"caf\xe9.npy", "caf\\\\xe9.npy\""}};
    g_autofree char *array = NULL;
    gsize size;
    const char *model = small_model();
    VdtShape shape = vdt_shape(1, 3, 4, 48, 64);
    g_autoptr(VdtTensor) input = vdt_tensor_new(VDT_F32, &shape, NULL);
    vdt_tensor_fill_uniform(input, "input", -1, 1);
    g_assert_true(vdt_npy_save(input, in_folder("a.npy"), NULL));
    g_assert_true(g_file_get_contents(in_folder("a.npy"), &array, &size, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *path = in_folder(names[i][0]);
        g_assert_true(g_file_set_contents(path, array, size, NULL));
        g_auto(Outcome) o =
            in_shell(IN_C_LOCALE, "infer", "--model", model, "--input", path, "--json", NULL);
        g_assert_cmpint(o.status, ==, 0);
        g_assert_nonnull(strstr(o.out, names[i][1]));
        g_autoptr(JsonNode) node = json_from_string(o.out, NULL);
        g_assert_nonnull(node);
    }
    g_auto(Outcome) o =
        in_shell(IN_C_LOCALE, "inspect", "--json", in_folder("small/w.safetensors"), NULL);
    g_assert_cmpint(o.status, ==, 0);
}

/* Options that take names take any. */
static void test_options(void)
{
    const char *const folders[] = {"gr\303\266\303\237e", "caf\xe9"};
    const char *input = in_folder("a.npy");
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        const char *link = in_folder(folders[i]);
        g_assert_cmpint(symlink("small", link), ==, 0);
        g_auto(Outcome) o = in_shell(IN_C_LOCALE, "infer", "--model", link, "--input", input, NULL);
        if (o.status != 0)
            g_error("%s", o.err);
    }
    g_auto(Outcome) o = in_shell(IN_C_LOCALE, "train", "squeezetime", "--street", "--output",
                                 in_folder("out"), "--title", "caf\xe9", NULL);
    g_assert_cmpint(o.status, ==, 2);
    g_assert_nonnull(strstr(o.err, "--title takes"));
}

/* What a terminal of @columns is sent. */
static char *watch(guint columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    int ours, theirs, before = dup(STDERR_FILENO);
    g_assert_cmpint(openpty(&ours, &theirs, NULL, NULL, &size), ==, 0);
    dup2(theirs, STDERR_FILENO);
    Progress *progress = progress_new();
    progress_begin(progress, "training", "steps", 0, 1000);
    for (guint i = 0; i < 3; i++) {
        g_usleep(G_USEC_PER_SEC / 4);
        progress_update(progress, 100 * i, "loss 1.234, right 56.7 %, gr\303\266\303\237e");
    }
    progress_free(progress);
    dup2(before, STDERR_FILENO);
    close(before);
    close(theirs);
    char text[4096];
    gssize n = read(ours, text, sizeof text - 1);
    close(ours);
    g_assert_cmpint(n, >, 0);
    text[n] = '\0';
    return g_strdup(text);
}

static void test_progress(void)
{
    const guint columns[] = {200, 30, 12};
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++) {
        g_autofree char *text = watch(columns[i]);
        g_auto(GStrv) lines = g_strsplit(text, "\r", -1);
        guint n = 0;
        for (char **line = lines; *line != NULL; line++) {
            char *end = strstr(*line, "\033[K");
            if (end == NULL || end == *line)
                continue;
            *end = '\0';
            g_assert_cmpuint(text_width(*line), <, columns[i]);
            n++;
        }
        g_assert_cmpuint(n, >=, 2);
        g_assert_true((strstr(text, "left") != NULL) == (columns[i] == 200));
    }
}

/* Counting needs memory for what happens, not for what could. */
static void test_many_classes(void)
{
    const guint n = 100000;
    g_auto(GStrv) labels = g_new0(char *, n + 1);
    for (guint i = 0; i < n; i++)
        labels[i] = g_strdup_printf("%u", i);
    g_autofree double *scores = g_new0(double, n);
    g_autoptr(Tally) tally = tally_new(labels, n);
    for (guint i = 0; i < 3; i++) {
        const ClipInfo truth = {.label = n - 1, .condition = -1};
        scores[n - 1 - i % 2] = 1 + i;
        tally_add(tally, &truth, scores);
    }
    g_assert_cmpfloat_with_epsilon(tally_get_top1(tally), 2 / 3.0, 1e-12);
    g_autoptr(JsonObject) json = tally_to_json(tally);
    g_assert_false(json_object_has_member(json, "confusion"));
    JsonObject *last =
        json_object_get_object_member(json_object_get_object_member(json, "per_class"), "99999");
    g_assert_cmpint(json_object_get_int_member(last, "n"), ==, 3);
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    fixture_open(&argc, &argv);
    g_test_add_func("/text/names", test_names);
    g_test_add_func("/text/columns", test_columns);
    g_test_add_func("/text/json", test_json);
    g_test_add_func("/text/options", test_options);
    g_test_add_func("/text/progress", test_progress);
    g_test_add_func("/text/many-classes", test_many_classes);
    return fixture_close();
}
