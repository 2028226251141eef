/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

gboolean vdt_tree_is_name(const char *name)
{
    const gsize n = strlen(name);

    if (n == 0 || n > VDT_TREE_NAME_BYTES || !g_ascii_isalnum(*name))
        return FALSE;
    for (const char *c = name; *c; c++)
        if (!g_ascii_isalnum(*c) && !strchr("-_.", *c))
            return FALSE;
    return TRUE;
}

gboolean vdt_tree_is_date(const char *name)
{
    static const char form[] = "0000-00-00";

    if (strlen(name) != sizeof form - 1)
        return FALSE;
    for (guint i = 0; form[i]; i++)
        if (form[i] == '0' ? !g_ascii_isdigit(name[i]) : name[i] != form[i])
            return FALSE;
    return TRUE;
}

gboolean vdt_tree_is_recording(const char *name)
{
    static const char *const suffixes[] = {".jpg", ".mp4", ".webm", ".mkv"};

    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++)
        if (g_str_has_suffix(name, suffixes[i])) {
            g_autofree char *id = g_strndup(name, strlen(name) - strlen(suffixes[i]));

            return vdt_tree_is_name(id);
        }
    return FALSE;
}

int vdt_tree_open_folder(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int vdt_tree_open_day(int root, const char *stream, const char *date)
{
    const int dir = vdt_tree_open_folder(root, stream);
    int day;

    if (dir < 0)
        return -1;
    day = vdt_tree_open_folder(dir, date);
    close(dir);
    return day;
}

/* Names in a folder, but . and .. */
static GPtrArray *list(int at)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    /* with a position of its own */
    const int fd = vdt_tree_open_folder(at, ".");
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (!dir && fd >= 0)
        close(fd);
    while (dir && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            g_ptr_array_add(names, g_strdup(entry->d_name));
    if (dir)
        closedir(dir);
    return names;
}

static void each_file(VdtTreeFile *file, void (*each)(const VdtTreeFile *file, gpointer data),
                      gpointer data)
{
    g_autoptr(GPtrArray) names = list(file->dir);

    for (guint i = 0; i < names->len; i++) {
        struct stat info;

        file->name = g_ptr_array_index(names, i);
        if (fstatat(file->dir, file->name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(info.st_mode))
            continue;
        file->written = (gint64)info.st_mtim.tv_sec * G_USEC_PER_SEC + info.st_mtim.tv_nsec / 1000;
        file->bytes = (guint64)info.st_size;
        each(file, data);
    }
}

/* Folders in @at that @is_one, each opened. */
static void each_folder(int at, gboolean (*is_one)(const char *name),
                        void (*each)(int at, int folder, const char *name, gpointer data),
                        gpointer data)
{
    g_autoptr(GPtrArray) names = list(at);

    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        const int folder = is_one(name) ? vdt_tree_open_folder(at, name) : -1;

        if (folder < 0)
            continue;
        each(at, folder, name, data);
        close(folder);
    }
}

typedef struct {
    const char *stream, *date;
    void (*each)(const VdtTreeFile *file, gpointer data);
    gpointer data;
} Walk;

static void walk_day(int at, int day, const char *name, gpointer data)
{
    Walk *walk = data;

    if (!walk->date || strcmp(walk->date, name) == 0)
        each_file(&(VdtTreeFile){.dir = day, .stream = walk->stream, .date = name}, walk->each,
                  walk->data);
}

static void walk_stream(int at, int stream, const char *name, gpointer data)
{
    Walk *walk = data;

    walk->stream = name;
    each_folder(stream, vdt_tree_is_date, walk_day, walk);
}

void vdt_tree_each(int root, const char *date, void (*each)(const VdtTreeFile *file, gpointer data),
                   gpointer data)
{
    Walk walk = {.date = date, .each = each, .data = data};

    each_folder(root, vdt_tree_is_name, walk_stream, &walk);
}

/* Of what is not empty, rmdir() does nothing. */
static void prune_day(int at, int day, const char *name, gpointer date)
{
    if (strcmp(name, date) < 0)
        unlinkat(at, name, AT_REMOVEDIR);
}

static void prune_stream(int at, int stream, const char *name, gpointer date)
{
    each_folder(stream, vdt_tree_is_date, prune_day, date);
    unlinkat(at, name, AT_REMOVEDIR);
}

void vdt_tree_prune(int root, const char *date)
{
    each_folder(root, vdt_tree_is_name, prune_stream, (gpointer)date);
}
