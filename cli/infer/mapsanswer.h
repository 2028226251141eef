/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `vedette infer` is asked of a network that gives a class to each pixel, and what it prints.
 */
#pragma once

#include "data/clipset.h"
#include "segmentmodes.h"

typedef struct {
    const char *input; /* a picture's file or URI, or street, street:N */
    /* PNG to write the classes to, or NULL; of all pictures of a video a folder, or a pattern of
     * mapfiles.h */
    const char *map;
    const char *overlay; /* PNG, or a film of the whole video, or NULL */
    double opacity;      /* of the overlay's colours */
    VdtSegmentMode mode;
    gboolean json;
    GCancellable *cancellable; /* ends a film where it is; or NULL */
} MapsRequest;

/* Whether the request is for all pictures of a video. Mistakes in the names of files are of
 * G_OPTION_ERROR. */
gboolean maps_request_check(const MapsRequest *request, gboolean *video, GError **error);

/* What there is to print, of one picture or of a video. */
typedef struct {
    guint width, height;
    const double *shares; /* of @n classes */
    guint n;
    gint64 n_frames; /* of a video; or 0 */
    gint64 first_pts, last_pts;
    gboolean street; /* what follows is known */
    guint64 number;  /* of the street's picture */
    const ClipInfo *info;
    double iou; /* mean, with the truth */
} MapsAnswer;

void maps_answer_print(const MapsRequest *request, const VdtCard *card, const MapsAnswer *answer);
