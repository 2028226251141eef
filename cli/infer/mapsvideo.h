/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette infer, for networks that give a class to each pixel, on all pictures of a video. */
#pragma once

#include "mapsanswer.h"

gboolean infer_maps_video(VdtEngine *engine, const MapsRequest *request, GError **error);
