/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette cache: the clips that trainings keep on disk, and room for others.
 */
#include "command.h"
#include "data/cachesets.h"

#define GIB ((double)(1 << 30))

/* The lines of a set's key that tell people most, on one. */
static char *describe(const CachedSet *set)
{
    if (set->key == NULL || !g_utf8_validate(set->key, -1, NULL))
        return g_strdup("not finished");
    g_autofree char *shown = printable(set->key);
    g_auto(GStrv) lines = g_strsplit(shown, "\n", -1);
    g_autoptr(GString) text = g_string_new(lines[0]);
    static const char *const telling[] = {"seed: ", "size: ", "frames: "};
    for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
        for (guint k = 0; k < G_N_ELEMENTS(telling); k++)
            if (g_str_has_prefix(lines[i], telling[k]))
                g_string_append_printf(text, ", %s", lines[i]);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void print_set(const CachedSet *set)
{
    g_autoptr(GDateTime) used = g_date_time_new_from_unix_local(set->used);
    g_autofree char *day = used != NULL ? g_date_time_format(used, "%Y-%m-%d") : g_strdup("?");
    g_autofree char *what = describe(set), *path = printable(set->path);
    g_print("%8.2f GiB  %s  %s\n%16s%s\n", set->bytes / GIB, day, path, "", what);
}

int command_cache(int argc, char **argv)
{
    g_autofree char *folder = NULL;
    gboolean clear = FALSE;
    const GOptionEntry entries[] = {
        {"clear", 0, 0, G_OPTION_ARG_NONE, &clear, "Remove all sets that no training uses now",
         NULL},
        {"cache-folder", 0, 0, G_OPTION_ARG_FILENAME, &folder,
         "Where they are (vedette in XDG_CACHE_HOME)", "FOLDER"},
        {NULL},
    };
    if (!parse_options("",
                       "Lists the sets of clips that trainings keep on disk: size, when it was "
                       "last used, where it is, what it is of.",
                       entries, argc, argv, 0, 0, NULL))
        return EXIT_USAGE;
    g_autofree char *root = cache_sets_root(folder), *shown = printable(root);
    g_autoptr(GArray) sets = cache_sets_list(root);
    guint64 bytes = 0, kept = 0;
    for (guint i = 0; i < sets->len; i++) {
        const CachedSet *set = &g_array_index(sets, CachedSet, i);
        if (!clear) {
            print_set(set);
            bytes += set->bytes;
        } else if (cache_sets_remove(set)) {
            bytes += set->bytes;
        } else {
            kept++;
            g_autofree char *path = printable(set->path);
            g_printerr("vedette cache: %s: is in use, or cannot be removed\n", path);
        }
    }
    if (clear)
        g_print("%.2f GiB freed in %s\n", bytes / GIB, shown);
    else
        g_print("%.2f GiB in %u sets in %s\n", bytes / GIB, sets->len, shown);
    return kept > 0 ? EXIT_FAILED : EXIT_DONE;
}
