/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "environment.h"

#include <string.h>
#include <vedette/runtime.h>

/* Letters that a name may be wrong by and still mean another. */
#define MOST_WRONG 2

gboolean vdt_threads_from_text(const char *text, guint *n)
{
    guint64 number;

    if (!text || !g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT, &number, NULL))
        return FALSE;
    *n = (guint)number;
    return TRUE;
}

static gboolean is_threads(const char *text)
{
    guint n;

    return vdt_threads_from_text(text, &n);
}

static gboolean is_isa(const char *text)
{
    VdtIsa isa;

    return vdt_isa_from_name(text, &isa);
}

static gboolean is_switch(const char *text)
{
    return strcmp(text, "0") == 0 || strcmp(text, "1") == 0;
}

/* All that the library reads; without a function, any value goes. */
static const struct {
    const char *name;
    gboolean (*is_right)(const char *text);
    const char *wanted;
} variables[] = {
    {"VEDETTE_THREADS", is_threads, "a number of threads"},
    {"VEDETTE_ISA", is_isa, "c, avx2, avx512 or avx512bf16"},
    {"VEDETTE_BLAS", is_switch, "0 or 1"},
    {"VEDETTE_DATA_DIR", NULL, NULL},
    {"VEDETTE_MODEL_PATH", NULL, NULL},
};

/* Letters to be put in, left out or changed. */
static guint distance(const char *a, const char *b)
{
    guint before[64], now[64];
    const gsize n = strlen(b);

    if (n >= G_N_ELEMENTS(now))
        return G_MAXUINT;
    for (guint i = 0; i <= n; i++)
        before[i] = i;
    for (guint row = 1; *a; a++, row++) {
        now[0] = row;
        for (guint i = 1; i <= n; i++)
            now[i] =
                MIN(MIN(before[i] + 1, now[i - 1] + 1), before[i - 1] + (*a != b[i - 1] ? 1 : 0));
        memcpy(before, now, sizeof before);
    }
    return before[n];
}

static void check_variable(GString *text, const char *name)
{
    const char *value = g_getenv(name), *meant = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(variables); i++) {
        if (strcmp(name, variables[i].name) == 0) {
            if (*value && variables[i].is_right && !variables[i].is_right(value))
                g_string_append_printf(text, "%s%s is \"%.40s\", which is not %s, and is ignored",
                                       text->len ? "; " : "", name, value, variables[i].wanted);
            return;
        }
        if (distance(name, variables[i].name) <= MOST_WRONG)
            meant = variables[i].name;
    }
    if (meant)
        g_string_append_printf(text, "%s%s is no variable of Vedette's, but %s is",
                               text->len ? "; " : "", name, meant);
}

char *vdt_environment_check(void)
{
    g_auto(GStrv) names = g_listenv();
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; names[i]; i++)
        if (g_str_has_prefix(names[i], "VEDETTE"))
            check_variable(text, names[i]);
    return text->len ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}
