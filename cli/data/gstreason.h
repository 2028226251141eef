/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a pipeline failed, in GStreamer's own words. */
#pragma once

#include <gst/gst.h>

/* The text of an error's or a warning's message, with what is behind it where that says more;
 * caller frees. */
char *gst_reason(GstMessage *message);
