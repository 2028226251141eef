/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures of a folder with a class for each pixel, as a set of clips of one frame.
 */
#pragma once

#include "clipset.h"

/* The pictures of @split. Maps that are missing are listed at once; what cannot be read, when all
 * were tried. @format is mapped; what it leaves around a picture has no class. */
ClipSet *folder_pictures_new(const char *folder, const char *split, char **labels,
                             gboolean zero_is_other, const ClipFormat *format, GError **error);
