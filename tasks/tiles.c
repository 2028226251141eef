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

static gsize tile_floats(const VdtTiler *t)
{
    return (gsize)3 * t->tile * t->tile;
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
                t->batch, t->tile, t->tile, floats * sizeof(float));
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
        for (guint row = 0; row < t->tile; row++) {
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

/* How many tiles lie along @length, and where number @i of them begins. */
static guint count_along(const VdtTiler *t, guint length)
{
    guint step = t->tile - t->overlap;
    return length <= t->tile ? 1 : 1 + (length - t->tile + step - 1) / step;
}

static guint begin_along(const VdtTiler *t, guint length, guint i)
{
    guint n = count_along(t, length);
    return n == 1 ? 0 : (guint)((guint64)(length - t->tile) * i / (n - 1));
}

guint64 vdt_tiles_count(const VdtTiler *t, guint width, guint height)
{
    return (guint64)count_along(t, width) * count_along(t, height);
}

/* How far tile @i has faded in at pixel @k of its result, in one direction. It fades in where it
 * and the tile before it overlap, in the middle of that, over no more than is asked for: so no
 * pixel is in two fades, however much tiles overlap in a picture that they do not fit. */
static float faded_in(const VdtTiler *t, guint length, guint i, gint64 k)
{
    if (i == 0)
        return 1;
    guint common = begin_along(t, length, i - 1) + t->tile - begin_along(t, length, i);
    float fade = t->overlap * t->scale, begin = (common - t->overlap) * t->scale / 2.f;
    return CLAMP((k + 0.5f - begin) / MAX(fade, 0.25f), 0, 1);
}

/* How much tile @i counts at each of its result's pixels along one direction. */
static void weigh(const VdtTiler *t, guint length, guint i, float *weights)
{
    gint64 next = 0;
    gboolean last = i + 1 == count_along(t, length);
    if (!last)
        next = (gint64)(begin_along(t, length, i + 1) - begin_along(t, length, i)) * t->scale;
    for (guint k = 0; k < t->tile * t->scale; k++) {
        weights[k] = faded_in(t, length, i, k);
        if (!last)
            weights[k] *= 1 - faded_in(t, length, i + 1, (gint64)k - next);
    }
}

/* Which tile begins at @at. */
static guint find_along(const VdtTiler *t, guint length, guint at)
{
    guint i = 0;
    while (begin_along(t, length, i) != at)
        i++;
    return i;
}

typedef struct {
    const VdtTiler *tiler;
    guint width, height; /* of the picture */
    float *result;
    float *across, *down; /* weights of each tile of a row, of a column, one after the other */
} Blend;

static void blend_clear(Blend *b)
{
    g_free(b->across);
    g_free(b->down);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Blend, blend_clear)

static void place_blended(const float *result, guint x, guint y, gpointer user)
{
    Blend *b = user;
    const VdtTiler *t = b->tiler;
    guint size = t->tile * t->scale, s = t->scale;
    const float *across = b->across + (gsize)find_along(t, b->width, x) * size;
    const float *down = b->down + (gsize)find_along(t, b->height, y) * size;
    guint wide = MIN(size, b->width * s - x * s), high = MIN(size, b->height * s - y * s);
    for (guint c = 0; c < 3; c++)
        for (guint row = 0; row < high; row++) {
            float *to = b->result + ((gsize)c * b->height * s + y * s + row) * b->width * s + x * s;
            const float *from = result + ((gsize)c * size + row) * size;
            for (guint i = 0; i < wide; i++)
                to[i] += from[i] * across[i] * down[row];
        }
}

gboolean vdt_tiles_blend(const VdtTiler *t, const float *picture, guint width, guint height,
                         float *result, GError **error)
{
    g_return_val_if_fail(t->tile >= 4 && t->overlap <= t->tile / 3 && t->scale > 0, FALSE);
    guint nx = count_along(t, width), ny = count_along(t, height), size = t->tile * t->scale;
    g_auto(Blend) b = {
        t, width, height, result, g_new(float, (gsize)nx *size), g_new(float, (gsize)ny *size)};
    g_auto(Queue) q = {t, picture, width, height, .place = place_blended, .user = &b};
    if (!queue_init(&q, error))
        return FALSE;
    memset(result, 0, (gsize)3 * width * height * t->scale * t->scale * sizeof *result);
    for (guint i = 0; i < nx; i++)
        weigh(t, width, i, b.across + (gsize)i * size);
    for (guint i = 0; i < ny; i++)
        weigh(t, height, i, b.down + (gsize)i * size);
    for (guint i = 0; i < ny; i++)
        for (guint j = 0; j < nx; j++)
            if (!push(&q, begin_along(t, width, j), begin_along(t, height, i), error))
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
    g_return_val_if_fail(t->tile >= 4 && t->tile % 4 == 0 && t->scale > 0, FALSE);
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
