/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Hash functions for tables whose keys come from outside. GLib's own are known to everybody, so a
 * file can bring as many names as it likes that all have one hash, and a table of them takes
 * quadratic time. These depend on a key that is drawn once for each process.
 */
#pragma once

#include <glib.h>

/** In the place of g_str_hash(). */
guint vdt_keyed_str_hash(gconstpointer text);
/** For keys that are numbers themselves, GSIZE_TO_POINTER(), in the place of g_direct_hash(). */
guint vdt_keyed_direct_hash(gconstpointer number);
