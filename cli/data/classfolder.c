/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "classfolder.h"

#include <string.h>

#include "identity.h"
#include "io/keyed-hash.h"
#include "media.h"
#include "picturefolder.h"

#define MAX_PROBLEMS 50
#define MAX_CLASSES  100000

typedef struct {
    char *path;
    guint class;
} Entry;

typedef struct {
    ClipSet set;
    GArray *entries; /* Entry */
} ClassFolder;

static void entry_clear(gpointer data)
{
    g_free(((Entry *)data)->path);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *class_folder_find(const char *folder, const char *split)
{
    g_autofree char *part = g_build_filename(folder, split, NULL);
    return g_file_test(part, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&part) : g_strdup(folder);
}

/* Folders within, hidden ones left out. */
char **class_folder_labels(const char *folder, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    if (dir == NULL)
        return NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (name[0] != '.' && g_file_test(path, G_FILE_TEST_IS_DIR))
            g_ptr_array_add(names, g_strdup(name));
    }
    if (names->len < 2 || names->len > MAX_CLASSES) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: has %u folders, but must have 2 to %d, one for each class", folder,
                    names->len, MAX_CLASSES);
        return NULL;
    }
    g_ptr_array_sort(names, by_name);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

static ClipInfo info(const ClipSet *set, guint clip)
{
    const ClassFolder *pictures = (const ClassFolder *)set;
    guint class = g_array_index(pictures->entries, Entry, clip).class;
    ClipInfo info = {.label = class, .condition = -1};
    memset(info.answers, CLIP_NO_ANSWER, sizeof info.answers);
    for (guint i = 0; i < set->n_groups; i++) {
        const VdtCardGroup *group = &set->groups[i];
        if (class >= group->first && class - group->first < group->n_labels)
            info.answers[i] = (guint8)(class - group->first);
    }
    return info;
}

typedef struct {
    const ClipFormat *format;
    guint8 *clip;
    gboolean done;
} Storing;

static gboolean store(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts,
                      GError **error)
{
    Storing *storing = data;
    clip_format_store(storing->format, picture, storing->clip, 0);
    storing->done = TRUE;
    return FALSE;
}

static gboolean fill(const ClipSet *set, guint item, guint8 *clip, GCancellable *cancellable,
                     GError **error)
{
    const ClassFolder *pictures = (const ClassFolder *)set;
    const char *path = g_array_index(pictures->entries, Entry, item).path;
    Storing storing = {&set->format, clip, FALSE};
    if (!media_decode(path, store, &storing, error))
        return FALSE;
    if (!storing.done)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: holds no picture", path);
    return storing.done;
}

static void finalize(ClipSet *set)
{
    g_clear_pointer(&((ClassFolder *)set)->entries, g_array_unref);
}

static void add_problem(GString *problems, guint *n, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void add_problem(GString *problems, guint *n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    if ((*n)++ < MAX_PROBLEMS)
        g_string_append_printf(problems, "\n%s", text);
}

/* By folder, the number of its class; G_MAXUINT if it is none. Free with g_free(). */
static guint *find_classes(char **folders, char **labels)
{
    guint n = g_strv_length(folders), n_labels = g_strv_length(labels), found = 0;
    guint *classes = g_new(guint, n);
    g_autoptr(GHashTable) numbers = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    for (guint i = n_labels; i-- > 0;)
        g_hash_table_insert(numbers, labels[i], GUINT_TO_POINTER(i));
    for (guint i = 0; i < n; i++) {
        gpointer number;
        gboolean is = g_hash_table_lookup_extended(numbers, folders[i], NULL, &number);
        classes[i] = is ? GPOINTER_TO_UINT(number) : G_MAXUINT;
        found += is;
    }
    for (guint i = 0; i < n && found == 0 && n == n_labels; i++)
        classes[i] = i;
    return classes;
}

/* The pictures of one class's folder. */
static void list_class(ClassFolder *pictures, const char *folder, guint class, GChecksum *hash,
                       GString *problems, guint *n_problems)
{
    g_autoptr(GError) mistake = NULL;
    g_autoptr(GPtrArray) names = picture_names(folder, &mistake);
    if (names == NULL) {
        add_problem(problems, n_problems, "%s", mistake->message);
        return;
    }
    for (guint i = 0; i < names->len; i++) {
        Entry entry = {g_build_filename(folder, names->pdata[i], NULL), class};
        g_autofree char *name = g_strdup_printf("%u/%s", class, (char *)names->pdata[i]);
        if (!file_identify(name, entry.path, hash))
            add_problem(problems, n_problems, "%s: is not there, or is no file", entry.path);
        g_array_append_val(pictures->entries, entry);
    }
}

static gboolean list_all(ClassFolder *pictures, const char *folder, GChecksum *hash, GError **error)
{
    g_auto(GStrv) folders = class_folder_labels(folder, error);
    if (folders == NULL)
        return FALSE;
    g_autofree guint *classes = find_classes(folders, pictures->set.labels);
    g_autoptr(GString) problems = g_string_new(NULL);
    guint n = 0;
    for (guint i = 0; folders[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(folder, folders[i], NULL);
        if (classes[i] == G_MAXUINT)
            add_problem(problems, &n, "%s: is none of the %u classes", path,
                        pictures->set.n_labels);
        else
            list_class(pictures, path, classes[i], hash, problems, &n);
    }
    if (n == 0)
        return TRUE;
    if (n > MAX_PROBLEMS)
        g_string_append_printf(problems, "\n... and %u more", n - MAX_PROBLEMS);
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s cannot be used:%s", folder, problems->str);
    return FALSE;
}

ClipSet *class_folder_new(const char *folder, char **labels, const VdtCardGroup *groups,
                          guint n_groups, const ClipFormat *format, GError **error)
{
    ClassFolder *pictures = g_new0(ClassFolder, 1);
    g_autoptr(ClipSet) set = &pictures->set;
    set->format = *format;
    set->group = 1;
    set->labels = g_strdupv(labels);
    set->n_labels = g_strv_length(labels);
    set->groups = groups;
    set->n_groups = n_groups;
    set->report_all = TRUE;
    set->info = info;
    set->fill = fill;
    set->finalize = finalize;
    pictures->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    g_array_set_clear_func(pictures->entries, entry_clear);
    g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
    if (!list_all(pictures, folder, hash, error))
        return NULL;
    set->n_items = pictures->entries->len;
    g_autoptr(GString) key = g_string_new("folders of classes\n");
    g_string_append_printf(key, "files: %s\nclasses: %u\n", g_checksum_get_string(hash),
                           set->n_labels);
    clip_format_describe(format, key);
    set->key = g_string_free(g_steal_pointer(&key), FALSE);
    return g_steal_pointer(&set);
}
