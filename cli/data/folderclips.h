/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clips of videos that a list names: lines "path,label", paths relative to the list's folder,
 * labels as names or as numbers from 0.
 */
#pragma once

#include "clipset.h"

/*
 * The names of the classes that @list means: those of labels.txt in its folder, if there is one;
 * else the labels in the list, sorted, or, if all are numbers, numbers up to the highest.
 * NULL-terminated; the caller frees.
 */
char **folder_labels(const char *list, GError **error);

/* @per_video clips of each video, spread evenly over it. All lines with unknown labels, or with
 * files that are missing or empty, are listed at once. @card is kept by the caller. */
ClipSet *folder_clips_new(const char *list, char **labels, guint per_video, const VdtCard *card,
                          const ClipFormat *format, GError **error);
/* The video of an item; caller frees. */
char *folder_clips_get_path(const ClipSet *set, guint item);
