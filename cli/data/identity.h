/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What makes a file the one that it is, wherever it lies and whenever it was copied.
 */
#pragma once

#include <gio/gio.h>

/* Adds @name, and the size and parts of the contents of the file at @path, to @hash: its beginning,
 * middle and end, since a data set may be larger than what can be read each time. FALSE, with errno
 * set, if it cannot be read. */
gboolean file_identify(const char *name, const char *path, GChecksum *hash);
