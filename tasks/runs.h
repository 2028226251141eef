/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes in run-length form: for each run its byte, then its length in groups of seven bits, the
 * lowest first, with the eighth bit set in all groups but the last (LEB128). A run goes on over the
 * ends of rows.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

GByteArray *vdt_runs_encode(const guint8 *bytes, gsize n);
/* Fills @bytes from @runs; the error says where those are not the runs of @n bytes. */
gboolean vdt_runs_decode(const guint8 *runs, gsize size, guint8 *bytes, gsize n, GError **error);

G_END_DECLS
