/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Input for what reads files by their path.
 */
#pragma once

#include <glib.h>

/** The path of a file in memory that holds @data, the same at each call. */
const char *fuzz_file(const guint8 *data, gsize size);
/** The same under this name, which may have folders and is kept, in a folder of the process's own,
 * for what looks at names. */
const char *fuzz_named_file(const char *name, const guint8 *data, gsize size);
/** That folder, if there is a named file. */
const char *fuzz_folder(void);
