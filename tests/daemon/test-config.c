/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configurations out of folders: what is read, all that is wrong, and secrets. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "build/description.h"
#include "config/config.h"
#include "config/secret.h"
#include "fixture.h"

#define STREET "[stream]\nsource=street:///\n"

static VdtConfig *load(VdtProblems *problems)
{
    return vdt_config_load(fixture_path(""), problems);
}

static VdtConfig *load_good(void)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    VdtConfig *config = load(problems);
    for (guint i = 0; i < problems->list->len; i++) {
        g_autofree char *text = vdt_problem_show(problems->list->pdata[i]);
        g_error("%s", text);
    }
    g_assert_nonnull(config);
    return config;
}

/* Exactly these problems. */
static void expect(const char *first, ...) G_GNUC_NULL_TERMINATED;
static void expect(const char *first, ...)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autoptr(VdtConfig) config = load(problems);
    guint n = 0;
    va_list args;
    g_assert_null(config);
    va_start(args, first);
    for (const char *start = first; start != NULL; start = va_arg(args, const char *), n++)
        fixture_expect(problems, start);
    va_end(args);
    g_assert_cmpuint(vdt_problems_count(problems), ==, n);
}

static void test_defaults(void)
{
    fixture_files("streams.d/a.conf", STREET, NULL);
    g_autoptr(VdtConfig) config = load_good();
    const VdtStreamConfig *a = vdt_config_find(config, "a");
    g_assert_cmpint(vdt_config_get(config, VDT_GROUP_SERVICE, VDT_KEY_SERVICE_MAX_CONNECTS)->whole,
                    ==, 8);
    g_assert_null(vdt_config_get(config, VDT_GROUP_SERVICE, VDT_KEY_SERVICE_MEMORY_LIMIT)->text);
    g_assert_cmpint(a->values[VDT_KEY_STREAM_STALL_TIMEOUT].whole, ==, 3 * G_USEC_PER_SEC);
    g_assert_cmpint(a->values[VDT_KEY_STREAM_BACKOFF_MAX].whole, ==, 10 * G_USEC_PER_SEC);
    g_assert_cmpstr(a->source->name, ==, "street");
    g_assert_cmpstr(a->frames->name, ==, "analyse");
    g_assert_cmpuint(a->analysers->len, ==, 0);
    g_assert_null(vdt_config_find(config, "b"));
}

static void test_empty(void)
{
    fixture_files("vedette.conf", "", NULL);
    g_autoptr(VdtConfig) config = load_good();
    g_assert_cmpuint(config->streams->len, ==, 0);
}

static void test_dropins(void)
{
    fixture_files("vedette.conf", "[service]\nthreads=1\nmax-connects=2\n",
                  "vedette.conf.d/20-b.conf", "[service]\nthreads=3\n", "vedette.conf.d/10-a.conf",
                  "[service]\nthreads=2\n", "vedette.conf.d/not.txt", "rubbish",
                  "vedette.conf.d/.hidden.conf", "rubbish", "streams.d/a.conf",
                  STREET "backoff-min=3s\n[recognizer]\ntop-k=2\n", "streams.d/a.conf.d/x.conf",
                  "[stream]\nbackoff-min=\n[recognizer]\nthreshold=0.75\n[segmenter x]\n", NULL);
    g_autoptr(VdtConfig) config = load_good();
    const VdtStreamConfig *a = vdt_config_find(config, "a");
    g_assert_cmpint(vdt_config_get(config, VDT_GROUP_SERVICE, VDT_KEY_SERVICE_THREADS)->whole, ==,
                    3);
    g_assert_true(g_str_has_suffix(
        vdt_config_get(config, VDT_GROUP_SERVICE, VDT_KEY_SERVICE_THREADS)->file, "20-b.conf"));
    g_assert_cmpint(vdt_config_get(config, VDT_GROUP_SERVICE, VDT_KEY_SERVICE_MAX_CONNECTS)->whole,
                    ==, 2);
    /* An empty value is as none. */
    g_assert_cmpint(a->values[VDT_KEY_STREAM_BACKOFF_MIN].whole, ==, G_USEC_PER_SEC / 2);
    g_assert_cmpuint(a->analysers->len, ==, 2);
    const VdtAnalyserConfig *recognizer = a->analysers->pdata[0];
    const VdtAnalyserConfig *segmenter = a->analysers->pdata[1];
    g_assert_cmpint(recognizer->values[VDT_KEY_RECOGNIZER_TOP_K].whole, ==, 2);
    g_assert_cmpfloat(recognizer->values[VDT_KEY_RECOGNIZER_THRESHOLD].real, ==, 0.75);
    g_assert_cmpstr(recognizer->name, ==, "recognizer");
    g_assert_cmpstr(segmenter->name, ==, "segmenter-x");
}

/* A file stands for vedette.conf, wherever it is. */
static void test_file(void)
{
    fixture_files("other.conf", "[service]\nthreads=9\n", "other.conf.d/a.conf",
                  "[service]\nmax-connects=9\n", "vedette.conf", "rubbish", "streams.d/a.conf",
                  STREET, NULL);
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autoptr(VdtConfig) config = vdt_config_load(fixture_path("other.conf"), problems);
    g_assert_nonnull(config);
    g_assert_cmpint(vdt_config_get(config, VDT_GROUP_SERVICE, VDT_KEY_SERVICE_THREADS)->whole, ==,
                    9);
    g_assert_cmpint(vdt_config_get(config, VDT_GROUP_SERVICE, VDT_KEY_SERVICE_MAX_CONNECTS)->whole,
                    ==, 9);
    g_assert_cmpuint(config->streams->len, ==, 1);
    g_assert_null(vdt_config_load(fixture_path("nothing"), problems));
    fixture_expect(problems, "nothing: there is no such file or folder");
}

/* Every mistake is said, each with its place. */
static void test_all_wrong(void)
{
    fixture_files("vedette.conf", "[service]\nthreds=2\nthreads=many\nthreads=3\n[stream]\n",
                  "streams.d/a.conf",
                  "[stream]\nsource=rtsp://cam/\nstall-timeout=5\nbackoff-min=2min\n"
                  "[recogniser]\n[recognizer]\nmodel=nosuch\nprecision=f16\ninterval=2h\n"
                  "[recognizer a b]\n[parameters]\nlatency=3\ntransprot=udp\n",
                  "streams.d/b.conf", "[segmenter]\nzones=door: 1,1\n", "streams.d/c d.conf", "",
                  "streams.d/e.conf", "[stream]\nsource=gopher://x/\npipeline=analyze\n",
                  "streams.d/f.conf", "[stream]\nsource=street:///\npipeline=rtsp\n",
                  "streams.d/gone.conf.d/x.conf", "", "streams.d/h.conf", "\xff", NULL);
    expect(
        "vedette.conf:4: [service] threads=3: this key is in line 3, too",
        "vedette.conf:3: [service] threads=many: expected a whole number from 0 to 64",
        "vedette.conf:2: [service] threds: there is no such key; did you mean threads?",
        "vedette.conf:5: [stream] there is no such group in this file",
        "streams.d/a.conf:3: [stream] stall-timeout=5: expected a duration",
        "streams.d/a.conf:4: [stream] backoff-min=2min: expected at most what backoff-max is, 10s",
        "streams.d/a.conf:5: [recogniser] there is no such group; did you mean recognizer?",
        "streams.d/a.conf:7: [recognizer] model=nosuch: no model \"nosuch\" is installed",
        "streams.d/a.conf:8: [recognizer] precision=f16: expected one of f32, bf16, int8",
        "streams.d/a.conf:9: [recognizer] interval=2h: expected a duration",
        "streams.d/a.conf:10: [recognizer a b] expected a name",
        "streams.d/a.conf:12: [parameters] latency=3: expected a duration",
        "streams.d/a.conf:13: [parameters] transprot: there is no such key; did you mean "
        "transport?",
        "streams.d/b.conf: [stream] source: is missing; expected a URI",
        "streams.d/b.conf:2: [segmenter] zones=door: 1,1: ",
        "streams.d/c d.conf: expected a stream's name",
        "streams.d/e.conf:2: [stream] source=gopher://x/: expected a scheme that a template is "
        "for: ",
        "streams.d/e.conf:3: [stream] pipeline=analyze: there is no template of this name; did "
        "you mean analyse?",
        "streams.d/f.conf:3: [stream] pipeline=rtsp: expected a template with a part [frames]",
        "streams.d/gone.conf.d: drop-ins for a stream that is not there",
        "streams.d/h.conf:1: expected UTF-8 text", NULL);
}

static void test_named(void)
{
    fixture_files("vedette.conf",
                  "[profile night]\nschedule=22:00-06:00\nlabels=fight, talk phone\n[profile "
                  "b.2]\nstreams=a\ntell=none\n[events]\nretention=2d\n",
                  "vedette.conf.d/x.conf", "[profile night]\ntell=page; mqtt\n", "streams.d/a.conf",
                  STREET, NULL);
    g_autoptr(VdtConfig) config = load_good();
    g_assert_cmpuint(config->named->len, ==, 2);
    const VdtNamedConfig *first = config->named->pdata[0], *night = config->named->pdata[1];
    g_assert_cmpstr(first->name, ==, "b.2");
    g_assert_cmpstr(night->label, ==, "profile night");
    g_assert_cmpuint(night->group, ==, VDT_NAMED_PROFILE);
    g_assert_cmpstr(night->values[VDT_KEY_PROFILE_TELL].items[1], ==, "mqtt");
    g_assert_null(night->values[VDT_KEY_PROFILE_STREAMS].items);
    g_assert_cmpint(vdt_config_get(config, VDT_GROUP_EVENTS, VDT_KEY_EVENTS_RETENTION)->whole, ==,
                    G_GINT64_CONSTANT(2) * 86400 * G_USEC_PER_SEC);
}

static void test_named_wrong(void)
{
    fixture_files("vedette.conf",
                  "[profile]\n[profile a/b]\n[profil x]\n[profile x]\nschedule=Noday\n"
                  "tell=mail\nstreams=a; b\ntels=page\n",
                  "streams.d/a.conf", STREET, NULL);
    expect("vedette.conf:1: [profile] expected [profile NAME]",
           "vedette.conf:2: [profile a/b] expected [profile NAME]",
           "vedette.conf:3: [profil x] there is no such group in this file; did you mean profile?",
           "vedette.conf:5: [profile x] schedule=Noday: expected days from Mon to Sun",
           "vedette.conf:6: [profile x] tell=mail: expected some of mqtt, webhook, file, page, "
           "none",
           "vedette.conf:7: [profile x] streams=a; b: there is no stream b",
           "vedette.conf:8: [profile x] tels: there is no such key; did you mean tell?", NULL);
    g_autoptr(GString) many = g_string_new(NULL);
    for (guint i = 0; i <= VDT_CONFIG_MOST_NAMED; i++)
        g_string_append_printf(many, "[profile p%u]\n", i);
    fixture_files("vedette.conf", many->str, NULL);
    expect("vedette.conf:33: [profile p32] expected at most 32 groups with names", NULL);
}

static void test_model(void)
{
    fixture_files("streams.d/a.conf",
                  STREET "[recognizer]\nmodel=cgrseg-street\n"
                         "[segmenter]\nmodel=/nowhere/card.json\n",
                  NULL);
    expect("streams.d/a.conf:4: [recognizer] model=cgrseg-street: expected a model of "
           "squeezetime; it is one of cgrseg",
           "streams.d/a.conf:6: [segmenter] model=/nowhere/card.json: ", NULL);
}

/* What finds the boxes that a classifier is to look at. */
static void test_boxes(void)
{
    fixture_files("streams.d/a.conf", STREET "[classifier]\nclassify=boxes\n", "streams.d/b.conf",
                  STREET "[segmenter]\nobjects=yes\n[segmenter x]\n[classifier]\n"
                         "[classifier x]\nclassify=boxes\n",
                  NULL);
    expect("streams.d/a.conf:4: [classifier] classify=boxes: expected a [segmenter], too, which "
           "finds them",
           "streams.d/b.conf:8: [classifier x] classify=boxes: expected objects=yes in [segmenter "
           "x], which finds them",
           NULL);
    fixture_files("streams.d/a.conf",
                  STREET "[segmenter y]\nobjects=yes\n[segmenter x]\n"
                         "[classifier]\nclassify=boxes\n[classifier y]\nclassify=boxes\n"
                         "[classifier z]\n",
                  NULL);
    g_autoptr(VdtConfig) config = load_good();
    const VdtStreamConfig *a = vdt_config_find(config, "a");
    g_assert_true(vdt_analyser_before(a, a->analysers->pdata[2]) == a->analysers->pdata[0]);
    g_assert_true(vdt_analyser_before(a, a->analysers->pdata[3]) == a->analysers->pdata[0]);
    g_assert_null(vdt_analyser_before(a, a->analysers->pdata[4]));
    g_assert_null(vdt_analyser_before(a, a->analysers->pdata[1]));
    g_assert_cmpstr(vdt_analyser_model(a->analysers->pdata[0]), ==, "cgrseg-street");
    g_assert_cmpstr(vdt_analyser_model(a->analysers->pdata[3]), ==, "slab-object");
    g_assert_cmpstr(vdt_analyser_model(a->analysers->pdata[4]), ==, "slab-scene");
}

static void test_analysers(void)
{
    g_autoptr(GString) many = g_string_new(STREET);
    for (guint i = 0; i <= VDT_CONFIG_MOST_ANALYSERS; i++)
        g_string_append_printf(many, "[segmenter s%u]\n", i);
    fixture_files("streams.d/a.conf", many->str, NULL);
    expect("streams.d/a.conf:11: [segmenter s8] expected at most 8 analysers", NULL);
}

static void test_many_streams(void)
{
    fixture_files("vedette.conf", "", NULL);
    for (guint i = 0; i < VDT_CONFIG_MOST_STREAMS; i++) {
        g_autofree char *name = g_strdup_printf("streams.d/s%u.conf", i);
        fixture_add(name, STREET);
    }
    g_autoptr(VdtConfig) config = load_good();
    g_assert_cmpuint(config->streams->len, ==, VDT_CONFIG_MOST_STREAMS);
    for (guint i = 1; i < config->streams->len; i++) {
        const VdtStreamConfig *a = config->streams->pdata[i - 1], *b = config->streams->pdata[i];
        g_assert_cmpstr(a->name, <, b->name);
    }
    fixture_add("streams.d/one-more.conf", STREET);
    expect("streams.d: expected at most 256 streams", NULL);
}

static void test_own_templates(void)
{
    static const char mine[] = "[template]\nsummary=Mine\nschemes=street\n"
                               "[parameter depth]\ntype=int\nmin=1\nmax=9\ndoc=How deep.\n"
                               "[source]\nvideotestsrc ! identity name=exit\n";
    fixture_files("pipelines.d/street.pipeline", mine, "streams.d/a.conf",
                  STREET "[parameters]\ndepth=3\n", NULL);
    g_autoptr(VdtConfig) config = load_good();
    const VdtStreamConfig *a = vdt_config_find(config, "a");
    g_assert_cmpstr(a->source->summary, ==, "Mine");
    g_assert_cmpuint(a->n_parameters, ==, 1);
    g_assert_cmpint(a->parameters[0].whole, ==, 3);
    fixture_add("streams.d/a.conf", STREET);
    expect("streams.d/a.conf: [parameters] depth: is missing; expected a whole number from 1 to 9",
           NULL);
    fixture_add("pipelines.d/bad.pipeline", "[template]\n[frames]\n");
    expect("pipelines.d/bad.pipeline: [template] summary: is missing",
           "streams.d/a.conf: [parameters] depth: is missing", NULL);
}

static void test_password_in_uri(void)
{
    fixture_files("streams.d/a.conf", "[stream]\nsource=rtsp://admin:hunter2@cam/x\n", NULL);
    expect("streams.d/a.conf:2: [stream] source=rtsp://cam/x: holds a password in a file that "
           "others can read",
           NULL);
    g_chmod(fixture_path("streams.d/a.conf"), 0640);
    expect("streams.d/a.conf:2: [stream] source=rtsp://cam/x: holds a password", NULL);
    g_chmod(fixture_path("streams.d/a.conf"), 0600);
    /* What others can read of this stream has no password in it. */
    fixture_add("streams.d/a.conf.d/x.conf", "[stream]\nstall-timeout=9s\n");
    g_autoptr(VdtConfig) config = load_good();
    const VdtStreamConfig *a = vdt_config_find(config, "a");
    g_assert_cmpstr(a->values[VDT_KEY_STREAM_SOURCE].text, ==, "rtsp://cam/x");
    g_assert_cmpstr(a->user, ==, "admin");
    g_assert_cmpstr(a->password, ==, "hunter2");
    fixture_files("streams.d/a.conf", "[stream]\nsource=rtsp://cam/?user=a&password=hunter2\n",
                  NULL);
    expect("streams.d/a.conf:2: [stream] source=rtsp://cam/?user=a&password=***: holds", NULL);
}

static void test_secret_file(void)
{
    fixture_files("secret", "admin:hunter2\n", NULL);
    g_autofree char *file = g_strdup(fixture_path("secret"));
    g_autofree char *text = g_strdup_printf("[stream]\nsource=rtsp://cam/\nsecret-file=%s\n", file);
    fixture_add("streams.d/a.conf", text);
    g_autofree char *start = g_strdup_printf("streams.d/a.conf:3: [stream] secret-file=%s: ", file);
    g_autofree char *open_to_others =
        g_strdup_printf("%s%s can be used by others than its owner (mode 0644)", start, file);
    expect(open_to_others, NULL);
    g_chmod(file, 0600);
    g_autoptr(VdtConfig) config = load_good();
    g_assert_cmpstr(vdt_config_find(config, "a")->password, ==, "hunter2");
    if (geteuid() == 0) {
        g_assert_cmpint(chown(file, 12345, 0), ==, 0);
        expect(start, NULL);
        g_assert_cmpint(chown(file, 0, 0), ==, 0);
    }
    g_autofree char *wrong = g_strdup_printf("%s%s: expected USER:PASSWORD", start, file);
    static const char *const bad[] = {"", "hunter2", "a:hunter2\nb", "a:\xff"};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_true(
            g_file_set_contents_full(file, bad[i], -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
        expect(wrong, NULL);
    }
    g_unlink(file);
    expect(start, NULL);
}

/* Another source of the same camera, with its own template, secret and parameters. */
static void test_recorded(void)
{
    fixture_files("secret", "admin:hunter2\n", NULL);
    g_autofree char *file = g_strdup(fixture_path("secret"));
    g_assert_cmpint(g_chmod(file, 0600), ==, 0);
    g_autofree char *text =
        g_strdup_printf(STREET "[record]\nsource=rtsp://cam/large\nsecret-file=%s\nafter=9s\n"
                               "[parameters]\nseed=7\nlatency=1s\n",
                        file);
    fixture_add("streams.d/a.conf", text);
    fixture_add("streams.d/b.conf", STREET);
    g_autoptr(VdtConfig) config = load_good();
    const VdtStreamConfig *a = vdt_config_find(config, "a"), *b = vdt_config_find(config, "b");
    g_assert_null(b->recorded);
    g_assert_cmpstr(b->record[VDT_KEY_RECORD_KEEP].text, ==, "clips");
    g_assert_cmpint(a->record[VDT_KEY_RECORD_AFTER].whole, ==, 9000000);
    g_assert_null(a->password);
    g_assert_cmpstr(a->recorded->password, ==, "hunter2");
    g_autofree char *small = vdt_describe_source(a, FALSE, NULL),
                    *large = vdt_describe_source(a->recorded, FALSE, NULL);
    g_assert_nonnull(strstr(small, "seed=7"));
    g_assert_nonnull(strstr(large, "location=\"rtsp://cam/large\" latency=1000 "));
    fixture_add("streams.d/a.conf", STREET "[record]\nsource=gopher://x/\nbefor=1s\nmost=1ms\n"
                                           "[parameters]\nlatency=1s\n");
    fixture_add("streams.d/b.conf", STREET "[record]\ncredential=front\n");
    expect("streams.d/a.conf:4: [record] source=gopher://x/: expected a scheme that a template is",
           "streams.d/a.conf:5: [record] befor: there is no such key; did you mean before?",
           "streams.d/a.conf:6: [record] most=1ms: expected a duration",
           "streams.d/b.conf:4: [record] credential=***: expected a source in [record], too", NULL);
}

static void test_credential(void)
{
    static const char stream[] = "[stream]\nsource=rtsp://cam/\ncredential=front\n";
    fixture_files("streams.d/a.conf", stream, "credentials/front", "admin:p:w", NULL);
    g_autoptr(VdtConfig) without = load_good();
    g_assert_true(vdt_config_find(without, "a")->secret_unread);
    g_setenv("CREDENTIALS_DIRECTORY", fixture_path("credentials"), TRUE);
    g_autoptr(VdtConfig) config = load_good();
    const VdtStreamConfig *a = vdt_config_find(config, "a");
    g_assert_false(a->secret_unread);
    g_assert_cmpstr(a->user, ==, "admin");
    g_assert_cmpstr(a->password, ==, "p:w");
    /* A credential is a file of that folder; where others are is nobody's business. */
    fixture_add("streams.d/a.conf", "[stream]\nsource=rtsp://cam/\ncredential=../x\n");
    expect("streams.d/a.conf:3: [stream] credential=***: expected a name", NULL);
    fixture_add("streams.d/a.conf", "[stream]\nsource=rtsp://cam/\ncredential=back\n");
    expect("streams.d/a.conf:3: [stream] credential=***: there is neither ", NULL);
    /* One of a folder that was given as a whole; one that was given alone comes first. */
    fixture_add("credentials/cameras_back", "guest:q");
    fixture_add("credentials/cameras_front", "nobody:n");
    g_autoptr(VdtConfig) folder = load_good();
    g_assert_cmpstr(vdt_config_find(folder, "a")->password, ==, "q");
    fixture_add("streams.d/a.conf", stream);
    g_autoptr(VdtConfig) alone = load_good();
    g_assert_cmpstr(vdt_config_find(alone, "a")->password, ==, "p:w");
    fixture_add("streams.d/a.conf", "[stream]\nsource=rtsp://u:p@cam/\ncredential=front\n");
    g_chmod(fixture_path("streams.d/a.conf"), 0600);
    expect("streams.d/a.conf:2: [stream] source=rtsp://cam/: expected user and password in one "
           "place",
           NULL);
    g_unsetenv("CREDENTIALS_DIRECTORY");
}

/* What no row of the table says of those who are told. */
static void test_publish(void)
{
    static const struct {
        const char *text, *problem;
    } rows[] = {
        {"[mqtt]\nhost=user:hunter2@broker\n", "vedette.conf:2: [mqtt] host="},
        {"[mqtt]\nhost=mqtt://broker\n", "vedette.conf:2: [mqtt] host="},
        {"[mqtt]\nprefix=a/+/b\n", "vedette.conf:2: [mqtt] prefix=a/+/b: expected the beginning"},
        {"[mqtt]\nprefix=/a\n", "vedette.conf:2: [mqtt] prefix=/a: expected the beginning"},
        {"[mqtt]\nprefix=a/\n", "vedette.conf:2: [mqtt] prefix=a/: expected the beginning"},
        {"[mqtt]\ndiscovery-prefix=#\n", "vedette.conf:2: [mqtt] discovery-prefix=#: expected"},
        {"[mqtt]\nqos=0\n", "vedette.conf:2: [mqtt] qos=0: expected a whole number from 1 to 2"},
        {"[mqtt]\ncredential=a\nsecret-file=/b\n",
         "vedette.conf:3: [mqtt] secret-file=/b: expected a credential or a secret-file, not both"},
        {"[mqtt]\nsecret-file=/nosuch/file\n", "vedette.conf:2: [mqtt] secret-file=/nosuch/file: "},
        {"[webhook]\nurl=ftp://a/b\n", "vedette.conf:2: [webhook] url=***: expected http"},
        {"[webhook]\nurl=http:///b\n", "vedette.conf:2: [webhook] url=***: expected http"},
        {"[webhook]\nurl=https://u:hunter2@a/\n", "vedette.conf:2: [webhook] url=***: expected "
                                                  "no user"},
        {"[webhook]\nurl=https://a/?token=hunter2\n",
         "vedette.conf:2: [webhook] url=***: holds a password"},
        {"[webhook]\nphases=end\n", "vedette.conf:2: [webhook] phases=end: expected one of all"},
        {"[file]\npath=events.json\n", "vedette.conf:2: [file] path=events.json: expected an "},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        fixture_files("vedette.conf", rows[i].text, NULL);
        expect(rows[i].problem, NULL);
    }
    fixture_files("pair", "vedette:hunter2\n", "line", "hunter:3\n", "credentials/hook", "hunter4",
                  NULL);
    g_autofree char *pair = g_strdup(fixture_path("pair")), *line = g_strdup(fixture_path("line"));
    g_chmod(pair, 0600);
    g_chmod(line, 0600);
    g_autofree char *text = g_strdup_printf("[mqtt]\nhost=a\nsecret-file=%s\n[webhook]\n"
                                            "url=https://a/?token=x\nsecret-file=%s\n",
                                            pair, line);
    fixture_add("vedette.conf", text);
    g_chmod(fixture_path("vedette.conf"), 0600);
    g_autoptr(VdtConfig) config = load_good();
    g_assert_cmpstr(config->secrets[VDT_GROUP_MQTT].user, ==, "vedette");
    g_assert_cmpstr(config->secrets[VDT_GROUP_MQTT].password, ==, "hunter2");
    g_assert_null(config->secrets[VDT_GROUP_WEBHOOK].user);
    g_assert_cmpstr(config->secrets[VDT_GROUP_WEBHOOK].password, ==, "hunter:3");
    fixture_add("vedette.conf", "[webhook]\nurl=https://a/\ncredential=hook\n");
    g_autoptr(VdtConfig) unread = load_good();
    g_assert_true(unread->secrets[VDT_GROUP_WEBHOOK].unread);
    g_setenv("CREDENTIALS_DIRECTORY", fixture_path("credentials"), TRUE);
    g_autoptr(VdtConfig) read = load_good();
    g_unsetenv("CREDENTIALS_DIRECTORY");
    g_assert_cmpstr(read->secrets[VDT_GROUP_WEBHOOK].password, ==, "hunter4");
}

/* The configuration is wrong, and nothing that is said of that has the password in it. */
static void assert_silent(const char *lines)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_assert_null(load(problems));
    for (guint k = 0; k < problems->list->len; k++) {
        g_autofree char *shown = vdt_problem_show(problems->list->pdata[k]);
        if (strstr(shown, "hunter2") != NULL)
            g_error("%s is told as: %s", lines, shown);
    }
}

/* Wherever somebody puts a password, no problem repeats it. */
static void test_no_secret_is_told(void)
{
    static const char *const lines[] = {
        "source=rtsp://admin:hunter2@cam/x",
        "source=rtsp://admin:hunter2 @cam/x",
        "source=rtsp://admin:x/hunter2@cam/x",
        "source=rtsp://admin:hunter2@x@cam/x",
        "source=admin:hunter2@cam/x",
        "password=hunter2",
        "pasword=hunter2\npasswd=hunter2",
        "credential=admin:hunter2",
        "secret-file=hunter2",
        "user-pw=hunter2",
        "hunter2",
        "source=rtsp://cam/?pwd=hunter2&x=\\q",
        "source=http://cam/?api-key=hunter2",
        "hunter2 hunter2=1",
        "pipeline=rtsp://admin:hunter2@cam/",
        "stall-timeout=rtsp://admin:hunter2@cam/",
    };
    static const char *const service[] = {
        "[mqtt]\nhost=user:hunter2@broker",
        "[mqtt]\nhost=mqtt://user:hunter2@broker",
        "[mqtt]\npassword=hunter2",
        "[mqtt]\ncredential=user:hunter2",
        "[webhook]\nurl=https://u:hunter2@a/ b",
        "[webhook]\nurl=http://u:hunter2@a/",
        "[webhook]\nsecret=hunter2",
        "[webhook]\nurl=ftp://a/?key=hunter2",
    };
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *text = g_strdup_printf("[stream]\n%s\nsource=rtsp://u:hunter2@h/\n"
                                                "source=rtsp://u:hunter2@h/\n",
                                                lines[i]);
        fixture_files("streams.d/a.conf", text, NULL);
        assert_silent(lines[i]);
    }
    for (guint i = 0; i < G_N_ELEMENTS(service); i++) {
        fixture_files("vedette.conf", service[i], NULL);
        assert_silent(service[i]);
    }
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/config/defaults", test_defaults);
    g_test_add_func("/config/empty", test_empty);
    g_test_add_func("/config/dropins", test_dropins);
    g_test_add_func("/config/file", test_file);
    g_test_add_func("/config/all-wrong", test_all_wrong);
    g_test_add_func("/config/named", test_named);
    g_test_add_func("/config/named-wrong", test_named_wrong);
    g_test_add_func("/config/model", test_model);
    g_test_add_func("/config/analysers", test_analysers);
    g_test_add_func("/config/boxes", test_boxes);
    g_test_add_func("/config/many-streams", test_many_streams);
    g_test_add_func("/config/own-templates", test_own_templates);
    g_test_add_func("/config/password-in-uri", test_password_in_uri);
    g_test_add_func("/config/secret-file", test_secret_file);
    g_test_add_func("/config/recorded", test_recorded);
    g_test_add_func("/config/credential", test_credential);
    g_test_add_func("/config/publish", test_publish);
    g_test_add_func("/config/no-secret-is-told", test_no_secret_is_told);
    return fixture_close();
}
