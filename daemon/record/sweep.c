/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sweep.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tree.h"

typedef struct {
    int root;
    const VdtSpaceSpec *limits;
    gint64 oldest; /* UTC, us: what was written before goes */
    VdtSpaceSwept *swept;
    GPtrArray *days;  /* of Day */
    GPtrArray *files; /* of File: those of one date */
    GError **error;
} Sweep;

typedef struct {
    char *stream, *date;
} Day;

typedef struct {
    char *stream, *date, *name;
    gint64 written;
    guint64 bytes;
} File;

static void day_free(gpointer data)
{
    Day *day = data;

    g_free(day->stream);
    g_free(day->date);
    g_free(day);
}

static void file_free(gpointer data)
{
    File *file = data;

    g_free(file->stream);
    g_free(file->date);
    g_free(file->name);
    g_free(file);
}

static void fail(const char *name, GError **error)
{
    const int code = errno;

    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(code), "%s: cannot be deleted: %s", name,
                g_strerror(code));
}

static void remove_file(Sweep *sweep, const VdtTreeFile *file)
{
    g_autofree char *name = g_strconcat(file->stream, "/", file->date, "/", file->name, NULL);

    if (unlinkat(file->dir, file->name, 0) != 0 && errno != ENOENT) {
        if (sweep->error && !*sweep->error)
            fail(name, sweep->error);
        return;
    }
    sweep->swept->files--;
    sweep->swept->bytes -= file->bytes;
    sweep->swept->gone++;
    sweep->swept->gone_bytes += file->bytes;
    if (sweep->limits->gone)
        sweep->limits->gone(name, sweep->limits->data);
}

static gboolean is_last(const Sweep *sweep, const VdtTreeFile *file)
{
    const Day *day =
        sweep->days->len > 0 ? g_ptr_array_index(sweep->days, sweep->days->len - 1) : NULL;

    return day && g_str_equal(day->stream, file->stream) && g_str_equal(day->date, file->date);
}

/* Counts it, or deletes it for its age. */
static void look_at(const VdtTreeFile *file, gpointer data)
{
    Sweep *sweep = data;
    Day *day;

    if (!vdt_tree_is_recording(file->name))
        return;
    sweep->swept->files++;
    sweep->swept->bytes += file->bytes;
    if (!is_last(sweep, file)) {
        day = g_new(Day, 1);
        *day = (Day){.stream = g_strdup(file->stream), .date = g_strdup(file->date)};
        g_ptr_array_add(sweep->days, day);
    }
    if (file->written < sweep->oldest)
        remove_file(sweep, file);
}

static void collect(const VdtTreeFile *file, gpointer data)
{
    Sweep *sweep = data;
    File *copy;

    if (!vdt_tree_is_recording(file->name))
        return;
    copy = g_new(File, 1);
    *copy = (File){.stream = g_strdup(file->stream),
                   .date = g_strdup(file->date),
                   .name = g_strdup(file->name),
                   .written = file->written,
                   .bytes = file->bytes};
    g_ptr_array_add(sweep->files, copy);
}

static int compare_days(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const Day *const *)a)->date, (*(const Day *const *)b)->date);
}

static int compare_files(gconstpointer a, gconstpointer b)
{
    const File *f = *(const File *const *)a, *g = *(const File *const *)b;

    if (f->written != g->written)
        return f->written < g->written ? -1 : 1;
    return strcmp(f->name, g->name);
}

static gboolean is_too_much(const Sweep *sweep)
{
    return sweep->limits->most_bytes > 0 && sweep->swept->bytes > sweep->limits->most_bytes;
}

static void delete_oldest(Sweep *sweep)
{
    g_ptr_array_sort(sweep->files, compare_files);
    for (guint i = 0; i < sweep->files->len && is_too_much(sweep); i++) {
        const File *file = g_ptr_array_index(sweep->files, i);
        const int day = vdt_tree_open_day(sweep->root, file->stream, file->date);

        if (day < 0)
            continue;
        remove_file(sweep, &(VdtTreeFile){.dir = day,
                                          .stream = file->stream,
                                          .date = file->date,
                                          .name = file->name,
                                          .bytes = file->bytes});
        close(day);
    }
    g_ptr_array_set_size(sweep->files, 0);
}

/* By dates, so that never more than the files of one have to be remembered. */
static void shrink(Sweep *sweep)
{
    const char *date = NULL;

    g_ptr_array_sort(sweep->days, compare_days);
    for (guint i = 0; i < sweep->days->len && is_too_much(sweep); i++) {
        const Day *day = g_ptr_array_index(sweep->days, i);

        if (g_strcmp0(date, day->date) == 0)
            continue;
        date = day->date;
        vdt_tree_each(sweep->root, date, collect, sweep);
        delete_oldest(sweep);
    }
}

gboolean vdt_sweep(int root, const VdtSpaceSpec *limits, gint64 now, VdtSpaceSwept *swept,
                   GError **error)
{
    g_autoptr(GError) problem = NULL;
    Sweep sweep = {.root = root,
                   .limits = limits,
                   .oldest = limits->most_age > 0 ? now - limits->most_age : G_MININT64,
                   .swept = swept,
                   .days = g_ptr_array_new_with_free_func(day_free),
                   .files = g_ptr_array_new_with_free_func(file_free),
                   .error = &problem};

    *swept = (VdtSpaceSwept){0};
    vdt_tree_each(root, NULL, look_at, &sweep);
    if (is_too_much(&sweep))
        shrink(&sweep);
    g_ptr_array_unref(sweep.days);
    g_ptr_array_unref(sweep.files);
    if (!problem)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}
