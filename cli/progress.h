/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How far long work has got, on stderr: one line that is written over on a terminal, a plain line
 * every half minute elsewhere. May be called from several threads.
 */
#pragma once

#include <glib.h>

typedef struct _Progress Progress;

Progress *progress_new(void);
void progress_free(Progress *progress);
/* Begins a stage of @total units, of which @done were done before. */
void progress_begin(Progress *progress, const char *doing, const char *unit, guint64 done,
                    guint64 total);
/* Now at @done; @text, unless NULL, is added ("loss 1.234"). */
void progress_update(Progress *progress, guint64 done, const char *text);
/* One more unit. */
void progress_count(Progress *progress);
/* Ends the stage; says how long it took if that was long. */
void progress_end(Progress *progress);
/* A line of its own, which does not disturb. */
void progress_say(Progress *progress, const char *format, ...) G_GNUC_PRINTF(2, 3);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)
