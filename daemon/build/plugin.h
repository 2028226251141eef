/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* Sees to it that GStreamer knows the elements: if it does not find the plugin by itself, it is
 * shown where it lies beside this program. FALSE if it is not there either. */
gboolean vdt_plugin_load(GError **error);
