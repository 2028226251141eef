/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is in which zone, and since when. */
#include "presence.h"

#define MS    G_GINT64_CONSTANT(1000000)
#define NEVER (-1)

/* Left half, and all but the lowest tenth. */
#define ZONES "left: 0,0 0.5,0 0.5,1 0,1; upper: 0,0 1,0 1,0.9 0,0.9"

typedef struct {
    VdtPresence *presence;
    VdtZones *zones;
    GArray *objects;
    const GArray *stays;
    gint64 time; /* ms */
} Scene;

static VdtZones *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    VdtZones *zones = vdt_zones_parse(text, NULL, &error);

    g_assert_no_error(error);
    return zones;
}

static void scene_init(Scene *scene)
{
    *scene = (Scene){vdt_presence_new(), parse(ZONES), g_array_new(FALSE, TRUE, sizeof(VdtObject)),
                     NULL, 5000};
}

static void scene_clear(Scene *scene)
{
    vdt_presence_free(scene->presence);
    g_clear_pointer(&scene->zones, vdt_zones_unref);
    g_array_unref(scene->objects);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, scene_clear)

static VdtObject object_at(guint id, double x, double y)
{
    return (VdtObject){.id = id,
                       .box = {x - 0.02, y - 0.1, x + 0.02, y},
                       .n_path = 2,
                       .path = {{0.5, 0.5}, {x, y}}};
}

static void update(Scene *scene)
{
    scene->stays =
        vdt_presence_update(scene->presence, scene->zones, scene->objects, scene->time * MS);
    g_array_set_size(scene->objects, 0);
}

/* One object more, at that place for @length, looked at each 100 ms. */
static void stay(Scene *scene, guint id, double x, double y, gint64 length)
{
    for (gint64 end = scene->time + length; scene->time < end;) {
        const VdtObject object = object_at(id, x, y);

        scene->time += 100;
        g_array_append_val(scene->objects, object);
        update(scene);
    }
}

/* ms, NEVER if it is not there. */
static gint64 since(const Scene *scene, guint zone, guint id)
{
    gint64 found = NEVER;

    for (guint i = 0; i < scene->stays->len; i++) {
        const VdtStay *s = &g_array_index(scene->stays, VdtStay, i);

        if (s->zone != zone || s->object != id)
            continue;
        g_assert_cmpint(found, ==, NEVER); /* once */
        found = s->since / MS;
    }
    return found;
}

static void test_dwell(void)
{
    g_auto(Scene) scene = {0};

    scene_init(&scene);
    stay(&scene, 1, 0.7, 0.95, 1000);
    g_assert_cmpuint(scene.stays->len, ==, 0);
    stay(&scene, 1, 0.3, 0.95, 2000);
    g_assert_cmpint(since(&scene, 0, 1), ==, 6100);
    g_assert_cmpint(since(&scene, 1, 1), ==, NEVER);
    stay(&scene, 1, 0.3, 0.5, 1000);
    g_assert_cmpint(since(&scene, 0, 1), ==, 6100);
    g_assert_cmpint(since(&scene, 1, 1), ==, 8100);
    g_assert_cmpuint(scene.stays->len, ==, 2);
}

/* Who is out for less than half a second has not left; who is out for that long has. */
static void test_hysteresis(void)
{
    g_auto(Scene) scene = {0};

    scene_init(&scene);
    stay(&scene, 1, 0.3, 0.95, 1000);
    for (guint i = 0; i < 5; i++) {
        stay(&scene, 1, 0.6, 0.95, 400);
        g_assert_cmpint(since(&scene, 0, 1), ==, 5100);
        stay(&scene, 1, 0.4, 0.95, 100);
        g_assert_cmpint(since(&scene, 0, 1), ==, 5100);
    }
    stay(&scene, 1, 0.6, 0.95, 500);
    g_assert_cmpint(since(&scene, 0, 1), ==, NEVER);
    stay(&scene, 1, 0.4, 0.95, 100);
    g_assert_cmpint(since(&scene, 0, 1), ==, scene.time);
}

/* Who becomes an object in a zone has been there since found first. */
static void test_first(void)
{
    g_auto(Scene) scene = {0};
    VdtObject object = object_at(1, 0.3, 0.5);

    scene_init(&scene);
    object.n_path = 1;
    object.path[0] = object.path[1];
    object.first = (scene.time - 300) * MS;
    g_array_append_val(scene.objects, object);
    update(&scene);
    g_assert_cmpint(since(&scene, 0, 1), ==, 4700);
    stay(&scene, 1, 0.3, 0.5, 100);
    g_assert_cmpint(since(&scene, 0, 1), ==, 4700);
}

static void test_parent(void)
{
    g_auto(Scene) scene = {0};
    VdtObject child = object_at(2, 0.3, 0.95), stranger = object_at(3, 0.3, 0.95);

    scene_init(&scene);
    stay(&scene, 1, 0.3, 0.95, 1000);
    child.parent = 1;
    child.n_path = stranger.n_path = 1;
    child.path[0] = child.path[1];
    stranger.path[0] = stranger.path[1];
    child.first = stranger.first = 6000 * MS;
    scene.time = 6200;
    g_array_append_val(scene.objects, child);
    g_array_append_val(scene.objects, stranger);
    update(&scene);
    g_assert_cmpint(since(&scene, 0, 2), ==, 5100);
    g_assert_cmpint(since(&scene, 0, 3), ==, 6000);
    g_assert_cmpint(since(&scene, 0, 1), ==, NEVER);
    stay(&scene, 2, 0.6, 0.95, 600);
    g_assert_cmpint(since(&scene, 0, 2), ==, NEVER);
}

/* Nobody was in zones that were not there. */
static void test_other_zones(void)
{
    g_auto(Scene) scene = {0};

    scene_init(&scene);
    stay(&scene, 1, 0.3, 0.5, 1000);
    vdt_zones_unref(scene.zones);
    scene.zones = parse(ZONES);
    stay(&scene, 1, 0.3, 0.5, 300);
    g_assert_cmpint(since(&scene, 0, 1), ==, 6100);
    g_clear_pointer(&scene.zones, vdt_zones_unref);
    stay(&scene, 1, 0.3, 0.5, 300);
    g_assert_cmpuint(scene.stays->len, ==, 0);
    scene.zones = parse(ZONES);
    stay(&scene, 1, 0.3, 0.5, 300);
    g_assert_cmpint(since(&scene, 0, 1), ==, 6700);
}

/* A day's objects are not kept. Their numbers are: who comes back under one was not there. */
static void test_forgotten(void)
{
    g_auto(Scene) scene = {0};

    scene_init(&scene);
    stay(&scene, 1, 0.3, 0.5, 100);
    stay(&scene, 2, 0.3, 0.5, 100000);
    stay(&scene, 1, 0.3, 0.5, 100);
    g_assert_cmpint(since(&scene, 0, 1), ==, scene.time);
    g_assert_cmpuint(scene.stays->len, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/presence/dwell", test_dwell);
    g_test_add_func("/presence/hysteresis", test_hysteresis);
    g_test_add_func("/presence/first", test_first);
    g_test_add_func("/presence/parent", test_parent);
    g_test_add_func("/presence/other-zones", test_other_zones);
    g_test_add_func("/presence/forgotten", test_forgotten);
    return g_test_run();
}
