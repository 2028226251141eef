/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one clock of pipelines and supervisor. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Now, in ns; does not go back, and is not set. Any thread. */
gint64 vdt_clock_now(void);
/* Has @pipeline go by it, from @base on: its running time 0. */
void vdt_clock_rule(GstElement *pipeline, gint64 base);

G_END_DECLS
