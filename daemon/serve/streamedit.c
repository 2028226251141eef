/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "streamedit.h"

#include <errno.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

#define SERVICE_FILE "vedette.conf"
#define STREAMS      "streams.d"
#define TEMPLATES    "pipelines.d"
#define MOST_DEPTH   16 /* of folders, when the copy is removed */

struct _VdtStreamEdit {
    VdtAct act;
    char *name;
    char *text;    /* NULL to remove it */
    char *service; /* vedette.conf, absolute */
    char *folder;  /* of the configuration, absolute */
    char *file;    /* of the stream; NULL without a name */
    char *before;  /* what was in it, once it was changed; NULL if it was not there */
    gsize before_size;
};

static void free_secret(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    g_free(text);
}

VdtStreamEdit *vdt_stream_edit_new(const char *where, VdtAct act, const char *name,
                                   const char *text)
{
    g_autofree char *whole = g_canonicalize_filename(where, NULL);
    gboolean is_folder = g_file_test(whole, G_FILE_TEST_IS_DIR);
    VdtStreamEdit *edit = g_new0(VdtStreamEdit, 1);
    *edit = (VdtStreamEdit){.act = act,
                            .name = g_strdup(name),
                            .text = act == VDT_ACT_REMOVE ? NULL : g_strdup(text),
                            .service = is_folder ? g_build_filename(whole, SERVICE_FILE, NULL)
                                                 : g_strdup(whole),
                            .folder = is_folder ? g_strdup(whole) : g_path_get_dirname(whole)};
    if (name != NULL)
        edit->file = g_strdup_printf("%s/" STREAMS "/%s.conf", edit->folder, name);
    return edit;
}

void vdt_stream_edit_free(VdtStreamEdit *edit)
{
    if (edit == NULL)
        return;
    free_secret(edit->text);
    free_secret(edit->before);
    g_free(edit->name);
    g_free(edit->service);
    g_free(edit->folder);
    g_free(edit->file);
    g_free(edit);
}

static guint refuse(guint status, char **detail, const char *format, ...) G_GNUC_PRINTF(3, 4);
static guint refuse(guint status, char **detail, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    *detail = g_strdup_vprintf(format, args);
    va_end(args);
    return status;
}

static guint check_there(const VdtStreamEdit *edit, char **detail)
{
    gboolean is_there = edit->file != NULL && g_file_test(edit->file, G_FILE_TEST_EXISTS);
    if (edit->act == VDT_ACT_ADD && is_there)
        return refuse(409, detail, "there is a stream of this name already");
    if ((edit->act == VDT_ACT_CHANGE || edit->act == VDT_ACT_REMOVE) &&
        (!vdt_is_name(edit->name) || !is_there))
        return refuse(404, detail, "there is no such stream");
    g_autofree char *dropins = g_strconcat(edit->file != NULL ? edit->file : "", ".d", NULL);
    if (edit->act == VDT_ACT_REMOVE && g_file_test(dropins, G_FILE_TEST_EXISTS))
        return refuse(409, detail, "%s has to be removed by hand first", dropins);
    return 0;
}

/* --- a copy --- */

static gboolean link_to(const char *target, const char *folder, const char *name)
{
    g_autofree char *link = g_build_filename(folder, name, NULL);
    return !g_file_test(target, G_FILE_TEST_EXISTS) || symlink(target, link) == 0;
}

static gboolean link_streams(const VdtStreamEdit *edit, const char *streams)
{
    g_autofree char *own = g_build_filename(edit->folder, STREAMS, NULL);
    g_autofree char *changed = g_strdup_printf("%s.conf", edit->name != NULL ? edit->name : "");
    g_autoptr(GDir) folder = g_dir_open(own, 0, NULL);
    const char *name;
    gboolean ok = TRUE;
    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *target = g_build_filename(own, name, NULL);
        if (strcmp(name, changed) != 0)
            ok &= link_to(target, streams, name);
    }
    return ok;
}

static gboolean write_file(const char *file, const char *text, gsize n, GError **error)
{
    return g_file_set_contents_full(file, text, (gssize)n,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0600, error);
}

/* The configuration as it would be: links, and the one file that is another. */
static gboolean make_copy(const VdtStreamEdit *edit, const char *copy)
{
    g_autofree char *dropins = g_strconcat(edit->service, ".d", NULL),
                    *templates = g_build_filename(edit->folder, TEMPLATES, NULL),
                    *streams = g_build_filename(copy, STREAMS, NULL),
                    *file = g_strdup_printf("%s/%s.conf", streams, edit->name ? edit->name : "");
    return g_mkdir(streams, 0700) == 0 && link_to(edit->service, copy, SERVICE_FILE) &&
           link_to(dropins, copy, SERVICE_FILE ".d") && link_to(templates, copy, TEMPLATES) &&
           link_streams(edit, streams) &&
           (edit->text == NULL || write_file(file, edit->text, strlen(edit->text), NULL));
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *walk)
{
    return g_remove(path);
}

static void replace(char **text, const char *what, const char *by)
{
    if (*text == NULL || strstr(*text, what) == NULL)
        return;
    GString *changed = g_string_new(*text);
    g_string_replace(changed, what, by, 0);
    g_free(*text);
    *text = g_string_free(changed, FALSE);
}

/* Files are called as they will be. */
static void name_files(const VdtStreamEdit *edit, const char *copy, VdtProblems *problems)
{
    g_autofree char *service = g_build_filename(copy, SERVICE_FILE, NULL);
    for (guint i = 0; i < problems->list->len; i++) {
        VdtProblem *problem = problems->list->pdata[i];
        replace(&problem->file, service, edit->service);
        replace(&problem->file, copy, edit->folder);
        replace(&problem->message, copy, edit->folder);
    }
}

guint vdt_stream_edit_check(VdtStreamEdit *edit, VdtProblems *problems, char **detail)
{
    g_autoptr(GError) error = NULL;
    guint status = check_there(edit, detail);
    if (status != 0)
        return status;
    g_autofree char *copy = g_dir_make_tmp("vedette-check-XXXXXX", &error);
    if (copy == NULL)
        return refuse(503, detail, "there is no room to look at it: %s", error->message);
    gboolean is_made = make_copy(edit, copy);
    g_autoptr(VdtConfig) config =
        is_made ? vdt_config_check(copy, VDT_STREAMS_ALL, NULL, problems) : NULL;
    name_files(edit, copy, problems);
    nftw(copy, remove_one, MOST_DEPTH, FTW_DEPTH | FTW_PHYS);
    if (!is_made)
        return refuse(503, detail, "there is no room to look at it: %s", g_strerror(errno));
    return config != NULL ? 0 : refuse(422, detail, "the configuration would be wrong");
}

guint vdt_stream_edit_apply(VdtStreamEdit *edit, char **detail)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *streams = g_path_get_dirname(edit->file);
    guint status = check_there(edit, detail);
    if (status != 0)
        return status;
    g_file_get_contents(edit->file, &edit->before, &edit->before_size, NULL);
    if (edit->text == NULL)
        return g_unlink(edit->file) == 0
                   ? 0
                   : refuse(409, detail, "%s cannot be removed: %s", edit->file, g_strerror(errno));
    g_mkdir(streams, 0755);
    return write_file(edit->file, edit->text, strlen(edit->text), &error)
               ? 0
               : refuse(409, detail, "%s cannot be written: %s", edit->file, error->message);
}

void vdt_stream_edit_undo(VdtStreamEdit *edit)
{
    if (edit->before != NULL)
        write_file(edit->file, edit->before, edit->before_size, NULL);
    else
        g_unlink(edit->file);
}
