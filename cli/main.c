/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The vedette command: finds the row for its first argument. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "config.h"

static const Command commands[] = {
    {"infer", "run a model on a picture, a video or an array", command_infer},
    {"eval", "say how often a model is right", command_eval},
    {"train", "train a network", command_train},
    {"verify", "hold this build against recorded reference outputs", command_verify},
    {"bench", "time a network", command_bench},
    {"models", "list, add, remove and check models", command_models},
    {"cache", "show or clear the clips that trainings keep on disk", command_cache},
#if HAVE_GST
    {"serve", "keep cameras running, or check how", command_serve},
#endif
    {"cameras", "find cameras in the local network", command_cameras},
    {"inspect", "say what a weight file holds", command_inspect},
    {"convert", "convert a weight file to another format or precision", command_convert},
};

static void print_help(FILE *to)
{
    fputs("Usage: vedette COMMAND [OPTION...]\n\nCommands:\n", to);
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\n'vedette COMMAND --help' says more; -V or --version says which version this is.\n"
          "Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.\n",
          to);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts("vedette " VEDETTE_VERSION);
        return EXIT_DONE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(commands[i].name, argv[1]) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "vedette: there is no command \"%s\"\nTry 'vedette --help'.\n", argv[1]);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    /* Characters as the terminal has them, numbers as JSON does. */
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    int status = run(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fputs("vedette: the results could not be written to stdout\n", stderr);
    return EXIT_FAILED;
}
