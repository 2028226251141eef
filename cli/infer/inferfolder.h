/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A folder of pictures as an input: one after another, by name. */
#pragma once

#include <glib.h>

/* What is done with one; @stem is its name without what is behind the last dot. */
typedef gboolean (*InferFolderFunc)(gpointer data, const char *path, const char *stem,
                                    GError **error);

/* Calls for each picture in @folder, not for those in folders within. Of those that fail it is said
 * on stderr, and the others are done all the same; then @error says how many there were. */
gboolean infer_folder(const char *folder, InferFolderFunc func, gpointer data, GError **error);
