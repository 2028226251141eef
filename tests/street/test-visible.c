/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much is to be seen of objects, on streets that are found to show what is looked for. */
#include <math.h>
#include <string.h>

#include <street.h>

#define SECOND G_GINT64_CONSTANT(1000000000)
#define HEIGHT 180
#define WIDE   (16.0 / 9)

/* All of it at a moment of a street, in a frame of that many times its height. */
typedef struct {
    GArray *objects;
    VdtStreetVisible *visible;
} View;

static View look(VdtStreet *street, gint64 time, double aspect)
{
    View view = {vdt_street_get_objects(street, time, aspect), NULL};

    view.visible =
        vdt_street_get_visible(street, time, view.objects, (guint)lrint(HEIGHT * aspect), HEIGHT);
    return view;
}

static void view_clear(View *view)
{
    g_array_unref(view->objects);
    g_free(view->visible);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(View, view_clear)

static const VdtStreetObject *object_at(const View *view, guint i)
{
    return &g_array_index(view->objects, VdtStreetObject, i);
}

static VdtStreet *street_of(guint64 seed)
{
    const VdtStreetOptions options = {.seed = seed};

    return vdt_street_new(&options);
}

/* How much of the box of @a that of @b covers. */
static double covered(const VdtStreetObject *a, const VdtStreetObject *b)
{
    const double width = MIN(a->x + a->width, b->x + b->width) - MAX(a->x, b->x);
    const double height = MIN(a->y + a->height, b->y + b->height) - MAX(a->y, b->y);

    return width > 0 && height > 0 ? width * height / (a->width * a->height) : 0;
}

static gboolean is_alone(const View *view, guint i)
{
    for (guint k = 0; k < view->objects->len; k++)
        if (k != i && covered(object_at(view, i), object_at(view, k)) > 0)
            return FALSE;
    return TRUE;
}

static gboolean is_whole(const VdtStreetObject *o)
{
    return o->x > 0 && o->y > 0 && o->x + o->width < 1 && o->y + o->height < 1;
}

/* Shares are some, areas no more than boxes; the same moment shows the same. */
static void test_range(void)
{
    for (guint seed = 1; seed <= 3; seed++) {
        g_autoptr(VdtStreet) street = street_of(seed);
        guint seen = 0;

        for (guint i = 0; i < 200; i++) {
            const gint64 time = i * SECOND * 7 / 10;
            g_auto(View) view = look(street, time, WIDE);

            for (guint k = 0; k < view.objects->len; k++) {
                const VdtStreetVisible *v = &view.visible[k];
                const VdtStreetObject *o = object_at(&view, k);

                g_assert_cmpfloat(v->share, >=, 0);
                g_assert_cmpfloat(v->share, <=, 1);
                g_assert_true((v->share > 0) == (v->area > 0));
                /* pixels are seen where shapes touch them, all around */
                g_assert_cmpfloat(v->area, <=,
                                  (o->width + 2.0 / (HEIGHT * WIDE)) * (o->height + 2.0 / HEIGHT));
                seen += v->share > 0.5;
            }
            if (i % 20 == 0) {
                g_auto(View) again = look(street, time, WIDE);

                g_assert_cmpuint(again.objects->len, ==, view.objects->len);
                for (guint k = 0; k < view.objects->len; k++)
                    g_assert_cmpuint(object_at(&again, k)->id, ==, object_at(&view, k)->id);
                g_assert_cmpmem(again.visible, again.objects->len * sizeof *again.visible,
                                view.visible, view.objects->len * sizeof *view.visible);
            }
        }
        g_assert_cmpuint(seen, >, 200);
    }
}

/* Of who stands in nobody's way all is to be seen, unless a tree or a lamp is before it; and its
 * area is what the painter's classes say. */
static void test_alone(void)
{
    guint alone = 0, all = 0, painted = 0;

    for (guint seed = 1; seed <= 3; seed++) {
        g_autoptr(VdtStreet) street = street_of(seed);
        const int width = (int)lrint(HEIGHT * WIDE);
        g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, (guint)width, HEIGHT);
        g_autofree guint8 *classes = g_malloc((gsize)width * HEIGHT);

        for (guint i = 0; i < 40; i++) {
            const gint64 time = i * SECOND * 3;
            g_auto(View) view = look(street, time, WIDE);

            vdt_street_painter_classes(painter, time, classes, (gsize)width);
            for (guint k = 0; k < view.objects->len; k++) {
                const VdtStreetObject *o = object_at(&view, k);
                guint pixels = 0;

                if (!is_whole(o) || !is_alone(&view, k))
                    continue;
                alone++;
                all += view.visible[k].share > 0.999;
                for (int y = MAX((int)(o->y * HEIGHT) - 1, 0);
                     y <= MIN((o->y + o->height) * HEIGHT, HEIGHT - 1); y++)
                    for (int x = MAX((int)(o->x * width) - 1, 0);
                         x <= MIN((o->x + o->width) * width, width - 1); x++)
                        pixels += classes[y * width + x] == o->kind;
                painted += fabs(view.visible[k].area * width * HEIGHT - pixels) <= 0.1 * pixels + 5;
            }
        }
    }
    g_test_message("%u alone, %u wholly seen, %u as painted", alone, all, painted);
    g_assert_cmpuint(alone, >, 50);
    g_assert_cmpuint(2 * all, >, alone);
    g_assert_cmpuint(10 * painted, >=, 9 * alone);
}

/* Who is behind a car is not wholly seen, while he is; the car is. */
static void test_behind(void)
{
    guint behind = 0, before = 0;
    double shown = 0;

    for (guint seed = 1; seed <= 6; seed++) {
        g_autoptr(VdtStreet) street = street_of(seed);

        for (guint i = 0; i < 150; i++) {
            g_auto(View) view = look(street, i * SECOND * 4 / 5, WIDE);

            for (guint k = 0; k < view.objects->len; k++)
                for (guint car = 0; car < view.objects->len; car++) {
                    const VdtStreetObject *o = object_at(&view, k), *c = object_at(&view, car);

                    if (o->kind != VDT_STREET_PERSON || c->kind != VDT_STREET_VEHICLE ||
                        !is_whole(o) || covered(o, c) < 0.6)
                        continue;
                    if (car > k) { /* nearer */
                        behind++;
                        shown += view.visible[k].share;
                        g_assert_cmpfloat(view.visible[k].share, <, 0.95);
                    } else {
                        before += view.visible[k].share > 0.8;
                    }
                }
        }
    }
    g_test_message("%u behind a car, %u before one", behind, before);
    g_assert_cmpuint(behind, >=, 5);
    /* cars do not fill their boxes */
    g_assert_cmpfloat(shown / behind, <, 0.6);
    g_assert_cmpuint(before, >=, 5);
}

/* A frame that is twice as wide shows all of what the end of the frame cuts off. */
static void test_cut(void)
{
    guint cut = 0, half = 0;

    for (guint seed = 1; seed <= 6; seed++) {
        g_autoptr(VdtStreet) street = street_of(seed);

        for (guint i = 0; i < 300; i++) {
            const gint64 time = i * SECOND * 2 / 5;
            g_auto(View) view = look(street, time, WIDE), wide = look(street, time, 2 * WIDE);

            for (guint k = 0; k < view.objects->len; k++)
                for (guint w = 0; w < wide.objects->len; w++) {
                    const VdtStreetObject *o = object_at(&view, k), *all = object_at(&wide, w);
                    double inside;

                    if (o->id != all->id || o->kind != VDT_STREET_VEHICLE || !is_whole(all) ||
                        is_whole(o) || wide.visible[w].share < 0.999)
                        continue;
                    inside = o->width / (2 * all->width);
                    cut++;
                    half += fabs(inside - 0.5) < 0.2;
                    g_assert_cmpfloat_with_epsilon(view.visible[k].share, inside, 0.12);
                }
        }
    }
    g_test_message("%u cut off, %u about the middle", cut, half);
    g_assert_cmpuint(half, >=, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/visible/range", test_range);
    g_test_add_func("/visible/alone", test_alone);
    g_test_add_func("/visible/behind", test_behind);
    g_test_add_func("/visible/cut", test_cut);
    return g_test_run();
}
