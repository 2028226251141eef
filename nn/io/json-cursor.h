/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A place in a JSON text of known structure.
 *
 * The header of a safetensors file needs no tree: its reader asks for what must come next. That
 * keeps memory in proportion to what is kept, sees duplicate names (which a tree hides) and cannot
 * be made to recurse. The text is borrowed.
 */
#pragma once

#include <glib.h>

typedef struct {
    const char *start;
    const char *at;
    const char *end;
} VdtJsonCursor;

/** Skips blanks, then takes the one character @wanted; FALSE if something else is there. */
gboolean vdt_json_take(VdtJsonCursor *cursor, char wanted);

/** Takes a string into @text, replacing what it held. FALSE if there is none, if it is malformed
 * or not UTF-8, or if it holds a NUL. */
gboolean vdt_json_take_string(VdtJsonCursor *cursor, GString *text);

/** Takes a whole number from 0 to G_MAXINT64. */
gboolean vdt_json_take_number(VdtJsonCursor *cursor, gint64 *number);

/** TRUE if nothing but blanks follows. */
gboolean vdt_json_at_end(VdtJsonCursor *cursor);
