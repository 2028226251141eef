/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette serve --check-config, and what is generated out of the table of keys. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#include "config/keytable.h"
#include "fixture.h"

#define STREET "[stream]\nsource=street:///\nexpected-size=640x360\n"

typedef struct {
    int status;
    char *out, *err;
} Outcome;

static void outcome_clear(Outcome *o)
{
    g_free(o->out);
    g_free(o->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

/* vedette serve with these arguments, NULL-terminated. */
static Outcome serve(const char *first, ...) G_GNUC_NULL_TERMINATED;
static Outcome serve(const char *first, ...)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    Outcome o = {0};
    int status;
    va_list args;
    g_ptr_array_add(argv, (char *)g_getenv("VEDETTE_EXE"));
    g_ptr_array_add(argv, "serve");
    va_start(args, first);
    for (const char *each = first; each != NULL; each = va_arg(args, const char *))
        g_ptr_array_add(argv, (char *)each);
    va_end(args);
    g_ptr_array_add(argv, NULL);
    g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &o.out, &o.err,
                 &status, &error);
    g_assert_no_error(error);
    o.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return o;
}

static void test_good(void)
{
    fixture_files("vedette.conf", "[service]\nmemory-limit=2G\n", "streams.d/front.conf",
                  STREET "[recognizer]\n", "streams.d/yard.conf", STREET "[recognizer]\n", NULL);
    g_autofree char *folder = g_strdup(fixture_path(""));
    g_auto(Outcome) o = serve("--check-config", "--config", folder, NULL);
    g_assert_cmpstr(o.err, ==, "");
    g_assert_cmpint(o.status, ==, 0);
    g_assert_nonnull(strstr(o.out, "weights squeezetime-street f32"));
    g_assert_nonnull(strstr(o.out, "for 2 analysers"));
    g_assert_nonnull(strstr(o.out, "stream front"));
    g_assert_nonnull(strstr(o.out, "of 2G, by memory-limit"));
}

static void test_usage(void)
{
    g_auto(Outcome) alone = serve("--json", NULL), more = serve("--check-config", "x", NULL),
                    help = serve("--help", NULL);
    g_assert_cmpint(alone.status, ==, 2);
    g_assert_cmpint(more.status, ==, 2);
    g_assert_cmpint(help.status, ==, 0);
    g_assert_nonnull(strstr(help.out, "--check-config"));
}

/* All at once: files, pipelines and models; in the order of files and lines. */
static void test_wrong(void)
{
    fixture_files("pipelines.d/mine.pipeline",
                  "[template]\nsummary=x\n[frames]\nidentity name=entry ! nosuchelement\n",
                  "streams.d/a.conf", STREET "pipeline=mine\n", "streams.d/b.conf",
                  "[stream]\nsource=rtsp://u:hunter2@h/\nstall-timeout=5\n", "streams.d/c.conf",
                  STREET "[recognizer]\nmodel=nosuch\n", NULL);
    g_autofree char *folder = g_strdup(fixture_path(""));
    g_auto(Outcome) o = serve("--check-config", "--config", folder, NULL);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(o.err), "\n", -1);
    g_assert_cmpint(o.status, ==, 1);
    g_assert_cmpstr(o.out, ==, "");
    g_assert_cmpuint(g_strv_length(lines), ==, 4);
    g_assert_nonnull(strstr(lines[0], "/streams.d/a.conf: "));
    g_assert_nonnull(strstr(lines[0], "/mine.pipeline: "));
    g_assert_nonnull(strstr(lines[0], "nosuchelement"));
    g_assert_nonnull(strstr(lines[1], "/streams.d/b.conf:2: [stream] source=rtsp://h/: holds"));
    g_assert_nonnull(strstr(lines[2], "/streams.d/b.conf:3: [stream] stall-timeout=5: expected"));
    g_assert_nonnull(strstr(lines[3], "/streams.d/c.conf:5: [recognizer] model=nosuch: "));
    g_assert_null(strstr(o.err, "hunter2"));
}

static JsonObject *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(strcspn(text, "\n"), ==, strlen(text) - 1);
    return json_object_ref(json_node_get_object(node));
}

static void test_json(void)
{
    fixture_files("streams.d/a.conf", STREET "[recogniser]\n", NULL);
    g_autofree char *folder = g_strdup(fixture_path(""));
    g_auto(Outcome) wrong = serve("--check-config", "--json", "--config", folder, NULL);
    g_assert_cmpint(wrong.status, ==, 1);
    g_assert_cmpstr(wrong.err, ==, "");
    g_autoptr(JsonObject) object = parse(wrong.out);
    g_assert_false(json_object_get_boolean_member(object, "ok"));
    JsonObject *problem =
        json_array_get_object_element(json_object_get_array_member(object, "problems"), 0);
    g_assert_cmpint(json_object_get_int_member(problem, "line"), ==, 4);
    g_assert_cmpstr(json_object_get_string_member(problem, "group"), ==, "recogniser");
    g_assert_true(g_str_has_suffix(json_object_get_string_member(problem, "file"), "/a.conf"));
    g_assert_cmpstr(json_object_get_string_member(problem, "message"), ==,
                    "there is no such group; did you mean recognizer?");

    fixture_add("streams.d/a.conf", STREET "[recognizer]\n");
    g_auto(Outcome) good = serve("--check-config", "--json", "--config", folder, NULL);
    g_assert_cmpint(good.status, ==, 0);
    g_autoptr(JsonObject) all = parse(good.out);
    g_assert_true(json_object_get_boolean_member(all, "ok"));
    JsonObject *memory = json_object_get_object_member(all, "memory");
    JsonArray *streams = json_object_get_array_member(memory, "streams");
    g_assert_cmpuint(json_array_get_length(streams), ==, 1);
    g_assert_cmpint(json_object_get_int_member(memory, "total"), >, 1 << 20);
}

static void test_against(void)
{
    fixture_files("old/streams.d/a.conf", STREET, "old/streams.d/b.conf", STREET,
                  "new/streams.d/b.conf", STREET "stall-timeout=9s\n", "new/streams.d/c.conf",
                  STREET, NULL);
    g_autofree char *old = g_strdup(fixture_path("old")), *now = g_strdup(fixture_path("new"));
    g_auto(Outcome) o = serve("--check-config", "--config", now, "--against", old, NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_assert_nonnull(strstr(o.out, "\nthe service: unchanged\nstream a: removed\n"
                                   "stream b: changed, live: stream.stall-timeout\n"
                                   "stream c: added\n"));
    g_auto(Outcome) json =
        serve("--check-config", "--config", now, "--against", old, "--json", NULL);
    g_autoptr(JsonObject) object = parse(json.out);
    JsonArray *changes = json_object_get_array_member(object, "changes");
    JsonObject *b = json_array_get_object_element(changes, 2);
    g_assert_cmpstr(json_object_get_string_member(b, "takes"), ==, "live");
    fixture_add("old/streams.d/a.conf", "rubbish");
    g_auto(Outcome) bad = serve("--check-config", "--config", now, "--against", old, NULL);
    g_assert_cmpint(bad.status, ==, 1);
}

/* An installation is found by the program in it, wherever that is. */
static void test_moved(void)
{
    fixture_files("config/streams.d/a.conf", STREET "[segmenter]\n", "bin/x", "", NULL);
    g_autofree char *program = NULL, *exe = g_strdup(fixture_path("bin/vedette"));
    g_autofree char *plugins = g_build_filename(fixture_path(""), VEDETTE_PLUGIN_DIR, NULL);
    g_autofree char *above = g_path_get_dirname(plugins);
    g_autofree char *config = g_strdup(fixture_path("config"));
    g_autofree char *path = g_strdup(g_getenv("GST_PLUGIN_PATH"));
    g_autofree char *usual = g_strdup(g_getenv("VEDETTE_EXE"));
    gsize n;
    g_assert_true(g_file_get_contents(usual, &program, &n, NULL));
    g_assert_true(g_file_set_contents_full(exe, program, n, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
    g_setenv("VEDETTE_EXE", exe, TRUE);
    g_setenv("GST_PLUGIN_PATH", "", TRUE);
    g_setenv("GST_REGISTRY", fixture_path("registry.bin"), TRUE);
    g_auto(Outcome) none = serve("--check-config", "--config", config, NULL);
    g_assert_cmpint(none.status, ==, 1);
    g_assert_true(g_str_has_prefix(none.err, "GStreamer has no plugin vedette, and "));
    g_assert_cmpint(g_mkdir_with_parents(above, 0755), ==, 0);
    g_assert_cmpint(symlink(path, plugins), ==, 0);
    g_auto(Outcome) there = serve("--check-config", "--config", config, NULL);
    g_assert_cmpstr(there.err, ==, "");
    g_assert_cmpint(there.status, ==, 0);
    g_setenv("VEDETTE_EXE", usual, TRUE);
    g_setenv("GST_PLUGIN_PATH", path, TRUE);
}

/* What a terminal would obey is not printed. */
static void test_terminal(void)
{
    fixture_files("streams.d/a.conf",
                  STREET "[x\xc2\x9b"
                         "31m]\nstall=\x1b[31m\n",
                  NULL);
    g_autofree char *folder = g_strdup(fixture_path(""));
    g_auto(Outcome) o = serve("--check-config", "--config", folder, NULL);
    g_assert_cmpint(o.status, ==, 1);
    for (const char *p = o.err; *p != '\0'; p = g_utf8_next_char(p))
        g_assert_true(*p == '\n' || !g_unichar_iscntrl(g_utf8_get_char(p)));
}

static char *generated(const char *name)
{
    g_autofree char *path = g_build_filename(g_getenv("VEDETTE_GENERATED"), name, NULL);
    char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/* "#key=value" becomes "key=value"; sentences, which begin with "# ", stay. */
static char *uncomment(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        if (lines[i][0] == '#' && lines[i][1] != ' ')
            memmove(lines[i], lines[i] + 1, strlen(lines[i]));
    return g_strjoinv("\n", lines);
}

static void assert_told(const VdtGroup *group, const char *sample, const char *man)
{
    for (guint k = 0; k < group->n_keys; k++) {
        const char *name = group->keys[k].name;
        g_autofree char *line = g_strdup_printf("\n%s=", name);
        g_auto(GStrv) parts = g_strsplit(name, "-", -1);
        g_autofree char *escaped = g_strjoinv("\\-", parts);
        g_autofree char *in_man = g_strdup_printf("\n.B %s\n", escaped);
        g_assert_nonnull(strstr(sample, line));
        g_assert_nonnull(strstr(man, in_man));
    }
}

/* The samples are right as they are, and with nothing commented out, where they say what is so
 * anyway; and no key is missing. */
static void test_samples(void)
{
    g_autofree char *service = generated("vedette.conf"), *stream = generated("stream.conf");
    g_autofree char *all_service = uncomment(service), *all_stream = uncomment(stream);
    fixture_files("a/vedette.conf", service, "a/streams.d/x.conf", stream, "b/vedette.conf",
                  all_service, "b/streams.d/x.conf", all_stream, "c/vedette.conf",
                  "[profile NAME]\n", "c/streams.d/x.conf",
                  "[stream]\nsource=street:///\n[recognizer]\n[segmenter]\n[classifier]\n", NULL);
    g_autofree char *a = g_strdup(fixture_path("a")), *b = g_strdup(fixture_path("b")),
                    *c = g_strdup(fixture_path("c"));
    g_auto(Outcome) plain = serve("--check-config", "--config", a, NULL);
    g_assert_cmpstr(plain.err, ==, "");
    g_auto(Outcome) whole = serve("--check-config", "--config", b, "--against", c, NULL);
    g_assert_cmpstr(whole.err, ==, "");
    g_assert_nonnull(strstr(whole.out, "\nthe service: unchanged\nstream x: unchanged\n"));
    g_autofree char *man = generated("vedette.conf.5");
    for (guint i = 0; i < VDT_N_SERVICE_GROUPS; i++)
        assert_told(&vdt_service_groups[i], all_service, man);
    for (guint i = 0; i < VDT_N_NAMED_GROUPS; i++)
        assert_told(&vdt_named_groups[i], all_service, man);
    assert_told(&vdt_stream_group, all_stream, man);
    assert_told(&vdt_record_group, all_stream, man);
    for (guint i = 0; i < vdt_n_analyser_groups; i++)
        assert_told(&vdt_analyser_groups[i], all_stream, man);
}

/* roff finds nothing wrong with the page, and no line of the samples is too long. */
static void test_page(void)
{
    g_autofree char *program = g_find_program_in_path("groff");
    g_autofree char *page = g_build_filename(g_getenv("VEDETTE_GENERATED"), "vedette.conf.5", NULL);
    g_autofree char *out = NULL, *err = NULL;
    g_autofree char *stream = generated("stream.conf");
    g_auto(GStrv) lines = g_strsplit(stream, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        g_assert_cmpuint(strlen(lines[i]), <=, 100);
    if (program == NULL) {
        g_test_skip("no groff");
        return;
    }
    const char *argv[] = {program, "-man", "-Tutf8", "-ww", "-z", page, NULL};
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, &err,
                               NULL, NULL));
    g_assert_cmpstr(err, ==, "");
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/serve/good", test_good);
    g_test_add_func("/serve/usage", test_usage);
    g_test_add_func("/serve/wrong", test_wrong);
    g_test_add_func("/serve/json", test_json);
    g_test_add_func("/serve/against", test_against);
    g_test_add_func("/serve/moved", test_moved);
    g_test_add_func("/serve/terminal", test_terminal);
    g_test_add_func("/serve/samples", test_samples);
    g_test_add_func("/serve/page", test_page);
    return fixture_close();
}
