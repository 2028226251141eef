/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette-scenesrc: a camera on a street that Vedette draws, and the truth about it. */
#pragma once

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define VDT_TYPE_SCENE_SRC (vdt_scene_src_get_type())
G_DECLARE_FINAL_TYPE(VdtSceneSrc, vdt_scene_src, VDT, SCENE_SRC, GstPushSrc)
GST_ELEMENT_REGISTER_DECLARE(vedette_scenesrc)

G_END_DECLS
