/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette train instructions: the weights of tasks/instruction.h. argv[0] is "train". */
#pragma once

int train_instructions(int argc, char **argv, const char *command);
