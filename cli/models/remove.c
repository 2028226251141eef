/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette models remove: a model of one's own goes; what a package installed stays. */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "found.h"
#include "models.h"
#include "paths.h"
#include "question.h"

static gboolean fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean fail(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    *error = g_error_new_valist(VDT_ERROR, VDT_ERROR_FAILED, format, args);
    va_end(args);
    return FALSE;
}

/* Whether @folder is a data directory's, by whatever way it was found. */
static gboolean is_installed(const char *folder)
{
    guint n_own;
    g_auto(GStrv) dirs = vdt_get_model_dirs(&n_own);
    g_autofree char *parent = g_path_get_dirname(folder);
    struct stat here, there;
    for (char **dir = dirs + n_own; *dir != NULL; dir++)
        if (stat(parent, &here) == 0 && stat(*dir, &there) == 0 && here.st_ino == there.st_ino &&
            here.st_dev == there.st_dev)
            return TRUE;
    return FALSE;
}

static gboolean check_own(const FoundModel *model, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(model->folder);
    struct stat s;
    if (model->installed || is_installed(model->folder))
        return fail(error, "%s came with a package, whose business it is: %s", model->name,
                    model->folder);
    if (lstat(model->folder, &s) != 0)
        return fail(error, "%s: %s", model->folder, g_strerror(errno));
    if (s.st_uid != geteuid() || stat(parent, &s) != 0 || s.st_uid != geteuid())
        return fail(error, "%s is in a folder of another user: %s", model->name, model->folder);
    return TRUE;
}

/* Removes @path if it lies in @folder itself, or below; what is not there is no mistake. */
static gboolean remove_file(const char *folder, const char *path, GError **error)
{
    if (path == NULL || !g_str_has_prefix(path, folder) || path[strlen(folder)] != '/')
        return TRUE;
    return g_unlink(path) == 0 || errno == ENOENT ||
           fail(error, "%s: cannot remove it: %s", path, g_strerror(errno));
}

/* The card goes first: without it there is no model, whatever happens next. */
static gboolean remove_model(const FoundModel *model, GError **error)
{
    if (g_file_test(model->folder, G_FILE_TEST_IS_SYMLINK))
        return g_unlink(model->folder) == 0 ||
               fail(error, "%s: cannot remove it: %s", model->folder, g_strerror(errno));
    g_autofree char *folder = g_canonicalize_filename(model->folder, NULL);
    g_autofree char *card = g_build_filename(folder, "card.json", NULL);
    if (!remove_file(folder, card, error))
        return FALSE;
    if (model->card != NULL && (!remove_file(folder, model->card->weights, error) ||
                                !remove_file(folder, model->card->labels_path, error)))
        return FALSE;
    if (g_rmdir(folder) != 0)
        g_printerr("vedette models remove: %s stays, with other files in it\n", folder);
    return TRUE;
}

static gboolean remove_named(const char *name, gboolean yes, GError **error)
{
    g_autoptr(GPtrArray) models = found_models(name);
    if (models->len == 0) {
        g_autofree char *card = vdt_find_card(name, error); /* whose error names the folders */
        return *error == NULL && fail(error, "%s is gone", card);
    }
    FoundModel *model = models->pdata[0];
    if (!check_own(model, error))
        return FALSE;
    found_model_look(model);
    if (!yes &&
        !question_agree(NULL, error, "Remove %s (%.1f MB)?", model->folder, model->bytes / 1e6))
        return *error == NULL && fail(error, "it was not removed");
    if (!remove_model(model, error))
        return FALSE;
    g_autofree char *shown = printable(model->folder);
    printf("%s removed\n", shown);
    if (models->len > 1) {
        g_autofree char *next = printable(((FoundModel *)models->pdata[1])->folder);
        g_printerr("vedette models remove: %s now means %s\n", name, next);
    }
    return TRUE;
}

int models_remove(int argc, char **argv)
{
    const char *command = argv[0];
    gboolean yes = FALSE;
    const GOptionEntry entries[] = {
        {"yes", 0, 0, G_OPTION_ARG_NONE, &yes, "Do not ask", NULL},
        {NULL},
    };
    g_auto(GStrv) rest = NULL;
    g_autoptr(GError) error = NULL;
    if (!parse_options("NAME",
                       "Removes the model that a name stands for, if it is one's own: its card, "
                       "weights and labels.",
                       entries, argc, argv, 1, 1, &rest))
        return EXIT_USAGE;
    if (!vdt_is_model_name(rest[0]))
        return complain_usage(command, "\"%s\" is no name of a model, and paths are not removed",
                              rest[0]);
    if (!yes && !question_possible())
        return complain_usage(command, "--yes is needed where nobody can be asked");
    if (!remove_named(rest[0], yes, &error))
        return complain(command, error, EXIT_FAILED);
    return EXIT_DONE;
}
