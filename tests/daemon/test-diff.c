/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a reload would change. */
#include <glib/gstdio.h>
#include <string.h>

#include "config/diff.h"
#include "fixture.h"

#define STREET                       "[stream]\nsource=street:///\n"
#define STREAM_RECORD(source, after) STREET "[record]\nsource=" source "\nafter=" after "\n"

static VdtConfig *load(void)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    VdtConfig *config = vdt_config_load(fixture_path(""), problems);
    for (guint i = 0; i < problems->list->len; i++) {
        g_autofree char *text = vdt_problem_show(problems->list->pdata[i]);
        g_error("%s", text);
    }
    return config;
}

/* "front changed live: stream.stall-timeout; yard unchanged". */
static void expect(const VdtConfig *before, const char *expected)
{
    g_autoptr(VdtConfig) after = load();
    g_autoptr(GPtrArray) differences = vdt_config_diff(before, after);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < differences->len; i++) {
        const VdtDifference *d = differences->pdata[i];
        g_autofree char *keys = g_strjoinv(" ", d->keys);
        g_string_append_printf(text, "%s%s %s", i > 0 ? "; " : "",
                               d->stream != NULL ? d->stream : "service",
                               vdt_change_name(d->change));
        if (d->change == VDT_CHANGE_CHANGED)
            g_string_append_printf(text, " %s: %s", vdt_reload_name(d->reload), keys);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void test_streams(void)
{
    fixture_files("streams.d/b.conf", STREET, "streams.d/b-2.conf", STREET, "streams.d/d.conf",
                  STREET, NULL);
    g_autoptr(VdtConfig) before = load();
    expect(before, "service unchanged; b unchanged; b-2 unchanged; d unchanged");
    g_unlink(fixture_path("streams.d/b-2.conf"));
    fixture_add("streams.d/a.conf", STREET);
    fixture_add("streams.d/e.conf", STREET);
    expect(before, "service unchanged; a added; b unchanged; b-2 removed; d unchanged; e added");
}

static void test_keys(void)
{
    fixture_files("vedette.conf", "[service]\nthreads=2\nmax-connects=3\n", "streams.d/a.conf",
                  STREET "stall-timeout=60s\n[recognizer]\n[segmenter door]\nmin-area=0.1\n", NULL);
    g_autoptr(VdtConfig) before = load();
    /* Comments, order, blanks, other words for the same, and defaults, are nothing. */
    fixture_add("streams.d/a.conf", "# x\n[segmenter door]\nmin-area = 0.10\n[recognizer]\n"
                                    "threshold=0.5\n" STREET "stall-timeout=1min\n");
    expect(before, "service unchanged; a unchanged");
    fixture_add("streams.d/a.conf", STREET "stall-timeout=50s\n[recognizer]\n[segmenter door]\n");
    expect(before, "service unchanged; a changed live: stream.stall-timeout segmenter "
                   "door.min-area");
    fixture_add("streams.d/a.conf", STREET "stall-timeout=50s\n[segmenter door]\nmin-area=0.1\n"
                                           "[segmenter]\n");
    expect(before, "service unchanged; a changed restart-stream: stream.stall-timeout "
                   "[recognizer] [segmenter]");
    fixture_add("streams.d/a.conf", "[stream]\nsource=rtsp://cam/\nstall-timeout=60s\n"
                                    "[recognizer]\n[segmenter door]\nmin-area=0.1\n");
    expect(before, "service unchanged; a changed restart-stream: stream.source template rtsp");
    fixture_add("vedette.conf", "[service]\nthreads=2\nmax-connects=4\n");
    fixture_add("streams.d/a.conf",
                STREET "stall-timeout=60s\n[recognizer]\n[segmenter door]\nmin-area=0.1\n");
    expect(before, "service changed live: service.max-connects; a unchanged");
    fixture_add("vedette.conf", "[service]\nthreads=1\nmax-connects=4\n");
    expect(before,
           "service changed restart-service: service.threads service.max-connects; a unchanged");
}

/* What an element does by itself cannot be set again. */
static void test_unset(void)
{
    fixture_files("streams.d/a.conf", STREET "[segmenter]\n", NULL);
    g_autoptr(VdtConfig) unset = load();
    fixture_add("streams.d/a.conf", STREET "[segmenter]\ninterval=2s\n");
    expect(unset, "service unchanged; a changed live: segmenter.interval");
    g_autoptr(VdtConfig) set = load();
    fixture_add("streams.d/a.conf", STREET "[segmenter]\n");
    expect(set, "service unchanged; a changed restart-stream: segmenter.interval");
}

static void test_record(void)
{
    static const char both[] = STREAM_RECORD("rtsp://cam/large", "3s");
    fixture_files("streams.d/a.conf", both, NULL);
    g_autoptr(VdtConfig) before = load();
    fixture_add("streams.d/a.conf", STREAM_RECORD("rtsp://cam/large", "4s"));
    expect(before, "service unchanged; a changed live: record.after");
    fixture_add("streams.d/a.conf", STREAM_RECORD("rtsp://cam/other", "3s"));
    expect(before, "service unchanged; a changed restart-stream: record.source");
    fixture_add("streams.d/a.conf", STREET "[record]\nafter=3s\n");
    expect(before, "service unchanged; a changed restart-stream: record.source");
    fixture_add("vedette.conf", "[recording]\nretention=2d\n");
    fixture_add("streams.d/a.conf", both);
    expect(before, "service changed live: recording.retention; a unchanged");
}

/* The same file may hold another secret. */
static void test_service_secret(void)
{
    fixture_files("secret", "one\n", NULL);
    g_autofree char *secret = g_strdup(fixture_path("secret"));
    g_autofree char *text =
        g_strdup_printf("[webhook]\nurl=http://a/\nsecret-file=%s\n[mqtt]\nhost=a\n", secret);
    g_chmod(secret, 0600);
    fixture_add("vedette.conf", text);
    g_autoptr(VdtConfig) before = load();
    expect(before, "service unchanged");
    g_assert_true(
        g_file_set_contents_full(secret, "two\n", -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    expect(before, "service changed live: the secret of webhook");
    g_autofree char *more = g_strconcat(text, "port=1234\n", NULL);
    fixture_add("vedette.conf", more);
    expect(before, "service changed live: mqtt.port the secret of webhook");
}

static void test_named(void)
{
    fixture_files("vedette.conf", "[profile a]\ntell=page\n[profile b]\n", NULL);
    g_autoptr(VdtConfig) before = load();
    fixture_add("vedette.conf", "[profile b]\n[profile a]\ntell=page\n");
    expect(before, "service unchanged");
    fixture_add("vedette.conf", "[profile a]\ntell=mqtt\n[profile c]\n");
    expect(before, "service changed live: profile a.tell [profile b] [profile c]");
}

static void test_templates(void)
{
    static const char template[] = "[template]\nsummary=Mine\nschemes=street\n[parameter depth]\n"
                                   "type=int\ndefault=1\ndoc=Depth.\n[source]\n%s\n";
    g_autofree char *one = g_strdup_printf(template, "videotestsrc name=exit"),
                    *other = g_strdup_printf(template, "videotestsrc name=exit pattern=1");
    fixture_files("pipelines.d/street.pipeline", one, "streams.d/a.conf", STREET, NULL);
    g_autoptr(VdtConfig) before = load();
    fixture_add("streams.d/a.conf", STREET "[parameters]\ndepth=2\n");
    expect(before, "service unchanged; a changed restart-stream: parameters.depth");
    fixture_add("streams.d/a.conf", STREET);
    fixture_add("pipelines.d/street.pipeline", other);
    expect(before, "service unchanged; a changed restart-stream: template street");
}

static void test_secret(void)
{
    fixture_files("secret", "a:1", NULL);
    g_chmod(fixture_path("secret"), 0600);
    g_autofree char *text =
        g_strdup_printf("[stream]\nsource=rtsp://c/\nsecret-file=%s\n", fixture_path("secret"));
    fixture_add("streams.d/a.conf", text);
    g_autoptr(VdtConfig) before = load();
    fixture_add("secret", "a:2");
    g_chmod(fixture_path("secret"), 0600);
    expect(before, "service unchanged; a changed restart-stream: the secret of stream.source");
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/diff/streams", test_streams);
    g_test_add_func("/diff/keys", test_keys);
    g_test_add_func("/diff/unset", test_unset);
    g_test_add_func("/diff/record", test_record);
    g_test_add_func("/diff/service-secret", test_service_secret);
    g_test_add_func("/diff/named", test_named);
    g_test_add_func("/diff/templates", test_templates);
    g_test_add_func("/diff/secret", test_secret);
    return fixture_close();
}
