/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "template.h"

#include <string.h>

#include "values/folder.h"

#define MOST_TEMPLATES 128

typedef enum { HEAD_SUMMARY, HEAD_SCHEMES, N_HEAD } HeadKey;
static const VdtKey head_keys[N_HEAD] = {
    [HEAD_SUMMARY] = {"summary", {VDT_OPTION_STRING}},
    [HEAD_SCHEMES] = {"schemes", {VDT_OPTION_LIST, .unset = ""}},
};

typedef enum {
    PARAM_TYPE,
    PARAM_MIN,
    PARAM_MAX,
    PARAM_CHOICES,
    PARAM_DEFAULT,
    PARAM_DOC,
    N_PARAM
} ParamKey;
static const VdtKey param_keys[N_PARAM] = {
    [PARAM_TYPE] = {"type", {VDT_OPTION_STRING}},
    [PARAM_MIN] = {"min", {VDT_OPTION_STRING, .unset = ""}},
    [PARAM_MAX] = {"max", {VDT_OPTION_STRING, .unset = ""}},
    [PARAM_CHOICES] = {"choices", {VDT_OPTION_LIST, .unset = ""}},
    [PARAM_DEFAULT] = {"default", {VDT_OPTION_STRING, .unset = ""}},
    [PARAM_DOC] = {"doc", {VDT_OPTION_STRING}},
};

static void parameter_free(gpointer data)
{
    VdtKey *key = data;
    g_free((char *)key->name);
    g_free((char *)key->doc);
    g_free((char *)key->spec.min);
    g_free((char *)key->spec.max);
    g_free((char *)key->spec.choices);
    g_free((char *)key->spec.unset);
    g_free(key);
}

static void section_free(gpointer data)
{
    VdtSection *section = data;
    g_free(section->name);
    g_free(section->text);
    g_free(section);
}

VdtTemplate *vdt_template_ref(VdtTemplate *t)
{
    g_atomic_int_inc(&t->ref_count);
    return t;
}

void vdt_template_unref(VdtTemplate *t)
{
    if (t == NULL || !g_atomic_int_dec_and_test(&t->ref_count))
        return;
    g_free(t->name);
    g_free(t->file);
    g_free(t->summary);
    g_free(t->content);
    g_strfreev(t->schemes);
    g_ptr_array_unref(t->parameters);
    g_ptr_array_unref(t->sections);
    g_free(t);
}

const VdtSection *vdt_template_find(const VdtTemplate *t, const char *name)
{
    for (guint i = 0; i < t->sections->len; i++) {
        const VdtSection *section = t->sections->pdata[i];
        if (strcmp(section->name, name) == 0)
            return section;
    }
    return NULL;
}

static char *given(const VdtOption *value)
{
    return g_strdup(value->text);
}

static void add_parameter(VdtTemplate *t, const VdtSettings *settings, VdtProblems *problems)
{
    const char *name = settings->name + strlen("parameter ");
    VdtSite site = {settings->file, settings->line, settings->name, NULL, NULL};
    guint before = vdt_problems_count(problems);
    VdtOption *values = vdt_keys_parse(param_keys, N_PARAM, settings, &site, problems);
    if (vdt_problems_count(problems) == before) {
        const VdtSetting *unset = vdt_settings_find(settings, "default");
        VdtKey *key = g_new0(VdtKey, 1);
        *key = (VdtKey){
            .name = g_strdup(name),
            .spec = {.min = given(&values[PARAM_MIN]),
                     .max = given(&values[PARAM_MAX]),
                     .choices = values[PARAM_CHOICES].items != NULL
                                    ? g_strjoinv(" ", values[PARAM_CHOICES].items)
                                    : NULL,
                     .unset = unset != NULL ? g_strdup(unset->entry->value) : NULL},
            .reload = VDT_RELOAD_STREAM,
            .doc = given(&values[PARAM_DOC]),
        };
        g_ptr_array_add(t->parameters, key);
        g_autoptr(GError) error = NULL;
        if (!vdt_is_name(name) || strchr(name, '.') != NULL)
            vdt_problems_add(problems, &site,
                             "expected a parameter's name of letters, digits, - and _");
        site.key = "type";
        site.value = values[PARAM_TYPE].text;
        if (!vdt_option_type_from_name(values[PARAM_TYPE].text, &key->spec.type))
            vdt_problems_add(problems, &site, "there is no such type");
        else if (!vdt_option_spec_check(&key->spec, &error))
            vdt_problems_add(problems, &site, "%s", error->message);
    }
    vdt_options_free(values, N_PARAM);
}

static gboolean is_section(const char *line)
{
    return g_str_has_prefix(line, "[source]") || g_str_has_prefix(line, "[frames]") ||
           g_str_has_prefix(line, "[each ");
}

/* Where the first section begins; counts the lines before it. */
static const char *find_sections(const char *text, guint *line)
{
    *line = 1;
    for (const char *at = text; *at != '\0'; (*line)++) {
        if (is_section(at))
            return at;
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    return NULL;
}

/* Comments become empty lines, so that lines can still be counted. */
static void parse_sections(VdtTemplate *t, const char *text, guint line, VdtProblems *problems)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    VdtSection *section = NULL;
    g_autoptr(GString) body = g_string_new(NULL);
    for (guint i = 0; lines[i] != NULL; i++, line++) {
        VdtSite site = {.file = t->file, .line = line};
        if (*lines[i] != '[') {
            if (*lines[i] != '#')
                g_string_append(body, lines[i]);
            g_string_append_c(body, '\n');
            continue;
        }
        if (section != NULL)
            section->text = g_strdup(body->str);
        g_string_truncate(body, 0);
        section = g_new0(VdtSection, 1);
        g_strchomp(lines[i]);
        section->name = g_strndup(lines[i] + 1, strcspn(lines[i] + 1, "]"));
        section->line = line + 1;
        const char *kind = g_str_has_prefix(section->name, "each ") ? section->name + 5 : NULL;
        gboolean is_good = kind != NULL ? vdt_is_name(kind)
                                        : strcmp(section->name, "source") == 0 ||
                                              strcmp(section->name, "frames") == 0;
        if (!is_good || !g_str_has_suffix(lines[i], "]"))
            vdt_problems_add(problems, &site, "expected [source], [frames] or [each NAME]");
        if (vdt_template_find(t, section->name) != NULL)
            vdt_problems_add(problems, &site, "this part is there twice");
        g_ptr_array_add(t->sections, section);
    }
    if (section != NULL)
        section->text = g_strdup(body->str);
}

static void parse_head(VdtTemplate *t, const char *text, gsize n, VdtProblems *problems)
{
    g_autoptr(GPtrArray) inis = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_ini_free);
    g_ptr_array_add(inis, vdt_ini_parse(t->file, 1, text, n, problems));
    g_autoptr(GPtrArray) groups = vdt_settings_merge(inis);
    VdtSite site = {.file = t->file, .group = "template"};
    VdtSettings *head = NULL;
    for (guint i = 0; i < groups->len; i++) {
        VdtSettings *settings = groups->pdata[i];
        VdtSite at = {settings->file, settings->line, settings->name, NULL, NULL};
        if (strcmp(settings->name, "template") == 0)
            head = settings;
        else if (g_str_has_prefix(settings->name, "parameter "))
            add_parameter(t, settings, problems);
        else
            vdt_problems_add(problems, &at,
                             "expected [template], [parameter NAME], [source], "
                             "[frames] or [each NAME]");
    }
    VdtOption *values = vdt_keys_parse(head_keys, N_HEAD, head, &site, problems);
    t->summary = given(&values[HEAD_SUMMARY]);
    t->schemes = g_strdupv(values[HEAD_SCHEMES].items);
    vdt_options_free(values, N_HEAD);
}

VdtTemplate *vdt_template_parse(const char *name, const char *file, const char *text, gsize n,
                                VdtProblems *problems)
{
    g_autoptr(VdtTemplate) t = g_new0(VdtTemplate, 1);
    *t = (VdtTemplate){
        .ref_count = 1,
        .name = g_strdup(name),
        .file = g_strdup(file),
        .content = g_strndup(text, n),
        .parameters = g_ptr_array_new_with_free_func(parameter_free),
        .sections = g_ptr_array_new_with_free_func(section_free),
    };
    guint line, before = vdt_problems_count(problems);
    VdtSite site = {.file = file};
    if (!g_utf8_validate(text, n, NULL)) {
        vdt_problems_add(problems, &site, "expected UTF-8 text");
        return NULL;
    }
    const char *sections = find_sections(t->content, &line);
    parse_head(t, t->content, sections != NULL ? (gsize)(sections - t->content) : n, problems);
    if (sections != NULL)
        parse_sections(t, sections, line, problems);
    const VdtSection *source = vdt_template_find(t, "source"),
                     *frames = vdt_template_find(t, "frames");
    if ((source != NULL) == (frames != NULL))
        vdt_problems_add(problems, &site, "expected one part [source] or one part [frames]");
    if (source == NULL && t->schemes != NULL)
        vdt_problems_add(problems, &site, "expected schemes only where there is a part [source]");
    return vdt_problems_count(problems) == before ? g_steal_pointer(&t) : NULL;
}

VdtTemplate *vdt_templates_find(GPtrArray *templates, const char *name)
{
    for (guint i = 0; i < templates->len; i++) {
        VdtTemplate *t = templates->pdata[i];
        if (strcmp(t->name, name) == 0)
            return t;
    }
    return NULL;
}

VdtTemplate *vdt_templates_for_scheme(GPtrArray *templates, const char *scheme)
{
    for (guint i = 0; i < templates->len; i++) {
        VdtTemplate *t = templates->pdata[i];
        if (t->schemes != NULL && g_strv_contains((const char *const *)t->schemes, scheme))
            return t;
    }
    return NULL;
}

static void load_template(GPtrArray *templates, GHashTable *seen, const char *folder,
                          const char *name, VdtProblems *problems)
{
    g_autofree char *file = g_build_filename(folder, name, NULL);
    g_autofree char *stem = g_strndup(name, strlen(name) - strlen(VDT_TEMPLATE_SUFFIX));
    VdtSite site = {.file = file};
    gsize n;
    if (g_hash_table_contains(seen, stem))
        return;
    g_hash_table_add(seen, g_strdup(stem));
    if (!vdt_is_name(stem)) {
        vdt_problems_add(problems, &site, "expected a name of letters, digits, -, _ and .");
        return;
    }
    g_autofree char *text = vdt_ini_read(file, &n, NULL, problems);
    VdtTemplate *t = text != NULL ? vdt_template_parse(stem, file, text, n, problems) : NULL;
    if (t != NULL)
        g_ptr_array_add(templates, t);
}

GPtrArray *vdt_templates_load(const char *const *folders, VdtProblems *problems)
{
    GPtrArray *templates = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_template_unref);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; folders[i] != NULL; i++) {
        g_autoptr(GPtrArray) names = vdt_folder_list(folders[i], VDT_TEMPLATE_SUFFIX, problems);
        if (names->len > MOST_TEMPLATES)
            vdt_problems_add(problems, &(VdtSite){.file = folders[i]},
                             "expected at most %d templates", MOST_TEMPLATES);
        for (guint k = 0; k < MIN(names->len, MOST_TEMPLATES); k++)
            load_template(templates, seen, folders[i], names->pdata[k], problems);
    }
    return templates;
}
