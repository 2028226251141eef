/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Colours of a network's classes. */
#pragma once

#include <vedette/card.h>

G_BEGIN_DECLS

/* A colour that is easily told from those of the numbers near @i, as 0xRRGGBB. */
guint32 vdt_palette_colour(guint i);
/*
 * A colour for each of @n classes, as 0xRRGGBB: those of the GIMP palette that goes with the card's
 * labels (NAME.gpl beside NAME.txt, or in ../palettes), or with those of the variant that it is, if
 * there is one with as many; otherwise made up. Caller frees.
 */
guint32 *vdt_palette_load(const VdtCard *card, guint n);

G_END_DECLS
