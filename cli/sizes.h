/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sizes as people type them.
 */
#pragma once

#include <glib.h>

/* "224x224": sides from 1 to 8192. */
gboolean parse_size(const char *text, guint *width, guint *height);
/* "500M", "4G", "1.5T", powers of 1024. */
gboolean parse_bytes(const char *text, guint64 *bytes);
