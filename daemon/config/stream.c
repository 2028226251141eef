/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One stream: its groups, the templates that it names, its secret. */
#include "stream.h"

#include <string.h>

#include "card.h"
#include "paths.h"
#include "secret.h"
#include "values/mask.h"
#include "values/nearest.h"

static void analyser_free(gpointer data)
{
    VdtAnalyserConfig *analyser = data;
    vdt_options_free(analyser->values, analyser->group->n_keys);
    g_free(analyser->name);
    g_free(analyser->label);
    g_free(analyser->file);
    g_free(analyser);
}

VdtStreamConfig *vdt_stream_config_ref(VdtStreamConfig *stream)
{
    g_atomic_int_inc(&stream->ref_count);
    return stream;
}

static void free_secret(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

void vdt_stream_config_unref(VdtStreamConfig *stream)
{
    if (stream == NULL || !g_atomic_int_dec_and_test(&stream->ref_count))
        return;
    vdt_options_free(stream->values, VDT_KEY_STREAM_N_KEYS);
    vdt_options_free(stream->record, VDT_KEY_RECORD_N_KEYS);
    vdt_options_free(stream->parameters, stream->n_parameters);
    g_free(stream->parameter_keys);
    g_ptr_array_unref(stream->analysers);
    vdt_stream_config_unref(stream->recorded);
    vdt_template_unref(stream->source);
    vdt_template_unref(stream->frames);
    free_secret(stream->user);
    free_secret(stream->password);
    g_free(stream->name);
    g_free(stream->file);
    g_free(stream);
}

typedef struct {
    VdtStreamConfig *stream;
    const VdtGroup *group; /* that its source stands in */
    GPtrArray *templates, *inis;
    VdtProblems *problems;
} Reader;

static void add(const Reader *r, const VdtOption *value, guint key, const char *message)
{
    VdtSite site = {value->file != NULL ? value->file : r->stream->file, value->line,
                    r->group->name, vdt_stream_group.keys[key].name, value->text};
    vdt_problems_add(r->problems, &site, "%s", message);
}

gboolean vdt_analyser_takes_boxes(const VdtAnalyserConfig *analyser)
{
    return analyser->group == &vdt_analyser_groups[VDT_ANALYSER_CLASSIFIER] &&
           g_strcmp0(analyser->values[VDT_KEY_CLASSIFIER_CLASSIFY].text, "boxes") == 0;
}

/* What stands behind the kind in an analyser's name: "-door", or nothing. */
static const char *own_name(const VdtAnalyserConfig *analyser)
{
    return analyser->name + strlen(analyser->group->name);
}

const VdtAnalyserConfig *vdt_analyser_before(const VdtStreamConfig *stream,
                                             const VdtAnalyserConfig *analyser)
{
    const VdtAnalyserConfig *first = NULL;
    for (guint i = 0; vdt_analyser_takes_boxes(analyser) && i < stream->analysers->len; i++) {
        const VdtAnalyserConfig *other = stream->analysers->pdata[i];
        if (other->group != &vdt_analyser_groups[VDT_ANALYSER_SEGMENTER])
            continue;
        if (strcmp(own_name(other), own_name(analyser)) == 0)
            return other;
        first = first != NULL ? first : other;
    }
    return first;
}

const char *vdt_analyser_model(const VdtAnalyserConfig *analyser)
{
    const char *named = analyser->values[vdt_group_find_key(analyser->group, "model")].text;
    if (named != NULL)
        return named;
    return vdt_analyser_takes_boxes(analyser) ? "slab-object" : analyser->group->usual;
}

/* That it is there, and for this kind of analyser. Its weights are looked at later. */
static void check_model(const Reader *r, const VdtAnalyserConfig *analyser)
{
    const VdtOption *model = &analyser->values[vdt_group_find_key(analyser->group, "model")];
    g_autoptr(GError) error = NULL;
    if (model->text == NULL)
        return;
    VdtSite site = {model->file, model->line, analyser->label, "model", model->text};
    g_autofree char *path = vdt_find_card(model->text, &error);
    g_autoptr(JsonObject) config = NULL;
    g_autoptr(VdtCard) card = path != NULL ? vdt_card_load(path, &config, &error) : NULL;
    if (card == NULL)
        vdt_problems_add(r->problems, &site, "%s", error->message);
    else if (!g_strv_contains(analyser->group->architectures, card->architecture)) {
        g_autofree char *known = g_strjoinv(" or ", (char **)analyser->group->architectures);
        vdt_problems_add(r->problems, &site, "expected a model of %s; it is one of %s", known,
                         card->architecture);
    }
}

static void add_analyser(const Reader *r, const VdtSettings *settings)
{
    g_auto(GStrv) words = g_strsplit(settings->name, " ", 2);
    const VdtGroup *group = vdt_analyser_group_find(words[0]);
    VdtSite site = {settings->file, settings->line, settings->name, NULL, NULL};
    if (group == NULL) {
        const char *known[] = {vdt_stream_group.name,
                               vdt_record_group.name,
                               VDT_PARAMETERS_GROUP,
                               vdt_analyser_groups[VDT_ANALYSER_RECOGNIZER].name,
                               vdt_analyser_groups[VDT_ANALYSER_SEGMENTER].name,
                               vdt_analyser_groups[VDT_ANALYSER_CLASSIFIER].name,
                               NULL};
        g_autofree char *hint = vdt_did_you_mean(words[0], known);
        vdt_problems_add(r->problems, &site, "there is no such group%s", hint != NULL ? hint : "");
        return;
    }
    if (words[1] != NULL && (!vdt_is_name(words[1]) || strchr(words[1], '.') != NULL)) {
        vdt_problems_add(r->problems, &site,
                         "expected a name of letters, digits, - and _ behind %s", group->name);
        return;
    }
    if (r->stream->analysers->len >= VDT_CONFIG_MOST_ANALYSERS) {
        vdt_problems_add(r->problems, &site, "expected at most %d analysers",
                         VDT_CONFIG_MOST_ANALYSERS);
        return;
    }
    VdtAnalyserConfig *analyser = g_new0(VdtAnalyserConfig, 1);
    *analyser = (VdtAnalyserConfig){
        .group = group,
        .name =
            words[1] != NULL ? g_strdup_printf("%s-%s", words[0], words[1]) : g_strdup(words[0]),
        .label = g_strdup(settings->name),
        .values = vdt_keys_parse(group->keys, group->n_keys, settings, &site, r->problems),
        .file = g_strdup(settings->file),
        .line = settings->line,
    };
    g_ptr_array_add(r->stream->analysers, analyser);
    check_model(r, analyser);
}

static VdtTemplate *find_template(const Reader *r, guint key, const char *section)
{
    const VdtOption *value = &r->stream->values[key];
    VdtTemplate *t = vdt_templates_find(r->templates, value->text);
    if (t == NULL) {
        g_autofree const char **names = g_new0(const char *, r->templates->len + 1);
        for (guint i = 0; i < r->templates->len; i++)
            names[i] = ((VdtTemplate *)r->templates->pdata[i])->name;
        g_autofree char *hint = vdt_did_you_mean(value->text, names);
        g_autofree char *message = g_strconcat("there is no template of this name", hint, NULL);
        add(r, value, key, message);
        return NULL;
    }
    if (vdt_template_find(t, section) == NULL) {
        g_autofree char *message =
            g_strdup_printf("expected a template with a part [%s]; %s has none", section, t->file);
        add(r, value, key, message);
        return NULL;
    }
    return vdt_template_ref(t);
}

static VdtTemplate *find_source_template(const Reader *r)
{
    const VdtOption *source = &r->stream->values[VDT_KEY_STREAM_SOURCE];
    if (r->stream->values[VDT_KEY_STREAM_SOURCE_PIPELINE].text != NULL)
        return find_template(r, VDT_KEY_STREAM_SOURCE_PIPELINE, "source");
    if (source->text == NULL)
        return NULL;
    g_autofree char *scheme = g_uri_parse_scheme(source->text);
    VdtTemplate *t = vdt_templates_for_scheme(r->templates, scheme);
    if (t != NULL)
        return vdt_template_ref(t);
    g_autoptr(GString) known = g_string_new("expected a scheme that a template is for:");
    for (guint i = 0; i < r->templates->len; i++) {
        const VdtTemplate *each = r->templates->pdata[i];
        for (guint k = 0; each->schemes != NULL && each->schemes[k] != NULL; k++)
            g_string_append_printf(known, " %s", each->schemes[k]);
    }
    add(r, source, VDT_KEY_STREAM_SOURCE, known->str);
    return NULL;
}

/* What a template needs of analysers, it has a part for. */
static void check_parts(const Reader *r)
{
    for (guint i = 0; i < r->stream->analysers->len; i++) {
        const VdtAnalyserConfig *analyser = r->stream->analysers->pdata[i];
        g_autofree char *part = g_strconcat("each ", analyser->group->name, NULL);
        VdtSite site = {analyser->file, analyser->line, analyser->label, NULL, NULL};
        if (vdt_template_find(r->stream->frames, part) == NULL)
            vdt_problems_add(r->problems, &site, "the template %s has no part [%s]",
                             r->stream->frames->file, part);
    }
}

/* Boxes are a segmenter's objects. */
static void check_boxes(const Reader *r)
{
    for (guint i = 0; i < r->stream->analysers->len; i++) {
        const VdtAnalyserConfig *analyser = r->stream->analysers->pdata[i];
        if (!vdt_analyser_takes_boxes(analyser))
            continue;
        const VdtAnalyserConfig *before = vdt_analyser_before(r->stream, analyser);
        const VdtOption *value = &analyser->values[VDT_KEY_CLASSIFIER_CLASSIFY];
        VdtSite site = {value->file, value->line, analyser->label, "classify", value->text};
        if (before == NULL)
            vdt_problems_add(r->problems, &site, "expected a [segmenter], too, which finds them");
        else if (!before->values[VDT_KEY_SEGMENTER_OBJECTS].whole)
            vdt_problems_add(r->problems, &site, "expected objects=yes in [%s], which finds them",
                             before->label);
    }
}

static void add_parameters(GArray *keys, const VdtTemplate *t)
{
    for (guint i = 0; i < t->parameters->len; i++) {
        const VdtKey *key = t->parameters->pdata[i];
        gboolean known = FALSE;
        for (guint k = 0; k < keys->len && !known; k++)
            known = strcmp(g_array_index(keys, VdtKey, k).name, key->name) == 0;
        if (!known)
            g_array_append_val(keys, *key);
    }
}

/* A source that is recorded takes its parameters from the same group, which has no others. */
static void read_parameters(const Reader *r, const VdtSettings *settings)
{
    VdtStreamConfig *stream = r->stream;
    GArray *keys = g_array_new(TRUE, TRUE, sizeof(VdtKey));
    VdtSite site = {stream->file, 0, VDT_PARAMETERS_GROUP, NULL, NULL};
    add_parameters(keys, stream->source);
    add_parameters(keys, stream->frames);
    if (stream->recorded != NULL)
        add_parameters(keys, stream->recorded->source);
    stream->n_parameters = keys->len;
    stream->parameter_keys = (VdtKey *)g_array_free(keys, FALSE);
    stream->parameters =
        vdt_keys_parse(stream->parameter_keys, stream->n_parameters, settings, &site, r->problems);
}

static gboolean is_open_to_others(const Reader *r, const char *file)
{
    for (guint i = 0; i < r->inis->len; i++) {
        const VdtIni *ini = r->inis->pdata[i];
        if (g_strcmp0(ini->file, file) == 0)
            return ini->open_to_others;
    }
    return FALSE;
}

static void read_secret(const Reader *r)
{
    VdtStreamConfig *stream = r->stream;
    VdtOption *source = &stream->values[VDT_KEY_STREAM_SOURCE];
    const VdtOption *credential = &stream->values[VDT_KEY_STREAM_CREDENTIAL],
                    *file = &stream->values[VDT_KEY_STREAM_SECRET_FILE];
    g_autoptr(GError) error = NULL;
    if ((source->user != NULL) + (credential->text != NULL) + (file->text != NULL) > 1) {
        add(r, source, VDT_KEY_STREAM_SOURCE,
            "expected user and password in one place: source, credential or secret-file");
        return;
    }
    if (source->text != NULL && is_open_to_others(r, source->file) &&
        (source->user != NULL || vdt_has_secret_query(source->text)))
        add(r, source, VDT_KEY_STREAM_SOURCE,
            "holds a password in a file that others can read: name a credential or a secret-file, "
            "or chmod 0600 the file");
    if (source->user != NULL) {
        stream->user = g_strdup(source->user);
        stream->password = g_strdup(source->password);
    } else if (credential->text != NULL && g_getenv("CREDENTIALS_DIRECTORY") == NULL) {
        stream->secret_unread = TRUE;
    } else if (credential->text != NULL) {
        if (!vdt_secret_from_credential(credential->text, &stream->user, &stream->password, &error))
            add(r, credential, VDT_KEY_STREAM_CREDENTIAL, error->message);
    } else if (file->text != NULL) {
        if (!vdt_secret_from_file(file->text, &stream->user, &stream->password, &error))
            add(r, file, VDT_KEY_STREAM_SECRET_FILE, error->message);
    }
}

static void check_backoff(const Reader *r)
{
    const VdtOption *min = &r->stream->values[VDT_KEY_STREAM_BACKOFF_MIN],
                    *max = &r->stream->values[VDT_KEY_STREAM_BACKOFF_MAX];
    if (min->text == NULL || max->text == NULL || min->whole <= max->whole)
        return;
    gboolean is_max = max->file != NULL; /* the one that somebody wrote */
    g_autofree char *message =
        is_max ? g_strdup_printf("expected at least what backoff-min is, %s", min->text)
               : g_strdup_printf("expected at most what backoff-max is, %s", max->text);
    add(r, is_max ? max : min, is_max ? VDT_KEY_STREAM_BACKOFF_MAX : VDT_KEY_STREAM_BACKOFF_MIN,
        message);
}

/* Of @settings, which may be NULL, what @keys have. Borrows as they do. */
static VdtSettings *keep_keys(const VdtSettings *settings, const VdtKey *keys, guint n)
{
    VdtSettings *kept = g_new0(VdtSettings, 1);
    kept->settings = g_array_new(FALSE, FALSE, sizeof(VdtSetting));
    if (settings == NULL)
        return kept;
    kept->name = g_strdup(settings->name);
    kept->file = settings->file;
    kept->line = settings->line;
    for (guint i = 0; i < n; i++) {
        const VdtSetting *setting = vdt_settings_find(settings, keys[i].name);
        if (setting != NULL)
            g_array_append_val(kept->settings, *setting);
    }
    return kept;
}

/* What @keys have of @settings, where others say what is wrong with it, and with the rest. */
static VdtOption *parse_some(const VdtKey *keys, guint n, const VdtSettings *settings)
{
    g_autoptr(VdtProblems) known = vdt_problems_new();
    VdtSettings *kept = keep_keys(settings, keys, n);
    VdtOption *values = vdt_keys_parse(keys, n, kept, &(VdtSite){NULL}, known);
    vdt_settings_free(kept);
    return values;
}

/* [record], and the source that it may name. */
static void read_record(const Reader *r, const VdtSettings *settings, const VdtSettings *parameters)
{
    VdtStreamConfig *stream = r->stream;
    VdtSite site = {stream->file, 0, vdt_record_group.name, NULL, NULL};
    stream->record =
        vdt_keys_parse(vdt_record_group.keys, VDT_KEY_RECORD_N_KEYS, settings, &site, r->problems);
    if (stream->record[VDT_KEY_RECORD_SOURCE].text == NULL) {
        for (guint key = VDT_KEY_RECORD_CREDENTIAL; key <= VDT_KEY_RECORD_SOURCE_PIPELINE; key++) {
            const VdtOption *value = &stream->record[key];
            VdtSite alone = {value->file, value->line, vdt_record_group.name,
                             vdt_record_group.keys[key].name, value->text};
            if (value->text != NULL)
                vdt_problems_add(r->problems, &alone, "expected a source in [record], too");
        }
        return;
    }
    VdtStreamConfig *other = g_new0(VdtStreamConfig, 1);
    *other = (VdtStreamConfig){.ref_count = 1,
                               .name = g_strdup(stream->name),
                               .file = g_strdup(stream->file),
                               .analysers = g_ptr_array_new_with_free_func(analyser_free)};
    stream->recorded = other;
    Reader own = *r;
    own.stream = other;
    own.group = &vdt_record_group;
    other->values = parse_some(vdt_stream_group.keys, VDT_KEY_STREAM_N_KEYS, settings);
    other->source = find_source_template(&own);
    read_secret(&own);
    if (other->source == NULL)
        return;
    GArray *keys = g_array_new(TRUE, TRUE, sizeof(VdtKey));
    add_parameters(keys, other->source);
    other->n_parameters = keys->len;
    other->parameter_keys = (VdtKey *)g_array_free(keys, FALSE);
    other->parameters = parse_some(other->parameter_keys, other->n_parameters, parameters);
}

VdtStreamConfig *vdt_stream_config_read(const char *name, GPtrArray *inis, GPtrArray *templates,
                                        VdtProblems *problems)
{
    g_autoptr(VdtStreamConfig) stream = g_new0(VdtStreamConfig, 1);
    const VdtIni *first = inis->pdata[0];
    guint before = vdt_problems_count(problems);
    *stream = (VdtStreamConfig){.ref_count = 1,
                                .name = g_strdup(name),
                                .file = g_strdup(first->file),
                                .analysers = g_ptr_array_new_with_free_func(analyser_free)};
    Reader r = {stream, &vdt_stream_group, templates, inis, problems};
    g_autoptr(GPtrArray) groups = vdt_settings_merge(inis);
    const VdtSettings *own = NULL, *record = NULL, *parameters = NULL;
    for (guint i = 0; i < groups->len; i++) {
        const VdtSettings *settings = groups->pdata[i];
        if (strcmp(settings->name, vdt_stream_group.name) == 0)
            own = settings;
        else if (strcmp(settings->name, vdt_record_group.name) == 0)
            record = settings;
        else if (strcmp(settings->name, VDT_PARAMETERS_GROUP) == 0)
            parameters = settings;
        else
            add_analyser(&r, settings);
    }
    VdtSite site = {stream->file, 0, vdt_stream_group.name, NULL, NULL};
    stream->values =
        vdt_keys_parse(vdt_stream_group.keys, VDT_KEY_STREAM_N_KEYS, own, &site, problems);
    stream->source = find_source_template(&r);
    if (stream->values[VDT_KEY_STREAM_PIPELINE].text != NULL)
        stream->frames = find_template(&r, VDT_KEY_STREAM_PIPELINE, "frames");
    read_record(&r, record, parameters);
    if (stream->source != NULL && stream->frames != NULL &&
        (stream->recorded == NULL || stream->recorded->source != NULL))
        read_parameters(&r, parameters);
    if (stream->frames != NULL)
        check_parts(&r);
    check_boxes(&r);
    read_secret(&r);
    check_backoff(&r);
    return vdt_problems_count(problems) == before ? g_steal_pointer(&stream) : NULL;
}
