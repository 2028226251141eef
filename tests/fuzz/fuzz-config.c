/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream's file: what is read is what GKeyFile reads, and no message shows user or password. */
#include <string.h>

#include "build/description.h"
#include "config/stream.h"
#include "fuzz.h"

static const char source_template[] =
    "[template]\nsummary=x\nschemes=rtsp;file;street\n[parameter latency]\ntype=duration\n"
    "default=1s\ndoc=x\n[source]\nx location=${source} latency=${latency:ms} p=${source:path} "
    "b=${backoff-max:ns}\n";
static const char frames_template[] =
    "[template]\nsummary=x\n[parameter size]\ntype=size\ndefault=4x3\ndoc=x\n[frames]\n"
    "x,w=${size:width}\n[each recognizer]\nx name=${name} model=${model} region=${region}\n"
    "[each segmenter]\nx name=${name} zones=${zones} classes=${classes}\n";

static GPtrArray *templates(VdtProblems *problems)
{
    static GPtrArray *all;
    if (all == NULL) {
        all = g_ptr_array_new();
        g_ptr_array_add(all, vdt_template_parse("rtsp", "rtsp", source_template,
                                                strlen(source_template), problems));
        g_ptr_array_add(all, vdt_template_parse("analyse", "analyse", frames_template,
                                                strlen(frames_template), problems));
        g_assert(all->pdata[0] != NULL && all->pdata[1] != NULL);
    }
    return all;
}

static void compare(const VdtIni *ini, const char *text, gsize n)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) error = NULL;
    if (n > 0 && !g_key_file_load_from_data(file, text, n, G_KEY_FILE_NONE, &error))
        g_error("GKeyFile: %s: %s", error->message, text);
    for (guint g = 0; g < ini->groups->len; g++) {
        const VdtIniGroup *group = ini->groups->pdata[g];
        for (guint e = 0; e < group->entries->len; e++) {
            const VdtIniEntry *entry = group->entries->pdata[e];
            g_autofree char *theirs = g_key_file_get_string(file, group->name, entry->key, NULL);
            g_autofree char *ours = g_strchomp(g_strdup(entry->value));
            g_assert(theirs != NULL);
            g_assert_cmpstr(g_strchomp(theirs), ==, ours);
        }
    }
}

static void check_masked(const VdtProblems *problems)
{
    for (guint i = 0; i < problems->list->len; i++) {
        const VdtProblem *problem = problems->list->pdata[i];
        const char *scheme = problem->value != NULL ? strstr(problem->value, "://") : NULL;
        g_autofree char *shown = vdt_problem_show(problem);
        g_assert(g_utf8_validate(shown, -1, NULL));
        if (scheme != NULL && strrchr(scheme, '@') != NULL)
            g_assert(g_str_has_prefix(scheme, "://***@"));
    }
}

static void describe(const VdtStreamConfig *stream)
{
    for (int shown = 0; shown < 2; shown++) {
        g_autoptr(GError) error = NULL, other = NULL;
        g_autofree char *source = vdt_describe_source(stream, shown, &error);
        g_autofree char *frames = vdt_describe_frames(stream, shown, &other);
        g_assert((source == NULL) == (error != NULL));
        g_assert((frames == NULL) == (other != NULL));
        /* location and path stand in quotes, and nothing else does. */
        guint quotes = 0;
        for (const char *p = source; p != NULL && *p != '\0'; p++)
            quotes += *p == '"';
        g_assert(source == NULL || quotes == 4);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autoptr(GPtrArray) inis = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_ini_free);
    g_autofree char *text = g_strndup((const char *)data, size);
    memcpy(text, data, size);
    GPtrArray *all = templates(problems);
    VdtIni *ini = vdt_ini_parse("fuzz", 1, text, size, problems);
    if (ini == NULL)
        return 0;
    if (vdt_problems_count(problems) == 0)
        compare(ini, text, size);
    g_ptr_array_add(inis, ini);
    ini->open_to_others = size % 2;
    g_autoptr(VdtStreamConfig) stream = vdt_stream_config_read("fuzz", inis, all, problems);
    g_assert(stream == NULL || stream->values[VDT_KEY_STREAM_SOURCE].text != NULL);
    g_assert(stream != NULL || vdt_problems_count(problems) > 0);
    check_masked(problems);
    if (stream != NULL)
        describe(stream);
    return 0;
}
