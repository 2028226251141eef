/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for GStreamer's buffers that can run out: its own allocator ends the process where there
 * is none, and asks for all that a stream claims to need.
 */
#pragma once

#include <gst/gst.h>

/* Makes that the default of the process, once; no buffer is of more than @most bytes. */
void gst_memory_limit(gsize most);
