/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files as GKeyFile reads them, with the line of everything, and with mistakes that GKeyFile
 * forgives: two groups or keys of one name.
 *
 * Differences: blanks at the end of a line are no part of a value, and keys have no languages.
 */
#pragma once

#include "problems.h"

#define VDT_INI_MOST_BYTES  (256 * 1024)
#define VDT_INI_MOST_GROUPS 64
#define VDT_INI_MOST_KEYS   128 /* in a group */

typedef struct {
    char *key, *value;
    guint line;
} VdtIniEntry;

typedef struct {
    char *name;
    guint line;
    GPtrArray *entries; /* of VdtIniEntry */
} VdtIniGroup;

typedef struct {
    char *file;
    gboolean open_to_others; /* others than its owner can read it: for whoever has read it to set */
    GPtrArray *groups;       /* of VdtIniGroup */
} VdtIni;

/* Reads @text of @n bytes, the first of which are in line @first_line of @file. What is wrong is
 * added to @problems, and the rest is read; NULL if it is no text at all. */
VdtIni *vdt_ini_parse(const char *file, guint first_line, const char *text, gsize n,
                      VdtProblems *problems);
void vdt_ini_free(VdtIni *ini);
/* The bytes of a regular file that is no larger than VDT_INI_MOST_BYTES, with a 0 behind them. NULL
 * after a problem. *@mode is as stat() has it; it may be NULL. Caller frees. */
char *vdt_ini_read(const char *file, gsize *n, guint *mode, VdtProblems *problems);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtIni, vdt_ini_free)
