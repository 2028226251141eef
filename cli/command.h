/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the commands share: the table's row, options, exit statuses.
 *
 * A command parses its own arguments (argv[0] is the command's name) and returns the exit status.
 * Results go to stdout; everything else, to stderr.
 */
#pragma once

#include <gio/gio.h>
#include <vedette/card.h>
#include <vedette/plan.h>

#include "text.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

typedef struct {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} Command;

int command_bench(int argc, char **argv);
int command_cache(int argc, char **argv);
int command_cameras(int argc, char **argv);
int command_convert(int argc, char **argv);
int command_eval(int argc, char **argv);
int command_infer(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_models(int argc, char **argv);
int command_serve(int argc, char **argv); /* built with GStreamer */
int command_train(int argc, char **argv);
int command_verify(int argc, char **argv);

/* Options that several commands take. */
typedef struct {
    char *threads;
    char *isa;
    char *precision;
} CommonOptions;
#define COMMON_THREADS(common)                                                                     \
    "threads", 0, 0, G_OPTION_ARG_STRING, &(common)->threads,                                      \
        "Threads that run networks (default: VEDETTE_THREADS, or the CPUs)", "N"
#define COMMON_ISA(common)                                                                         \
    "isa", 0, 0, G_OPTION_ARG_STRING, &(common)->isa,                                              \
        "Highest instruction set to use: c, avx2, avx512 or avx512bf16", "ISA"
#define COMMON_PRECISION(common)                                                                   \
    "precision", 0, 0, G_OPTION_ARG_STRING, &(common)->precision,                                  \
        "Arithmetic: f32 (default), bf16 or int8", "P"
void common_options_clear(CommonOptions *common);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CommonOptions, common_options_clear)

/* Puts threads and instruction set in force, sets *precision. */
gboolean common_options_apply(const CommonOptions *common, VdtPrecision *precision, GError **error);

/* Begins a group of options in the list that --help prints. */
#define HEADING(text) NULL, 0, 0, 0, NULL, text, NULL

/* Parses; prints help and ends the process for --help. @min to @max arguments may remain, which
 * *rest then holds. FALSE after saying what is wrong: exit with EXIT_USAGE. */
gboolean parse_options(const char *usage, const char *summary, const GOptionEntry *entries,
                       int argc, char **argv, guint min, guint max, GStrv *rest);

/* Whether there is such an architecture and, unless NULL, such a variant of it. */
gboolean check_architecture(const char *architecture, const char *variant, GError **error);

/* Says on stderr which classes have one name, if some have. */
void tell_same_labels(const char *command, char **labels);
/* Says on stderr what is odd about a card's file, if there is one: that, and keys that are no
 * card's.
 */
void tell_card(const char *command, const VdtCard *card);

/* "vedette infer: <message>" on stderr; returns @status. */
int complain(const char *command, const GError *error, int status);
int complain_usage(const char *command, const char *format, ...) G_GNUC_PRINTF(2, 3);
