/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Variables of the environment that the library reads. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* VEDETTE_THREADS as a number; FALSE if it is none, 0 or NULL. */
gboolean vdt_threads_from_text(const char *text, guint *n);

G_END_DECLS
