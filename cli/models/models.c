/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette models: which models there are, and more or fewer of them.
 */
#include "models.h"

#include <stdio.h>
#include <string.h>

static const Command actions[] = {
    {"list", "what models are found, in the order of the search", models_list},
    {"add", "make a model of a weight file or a URL", models_add},
    {"remove", "remove a model of one's own", models_remove},
    {"check", "say whether models are as their cards say, and run", models_check},
};

static void print_help(FILE *to)
{
    fputs("Usage:\n  vedette models ACTION [OPTION...]\n\nActions:\n", to);
    for (guint i = 0; i < G_N_ELEMENTS(actions); i++)
        fprintf(to, "  %-10s %s\n", actions[i].name, actions[i].summary);
    fputs("\n'vedette models ACTION --help' says more.\n", to);
}

int command_models(int argc, char **argv)
{
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        print_help(stdout);
        return EXIT_DONE;
    }
    for (guint i = 0; argc >= 2 && i < G_N_ELEMENTS(actions); i++) {
        if (strcmp(actions[i].name, argv[1]) != 0)
            continue;
        g_autofree char *name = g_strconcat("models ", actions[i].name, NULL);
        argv[1] = name;
        return actions[i].run(argc - 1, argv + 1);
    }
    if (argc >= 2)
        return complain_usage("models", "there is no action \"%s\"", argv[1]);
    print_help(stderr);
    return EXIT_USAGE;
}
