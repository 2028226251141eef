/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking on the terminal. */
#pragma once

#include <gio/gio.h>

/* Whether somebody is there: input and stderr are a terminal. */
gboolean question_possible(void);
/* A line in answer to @text, without its end; VDT_ERROR_CANCELLED if none comes. Caller frees. */
char *question_ask(GCancellable *cancellable, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* TRUE for "y" or "yes"; FALSE for anything else, with *error set only if no answer came. */
gboolean question_agree(GCancellable *cancellable, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
