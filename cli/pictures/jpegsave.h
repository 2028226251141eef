/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing JPEG. */
#pragma once

#include <vedette/error.h>

/* Rows of packed RGB begin @stride bytes apart. Colours are kept for each pixel, and the quality is
 * 95: what a network has restored should not be spoiled again. */
gboolean jpeg_save(const char *path, const guint8 *rgb, guint width, guint height, gsize stride,
                   GError **error);
