/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures in a folder for each class, as ImageNet has them, as a set of clips of one frame:
 *
 *     FOLDER/CLASS/NAME.jpg or .png
 */
#pragma once

#include "clipset.h"

/* @folder/@split if there is such a folder, @folder otherwise: a data set has parts, or is one.
 * Caller frees. */
char *class_folder_find(const char *folder, const char *split);
/* The names of the classes that a folder has, sorted; caller frees. There are 2 at least. */
char **class_folder_labels(const char *folder, GError **error);

/*
 * All pictures. Of labels that answer several questions, a folder's answers the one that it belongs
 * to, and no other; @groups, NULL for one question, are kept by the caller. Folders are told by
 * their names; if none is a label, but there are as many as labels, by their order, as ImageNet's
 * (n01440764 is its first class). Folders that are no class, and classes without a picture, are
 * listed at once; what cannot be read, when all were tried.
 */
ClipSet *class_folder_new(const char *folder, char **labels, const VdtCardGroup *groups,
                          guint n_groups, const ClipFormat *format, GError **error);
