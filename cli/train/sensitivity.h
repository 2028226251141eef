/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which weights of a network want to differ by task, and by how much of a rank: instead of a
 * training, its first step.
 */
#pragma once

#include "training.h"

/* Prints it, and writes it to sensitivity.tsv in the output folder. */
gboolean training_find_sensitive(Training *training, GError **error);
