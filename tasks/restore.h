/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures made better: noise, rain and the like taken away, or more pixels, by a network that
 * restores.
 *
 * Pictures are float32 [3,H,W], red, green and blue, one colour after the other, from 0 to 255.
 * Results are the same, and may go beyond 0 and 255 by a little.
 *
 * A network that takes tiles of one size is run over as many of them as there are (tiles.h); one
 * that takes any size is given the whole picture, mirrored at its edges to sides that are multiples
 * of 8, or, if that is more than VDT_RESTORE_WHOLE_PIXELS, pieces that overlap. So beside
 * picture and result, a run takes the memory of the network for that much and, with an area, that
 * of the area and its surroundings.
 */
#pragma once

#include <gio/gio.h>
#include <vedette/engine.h>

#include "preprocess.h"

G_BEGIN_DECLS

#define VDT_RESTORE_WHOLE_PIXELS (768 * 768)
#define VDT_RESTORE_MOST_BATCH   64
#define VDT_RESTORE_MOST_SIDE    32768

/* Belongs to one thread at a time; any number of them may share an engine. Of each restoration
 * that was asked for it keeps a session, so that going from one to another costs nothing. */
typedef struct _VdtRestorer VdtRestorer;

/* Zeroes are the usual. */
typedef struct {
    guint batch;            /* tiles at once, to VDT_RESTORE_MOST_BATCH; 0: 8 */
    gboolean authors_tiles; /* vdt_tiles_average(): nine times the time; not for networks of any
                               size, nor for pictures that are smaller than a tile */
    gboolean ensemble;      /* the mean of what is made of it flipped and turned: eight times the
                               time */
} VdtRestorerOptions;

/* NULL, with VDT_ERROR_MODEL, if the network restores nothing. Makes no plan and no session. */
VdtRestorer *vdt_restorer_new(VdtEngine *engine, const VdtRestorerOptions *options, GError **error);
void vdt_restorer_free(VdtRestorer *restorer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtRestorer, vdt_restorer_free)

/* Names of what it can do, by number, NULL-terminated; owned by the restorer. @usual, which may be
 * NULL, is what the network does if nothing is said. */
const char *const *vdt_restorer_get_restorations(const VdtRestorer *restorer, guint *usual);
/* The number of @name. FALSE, with VDT_ERROR_UNSUPPORTED and all names there are, if it has none.
 */
gboolean vdt_restorer_find(const VdtRestorer *restorer, const char *name, guint *restoration,
                           GError **error);

/* How many times as wide and as high results are: 1, 2, 3 or 4; 0 on failure. Makes the plan,
 * which can take seconds, when it is first asked. */
guint vdt_restorer_get_scale(VdtRestorer *restorer, guint restoration, GError **error);

/* Called by vdt_restorer_run(), on its thread, each time some of a picture's @all tiles are done.
 */
typedef void (*VdtRestoreProgress)(guint64 done, guint64 all, gpointer data);
/* What is told from now on how far a run is, for pictures that take long; NULL: nobody. Of a
 * network that gets a picture whole, nothing is told. */
void vdt_restorer_set_progress(VdtRestorer *restorer, VdtRestoreProgress progress, gpointer data);

/* Pixels of a picture. */
typedef struct {
    guint x, y, width, height;
} VdtRestoreArea;

typedef struct {
    guint restoration; /* by number */
    double strength;   /* 1: as the network does it; 0: not at all, and at once; between, the
                          mean of both. Larger pictures are compared with bilinear ones. */
    const VdtRestoreArea *area; /* only this of the picture, which the network sees with what is
                                   around it; NULL: all of it */
} VdtRestoreRequest;

/* Makes what vdt_restorer_run() needs for such a request and pictures of that size, so that the
 * first of them does not wait for it. */
gboolean vdt_restorer_prepare(VdtRestorer *restorer, const VdtRestoreRequest *request, guint width,
                              guint height, GError **error);

/*
 * Restores @picture into @result, which has room for 3 x the pixels of the area (or the picture) x
 * the square of the scale, and must not overlap it. @result is undefined on failure:
 * VDT_ERROR_SHAPE for an area that is not in the picture, VDT_ERROR_CANCELLED by @cancellable
 * (which may be NULL) between tiles and steps.
 */
gboolean vdt_restorer_run(VdtRestorer *restorer, const VdtRestoreRequest *request,
                          const float *picture, guint width, guint height, float *result,
                          GCancellable *cancellable, GError **error);

/* A picture of 8 bits as the floats that are taken, and back: rounded to the nearest, kept in 0 to
 * 255. Sizes are @picture's. */
void vdt_restore_from_picture(const VdtPicture *picture, float *planes);
void vdt_restore_to_picture(const float *planes, VdtPicture *picture);

G_END_DECLS
