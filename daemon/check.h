/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service, for the command: what is right or wrong with a configuration.
 */
#pragma once

#include "build/memory.h"
#include "config/diff.h"

/*
 * Reads the configuration in @where, makes the pipelines of its streams without playing them, and
 * estimates its memory; *@need, if it is not NULL, is what that found, NULL if it was not asked.
 * NULL, and all that is wrong in @problems, if anything is.
 */
VdtConfig *vdt_config_check(const char *where, VdtMemoryNeed **need, VdtProblems *problems);
