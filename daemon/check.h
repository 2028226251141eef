/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service, for the command: what is right or wrong with a configuration.
 */
#pragma once

#include "build/memory.h"
#include "config/diff.h"
#include "config/json.h"

/*
 * Reads the configuration in @where, makes the pipelines of the @streams that are wanted
 * (VDT_STREAMS_...) without playing them, and estimates their memory; *@need, if it is not NULL, is
 * what that found, NULL if it was not asked. NULL, and all that is wrong in @problems, if anything
 * is.
 */
VdtConfig *vdt_config_check(const char *where, const char *streams, VdtMemoryNeed **need,
                            VdtProblems *problems);

/* The same for what vdt_config_read() made, which had @before problems then: its second half,
 * without which no model was looked at. Takes @config, which may be NULL. */
VdtConfig *vdt_config_check_read(VdtConfig *config, guint before, VdtMemoryNeed **need,
                                 VdtProblems *problems);

/*
 * Puts what is in @where by now into the place of *@config, and says what differs, as
 * vdt_config_diff() does. If anything is wrong, all of which is then in @problems, *@config stays,
 * and NULL is returned. Takes as long as loading the models; in any thread.
 */
GPtrArray *vdt_config_reload(VdtConfig **config, const char *where, const char *streams,
                             VdtProblems *problems);
