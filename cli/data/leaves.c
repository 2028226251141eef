/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "leaves.h"

#include "spoilkinds.h"

/* Points to a pixel's side. */
#define FINENESS     2
#define MOST_CORNERS 7
#define MOST_LEAVES  60000
/* Of points that may be left for what lies at the bottom. */
#define BARE         0.002
#define N_TILES      3
#define TILE         256

typedef struct {
    float values[3];
} Light;

/* What is drawn: light, leaf by leaf from the uppermost one on. */
typedef struct {
    float *light, *shade; /* @shade of what is not covered yet */
    guint8 *covered;
    guint width, height, n_bare;
    guint aperture;        /* points across a pixel and what it sees around itself */
    float *tiles[N_TILES]; /* noise, -1 to 1 */
    double bright, rich;   /* of the picture's colours, logarithms; how far they lie apart */
    Light tone;            /* in opponent colours, which all leaves lean to */
    double shadow, shadow_x, shadow_y;
    double sun_x, sun_y;
    double smallest, largest, straight, textured;
} Heap;

typedef struct {
    double x, y, radius, cos, sin, stretch;
    guint n_corners;
    double corners[MOST_CORNERS][3]; /* what lies within is nearer than that in this direction */
    Light a, b;
    const float *tile;
    double tile_x, tile_y, tile_scale, rough, mixed, slope_x, slope_y, round;
} Leaf;

static double ease(double x)
{
    return x * x * (3 - 2 * x);
}

/* Noise of all sizes, of which one that is half as large is @fade as strong; it goes on at its
 * other side. */
static float *make_tile(guint64 *state, double fade)
{
    float *tile = g_new0(float, TILE *TILE);
    double strength = 1, square = 0;
    for (guint cells = 4; cells <= TILE; cells *= 2, strength *= fade) {
        g_autofree float *grid = g_new(float, cells *cells);
        for (guint i = 0; i < cells * cells; i++)
            grid[i] = (float)(strength * random_signed(state));
        guint size = TILE / cells;
        for (guint y = 0; y < TILE; y++) {
            const float *above = grid + y / size * cells;
            const float *below = grid + (y / size + 1) % cells * cells;
            float v = (float)ease((double)(y % size) / size);
            for (guint x = 0; x < TILE; x++) {
                guint i = x / size, k = (i + 1) % cells;
                float u = (float)ease((double)(x % size) / size);
                float top = above[i] + u * (above[k] - above[i]);
                float bottom = below[i] + u * (below[k] - below[i]);
                tile[y * TILE + x] += top + v * (bottom - top);
            }
        }
        square += strength * strength;
    }
    float scale = (float)(1.4 / sqrt(square));
    for (guint i = 0; i < TILE * TILE; i++)
        tile[i] = CLAMP(tile[i] * scale, -1, 1);
    return tile;
}

static double tile_at(const float *tile, double x, double y)
{
    double fx = floor(x), fy = floor(y), u = x - fx, v = y - fy;
    guint x0 = (guint)(gint64)fx % TILE, y0 = (guint)(gint64)fy % TILE;
    guint x1 = (x0 + 1) % TILE, y1 = (y0 + 1) % TILE;
    double a = tile[y0 * TILE + x0], b = tile[y0 * TILE + x1];
    double c = tile[y1 * TILE + x0], d = tile[y1 * TILE + x1];
    return a + u * (b - a) + v * (c - a) + u * v * (a - b - c + d);
}

/* In logarithms of what cones see the colours of nature lie along three axes that know nothing of
 * each other: brightness, yellow to blue, red to green; the first is by far the longest (Ruderman,
 * Cronin and Chiao, 1998). A few things are much more colourful than all others. */
static Light choose_colour(guint64 *state, const Heap *heap)
{
    double much = heap->rich * (random_double(state) < 0.12 ? 3 : 1);
    double l = heap->bright + 0.38 * spoil_normal(state);
    double a = heap->tone.values[1] + 0.085 * much * spoil_normal(state);
    double b = heap->tone.values[2] + 0.015 * much * spoil_normal(state);
    double cones[3] = {l / sqrt(3) + a / sqrt(6) + b / sqrt(2),
                       l / sqrt(3) + a / sqrt(6) - b / sqrt(2), l / sqrt(3) - 2 * a / sqrt(6)};
    for (int c = 0; c < 3; c++)
        cones[c] = pow(10, cones[c]);
    static const double back[3][3] = {
        {4.4679, -3.5873, 0.1193}, {-1.2186, 2.3809, -0.1624}, {0.0497, -0.2439, 1.2045}};
    Light light;
    for (int c = 0; c < 3; c++) {
        double sum = 0;
        for (int k = 0; k < 3; k++)
            sum += back[c][k] * cones[k];
        light.values[c] = (float)CLAMP(sum, 0.002, 1);
    }
    return light;
}

/* Density r^-3 from the smallest to the largest. */
static double choose_radius(guint64 *state, const Heap *heap)
{
    double ratio = heap->smallest / heap->largest;
    return heap->smallest / sqrt(1 - random_double(state) * (1 - ratio * ratio));
}

static void choose_corners(guint64 *state, Leaf *leaf)
{
    gboolean four = random_double(state) < 0.5;
    leaf->n_corners = four ? 4 : 3 + random_next(state) % (MOST_CORNERS - 2);
    for (guint i = 0; i < leaf->n_corners; i++) {
        double angle = 2 * G_PI * (i + (four ? 0 : 0.35 * random_signed(state))) / leaf->n_corners;
        leaf->corners[i][0] = cos(angle);
        leaf->corners[i][1] = sin(angle);
        leaf->corners[i][2] = four ? 0.7 : spoil_between(state, 0.5, 0.9);
    }
}

static Leaf choose_leaf(guint64 *state, const Heap *heap)
{
    gboolean straight = random_double(state) < heap->straight;
    double angle = straight ? G_PI / 2 * (random_next(state) % 2) + 0.03 * random_signed(state)
                            : spoil_between(state, 0, 2 * G_PI);
    Leaf leaf = {.radius = choose_radius(state, heap),
                 .cos = cos(angle),
                 .sin = sin(angle),
                 .stretch = random_double(state) < 0.15 ? spoil_scale(state, 3, 12)
                                                        : spoil_scale(state, 1, 2.5),
                 .a = choose_colour(state, heap),
                 .tile = heap->tiles[random_next(state) % N_TILES],
                 .tile_x = spoil_between(state, 0, TILE),
                 .tile_y = spoil_between(state, 0, TILE),
                 .tile_scale = spoil_scale(state, 0.3, 1.5)};
    leaf.x = spoil_between(state, -leaf.radius, heap->width + leaf.radius);
    leaf.y = spoil_between(state, -leaf.radius, heap->height + leaf.radius);
    leaf.b = random_double(state) < 0.3 ? choose_colour(state, heap) : leaf.a;
    leaf.mixed = spoil_between(state, 0, 1);
    leaf.rough = heap->textured * pow(random_double(state), 2);
    leaf.slope_x = 0.5 * random_signed(state) * random_double(state);
    leaf.slope_y = 0.5 * random_signed(state) * random_double(state);
    leaf.round = random_double(state) < 0.4 ? spoil_between(state, 0.2, 0.8) : 0;
    if (straight || random_double(state) < 0.45)
        choose_corners(state, &leaf);
    return leaf;
}

static gboolean holds(const Leaf *leaf, double u, double v)
{
    if (u * u + v * v > 1)
        return FALSE;
    for (guint i = 0; i < leaf->n_corners; i++)
        if (u * leaf->corners[i][0] + v * leaf->corners[i][1] > leaf->corners[i][2])
            return FALSE;
    return TRUE;
}

static void paint(const Heap *heap, const Leaf *leaf, gsize i, double u, double v)
{
    double noise = tile_at(leaf->tile, leaf->tile_x + leaf->tile_scale * leaf->radius * u,
                           leaf->tile_y + leaf->tile_scale * leaf->radius * v);
    double sun_u = heap->sun_x * leaf->cos + heap->sun_y * leaf->sin;
    double sun_v = heap->sun_y * leaf->cos - heap->sun_x * leaf->sin;
    double level = leaf->rough * noise + leaf->slope_x * u + leaf->slope_y * v +
                   leaf->round * (sun_u * u + sun_v * v - 0.5 * (u * u + v * v));
    double gain = exp(level) * heap->shade[i], share = leaf->mixed * (0.5 + 0.5 * noise);
    for (guint c = 0; c < 3; c++)
        heap->light[3 * i + c] =
            (float)(gain * (leaf->a.values[c] + share * (leaf->b.values[c] - leaf->a.values[c])));
}

/* Paints what is still bare of where the leaf lies; of where its shadow falls, takes light. */
static void put_leaf(Heap *heap, const Leaf *leaf)
{
    double reach = leaf->radius, high = 1 / leaf->radius, wide = leaf->stretch / leaf->radius;
    gboolean shadow = heap->shadow < 1 && leaf->radius > 3 * FINENESS;
    double far = shadow ? MIN(0.12 * leaf->radius, 8 * FINENESS) : 0;
    double sx = far * heap->shadow_x, sy = far * heap->shadow_y;
    guint y0 = (guint)MAX(leaf->y - reach - far, 0), x0 = (guint)MAX(leaf->x - reach - far, 0);
    guint y1 = (guint)CLAMP(leaf->y + reach + far + 1, 0, heap->height);
    guint x1 = (guint)CLAMP(leaf->x + reach + far + 1, 0, heap->width);
    for (guint y = y0; y < y1; y++)
        for (guint x = x0; x < x1; x++) {
            gsize i = (gsize)y * heap->width + x;
            if (heap->covered[i])
                continue;
            double dx = x - leaf->x, dy = y - leaf->y;
            double u = (dx * leaf->cos + dy * leaf->sin) * high;
            double v = (dy * leaf->cos - dx * leaf->sin) * wide;
            if (holds(leaf, u, v)) {
                paint(heap, leaf, i, u, v);
                heap->covered[i] = TRUE;
                heap->n_bare--;
                continue;
            }
            if (!shadow)
                continue;
            dx -= sx;
            dy -= sy;
            u = (dx * leaf->cos + dy * leaf->sin) * high;
            v = (dy * leaf->cos - dx * leaf->sin) * wide;
            if (holds(leaf, u, v))
                heap->shade[i] *= (float)heap->shadow;
        }
}

/* What lies below all. */
static void put_ground(guint64 *state, Heap *heap)
{
    Leaf leaf = choose_leaf(state, heap);
    leaf.x = heap->width / 2.0;
    leaf.y = heap->height / 2.0;
    leaf.radius = heap->width + heap->height;
    leaf.stretch = 1;
    leaf.n_corners = 0;
    put_leaf(heap, &leaf);
}

/* The mean of a pixel's points, and of some around it: no lens is as sharp as that. */
static void store(const Heap *heap, const VdtPicture *picture)
{
    g_autofree float *row = g_new(float, (gsize)3 * picture->width);
    const int before = ((int)heap->aperture - FINENESS) / 2, right = (int)heap->width - 1,
              bottom = (int)heap->height - 1, n = (int)(heap->aperture * heap->aperture);
    for (guint y = 0; y < picture->height; y++) {
        for (guint x = 0; x < picture->width; x++) {
            float sum[3] = {0};
            for (int k = 0; k < n; k++) {
                int v = (int)(y * FINENESS) + k / (int)heap->aperture - before;
                int u = (int)(x * FINENESS) + k % (int)heap->aperture - before;
                const float *light = heap->light + 3 * ((gsize)CLAMP(v, 0, bottom) * heap->width +
                                                        (gsize)CLAMP(u, 0, right));
                for (guint c = 0; c < 3; c++)
                    sum[c] += MIN(light[c], 1);
            }
            for (guint c = 0; c < 3; c++)
                row[3 * x + c] = sum[c] / (float)n;
        }
        light_to_levels(row, (gsize)3 * picture->width);
        for (guint i = 0; i < 3 * picture->width; i++)
            picture->data[y * picture->stride + i] = (guint8)(row[i] + 0.5f);
    }
}

void leaves_draw(guint64 seed, const VdtPicture *picture)
{
    guint64 state = random_mix(seed ^ G_GUINT64_CONSTANT(0x4C4541564553));
    double sun = spoil_between(&state, 0, 2 * G_PI);
    Heap heap = {.width = FINENESS * picture->width,
                 .height = FINENESS * picture->height,
                 .bright = sqrt(3) * spoil_between(&state, -1.05, -0.35),
                 .rich = spoil_scale(&state, 0.4, 2.5),
                 .shadow = random_double(&state) < 0.6 ? spoil_between(&state, 0.3, 0.9) : 1,
                 .sun_x = cos(sun),
                 .sun_y = sin(sun),
                 .shadow_x = -cos(sun),
                 .shadow_y = -sin(sun),
                 .smallest = FINENESS * spoil_scale(&state, 1, 20),
                 .straight = random_double(&state) < 0.3 ? spoil_between(&state, 0.3, 1) : 0,
                 .textured = spoil_between(&state, 0.1, 1.2)};
    gsize n = (gsize)heap.width * heap.height;
    heap.aperture = FINENESS + random_next(&state) % (2 * FINENESS);
    heap.largest = heap.height * spoil_between(&state, 0.4, 1);
    heap.tone.values[1] = (float)(0.03 + 0.05 * spoil_normal(&state));
    heap.tone.values[2] = (float)(0.008 * spoil_normal(&state));
    g_autofree float *light = g_new(float, 3 * n), *shade = g_new(float, n);
    g_autofree guint8 *covered = g_malloc0(n);
    heap.light = light;
    heap.shade = shade;
    heap.covered = covered;
    heap.n_bare = (guint)n;
    for (gsize i = 0; i < n; i++)
        shade[i] = 1;
    for (guint i = 0; i < N_TILES; i++)
        heap.tiles[i] = make_tile(&state, spoil_between(&state, 0.5, 0.95));
    for (guint i = 0; i < MOST_LEAVES && heap.n_bare > BARE * n; i++) {
        Leaf leaf = choose_leaf(&state, &heap);
        put_leaf(&heap, &leaf);
    }
    put_ground(&state, &heap);
    store(&heap, picture);
    for (guint i = 0; i < N_TILES; i++)
        g_free(heap.tiles[i]);
}
