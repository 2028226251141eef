/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How regions look, and how alike they are. */
#include "look.h"

#include "drawing.h"

#define WIDTH  64
#define HEIGHT 48
#define ALIKE  0.95
#define OTHER  0.3

static const guint8 red[3] = {200, 30, 40}, blue[3] = {30, 40, 180};

typedef struct {
    VdtSegmentation *map;
    VdtPicture picture;
    guint8 pixels[3 * WIDTH * HEIGHT];
} Scene;

static void scene_init(Scene *scene)
{
    *scene = (Scene){.map = drawing_new(2, WIDTH, HEIGHT)};
    scene->picture = (VdtPicture){scene->pixels, WIDTH, HEIGHT, 3 * WIDTH};
}

static void scene_clear(Scene *scene)
{
    vdt_segmentation_free(scene->map);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, scene_clear)

/* Something of one colour above and another below, each give or take @noise. */
static VdtRegion draw(Scene *scene, guint left, guint top, guint width, guint height,
                      const guint8 *above, const guint8 *below, gint32 noise)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(left + 1);

    drawing_fill(scene->map, 1, (int)left, (int)top, (int)(left + width), (int)(top + height));
    for (guint y = top; y < top + height; y++)
        for (guint x = left; x < left + width; x++)
            for (guint c = 0; c < 3; c++)
                scene->pixels[(y * WIDTH + x) * 3 + c] =
                    (guint8)((y < top + height / 2 ? above : below)[c] +
                             (noise ? g_rand_int_range(rand, -noise, noise) : 0));
    return (VdtRegion){
        .class_id = 1, .left = left, .top = top, .right = left + width, .bottom = top + height};
}

static VdtLook take(const Scene *scene, const VdtRegion *region)
{
    VdtLook look;

    vdt_look_take(&look, region, scene->map, NULL, &scene->picture);
    return look;
}

/* The same at another place, larger and with noise; others; and the same upside down. */
static void test_alike(void)
{
    g_auto(Scene) scene = {0};
    VdtRegion one, larger, plain, turned;
    VdtLook a, b, c, d;

    scene_init(&scene);
    one = draw(&scene, 2, 3, 8, 16, red, blue, 0);
    larger = draw(&scene, 20, 10, 16, 32, red, blue, 25);
    plain = draw(&scene, 40, 4, 8, 16, blue, blue, 0);
    turned = draw(&scene, 50, 4, 8, 16, blue, red, 0);
    a = take(&scene, &one);
    b = take(&scene, &larger);
    c = take(&scene, &plain);
    d = take(&scene, &turned);
    g_assert_cmpfloat_with_epsilon(vdt_look_compare(&a, &a), 1, 1e-5);
    g_assert_cmpfloat(vdt_look_compare(&a, &b), >, ALIKE);
    g_assert_cmpfloat(vdt_look_compare(&a, &c), <, 0.5 + OTHER);
    g_assert_cmpfloat(vdt_look_compare(&a, &c), >, 0.5 - OTHER);
    g_assert_cmpfloat(vdt_look_compare(&a, &d), <, OTHER);
}

/* What is of another class in the box, or has another mark, does not count. */
static void test_own(void)
{
    g_auto(Scene) scene = {0};
    g_autofree guint8 *marks = g_new0(guint8, WIDTH * HEIGHT);
    VdtRegion one, box;
    VdtLook a, b;

    scene_init(&scene);
    one = draw(&scene, 0, 0, 8, 16, red, blue, 0);
    a = take(&scene, &one);
    box = draw(&scene, 20, 0, 8, 16, red, blue, 0);
    draw(&scene, 28, 0, 8, 16, blue, red, 0);
    box.right = 36;
    b = take(&scene, &box);
    g_assert_cmpfloat(vdt_look_compare(&a, &b), <, ALIKE);
    for (guint i = 0; i < WIDTH * HEIGHT; i++)
        marks[i] = i % WIDTH >= 28;
    vdt_look_take(&b, &box, scene.map, marks, &scene.picture);
    g_assert_cmpfloat(vdt_look_compare(&a, &b), >, ALIKE);
    drawing_fill(scene.map, 0, 28, 0, 36, 16);
    b = take(&scene, &box);
    g_assert_cmpfloat(vdt_look_compare(&a, &b), >, ALIKE);
}

/* One that is large is looked at more coarsely, and looks the same. */
static void test_large(void)
{
    enum { SIZE = 400 };
    g_autoptr(VdtSegmentation) map = drawing_new(2, SIZE, SIZE);
    g_autofree guint8 *pixels = g_malloc(3 * SIZE * SIZE);
    const VdtPicture picture = {pixels, SIZE, SIZE, 3 * SIZE};
    const VdtRegion all = {.class_id = 1, .right = SIZE, .bottom = SIZE},
                    part = {.class_id = 1, .top = 180, .right = 40, .bottom = 220};
    VdtLook a, b;

    drawing_fill(map, 1, 0, 0, SIZE, SIZE);
    for (guint i = 0; i < SIZE * SIZE; i++)
        for (guint c = 0; c < 3; c++)
            pixels[3 * i + c] = (i < SIZE * SIZE / 2 ? red : blue)[c];
    vdt_look_take(&a, &all, map, NULL, &picture);
    vdt_look_take(&b, &part, map, NULL, &picture);
    g_assert_cmpfloat_with_epsilon(vdt_look_compare(&a, &b), 1, 1e-4);
}

static void test_learn(void)
{
    g_auto(Scene) scene = {0};
    VdtRegion one, other;
    VdtLook a, b, learnt = {0};

    scene_init(&scene);
    one = draw(&scene, 0, 0, 8, 16, red, red, 0);
    other = draw(&scene, 20, 0, 8, 16, blue, blue, 0);
    a = take(&scene, &one);
    b = take(&scene, &other);
    vdt_look_learn(&learnt, &a, 1);
    g_assert_cmpfloat_with_epsilon(vdt_look_compare(&learnt, &a), 1, 1e-5);
    for (guint i = 0; i < 40; i++)
        vdt_look_learn(&learnt, &b, 0.2);
    g_assert_cmpfloat(vdt_look_compare(&learnt, &b), >, ALIKE);
    g_assert_cmpfloat(vdt_look_compare(&learnt, &a), <, OTHER);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/look/alike", test_alike);
    g_test_add_func("/look/own", test_own);
    g_test_add_func("/look/large", test_large);
    g_test_add_func("/look/learn", test_learn);
    return g_test_run();
}
