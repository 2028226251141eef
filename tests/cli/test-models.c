/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette models: listed, added from files and servers that may mean harm, checked, removed. */
#include <glib/gstdio.h>
#include <math.h>
#include <pty.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "models/fetch.h"
#include "server.h"

#define FOLDER "VEDETTE_MODEL_PATH='%s' exec \"$@\""

/* A new, empty folder of models, in which they are looked for first. */
static const char *new_root(char **script)
{
    static guint n;
    g_autofree char *name = g_strdup_printf("root%u", n++);
    const char *root = in_folder(name);
    g_assert_cmpint(g_mkdir(root, 0700), ==, 0);
    *script = g_strdup_printf(FOLDER, root);
    return root;
}

static void expect_empty(const char *root)
{
    g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
    g_assert_nonnull(dir);
    g_assert_cmpstr(g_dir_read_name(dir), ==, NULL);
}

static const char *small_weights(void)
{
    small_model();
    return in_folder("small/w.safetensors");
}

static const char *small_labels(void)
{
    small_model();
    return in_folder("small/labels.txt");
}

#define ADD_SMALL                                                                                  \
    "--accept-licence", "--licence", "CC0-1.0", "--size", "64x48", "--labels", small_labels()

static char *add_small(const char *root, const char *name)
{
    g_auto(Outcome) o = vedette("models", "add", small_weights(), "--folder", root, "--name", name,
                                ADD_SMALL, NULL);
    if (o.status != 0)
        g_error("%s", o.err);
    return g_steal_pointer(&o.out);
}

static JsonObject *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &error);
    g_assert_no_error(error);
    return json_object_ref(json_node_get_object(node));
}

static JsonObject *nth_model(JsonObject *root, guint i)
{
    return json_array_get_object_element(json_object_get_array_member(root, "models"), i);
}

static char *hash_of(const char *path)
{
    g_autofree char *data = NULL;
    gsize n;
    g_assert_true(g_file_get_contents(path, &data, &n, NULL));
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guchar *)data, n);
}

static void test_help(void)
{
    g_auto(Outcome) all = vedette("models", "--help", NULL);
    g_assert_cmpint(all.status, ==, 0);
    g_assert_nonnull(strstr(all.out, "vedette models ACTION"));
    static const char *const actions[] = {"list", "add", "remove", "check"};
    for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
        g_autofree char *usage = g_strdup_printf("vedette models %s", actions[i]);
        g_auto(Outcome) o = vedette("models", actions[i], "--help", NULL);
        g_assert_cmpint(o.status, ==, 0);
        g_assert_nonnull(strstr(o.out, usage));
    }
    expect(2, "there is no action \"burn\"", "models", "burn", NULL);
    expect(2, "Actions:", "models", NULL);
}

/* A model is a folder with a card that says everything, is found, checked, and runs. */
static void test_add(void)
{
    g_autofree char *script = NULL;
    const char *root = new_root(&script);
    g_autofree char *said = add_small(root, "mine");
    g_autofree char *hash = hash_of(small_weights());
    g_assert_nonnull(strstr(said, hash));
    g_assert_nonnull(strstr(said, "a clip of 4 pictures of 64x48 takes "));
    g_autofree char *path = g_build_filename(root, "mine", "card.json", NULL);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_autoptr(JsonObject) card = parse(text);
    g_assert_cmpstr(json_object_get_string_member(card, "name"), ==, "mine");
    g_assert_cmpstr(json_object_get_string_member(card, "sha256"), ==, hash);
    g_assert_cmpstr(json_object_get_string_member(card, "licence"), ==, "CC0-1.0");
    g_assert_cmpstr(json_object_get_string_member(card, "weights"), ==, "weights.safetensors");
    g_assert_true(json_object_has_member(card, "config"));

    g_auto(Outcome) list = in_shell(script, "models", "list", "--json", NULL);
    g_autoptr(JsonObject) models = parse(list.out);
    JsonObject *mine = nth_model(models, 0);
    g_assert_cmpstr(json_object_get_string_member(mine, "name"), ==, "mine");
    g_assert_cmpstr(json_object_get_string_member(mine, "dtype"), ==, "float32");
    g_assert_true(json_object_get_boolean_member(mine, "complete"));
    g_assert_false(json_object_get_boolean_member(mine, "installed"));
    g_auto(Outcome) check = in_shell(script, "models", "check", "mine", NULL);
    g_assert_cmpint(check.status, ==, 0);
    g_assert_true(g_str_has_prefix(check.out, "mine: good  "));
    g_auto(Outcome) infer = in_shell(script, "infer", "--model", "mine", "--input", "street", NULL);
    g_assert_cmpint(infer.status, ==, 0);
    /* In the place of one that is there, nothing is put. */
    expect(1, "is there already", "models", "add", small_weights(), "--folder", root, "--name",
           "mine", ADD_SMALL, NULL);
}

/* The usual folder, made where it is missing; a link is the same file. */
static void test_places(void)
{
    g_autofree char *home =
        g_strdup_printf("XDG_DATA_HOME='%s' exec \"$@\"", in_folder("data-home"));
    g_auto(Outcome) o = in_shell(home, "models", "add", small_weights(), "--link", ADD_SMALL, NULL);
    g_assert_cmpint(o.status, ==, 0);
    struct stat a, b;
    g_assert_cmpint(stat(small_weights(), &a), ==, 0);
    g_assert_cmpint(
        stat(in_folder("data-home/vedette/models/squeezetime-custom/weights.safetensors"), &b), ==,
        0);
    g_assert_true(a.st_ino == b.st_ino);
    g_auto(Outcome) check = in_shell(home, "models", "check", "squeezetime-custom", NULL);
    g_assert_cmpint(check.status, ==, 0);
    /* Where nobody looks, it says so. */
    g_auto(Outcome) hidden = vedette("models", "add", small_weights(), "--folder",
                                     in_folder("aside"), "--name", "x", ADD_SMALL, NULL);
    g_assert_cmpint(hidden.status, ==, 0);
    g_assert_nonnull(strstr(hidden.err, "not looked for in that folder"));
}

/* What is wrong is found before anything is there. */
static void test_refused(void)
{
    g_autofree char *script = NULL;
    const char *root = new_root(&script);
    static const char *const names[] = {"../x", ".hidden", "", "a/b", "x.json", "a b", "\x1b[2J"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        expect(2, "--name is", "models", "add", small_weights(), "--folder", root, "--name",
               names[i], ADD_SMALL, NULL);
    expect(2, "--accept-licence is needed", "models", "add", small_weights(), "--folder", root,
           NULL);
    expect(2, "must be 64 hexadecimal digits", "models", "add", small_weights(), "--sha256", "12",
           ADD_SMALL, NULL);
    expect(2, "only http and https", "models", "add", "ftp://localhost/x", ADD_SMALL, NULL);
    expect(2, "only http and https", "models", "add", "file:///etc/passwd", ADD_SMALL, NULL);
    expect(2, "user or password", "models", "add", "http://u:hunter2@localhost/x", ADD_SMALL, NULL);
    expect(2, "--link needs a file", "models", "add", "http://localhost/x", "--link", ADD_SMALL,
           NULL);
    expect(2, "--sha256 is needed", "models", "add", "http://localhost/x", ADD_SMALL, NULL);
    expect(2, "without control characters", "models", "add", small_weights(), "--accept-licence",
           "--licence", "a\nb", NULL);

    g_autofree char *zeros = g_strnfill(64, '0');
    expect(1, "its SHA-256 is ", "models", "add", small_weights(), "--folder", root, "--sha256",
           zeros, ADD_SMALL, NULL);
    expect(1, "which is the limit", "models", "add", small_weights(), "--folder", root,
           "--max-size", "1K", ADD_SMALL, NULL);
    expect(1, "is neither a safetensors nor a PyTorch file", "models", "add", small_labels(),
           "--folder", root, ADD_SMALL, NULL);
    expect(1, "is not a regular file", "models", "add", "/dev/zero", "--folder", root, ADD_SMALL,
           NULL);
    expect(1, "tells 3 classes apart, whose names are not known", "models", "add", small_weights(),
           "--folder", root, "--accept-licence", "--size", "64x48", NULL);
    g_assert_true(g_file_set_contents(in_folder("two.txt"), "a\nb\n", -1, NULL));
    expect(1, "has 2 labels, but the network tells 3", "models", "add", small_weights(), "--folder",
           root, "--accept-licence", "--size", "64x48", "--labels", in_folder("two.txt"), NULL);
    expect(1, "no known architecture", "models", "add", in_folder("other.safetensors"), "--folder",
           root, ADD_SMALL, NULL);
    expect_empty(root);
}

static VdtWeights *load_small(void)
{
    g_autoptr(GError) error = NULL;
    VdtWeights *weights = vdt_weights_load(small_weights(), &error);
    g_assert_no_error(error);
    return weights;
}

static void save(VdtWeights *weights, const char *path)
{
    g_autoptr(GError) error = NULL;
    vdt_weights_save_safetensors(weights, path, &error);
    g_assert_no_error(error);
}

/* Labels and licence that the file carries; such that would have a parser recurse are none. */
static void test_metadata(void)
{
    g_autofree char *script = NULL;
    const char *root = new_root(&script), *path = in_folder("carries.safetensors");
    g_autoptr(VdtWeights) weights = load_small();
    vdt_weights_set_metadata(weights, "labels", "[\"walk\", \"run [fast]\", \"stand\"]");
    vdt_weights_set_metadata(weights, "license", "MIT");
    save(weights, path);
    g_auto(Outcome) o = vedette("models", "add", path, "--folder", root, "--name", "x",
                                "--accept-licence", "--size", "64x48", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_assert_nonnull(strstr(o.err, "licence: MIT (as the file says)"));
    g_autofree char *labels = NULL;
    g_autofree char *file = g_build_filename(root, "x", "labels.txt", NULL);
    g_assert_true(g_file_get_contents(file, &labels, NULL, NULL));
    g_assert_cmpstr(labels, ==, "walk\nrun [fast]\nstand\n");

    g_autofree char *deep = g_strnfill(200000, '[');
    vdt_weights_set_metadata(weights, "labels", deep);
    save(weights, path);
    expect(1, "whose names are not known", "models", "add", path, "--folder", root, "--name", "y",
           "--accept-licence", "--size", "64x48", NULL);
}

/* A published variant has the labels of its data set. */
static void test_published(void)
{
    g_autofree char *script = NULL;
    const char *root = new_root(&script);
    g_auto(Outcome) o = vedette("models", "add", picture_weights(), "--folder", root,
                                "--accept-licence", "--licence", "CC0-1.0", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_assert_nonnull(strstr(o.out, "tocom deit_t, "));
    g_autofree char *labels = g_build_filename(root, "tocom-deit_t", "labels.txt", NULL);
    g_assert_false(g_file_test(labels, G_FILE_TEST_EXISTS));
    g_auto(Outcome) check = in_shell(script, "models", "check", "tocom-deit_t", "--json", NULL);
    g_assert_cmpint(check.status, ==, 0);
    g_autoptr(JsonObject) models = parse(check.out);
    g_assert_true(json_object_get_boolean_member(nth_model(models, 0), "ok"));
    g_assert_true(json_object_get_boolean_member(nth_model(models, 0), "hash_stated"));
}

static void test_list(void)
{
    g_autofree char *first = NULL, *second = NULL;
    const char *a = new_root(&first), *b = new_root(&second);
    g_free(add_small(a, "same"));
    g_free(add_small(b, "same"));
    g_free(add_small(b, "torn"));
    g_autofree char *weights = g_build_filename(b, "torn", "weights.safetensors", NULL);
    g_unlink(weights);
    g_autofree char *both = g_strdup_printf("VEDETTE_MODEL_PATH='%s:%s:%s' exec \"$@\"", a, b, a);
    g_auto(Outcome) o = in_shell(both, "models", "list", "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonObject) models = parse(o.out);
    JsonObject *one = nth_model(models, 0), *other = nth_model(models, 1),
               *torn = nth_model(models, 2);
    g_autofree char *there = g_build_filename(a, "same", NULL);
    g_assert_false(json_object_has_member(one, "shadowed_by"));
    g_assert_cmpstr(json_object_get_string_member(other, "shadowed_by"), ==, there);
    g_assert_cmpstr(json_object_get_string_member(torn, "name"), ==, "torn");
    g_assert_false(json_object_get_boolean_member(torn, "complete"));
    g_assert_nonnull(strstr(json_object_get_string_member(torn, "reason"), "weights.safetensors"));
    JsonObject *street = nth_model(models, 3);
    g_assert_cmpstr(json_object_get_string_member(street, "name"), ==, "squeezetime-street");
    g_assert_true(json_object_get_boolean_member(street, "installed"));
    g_auto(Outcome) table = in_shell(both, "models", "list", NULL);
    g_assert_nonnull(strstr(table.out, "    shadowed by "));
    g_assert_nonnull(strstr(table.out, "    not complete: "));
}

static void test_check(void)
{
    g_autofree char *script = NULL;
    const char *root = new_root(&script);
    g_free(add_small(root, "x"));
    g_autofree char *path = g_build_filename(root, "x", "weights.safetensors", NULL);
    g_autofree char *labels = g_build_filename(root, "x", "labels.txt", NULL);
    /* Others, which run just as well. */
    g_autoptr(VdtWeights) weights = load_small();
    vdt_weights_set_metadata(weights, "more", "bytes");
    save(weights, path);
    g_auto(Outcome) other = in_shell(script, "models", "check", "x", NULL);
    g_assert_cmpint(other.status, ==, 1);
    g_assert_true(g_str_has_prefix(other.out, "x: wrong"));
    g_assert_nonnull(strstr(other.out, "but the card says "));
    g_assert_true(g_file_set_contents(labels, "a\nb\n", -1, NULL));
    g_auto(Outcome) few = in_shell(script, "models", "check", "x", NULL);
    g_assert_nonnull(strstr(few.out, "has 2 labels, but "));
    /* Weights that are numbers, and answers that are none. */
    g_assert_true(g_file_set_contents(labels, "a\nb\nc\n", -1, NULL));
    VdtTensor *head = vdt_weights_lookup(weights, "cls_head.fc_cls.weight");
    g_autoptr(VdtTensor) huge = vdt_tensor_new(VDT_F32, &head->shape, NULL);
    vdt_tensor_fill_uniform(huge, "x", 2e38, 3e38);
    vdt_weights_insert(weights, "cls_head.fc_cls.weight", huge);
    save(weights, path);
    g_auto(Outcome) wild = in_shell(script, "models", "check", "x", "--json", NULL);
    g_assert_cmpint(wild.status, ==, 1);
    g_assert_nonnull(strstr(wild.out, "of made-up input is "));
    /* Of maps, too. */
    static const char *const parts[] = {"card.json", "weights.safetensors", "labels.txt"};
    g_autofree char *maps = g_build_filename(root, "maps", NULL);
    g_assert_cmpint(g_mkdir(maps, 0700), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *from = g_test_build_filename(G_TEST_DIST, "models", "cgrseg", "models",
                                                      "cgrseg-street", parts[i], NULL);
        g_autofree char *to = g_build_filename(maps, parts[i], NULL), *data = NULL;
        gsize n;
        g_assert_true(g_file_get_contents(from, &data, &n, NULL));
        /* All names but the last one. */
        n -= g_str_has_suffix(to, ".txt") ? strlen("lamp\n") : 0;
        g_assert_true(g_file_set_contents(to, data, n, NULL));
    }
    g_auto(Outcome) eight = in_shell(script, "models", "check", "maps", NULL);
    g_assert_cmpint(eight.status, ==, 1);
    g_assert_nonnull(strstr(eight.out, "has 8 labels, but the network tells 9 classes apart"));
    g_auto(Outcome) none = in_shell(script, "models", "check", "nosuch", NULL);
    g_assert_cmpint(none.status, ==, 1);
    g_assert_nonnull(strstr(none.out, "no model \"nosuch\" is installed"));
    /* All that there are. */
    g_auto(Outcome) all = in_shell(script, "models", "check", NULL);
    g_assert_cmpint(all.status, ==, 1);
    g_assert_nonnull(strstr(all.out, "squeezetime-street: good"));
}

static void test_remove(void)
{
    g_autofree char *script = NULL;
    const char *root = new_root(&script);
    g_free(add_small(root, "x"));
    g_free(add_small(root, "kept"));
    static const char *const paths[] = {".", "..", "./x", "/etc", "x/", ""};
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
        expect(2, "paths are not removed", "models", "remove", paths[i], "--yes", NULL);
    expect(2, "--yes is needed", "models", "remove", "x", NULL);
    expect(1, "no model \"nosuch\"", "models", "remove", "nosuch", "--yes", NULL);
    /* A data directory stays one, however it is found. */
    const char *installed = in_folder("data/models");
    g_free(add_small(installed, "theirs"));
    static const char *const ways[] = {
        "VEDETTE_DATA_DIR='DATA' exec \"$@\"",
        "VEDETTE_DATA_DIR='DATA' VEDETTE_MODEL_PATH='DATA/models' exec \"$@\""};
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_auto(GStrv) parts = g_strsplit(ways[i], "='DATA", -1);
        g_autofree char *value = g_strconcat("='", in_folder("data"), NULL);
        g_autofree char *way = g_strjoinv(value, parts);
        g_auto(Outcome) still = in_shell(way, "models", "remove", "theirs", "--yes", NULL);
        g_assert_cmpint(still.status, ==, 1);
        g_assert_nonnull(strstr(still.err, "came with a package"));
    }

    g_autofree char *folder = g_build_filename(root, "x", NULL);
    g_autofree char *notes = g_build_filename(root, "kept", "notes", NULL);
    g_autofree char *card = g_build_filename(root, "kept", "card.json", NULL);
    g_assert_true(g_file_set_contents(notes, "x", 1, NULL));
    if (geteuid() == 0) {
        g_assert_cmpint(chown(folder, 65534, 65534), ==, 0);
        g_auto(Outcome) foreign = in_shell(script, "models", "remove", "x", "--yes", NULL);
        g_assert_cmpint(foreign.status, ==, 1);
        g_assert_nonnull(strstr(foreign.err, "of another user"));
        g_assert_cmpint(chown(folder, 0, 0), ==, 0);
    }
    g_auto(Outcome) gone = in_shell(script, "models", "remove", "x", "--yes", NULL);
    g_assert_cmpint(gone.status, ==, 0);
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
    g_auto(Outcome) rest = in_shell(script, "models", "remove", "kept", "--yes", NULL);
    g_assert_cmpint(rest.status, ==, 0);
    g_assert_nonnull(strstr(rest.err, "stays, with other files"));
    g_assert_false(g_file_test(card, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(notes, G_FILE_TEST_EXISTS));
}

/* Pages of the server; their bodies are the weights. */
enum { GOOD, LONG, SHORT, ENDLESS, SLOW, N_WITH_BODY = 5 };
static Page pages[] = {
    [GOOD] = {"/good", "HTTP/1.1 200 OK\r\nConnection: close"},
    [LONG] = {"/long", NULL},
    [SHORT] = {"/short", NULL},
    [ENDLESS] = {"/endless", "HTTP/1.1 200 OK\r\nConnection: close", .endless = TRUE},
    [SLOW] = {"/slow", "HTTP/1.1 200 OK\r\nConnection: close", .pause = 100},
    {"/huge", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999"},
    {"/moved", "HTTP/1.1 302 Found\r\nLocation: /good?token=hunter2\r\nContent-Length: 0"},
    {"/good?token=hunter2", "HTTP/1.1 301 Moved\r\nLocation: good\r\nContent-Length: 0"},
    {"/loop", "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0"},
    {"/file", "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0"},
    {"/nowhere", "HTTP/1.1 302 Found\r\nContent-Length: 0"},
    {"/gone", "HTTP/1.1 404 Not Found\r\nContent-Length: 0"},
    {"/garbage", "SSH-2.0-OpenSSH_9.2"},
    {"/drip", "HTTP/1.1 200 OK\r\nConnection: close", "x", 1, .endless = TRUE, .pause = 50},
    {"/silent", NULL},
    {NULL},
};

static guint port(void)
{
    static guint opened;
    if (opened > 0)
        return opened;
    char *data;
    gsize n;
    g_assert_true(g_file_get_contents(small_weights(), &data, &n, NULL));
    for (guint i = 0; i < N_WITH_BODY; i++) {
        pages[i].body = data;
        pages[i].n = n;
    }
    pages[LONG].head = g_strdup_printf(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %" G_GSIZE_FORMAT, n + 1);
    pages[SHORT].head =
        g_strdup_printf("HTTP/1.1 200 OK\r\nContent-Length: %" G_GSIZE_FORMAT, n - 1);
    return opened = server_start("127.0.0.1", pages);
}

static char *url(const char *path)
{
    return g_strdup_printf("http://127.0.0.1:%u%s", port(), path);
}

static void test_fetched(void)
{
    g_autofree char *script = NULL;
    const char *root = new_root(&script);
    g_autofree char *hash = hash_of(small_weights()), *moved = url("/moved");
    g_auto(Outcome) o = vedette("models", "add", moved, "--folder", root, "--name", "x", "--sha256",
                                hash, ADD_SMALL, NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_assert_null(strstr(o.err, "hunter2"));
    g_autofree char *path = g_build_filename(root, "x", "card.json", NULL);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_autoptr(JsonObject) card = parse(text);
    g_assert_cmpstr(json_object_get_string_member(card, "origin"), ==, moved);
    g_assert_cmpstr(json_object_get_string_member(card, "sha256"), ==, hash);
}

/* Servers that lie, or never end: nothing stays. */
static void test_servers(void)
{
    static const char *const wrong[][2] = {
        {"/long", NULL},
        {"/short", "its SHA-256 is "},
        {"/endless", "which is the limit"},
        {"/huge", "the limit is 8388608"},
        {"/loop", "leads on more than 8 times"},
        {"/file", "leads on to an address of file"},
        {"/nowhere", "leads on to an address that is none"},
        {"/gone", "status 404"},
        {"/garbage", NULL},
        {"/unknown", NULL},
    };
    g_autofree char *script = NULL;
    const char *root = new_root(&script);
    g_autofree char *hash = hash_of(small_weights());
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *address = url(wrong[i][0]);
        expect(1, wrong[i][1], "models", "add", address, "--folder", root, "--sha256", hash,
               "--max-size", "8M", ADD_SMALL, NULL);
    }
    expect_empty(root);
}

/* What is asked for in private is not had in public. */
static void test_follow(void)
{
    static const struct {
        const char *from, *location, *to;
    } cases[] = {
        {"https://a.example/x/y", "z", "https://a.example/x/z"},
        {"https://a.example/x", "//b.example/z", "https://b.example/z"},
        {"http://a.example/x", "https://b.example/z", "https://b.example/z"},
        {"http://a.example/x", "http://b.example/z", "http://b.example/z"},
        {"https://a.example/x", "http://a.example/x", NULL},
        {"https://a.example/x", "HTTP://a.example/x", NULL},
        {"http://a.example/x", "gopher://a.example/x", NULL},
        {"http://a.example/x", "http://u:p@a.example/x", NULL},
        {"http://a.example/x", "http:///x", NULL},
        {"http://a.example/x", NULL, NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GUri) from = g_uri_parse(cases[i].from, G_URI_FLAGS_NONE, NULL);
        g_autoptr(GUri) to = fetch_follow(from, cases[i].location, &error);
        g_autofree char *text = to != NULL ? g_uri_to_string(to) : NULL;
        g_assert_cmpstr(text, ==, cases[i].to);
        g_assert_true((to == NULL) == (error != NULL));
    }
}

/* Servers that take their time. */
static void test_patience(void)
{
    static const char *const wrong[][2] = {{"/drip", "less than a KiB"},
                                           {"/silent", "the server does not answer"}};
    const FetchLimits limits = {1 << 20, 1};
    g_autoptr(Progress) progress = progress_new();
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *address = url(wrong[i][0]);
        g_autofree char *hash =
            fetch_url(address, in_folder(wrong[i][0] + 1), &limits, progress, NULL, &error);
        g_assert_null(hash);
        g_assert_nonnull(strstr(error->message, wrong[i][1]));
        g_assert_true(g_str_has_prefix(error->message, address));
    }
}

/* Starts adding from a slow server; returns once bytes have come. */
static GPid begin_slow(const char *root)
{
    g_autofree char *hash = hash_of(small_weights()), *slow = url("/slow");
    const char *argv[] = {g_getenv("VEDETTE_EXE"),
                          "models",
                          "add",
                          slow,
                          "--folder",
                          root,
                          "--name",
                          "x",
                          "--sha256",
                          hash,
                          ADD_SMALL,
                          NULL};
    GPid pid;
    g_assert_true(g_spawn_async(NULL, (char **)argv, NULL,
                                G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                                &pid, NULL));
    for (guint i = 0; i < 1000; i++) {
        g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
        const char *name = g_dir_read_name(dir);
        g_autofree char *file = name != NULL ? g_build_filename(root, name, "weights", NULL) : NULL;
        struct stat s;
        if (file != NULL && stat(file, &s) == 0 && s.st_size > 0)
            return pid;
        g_usleep(10000);
    }
    g_error("nothing came");
}

/* Names in a folder, hidden ones, too. */
static guint count(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint n = 0;
    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

/* Killed or interrupted, it leaves no model; what a kill leaves, the next one removes. */
static void test_killed(void)
{
    g_autofree char *script = NULL;
    const char *root = new_root(&script);
    int status;
    GPid pid = begin_slow(root);
    kill(pid, SIGTERM);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGTERM);
    expect_empty(root);
    pid = begin_slow(root);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    g_auto(Outcome) o = in_shell(script, "models", "list", NULL);
    g_assert_null(strstr(o.out, root));
    g_assert_cmpuint(count(root), ==, 1);
    g_free(add_small(root, "x"));
    g_assert_cmpuint(count(root), ==, 1);
    /* While one is at work, another does not take its folder for a leftover. */
    g_autofree char *other = NULL;
    const char *busy = new_root(&other);
    pid = begin_slow(busy);
    g_free(add_small(busy, "y"));
    g_assert_cmpuint(count(busy), ==, 2);
    kill(pid, SIGTERM);
    waitpid(pid, &status, 0);
}

/* Somebody at a terminal, who answers each question with the next of @answers. Status; what was
 * shown is *shown. */
static int at_terminal(const char *const *argv, const char *answers, char **shown)
{
    int terminal, status;
    pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        execv(argv[0], (char **)argv);
        _exit(127);
    }
    GString *text = g_string_new(NULL);
    char some[1024];
    gssize n;
    while ((n = read(terminal, some, sizeof some)) > 0) {
        g_string_append_len(text, some, n);
        if (*answers == '\0' ||
            (!g_str_has_suffix(text->str, "[y/N] ") && !g_str_has_suffix(text->str, "a line: ")))
            continue;
        gsize length = strcspn(answers, "\n") + 1;
        g_assert_cmpint(write(terminal, answers, length), ==, length);
        answers += length;
    }
    close(terminal);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    *shown = g_string_free(text, FALSE);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_asks(void)
{
    int ends[2];
    if (openpty(&ends[0], &ends[1], NULL, NULL, NULL) != 0) {
        g_test_skip("there are no terminals");
        return;
    }
    close(ends[0]);
    close(ends[1]);
    g_autofree char *script = NULL;
    const char *root = new_root(&script);
    g_autofree char *good = url("/good"), *hash = hash_of(small_weights());
    const char *argv[] = {g_getenv("VEDETTE_EXE"),
                          "models",
                          "add",
                          good,
                          "--folder",
                          root,
                          "--name",
                          "x",
                          "--size",
                          "64x48",
                          NULL};
    g_autofree char *no = NULL, *later = NULL, *end = NULL, *yes = NULL;
    g_assert_cmpint(at_terminal(argv, "n\n", &no), ==, 1);
    g_assert_nonnull(strstr(no, hash));
    g_assert_nonnull(strstr(no, "its hash was not confirmed"));
    g_autofree char *refuses = g_strdup_printf("y\n%s\n\n", small_labels());
    g_assert_cmpint(at_terminal(argv, refuses, &later), ==, 1);
    g_assert_nonnull(strstr(later, "its licence was not accepted"));
    g_assert_cmpint(at_terminal(argv, "\004\n", &end), ==, 1);
    g_assert_nonnull(strstr(end, "there was no answer"));
    expect_empty(root);
    g_autofree char *agrees = g_strdup_printf("y\n%s\nYES\n", small_labels());
    g_assert_cmpint(at_terminal(argv, agrees, &yes), ==, 0);
    g_assert_nonnull(strstr(yes, "licence: not stated"));
    g_autofree char *card = g_build_filename(root, "x", "card.json", NULL);
    g_assert_true(g_file_test(card, G_FILE_TEST_EXISTS));
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_setenv("no_proxy", "127.0.0.1", TRUE);
    g_autoptr(VdtWeights) none = vdt_weights_new();
    VdtShape shape = vdt_shape(2);
    g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
    vdt_weights_insert(none, "something", tensor);
    save(none, in_folder("other.safetensors"));
    g_test_add_func("/models/help", test_help);
    g_test_add_func("/models/add", test_add);
    g_test_add_func("/models/places", test_places);
    g_test_add_func("/models/refused", test_refused);
    g_test_add_func("/models/metadata", test_metadata);
    g_test_add_func("/models/published", test_published);
    g_test_add_func("/models/list", test_list);
    g_test_add_func("/models/check", test_check);
    g_test_add_func("/models/remove", test_remove);
    g_test_add_func("/models/fetched", test_fetched);
    g_test_add_func("/models/servers", test_servers);
    g_test_add_func("/models/follow", test_follow);
    g_test_add_func("/models/patience", test_patience);
    g_test_add_func("/models/killed", test_killed);
    g_test_add_func("/models/asks", test_asks);
    return fixture_close();
}
