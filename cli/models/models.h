/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `vedette models` can be asked for; argv[0] is "models list" and so on. */
#pragma once

#include "command.h"

int models_list(int argc, char **argv);
int models_add(int argc, char **argv);
int models_remove(int argc, char **argv);
int models_check(int argc, char **argv);
