/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text from outside, and text in columns.
 */
#pragma once

#include <glib.h>

/* @text as it can be shown: it may come from outside, and a terminal obeys control characters. What
 * is not UTF-8 is replaced, newlines stay. Caller frees. */
char *printable(const char *text);
/* A file's name as JSON can hold it: bytes that are not UTF-8 become "\xe9". Caller frees. */
char *json_name(const char *name);
/* Prints a line for programs: UTF-8 in any locale. */
void print_json(const char *line);

/* Columns that @text takes on a terminal. */
guint text_width(const char *text);
/* @text up to where it would take more than @width columns. Caller frees. */
char *text_cut(const char *text, guint width);
/* @text, and blanks up to @width columns. Caller frees. */
char *text_pad(const char *text, guint width);
