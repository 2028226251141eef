/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "problems.h"

/* The names in @folder that end in @suffix and do not begin with a dot, in order: an array of
 * texts. Empty if there is no such folder; it is a problem if there is one that cannot be read. */
GPtrArray *vdt_folder_list(const char *folder, const char *suffix, VdtProblems *problems);
