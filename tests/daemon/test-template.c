/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Templates, and values that would like to be more than a value. */
#include <gst/gst.h>
#include <string.h>

#include "fixture.h"
#include "pipeline/expand.h"

#define HEAD "[template]\nsummary=A test\n"

static VdtTemplate *parse(const char *text, VdtProblems *problems)
{
    return vdt_template_parse("t", "t.pipeline", text, strlen(text), problems);
}

static void test_parse(void)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autoptr(VdtTemplate) t = parse("# a comment\n[template]\nsummary=A test\nschemes=rtsp;rtsps\n"
                                     "[parameter latency]\ntype=duration\nmin=0s\nmax=10s\n"
                                     "default=200ms\ndoc=How long.\n"
                                     "[parameter mode]\ntype=enum\nchoices=a;b\ndoc=Which.\n"
                                     "[source]\n# a comment\nfakesrc !\nidentity name=exit\n",
                                     problems);
    g_assert_cmpuint(vdt_problems_count(problems), ==, 0);
    g_assert_cmpstr(t->summary, ==, "A test");
    g_assert_cmpstr(t->schemes[1], ==, "rtsps");
    const VdtKey *latency = t->parameters->pdata[0], *mode = t->parameters->pdata[1];
    g_assert_cmpstr(latency->name, ==, "latency");
    g_assert_cmpint(latency->spec.type, ==, VDT_OPTION_DURATION);
    g_assert_cmpstr(latency->spec.unset, ==, "200ms");
    g_assert_null(mode->spec.unset);
    g_assert_cmpstr(mode->spec.choices, ==, "a b");
    const VdtSection *source = vdt_template_find(t, "source");
    g_assert_cmpuint(source->line, ==, 16);
    g_assert_cmpstr(source->text, ==, "\nfakesrc !\nidentity name=exit\n\n");
    g_assert_null(vdt_template_find(t, "frames"));
}

static void expect_problem(const char *text, const char *start)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_assert_null(parse(text, problems));
    fixture_expect(problems, start);
    g_assert_cmpuint(vdt_problems_count(problems), ==, 1);
}

static void test_wrong(void)
{
    expect_problem("[source]\nx\n", "t.pipeline: [template] summary: is missing");
    expect_problem(HEAD, "t.pipeline: expected one part [source] or one part [frames]");
    expect_problem(HEAD "[source]\n[frames]\n", "t.pipeline: expected one part");
    expect_problem(HEAD "schemes=a\n[frames]\n", "t.pipeline: expected schemes only where");
    expect_problem(HEAD "[source]\n[source]\n", "t.pipeline:4: this part is there twice");
    expect_problem(HEAD "[source]\n[sink]\n", "t.pipeline:4: expected [source], [frames] or");
    expect_problem(HEAD "[frames]\n[each a b]\n", "t.pipeline:4: expected [source], [frames] or");
    expect_problem(HEAD "colour=1\n[source]\n", "t.pipeline:3: [template] colour: there is no");
    expect_problem(HEAD "[other]\n[source]\n", "t.pipeline:3: [other] expected [template],");
    expect_problem(HEAD "[parameter a]\ntype=strnig\ndoc=x\n[source]\n",
                   "t.pipeline:3: [parameter a] type=strnig: there is no such type");
    expect_problem(HEAD "[parameter a]\ntype=int\nmin=1\ndoc=x\n[source]\n",
                   "t.pipeline:3: [parameter a] type=int: expected both limits");
    expect_problem(HEAD "[parameter a]\ntype=int\ndefault=x\ndoc=x\n[source]\n",
                   "t.pipeline:3: [parameter a] type=int: expected a whole number");
    expect_problem(HEAD "[parameter a b]\ntype=int\ndoc=x\n[source]\n",
                   "t.pipeline:3: [parameter a b] expected a parameter's name");
    expect_problem(HEAD "[parameter a]\ntype=int\n[source]\n",
                   "t.pipeline:3: [parameter a] doc: is missing");
    expect_problem(HEAD "[source]\n\xff", "t.pipeline: expected UTF-8");
}

/* One value, called x, in one section. */
static char *expand(const char *section, const VdtOptionSpec *spec, const char *text,
                    gboolean shown, GError **error)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autofree char *all = g_strconcat(HEAD "[source]\n", section, NULL);
    g_autoptr(VdtTemplate) t = parse(all, problems);
    g_assert_nonnull(t);
    g_auto(VdtOption) value = {NULL};
    g_assert_true(vdt_option_parse(spec, text, &value, NULL));
    g_autoptr(GArray) scope = g_array_new(FALSE, FALSE, sizeof(VdtBinding));
    VdtBinding binding = {"x", spec, &value};
    g_array_append_val(scope, binding);
    char *got = vdt_template_expand(t, vdt_template_find(t, "source"), scope, shown, error);
    if (got != NULL)
        got[strlen(got) - 1] = '\0'; /* each line ends in a newline */
    return got;
}

static void check(const char *section, VdtOptionType type, const char *text, const char *expected)
{
    VdtOptionSpec spec = {type, .choices = type == VDT_OPTION_ENUM ? "one two" : NULL, .unset = ""};
    g_autoptr(GError) error = NULL;
    g_autofree char *got = expand(section, &spec, text, FALSE, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(got, ==, expected);
}

static void check_refused(const char *section, VdtOptionType type, const char *text,
                          const char *expected)
{
    VdtOptionSpec spec = {type, .unset = ""};
    g_autoptr(GError) error = NULL;
    g_autofree char *got = expand(section, &spec, text, FALSE, &error);
    g_assert_null(got);
    if (strstr(error->message, expected) == NULL)
        g_error("%s: %s", section, error->message);
}

static void test_types(void)
{
    check("a=${x}", VDT_OPTION_BOOL, "on", "a=true");
    check("a=${x},b=${x}", VDT_OPTION_INT, "-3", "a=-3,b=-3");
    check("a=${x}", VDT_OPTION_FLOAT, "0.1", "a=0.1");
    check("a=${x:s} ${x:ms} ${x:us} ${x:ns}", VDT_OPTION_DURATION, "1.5s",
          "a=1.5 1500 1500000 1500000000");
    check("a=${x}", VDT_OPTION_BYTES, "2K", "a=2048");
    check("a=${x}", VDT_OPTION_ENUM, "two", "a=two");
    check("a=${x} ", VDT_OPTION_STRING, "a b ! c", "a=\"a b ! c\" ");
    check("a=${x}\nb", VDT_OPTION_LIST, "a;b", "a=\"a,b\"\nb");
    check("a=${x}", VDT_OPTION_STRING, "", "a=\"\"");
    check("a=${x}", VDT_OPTION_REGION, "0.5,0,0.5,1", "a=\"<0.5,0,0.5,1>\"");
    check("a=${x}", VDT_OPTION_REGION, "", "a=\"<>\"");
    check("w=${x:width},h=${x:height} s=${x}", VDT_OPTION_SIZE, "4x3", "w=4,h=3 s=4x3");
    check("a=${x:path}", VDT_OPTION_URI, "v4l2:///dev/video%30", "a=\"/dev/video0\"");
    check("a=$x ${x}", VDT_OPTION_INT, "1", "a=$x 1");
}

/* What is set, as properties; what is not, or would end a word, is not there. */
static void test_properties(void)
{
    static const VdtKey keys[] = {{.name = "text", .spec = {VDT_OPTION_STRING, .unset = ""}},
                                  {.name = "time", .spec = {VDT_OPTION_DURATION, .unset = ""}},
                                  {.name = "n", .spec = {VDT_OPTION_INT, .unset = "7"}},
                                  {.name = "lines", .spec = {VDT_OPTION_LINES, .unset = ""}}};
    static const char *const rows[][G_N_ELEMENTS(keys) + 1] = {
        {"", "", "", "", "n=7"},
        {"a ! b name=c", "1500ms", "8", "l: 0,0 1,1",
         "text=\"a ! b name=c\" time=1.5 n=8 lines=\"l: 0,0 1,1\""}};
    for (guint r = 0; r < G_N_ELEMENTS(rows); r++) {
        VdtOption values[G_N_ELEMENTS(keys)];
        for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
            g_assert_true(vdt_option_parse(&keys[i].spec, rows[r][i], &values[i], NULL));
        g_autofree char *got = vdt_template_expand_properties(keys, G_N_ELEMENTS(keys), values);
        g_assert_cmpstr(got, ==, rows[r][G_N_ELEMENTS(keys)]);
        for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
            vdt_option_clear(&values[i]);
    }
}

static void test_refused(void)
{
    check_refused("a=${y}", VDT_OPTION_INT, "1", "t.pipeline:4: ${y}: there is no such value here");
    check_refused("a\nb=${x", VDT_OPTION_INT, "1",
                  "t.pipeline:5: ${x}: expected } in the same line");
    check_refused("a=${x}", VDT_OPTION_DURATION, "1s", "a duration is not written in this form");
    check_refused("a=${x:h}", VDT_OPTION_DURATION, "1s", "a duration is not written in this form");
    check_refused("a=${x:s}", VDT_OPTION_INT, "1", "a int is not written in this form");
    check_refused("a=${x}", VDT_OPTION_INT, "", "is not set, and has no default");
    check_refused("${x}", VDT_OPTION_STRING, "filesink", "text must be all of a property's value");
    check_refused("a=\"${x}\"", VDT_OPTION_STRING, "b", "text must be all of a property's value");
    check_refused("a=${x}${x}", VDT_OPTION_STRING, "b", "text must be all of a property's value");
    check_refused("a=${x},b", VDT_OPTION_PATH, "/b", "text must be all of a property's value");
    check_refused("${x}", VDT_OPTION_NAME, "", "text must be all of a property's value");
    check_refused("a=${x:path}", VDT_OPTION_URI, "v4l2:///dev/%22%20!%20fakesink",
                  "has a character that no value may have");
    check_refused("a=${x:path}", VDT_OPTION_URI, "v4l2:///dev/%5c", "has a character that no");
    check_refused("a=${x:path}", VDT_OPTION_URI, "v4l2:///dev/%0a", "has a character that no");
}

/* Secrets are blotted out for people, and there for GStreamer. */
static void test_shown(void)
{
    static const VdtOptionSpec spec = {VDT_OPTION_URI};
    g_autofree char *shown = expand("location=${x} ", &spec, "http://u:p@h/?token=abc", TRUE, NULL);
    g_autofree char *used = expand("location=${x} ", &spec, "http://u:p@h/?token=abc", FALSE, NULL);
    g_assert_cmpstr(shown, ==, "location=\"http://h/?token=***\" ");
    g_assert_cmpstr(used, ==, "location=\"http://h/?token=abc\" ");
}

static guint count_elements(GstElement *pipeline)
{
    g_autoptr(GstIterator) each = gst_bin_iterate_elements(GST_BIN(pipeline));
    GValue item = G_VALUE_INIT;
    guint n = 0;
    while (gst_iterator_next(each, &item) == GST_ITERATOR_OK) {
        g_value_reset(&item);
        n++;
    }
    g_value_unset(&item);
    return n;
}

/* Whatever a value says, GStreamer sees one property of that value, and no more elements. */
static void test_hostile(void)
{
    static const char *const texts[] = {
        "a",
        "a b",
        " a ! filesink location=/tmp/x ",
        "! filesink",
        "a' ! filesink location='x",
        "' '",
        "a=b",
        "${x}",
        "$x $(id) `id`",
        ";|&<>(){}[]*?~#%",
        "/x.mp4 ! fakesink name=y",
        "( fakesink )",
        "bin.( fakesink )",
        "a.src ! b.sink",
        "video/x-raw,width=3",
        "Straße 日本",
        "=",
        "!",
        "a!",
        ".",
        "--gst-plugin-load=/tmp/x.so",
    };
    static const VdtOptionSpec spec = {VDT_OPTION_STRING};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *description =
            expand("fakesrc ! filesink name=sink location=${x} sync=false", &spec, texts[i], FALSE,
                   &error);
        g_assert_no_error(error);
        g_autoptr(GstElement) pipeline =
            gst_parse_launch_full(description, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(count_elements(pipeline), ==, 2);
        g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
        g_autofree char *location = NULL;
        gboolean sync = TRUE;
        g_object_get(sink, "location", &location, "sync", &sync, NULL);
        g_assert_cmpstr(location, ==, texts[i]);
        g_assert_false(sync);
    }
}

static void test_folders(void)
{
    fixture_files("one/a.pipeline", "[template]\nsummary=first\n[source]\nx\n", "two/a.pipeline",
                  "[template]\nsummary=second\n[source]\nx\n", "two/b.pipeline",
                  "[template]\nsummary=other\nschemes=b\n[source]\nx\n", "two/.c.pipeline", "bad",
                  "two/notes.txt", "bad", NULL);
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autofree char *one = g_strdup(fixture_path("one")), *two = g_strdup(fixture_path("two"));
    const char *folders[] = {one, "/nowhere", two, NULL};
    g_autoptr(GPtrArray) templates = vdt_templates_load(folders, problems);
    g_assert_cmpuint(vdt_problems_count(problems), ==, 0);
    g_assert_cmpuint(templates->len, ==, 2);
    g_assert_cmpstr(vdt_templates_find(templates, "a")->summary, ==, "first");
    g_assert_cmpstr(vdt_templates_for_scheme(templates, "b")->name, ==, "b");
    g_assert_null(vdt_templates_for_scheme(templates, "c"));
    fixture_add("one/bad name.pipeline", "");
    fixture_add("one/c.pipeline", "");
    g_autoptr(GPtrArray) again = vdt_templates_load(folders, problems);
    fixture_expect(problems, "one/bad name.pipeline: expected a name");
    fixture_expect(problems, "one/c.pipeline: [template] summary: is missing");
}

int main(int argc, char **argv)
{
    gst_init(NULL, NULL);
    fixture_open(&argc, &argv);
    g_test_add_func("/template/parse", test_parse);
    g_test_add_func("/template/wrong", test_wrong);
    g_test_add_func("/template/types", test_types);
    g_test_add_func("/template/properties", test_properties);
    g_test_add_func("/template/refused", test_refused);
    g_test_add_func("/template/shown", test_shown);
    g_test_add_func("/template/hostile", test_hostile);
    g_test_add_func("/template/folders", test_folders);
    return fixture_close();
}
