/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures of any size through a network that takes tiles of one size: how a picture is cut into
 * tiles, and how what has become of these is joined.
 *
 * Pictures and tiles are float32 [3,H,W], one colour after the other. A result is scale times as
 * wide and as high as what went in.
 */
#pragma once

#include <vedette/error.h>

G_BEGIN_DECLS

/* Makes results of @n tiles, one after the other, at most VdtTiler.batch. */
typedef gboolean (*VdtTileRun)(const float *tiles, guint n, float *results, gpointer data,
                               GError **error);

typedef struct {
    guint tile;    /* side of a tile, at least 4 */
    guint scale;   /* at least 1 */
    guint batch;   /* tiles at once, at least 1 */
    guint overlap; /* of neighbours, in pixels of the picture: at most a third of a tile */
    VdtTileRun run;
    gpointer data;
    guint tile_height; /* 0: as high as wide */
} VdtTiler;

/* Where position @i is in 0 to @n - 1 if a line of @n is mirrored at its ends, which are not
 * repeated. */
guint vdt_mirror(guint i, guint n);

/* How many tiles vdt_tiles_blend() and vdt_tiles_average() make of a picture. */
guint64 vdt_tiles_count(const VdtTiler *tiler, guint width, guint height);
guint64 vdt_tiles_count_averaged(const VdtTiler *tiler, guint width, guint height);

/*
 * Tiles lie evenly over the picture and overlap by @overlap or a little more; where they do, one
 * fades into the next, so that there are no seams. Pictures smaller than a tile are mirrored at
 * their edges until they fill one. It takes the memory of one batch of tiles beside @result, which
 * has room for 3 x @height x @width x the square of the scale.
 */
gboolean vdt_tiles_blend(const VdtTiler *tiler, const float *picture, guint width, guint height,
                         float *result, GError **error);

/*
 * As IPT's authors do it (forward_chop in model/__init__.py of Pretrained-IPT): a tile at each
 * quarter of a tile, of which the middle half counts, all of them averaged; so it takes nine times
 * the tiles that do not overlap would take, and more. The margins come from the tiles that reach
 * them, and what is left over at the right and at the bottom from tiles that end there. @overlap is
 * not looked at. Pictures of at least one tile in both directions; @tile a multiple of 4 and
 * as high as wide.
 */
gboolean vdt_tiles_average(const VdtTiler *tiler, const float *picture, guint width, guint height,
                           float *result, GError **error);

G_END_DECLS
