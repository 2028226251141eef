/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines, and who crosses them. */
#include "crossings.h"

#include <math.h>

#define WIDE (16.0 / 9)

typedef struct {
    VdtCrossings *crossings;
    VdtZones *lines;
    GArray *objects;
    double aspect;
} Scene;

static VdtZones *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    VdtZones *lines = vdt_lines_parse(text, NULL, &error);

    g_assert_no_error(error);
    return lines;
}

static void scene_init(Scene *scene, const char *lines)
{
    *scene = (Scene){vdt_crossings_new(), parse(lines), g_array_new(FALSE, TRUE, sizeof(VdtObject)),
                     WIDE};
}

static void scene_clear(Scene *scene)
{
    vdt_crossings_free(scene->crossings);
    g_clear_pointer(&scene->lines, vdt_zones_unref);
    g_array_unref(scene->objects);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, scene_clear)

/* An object of a tenth of the height, whose feet are there; its place is the newest of its path. */
static VdtObject object_at(guint id, double x, double y)
{
    return (VdtObject){.id = id,
                       .class_id = 1,
                       .box = {x - 0.02, y - 0.1, x + 0.02, y},
                       .n_path = 2,
                       .path = {{0.5, 0.5}, {x, y}}};
}

static void put(Scene *scene, VdtObject object)
{
    g_array_append_val(scene->objects, object);
}

/* How many crossed, of all that were put since the last time. */
static guint update(Scene *scene)
{
    const GArray *crossed =
        vdt_crossings_update(scene->crossings, scene->lines, scene->objects, scene->aspect);

    g_array_set_size(scene->objects, 0);
    return crossed->len;
}

static void assert_counts(const Scene *scene, guint line, guint in, guint out)
{
    guint64 n_in, n_out;

    vdt_crossings_get_counts(scene->crossings, line, &n_in, &n_out);
    g_assert_cmpuint(n_in, ==, in);
    g_assert_cmpuint(n_out, ==, out);
}

/* Walks from one place to another, in steps; how often that crossed a line. */
static guint walk(Scene *scene, guint id, VdtPlace from, VdtPlace to)
{
    guint crossed = 0;

    for (guint i = 0; i <= 20; i++) {
        put(scene,
            object_at(id, from.x + (to.x - from.x) * i / 20, from.y + (to.y - from.y) * i / 20));
        crossed += update(scene);
    }
    return crossed;
}

/* Lines all around, in frames of any form; who crosses them from left to right comes in, however
 * slanted his way. */
static void test_directions(void)
{
    static const double aspects[] = {1, WIDE, 0.5};

    for (guint a = 0; a < G_N_ELEMENTS(aspects); a++)
        for (guint degrees = 0; degrees < 360; degrees += 15) {
            const double angle = degrees * G_PI / 180, aspect = aspects[a];
            const double x = cos(angle) * 0.2 / aspect, y = sin(angle) * 0.2;
            char line[200], numbers[4][G_ASCII_DTOSTR_BUF_SIZE];
            const double ends[] = {0.5 - x, 0.5 - y, 0.5 + x, 0.5 + y};

            for (guint i = 0; i < 4; i++)
                g_ascii_dtostr(numbers[i], sizeof numbers[i], ends[i]);
            g_snprintf(line, sizeof line, "line: %s,%s %s,%s", numbers[0], numbers[1], numbers[2],
                       numbers[3]);
            for (int slant = -45; slant <= 45; slant += 15) {
                /* in pictures y is down: right of who looks along +x is +y */
                const double way = angle + G_PI / 2 + slant * G_PI / 180;
                const double dx = cos(way) * 0.15 / aspect, dy = sin(way) * 0.15;
                const VdtPlace left = {0.5 - dx, 0.5 - dy}, right = {0.5 + dx, 0.5 + dy};
                g_auto(Scene) scene = {0};

                scene_init(&scene, line);
                scene.aspect = aspect;
                g_assert_cmpuint(walk(&scene, 1, left, right), ==, 1);
                assert_counts(&scene, 0, 1, 0);
                g_assert_cmpuint(walk(&scene, 1, right, left), ==, 1);
                assert_counts(&scene, 0, 1, 1);
                g_assert_cmpuint(walk(&scene, 2, right, left), ==, 1);
                assert_counts(&scene, 0, 1, 2);
            }
        }
}

/* Who crossed what, and which way. */
static void test_told(void)
{
    g_auto(Scene) scene = {0};
    const GArray *crossed;
    const VdtCrossing *c;

    scene_init(&scene, "one: 0.3,0 0.3,1; two: 0.7,1 0.7,0");
    g_assert_null(vdt_crossings_get_lines(scene.crossings));
    for (guint i = 0; i < 3; i++)
        put(&scene, object_at(7 + i, 0.5, 0.3 + 0.2 * i));
    g_assert_cmpuint(update(&scene), ==, 0);
    g_assert_true(vdt_crossings_get_lines(scene.crossings) == scene.lines);
    put(&scene, object_at(7, 0.5, 0.3));
    put(&scene, object_at(8, 0.9, 0.5));
    put(&scene, object_at(9, 0.1, 0.7));
    crossed = vdt_crossings_update(scene.crossings, scene.lines, scene.objects, WIDE);
    g_assert_cmpuint(crossed->len, ==, 2);
    c = &g_array_index(crossed, VdtCrossing, 0);
    g_assert_true(c->line == 1 && c->object == 1 && c->in);
    c = &g_array_index(crossed, VdtCrossing, 1);
    g_assert_true(c->line == 0 && c->object == 2 && c->in);
    assert_counts(&scene, 0, 1, 0);
    assert_counts(&scene, 1, 1, 0);
    /* both at once */
    g_array_set_size(scene.objects, 0);
    put(&scene, object_at(8, 0.1, 0.5));
    g_assert_cmpuint(update(&scene), ==, 2);
    assert_counts(&scene, 0, 2, 0);
    assert_counts(&scene, 1, 1, 1);
}

/* Who stands on the line, or begins there, crosses it once he goes on, if he does. */
static void test_jitter(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(9);
    g_auto(Scene) scene = {0};

    scene_init(&scene, "line: 0.5,0 0.5,1");
    walk(&scene, 1, (VdtPlace){0.6, 0.5}, (VdtPlace){0.5, 0.5});
    for (guint i = 0; i < 200; i++) {
        put(&scene, object_at(1, 0.5 + g_rand_double_range(rand, -0.002, 0.002), 0.5));
        put(&scene, object_at(2, 0.5 + g_rand_double_range(rand, -0.002, 0.002), 0.7));
        g_assert_cmpuint(update(&scene), ==, 0);
    }
    g_assert_cmpuint(walk(&scene, 2, (VdtPlace){0.5, 0.5}, (VdtPlace){0.4, 0.5}), ==, 0);
    g_assert_cmpuint(walk(&scene, 1, (VdtPlace){0.5, 0.5}, (VdtPlace){0.6, 0.5}), ==, 0);
    g_assert_cmpuint(walk(&scene, 1, (VdtPlace){0.5, 0.5}, (VdtPlace){0.4, 0.5}), ==, 1);
}

/* Who fights on the line sways, and his box with him: the middle of it by a sixth of his height. */
static void test_fight(void)
{
    g_auto(Scene) scene = {0};

    scene_init(&scene, "line: 0.5,0 0.5,1");
    for (guint i = 0; i < 20; i++) {
        const double middle = i % 2 ? 0.52 : 0.48, half = 0.06;
        VdtObject fighter = object_at(1, middle, 0.9);

        fighter.box = (VdtBounds){middle - half, 0.67, middle + half, 0.9};
        put(&scene, fighter);
        g_assert_cmpuint(update(&scene), ==, 0);
    }
}

/* Past the ends of a line, and around them. */
static void test_ends(void)
{
    static const VdtPlace around[] = {{0.4, 0.5}, {0.4, 0.9}, {0.6, 0.9}, {0.6, 0.5}};
    g_auto(Scene) scene = {0};
    guint crossed = 0;

    scene_init(&scene, "line: 0.5,0.2 0.5,0.8");
    g_assert_cmpuint(walk(&scene, 1, (VdtPlace){0.4, 0.1}, (VdtPlace){0.6, 0.1}), ==, 0);
    g_assert_cmpuint(walk(&scene, 2, (VdtPlace){0.4, 0.85}, (VdtPlace){0.6, 0.85}), ==, 0);
    g_assert_cmpuint(walk(&scene, 3, (VdtPlace){0.4, 0.25}, (VdtPlace){0.6, 0.25}), ==, 1);
    g_assert_cmpuint(walk(&scene, 4, (VdtPlace){0.4, 0.75}, (VdtPlace){0.6, 0.75}), ==, 1);
    for (guint i = 0; i < 3; i++)
        crossed += walk(&scene, 5, around[i], around[i + 1]);
    g_assert_cmpuint(crossed, ==, 0);
    /* and through it, back to where he came from */
    g_assert_cmpuint(walk(&scene, 5, around[3], around[0]), ==, 1);
    g_assert_cmpuint(walk(&scene, 6, (VdtPlace){0.4, 0.3}, (VdtPlace){0.48, 0.7}), ==, 0);
}

/* Where somebody hidden would be counts nothing; where he is found again does. */
static void test_hidden(void)
{
    g_auto(Scene) scene = {0};

    scene_init(&scene, "line: 0.5,0 0.5,1");
    for (guint i = 0; i < 60; i++) {
        VdtObject returns = object_at(1, 0.4 + 0.005 * (i < 40 ? i : 0), 0.5);
        VdtObject goes_on = object_at(2, 0.4 + 0.005 * i, 0.7);

        returns.state = goes_on.state = i >= 5 && i < 40 ? VDT_OBJECT_HIDDEN : VDT_OBJECT_SEEN;
        put(&scene, returns);
        put(&scene, goes_on);
        g_assert_cmpuint(update(&scene), ==, i == 40);
    }
    assert_counts(&scene, 0, 0, 1);
}

/* Who is within a common region is there all the same. */
static void test_merged(void)
{
    g_auto(Scene) scene = {0};
    VdtObject object = object_at(1, 0.4, 0.5);

    scene_init(&scene, "line: 0.5,0 0.5,1");
    put(&scene, object);
    update(&scene);
    object = object_at(1, 0.6, 0.5);
    object.state = VDT_OBJECT_MERGED;
    put(&scene, object);
    g_assert_cmpuint(update(&scene), ==, 1);
}

/* Who has come off somebody left of the line comes from the left, too. Nobody knows where others
 * come from. */
static void test_parent(void)
{
    g_auto(Scene) scene = {0};
    VdtObject child = object_at(3, 0.6, 0.5), stranger = object_at(4, 0.6, 0.7);

    scene_init(&scene, "line: 0.5,1 0.5,0");
    child.parent = 2;
    put(&scene, object_at(2, 0.4, 0.5));
    update(&scene);
    put(&scene, child);
    put(&scene, stranger);
    g_assert_cmpuint(update(&scene), ==, 1);
    assert_counts(&scene, 0, 1, 0);
    /* once: from now on it has a side of its own */
    put(&scene, child);
    g_assert_cmpuint(update(&scene), ==, 0);
    g_assert_cmpuint(walk(&scene, 3, (VdtPlace){0.6, 0.5}, (VdtPlace){0.4, 0.5}), ==, 1);
}

/* What stands where somebody has passed, and comes off that, has not come along. */
static void test_standing(void)
{
    g_auto(Scene) scene = {0};
    VdtObject child = object_at(2, 0.6, 0.5), walker = object_at(3, 0.62, 0.5);

    scene_init(&scene, "line: 0.5,1 0.5,0");
    child.parent = walker.parent = 1;
    child.path[0] = child.path[1];
    walker.path[0].x = 0.58;
    put(&scene, object_at(1, 0.4, 0.5));
    update(&scene);
    put(&scene, child);
    g_assert_cmpuint(update(&scene), ==, 0);
    put(&scene, walker);
    g_assert_cmpuint(update(&scene), ==, 1);
}

/* Wide things are measured less exactly from side to side than high ones are. */
static void test_wide(void)
{
    g_auto(Scene) scene = {0};

    scene_init(&scene, "line: 0.5,1 0.5,0");
    for (guint i = 0; i < 10; i++) {
        VdtObject car = object_at(1, i % 2 ? 0.51 : 0.49, 0.5);

        car.box = (VdtBounds){car.box.x0 - 0.15, 0.4, car.box.x1 + 0.15, 0.5};
        put(&scene, car);
        g_assert_cmpuint(update(&scene), ==, 0);
    }
}

/* But not for ever. */
static void test_forgotten(void)
{
    g_auto(Scene) scene = {0};
    VdtObject child = object_at(2, 0.6, 0.5);

    scene_init(&scene, "line: 0.5,1 0.5,0");
    child.parent = 1;
    put(&scene, object_at(1, 0.4, 0.5));
    update(&scene);
    for (guint i = 0; i < 100; i++)
        update(&scene);
    put(&scene, child);
    g_assert_cmpuint(update(&scene), ==, 0);
}

/* With other lines everything begins anew, also if they read the same; with the same it goes on. */
static void test_other_lines(void)
{
    static const char text[] = "line: 0.5,1 0.5,0";
    g_auto(Scene) scene = {0};

    scene_init(&scene, text);
    g_assert_cmpuint(walk(&scene, 1, (VdtPlace){0.4, 0.5}, (VdtPlace){0.6, 0.5}), ==, 1);
    assert_counts(&scene, 0, 1, 0);
    vdt_zones_unref(scene.lines);
    scene.lines = parse(text);
    put(&scene, object_at(1, 0.4, 0.5));
    g_assert_cmpuint(update(&scene), ==, 0);
    assert_counts(&scene, 0, 0, 0);
    g_assert_true(vdt_crossings_get_lines(scene.crossings) == scene.lines);
    put(&scene, object_at(1, 0.6, 0.5));
    g_assert_cmpuint(update(&scene), ==, 1);
    g_clear_pointer(&scene.lines, vdt_zones_unref);
    put(&scene, object_at(1, 0.4, 0.5));
    g_assert_cmpuint(update(&scene), ==, 0);
    g_assert_null(vdt_crossings_get_lines(scene.crossings));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/crossings/directions", test_directions);
    g_test_add_func("/crossings/told", test_told);
    g_test_add_func("/crossings/jitter", test_jitter);
    g_test_add_func("/crossings/fight", test_fight);
    g_test_add_func("/crossings/ends", test_ends);
    g_test_add_func("/crossings/hidden", test_hidden);
    g_test_add_func("/crossings/merged", test_merged);
    g_test_add_func("/crossings/parent", test_parent);
    g_test_add_func("/crossings/standing", test_standing);
    g_test_add_func("/crossings/wide", test_wide);
    g_test_add_func("/crossings/forgotten", test_forgotten);
    g_test_add_func("/crossings/other-lines", test_other_lines);
    return g_test_run();
}
