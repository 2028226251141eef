/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maps of classes that are drawn, for what looks for things in them. */
#pragma once

#include "segmentation.h"

/* All of class 0, all of it surely. */
VdtSegmentation *drawing_new(guint classes, guint width, guint height);
/* Rows are apart by '/', digits are classes, anything else is none. */
VdtSegmentation *drawing_parse(guint classes, const char *rows);
/* Columns @left to before @right, as far as they are in the map; rows alike. */
void drawing_fill(VdtSegmentation *map, guint class_id, int left, int top, int right, int bottom);
