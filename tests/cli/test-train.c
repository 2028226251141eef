/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette train: what it leaves, that it is the same each time, what it refuses. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "card.h"
#include "files.h"
#include "fixture.h"
#include "training.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED TRUE
#else
#define SANITIZED FALSE
#endif

static char *path_in(const char *folder, const char *name)
{
    return g_build_filename(in_folder(folder), name, NULL);
}

static char *contents(const char *folder, const char *name, gsize *size)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = path_in(folder, name);
    char *text;
    g_file_get_contents(path, &text, size, &error);
    g_assert_no_error(error);
    return text;
}

static void put(const char *name, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_file_set_contents(in_folder(name), text, -1, &error);
    g_assert_no_error(error);
}

static void assert_same_weights(const char *a, const char *b)
{
    gsize size_a, size_b;
    g_autofree char *text_a = contents(a, "weights.safetensors", &size_a);
    g_autofree char *text_b = contents(b, "weights.safetensors", &size_b);
    g_assert_cmpmem(text_a, size_a, text_b, size_b);
}

/* Status and messages of a run. */
static void check(Outcome outcome, int status, const char *says)
{
    g_auto(Outcome) o = outcome;
    if (o.status != status || (says != NULL && strstr(o.err, says) == NULL))
        g_error("status %d, not %d, or no \"%s\" in:\n%s%s", o.status, status,
                says != NULL ? says : "", o.out, o.err);
}

/* All files are there and say what they should. */
static void test_result(void)
{
    g_autoptr(GError) error = NULL;
    expect(0, "validation:", TRAIN_TINY, in_folder("result"), ON_STREET, "--epochs", "2",
           "--cache-folder", in_folder("cache"), NULL);
    g_autofree char *path = path_in("result", "card.json");
    g_autoptr(JsonObject) config = NULL;
    g_autoptr(VdtCard) card = vdt_card_load(path, &config, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(card->name, ==, "result");
    g_assert_cmpuint(card->n_labels, ==, 12);
    g_assert_cmpstr(card->labels[8], ==, "leave-bag");
    g_assert_cmpuint(card->width, ==, 32);
    g_assert_cmpuint(card->frames, ==, 4);
    g_assert_cmpfloat(card->window, ==, 2.4);
    g_autoptr(JsonObject) json = vdt_json_load(path, 1 << 20, &error);
    g_assert_no_error(error);
    JsonObject *training = json_object_get_object_member(json, "training");
    g_assert_true(g_str_has_prefix(json_object_get_string_member(training, "command"),
                                   "vedette train squeezetime --config "));
    g_assert_cmpint(json_object_get_int_member(training, "seed"), ==, 1);
    g_assert_cmpint(json_object_get_int_member(training, "steps"), ==, 6);
    g_assert_true(json_object_has_member(training, "world_version"));
    g_assert_true(json_object_has_member(training, "validation"));

    gsize size;
    g_autofree char *curve = contents("result", "curve.tsv", &size);
    g_auto(GStrv) lines = g_strsplit(curve, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 6 + 2);
    g_assert_true(g_str_has_prefix(lines[6], "6\t2.000\t"));
    g_assert_false(g_str_has_suffix(lines[6], "-"));
    g_autofree char *picture = contents("result", "curve.png", &size);
    g_assert_cmpmem(picture, 8, "\x89PNG\r\n\x1a\n", 8);
    /* Half floats, unless it is said otherwise. */
    g_autofree char *file = path_in("result", "weights.safetensors");
    g_autoptr(VdtWeights) weights = vdt_weights_load(file, &error);
    g_assert_no_error(error);
    g_assert_cmpint(vdt_weights_lookup(weights, "cls_head.fc_cls.weight")->dtype, ==, VDT_F16);
    g_assert_cmpint(vdt_weights_lookup(weights, "cls_head.fc_cls.bias")->dtype, ==, VDT_F32);
    g_autofree char *bytes = contents("result", "weights.safetensors", &size);
    g_autofree char *hash =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, size);
    g_assert_cmpstr(card->sha256, ==, hash);
}

/* The path of the one shard that a set of the cache has. */
static char *find_shard(const char *set_with)
{
    g_autofree char *sets = path_in("cache", "clips");
    g_autoptr(GDir) dir = g_dir_open(sets, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *key = g_build_filename(sets, name, "key.txt", NULL), *text = NULL;
        g_assert_true(g_file_get_contents(key, &text, NULL, NULL));
        if (strstr(text, set_with) != NULL)
            return g_build_filename(sets, name, "00000.clips", NULL);
    }
    g_assert_not_reached();
}

/* Drawn clips are found again; damaged ones are drawn again; either way the result is the same. */
static void test_cache(void)
{
    const char *cache = in_folder("cache");
    expect(0, NULL, TRAIN_TINY, in_folder("cached"), ON_STREET, "--epochs", "2", "--cache-folder",
           cache, NULL);
    assert_same_weights("result", "cached");
    g_autofree char *shard = find_shard("seed: 1\n");
    gsize size, size_again;
    g_autofree char *whole = NULL, *again = NULL;
    g_assert_true(g_file_get_contents(shard, &whole, &size, NULL));
    g_assert_cmpuint(size, ==, 4096 + 24 * 4 * 32 * 32 * 3);
    const struct {
        gsize size, flip;
    } damages[] = {{size, size / 2}, {size, 3}, {size, 9}, {size - 1, 0}, {100, 0}, {0, 0}};
    for (guint i = 0; i < G_N_ELEMENTS(damages); i++) {
        g_autofree char *text = g_memdup2(whole, size);
        text[damages[i].flip] ^= 1;
        g_assert_true(g_file_set_contents(shard, text, damages[i].size, NULL));
        expect(0, NULL, TRAIN_TINY, in_folder("cached"), ON_STREET, "--epochs", "1",
               "--cache-folder", cache, "--overwrite", NULL);
        g_clear_pointer(&again, g_free);
        g_assert_true(g_file_get_contents(shard, &again, &size_again, NULL));
        g_assert_cmpmem(again, size_again, whole, size);
    }
    /* In memory. */
    expect(0, NULL, TRAIN_TINY, in_folder("uncached"), ON_STREET, "--epochs", "2", "--no-cache",
           NULL);
    assert_same_weights("result", "uncached");
    expect(1, "need 0.00 GiB of cache, but --cache-size is", TRAIN_TINY, in_folder("small-cache"),
           ON_STREET, "--cache-folder", cache, "--cache-size", "1K", NULL);
    /* Room is made by what was not used for the longest time. */
    expect(0, NULL, TRAIN_TINY, in_folder("other-seed"), ON_STREET, "--epochs", "1", "--seed", "2",
           "--cache-folder", cache, "--cache-size", "500K", NULL);
    g_assert_false(g_file_test(shard, G_FILE_TEST_EXISTS));
}

static GSubprocess *start(const char *folder, const char *epochs, const char *crop)
{
    g_autoptr(GError) error = NULL;
    const char *argv[] = {g_getenv("VEDETTE_EXE"),
                          TRAIN_TINY,
                          in_folder(folder),
                          ON_STREET,
                          "--epochs",
                          epochs,
                          "--size",
                          "48x40",
                          "--crop",
                          crop,
                          "--crop-share",
                          "0.5",
                          "--whole-batch",
                          "3",
                          "--endless",
                          "3",
                          "--no-cache",
                          "--checkpoint-every",
                          "0",
                          "--resume",
                          NULL};
    GSubprocess *process = g_subprocess_newv(
        argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
    g_assert_no_error(error);
    return process;
}

/* Waits for steps of a run, at most half a minute. */
static void wait_for_checkpoint(const char *folder)
{
    g_autofree char *path = path_in(folder, "checkpoint.safetensors");
    GStatBuf before = {0}, now;
    gboolean was = g_stat(path, &before) == 0;
    for (int i = 0; i < 3000; i++) {
        if (g_stat(path, &now) == 0 && (!was || now.st_ino != before.st_ino))
            return;
        g_usleep(10000);
    }
    g_assert_not_reached();
}

/* However often it is killed, at whatever moment, the result is that of an undisturbed run. Half of
 * it is trained on windows. */
static void test_killed(void)
{
    expect(0, "killed: 4x32x32, ", TRAIN_TINY, in_folder("whole/killed"), ON_STREET, "--epochs",
           "20", "--size", "48x40", "--crop", "32x32", "--crop-share", "0.5", "--whole-batch", "3",
           "--endless", "3", "--no-cache", NULL);
    for (int i = 0; i < 4; i++) {
        g_autoptr(GSubprocess) process = start("killed", "20", "32x32");
        wait_for_checkpoint("killed");
        g_usleep(g_random_int_range(0, 300000));
        g_subprocess_send_signal(process, i == 3 ? SIGTERM : SIGKILL);
        g_subprocess_wait(process, NULL, NULL);
    }
    g_autoptr(GSubprocess) last = start("killed", "20", "32x32");
    g_assert_true(g_subprocess_wait_check(last, NULL, NULL));
    assert_same_weights("whole/killed", "killed");
    g_autofree char *folder = g_strdup(in_folder("killed"));
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        g_assert_false(g_pattern_match_simple("checkpoint.safetensors.*", name));
}

/* Ctrl-C, or a terminal that goes away: it saves and says how to go on. */
static void interrupt(const char *folder, int signal)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process = start(folder, "5000", "none");
    g_autofree char *says = NULL;
    wait_for_checkpoint(folder);
    g_usleep(300000);
    g_subprocess_send_signal(process, signal);
    g_subprocess_communicate_utf8(process, NULL, NULL, NULL, &says, &error);
    g_assert_no_error(error);
    g_assert_true(g_subprocess_get_if_exited(process));
    g_assert_cmpint(g_subprocess_get_exit_status(process), ==, 128 + signal);
    g_assert_nonnull(strstr(says, "--resume goes on from there"));
}

static void test_interrupted(void)
{
    interrupt("stopped", SIGINT);
    interrupt("hung-up", SIGHUP);
}

/* A loss curve that nobody could draw, and times that are none: refused at once. */
static void test_damaged_curve(void)
{
    static const struct {
        const char *key, *to, *says;
    } damages[] = {
        {"vedette.curve", "\n1\tinf\t1\t1\t1\t1\t-\t-\n", "loss curve is damaged"},
        {"vedette.curve", "\n1\t1e300\t1\t1\t1\t1\t-\t-\n", "loss curve is damaged"},
        {"vedette.curve", "\n1\t-1\t1\t1\t1\t1\t-\t-\n", "loss curve is damaged"},
        {"vedette.curve", "\n1\tnan\t1\t1\t1\t1\t-\t-\n", "loss curve is damaged"},
        {"vedette.curve", "\n1\t1x\t1\t1\t1\t1\t-\t-\n", "loss curve is damaged"},
        {"vedette.curve", "\n1\t1\t1\t1\t1\t1\t-\n", "loss curve is damaged"},
        {"vedette.curve", "\n0\t1\t1\t1\t1\t1\t-\t-\n", "loss curve is damaged"},
        {"vedette.curve", "\n99\t1\t1\t1\t1\t1\t-\t-\n", "loss curve is damaged"},
        {"step", "4", "its step is 4, but this training has 3"},
        {"step", "-1", "its step is no number"},
        {"vedette.seconds", "1e999", "must be 0 to 1000000000 seconds"},
        {"vedette.seconds", "-5", "must be 0 to 1000000000 seconds"},
    };
    g_autoptr(GError) error = NULL;
    g_autofree char *path = path_in("damaged", "checkpoint.safetensors");
    expect(0, NULL, TRAIN_TINY, in_folder("damaged"), ON_STREET, "--epochs", "1", "--no-cache",
           NULL);
    for (guint i = 0; i < G_N_ELEMENTS(damages); i++) {
        g_autoptr(VdtWeights) checkpoint = vdt_weights_load(path, &error);
        g_assert_no_error(error);
        g_autofree char *whole = g_strdup(vdt_weights_get_metadata(checkpoint, damages[i].key));
        g_autofree char *head = g_strndup(whole, strcspn(whole, "\n"));
        g_autofree char *damaged = *damages[i].to == '\n' ? g_strconcat(head, damages[i].to, NULL)
                                                          : g_strdup(damages[i].to);
        vdt_weights_set_metadata(checkpoint, damages[i].key, damaged);
        g_assert_true(vdt_weights_save_safetensors(checkpoint, path, &error));
        expect(1, damages[i].says, TRAIN_TINY, in_folder("damaged"), ON_STREET, "--epochs", "1",
               "--no-cache", "--resume", NULL);
        vdt_weights_set_metadata(checkpoint, damages[i].key, whole);
        g_assert_true(vdt_weights_save_safetensors(checkpoint, path, &error));
    }
    expect(0, NULL, TRAIN_TINY, in_folder("damaged"), ON_STREET, "--epochs", "1", "--no-cache",
           "--resume", NULL);
}

static void test_foreign(void)
{
    expect(0, NULL, TRAIN_TINY, in_folder("mine"), ON_STREET, "--epochs", "1", "--no-cache", NULL);
    expect(1, "there is a training already", TRAIN_TINY, in_folder("mine"), ON_STREET, NULL);
    g_auto(Outcome) o =
        vedette("train", "squeezetime", "--config",
                "{\"block\": \"basic\", \"layers\": [1, 1, 1, 1], \"planes\": [4, "
                "4, 4, 8], \"pos_dim\": [7, 7, 7, 7], \"frames\": 4}",
                "--size", "40x32", "--batch", "4", "--seed", "5", "--output", in_folder("mine"),
                ON_STREET, "--epochs", "1", "--no-cache", "--resume", NULL);
    g_assert_cmpint(o.status, ==, 1);
    static const char *const listed[] = {"config block: \"bottleneck\" there, \"basic\" here",
                                         "config planes: ",
                                         "data size: 32x32 there, 40x32 here",
                                         "seed: 1 there, 5 here",
                                         "batch: 8 there, 4 here",
                                         "steps: 3 there, 6 here"};
    for (guint i = 0; i < G_N_ELEMENTS(listed); i++)
        if (strstr(o.err, listed[i]) == NULL)
            g_error("\"%s\" is not in:\n%s", listed[i], o.err);

    /* Of another world: as if it had been. */
    gsize size;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = path_in("mine", "checkpoint.safetensors");
    g_autoptr(VdtWeights) checkpoint = vdt_weights_load(path, &error);
    g_assert_no_error(error);
    g_autofree char *description =
        g_strdup(vdt_weights_get_metadata(checkpoint, "vedette.training"));
    char *world = strstr(description, "data world: ");
    g_assert_nonnull(world);
    world[12] = '0';
    vdt_weights_set_metadata(checkpoint, "vedette.training", description);
    vdt_weights_save_safetensors(checkpoint, path, &error);
    g_assert_no_error(error);
    expect(1, "data world: 0, looks ", TRAIN_TINY, in_folder("mine"), ON_STREET, "--epochs", "1",
           "--no-cache", "--resume", NULL);
    /* No checkpoint; cut short. */
    g_autofree char *text = contents("mine", "checkpoint.safetensors", &size);
    g_autofree char *weights = path_in("mine", "weights.safetensors");
    g_assert_cmpint(g_rename(weights, path), ==, 0);
    expect(1, "is no checkpoint of a training", TRAIN_TINY, in_folder("mine"), ON_STREET,
           "--epochs", "1", "--no-cache", "--resume", NULL);
    g_assert_true(g_file_set_contents(path, text, size / 2, NULL));
    expect(1, "checkpoint.safetensors", TRAIN_TINY, in_folder("mine"), ON_STREET, "--epochs", "1",
           "--no-cache", "--resume", NULL);
    expect(0, NULL, TRAIN_TINY, in_folder("mine"), ON_STREET, "--epochs", "1", "--no-cache",
           "--overwrite", NULL);
}

/* Numbers that run away stop it; the last good checkpoint stays and can be read. */
static void test_not_finite(void)
{
    g_auto(Outcome) o =
        vedette(TRAIN_TINY, in_folder("diverged"), ON_STREET, "--epochs", "40", "--no-cache",
                "--rate", "1e6", "--optimizer", "sgd", "--clip", "0", "--warmup", "0", NULL);
    g_assert_cmpint(o.status, ==, 1);
    g_assert_nonnull(strstr(o.err, "step 2: the loss is"));
    g_autofree char *path = path_in("diverged", "checkpoint.safetensors");
    g_autofree char *weights = path_in("diverged", "weights.safetensors");
    expect(0, NULL, "inspect", path, NULL);
    g_assert_false(g_file_test(weights, G_FILE_TEST_EXISTS));
}

/* A disk that is full: what was there stays. */
static void test_full_disk(void)
{
    const char *limited = "trap '' XFSZ; ulimit -f 8; exec \"$@\"";
    expect(0, NULL, TRAIN_TINY, in_folder("full"), ON_STREET, "--epochs", "1", "--no-cache", NULL);
    gsize size, size_after;
    g_autofree char *before = contents("full", "checkpoint.safetensors", &size);
    check(in_shell(limited, TRAIN_TINY, in_folder("full"), ON_STREET, "--epochs", "1", "--no-cache",
                   "--resume", NULL),
          1, "checkpoint.safetensors: cannot write: File too large");
    g_autofree char *after = contents("full", "checkpoint.safetensors", &size_after);
    g_assert_cmpmem(before, size, after, size_after);
    check(in_shell(limited, TRAIN_TINY, in_folder("full-cache"), ON_STREET, "--cache-folder",
                   in_folder("full-cache"), NULL),
          1, "the cache of clips: ");
}

static gboolean have_videos(void)
{
    if (make_video("ball.avi", "videotestsrc num-buffers=40 pattern=ball ! "
                               "video/x-raw,width=64,height=48,framerate=25/1") == NULL) {
        g_test_skip("no gst-launch-1.0 with JPEG and AVI");
        return FALSE;
    }
    g_assert_nonnull(make_video("snow.avi", "videotestsrc num-buffers=30 pattern=snow ! "
                                            "video/x-raw,width=64,height=48,framerate=25/1"));
    g_assert_nonnull(make_video("short.avi", "videotestsrc num-buffers=3 ! "
                                             "video/x-raw,width=64,height=48,framerate=25/1"));
    return TRUE;
}

/* Fine-tuning on a folder, from a model with other classes. */
static void test_folder(void)
{
    if (!have_videos())
        return;
    g_autofree char *start_from = path_in("result", "weights.safetensors");
    put("train.csv", "path,label\nball.avi,ball\n# a remark\nsnow.avi, snow\nball.avi,ball\n"
                     "snow.avi,snow\n");
    put("val.csv", "ball.avi,0\nsnow.avi,1\n");
    expect(0, "the head begins anew", TRAIN_TINY, in_folder("tuned"), "--data", in_folder("."),
           "--weights", start_from, "--epochs", "2", "--no-cache", "--backbone-rate", "0.1", NULL);
    gsize size;
    g_autofree char *labels = contents("tuned", "labels.txt", &size);
    g_assert_cmpstr(labels, ==, "ball\nsnow\n");
    g_autofree char *card = path_in("tuned", "card.json");
    expect(0, NULL, "eval", "squeezetime", "--data", in_folder("."), "--model", card, NULL);
    expect(0, NULL, "eval", "squeezetime", "--data", in_folder("."), "--csv", "train.csv",
           "--model", card, "--views", "test", "--json", NULL);
    /* The same classes: nothing begins anew. */
    g_autofree char *tuned = path_in("tuned", "weights.safetensors");
    g_auto(Outcome) o = vedette(TRAIN_TINY, in_folder("again"), "--data", in_folder("."),
                                "--weights", tuned, "--epochs", "1", "--no-cache", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_assert_null(strstr(o.err, "anew"));
}

/* A folder as it is typed, and a model that nobody asked to be replaced. */
static void test_places(void)
{
    if (!have_videos())
        return;
    put("train.csv", "ball.avi,ball\nsnow.avi,snow\n");
    put("val.csv", "ball.avi,0\nsnow.avi,1\n");
    g_autofree char *there = g_strdup_printf("cd '%s' && exec \"$@\"", in_folder("."));
    check(
        in_shell(there, TRAIN_TINY, "relative", "--data", ".", "--epochs", "1", "--no-cache", NULL),
        0, NULL);
    check(in_shell(there, "eval", "squeezetime", "--data", ".", "--model", "./relative", NULL), 0,
          NULL);
    expect(2, "--output and --data are one folder", TRAIN_TINY, in_folder("."), "--data",
           in_folder("./."), NULL);
    gsize size, size_after;
    g_autofree char *before = contents("relative", "weights.safetensors", &size);
    g_autofree char *checkpoint = path_in("relative", "checkpoint.safetensors");
    g_assert_cmpint(g_unlink(checkpoint), ==, 0);
    const char *const options[] = {NULL, "--resume"};
    for (guint i = 0; i < G_N_ELEMENTS(options); i++)
        expect(1, "the folder holds a model already", TRAIN_TINY, in_folder("relative"), ON_STREET,
               "--no-cache", options[i], NULL);
    g_autofree char *after = contents("relative", "weights.safetensors", &size_after);
    g_assert_cmpmem(before, size, after, size_after);
    expect(0, NULL, TRAIN_TINY, in_folder("relative"), ON_STREET, "--no-cache", "--overwrite",
           "--epochs", "1", NULL);
}

/* Lists as other systems' programs write them, and names that two classes have. */
static void test_lists(void)
{
    if (!have_videos())
        return;
    g_autofree char *lists = g_strdup(in_folder("lists"));
    g_assert_cmpint(g_mkdir(lists, 0700), ==, 0);
    put("lists/train.csv", "\xef\xbb\xbfpath,label\r\n../ball.avi,ball\r\n../snow.avi,snow\r\n");
    put("lists/labels.txt", "ball\r\nsnow\r\n");
    gsize size;
    for (guint i = 0; i < 2; i++) {
        expect(0, NULL, TRAIN_TINY, in_folder("listed"), "--data", lists, "--epochs", "1",
               "--no-cache", "--overwrite", NULL);
        g_autofree char *labels = contents("listed", "labels.txt", &size);
        g_assert_cmpstr(labels, ==, "ball\nsnow\n");
        g_unlink(in_folder("lists/labels.txt")); /* the second time, by the list alone */
    }
    put("lists/labels.txt", "ball\nball\nsnow\n");
    expect(1, "train.csv:2: two classes have the name \"ball\"", TRAIN_TINY, in_folder("listed"),
           "--data", lists, "--no-cache", "--overwrite", NULL);
    put("lists/train.csv", "../ball.avi,0\n../ball.avi,1\n../snow.avi,snow\n");
    put("lists/val.csv", "../ball.avi,1\n");
    expect(0, "classes 0 and 1 are both called \"ball\"", TRAIN_TINY, in_folder("listed"), "--data",
           lists, "--epochs", "1", "--no-cache", "--overwrite", NULL);
    g_auto(Outcome) o = vedette("eval", "squeezetime", "--data", lists, "--model",
                                in_folder("listed/card.json"), "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_assert_nonnull(strstr(o.out, "\"ball (1)\": {\"n\": 1"));

    g_autoptr(GString) many = g_string_new(NULL);
    for (guint i = 0; i <= 1000000; i++)
        g_string_append(many, "a,0\n");
    put("lists/train.csv", many->str);
    expect(1, "train.csv: has more than 1000000 lines", TRAIN_TINY, in_folder("listed"), "--data",
           lists, "--no-cache", "--overwrite", NULL);
}

/* A data set that was moved, or copied anew, is the same; one with another video is not. */
static void test_identity(void)
{
    if (!have_videos())
        return;
    g_autofree char *script =
        g_strdup_printf("cd '%s' && rm -rf set moved && mkdir set && cp ball.avi snow.avi set && "
                        "printf 'ball.avi,ball\\nsnow.avi,snow\\n' > set/train.csv && exec \"$@\"",
                        in_folder("."));
    g_autofree char *start_from = path_in("result", "weights.safetensors");
    check(in_shell(script, TRAIN_TINY, "same", "--data", "set", "--epochs", "1", "--no-cache",
                   "--weights", start_from, NULL),
          0, NULL);
    g_autofree char *moved =
        g_strdup_printf("cd '%s' && mv set moved && touch -d 2001-01-01 moved/* "
                        "&& cp '%s' start.safetensors && exec \"$@\"",
                        in_folder("."), start_from);
    check(in_shell(moved, TRAIN_TINY, "same", "--data", in_folder("moved"), "--epochs", "1",
                   "--no-cache", "--weights", "start.safetensors", "--resume", NULL),
          0, "going on after step 1");
    g_autofree char *other = g_strdup_printf(
        "cd '%s' && cp moved/snow.avi moved/ball.avi && exec \"$@\"", in_folder("."));
    check(in_shell(other, TRAIN_TINY, "same", "--data", "moved", "--epochs", "1", "--no-cache",
                   "--weights", "start.safetensors", "--resume", NULL),
          1, "data files: ");
}

/* A quick training leaves out what pays off only later; what is given beside it counts. */
static void test_quick(void)
{
    g_autoptr(GError) error = NULL;
    expect(0, NULL, TRAIN_TINY, in_folder("quick"), "--street", "--quick", "--clips", "24",
           "--validation-clips", "12", "--epochs", "1", "--average", "0.5", "--no-cache", NULL);
    g_autofree char *path = path_in("quick", "checkpoint.safetensors");
    g_autoptr(VdtWeights) checkpoint = vdt_weights_load(path, &error);
    g_assert_no_error(error);
    const char *description = vdt_weights_get_metadata(checkpoint, "vedette.training");
    static const char *const lines[] = {"data clips: 24\n", "label smoothing 0, dropout 0\n",
                                        "average 0.5,", "noise 0\n"};
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
        if (strstr(description, lines[i]) == NULL)
            g_error("\"%s\" is not in:\n%s", lines[i], description);
    expect(2, "--quick belongs to --street", TRAIN_TINY, in_folder("quick"), "--quick", "--data",
           in_folder("."), NULL);
}

/* Processor time of all programs that have ended. */
static double seconds_of_programs(void)
{
    struct rusage usage;
    g_assert_cmpint(getrusage(RUSAGE_CHILDREN, &usage), ==, 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* By itself it shows that there is something to learn, in what two cores do in two minutes: of
 * twelve actions guesses get one right. */
static void test_quick_learns(void)
{
    if (g_getenv("VEDETTE_SOAK") == NULL || SANITIZED) {
        g_test_skip("takes minutes: VEDETTE_SOAK is not set, or there is a sanitizer");
        return;
    }
    const double before = seconds_of_programs();
    g_auto(Outcome) o = vedette("train", "squeezetime", "--street", "--quick", "--no-cache",
                                "--output", in_folder("learned"), NULL);
    g_assert_cmpint(o.status, ==, 0);
    const char *says = strstr(o.err, "validation: ");
    for (const char *next = says; next != NULL; next = strstr(next + 1, "validation: "))
        says = next;
    const double took = seconds_of_programs() - before;
    g_test_message("%.1f s of processor time; %.60s", took, says);
    g_assert_cmpfloat(g_ascii_strtod(says + strlen("validation: "), NULL), >, 25);
    g_assert_cmpfloat(took, <, 240);
}

/* Of two trainings in one folder the second is refused, whatever it was told. */
static void test_locked(void)
{
    g_autoptr(GSubprocess) process = start("shared", "5000", "none");
    wait_for_checkpoint("shared");
    expect(1, "another training is writing to this folder", TRAIN_TINY, in_folder("shared"),
           ON_STREET, "--no-cache", "--overwrite", NULL);
    g_subprocess_send_signal(process, SIGTERM);
    g_subprocess_wait(process, NULL, NULL);
    g_autofree char *path = path_in("shared", "weights.safetensors");
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void expect_lines(const char *const *lines, Outcome outcome)
{
    g_auto(Outcome) o = outcome;
    g_assert_cmpint(o.status, ==, 1);
    for (; *lines != NULL; lines++)
        if (strstr(o.err, *lines) == NULL)
            g_error("\"%s\" is not in:\n%s", *lines, o.err);
}

/* Everything that is wrong with a list is said at once. */
static void test_bad_folder(void)
{
    if (!have_videos())
        return;
    const char *data = in_folder(".");
    put("empty.avi", "");
    put("noise.avi", "this is no video");
    put("labels.txt", "ball\nsnow\n");
    put("val.csv", "ball.avi,ball\n");
    put("train.csv", "ball.avi,ball\nmissing.avi,ball\nempty.avi,snow\nball.avi,cat\n.,snow\n"
                     "ball.avi,2\n");
    expect_lines((const char *[]){"5 lines of", "train.csv:2: missing.avi: there is no such file",
                                  "train.csv:3: empty.avi: is empty",
                                  "train.csv:4: there is no class \"cat\"",
                                  "train.csv:5: .: is not a file",
                                  "train.csv:6: there is no class \"2\"", NULL},
                 vedette(TRAIN_TINY, in_folder("bad"), "--data", data, "--no-cache", NULL));
    put("train.csv", "ball.avi,ball\nnoise.avi,snow\nshort.avi,snow\n");
    expect_lines((const char *[]){"2 of the clips cannot be used", "train.csv:2: ", "noise.avi",
                                  "train.csv:3: ",
                                  "short.avi: is too short: 3 pictures, and a "
                                  "clip has 4",
                                  NULL},
                 vedette(TRAIN_TINY, in_folder("bad"), "--data", data, "--no-cache", NULL));
    put("train.csv", "ball.avi,ball\nno comma\n,ball\nball.avi,\n");
    expect_lines((const char *[]){"train.csv:2: is not \"path,label\"",
                                  "train.csv:3: is not \"path,label\"",
                                  "train.csv:4: is not \"path,label\"", NULL},
                 vedette(TRAIN_TINY, in_folder("bad"), "--data", data, "--no-cache", NULL));
    put("train.csv", "# nothing\n\n");
    expect(1, "no clips are listed", TRAIN_TINY, in_folder("bad"), "--data", data, NULL);
    put("train.csv", "ball.avi,ball\n");
    put("val.csv", "ball.avi,dog\n");
    expect(1, "val.csv:1: there is no class \"dog\"", TRAIN_TINY, in_folder("bad"), "--data", data,
           "--no-cache", NULL);
    put("val.csv", "ball.avi,ball\n");
    expect(2, "--batch is 8, but there are only 4 clips", TRAIN_TINY, in_folder("bad"), "--data",
           data, "--no-cache", NULL);
    expect(1, "train.csv", TRAIN_TINY, in_folder("bad"), "--data", in_folder("nowhere"), NULL);
    g_unlink(in_folder("labels.txt"));
}

static void test_usage(void)
{
    const char *out = in_folder("usage");
    expect(2, "either --street or --data", TRAIN_TINY, out, NULL);
    expect(2, "--output is needed", "train", "squeezetime", "--street", NULL);
    expect(2, "an argument is missing", "train", "--street", "--output", out, NULL);
    expect(1, "vgg", "train", "vgg", "--street", "--output", out, NULL);
    expect(2, "kept for evaluation", TRAIN_TINY, out, ON_STREET, "--seed", "9000", NULL);
    expect(2, "kept for validation", TRAIN_TINY, out, ON_STREET, "--seed", "8000", NULL);
    expect(2, "--size is", TRAIN_TINY, out, ON_STREET, "--size", "32", NULL);
    expect(2, "--crop is", TRAIN_TINY, out, ON_STREET, "--crop", "half", NULL);
    expect(2, "--crop is 48x16, but the pictures are only 32x32", TRAIN_TINY, out, ON_STREET,
           "--crop", "48x16", NULL);
    expect(2, "--endless is -1", TRAIN_TINY, out, ON_STREET, "--endless", "-1", NULL);
    expect(2, "--crop-share is 2", TRAIN_TINY, out, ON_STREET, "--crop-share", "2", NULL);
    expect(2, "--whole-batch is 9, but must be from 1 to 8", TRAIN_TINY, out, ON_STREET,
           "--whole-batch", "9", NULL);
    expect(2, "--optimizer is", TRAIN_TINY, out, ON_STREET, "--optimizer", "lion", NULL);
    expect(2, "--milestones", TRAIN_TINY, out, ON_STREET, "--schedule", "step", NULL);
    expect(2, "--augment is", TRAIN_TINY, out, ON_STREET, "--augment", "flip=2", NULL);
    expect(2, "--cache-size is", TRAIN_TINY, out, ON_STREET, "--cache-size", "4 apples", NULL);
    expect(2, "--dropout is 1, but must be", TRAIN_TINY, out, ON_STREET, "--dropout", "1", NULL);
    expect(2, "--coded is 1", TRAIN_TINY, out, ON_STREET, "--coded", "1", NULL);
    expect(1, "r50-k400", "train", "squeezetime", "--config", "huge", "--output", out, ON_STREET,
           NULL);
    expect(1, "--config has \"plane\", but a squeezetime is described by depth, ", "train",
           "squeezetime", "--config", "{\"plane\": 3}", "--output", out, ON_STREET, "--no-cache",
           NULL);
    expect(1, "\"planes\"", "train", "squeezetime", "--config", "{\"planes\": 3}", "--output", out,
           ON_STREET, "--no-cache", NULL);
    g_autofree char *weights = path_in("result", "weights.safetensors");
    expect(1, "tensors do not fit the network:", "train", "squeezetime", "--config", "small",
           "--size", "32x32", "--weights", weights, "--output", out, ON_STREET, "--no-cache",
           "--batch", "8", NULL);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/train/result", test_result);
    g_test_add_func("/train/cache", test_cache);
    g_test_add_func("/train/killed", test_killed);
    g_test_add_func("/train/interrupted", test_interrupted);
    g_test_add_func("/train/damaged-curve", test_damaged_curve);
    g_test_add_func("/train/foreign", test_foreign);
    g_test_add_func("/train/not-finite", test_not_finite);
    g_test_add_func("/train/full-disk", test_full_disk);
    g_test_add_func("/train/folder", test_folder);
    g_test_add_func("/train/places", test_places);
    g_test_add_func("/train/quick", test_quick);
    g_test_add_func("/train/quick-learns", test_quick_learns);
    g_test_add_func("/train/lists", test_lists);
    g_test_add_func("/train/identity", test_identity);
    g_test_add_func("/train/locked", test_locked);
    g_test_add_func("/train/bad-folder", test_bad_folder);
    g_test_add_func("/train/usage", test_usage);
    return fixture_close();
}
