/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the service says of itself, a line each on stderr, without secrets: with the priority in
 * front if that is the journal, as sd-daemon(3) has it. Any thread; never waits.
 *
 * What becomes of a stream has the fields STREAM= and STATE= in the journal. Nothing else has
 * fields: of an entry that has some the journal must find out which unit it is of while the process
 * is still there, and what a process says last is what matters most.
 */
#pragma once

#include "lines.h"
#include "values/problems.h"

/* As of syslog. */
typedef enum {
    VDT_TELL_ERROR = 3,
    VDT_TELL_WARNING = 4,
    VDT_TELL_NOTICE = 5,
    VDT_TELL_INFO = 6,
} VdtTellLevel;

typedef struct {
    VdtLines *lines;
    gboolean journal, fields;
} VdtTell;

void vdt_tell_open(VdtTell *tell);
/* Waits a moment for what was told. */
void vdt_tell_close(VdtTell *tell);
void vdt_tell(const VdtTell *tell, VdtTellLevel level, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* That @stream is in @state now. */
void vdt_tell_state(const VdtTell *tell, VdtTellLevel level, const char *stream, const char *state,
                    const char *format, ...) G_GNUC_PRINTF(5, 6);
void vdt_tell_problems(const VdtTell *tell, const VdtProblems *problems);
