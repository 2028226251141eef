/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drawings as PNG files.
 */
#pragma once

#include <cairo.h>
#include <gio/gio.h>

gboolean surface_save(cairo_surface_t *surface, const char *path, GError **error);
