/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects (tracker.h) in maps, with the pictures that these are of: regions that things make up
 * which pass before what stands are told from it by its looks (stands.h), also if the camera shakes
 * (steady.h).
 *
 * Not thread-safe.
 */
#pragma once

#include "preprocess.h"
#include "segmentation.h"
#include "tracker.h"

G_BEGIN_DECLS

typedef struct _VdtFollower VdtFollower;

VdtFollower *vdt_follower_new(void);
void vdt_follower_free(VdtFollower *follower);
/* Nothing of what was seen goes on. */
void vdt_follower_reset(VdtFollower *follower);
/*
 * Follows what the classes in @wanted (by class) have in @segmentation, which shows @picture at
 * @time (ns), later than that before: a frame whose sides are as @aspect to 1. Where the map is
 * finer than the picture, so much of it is not looked at. From @least of the frame on, a share,
 * regions become objects.
 */
void vdt_follower_update(VdtFollower *follower, const VdtSegmentation *segmentation,
                         const gboolean *wanted, const VdtPicture *picture, double aspect,
                         gint64 time, double least);
/* As those of the tracker. */
const GArray *vdt_follower_get_objects(const VdtFollower *follower);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtFollower, vdt_follower_free)

G_END_DECLS
