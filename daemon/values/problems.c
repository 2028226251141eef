/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "problems.h"

#include <string.h>

#include "mask.h"

#define MOST_KEPT   200
#define VALUE_CHARS 200 /* of a value that are shown */

static void problem_free(gpointer data)
{
    VdtProblem *problem = data;
    g_free(problem->file);
    g_free(problem->group);
    g_free(problem->key);
    g_free(problem->value);
    g_free(problem->message);
    g_free(problem);
}

VdtProblems *vdt_problems_new(void)
{
    VdtProblems *problems = g_new0(VdtProblems, 1);
    problems->list = g_ptr_array_new_with_free_func(problem_free);
    return problems;
}

void vdt_problems_free(VdtProblems *problems)
{
    if (problems == NULL)
        return;
    g_ptr_array_unref(problems->list);
    g_free(problems);
}

/* An address by which one may post (url) is as good as a password. */
static gboolean is_secret(const VdtSite *site)
{
    gboolean is_path = *site->value == '/' && g_str_has_suffix(site->key, "-file");
    return strcmp(site->key, "url") == 0 || (vdt_is_secret_name(site->key) && !is_path);
}

static char *shown_value(const VdtSite *site)
{
    if (site->value == NULL)
        return NULL;
    if (site->key != NULL && is_secret(site))
        return g_strdup(VDT_MASKED);
    g_autofree char *valid = g_utf8_make_valid(site->value, -1);
    g_autofree char *masked = vdt_mask_value(valid);
    if (g_utf8_strlen(masked, -1) <= VALUE_CHARS)
        return g_steal_pointer(&masked);
    g_autofree char *cut = g_utf8_substring(masked, 0, VALUE_CHARS);
    return g_strconcat(cut, "…", NULL);
}

void vdt_problems_add(VdtProblems *problems, const VdtSite *site, const char *format, ...)
{
    if (problems->list->len >= MOST_KEPT) {
        problems->n_more++;
        return;
    }
    va_list args;
    va_start(args, format);
    VdtProblem *problem = g_new0(VdtProblem, 1);
    *problem = (VdtProblem){
        .file = g_strdup(site->file),
        .line = site->line,
        .group = g_strdup(site->group),
        .key = g_strdup(site->key),
        .value = shown_value(site),
        .message = g_strdup_vprintf(format, args),
    };
    va_end(args);
    g_ptr_array_add(problems->list, problem);
}

guint vdt_problems_count(const VdtProblems *problems)
{
    return problems->list->len + problems->n_more;
}

static int compare(gconstpointer a, gconstpointer b)
{
    const VdtProblem *const *x = a, *const *y = b;
    int order = g_strcmp0((*x)->file, (*y)->file);
    return order != 0 ? order : ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

void vdt_problems_sort(VdtProblems *problems)
{
    g_ptr_array_sort(problems->list, compare);
}

char *vdt_problem_show(const VdtProblem *problem)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (problem->file != NULL)
        g_string_append(text, problem->file);
    if (problem->line > 0)
        g_string_append_printf(text, ":%u", problem->line);
    if (text->len > 0)
        g_string_append(text, ": ");
    if (problem->group != NULL)
        g_string_append_printf(text, "[%s] ", problem->group);
    if (problem->key != NULL)
        g_string_append_printf(text, "%s%s%s: ", problem->key, problem->value != NULL ? "=" : "",
                               problem->value != NULL ? problem->value : "");
    g_string_append(text, problem->message);
    return g_string_free(g_steal_pointer(&text), FALSE);
}
