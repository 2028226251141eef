/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a camera is covered or moved, by pictures of streets that are drawn. */
#include <string.h>

#include "events/view.h"
#include "street.h"

#define WIDTH  320
#define HEIGHT 180
#define SECOND G_USEC_PER_SEC
#define SEEDS  3

static guint8 luma[WIDTH * HEIGHT];

typedef struct {
    VdtView *view;
    VdtStreetPainter *painter, *other; /* the other one from when it is changed on */
    guint seconds;
    guint64 noise;
} Camera;

static VdtStreetPainter *paint(guint64 seed, VdtStreetConditions conditions, gboolean changing)
{
    VdtStreetOptions options = {.seed = seed, .conditions = conditions, .changing = changing};
    g_autoptr(VdtStreet) street = vdt_street_new(&options);
    return vdt_street_painter_new(street, WIDTH, HEIGHT);
}

static Camera camera_new(guint64 seed, VdtStreetConditions conditions, const VdtViewTimes *times)
{
    return (Camera){
        .view = vdt_view_new(times), .painter = paint(seed, conditions, FALSE), .noise = seed};
}

static void camera_clear(Camera *camera)
{
    vdt_view_free(camera->view);
    vdt_street_painter_free(camera->painter);
    g_clear_pointer(&camera->other, vdt_street_painter_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Camera, camera_clear)

/* From 0 to @n - 1; the same in each run. */
static guint chance(Camera *camera, guint n)
{
    camera->noise = camera->noise * 6364136223846793005u + 1442695040888963407u;
    return (guint)(camera->noise >> 33) % n;
}

static void draw(VdtStreetPainter *painter, guint second)
{
    static guint8 bgrx[WIDTH * HEIGHT * 4];
    vdt_street_painter_draw(painter, second * G_GINT64_CONSTANT(1000000000), bgrx, WIDTH * 4);
    for (guint i = 0; i < WIDTH * HEIGHT; i++)
        luma[i] = (guint8)((29 * bgrx[4 * i] + 150 * bgrx[4 * i + 1] + 77 * bgrx[4 * i + 2]) >> 8);
}

static void shift(guint dx, guint dy)
{
    for (guint y = 0; y < HEIGHT; y++)
        for (guint x = 0; x < WIDTH; x++)
            luma[y * WIDTH + x] = luma[MIN(y + dy, HEIGHT - 1) * WIDTH + MIN(x + dx, WIDTH - 1)];
}

static void put_box(guint x0, guint y0, guint x1, guint y1)
{
    for (guint y = y0; y < y1; y++)
        memset(&luma[y * WIDTH + x0], 90, x1 - x0);
}

typedef void (*Change)(Camera *camera);

static void be_plain(Camera *camera) {}

static void be_black(Camera *camera)
{
    for (guint i = 0; i < WIDTH * HEIGHT; i++)
        luma[i] = (guint8)(16 + chance(camera, 5));
}

/* Light comes through it, more from one side. */
static void be_cloth(Camera *camera)
{
    for (guint i = 0; i < WIDTH * HEIGHT; i++)
        luma[i] = (guint8)(40 + i % WIDTH * 20 / WIDTH + chance(camera, 9));
}

static void be_turned(Camera *camera)
{
    shift(40, 10);
}

/* A lamp is off: an eighth of the light, and noise. */
static void be_dim(Camera *camera)
{
    for (guint i = 0; i < WIDTH * HEIGHT; i++)
        luma[i] = (guint8)(luma[i] / 8 + chance(camera, 4));
}

static void be_bright(Camera *camera)
{
    for (guint i = 0; i < WIDTH * HEIGHT; i++)
        luma[i] = (guint8)MIN(60 + luma[i] * 5 / 4, 255);
}

static void have_lorry(Camera *camera)
{
    put_box(30, 15, WIDTH, HEIGHT);
}

static void have_parked(Camera *camera)
{
    put_box(125, 30, 300, HEIGHT);
}

/* The flags after @n seconds more, of pictures that @change has changed; *@first is in which of
 * these they first were others, if that is not NULL. */
static guint look(Camera *camera, guint n, Change change, guint *first)
{
    guint before = 0, flags = 0;
    for (guint i = 0; i < n; i++) {
        draw(camera->other != NULL ? camera->other : camera->painter, camera->seconds);
        change(camera);
        flags = vdt_view_look(camera->view, luma, WIDTH, WIDTH, HEIGHT,
                              camera->seconds++ * (gint64)SECOND);
        if (i == 0)
            before = flags;
        if (flags != before && first != NULL) {
            *first = i;
            first = NULL;
        }
    }
    return flags;
}

static const VdtStreetConditions day = {.noise = 0.1, .shake = 0.3},
                                 night = {.night = 1, .noise = 0.5, .shake = 0.3};

/* Streets are busy, and nothing is said of that; by day, by night, or in bad weather. */
static void test_plain(void)
{
    static const VdtStreetConditions all[] = {{.noise = 0.1, .shake = 0.3},
                                              {.night = 1, .noise = 0.5, .shake = 0.3},
                                              {.rain = 1},
                                              {.snow = 1},
                                              {.haze = 0.9, .shake = 1},
                                              {.noise = 1, .blur = 1}};
    for (guint i = 0; i < G_N_ELEMENTS(all); i++)
        for (guint64 seed = 1; seed <= SEEDS; seed++) {
            g_auto(Camera) camera = camera_new(seed, all[i], NULL);
            guint first = 0;
            g_test_message("conditions %u, seed %u", i, (guint)seed);
            g_assert_cmpuint(look(&camera, 200, be_plain, &first), ==, 0);
            g_assert_cmpuint(first, ==, 0);
        }
}

static void test_covered(void)
{
    static const Change changes[] = {be_black, be_cloth};
    const VdtStreetConditions *all[] = {&day, &night};
    for (guint i = 0; i < 4; i++)
        for (guint64 seed = 1; seed <= SEEDS; seed++) {
            g_auto(Camera) camera = camera_new(seed, *all[i / 2], NULL);
            guint first = 0;
            g_test_message("case %u, seed %u", i, (guint)seed);
            g_assert_cmpuint(look(&camera, 90, be_plain, NULL), ==, 0);
            g_assert_cmpuint(look(&camera, 60, changes[i % 2], &first), ==, VDT_VIEW_COVERED);
            g_assert_cmpuint(first, >=, 7);
            g_assert_cmpuint(first, <=, 10);
            /* for however long */
            g_assert_cmpuint(look(&camera, 200, changes[i % 2], NULL), ==, VDT_VIEW_COVERED);
            first = 0;
            g_assert_cmpuint(look(&camera, 20, be_plain, &first), ==, 0);
            g_assert_cmpuint(first, <=, 4);
        }
}

static void test_moved(void)
{
    const VdtStreetConditions *all[] = {&day, &night};
    for (guint i = 0; i < G_N_ELEMENTS(all); i++)
        for (guint64 seed = 1; seed <= SEEDS; seed++) {
            g_auto(Camera) camera = camera_new(seed, *all[i], NULL);
            guint first = 0;
            g_test_message("case %u, seed %u", i, (guint)seed);
            g_assert_cmpuint(look(&camera, 90, be_plain, NULL), ==, 0);
            g_assert_cmpuint(look(&camera, 60, be_turned, &first), ==, VDT_VIEW_MOVED);
            g_assert_cmpuint(first, >=, 14);
            g_assert_cmpuint(first, <=, 40);
            first = 0;
            g_assert_cmpuint(look(&camera, 20, be_plain, &first), ==, 0);
            g_assert_cmpuint(first, <=, 10);
        }
}

/* Once another view has been seen for long, it is the one. */
static void test_accepted(void)
{
    VdtViewTimes times = vdt_view_times_default;
    times.accept_after = 100 * SECOND;
    for (guint64 seed = 1; seed <= SEEDS; seed++) {
        g_auto(Camera) camera = camera_new(seed, day, &times);
        g_assert_cmpuint(look(&camera, 90, be_plain, NULL), ==, 0);
        g_assert_cmpuint(look(&camera, 80, be_turned, NULL), ==, VDT_VIEW_MOVED);
        g_assert_cmpuint(look(&camera, 150, be_turned, NULL), ==, 0);
        g_assert_cmpuint(look(&camera, 60, be_plain, NULL), ==, VDT_VIEW_MOVED);
    }
}

/* What changes the picture, but neither covers nor moves anything. */
static void test_harmless(void)
{
    static const struct {
        const char *name;
        Change change;
        guint seconds;
    } cases[] = {{"a lorry passes", have_lorry, 5},
                 {"one is parked", have_parked, 120},
                 {"a light is switched off", be_dim, 120},
                 {"a light is switched on", be_bright, 120}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        for (guint64 seed = 1; seed <= SEEDS; seed++) {
            g_auto(Camera) camera = camera_new(seed, day, NULL);
            guint first = 0;
            g_test_message("%s, seed %u", cases[i].name, (guint)seed);
            look(&camera, 90, be_plain, NULL);
            g_assert_cmpuint(look(&camera, cases[i].seconds, cases[i].change, &first), ==, 0);
            g_assert_cmpuint(look(&camera, 60, be_plain, &first), ==, 0);
            g_assert_cmpuint(first, ==, 0);
        }
}

/* Night falls, at once or slowly, and rain comes. */
static void test_conditions(void)
{
    static const VdtStreetConditions others[] = {
        {.night = 1, .noise = 0.3}, {.rain = 1}, {.snow = 1}, {.haze = 0.6}};
    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        for (guint64 seed = 1; seed <= SEEDS; seed++) {
            g_auto(Camera) camera = camera_new(seed, day, NULL);
            guint first = 0;
            g_test_message("case %u, seed %u", i, (guint)seed);
            look(&camera, 90, be_plain, NULL);
            camera.other = paint(seed, others[i], FALSE);
            g_assert_cmpuint(look(&camera, 120, be_plain, &first), ==, 0);
            g_assert_cmpuint(first, ==, 0);
        }
    for (guint64 seed = 1; seed <= SEEDS; seed++) {
        g_auto(Camera) camera = camera_new(seed, day, NULL);
        guint first = 0;
        camera.other = paint(seed, day, TRUE);
        g_assert_cmpuint(look(&camera, 900, be_plain, &first), ==, 0);
        g_assert_cmpuint(first, ==, 0);
    }
}

/* A camera that patrols: another view every three seconds. */
static void test_patrol(void)
{
    VdtStreetPainter *painters[5];
    guint flags = 0;
    g_autoptr(VdtView) view = vdt_view_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(painters); i++)
        painters[i] = paint(i + 1, day, FALSE);
    for (guint second = 0; second < 200; second++) {
        draw(painters[second / 3 % G_N_ELEMENTS(painters)], second);
        flags |= vdt_view_look(view, luma, WIDTH, WIDTH, HEIGHT, second * (gint64)SECOND);
    }
    g_assert_cmpuint(flags, ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(painters); i++)
        vdt_street_painter_free(painters[i]);
}

/* Sizes that do not divide, or are too small; a clock that stands still; nothing to learn from. */
static void test_odd(void)
{
    static const guint sizes[][2] = {{64, 36}, {65, 37}, {127, 71}, {639, 359}, {63, 36}, {0, 0}};
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree guint8 *exact = g_malloc0(sizes[i][0] * sizes[i][1] + 1);
        g_autoptr(VdtView) view = vdt_view_new(NULL);
        for (guint second = 0; second < 60; second++)
            g_assert_cmpuint(vdt_view_look(view, exact, sizes[i][0], sizes[i][0], sizes[i][1],
                                           second * (gint64)SECOND),
                             ==, 0);
    }
    g_auto(Camera) camera = camera_new(1, day, NULL);
    look(&camera, 60, be_plain, NULL);
    for (guint i = 0; i < 100; i++)
        g_assert_cmpuint(vdt_view_look(camera.view, luma, WIDTH, WIDTH, HEIGHT, 0), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/view/plain", test_plain);
    g_test_add_func("/view/covered", test_covered);
    g_test_add_func("/view/moved", test_moved);
    g_test_add_func("/view/accepted", test_accepted);
    g_test_add_func("/view/harmless", test_harmless);
    g_test_add_func("/view/conditions", test_conditions);
    g_test_add_func("/view/patrol", test_patrol);
    g_test_add_func("/view/odd", test_odd);
    return g_test_run();
}
