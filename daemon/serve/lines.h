/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines that go to a file descriptor in a thread of their own: who puts one never waits, whatever
 * the reader does. At most 10 000 wait; of more, the newest are lost and counted. Any thread.
 */
#pragma once

#include <glib.h>

#define VDT_LINES_MOST 10000

typedef struct _VdtLines VdtLines;

/* @fd is not closed. */
VdtLines *vdt_lines_new(int fd);
/* Writes @line, of @size bytes and a NUL, to @fd; whether it could. It may change all of it. */
typedef gboolean (*VdtLinesWrite)(int fd, char *line, gsize size);
/* The one that vdt_lines_new() has. */
gboolean vdt_lines_write(int fd, char *line, gsize size);
/* The same by @write, in that thread. */
VdtLines *vdt_lines_new_by(VdtLinesWrite write, int fd);
/* Takes @line, which has no line end. */
void vdt_lines_put(VdtLines *lines, char *line);
/* How many were lost by now, for want of a reader or by an error. */
guint64 vdt_lines_get_lost(VdtLines *lines);
/* Waits @limit us at most for what was put. If that is not enough, its thread is left behind, and
 * the process is to end soon. */
void vdt_lines_free(VdtLines *lines, gint64 limit);
