/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes what people read about the configuration, out of the table that programs read:
 * generate man|vedette.conf|stream.conf FILE [FOLDER of templates]
 */
#include <string.h>

#include "config/keytable.h"
#include "pipeline/template.h"

/* A sentence in comments of at most 100 columns. */
static void add_comment(GString *out, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    gsize column = 0;
    for (guint i = 0; words[i] != NULL; i++) {
        if (column > 0 && column + 1 + strlen(words[i]) > 98) {
            g_string_append_c(out, '\n');
            column = 0;
        }
        g_string_append_printf(out, "%s%s", column == 0 ? "# " : " ", words[i]);
        column += strlen(words[i]) + 1;
    }
    g_string_append_c(out, '\n');
}

/* @name follows the name of its kind. */
static void sample_group(GString *out, const VdtGroup *group, const char *name, gboolean is_comment)
{
    add_comment(out, group->doc);
    g_string_append_printf(out, "%s[%s%s]\n", is_comment ? "#" : "", group->name, name);
    for (guint i = 0; i < group->n_keys; i++) {
        const VdtKey *key = &group->keys[i];
        g_autofree char *expected = vdt_option_expected(&key->spec);
        g_autofree char *about = g_strdup_printf("%s (%s)", key->doc, expected);
        g_string_append_c(out, '\n');
        add_comment(out, about);
        if (key->spec.unset == NULL)
            g_string_append_printf(out, "%s=street:///\n", key->name);
        else
            g_string_append_printf(out, "#%s=%s\n", key->name, key->spec.unset);
    }
}

static char *make_sample(gboolean is_stream)
{
    g_autoptr(GString) out = g_string_new(NULL);
    if (!is_stream) {
        add_comment(out, "Of Vedette's service; see vedette.conf(5). What is commented out is what "
                         "it is anyway. `vedette serve --check-config` says what is wrong.");
        for (guint i = 0; i < VDT_N_SERVICE_GROUPS; i++) {
            g_string_append_c(out, '\n');
            sample_group(out, &vdt_service_groups[i], "", FALSE);
        }
        for (guint i = 0; i < VDT_N_NAMED_GROUPS; i++) {
            g_string_append_c(out, '\n');
            sample_group(out, &vdt_named_groups[i], " NAME", TRUE);
        }
        return g_string_free(g_steal_pointer(&out), FALSE);
    }
    add_comment(out, "A stream of Vedette's service; see vedette.conf(5). As "
                     "/etc/vedette/streams.d/NAME.conf it is stream NAME. What is commented out is "
                     "what it is anyway, but for whole groups, which are not there until their "
                     "line is not.");
    g_string_append_c(out, '\n');
    sample_group(out, &vdt_stream_group, "", FALSE);
    for (guint i = 0; i < vdt_n_analyser_groups; i++) {
        g_string_append_c(out, '\n');
        sample_group(out, &vdt_analyser_groups[i], "", TRUE);
    }
    g_string_append_c(out, '\n');
    sample_group(out, &vdt_record_group, "", TRUE);
    g_string_append_c(out, '\n');
    add_comment(out, "Parameters of the templates.");
    g_string_append(out, "#[" VDT_PARAMETERS_GROUP "]\n");
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* Text for roff: no hyphens that break, no line that begins as a request. */
static void add_roff(GString *out, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '-')
            g_string_append(out, "\\-");
        else if (*p == '\\')
            g_string_append(out, "\\e");
        else if ((*p == '.' || *p == '\'') && (p == text || p[-1] == '\n'))
            g_string_append_printf(out, "\\&%c", *p);
        else
            g_string_append_c(out, *p);
    }
}

static void man_key(GString *out, const VdtKey *key)
{
    g_autofree char *expected = vdt_option_expected(&key->spec);
    g_string_append(out, ".TP\n.B ");
    add_roff(out, key->name);
    g_string_append_c(out, '\n');
    add_roff(out, key->doc);
    g_string_append(out, "\n.br\n");
    add_roff(out, expected);
    if (key->spec.unset == NULL) {
        g_string_append(out, "; must be set");
    } else if (*key->spec.unset != '\0') {
        g_string_append(out, "; by default ");
        add_roff(out, key->spec.unset);
    }
    g_string_append(out, "; a change takes effect ");
    g_string_append(out, key->reload == VDT_RELOAD_LIVE     ? "at once"
                         : key->reload == VDT_RELOAD_STREAM ? "by building the stream anew"
                                                            : "when the service is restarted");
    g_string_append(out, "\n");
}

static void man_group(GString *out, const char *title, const VdtGroup *group)
{
    g_string_append_printf(out, ".SH \"%s\"\n", title);
    add_roff(out, group->doc);
    g_string_append_c(out, '\n');
    for (guint i = 0; i < group->n_keys; i++)
        man_key(out, &group->keys[i]);
}

static void man_template(GString *out, const VdtTemplate *t)
{
    g_string_append(out, ".SS \"");
    add_roff(out, t->name);
    g_string_append(out, "\"\n");
    add_roff(out, t->summary);
    g_string_append(out, ".\n");
    if (t->schemes != NULL) {
        g_autofree char *schemes = g_strjoinv(", ", t->schemes);
        g_string_append(out, "It is for sources that begin with ");
        add_roff(out, schemes);
        g_string_append(out, ".\n");
    }
    for (guint i = 0; i < t->parameters->len; i++)
        man_key(out, t->parameters->pdata[i]);
}

static const char head[] =
    ".\\\" Written by daemon/generate out of daemon/config/keys.\n"
    ".TH VEDETTE.CONF 5 \"\" \"Vedette\" \"File Formats\"\n"
    ".SH NAME\n"
    "vedette.conf \\- configuration of Vedette's service\n"
    ".SH SYNOPSIS\n.nf\n"
    "/etc/vedette/vedette.conf, /etc/vedette/vedette.conf.d/*.conf\n"
    "/etc/vedette/streams.d/\\fINAME\\fR.conf, "
    "/etc/vedette/streams.d/\\fINAME\\fR.conf.d/*.conf\n"
    "/etc/vedette/pipelines.d/*.pipeline\n.fi\n"
    ".SH DESCRIPTION\n"
    "Each file in \\fIstreams.d\\fR is a stream, called as the file is. Files are UTF\\-8 text:\n"
    "groups, [\\fINAME\\fR], with keys, \\fIKEY\\fR=\\fIVALUE\\fR, and comments, lines that begin\n"
    "with #. Of the files in a folder that ends in \\fI.conf.d\\fR, drop\\-ins, each is read "
    "after\n"
    "the one it is named after, in the order of their names; the key that is read last counts.\n"
    "An empty value is as none. No value has a control character, a double quote or a backslash;\n"
    "\\es, in front, is a blank. \\fBvedette serve \\-\\-check\\-config\\fR says all that is "
    "wrong.\n"
    ".PP\n"
    "Names of groups and keys, and streams, are there once: two of one name are an error, as is\n"
    "what is not described here. There may be 256 streams, and 8 analysers in each; a file has\n"
    "at most 256 KiB.\n";

static char *make_man(const char *templates_folder)
{
    g_autoptr(GString) out = g_string_new(head);
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    const char *const folders[] = {templates_folder, NULL};
    g_autoptr(GPtrArray) templates = vdt_templates_load(folders, problems);
    for (guint i = 0; i < problems->list->len; i++) {
        g_autofree char *text = vdt_problem_show(problems->list->pdata[i]);
        g_error("%s", text);
    }
    for (guint i = 0; i < VDT_N_SERVICE_GROUPS; i++) {
        const VdtGroup *group = &vdt_service_groups[i];
        g_autofree char *title = g_strdup_printf("VEDETTE.CONF: [%s]", group->name);
        man_group(out, title, group);
    }
    for (guint i = 0; i < VDT_N_NAMED_GROUPS; i++) {
        const VdtGroup *group = &vdt_named_groups[i];
        g_autofree char *title = g_strdup_printf("VEDETTE.CONF: [%s NAME]", group->name);
        man_group(out, title, group);
    }
    man_group(out, "STREAMS: [stream]", &vdt_stream_group);
    man_group(out, "STREAMS: [record]", &vdt_record_group);
    for (guint i = 0; i < vdt_n_analyser_groups; i++) {
        const VdtGroup *group = &vdt_analyser_groups[i];
        g_autofree char *title =
            g_strdup_printf("STREAMS: [%s], [%s NAME]", group->name, group->name);
        man_group(out, title, group);
    }
    g_string_append(out, ".SH \"STREAMS: [parameters]\"\n"
                         "Parameters of the two templates that a stream is made from: "
                         "\\fBsource\\-pipeline\\fR and \\fBpipeline\\fR.\n"
                         "A template in \\fIpipelines.d\\fR takes the place of the one of its name "
                         "among these:\n");
    for (guint i = 0; i < templates->len; i++)
        man_template(out, templates->pdata[i]);
    g_string_append(out, ".SH EXAMPLE\n.nf\n[stream]\nsource=rtsp://camera.example/stream\n"
                         "credential=camera\n\n[recognizer]\ninterval=500ms\n\n"
                         "[segmenter door]\nzones=door: 0.1,0.2 0.4,0.2 0.4,0.9\n.fi\n"
                         ".SH SEE ALSO\n.BR vedette (1)\n");
    return g_string_free(g_steal_pointer(&out), FALSE);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    if (argc == 4 && strcmp(argv[1], "man") == 0)
        text = make_man(argv[3]);
    else if (argc == 3)
        text = make_sample(strcmp(argv[1], "stream.conf") == 0);
    if (text == NULL || !g_file_set_contents(argv[2], text, -1, &error)) {
        g_printerr("%s\n", error != NULL ? error->message : "usage: generate WHAT FILE [FOLDER]");
        return 1;
    }
    return 0;
}
