/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory for what is walked in every run: packed weights and intermediate results. */
#pragma once

#include <glib.h>

/* At least @size bytes, aligned to VDT_ALIGN, not cleared; free() frees them. NULL if there is no
 * memory. Large ones ask for huge pages. Any thread may call it. */
void *vdt_pages_alloc(gsize size);
