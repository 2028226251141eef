/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an element is called that nobody gave a name: it stands in titles, ids and logs. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* To be called when @element has been constructed: its name becomes @factory and a number, if it
 * has GStreamer's own for its type. */
void vdt_element_name(GstElement *element, const char *factory);

G_END_DECLS
