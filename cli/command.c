/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vedette/runtime.h>

#include "card.h"
#include "interrupt.h"
#include "io/keyed-hash.h"
#include "model.h"

#define MAX_THREADS 64 /* of the pool */
#define MOST_TOLD   5  /* classes of one name */

void common_options_clear(CommonOptions *common)
{
    g_free(common->threads);
    g_free(common->isa);
    g_free(common->precision);
}

static gboolean wrong_usage(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean wrong_usage(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    *error = g_error_new_valist(G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, format, args);
    va_end(args);
    return FALSE;
}

static gboolean is_number(const char *text)
{
    return g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT, NULL, NULL);
}

static gboolean is_isa(const char *text)
{
    VdtIsa isa;
    return vdt_isa_from_name(text, &isa);
}

/* The library ignores what it does not understand, and does not log. */
static void tell_variable(const char *name, gboolean (*is_good)(const char *text))
{
    const char *text = g_getenv(name);
    if (text == NULL || *text == '\0' || is_good(text))
        return;
    g_autofree char *shown = printable(text);
    g_printerr("vedette: %s is \"%s\", which means nothing and is ignored\n", name, shown);
}

gboolean common_options_apply(const CommonOptions *common, VdtPrecision *precision, GError **error)
{
    guint64 n;
    VdtIsa isa;
    if (common->threads != NULL) {
        if (!g_ascii_string_to_unsigned(common->threads, 10, 1, MAX_THREADS, &n, NULL))
            return wrong_usage(error, "--threads is \"%s\", but must be from 1 to %d",
                               common->threads, MAX_THREADS);
        vdt_threads_set(n);
    } else {
        tell_variable("VEDETTE_THREADS", is_number);
    }
    if (common->isa != NULL) {
        if (!vdt_isa_from_name(common->isa, &isa))
            return wrong_usage(error, "--isa is \"%s\", but must be c, avx2, avx512 or avx512bf16",
                               common->isa);
        vdt_isa_limit(isa);
    } else {
        tell_variable("VEDETTE_ISA", is_isa);
    }
    *precision = VDT_PRECISION_F32;
    if (g_strcmp0(common->precision, "bf16") == 0)
        *precision = VDT_PRECISION_BF16;
    else if (g_strcmp0(common->precision, "int8") == 0)
        *precision = VDT_PRECISION_INT8;
    else if (common->precision != NULL && strcmp(common->precision, "f32") != 0)
        return wrong_usage(error, "--precision is \"%s\", but must be f32, bf16 or int8",
                           common->precision);
    return TRUE;
}

/* The entries, with texts taken as they are typed: names of files may be any bytes, and GLib
 * refuses texts that are not of the locale. */
static GOptionEntry *as_typed(const GOptionEntry *entries)
{
    guint n = 0;
    while (entries[n].long_name != NULL || entries[n].description != NULL)
        n++;
    GOptionEntry *raw = g_memdup2(entries, (n + 1) * sizeof *entries);
    for (guint i = 0; i < n; i++)
        if (raw[i].long_name != NULL && raw[i].arg == G_OPTION_ARG_STRING)
            raw[i].arg = G_OPTION_ARG_FILENAME;
    return raw;
}

/* The options up to a heading belong to the heading before them: an entry with nothing but a
 * description. */
static void add_entries(GOptionContext *context, GOptionEntry *entries)
{
    GOptionGroup *group = NULL;
    for (GOptionEntry *first = entries; first->description != NULL;) {
        const char *heading = first->long_name == NULL ? first++->description : NULL;
        GOptionEntry *end = first;
        while (end->long_name != NULL)
            end++;
        GOptionEntry next = *end;
        *end = (GOptionEntry){NULL};
        if (heading == NULL) {
            g_option_context_add_main_entries(context, first, NULL);
        } else {
            g_autofree char *title = g_strconcat(heading, ":", NULL);
            group = g_option_group_new(heading, title, heading, NULL, NULL);
            g_option_group_add_entries(group, first);
            g_option_context_add_group(context, group);
        }
        *end = next;
        first = end;
    }
}

gboolean parse_options(const char *usage, const char *summary, const GOptionEntry *entries,
                       int argc, char **argv, guint min, guint max, GStrv *rest)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup(argv[0]);
    g_autoptr(GOptionContext) context = g_option_context_new(usage);
    g_autofree GOptionEntry *raw = as_typed(entries);
    gboolean help = FALSE;
    const GOptionEntry asked[] = {{"help", 'h', 0, G_OPTION_ARG_NONE, &help, "Print this", NULL},
                                  {NULL}};
    g_option_context_set_summary(context, summary);
    /* GLib's own help would show a group only to those who ask for it by its name. */
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, asked, NULL);
    add_entries(context, raw);
    /* GOption's help begins with the program's name. */
    g_autofree char *program = g_strconcat("vedette ", name, NULL);
    g_set_prgname(program);
    g_auto(GStrv) arguments = g_new0(char *, argc + 1);
    for (int i = 0; i < argc; i++)
        arguments[i] = g_strdup(argv[i]);
    if (!g_option_context_parse_strv(context, &arguments, &error)) {
        complain(name, error, 0);
        return FALSE;
    }
    if (help) {
        g_autofree char *text = g_option_context_get_help(context, FALSE, NULL);
        fputs(text, stdout);
        fflush(stdout);
        exit(EXIT_DONE);
    }
    guint n = g_strv_length(arguments) - 1;
    if (n < min || n > max) {
        complain_usage(name, n < min ? "an argument is missing: %s" : "too many arguments: %s",
                       n < min ? usage : arguments[max + 1]);
        return FALSE;
    }
    if (rest != NULL)
        *rest = g_strdupv(arguments + 1);
    return TRUE;
}

gboolean check_architecture(const char *architecture, const char *variant, GError **error)
{
    g_autoptr(GError) mistake = NULL;
    const VdtModel *model = vdt_model_find(architecture, &mistake);
    if (model != NULL && variant != NULL)
        vdt_model_find_variant(model, variant, &mistake);
    return mistake == NULL || wrong_usage(error, "%s", mistake->message);
}

void tell_same_labels(const char *command, char **labels)
{
    g_autoptr(GHashTable) names = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    guint told = 0;
    for (guint i = 0; labels != NULL && labels[i] != NULL; i++) {
        gpointer first;
        if (!g_hash_table_lookup_extended(names, labels[i], NULL, &first))
            g_hash_table_insert(names, labels[i], GUINT_TO_POINTER(i));
        else if (told++ < MOST_TOLD)
            g_printerr("vedette %s: classes %u and %u are both called \"%s\"\n", command,
                       GPOINTER_TO_UINT(first), i, labels[i]);
    }
    if (told > MOST_TOLD)
        g_printerr("vedette %s: and %u more have a name that another has\n", command,
                   told - MOST_TOLD);
}

void tell_card(const char *command, const VdtCard *card)
{
    if (card->path == NULL) /* what is published is as it is */
        return;
    tell_same_labels(command, card->labels);
    g_autofree char *unknown = vdt_card_find_unknown(card);
    if (unknown != NULL) {
        g_autofree char *path = printable(card->path);
        g_printerr("vedette %s: %s: nothing is known of %s\n", command, path, unknown);
    }
}

int complain(const char *command, const GError *error, int status)
{
    g_autofree char *message = printable(error->message);
    g_printerr("vedette %s: %s\n", command, message);
    if (status == EXIT_FAILED && error->domain == G_OPTION_ERROR)
        return EXIT_USAGE;
    if (g_error_matches(error, VDT_ERROR, VDT_ERROR_CANCELLED) && interrupt_status() != 0)
        return interrupt_status();
    return status;
}

int complain_usage(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *shown = printable(text);
    g_printerr("vedette %s: %s\nTry 'vedette %s --help'.\n", command, shown, command);
    return EXIT_USAGE;
}
