/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a scene source shows: one endless street, or clips of one action, one after another; at any
 * scene time, in any order. It makes streets and painters as they are needed, and keeps the last.
 *
 * Not thread-safe; one user at a time.
 */
#pragma once

#include "enums.h"
#include "street.h"

G_BEGIN_DECLS

typedef struct {
    guint64 seed;
    int action;                     /* VDT_SCENE_ANY, or a VdtStreetAction: clip K has seed + K */
    gint64 clip_duration;           /* ns */
    VdtStreetConditions conditions; /* of the street, or of every clip */
    gboolean changing;              /* endless streets only */
} VdtSceneOptions;

typedef struct _VdtScene VdtScene;

/* What is true of one frame. */
typedef struct {
    gint64 time; /* of the scene, ns */
    VdtStreetConditions conditions;
    GArray *events;  /* VdtStreetEvent: those that go on, in scene time */
    GArray *objects; /* VdtStreetObject: those in the picture, far to near */
} VdtTruth;

VdtScene *vdt_scene_new(void);
void vdt_scene_free(VdtScene *scene);
/* Goes to @time. With other options than before, the same seed still has the same things happen. */
void vdt_scene_show(VdtScene *scene, const VdtSceneOptions *options, gint64 time);
/* Draws the frame there: BGRx, or GRAY8 for classes. Rows and @pixels are aligned to 4 bytes. */
void vdt_scene_draw(VdtScene *scene, VdtSceneOutput output, guint width, guint height,
                    guint8 *pixels, gsize stride);
/* The truth there, for a frame of @width / @height = @aspect. */
VdtTruth *vdt_scene_get_truth(const VdtScene *scene, double aspect);

void vdt_truth_free(VdtTruth *truth);
/* The event of this id in an array of them, or NULL. */
const VdtStreetEvent *vdt_truth_find_event(const GArray *events, guint64 id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtScene, vdt_scene_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtTruth, vdt_truth_free)

G_END_DECLS
