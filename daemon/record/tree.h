/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folders of the layout STREAM/YYYY-MM-DD/NAME, below a descriptor. Links are not followed. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VDT_TREE_NAME_BYTES 200

typedef struct {
    int dir; /* of the day */
    const char *stream, *date, *name;
    gint64 written; /* UTC, us */
    guint64 bytes;
} VdtTreeFile;

/* Letters, digits, -, _ and ., beginning with one of the first two. */
gboolean vdt_tree_is_name(const char *name);
/* 2026-11-30 */
gboolean vdt_tree_is_date(const char *name);
/* Such a name, with a suffix that recordings have. */
gboolean vdt_tree_is_recording(const char *name);

/* A descriptor that the caller closes; -1, with errno. */
int vdt_tree_open_folder(int at, const char *name);
int vdt_tree_open_day(int root, const char *stream, const char *date);
/* Every file, of one date or, for NULL, all; in no order, but a day's one after the other. */
void vdt_tree_each(int root, const char *date, void (*each)(const VdtTreeFile *file, gpointer data),
                   gpointer data);
/* Removes what is empty: days before @date, and streams. */
void vdt_tree_prune(int root, const char *date);

G_END_DECLS
