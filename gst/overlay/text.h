/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text from outside, made fit to be drawn. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Appends @from (NULL for nothing) to @to, a buffer of @size bytes: always valid UTF-8 in one line.
 * Bytes that are not UTF-8 become U+FFFD, control characters a blank, and what does not fit is cut,
 * with an ellipsis. No more of @from is read than fits.
 */
void vdt_overlay_text_append(char *to, gsize size, const char *from);

G_END_DECLS
