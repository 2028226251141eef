/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "expand.h"

#include <string.h>

#include "values/mask.h"
#include "values/nearest.h"

typedef struct {
    const VdtTemplate *t;
    guint line;
    const char *reference; /* what stands in the braces */
} Where;

static gboolean fail(const Where *where, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static gboolean fail(const Where *where, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "%s:%u: ${%s}: %s",
                where->t->file, where->line, where->reference, why);
    return FALSE;
}

/* TRUE for text that stands in quotes. */
static gboolean is_text(VdtOptionType type)
{
    switch (type) {
    case VDT_OPTION_STRING:
    case VDT_OPTION_LIST:
    case VDT_OPTION_PATH:
    case VDT_OPTION_URI:
    case VDT_OPTION_MODEL:
    case VDT_OPTION_REGION:
    case VDT_OPTION_ZONES:
    case VDT_OPTION_LINES:
        return TRUE;
    default:
        return FALSE;
    }
}

static char *real_text(double real)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    return g_strdup(g_ascii_formatd(text, sizeof text, "%.15g", real));
}

static char *whole_text(gint64 whole)
{
    return g_strdup_printf("%" G_GINT64_FORMAT, whole);
}

static char *region_text(const VdtOption *value)
{
    if (value->text == NULL)
        return g_strdup("<>");
    g_autoptr(GString) text = g_string_new("<");
    for (guint i = 0; i < 4; i++) {
        g_autofree char *share = real_text(value->region[i]);
        g_string_append_printf(text, "%s%s", i > 0 ? "," : "", share);
    }
    g_string_append_c(text, '>');
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *duration_text(gint64 us, const char *form)
{
    if (strcmp(form, "s") == 0)
        return real_text(us / 1e6);
    if (strcmp(form, "ms") == 0)
        return whole_text(us / 1000);
    if (strcmp(form, "us") == 0)
        return whole_text(us);
    if (strcmp(form, "ns") == 0)
        return us <= G_MAXINT64 / 1000 ? whole_text(us * 1000) : NULL;
    return NULL;
}

/* What @binding is in this form, NULL if there is no such form, or nothing to show. */
static char *in_form(const VdtOptionSpec *spec, const VdtOption *value, const char *form)
{
    if (spec->type == VDT_OPTION_REGION)
        return *form == '\0' ? region_text(value) : NULL;
    if (value->text == NULL) {
        gboolean is_number = spec->type <= VDT_OPTION_BYTES || *form != '\0';
        return is_number ? NULL : g_strdup("");
    }
    if (spec->type == VDT_OPTION_DURATION)
        return duration_text(value->whole, form);
    if (spec->type == VDT_OPTION_SIZE && strcmp(form, "width") == 0)
        return whole_text(value->width);
    if (spec->type == VDT_OPTION_SIZE && strcmp(form, "height") == 0)
        return whole_text(value->height);
    if (spec->type == VDT_OPTION_URI && strcmp(form, "path") == 0) {
        g_autoptr(GUri) uri = g_uri_parse(value->text, G_URI_FLAGS_PARSE_RELAXED, NULL);
        return uri != NULL ? g_strdup(g_uri_get_path(uri)) : NULL;
    }
    if (*form != '\0')
        return NULL;
    switch (spec->type) {
    case VDT_OPTION_BOOL:
        return g_strdup(value->whole ? "true" : "false");
    case VDT_OPTION_INT:
    case VDT_OPTION_BYTES:
        return whole_text(value->whole);
    case VDT_OPTION_FLOAT:
        return real_text(value->real);
    case VDT_OPTION_LIST:
        return g_strjoinv(",", value->items);
    default:
        return g_strdup(value->text);
    }
}

char *vdt_template_expand_property(const VdtOptionSpec *spec, const VdtOption *value)
{
    char *text = in_form(spec, value, spec->type == VDT_OPTION_DURATION ? "s" : "");
    return text != NULL ? text : g_strdup("");
}

char *vdt_template_expand_properties(const VdtKey *keys, guint n, const VdtOption *values)
{
    g_autoptr(GString) words = g_string_new(NULL);
    for (guint i = 0; i < n; i++) {
        if (values[i].text == NULL)
            continue;
        g_autofree char *text = vdt_template_expand_property(&keys[i].spec, &values[i]);
        const char *quote = is_text(keys[i].spec.type) ? "\"" : "";
        g_string_append_printf(words, "%s%s=%s%s%s", words->len > 0 ? " " : "", keys[i].name, quote,
                               text, quote);
    }
    return g_string_free(g_steal_pointer(&words), FALSE);
}

/* A percent sign can bring what the value itself may not have. */
static gboolean is_plain(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if (g_ascii_iscntrl(*p) || *p == '"' || *p == '\\')
            return FALSE;
    return g_utf8_validate(text, -1, NULL);
}

static const VdtBinding *find(GArray *scope, const char *name)
{
    for (guint i = 0; i < scope->len; i++) {
        const VdtBinding *binding = &g_array_index(scope, VdtBinding, i);
        if (strcmp(binding->name, name) == 0)
            return binding;
    }
    return NULL;
}

static char *hint_for(GArray *scope, const char *name)
{
    g_autofree const char **names = g_new0(const char *, scope->len + 1);
    for (guint i = 0; i < scope->len; i++)
        names[i] = g_array_index(scope, VdtBinding, i).name;
    char *hint = vdt_did_you_mean(name, names);
    return hint != NULL ? hint : g_strdup("");
}

static gboolean is_blank_or_end(char c)
{
    return c == '\0' || g_ascii_isspace(c);
}

/* Appends what @where->reference stands for; @before and @after are its neighbours. */
static gboolean append_value(GString *out, const Where *where, GArray *scope, gboolean shown,
                             char before, char after, GError **error)
{
    const char *colon = strchr(where->reference, ':');
    g_autofree char *name = colon != NULL ? g_strndup(where->reference, colon - where->reference)
                                          : g_strdup(where->reference);
    const VdtBinding *binding = find(scope, name);
    if (binding == NULL) {
        g_autofree char *hint = hint_for(scope, name);
        return fail(where, error, "there is no such value here%s", hint);
    }
    if (binding->words != NULL) {
        g_string_append(out, binding->words);
        return TRUE;
    }
    g_autofree char *text = in_form(binding->spec, binding->value, colon != NULL ? colon + 1 : "");
    if (text == NULL)
        return binding->value->text == NULL ? fail(where, error, "is not set, and has no default")
                                            : fail(where, error, "a %s is not written in this form",
                                                   vdt_option_type_name(binding->spec->type));
    if (!is_plain(text))
        return fail(where, error, "has a character that no value may have");
    /* Nothing, in the middle of words, would be no word. */
    if (!is_text(binding->spec->type) && *text != '\0') {
        g_string_append(out, text);
        return TRUE;
    }
    if (before != '=' || !is_blank_or_end(after))
        return fail(where, error, "text must be all of a property's value: name=${%s}",
                    where->reference);
    g_autofree char *masked = shown ? vdt_mask_value(text) : g_strdup(text);
    g_string_append_printf(out, "\"%s\"", masked);
    return TRUE;
}

char *vdt_template_expand(const VdtTemplate *t, const VdtSection *section, GArray *scope,
                          gboolean shown, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    Where where = {.t = t, .line = section->line};
    for (const char *at = section->text; *at != '\0'; at++) {
        where.line += *at == '\n';
        if (at[0] != '$' || at[1] != '{') {
            g_string_append_c(out, *at);
            continue;
        }
        const char *end = at + strcspn(at, "}\n");
        g_autofree char *reference = g_strndup(at + 2, end - at - 2);
        where.reference = reference;
        if (*end != '}') {
            fail(&where, error, "expected } in the same line");
            return NULL;
        }
        if (!append_value(out, &where, scope, shown, at > section->text ? at[-1] : ' ', end[1],
                          error))
            return NULL;
        at = end;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
