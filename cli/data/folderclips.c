/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "folderclips.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "card.h"
#include "clips.h"
#include "files.h"
#include "identity.h"
#include "io/keyed-hash.h"

#define MAX_LIST_BYTES (256 << 20)
#define MAX_LINES      1000000
#define MAX_CLASSES    100000
#define MAX_PROBLEMS   50

/* Texts are parts of the list's. */
typedef struct {
    guint line, class;
    const char *path, *label;
} Entry;

typedef struct {
    ClipSet set;
    const VdtCard *card;
    char *list, *folder;
    char **lines;
    GArray *entries;
} FolderClips;

/* Problems with single lines, listed together in the end. */
typedef struct {
    const char *list;
    GString *text;
    guint n;
} Problems;

static void add_problem(Problems *problems, guint line, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void add_problem(Problems *problems, guint line, const char *format, ...)
{
    if (problems->n++ >= MAX_PROBLEMS)
        return;
    g_string_append_printf(problems->text, "\n%s:%u: ", problems->list, line);
    va_list args;
    va_start(args, format);
    g_string_append_vprintf(problems->text, format, args);
    va_end(args);
}

/* TRUE if there were none. */
static gboolean finish_problems(Problems *problems, GError **error)
{
    g_autofree char *text = g_string_free(g_steal_pointer(&problems->text), FALSE);
    if (problems->n == 0)
        return TRUE;
    g_autofree char *more = problems->n > MAX_PROBLEMS
                                ? g_strdup_printf("\n... and %u more", problems->n - MAX_PROBLEMS)
                                : g_strdup("");
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%u lines of %s cannot be used:%s%s",
                problems->n, problems->list, text, more);
    return FALSE;
}

/* What is listed; *@text holds the texts, and is the caller's, in any case. */
static GArray *read_list(const char *list, char ***text, GError **error)
{
    char **lines = *text = vdt_lines_load(list, MAX_LIST_BYTES, MAX_LINES, error);
    if (lines == NULL)
        return NULL;
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    Problems problems = {list, g_string_new(NULL), 0};
    for (guint i = 0; lines[i] != NULL; i++) {
        char *line = g_strstrip(lines[i]);
        if (*line == '\0' || *line == '#' || (i == 0 && strcmp(line, "path,label") == 0))
            continue;
        /* Paths may have commas; labels may not. */
        char *comma = strrchr(line, ',');
        if (comma == NULL || comma == line || comma[1] == '\0') {
            add_problem(&problems, i + 1, "is not \"path,label\"");
            continue;
        }
        *comma = '\0';
        Entry entry = {.line = i + 1, .path = g_strchomp(line), .label = g_strchug(comma + 1)};
        g_array_append_val(entries, entry);
    }
    if (!finish_problems(&problems, error))
        return NULL;
    if (entries->len == 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: no clips are listed; a line is \"path,label\"", list);
        return NULL;
    }
    return g_steal_pointer(&entries);
}

static gboolean to_number(const char *label, guint *number)
{
    guint64 value;
    gboolean ok = g_ascii_string_to_unsigned(label, 10, 0, MAX_CLASSES - 1, &value, NULL);
    *number = ok ? value : 0;
    return ok;
}

static int compare_labels(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **folder_labels(const char *list, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(list);
    g_autofree char *file = g_build_filename(folder, "labels.txt", NULL);
    if (g_file_test(file, G_FILE_TEST_EXISTS))
        return vdt_labels_load(file, error);
    g_autofree char **lines = NULL;
    g_autoptr(GArray) entries = read_list(list, &lines, error);
    if (entries == NULL)
        return NULL;
    gboolean numbers = TRUE;
    guint highest = 0;
    g_autoptr(GHashTable) seen = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    g_autoptr(GPtrArray) labels = g_ptr_array_new();
    for (guint i = 0; i < entries->len; i++) {
        const char *label = g_array_index(entries, Entry, i).label;
        guint number;
        numbers = to_number(label, &number) && numbers;
        highest = MAX(highest, number);
        if (g_hash_table_add(seen, (char *)label))
            g_ptr_array_add(labels, g_strdup(label));
    }
    if (numbers) {
        g_ptr_array_set_free_func(labels, g_free);
        g_ptr_array_set_size(labels, 0);
        for (guint i = 0; i <= highest; i++)
            g_ptr_array_add(labels, g_strdup_printf("%u", i));
        g_ptr_array_set_free_func(labels, NULL);
    } else {
        g_ptr_array_sort(labels, compare_labels);
    }
    g_ptr_array_add(labels, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&labels), FALSE);
}

#define TWICE G_MAXUINT

/* Classes by their names, TWICE for a name that more than one has. */
static GHashTable *index_names(char **labels)
{
    GHashTable *names = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    for (guint i = 0; labels[i] != NULL; i++)
        g_hash_table_insert(names, labels[i],
                            GUINT_TO_POINTER(g_hash_table_contains(names, labels[i]) ? TWICE : i));
    return names;
}

/* Names go before numbers: a class may be called "0". What is wrong, or NULL. */
static const char *find_class(GHashTable *names, guint n, const char *label, guint *class)
{
    gpointer found;
    if (g_hash_table_lookup_extended(names, label, NULL, &found)) {
        *class = GPOINTER_TO_UINT(found);
        return *class == TWICE ? "two classes have the name" : NULL;
    }
    return to_number(label, class) && *class < n ? NULL : "there is no class";
}

/* As it can be opened. */
static char *open_path(const FolderClips *clips, const Entry *entry)
{
    return g_canonicalize_filename(entry->path, clips->folder);
}

/* Finds classes and files of all lines; adds what identifies the files to @hash. */
static gboolean resolve(FolderClips *clips, GChecksum *hash, GError **error)
{
    g_autoptr(GHashTable) names = index_names(clips->set.labels);
    Problems problems = {clips->list, g_string_new(NULL), 0};
    for (guint i = 0; i < clips->entries->len; i++) {
        Entry *entry = &g_array_index(clips->entries, Entry, i);
        const char *wrong = find_class(names, clips->set.n_labels, entry->label, &entry->class);
        if (wrong != NULL)
            add_problem(&problems, entry->line, "%s \"%s\"", wrong, entry->label);
        g_autofree char *path = open_path(clips, entry);
        GStatBuf s;
        if (g_stat(path, &s) != 0)
            add_problem(&problems, entry->line, "%s: there is no such file", entry->path);
        else if (!S_ISREG(s.st_mode))
            add_problem(&problems, entry->line, "%s: is not a file", entry->path);
        else if (s.st_size == 0)
            add_problem(&problems, entry->line, "%s: is empty", entry->path);
        else if (!file_identify(entry->path, path, hash))
            add_problem(&problems, entry->line, "%s: cannot be read: %s", entry->path,
                        g_strerror(errno));
    }
    return finish_problems(&problems, error);
}

static ClipInfo info(const ClipSet *set, guint clip)
{
    const FolderClips *clips = (const FolderClips *)set;
    return (ClipInfo){.label = g_array_index(clips->entries, Entry, clip / set->group).class,
                      .condition = -1};
}

static gboolean fill(const ClipSet *set, guint item, guint8 *to, GCancellable *cancellable,
                     GError **error)
{
    const FolderClips *folder = (const FolderClips *)set;
    const Entry *entry = &g_array_index(folder->entries, Entry, item);
    const ClipFormat *format = &set->format;
    g_autofree char *path = open_path(folder, entry);
    g_autoptr(Clips) clips = clips_load_spread(path, folder->card, set->group, error);
    if (clips != NULL && clips->n_frames < format->frames) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: is too short: %" G_GINT64_FORMAT " pictures, and a clip has %u", path,
                    clips->n_frames, format->frames);
        g_clear_pointer(&clips, clips_free);
    }
    if (clips == NULL) {
        g_prefix_error(error, "%s:%u: ", folder->list, entry->line);
        return FALSE;
    }
    for (guint k = 0; k < set->group; k++, to += clip_format_bytes(format))
        for (guint i = 0; i < format->stored; i++) {
            VdtPicture from = clips_get_picture(clips, k, clip_format_frame_of(format, i));
            VdtPicture kept = clip_format_picture(format, to, i);
            for (guint y = 0; y < format->height; y++)
                memcpy(kept.data + y * kept.stride, from.data + y * from.stride, kept.stride);
        }
    return TRUE;
}

static void finalize(ClipSet *set)
{
    FolderClips *clips = (FolderClips *)set;
    g_clear_pointer(&clips->entries, g_array_unref);
    g_free(clips->lines);
    g_free(clips->list);
    g_free(clips->folder);
}

ClipSet *folder_clips_new(const char *list, char **labels, guint per_video, const VdtCard *card,
                          const ClipFormat *format, GError **error)
{
    FolderClips *clips = g_new0(FolderClips, 1);
    g_autoptr(ClipSet) set = &clips->set;
    set->format = *format;
    set->group = per_video;
    set->labels = g_strdupv(labels);
    set->n_labels = g_strv_length(labels);
    set->report_all = TRUE;
    set->info = info;
    set->fill = fill;
    set->finalize = finalize;
    clips->card = card;
    clips->list = g_strdup(list);
    g_autofree char *whole = g_canonicalize_filename(list, NULL);
    clips->folder = g_path_get_dirname(whole);
    clips->entries = read_list(list, &clips->lines, error);
    if (clips->entries == NULL)
        return NULL;
    set->n_items = clips->entries->len;
    g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
    if (!resolve(clips, hash, error))
        return NULL;
    g_autoptr(GString) key = g_string_new("folder\n");
    g_string_append_printf(key, "clips of a video: %u, by time\nfiles: %s\n", per_video,
                           g_checksum_get_string(hash));
    clip_format_describe(format, key);
    set->key = g_string_free(g_steal_pointer(&key), FALSE);
    return g_steal_pointer(&set);
}

char *folder_clips_get_path(const ClipSet *set, guint item)
{
    const FolderClips *clips = (const FolderClips *)set;
    return open_path(clips, &g_array_index(clips->entries, Entry, item));
}
