/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tiles.h"

#include <string.h>

/* What becomes of a tile's result, which stands at (x, y) of the picture; @user is the caller's. */
typedef void (*Place)(const float *result, guint x, guint y, gpointer user);

typedef struct {
    guint x, y;
} TileAt;

/* Tiles that wait for the network until there is a batch of them. */
typedef struct {
    const VdtTiler *tiler;
    const float *picture;
    guint width, height;
    float *tiles, *results;
    TileAt *at;
    guint n;
    Place place;
    gpointer user;
} Queue;

static void queue_clear(Queue *q)
{
    g_free(q->tiles);
    g_free(q->results);
    g_free(q->at);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Queue, queue_clear)

static guint height_of(const VdtTiler *t)
{
    return t->tile_height > 0 ? t->tile_height : t->tile;
}

static gsize tile_floats(const VdtTiler *t)
{
    return (gsize)3 * t->tile * height_of(t);
}

static gsize result_floats(const VdtTiler *t)
{
    return tile_floats(t) * t->scale * t->scale;
}

static gboolean queue_init(Queue *q, GError **error)
{
    const VdtTiler *t = q->tiler;
    gsize floats = (tile_floats(t) + result_floats(t)) * t->batch;
    q->tiles = g_try_new(float, tile_floats(t) * t->batch);
    q->results = g_try_new(float, result_floats(t) * t->batch);
    q->at = g_new(TileAt, t->batch);
    if (q->tiles != NULL && q->results != NULL)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                "%u tiles of %u x %u take %" G_GSIZE_FORMAT " bytes, which are not to be had",
                t->batch, t->tile, height_of(t), floats * sizeof(float));
    return FALSE;
}

static gboolean flush(Queue *q, GError **error)
{
    const VdtTiler *t = q->tiler;
    if (q->n > 0 && !t->run(q->tiles, q->n, q->results, t->data, error))
        return FALSE;
    for (guint i = 0; i < q->n; i++)
        q->place(q->results + i * result_floats(t), q->at[i].x, q->at[i].y, q->user);
    q->n = 0;
    return TRUE;
}

guint vdt_mirror(guint i, guint n)
{
    guint period = n > 1 ? 2 * (n - 1) : 1;
    i %= period;
    return i < n ? i : period - i;
}

static gboolean push(Queue *q, guint x, guint y, GError **error)
{
    const VdtTiler *t = q->tiler;
    float *to = q->tiles + q->n * tile_floats(t);
    for (guint c = 0; c < 3; c++)
        for (guint row = 0; row < height_of(t); row++) {
            const float *from =
                q->picture + ((gsize)c * q->height + vdt_mirror(y + row, q->height)) * q->width;
            if (x + t->tile <= q->width)
                memcpy(to, from + x, t->tile * sizeof *to);
            else
                for (guint i = 0; i < t->tile; i++)
                    to[i] = from[vdt_mirror(x + i, q->width)];
            to += t->tile;
        }
    q->at[q->n] = (TileAt){x, y};
    return ++q->n < t->batch || flush(q, error);
}

/* One direction of a picture and of its tiles. */
typedef struct {
    guint length, tile, overlap, scale;
} Along;

static Along across_of(const VdtTiler *t, guint width)
{
    return (Along){width, t->tile, t->overlap, t->scale};
}

static Along down_of(const VdtTiler *t, guint height)
{
    return (Along){height, height_of(t), t->overlap, t->scale};
}

/* How many tiles lie there, and where number @i of them begins. */
static guint count_along(const Along *a)
{
    guint step = a->tile - a->overlap;
    return a->length <= a->tile ? 1 : 1 + (a->length - a->tile + step - 1) / step;
}

static guint begin_along(const Along *a, guint i)
{
    guint n = count_along(a);
    return n == 1 ? 0 : (guint)((guint64)(a->length - a->tile) * i / (n - 1));
}

guint64 vdt_tiles_count(const VdtTiler *t, guint width, guint height)
{
    Along across = across_of(t, width), down = down_of(t, height);
    return (guint64)count_along(&across) * count_along(&down);
}

/* How far tile @i has faded in at pixel @k of its result, in one direction. It fades in where it
 * and the tile before it overlap, in the middle of that, over no more than is asked for: so no
 * pixel is in two fades, however much tiles overlap in a picture that they do not fit. */
static float faded_in(const Along *a, guint i, gint64 k)
{
    if (i == 0)
        return 1;
    guint common = begin_along(a, i - 1) + a->tile - begin_along(a, i);
    float fade = a->overlap * a->scale, begin = (common - a->overlap) * a->scale / 2.f;
    return CLAMP((k + 0.5f - begin) / MAX(fade, 0.25f), 0, 1);
}

/* How much each tile counts at each of its result's pixels along one direction, tile by tile.
 * Caller frees. */
static float *weigh(const Along *a)
{
    guint n = count_along(a), size = a->tile * a->scale;
    float *weights = g_new(float, (gsize)n *size);
    for (guint i = 0; i < n; i++) {
        gint64 next =
            i + 1 < n ? (gint64)(begin_along(a, i + 1) - begin_along(a, i)) * a->scale : 0;
        for (guint k = 0; k < size; k++) {
            float weight = faded_in(a, i, k);
            if (i + 1 < n)
                weight *= 1 - faded_in(a, i + 1, (gint64)k - next);
            weights[(gsize)i * size + k] = weight;
        }
    }
    return weights;
}

/* The weights of the tile that begins at @at. */
static const float *find_weights(const Along *a, const float *weights, guint at)
{
    guint i = 0;
    while (begin_along(a, i) != at)
        i++;
    return weights + (gsize)i * a->tile * a->scale;
}

typedef struct {
    Along across, down;
    float *result;
    float *across_weights, *down_weights;
} Blend;

static void blend_clear(Blend *b)
{
    g_free(b->across_weights);
    g_free(b->down_weights);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Blend, blend_clear)

static void place_blended(const float *result, guint x, guint y, gpointer user)
{
    const Blend *b = user;
    guint s = b->across.scale, width = b->across.length * s, height = b->down.length * s;
    guint tile_width = b->across.tile * s, tile_height = b->down.tile * s;
    const float *across = find_weights(&b->across, b->across_weights, x);
    const float *down = find_weights(&b->down, b->down_weights, y);
    guint wide = MIN(tile_width, width - x * s), high = MIN(tile_height, height - y * s);
    for (guint c = 0; c < 3; c++)
        for (guint row = 0; row < high; row++) {
            float *to = b->result + ((gsize)c * height + y * s + row) * width + x * s;
            const float *from = result + ((gsize)c * tile_height + row) * tile_width;
            for (guint i = 0; i < wide; i++)
                to[i] += from[i] * across[i] * down[row];
        }
}

gboolean vdt_tiles_blend(const VdtTiler *t, const float *picture, guint width, guint height,
                         float *result, GError **error)
{
    g_return_val_if_fail(MIN(t->tile, height_of(t)) >= 4 &&
                             t->overlap <= MIN(t->tile, height_of(t)) / 3 && t->scale > 0,
                         FALSE);
    g_auto(Blend) b = {across_of(t, width), down_of(t, height), result};
    g_auto(Queue) q = {t, picture, width, height, .place = place_blended, .user = &b};
    if (!queue_init(&q, error))
        return FALSE;
    memset(result, 0, (gsize)3 * width * height * t->scale * t->scale * sizeof *result);
    b.across_weights = weigh(&b.across);
    b.down_weights = weigh(&b.down);
    guint nx = count_along(&b.across), ny = count_along(&b.down);
    for (guint i = 0; i < ny; i++)
        for (guint j = 0; j < nx; j++)
            if (!push(&q, begin_along(&b.across, j), begin_along(&b.down, i), error))
                return FALSE;
    return flush(&q, error);
}

/* Tiles of one block of the authors' picture, a tile at each quarter, averaged. */
typedef struct {
    const VdtTiler *tiler;
    guint left, top, nx, ny; /* of the picture; tiles across and down */
    float *sum;              /* [3,high,wide], then as many numbers of how many tiles */
    guint wide, high;
} Block;

static void block_clear(Block *b)
{
    g_free(b->sum);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Block, block_clear)

/* Its middle half, and what of it reaches the block's margins. */
static void place_averaged(const float *result, guint x, guint y, gpointer user)
{
    Block *b = user;
    const VdtTiler *t = b->tiler;
    guint step = t->tile / 4 * t->scale, size = t->tile * t->scale;
    guint to_x = (x - b->left) * t->scale, to_y = (y - b->top) * t->scale;
    guint x0 = to_x == 0 ? 0 : step, x1 = to_x + size == b->wide ? size : size - step;
    guint y0 = to_y == 0 ? 0 : step, y1 = to_y + size == b->high ? size : size - step;
    float *count = b->sum + (gsize)3 * b->high * b->wide;
    for (guint row = y0; row < y1; row++)
        for (guint i = x0; i < x1; i++) {
            gsize at = (gsize)(to_y + row) * b->wide + to_x + i;
            count[at]++;
            for (guint c = 0; c < 3; c++)
                b->sum[(gsize)c * b->high * b->wide + at] +=
                    result[((gsize)c * size + row) * size + i];
        }
}

/* Writes over @result's part [x0,x1) x [y0,y1) with what the block has from (x, y) on. */
typedef struct {
    guint x, y, x0, y0, x1, y1;
} Part;

static void copy_part(const Block *b, const Part *p, guint width, guint height, float *result)
{
    for (guint c = 0; c < 3; c++)
        for (guint y = p->y0; y < p->y1; y++)
            memcpy(result + ((gsize)c * height + y) * width + p->x0,
                   b->sum + ((gsize)c * b->high + p->y + y - p->y0) * b->wide + p->x,
                   (p->x1 - p->x0) * sizeof *result);
}

static gboolean average_block(Queue *q, Block *b, GError **error)
{
    const VdtTiler *t = q->tiler;
    guint step = t->tile / 4;
    b->tiler = t;
    b->wide = ((b->nx - 1) * step + t->tile) * t->scale;
    b->high = ((b->ny - 1) * step + t->tile) * t->scale;
    gsize area = (gsize)b->wide * b->high;
    b->sum = g_try_new0(float, 4 * area);
    if (b->sum == NULL) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "a picture of %u x %u takes %" G_GSIZE_FORMAT " bytes, which are not to be had",
                    b->wide, b->high, 4 * area * sizeof(float));
        return FALSE;
    }
    q->place = place_averaged;
    q->user = b;
    for (guint i = 0; i < b->ny; i++)
        for (guint j = 0; j < b->nx; j++)
            if (!push(q, b->left + j * step, b->top + i * step, error))
                return FALSE;
    if (!flush(q, error))
        return FALSE;
    for (gsize i = 0; i < 3 * area; i++)
        b->sum[i] /= b->sum[3 * area + i % area];
    return TRUE;
}

guint64 vdt_tiles_count_averaged(const VdtTiler *t, guint width, guint height)
{
    if (width < t->tile || height < t->tile)
        return 0;
    guint step = t->tile / 4;
    guint64 nx = (width - t->tile) / step + 1, ny = (height - t->tile) / step + 1;
    return nx * ny + nx + ny + 2; /* the blocks of vdt_tiles_average() */
}

gboolean vdt_tiles_average(const VdtTiler *t, const float *picture, guint width, guint height,
                           float *result, GError **error)
{
    g_return_val_if_fail(
        t->tile >= 4 && t->tile % 4 == 0 && height_of(t) == t->tile && t->scale > 0, FALSE);
    if (width < t->tile || height < t->tile) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                    "a picture of %u x %u is smaller than a tile of %u x %u", width, height,
                    t->tile, t->tile);
        return FALSE;
    }
    g_auto(Queue) q = {t, picture, width, height};
    if (!queue_init(&q, error))
        return FALSE;
    guint step = t->tile / 4, s = t->scale, wide = width * s, high = height * s;
    guint left_x = (width - t->tile) % step, left_y = (height - t->tile) % step;
    guint nx = (width - t->tile) / step + 1, ny = (height - t->tile) / step + 1;
    /* Where the strips at the right and at the bottom take over: in the middle of what they have in
     * common with the rest. */
    guint cut_x = (width - left_x) * s - (t->tile - left_x) * s / 2;
    guint cut_y = (height - left_y) * s - (t->tile - left_y) * s / 2;
    guint strip_x = ((t->tile - left_x) * s + 1) / 2, strip_y = ((t->tile - left_y) * s + 1) / 2;
    const struct {
        guint left, top, nx, ny;
        Part part;
    } blocks[] = {
        {0, 0, nx, ny, {0, 0, 0, 0, cut_x, cut_y}},
        /* The corner's margin is the first tile's alone: their strip at the left is written over
         * the one at the top. */
        {0, 0, 1, 1, {0, 0, 0, 0, MIN(t->tile * s, cut_x), step * s}},
        {0, height - t->tile, nx, 1, {0, strip_y, 0, cut_y, cut_x, high}},
        {width - t->tile, 0, 1, ny, {strip_x, 0, cut_x, 0, wide, cut_y}},
        {width - t->tile, height - t->tile, 1, 1, {strip_x, strip_y, cut_x, cut_y, wide, high}},
    };
    for (guint i = 0; i < G_N_ELEMENTS(blocks); i++) {
        g_auto(Block) b = {
            .left = blocks[i].left, .top = blocks[i].top, .nx = blocks[i].nx, .ny = blocks[i].ny};
        if (!average_block(&q, &b, error))
            return FALSE;
        copy_part(&b, &blocks[i].part, wide, high, result);
    }
    return TRUE;
}
