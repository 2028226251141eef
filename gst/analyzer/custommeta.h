/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Metas that applications read as a plain GstStructure, with no header of ours. What they say is of
 * the whole frame, or in shares of it, as letterbox.h says: they are copied however a frame is
 * scaled or converted.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Registers a GstCustomMeta under @name, a literal; or finds the one that is registered. */
const GstMetaInfo *vdt_custom_meta_register(const char *name);

G_END_DECLS
