/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette train: from clips to weights with a card. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "instructions.h"
#include "interrupt.h"
#include "sensitivity.h"
#include "training.h"

/* Bytes of a string in a card. */
#define MAX_COMMAND 4096

static gboolean fail(const Training *training, const char *what, GError **error)
{
    int code = errno;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: cannot be %s: %s",
                training->o->output, what, g_strerror(code));
    return FALSE;
}

/* The folder, and the lock on it that ends with the process: of two trainings in one folder, each
 * would write over the other's files. */
static gboolean make_output(Training *training, GError **error)
{
    const char *folder = training->o->output;
    if (g_mkdir_with_parents(folder, 0777) != 0)
        return fail(training, "made", error);
    training->lock = g_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (training->lock < 0)
        return fail(training, "opened", error);
    /* Some network file systems know no such locks. */
    if (flock(training->lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                "%s: another training is writing to this folder", folder);
    return FALSE;
}

/* What can go wrong at once does so before clips are drawn. */
static gboolean train(Training *training, const char *architecture, GError **error)
{
    if (!training_open_data(training, architecture, error))
        return FALSE;
    training_name_card(training);
    if (training->o->compensator)
        return make_output(training, error) && training_load_clips(training, error) &&
               training_compensate(training, error);
    if (training->o->sensitivity)
        return make_output(training, error) && training_load_clips(training, error) &&
               training_find_sensitive(training, error);
    if (!make_output(training, error) || !training_check_output(training, error) ||
        !training_save_labels(training, error) || !training_load_clips(training, error) ||
        !training_prepare(training, error) || !training_restore(training, error))
        return FALSE;
    if (vdt_trainer_get_step(training->trainer) > 0)
        progress_say(training->progress, "going on after step %" G_GUINT64_FORMAT,
                     vdt_trainer_get_step(training->trainer));
    return training_run(training, error) && training_save_result(training, error);
}

/* The arguments as they can be typed again. */
static char *quoted(int argc, char **argv)
{
    GString *line = g_string_new("vedette");
    for (int i = 0; i < argc; i++) {
        gboolean plain =
            *argv[i] != '\0' && strspn(argv[i], "abcdefghijklmnopqrstuvwxyz"
                                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                "0123456789-_=./,:") == strlen(argv[i]);
        g_autofree char *word = plain ? g_strdup(argv[i]) : g_shell_quote(argv[i]);
        g_autofree char *valid = g_utf8_make_valid(word, -1);
        g_string_append_printf(line, " %s", valid);
    }
    /* As a card can hold it. Line breaks are in JSON, where they mean nothing. */
    for (gsize i = 0; i < line->len; i++)
        if (g_ascii_iscntrl(line->str[i]))
            line->str[i] = ' ';
    if (line->len > MAX_COMMAND) {
        char *end = g_utf8_find_prev_char(line->str, line->str + MAX_COMMAND);
        g_string_truncate(line, end - line->str);
    }
    return g_string_free(line, FALSE);
}

int command_train(int argc, char **argv)
{
    g_auto(TrainOptions) o = {.common = {0}};
    g_autofree char *architecture = NULL, *command = quoted(argc, argv);
    if (argc > 1 && strcmp(argv[1], "instructions") == 0)
        return train_instructions(argc, argv, command);
    if (!train_options_parse(&o, argc, argv, &architecture))
        return EXIT_USAGE;
    g_autoptr(GError) error = NULL;
    VdtPrecision precision;
    g_autoptr(GCancellable) cancellable = interrupt_catch();
    g_auto(Training) training = {.o = &o,
                                 .command = command,
                                 .cancellable = cancellable,
                                 .progress = progress_new(),
                                 .lock = -1,
                                 .begun = g_get_monotonic_time()};
    if (!common_options_apply(&o.common, &precision, &error) ||
        !train(&training, architecture, &error))
        return complain("train", error, EXIT_FAILED);
    puts(o.output); /* as it was typed, for scripts */
    return EXIT_DONE;
}
