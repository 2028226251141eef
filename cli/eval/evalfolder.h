/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How well a network's maps cover the pictures of a folder (picturefolder.h).
 */
#pragma once

#include "progress.h"
#include "score/maptally.h"
#include "segmentmodes.h"

typedef struct {
    VdtEngine *engine;
    const char *folder, *split;
    VdtSegmentMode mode;
    gboolean zero_is_other; /* in the maps: 0 is no class, and the network's are counted from 1 */
    Progress *progress;
    MapTally *tally;
} FolderMaps;

/* Segments all pictures and counts, each in its own size. What is wrong with files is listed at
 * once. A number that is no class does not count; of the first one that is not 255 it is said. */
gboolean eval_folder_maps(const FolderMaps *maps, GError **error);
