/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette infer, for networks that give a class to each pixel: what covers a picture, as numbers,
 * as a map and drawn over it.
 */
#pragma once

#include "segmentmodes.h"

typedef struct {
    const char *input; /* a picture's file or URI, or street, street:N */
    const char *map;   /* PNG to write the classes to, or NULL */
    const char *overlay;
    double opacity; /* of the overlay's colours */
    VdtSegmentMode mode;
    gboolean json;
} MapsRequest;

gboolean infer_maps(VdtEngine *engine, const MapsRequest *request, GError **error);
