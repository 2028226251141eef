/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects, in films that are drawn. How soon, how near and how long are constants of the tracker,
 * which may change: what is asked for is what must hold with any sensible ones. */
#include "tracker.h"

#include <math.h>

#include "drawing.h"

#define WIDTH  160
#define HEIGHT 90
#define ASPECT (16.0 / 9)
#define SECOND G_GINT64_CONSTANT(1000000000)
#define STEP   (SECOND / 10)
#define LEAST  20 /* pixels of what is an object */

enum { GROUND, PERSON, VEHICLE, WALL, CLASSES };

static const gboolean things[] = {FALSE, TRUE, TRUE, FALSE};

/* What moves, in pixels, where it is at second 0. */
typedef struct {
    guint class_id;
    double x, y, width, height;
} Thing;

typedef struct {
    VdtTracker *tracker;
    gint64 time;
    const GArray *objects;
} Film;

static void film_init(Film *film)
{
    *film = (Film){.tracker = vdt_tracker_new(), .time = 5 * SECOND};
}

static void film_clear(Film *film)
{
    vdt_tracker_free(film->tracker);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Film, film_clear)

/* What must hold of all objects, always. */
static void check(const Film *film)
{
    const GArray *objects = film->objects;

    g_assert_cmpuint(objects->len, <=, VDT_OBJECTS_MOST);
    for (guint i = 0; i < objects->len; i++) {
        const VdtObject *o = &g_array_index(objects, VdtObject, i);
        const VdtPlace *place = &o->path[o->n_path - 1];

        g_assert_cmpuint(o->id, >, i > 0 ? g_array_index(objects, VdtObject, i - 1).id : 0);
        g_assert_cmpuint(o->parent, <, o->id);
        g_assert_true(things[o->class_id]);
        g_assert_cmpint(o->first, <=, o->last);
        g_assert_cmpint(o->last, <=, film->time);
        g_assert_true((o->last < film->time) == (o->state == VDT_OBJECT_HIDDEN));
        g_assert_true(o->box.x0 >= 0 && o->box.y0 >= 0 && o->box.x1 <= 1 && o->box.y1 <= 1);
        g_assert_true(o->score >= 0 && o->score <= 1);
        g_assert_true(o->share > 0 && o->share <= 1);
        g_assert_true(isfinite(o->speed_x) && isfinite(o->speed_y));
        g_assert_cmpuint(o->n_path, >=, 1);
        g_assert_cmpuint(o->n_path, <=, VDT_OBJECT_PATH);
        g_assert_cmpfloat(place->x, ==, (o->box.x0 + o->box.x1) / 2);
        g_assert_cmpfloat(place->y, ==, o->box.y1);
    }
}

static void film_show(Film *film, const VdtSegmentation *map, gint64 step)
{
    g_autoptr(GArray) regions = vdt_regions_find(map, NULL, things, 1);

    film->time += step;
    vdt_tracker_update(film->tracker, NULL, regions, NULL, map->width, map->height, ASPECT,
                       film->time, LEAST);
    film->objects = vdt_tracker_get_objects(film->tracker);
    check(film);
}

/* The next picture, after @step: the last thing is in front. */
static void film_draw(Film *film, const Thing *list, guint n, gint64 step)
{
    g_autoptr(VdtSegmentation) map = drawing_new(CLASSES, WIDTH, HEIGHT);

    for (guint i = 0; i < n; i++) {
        const int x = (int)lrint(list[i].x), y = (int)lrint(list[i].y);

        drawing_fill(map, list[i].class_id, x, y, x + (int)list[i].width, y + (int)list[i].height);
    }
    film_show(film, map, step);
}

/* Shows for @seconds how things move at @speeds, pixels a second, and leaves them where they have
 * got to. The states of objects that there were, as bits. */
static guint film_run(Film *film, Thing *list, const double *speeds, guint n, double seconds)
{
    guint states = 0;

    for (guint i = 0; i < lrint(seconds * SECOND / STEP); i++) {
        for (guint k = 0; k < n; k++)
            list[k].x += speeds[k] * STEP / SECOND;
        film_draw(film, list, n, STEP);
        for (guint k = 0; k < film->objects->len; k++)
            states |= 1u << g_array_index(film->objects, VdtObject, k).state;
    }
    return states;
}

/* The object that shows a thing: the one whose box is nearest. */
static const VdtObject *film_find(const Film *film, const Thing *thing)
{
    const VdtBounds box = {thing->x / WIDTH, thing->y / HEIGHT, (thing->x + thing->width) / WIDTH,
                           (thing->y + thing->height) / HEIGHT};
    const VdtObject *best = NULL;
    double most = 0;

    for (guint i = 0; i < film->objects->len; i++) {
        const VdtObject *o = &g_array_index(film->objects, VdtObject, i);
        const double overlap = vdt_bounds_overlap(&o->box, &box);

        if (o->class_id == thing->class_id && overlap > most) {
            most = overlap;
            best = o;
        }
    }
    g_assert_nonnull(best);
    g_assert_cmpfloat(most, >, 0.5);
    return best;
}

static void assert_objects(const Film *film, guint n)
{
    for (guint i = n; i < film->objects->len; i++) {
        const VdtObject *o = &g_array_index(film->objects, VdtObject, i);

        g_test_message("object %u of class %u, state %u, x %g to %g", o->id, o->class_id, o->state,
                       o->box.x0 * WIDTH, o->box.x1 * WIDTH);
    }
    g_assert_cmpuint(film->objects->len, ==, n);
}

/* One keeps its number while it walks, stands, turns and walks back. */
static void test_one(void)
{
    static const double speeds[] = {25, 0, -20, 20, 0};
    Thing thing = {PERSON, 20, 30, 12, 30};
    g_auto(Film) film = {0};
    gint64 first;
    const VdtObject *o;

    film_init(&film);
    film_draw(&film, &thing, 1, STEP);
    first = film.time;
    /* seen once, it may be noise */
    assert_objects(&film, 0);
    for (guint i = 0; i < G_N_ELEMENTS(speeds); i++) {
        film_run(&film, &thing, &speeds[i], 1, 1);
        for (guint k = 0; k < 10; k++) {
            film_run(&film, &thing, &speeds[i], 1, 0.1);
            assert_objects(&film, 1);
            o = film_find(&film, &thing);
            g_assert_cmpuint(o->id, ==, 1);
            g_assert_cmpuint(o->class_id, ==, PERSON);
            g_assert_cmpuint(o->parent, ==, 0);
            g_assert_cmpuint(o->state, ==, VDT_OBJECT_SEEN);
            g_assert_cmpint(o->first, ==, first);
            g_assert_cmpint(o->last, ==, film.time);
            g_assert_cmpfloat(o->score, ==, 1);
            g_assert_cmpfloat_with_epsilon(o->share, 12.0 * 30 / (WIDTH * HEIGHT), 1e-9);
            g_assert_cmpfloat_with_epsilon(o->box.x0 * WIDTH, thing.x, 2.5);
            g_assert_cmpfloat_with_epsilon(o->box.x1 * WIDTH, thing.x + 12, 2.5);
            g_assert_cmpfloat_with_epsilon(o->box.y0 * HEIGHT, 30, 2.5);
            g_assert_cmpfloat_with_epsilon(o->box.y1 * HEIGHT, 60, 2.5);
        }
    }
}

static void test_speed(void)
{
    static const double speeds[] = {40, -25, 60};

    for (guint i = 0; i < G_N_ELEMENTS(speeds); i++) {
        Thing thing = {VEHICLE, speeds[i] > 0 ? 10 : 120, 40, 30, 16};
        g_auto(Film) film = {0};
        const VdtObject *o;

        film_init(&film);
        film_run(&film, &thing, &speeds[i], 1, 1.5);
        o = film_find(&film, &thing);
        g_assert_cmpfloat_with_epsilon(o->speed_x * WIDTH / speeds[i], 1, 0.2);
        g_assert_cmpfloat_with_epsilon(o->speed_y, 0, 0.02);
    }
}

/* Pictures come as they come. */
static void test_uneven(void)
{
    static const gint64 steps[] = {40, 200, 80, 120, 400, 40, 40, 300, 160};
    Thing thing = {PERSON, 10, 30, 14, 30};
    g_auto(Film) film = {0};

    film_init(&film);
    for (guint i = 0; i < 2 * G_N_ELEMENTS(steps); i++) {
        const gint64 step = steps[i % G_N_ELEMENTS(steps)] * (SECOND / 1000);

        thing.x += 40.0 * (double)step / SECOND;
        film_draw(&film, &thing, 1, step);
        if (i < 6)
            continue;
        assert_objects(&film, 1);
        g_assert_cmpuint(film_find(&film, &thing)->id, ==, 1);
        g_assert_cmpuint(film_find(&film, &thing)->state, ==, VDT_OBJECT_SEEN);
        g_assert_cmpfloat_with_epsilon(film_find(&film, &thing)->speed_x * WIDTH, 40, 8);
    }
}

/* Two walk past each other, one nearer than the other: their regions are one for a while, but each
 * goes on as it went. */
static void test_crossing(void)
{
    static const double speeds[][2] = {{30, -30}, {20, -40}, {45, 15}};

    for (guint i = 0; i < G_N_ELEMENTS(speeds); i++) {
        const double meet = 80, t = 2;
        Thing list[] = {{PERSON, meet - speeds[i][0] * t, 20, 12, 30},
                        {PERSON, meet - speeds[i][1] * t, 34, 16, 42}};
        g_auto(Film) film = {0};
        guint one, other, states;

        film_init(&film);
        film_run(&film, list, speeds[i], 2, 0.8);
        assert_objects(&film, 2);
        one = film_find(&film, &list[0])->id;
        other = film_find(&film, &list[1])->id;
        g_assert_cmpuint(one, !=, other);
        states = film_run(&film, list, speeds[i], 2, 2.5);
        g_assert_true(states & 1u << VDT_OBJECT_MERGED);
        assert_objects(&film, 2);
        for (guint k = 0; k < 2; k++) {
            const VdtObject *o = film_find(&film, &list[k]);

            g_assert_cmpuint(o->id, ==, k == 0 ? one : other);
            g_assert_cmpuint(o->state, ==, VDT_OBJECT_SEEN);
            g_assert_cmpuint(o->parent, ==, 0);
        }
    }
}

/* Both are merged at the same time, each within the common region. */
static void test_merged(void)
{
    static const double speeds[] = {25, -25};
    Thing list[] = {{PERSON, 30, 20, 12, 30}, {PERSON, 118, 34, 16, 42}};
    g_auto(Film) film = {0};
    guint merged = 0;

    film_init(&film);
    for (guint i = 0; i < 35; i++) {
        film_run(&film, list, speeds, 2, 0.1);
        if (film.objects->len == 0 ||
            g_array_index(film.objects, VdtObject, 0).state != VDT_OBJECT_MERGED)
            continue;
        merged++;
        assert_objects(&film, 2);
        for (guint k = 0; k < 2; k++) {
            const VdtObject *o = film_find(&film, &list[k]);

            g_assert_cmpuint(o->state, ==, VDT_OBJECT_MERGED);
            g_assert_cmpfloat_with_epsilon((o->box.x0 + o->box.x1) / 2 * WIDTH,
                                           list[k].x + list[k].width / 2, 5);
        }
    }
    g_assert_cmpuint(merged, >=, 3);
}

/* Two who are alike stand before each other for a while: nobody can tell who goes where then, and
 * nobody says that both are who they were. */
static void test_undecided(void)
{
    static const double come[] = {25, -25}, stay[] = {0, 0}, go[] = {-25, 25};
    Thing list[] = {{PERSON, 35, 30, 12, 30}, {PERSON, 115, 30, 12, 30}};
    g_auto(Film) film = {0};
    guint fresh = 0;

    film_init(&film);
    film_run(&film, list, come, 2, 1);
    assert_objects(&film, 2);
    g_assert_true(film_run(&film, list, come, 2, 0.6) & 1u << VDT_OBJECT_MERGED);
    film_run(&film, list, stay, 2, 1);
    film_run(&film, list, go, 2, 1.6);
    assert_objects(&film, 2);
    for (guint k = 0; k < 2; k++) {
        const VdtObject *o = film_find(&film, &list[k]);

        fresh += o->id > 2;
        g_assert_cmpuint(o->state, ==, VDT_OBJECT_SEEN);
        g_assert_true(o->id > 2 ? o->parent == 1 || o->parent == 2 : o->parent == 0);
    }
    g_assert_cmpuint(fresh, >=, 1);
}

/* Behind a car, and out again on its other side. */
static void test_hidden(void)
{
    static const double speeds[] = {30, 0};
    Thing list[] = {{PERSON, 10, 30, 12, 30}, {VEHICLE, 70, 25, 36, 40}};
    g_auto(Film) film = {0};
    guint id, hidden = 0;

    film_init(&film);
    film_run(&film, list, speeds, 2, 1.5);
    assert_objects(&film, 2);
    id = film_find(&film, &list[0])->id;
    for (guint i = 0; i < 28; i++) {
        film_run(&film, list, speeds, 2, 0.1);
        for (guint k = 0; k < film.objects->len; k++) {
            const VdtObject *o = &g_array_index(film.objects, VdtObject, k);

            if (o->class_id != PERSON)
                continue;
            g_assert_cmpuint(o->id, ==, id);
            if (o->state != VDT_OBJECT_HIDDEN)
                continue;
            hidden++;
            g_assert_cmpfloat(o->score, <, 1);
            /* where it would have gone */
            g_assert_cmpfloat_with_epsilon((o->box.x0 + o->box.x1) / 2 * WIDTH, list[0].x + 6, 12);
        }
    }
    g_assert_cmpuint(hidden, >=, 4);
    assert_objects(&film, 2);
    g_assert_cmpuint(film_find(&film, &list[0])->id, ==, id);
    g_assert_cmpuint(film_find(&film, &list[0])->state, ==, VDT_OBJECT_SEEN);
    g_assert_cmpfloat(film_find(&film, &list[0])->score, ==, 1);
}

/* Behind something so large that it takes long: as long as that is there, it is waited for. */
static void test_hidden_long(void)
{
    static const double speeds[] = {15, 0};
    Thing list[] = {{PERSON, 10, 30, 12, 30}, {VEHICLE, 50, 25, 44, 40}};
    g_auto(Film) film = {0};
    guint id;

    film_init(&film);
    film_run(&film, list, speeds, 2, 1.5);
    id = film_find(&film, &list[0])->id;
    film_run(&film, list, speeds, 2, 6);
    assert_objects(&film, 2);
    g_assert_cmpuint(film_find(&film, &list[0])->id, ==, id);
    g_assert_cmpuint(film_find(&film, &list[0])->state, ==, VDT_OBJECT_SEEN);
}

/* A post before one does not make it two. */
static void test_post(void)
{
    static const double speeds[] = {20, 0};
    Thing list[] = {{VEHICLE, 10, 40, 40, 20}, {WALL, 80, 0, 2, 90}};
    g_auto(Film) film = {0};

    film_init(&film);
    film_run(&film, list, speeds, 2, 1);
    for (guint i = 0; i < 40; i++) {
        film_run(&film, list, speeds, 2, 0.1);
        assert_objects(&film, 1);
        g_assert_cmpuint(film_find(&film, &list[0])->id, ==, 1);
    }
}

/* Nor does who steps before its middle. */
static void test_pieces(void)
{
    static const double stay[] = {0, 0};
    Thing list[] = {{VEHICLE, 50, 40, 40, 20}, {PERSON, 66, 25, 8, 40}};
    g_auto(Film) film = {0};

    film_init(&film);
    film_run(&film, list, stay, 1, 1);
    film_run(&film, list, stay, 2, 1);
    assert_objects(&film, 2);
    g_assert_cmpuint(film_find(&film, &list[0])->id, ==, 1);
    g_assert_cmpuint(film_find(&film, &list[1])->id, ==, 2);
    g_assert_cmpfloat_with_epsilon(film_find(&film, &list[0])->box.x0 * WIDTH, 50, 4);
    g_assert_cmpfloat_with_epsilon(film_find(&film, &list[0])->box.x1 * WIDTH, 90, 4);
}

/* Two who were taken for one are two once each has a head: the second has come off the first. */
static void test_heads(void)
{
    static const double stay[] = {0, 0, 0};
    Thing list[] = {{PERSON, 60, 30, 26, 50}, {PERSON, 63, 20, 8, 10}, {PERSON, 75, 20, 8, 10}};
    const VdtObject *o;
    g_auto(Film) film = {0};

    film_init(&film);
    film_run(&film, list, stay, 2, 1);
    assert_objects(&film, 1);
    film_run(&film, list, stay, 3, 1);
    assert_objects(&film, 2);
    o = &g_array_index(film.objects, VdtObject, 1);
    g_assert_cmpuint(o->parent, ==, 1);
    g_assert_cmpint(o->state, ==, VDT_OBJECT_SEEN);
    g_assert_cmpfloat(o->box.x1 - o->box.x0, <, 20.0 / WIDTH);
}

/* Head and feet of who was never seen without what he carries before him. */
static void test_below(void)
{
    static const double speeds[] = {20, 20};
    Thing list[] = {{PERSON, 20, 20, 12, 44}, {VEHICLE, 18, 44, 16, 10}};
    g_auto(Film) film = {0};

    film_init(&film);
    film_run(&film, list, speeds, 2, 1.5);
    assert_objects(&film, 2);
    g_assert_cmpfloat(film_find(&film, &list[0])->box.y1 * HEIGHT, >, 60);
}

/* A foot of whom the rest of a leg is not found is nobody; somebody else beside him is. */
static void test_limb(void)
{
    static const double speeds[] = {20, 20, 20};
    Thing list[] = {{PERSON, 10, 20, 12, 44}, {PERSON, 0, 62, 6, 6}, {PERSON, 70, 30, 10, 32}};
    g_auto(Film) film = {0};

    film_init(&film);
    film_run(&film, list, speeds, 1, 1);
    list[1].x = list[0].x - 10;
    film_run(&film, list, speeds, 3, 1.5);
    assert_objects(&film, 2);
    film_find(&film, &list[0]);
    film_find(&film, &list[2]);
}

/* What is of another class is another thing, wherever it is. */
static void test_classes(void)
{
    static const double stay[] = {0};
    Thing thing = {PERSON, 60, 30, 14, 30};
    g_auto(Film) film = {0};

    film_init(&film);
    film_run(&film, &thing, stay, 1, 1);
    thing.class_id = VEHICLE;
    film_run(&film, &thing, stay, 1, 0.8);
    g_assert_cmpuint(film_find(&film, &thing)->id, ==, 2);
    for (guint i = 0; i < film.objects->len; i++)
        if (g_array_index(film.objects, VdtObject, i).class_id == PERSON)
            g_assert_cmpuint(g_array_index(film.objects, VdtObject, i).state, ==,
                             VDT_OBJECT_HIDDEN);
}

/* Two whose boxes overlap though they do not touch: each gets the region that fits it best, not
 * the largest there is. */
static void test_best(void)
{
    g_auto(Film) film = {0};

    film_init(&film);
    for (guint i = 0; i < 20; i++) {
        g_autoptr(VdtSegmentation) map = drawing_new(CLASSES, WIDTH, HEIGHT);
        const int wide = i % 4 < 2 ? 10 : 16;

        drawing_fill(map, PERSON, 20, 20, 30, 70);
        drawing_fill(map, PERSON, 20, 60, 54, 70);
        drawing_fill(map, PERSON, 36, 20, 60 + wide, 30);
        drawing_fill(map, PERSON, 60, 20, 60 + wide, 56);
        film_show(&film, map, STEP);
        if (i < 5)
            continue;
        assert_objects(&film, 2);
        g_assert_cmpfloat(g_array_index(film.objects, VdtObject, 0).box.x0 * WIDTH, <, 25);
        g_assert_cmpfloat(g_array_index(film.objects, VdtObject, 1).box.x0 * WIDTH, >, 30);
    }
}

/* The end of the frame is not its own: what drives in is the same all the time, and what drives out
 * does not slow down. */
static void test_cut(void)
{
    static const double speeds[] = {40};
    Thing thing = {VEHICLE, -60, 40, 60, 20};
    g_auto(Film) film = {0};

    film_init(&film);
    film_run(&film, &thing, speeds, 1, 0.8);
    for (guint i = 0; i < 38; i++) {
        film_run(&film, &thing, speeds, 1, 0.1);
        assert_objects(&film, 1);
        g_assert_cmpuint(film_find(&film, &thing)->id, ==, 1);
        if (thing.x > 60) /* it was whole for a second and more */
            g_assert_cmpfloat_with_epsilon(film_find(&film, &thing)->speed_x * WIDTH, 40, 8);
    }
    g_assert_cmpfloat(thing.x + thing.width / 3, >, WIDTH - 40);
    g_assert_cmpfloat(film_find(&film, &thing)->box.x1, ==, 1);
}

/* Somebody comes to who stands there, out of a door: both are one region from the first. */
static void test_crowded(void)
{
    static const double stay[] = {0, 0}, go[] = {0, 30};
    Thing list[] = {{PERSON, 60, 30, 12, 30}, {PERSON, 72, 30, 16, 30}};
    g_auto(Film) film = {0};
    const VdtObject *o;

    film_init(&film);
    film_run(&film, list, stay, 1, 2);
    assert_objects(&film, 1);
    film_run(&film, list, stay, 2, 0.5);
    assert_objects(&film, 1);
    o = &g_array_index(film.objects, VdtObject, 0);
    g_assert_cmpuint(o->id, ==, 1);
    g_assert_cmpuint(o->state, ==, VDT_OBJECT_MERGED);
    film_run(&film, list, go, 2, 1.5);
    assert_objects(&film, 2);
    g_assert_cmpuint(film_find(&film, &list[0])->id, ==, 1);
    g_assert_cmpuint(film_find(&film, &list[1])->parent, ==, 1);
}

/* Who is out of the picture is no more; who comes in is somebody else. */
static void test_leaving(void)
{
    static const double out[] = {40}, in[] = {-40};
    Thing thing = {PERSON, 80, 30, 14, 30};
    g_auto(Film) film = {0};

    film_init(&film);
    film_run(&film, &thing, out, 1, 1);
    assert_objects(&film, 1);
    film_run(&film, &thing, out, 1, 4);
    assert_objects(&film, 0);
    thing.x = 170;
    film_run(&film, &thing, in, 1, 2);
    assert_objects(&film, 1);
    g_assert_cmpuint(film_find(&film, &thing)->id, >, 1);
    g_assert_cmpuint(film_find(&film, &thing)->parent, ==, 0);
}

/* Nothing is there any more, all at once: it is waited for, but not for ever. */
static void test_vanishing(void)
{
    static const double stay[] = {0};
    Thing thing = {PERSON, 80, 30, 14, 30};
    g_auto(Film) film = {0};

    film_init(&film);
    film_run(&film, &thing, stay, 1, 1);
    film_run(&film, NULL, NULL, 0, 0.2);
    assert_objects(&film, 1);
    g_assert_cmpuint(g_array_index(film.objects, VdtObject, 0).state, ==, VDT_OBJECT_HIDDEN);
    film_run(&film, NULL, NULL, 0, 10);
    assert_objects(&film, 0);
}

/* What is there for a picture, anywhere, is nothing; nor is what is too small. */
static void test_noise(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    static const double stay[] = {0};
    Thing small = {PERSON, 80, 30, 4, 4}, large = {PERSON, 80, 30, 5, 4};
    g_auto(Film) film = {0};

    film_init(&film);
    for (guint i = 0; i < 100; i++) {
        const Thing flicker = {PERSON + i % 2, g_rand_int_range(rand, 0, 140),
                               g_rand_int_range(rand, 0, 60), 12, 20};

        film_draw(&film, &flicker, i % 3 == 0, STEP);
        assert_objects(&film, 0);
    }
    film_run(&film, &small, stay, 1, 3);
    assert_objects(&film, 0);
    film_run(&film, &large, stay, 1, 3);
    assert_objects(&film, 1);
}

static void test_reset(void)
{
    static const double stay[] = {0, 0};
    Thing list[] = {{PERSON, 30, 30, 14, 30}, {VEHICLE, 80, 30, 40, 30}};
    g_auto(Film) film = {0};

    film_init(&film);
    film_run(&film, list, stay, 2, 1);
    assert_objects(&film, 2);
    vdt_tracker_reset(film.tracker);
    g_assert_cmpuint(vdt_tracker_get_objects(film.tracker)->len, ==, 0);
    /* times may be others then */
    film.time = SECOND;
    film_run(&film, list, stay, 2, 1);
    assert_objects(&film, 2);
    g_assert_cmpuint(g_array_index(film.objects, VdtObject, 0).id, ==, 3);
    g_assert_cmpuint(g_array_index(film.objects, VdtObject, 1).id, ==, 4);
    g_assert_cmpint(g_array_index(film.objects, VdtObject, 0).first, >=, SECOND);
}

/* The newest places, and no more than there is room for. */
static void test_path(void)
{
    static const double speed[] = {10};
    Thing thing = {PERSON, 5, 30, 14, 30};
    g_auto(Film) film = {0};
    VdtObject before;

    film_init(&film);
    film_run(&film, &thing, speed, 1, 2);
    before = *film_find(&film, &thing);
    g_assert_cmpuint(before.n_path, <, VDT_OBJECT_PATH);
    film_run(&film, &thing, speed, 1, 0.1);
    g_assert_cmpuint(film_find(&film, &thing)->n_path, ==, before.n_path + 1);
    g_assert_cmpmem(film_find(&film, &thing)->path, before.n_path * sizeof *before.path,
                    before.path, before.n_path * sizeof *before.path);
    film_run(&film, &thing, speed, 1, 10);
    before = *film_find(&film, &thing);
    g_assert_cmpuint(before.n_path, ==, VDT_OBJECT_PATH);
    film_run(&film, &thing, speed, 1, 0.1);
    g_assert_cmpuint(film_find(&film, &thing)->n_path, ==, VDT_OBJECT_PATH);
    g_assert_cmpmem(film_find(&film, &thing)->path, (VDT_OBJECT_PATH - 1) * sizeof *before.path,
                    before.path + 1, (VDT_OBJECT_PATH - 1) * sizeof *before.path);
    for (guint i = 1; i < VDT_OBJECT_PATH; i++)
        g_assert_cmpfloat(before.path[i].x, >=, before.path[i - 1].x);
}

/* A grid of things, more than there may be objects. */
static void test_many(void)
{
    g_autoptr(VdtSegmentation) map = drawing_new(CLASSES, 640, 360);
    g_auto(Film) film = {0};

    film_init(&film);
    for (int y = 0; y < 18; y++)
        for (int x = 0; x < 20; x++)
            drawing_fill(map, PERSON, x * 32 + 4, y * 20 + 4, x * 32 + 12, y * 20 + 16);
    for (guint i = 0; i < 20; i++)
        film_show(&film, map, STEP);
    assert_objects(&film, VDT_OBJECTS_MOST);
    for (guint i = 0; i < VDT_OBJECTS_MOST; i++) {
        const VdtObject *o = &g_array_index(film.objects, VdtObject, i);

        g_assert_cmpuint(o->id, ==, i + 1);
        g_assert_cmpuint(o->state, ==, VDT_OBJECT_SEEN);
        g_assert_cmpuint(o->n_path, >=, 10);
    }
}

/* Thousands of blots of two sizes, as a network that went wrong would draw them: it is over in no
 * time, too. */
static void test_thousands(void)
{
    g_autoptr(VdtSegmentation) map = drawing_new(CLASSES, 640, 640);
    g_auto(Film) film = {0};
    gint64 start;

    film_init(&film);
    for (int y = 0; y < 640; y += 6)
        for (int x = 0; x < 640; x += 16) {
            const gboolean large = (x / 16 + y / 6) % 2;

            drawing_fill(map, y / 6 % 3 ? PERSON : VEHICLE, x, y, x + (large ? 5 : 4),
                         y + (large ? 5 : 3));
        }
    start = g_get_monotonic_time();
    for (guint i = 0; i < 6; i++)
        film_show(&film, map, STEP);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
    assert_objects(&film, VDT_OBJECTS_MOST);
}

/* Whatever maps show, what is told of it holds: check() looks at each. */
static void test_chaos(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(8);
    guint highest = 0;

    for (guint round = 0; round < 20; round++) {
        g_auto(Film) film = {0};
        Thing list[12];
        double speeds[12];

        film_init(&film);
        for (guint i = 0; i < 60; i++) {
            for (guint k = 0; k < G_N_ELEMENTS(list); k++)
                if (i == 0 || g_rand_int_range(rand, 0, 40) == 0) {
                    list[k] = (Thing){(guint)g_rand_int_range(rand, PERSON, CLASSES),
                                      g_rand_int_range(rand, -20, WIDTH),
                                      g_rand_int_range(rand, -10, HEIGHT),
                                      g_rand_int_range(rand, 1, 60), g_rand_int_range(rand, 1, 60)};
                    speeds[k] = g_rand_double_range(rand, -80, 80);
                }
            film_run(&film, list, speeds, G_N_ELEMENTS(list), 0.1);
            for (guint k = 0; k < film.objects->len; k++)
                highest = MAX(highest, g_array_index(film.objects, VdtObject, k).id);
        }
    }
    g_assert_cmpuint(highest, >, 12);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tracker/one", test_one);
    g_test_add_func("/tracker/speed", test_speed);
    g_test_add_func("/tracker/uneven", test_uneven);
    g_test_add_func("/tracker/crossing", test_crossing);
    g_test_add_func("/tracker/merged", test_merged);
    g_test_add_func("/tracker/undecided", test_undecided);
    g_test_add_func("/tracker/hidden", test_hidden);
    g_test_add_func("/tracker/hidden-long", test_hidden_long);
    g_test_add_func("/tracker/post", test_post);
    g_test_add_func("/tracker/pieces", test_pieces);
    g_test_add_func("/tracker/heads", test_heads);
    g_test_add_func("/tracker/below", test_below);
    g_test_add_func("/tracker/limb", test_limb);
    g_test_add_func("/tracker/classes", test_classes);
    g_test_add_func("/tracker/best", test_best);
    g_test_add_func("/tracker/cut", test_cut);
    g_test_add_func("/tracker/crowded", test_crowded);
    g_test_add_func("/tracker/leaving", test_leaving);
    g_test_add_func("/tracker/vanishing", test_vanishing);
    g_test_add_func("/tracker/noise", test_noise);
    g_test_add_func("/tracker/reset", test_reset);
    g_test_add_func("/tracker/path", test_path);
    g_test_add_func("/tracker/many", test_many);
    g_test_add_func("/tracker/thousands", test_thousands);
    g_test_add_func("/tracker/chaos", test_chaos);
    return g_test_run();
}
