/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects in films that have colours, too: what passes before what stands is told from it. */
#include "follower.h"

#include <math.h>

#include "drawing.h"

#define WIDTH  160
#define HEIGHT 90
#define ASPECT (16.0 / 9)
#define STEP   (G_GINT64_CONSTANT(1000000000) / 10)
#define LEAST  (20.0 / (WIDTH * HEIGHT))
#define LEARNT 20 /* steps, in which what stands is learnt */

enum { GROUND, VEHICLE, CLASSES };

static const gboolean things[] = {FALSE, TRUE};

/* In pixels. */
typedef struct {
    int x, y, width, height;
    guint colours; /* which */
} Thing;

typedef struct {
    VdtFollower *follower;
    guint steps, fineness; /* pixels of the map for one of the picture */
    int shift_x, shift_y;  /* of the camera */
    const GArray *objects;
} Film;

static void film_init(Film *film)
{
    *film = (Film){.follower = vdt_follower_new(), .fineness = 1};
}

static void film_clear(Film *film)
{
    vdt_follower_free(film->follower);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Film, film_clear)

/* The looks of a thing of these @colours, 0 for the ground, in patches of 4 pixels. */
static guint8 level(guint colours, int x, int y, guint c)
{
    const guint patch = (guint)((x + 400) / 4 * 31 + (y + 400) / 4 * 17);

    return (guint8)(colours * 70 + 40 * ((patch * 2654435761u >> 16) % 2) + 20 * c);
}

static void draw(Film *film, VdtSegmentation *map, VdtPicture *picture, const Thing *thing)
{
    const int f = (int)film->fineness, x0 = thing->x + film->shift_x, y0 = thing->y + film->shift_y;

    if (thing->colours > 0)
        drawing_fill(map, VEHICLE, f * x0, f * y0, f * (x0 + thing->width),
                     f * (y0 + thing->height));
    for (int y = MAX(y0, 0); y < MIN(y0 + thing->height, HEIGHT); y++)
        for (int x = MAX(x0, 0); x < MIN(x0 + thing->width, WIDTH); x++)
            for (guint c = 0; c < 3; c++)
                picture->data[(gsize)y * picture->stride + 3 * (gsize)x + c] =
                    level(thing->colours, x - x0, y - y0, c);
}

/* The farthest first. */
static void show(Film *film, const Thing *shown, guint n)
{
    static const Thing ground = {-20, -20, WIDTH + 40, HEIGHT + 40, 0};
    g_autoptr(VdtSegmentation) map =
        drawing_new(CLASSES, film->fineness * WIDTH, film->fineness * HEIGHT);
    g_autofree guint8 *pixels = g_new0(guint8, 3 * WIDTH * HEIGHT);
    VdtPicture picture = {pixels, WIDTH, HEIGHT, 3 * WIDTH};

    draw(film, map, &picture, &ground);
    for (guint i = 0; i < n; i++)
        draw(film, map, &picture, &shown[i]);
    vdt_follower_update(film->follower, map, things, &picture, ASPECT, STEP * ++film->steps, LEAST);
    film->objects = vdt_follower_get_objects(film->follower);
}

/* The object that is where a thing is, give or take @off pixels; NULL if there is none. */
static const VdtObject *find(const Film *film, const Thing *thing, int off)
{
    const int x0 = thing->x + film->shift_x, y0 = thing->y + film->shift_y;

    for (guint i = 0; i < film->objects->len; i++) {
        const VdtObject *o = &g_array_index(film->objects, VdtObject, i);

        if (o->state == VDT_OBJECT_SEEN && fabs(o->box.x0 * WIDTH - MAX(x0, 0)) <= off &&
            fabs(o->box.x1 * WIDTH - MIN(x0 + thing->width, WIDTH)) <= off &&
            fabs(o->box.y0 * HEIGHT - y0) <= off &&
            fabs(o->box.y1 * HEIGHT - y0 - thing->height) <= off)
            return o;
    }
    return NULL;
}

static const Thing parked = {60, 40, 34, 16, 1};

/* A second car drives by before the parked one, as wide as it and lower: both are where they are,
 * as who they were, at all times. */
static void pass(Film *film, gboolean shakes)
{
    Thing both[] = {parked, {-30, 44, 34, 18, 2}};
    guint stood = 0, passes = 0;

    for (guint i = 0; i < LEARNT; i++)
        show(film, &parked, 1);
    for (; both[1].x < WIDTH + 10; both[1].x += 4) {
        const VdtObject *o;

        film->shift_x = shakes ? (int)(film->steps * 7 % 5) - 2 : 0;
        film->shift_y = shakes ? (int)(film->steps * 3 % 5) - 2 : 0;
        show(film, both, 2);
        o = find(film, &parked, shakes ? 5 : 2);
        if (o == NULL && shakes)
            continue;
        g_assert_nonnull(o);
        g_assert_cmpuint(o->id, ==, stood > 0 ? stood : o->id);
        stood = o->id;
        if (both[1].x < 10 || both[1].x > WIDTH - 60)
            continue;
        o = find(film, &both[1], shakes ? 5 : 3);
        g_assert_nonnull(o);
        g_assert_cmpuint(o->id, ==, passes > 0 ? passes : o->id);
        passes = o->id;
    }
    g_assert_cmpuint(passes, !=, 0);
    g_assert_cmpuint(passes, !=, stood);
}

static void test_passing(void)
{
    g_auto(Film) film = {0};

    film_init(&film);
    pass(&film, FALSE);
}

static void test_shaking(void)
{
    g_auto(Film) film = {0};

    film_init(&film);
    pass(&film, TRUE);
}

/* A map that is finer than the picture says the same. */
static void test_fine(void)
{
    g_auto(Film) film = {0};

    film_init(&film);
    film.fineness = 3;
    pass(&film, FALSE);
}

/* One that covers it for long leaves it where it was, as who it was. */
static void test_covered(void)
{
    const Thing both[] = {parked, {56, 38, 44, 22, 2}};
    g_auto(Film) film = {0};
    guint id;

    film_init(&film);
    for (guint i = 0; i < LEARNT; i++)
        show(&film, &parked, 1);
    g_assert_nonnull(find(&film, &parked, 2));
    id = find(&film, &parked, 2)->id;
    for (int x = -50; x < both[1].x; x += 4) {
        const Thing comes[] = {parked, {x, 38, 44, 22, 2}};

        show(&film, comes, 2);
    }
    for (guint i = 0; i < 100; i++)
        show(&film, both, 2);
    show(&film, &parked, 1);
    g_assert_nonnull(find(&film, &parked, 3));
    g_assert_cmpuint(find(&film, &parked, 3)->id, ==, id);
}

/* Who stood and drives off is one, and where it is, all the time. */
static void test_driving_off(void)
{
    Thing car = parked;
    g_auto(Film) film = {0};
    guint id;

    film_init(&film);
    for (guint i = 0; i < LEARNT; i++)
        show(&film, &car, 1);
    id = g_array_index(film.objects, VdtObject, 0).id;
    for (guint i = 0; i < 40; i++) {
        car.x += (int)MIN(i / 4, 3);
        show(&film, &car, 1);
        g_assert_cmpuint(film.objects->len, ==, 1);
        g_assert_nonnull(find(&film, &car, 2));
        g_assert_cmpuint(find(&film, &car, 2)->id, ==, id);
    }
}

/* Two meet, are one region for a while, and go on, or turn back: by their colours each is who it
 * was, wherever it was on its way to. */
static void meet(gboolean turn)
{
    Thing two[] = {{20, 40, 10, 30, 1}, {130, 42, 10, 30, 2}};
    g_auto(Film) film = {0};
    guint ids[2] = {0};

    film_init(&film);
    for (guint i = 0; i < 36; i++) {
        const gboolean back = turn && i >= 18;

        two[0].x += back ? -3 : 3;
        two[1].x -= back ? -3 : 3;
        show(&film, two, 2);
        for (guint k = 0; k < 2 && i == 10; k++) {
            g_assert_nonnull(find(&film, &two[k], 2));
            ids[k] = find(&film, &two[k], 2)->id;
        }
    }
    g_assert_cmpuint(ids[0], !=, ids[1]);
    for (guint k = 0; k < 2; k++) {
        const VdtObject *o = find(&film, &two[k], 2);

        g_assert_nonnull(o);
        g_assert_cmpuint(o->id, ==, ids[k]);
    }
}

static void test_meeting(void)
{
    meet(FALSE);
}

static void test_turning(void)
{
    meet(TRUE);
}

static void test_reset(void)
{
    g_auto(Film) film = {0};
    guint id;

    film_init(&film);
    for (guint i = 0; i < LEARNT; i++)
        show(&film, &parked, 1);
    id = g_array_index(film.objects, VdtObject, 0).id;
    vdt_follower_reset(film.follower);
    g_assert_cmpuint(vdt_follower_get_objects(film.follower)->len, ==, 0);
    for (guint i = 0; i < LEARNT; i++)
        show(&film, &parked, 1);
    g_assert_cmpuint(film.objects->len, ==, 1);
    g_assert_cmpuint(g_array_index(film.objects, VdtObject, 0).id, !=, id);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/follower/passing", test_passing);
    g_test_add_func("/follower/shaking", test_shaking);
    g_test_add_func("/follower/fine", test_fine);
    g_test_add_func("/follower/covered", test_covered);
    g_test_add_func("/follower/driving-off", test_driving_off);
    g_test_add_func("/follower/meeting", test_meeting);
    g_test_add_func("/follower/turning", test_turning);
    g_test_add_func("/follower/reset", test_reset);
    return g_test_run();
}
