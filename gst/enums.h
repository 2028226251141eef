/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enumerations of the elements' properties. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * VdtAnalyzerMode:
 * @VDT_ANALYZER_LIVE: frames pass at once, and carry the newest result there is
 * @VDT_ANALYZER_EXACT: frames wait for the result that they make due
 * @VDT_ANALYZER_ALIGNED: frames wait for the result nearest to them in time
 */
typedef enum { VDT_ANALYZER_LIVE, VDT_ANALYZER_EXACT, VDT_ANALYZER_ALIGNED } VdtAnalyzerMode;

#define VDT_TYPE_ANALYZER_MODE (vdt_analyzer_mode_get_type())
GType vdt_analyzer_mode_get_type(void);

/**
 * VdtEventKinds:
 * @VDT_EVENT_START: something begins
 * @VDT_EVENT_UPDATE: it goes on, otherwise than before
 * @VDT_EVENT_END: it ends
 */
typedef enum {
    VDT_EVENT_START = 1 << 0,
    VDT_EVENT_UPDATE = 1 << 1,
    VDT_EVENT_END = 1 << 2,
} VdtEventKinds;

#define VDT_EVENT_ALL (VDT_EVENT_START | VDT_EVENT_UPDATE | VDT_EVENT_END)

#define VDT_TYPE_EVENT_KINDS (vdt_event_kinds_get_type())
GType vdt_event_kinds_get_type(void);

/* Values are VdtPrecision's. */
#define VDT_TYPE_PRECISION (vdt_precision_get_type())
GType vdt_precision_get_type(void);

/* Values are VdtFraming's, and one for what the model's card says. */
#define VDT_FRAMING_OF_MODEL (-1)
#define VDT_TYPE_FRAMING     (vdt_framing_get_type())
GType vdt_framing_get_type(void);

/**
 * VdtMapSize:
 * @VDT_MAP_OF_NETWORK: a map of classes is as fine as the network's picture
 * @VDT_MAP_OF_FRAME: it has a pixel for each of the frame's
 */
typedef enum { VDT_MAP_OF_NETWORK, VDT_MAP_OF_FRAME } VdtMapSize;

#define VDT_TYPE_MAP_SIZE (vdt_map_size_get_type())
GType vdt_map_size_get_type(void);

/**
 * VdtClassify:
 * @VDT_CLASSIFY_FRAME: all of a frame is classified
 * @VDT_CLASSIFY_REGIONS: named parts of it are
 * @VDT_CLASSIFY_BOXES: what other elements found in it is
 */
typedef enum { VDT_CLASSIFY_FRAME, VDT_CLASSIFY_REGIONS, VDT_CLASSIFY_BOXES } VdtClassify;

#define VDT_TYPE_CLASSIFY (vdt_classify_get_type())
GType vdt_classify_get_type(void);

/**
 * VdtRestoreMode:
 * @VDT_RESTORE_ALWAYS: each frame is restored
 * @VDT_RESTORE_AUTO: frames are restored that need it
 * @VDT_RESTORE_NEVER: none is
 * @VDT_RESTORE_ON_DEMAND: one is for which that is asked
 */
typedef enum {
    VDT_RESTORE_ALWAYS,
    VDT_RESTORE_AUTO,
    VDT_RESTORE_NEVER,
    VDT_RESTORE_ON_DEMAND
} VdtRestoreMode;

#define VDT_TYPE_RESTORE_MODE (vdt_restore_mode_get_type())
GType vdt_restore_mode_get_type(void);

/**
 * VdtRestoreWhat:
 * @VDT_RESTORE_FRAME: all of a frame is restored
 * @VDT_RESTORE_BOXES: what other elements found in it is
 */
typedef enum { VDT_RESTORE_FRAME, VDT_RESTORE_BOXES } VdtRestoreWhat;

#define VDT_TYPE_RESTORE_WHAT (vdt_restore_what_get_type())
GType vdt_restore_what_get_type(void);

/* Values are VdtStreetAction's, and one for a street on which all of them happen. */
#define VDT_SCENE_ANY         (-1)
#define VDT_TYPE_SCENE_ACTION (vdt_scene_action_get_type())
GType vdt_scene_action_get_type(void);

/**
 * VdtSceneOutput:
 * @VDT_SCENE_PICTURE: what the camera sees
 * @VDT_SCENE_CLEAN: the same without weather, haze, noise and blur
 * @VDT_SCENE_CLASSES: a class of things for each pixel
 */
typedef enum { VDT_SCENE_PICTURE, VDT_SCENE_CLEAN, VDT_SCENE_CLASSES } VdtSceneOutput;

#define VDT_TYPE_SCENE_OUTPUT (vdt_scene_output_get_type())
GType vdt_scene_output_get_type(void);

/**
 * VdtOverlayPosition:
 * @VDT_OVERLAY_TOP_LEFT: results stand in the top left corner
 * @VDT_OVERLAY_TOP_RIGHT: in the top right one
 * @VDT_OVERLAY_BOTTOM_LEFT: in the bottom left one
 * @VDT_OVERLAY_BOTTOM_RIGHT: in the bottom right one
 */
typedef enum {
    VDT_OVERLAY_TOP_LEFT,
    VDT_OVERLAY_TOP_RIGHT,
    VDT_OVERLAY_BOTTOM_LEFT,
    VDT_OVERLAY_BOTTOM_RIGHT
} VdtOverlayPosition;

#define VDT_TYPE_OVERLAY_POSITION (vdt_overlay_position_get_type())
GType vdt_overlay_position_get_type(void);

G_END_DECLS
