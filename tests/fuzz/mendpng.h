/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Behind a PNG's checksums: libpng refuses a chunk that does not have its own, so that few
 * mutations would be looked at.
 */
#pragma once

#include <glib.h>

/** A copy whose chunks have their checksums; NULL if they had them already, or there are none. */
guint8 *fuzz_mend_png(const guint8 *data, gsize size);
