/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that are whole or not there: written under another name in the same folder, synced, and
 * renamed. What a process that was killed leaves behind has that other name. May wait for the disk.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* "FOLDER/.NAME.part" of "FOLDER/NAME". Caller frees. */
char *vdt_whole_part(const char *path);
gboolean vdt_whole_is_part(const char *name);
/* Gives what was written to vdt_whole_part() its name. FALSE with a sentence, G_IO_ERROR, that
 * names the file; it is removed then. */
gboolean vdt_whole_finish(const char *path, GError **error);
/* All of it. */
gboolean vdt_whole_write(const char *path, gconstpointer data, gsize size, GError **error);

G_END_DECLS
