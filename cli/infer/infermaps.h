/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette infer, for networks that give a class to each pixel: what covers a picture, as numbers,
 * as a map and drawn over it.
 */
#pragma once

#include "mapsanswer.h"

/* A request for one picture, or for all pictures of a video. */
gboolean infer_maps(VdtEngine *engine, const MapsRequest *request, GError **error);
