/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where commands write: what they leave alone, what they refuse, and when they find out. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "fixture.h"

#define EVAL_STREET                                                                                \
    "eval", "squeezetime", "--street", "--clips", "2", "--coded", "0", "--model",                  \
        "squeezetime-street"
#define MAPS "infer", "--model", "cgrseg-street", "--input"

static const char *picture(void)
{
    const char *path = in_folder("street.png");
    g_autofree char *from =
        g_test_build_filename(G_TEST_DIST, "docs", "pictures", "street-day.png", NULL);
    g_autofree char *text = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(from, &text, &size, NULL) &&
                  g_file_set_contents(path, text, size, NULL));
    return path;
}

static void assert_same(const char *a, const char *b)
{
    g_autofree char *x = NULL, *y = NULL;
    gsize size_x, size_y;
    g_assert_true(g_file_get_contents(a, &x, &size_x, NULL) &&
                  g_file_get_contents(b, &y, &size_y, NULL));
    g_assert_cmpmem(x, size_x, y, size_y);
}

/* A device that is always full: one of our own where it can be made, since that of the machine
 * would be lost if this went wrong. */
static const char *full_device(void)
{
    const char *own = in_folder("full");
    return g_file_test(own, G_FILE_TEST_EXISTS) || mknod(own, S_IFCHR | 0666, makedev(1, 7)) == 0
               ? own
               : "/dev/full";
}

/* A pipe, a link and stdout are written to. */
static void test_answers(void)
{
    const char *plain = in_folder("plain.tsv"), *link = in_folder("link.tsv");
    const char *pipe = in_folder("pipe.tsv"), *named = in_folder("named.tsv");
    expect(0, NULL, EVAL_STREET, "--answers", plain, NULL);
    g_assert_cmpint(symlink("named.tsv", link), ==, 0);
    expect(0, NULL, EVAL_STREET, "--answers", link, NULL);
    g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    assert_same(named, plain);
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    g_autofree char *script =
        g_strdup_printf("cat %s > %s.read & \"$@\"; s=$?; wait; exit $s", pipe, pipe);
    g_auto(Outcome) o = in_shell(script, EVAL_STREET, "--answers", pipe, NULL);
    g_assert_cmpint(o.status, ==, 0);
    assert_same(in_folder("pipe.tsv.read"), plain);
    g_assert_false(g_file_test(pipe, G_FILE_TEST_IS_REGULAR));
    g_auto(Outcome) both = vedette(EVAL_STREET, "--answers", "/dev/stdout", NULL);
    g_autofree char *answers = NULL;
    g_assert_true(g_file_get_contents(plain, &answers, NULL, NULL));
    g_assert_cmpint(both.status, ==, 0);
    g_assert_nonnull(strstr(both.out, "top-1"));
    g_assert_true(g_str_has_suffix(both.out, answers));
}

/* What cannot be written is found out before the work. */
static void test_early(void)
{
    const char *const options[][2] = {{"--answers", in_folder("nowhere/a.tsv")},
                                      {"--record", in_folder("nowhere/card.json")}};
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        g_auto(Outcome) o = vedette("eval", "squeezetime", "--street", "--clips", "1000000",
                                    "--coded", "0", options[i][0], options[i][1], NULL);
        g_assert_cmpint(o.status, ==, 1);
        g_assert_nonnull(strstr(o.err, options[i][1]));
    }
    const char *const kept[][2] = {{"--output", in_folder("nowhere/map.png")},
                                   {"--overlay", in_folder("nowhere/a.png")},
                                   {"--overlay", in_folder("nowhere/a.mkv")},
                                   {"--output", in_folder("nowhere/a.npy")}};
    for (guint i = 0; i < G_N_ELEMENTS(kept); i++)
        expect(1, kept[i][1], MAPS, "street:1", kept[i][0], kept[i][1], NULL);
    const char *full_png = in_folder("full.png");
    g_assert_cmpint(symlink(full_device(), full_png), ==, 0);
    g_auto(Outcome) map = vedette(MAPS, "street:1", "--output", full_png, NULL);
    g_assert_cmpint(map.status, ==, 1);
    g_assert_nonnull(strstr(map.out, "mean IoU"));
    g_assert_nonnull(strstr(map.err, "full.png: cannot write"));
    /* If that only shows in the end, the scores have been printed. */
    g_auto(Outcome) full = vedette(EVAL_STREET, "--answers", full_device(), NULL);
    g_assert_cmpint(full.status, ==, 1);
    g_assert_nonnull(strstr(full.out, "top-1"));
    g_assert_nonnull(strstr(full.err, "full: cannot write"));
    g_assert_false(g_file_test(full_device(), G_FILE_TEST_IS_REGULAR));
    expect(2, "--answers is for clips", "eval", "cgrseg", "--street", "--clips", "1", "--coded",
           "0", "--answers", in_folder("maps.tsv"), NULL);
}

/* Nothing is written over what is read. */
static void test_input(void)
{
    const char *input = picture(), *kept = in_folder("kept.png"), *link = in_folder("same.png");
    g_assert_cmpint(g_rename(input, kept), ==, 0);
    input = picture();
    g_assert_cmpint(symlink("street.png", link), ==, 0);
    g_autofree char *uri = g_filename_to_uri(input, NULL, NULL);
    expect(1, "is the input; --output would", MAPS, input, "--output", input, NULL);
    expect(1, "is the input; --output would", MAPS, link, "--output", input, NULL);
    expect(1, "is the input; --overlay would", MAPS, uri, "--overlay", input, NULL);
    expect(2, "both --output and --overlay", MAPS, kept, "--output", in_folder("both.png"),
           "--overlay", in_folder("./both.png"), NULL);
    g_assert_false(g_file_test(in_folder("both.png"), G_FILE_TEST_EXISTS));
    assert_same(input, kept);
    const char *weights = k400_weights();
    expect(1, "is the input", "convert", weights, weights, "--dtype", "bf16", NULL);
    expect(1, "is the input; --answers would", EVAL_STREET, "--weights", weights, "--answers",
           weights, NULL);
}

/* What is written without norms has none, and what has none to fold is not written. */
static void test_folded(void)
{
    const char *weights = k400_weights(), *out = in_folder("folded.safetensors");
    expect(1, "has no norms that fold", "convert", "--fold", weights, out, NULL);
    g_assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
    expect(2, "--fold writes weights", "convert", "--fold", weights, in_folder("folded.npy"), NULL);
    g_auto(Outcome) o =
        vedette("convert", "--fold", golden_case_of("slab", "slab_pvt-64-batch2"), out, NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_auto(Outcome) listed = vedette("inspect", out, NULL);
    g_assert_nonnull(strstr(listed.out, "block1.0.attn.q.weight"));
    g_assert_null(strstr(listed.out, "norm"));
}

/* A pipe can be read once only. */
static void test_from_pipe(void)
{
    g_auto(Outcome) file = vedette(MAPS, picture(), NULL);
    g_autofree char *script = g_strdup_printf("cat %s | \"$@\"", picture());
    g_auto(Outcome) o = in_shell(script, MAPS, "/dev/stdin", NULL);
    if (o.status != 0)
        g_error("%s", o.err);
    g_assert_cmpstr(o.out, ==, file.out);
}

/* A film that is not finished leaves what was there. */
static void test_film(void)
{
    const char *video = some_video(), *film = in_folder("film.mp4");
    if (video == NULL) {
        g_test_skip("no gst-launch-1.0 with JPEG and AVI");
        return;
    }
    g_assert_true(g_file_set_contents(film, "an older film", -1, NULL));
    g_auto(Outcome) o =
        in_shell("trap '' XFSZ; ulimit -f 8; exec \"$@\"", MAPS, video, "--overlay", film, NULL);
    if (strstr(o.err, "no H.264 encoder") == NULL) {
        g_assert_cmpint(o.status, ==, 1);
        g_autofree char *text = NULL;
        g_assert_true(g_file_get_contents(film, &text, NULL, NULL));
        g_assert_cmpstr(text, ==, "an older film");
        g_assert_cmpint(symlink("film.mp4", in_folder("link.mp4")), ==, 0);
        expect(0, NULL, MAPS, video, "--overlay", in_folder("link.mp4"), NULL);
        g_assert_true(g_file_test(in_folder("link.mp4"), G_FILE_TEST_IS_SYMLINK));
        g_clear_pointer(&text, g_free);
        g_assert_true(g_file_get_contents(film, &text, NULL, NULL));
        g_assert_cmpmem(text + 4, 4, "ftyp", 4);
    }
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/outputs/answers", test_answers);
    g_test_add_func("/outputs/early", test_early);
    g_test_add_func("/outputs/input", test_input);
    g_test_add_func("/outputs/folded", test_folded);
    g_test_add_func("/outputs/from-pipe", test_from_pipe);
    g_test_add_func("/outputs/film", test_film);
    return fixture_close();
}
