/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "steady.h"

#define CELLS  16 /* in a row, and in a column: each has a point */
#define REACH  10 /* pixels that the picture may be moved */
#define LEAST  12 /* levels of contrast that make a point */
#define MOST   40 /* levels that a point may be wrong: more say no more */
#define LEARNS 16 /* as that part of it a point's level becomes that of a picture */
#define PARTS  16 /* of a level */

typedef struct {
    int x, y;
    int level; /* PARTS of a level */
} Point;

struct _VdtSteady {
    guint width, height, n;
    Point points[CELLS * CELLS];
};

VdtSteady *vdt_steady_new(void)
{
    return g_new0(VdtSteady, 1);
}

void vdt_steady_free(VdtSteady *steady)
{
    g_free(steady);
}

void vdt_steady_reset(VdtSteady *steady)
{
    steady->n = 0;
}

static int level(const VdtPicture *p, int x, int y)
{
    const guint8 *rgb = p->data + (gsize)y * p->stride + (gsize)3 * (gsize)x;

    return (rgb[0] + 2 * rgb[1] + rgb[2]) / 4;
}

/* The point of the most contrast in a cell; FALSE if it has none. */
static gboolean find(const VdtPicture *p, const guint8 *moves, guint column, guint row,
                     Point *point)
{
    const int left = MAX((int)(column * p->width / CELLS), REACH + 1);
    const int right = MIN((int)((column + 1) * p->width / CELLS), (int)p->width - REACH - 1);
    const int top = MAX((int)(row * p->height / CELLS), REACH + 1);
    const int bottom = MIN((int)((row + 1) * p->height / CELLS), (int)p->height - REACH - 1);
    int most = LEAST;

    for (int y = top; y < bottom; y++)
        for (int x = left; x < right; x++) {
            const int contrast = ABS(level(p, x + 1, y) - level(p, x - 1, y)) +
                                 ABS(level(p, x, y + 1) - level(p, x, y - 1));

            if (moves[(gsize)y * p->width + (gsize)x] || contrast <= most)
                continue;
            most = contrast;
            *point = (Point){x, y, PARTS * level(p, x, y)};
        }
    return most > LEAST;
}

static void begin(VdtSteady *steady, const VdtPicture *picture, const guint8 *moves)
{
    steady->width = picture->width;
    steady->height = picture->height;
    steady->n = 0;
    for (guint row = 0; row < CELLS; row++)
        for (guint column = 0; column < CELLS; column++)
            steady->n += find(picture, moves, column, row, &steady->points[steady->n]);
}

/* How much those of the points that are @used differ, and a little for how far it is: of what is
 * alike, the nearest is it. */
static int differ(const VdtPicture *picture, const Point *used, guint n, VdtShift shift)
{
    int sum = 1 + shift.x * shift.x + shift.y * shift.y;

    for (guint i = 0; i < n; i++) {
        const int now = level(picture, used[i].x + shift.x, used[i].y + shift.y);

        sum += MIN(ABS(PARTS * now - used[i].level), PARTS * MOST);
    }
    return sum;
}

VdtShift vdt_steady_update(VdtSteady *steady, const VdtPicture *picture, const guint8 *moves)
{
    Point used[CELLS * CELLS];
    VdtShift best = {0, 0};
    int least = G_MAXINT;
    guint n = 0;

    if (steady->n == 0 || steady->width != picture->width || steady->height != picture->height) {
        begin(steady, picture, moves);
        return best;
    }
    for (guint i = 0; i < steady->n; i++)
        if (!moves[(gsize)steady->points[i].y * picture->width + (gsize)steady->points[i].x])
            used[n++] = steady->points[i];
    for (int y = -REACH; y <= REACH; y++)
        for (int x = -REACH; x <= REACH; x++) {
            const int sum = differ(picture, used, n, (VdtShift){x, y});

            if (sum < least) {
                least = sum;
                best = (VdtShift){x, y};
            }
        }
    for (guint i = 0; i < steady->n; i++) {
        Point *p = &steady->points[i];

        if (!moves[(gsize)p->y * picture->width + (gsize)p->x])
            p->level += (PARTS * level(picture, p->x + best.x, p->y + best.y) - p->level) / LEARNS;
    }
    return best;
}
