/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette-overlay: draws what the metas of frames say. */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define VDT_TYPE_OVERLAY (vdt_overlay_get_type())
G_DECLARE_FINAL_TYPE(VdtOverlay, vdt_overlay, VDT, OVERLAY, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE(vedette_overlay)

G_END_DECLS
