/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "folder.h"

static int compare(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *vdt_folder_list(const char *folder, const char *suffix, VdtProblems *problems)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    const char *name;
    if (error != NULL && !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        vdt_problems_add(problems, &(VdtSite){.file = folder}, "%s", error->message);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        if (*name == '.' || !g_str_has_suffix(name, suffix))
            continue;
        if (g_utf8_validate(name, -1, NULL)) {
            g_ptr_array_add(names, g_strdup(name));
        } else {
            g_autofree char *shown = g_utf8_make_valid(name, -1);
            g_autofree char *file = g_build_filename(folder, shown, NULL);
            vdt_problems_add(problems, &(VdtSite){.file = file}, "expected a name in UTF-8");
        }
    }
    g_ptr_array_sort(names, compare);
    return names;
}
