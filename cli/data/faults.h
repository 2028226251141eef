/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What keeps a camera from seeing, done to pictures: packed RGB, in place. What is done depends on
 * nothing but the picture and the seed. Lengths are shares of the picture's height, so that a
 * picture looks the same at every size.
 */
#pragma once

#include "preprocess.h"

typedef enum {
    CAMERA_SHARP,
    CAMERA_OUT_OF_FOCUS, /* light of a point falls on a disc with a radius of 1.4 to 6 % */
    CAMERA_COVERED,      /* at least a third of the picture, or nearly all, is behind something */
    CAMERA_BLINDED,      /* most of it, or a large part, is as bright as can be */
    CAMERA_SHAKEN,       /* moved by 3.5 to 14 % while it was exposed */
    CAMERA_N_STATES
} CameraState;
/* "sharp", "out-of-focus", "covered", "blinded", "shaken". */
const char *camera_state_name(CameraState state);

/* Nothing for CAMERA_SHARP. */
void camera_fault_apply(CameraState state, guint64 seed, const VdtPicture *picture);
/* Takes light away, until little is left but a few lamps, and what the sensor adds. */
void camera_darken(guint64 seed, const VdtPicture *picture);
/* Normal noise with a deviation of @deviation levels. */
void camera_add_noise(double deviation, guint64 seed, const VdtPicture *picture);
/* Of all pixels; 0 to 255. */
double camera_get_brightness(const VdtPicture *picture);
