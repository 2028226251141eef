/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures that are asked what they are like: by day or night, in what weather, and whether the
 * camera can see. Sets of one frame with three groups of labels.
 *
 * Two of three are of the synthetic street, at some moment, large or small; one of three is a
 * texture (textures.h), which teaches what faults of a camera look like that sees something else.
 * The faults (faults.h) are done to whole pictures before these are brought to the format. A
 * question that a picture does not answer is left out: the weather behind a cover, or at dusk
 * whether it is night.
 */
#pragma once

#include "faults.h"
#include "streettasks.h"

typedef enum { SCENE_LIGHT, SCENE_WEATHER, SCENE_CAMERA, SCENE_N_GROUPS } SceneGroup;
typedef enum { SCENE_DAY, SCENE_NIGHT } SceneLight;
typedef enum { SCENE_CLEAR, SCENE_RAIN, SCENE_SNOW, SCENE_HAZE } SceneWeather;

extern const StreetTask street_scenes_task;
