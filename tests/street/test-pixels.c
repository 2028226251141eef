/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is drawn: the same on every machine, from any thread, at any size, and as the truth says. */
#include <string.h>

#include <street.h>

#include "hashes.h"

#define SECOND   G_GINT64_CONSTANT(1000000000)
#define DURATION (SECOND * 24 / 10)

/* Of blue, green and red, in order; the fourth byte is unused. */
static guint64 hash_of(const guint8 *pixels, gsize n, guint step)
{
    guint64 hash = 0xcbf29ce484222325u;

    for (gsize i = 0; i < n; i++)
        for (guint c = 0; c < (step == 4 ? 3 : 1); c++)
            hash = (hash ^ pixels[i * step + c]) * 0x100000001b3u;
    return hash;
}

static guint64 hash_frame(VdtStreetPainter *painter, gint64 time, guint width, guint height)
{
    g_autofree guint8 *pixels = g_malloc((gsize)width * height * 4);

    vdt_street_painter_draw(painter, time, pixels, 4 * width);
    return hash_of(pixels, (gsize)width * height, 4);
}

static guint64 hash_classes(VdtStreetPainter *painter, gint64 time, guint width, guint height)
{
    g_autofree guint8 *classes = g_malloc((gsize)width * height);

    vdt_street_painter_classes(painter, time, classes, width);
    return hash_of(classes, (gsize)width * height, 1);
}

static VdtStreetClip pinned_clip(guint condition, guint action)
{
    return vdt_street_list_clip(2024, condition * VDT_STREET_N_ACTIONS + action, DURATION, NULL);
}

/* The pixels of this version of the world. If they have to change, so does VDT_STREET_VERSION:
 * weights trained on the old ones are for the old ones. STREET_HASHES=1 prints the new table. */
static void test_pinned(void)
{
    gboolean print = g_getenv("STREET_HASHES") != NULL;
    GString *table = g_string_new(NULL);
    gboolean right = TRUE;

    for (guint condition = 0; condition < VDT_STREET_N_CONDITIONS; condition++) {
        for (guint action = 0; action < VDT_STREET_N_ACTIONS; action++) {
            VdtStreetClip clip = pinned_clip(condition, action);
            g_autoptr(VdtStreet) street = vdt_street_new_clip(&clip);
            g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, 320, 180);
            guint64 frame = hash_frame(painter, DURATION / 3, 320, 180) ^
                            hash_frame(painter, DURATION * 3 / 4, 320, 180) * 3;
            guint64 classes = hash_classes(painter, DURATION / 2, 320, 180);

            g_string_append_printf(
                table, "    {0x%016" G_GINT64_MODIFIER "x, 0x%016" G_GINT64_MODIFIER "x},\n", frame,
                classes);
            right &= frame == clip_hashes[condition * VDT_STREET_N_ACTIONS + action][0] &&
                     classes == clip_hashes[condition * VDT_STREET_N_ACTIONS + action][1];
            if (!right && !print)
                g_test_message("first difference: %s by %s", vdt_street_action_name(action),
                               vdt_street_condition_name(condition));
            g_assert_true(right || print);
        }
    }
    g_string_append(table, "endless\n");
    for (guint i = 0; i < G_N_ELEMENTS(endless_hashes); i++) {
        VdtStreetOptions options = {.seed = i / 3, .changing = TRUE};
        g_autoptr(VdtStreet) street = vdt_street_new(&options);
        g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, 320, 180);
        guint64 frame = hash_frame(painter, (i * 71 + 5) * SECOND, 320, 180);
        guint64 classes = hash_classes(painter, (i * 71 + 5) * SECOND, 320, 180);

        g_string_append_printf(
            table, "    {0x%016" G_GINT64_MODIFIER "x, 0x%016" G_GINT64_MODIFIER "x},\n", frame,
            classes);
        right &= frame == endless_hashes[i][0] && classes == endless_hashes[i][1];
    }
    if (print)
        g_printerr("%s", table->str);
    g_string_free(table, TRUE);
    g_assert_true(right);
    g_assert_cmpint(VDT_STREET_VERSION, ==, 2);
}

/* Any order of times, with one painter or several. */
static void test_order(void)
{
    VdtStreetClip clip = {.seed = 3, .action = VDT_STREET_FIGHT, .duration = DURATION};
    guint64 hashes[16];

    clip.conditions = (VdtStreetConditions){.5, .5, .5, .5, .5, .5, .5};
    g_autoptr(VdtStreet) street = vdt_street_new_clip(&clip);
    g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, 320, 180);
    for (int i = 0; i < 16; i++)
        hashes[i] = hash_frame(painter, DURATION * i / 16, 320, 180);
    for (int i = 15; i >= 0; i--) {
        g_autoptr(VdtStreet) again = vdt_street_new_clip(&clip);
        g_autoptr(VdtStreetPainter) other = vdt_street_painter_new(again, 320, 180);

        hash_classes(other, DURATION * (15 - i) / 16, 320, 180);
        g_assert_cmpuint(hash_frame(other, DURATION * i / 16, 320, 180), ==, hashes[i]);
        g_assert_cmpuint(hash_frame(painter, DURATION * i / 16, 320, 180), ==, hashes[i]);
    }
}

/* An endless street whose backdrop changes: drawn after another time, or at once. */
static void test_changing(void)
{
    VdtStreetOptions options = {.seed = 3, .changing = TRUE};
    g_autoptr(VdtStreet) street = vdt_street_new(&options);
    g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, 160, 90);

    for (int i = 20; i >= 0; i--) {
        g_autoptr(VdtStreetPainter) fresh = vdt_street_painter_new(street, 160, 90);

        g_assert_cmpuint(hash_frame(painter, i * 31 * SECOND, 160, 90), ==,
                         hash_frame(fresh, i * 31 * SECOND, 160, 90));
    }
}

typedef struct {
    VdtStreet *street;
    guint64 hashes[64];
} Worker;

static gpointer work(gpointer data)
{
    Worker *worker = data;
    VdtStreetPainter *painter = vdt_street_painter_new(worker->street, 160, 90);

    for (int i = 0; i < 64; i++)
        worker->hashes[i] = hash_frame(painter, i * SECOND, 160, 90);
    vdt_street_painter_free(painter);
    return NULL;
}

static void test_threads(void)
{
    VdtStreetOptions options = {.seed = 21, .conditions = {.noise = 0.7, .snow = 0.5}};
    g_autoptr(VdtStreet) street = vdt_street_new(&options);
    Worker workers[2] = {{.street = street}, {.street = street}};
    GThread *threads[2];

    for (int i = 0; i < 2; i++)
        threads[i] = g_thread_new("painter", work, &workers[i]);
    for (int i = 0; i < 2; i++)
        g_thread_join(threads[i]);
    g_assert_cmpmem(workers[0].hashes, sizeof workers[0].hashes, workers[1].hashes,
                    sizeof workers[1].hashes);
}

/* Without weather, haze, noise and blur a frame is its own clean picture; with them it is not, but
 * its clean picture is the same. */
static void test_clean(void)
{
    VdtStreetClip clip = {.seed = 6, .action = VDT_STREET_RUN, .duration = DURATION};
    g_autofree guint8 *a = g_malloc(320 * 180 * 4), *b = g_malloc(320 * 180 * 4);

    clip.conditions = (VdtStreetConditions){.night = 0.6, .shake = 0.8};
    g_autoptr(VdtStreet) fair = vdt_street_new_clip(&clip);
    clip.conditions = (VdtStreetConditions){
        .night = 0.6, .shake = 0.8, .rain = 0.5, .haze = 0.4, .noise = 0.5, .blur = 0.7};
    g_autoptr(VdtStreet) foul = vdt_street_new_clip(&clip);
    g_autoptr(VdtStreetPainter) good = vdt_street_painter_new(fair, 320, 180);
    g_autoptr(VdtStreetPainter) poor = vdt_street_painter_new(foul, 320, 180);
    for (int i = 0; i < 4; i++) {
        gint64 time = DURATION * i / 4;
        guint64 plain = hash_frame(good, time, 320, 180);

        vdt_street_painter_draw_clean(good, time, a, 4 * 320);
        vdt_street_painter_draw_clean(poor, time, b, 4 * 320);
        g_assert_cmpuint(hash_of(a, 320 * 180, 4), ==, plain);
        g_assert_cmpuint(hash_of(b, 320 * 180, 4), ==, plain);
        g_assert_cmpuint(hash_frame(poor, time, 320, 180), !=, plain);
    }
}

/* Each condition changes the picture, and the more of it the more. */
static void test_conditions(void)
{
    VdtStreetClip clip = {.seed = 15, .action = VDT_STREET_WALK, .duration = DURATION};
    g_autofree guint8 *plain = g_malloc(320 * 180 * 4), *pixels = g_malloc(320 * 180 * 4);
    gsize fields[] = {
        G_STRUCT_OFFSET(VdtStreetConditions, night), G_STRUCT_OFFSET(VdtStreetConditions, rain),
        G_STRUCT_OFFSET(VdtStreetConditions, snow),  G_STRUCT_OFFSET(VdtStreetConditions, haze),
        G_STRUCT_OFFSET(VdtStreetConditions, noise), G_STRUCT_OFFSET(VdtStreetConditions, blur)};

    g_autoptr(VdtStreet) fair = vdt_street_new_clip(&clip);
    g_autoptr(VdtStreetPainter) good = vdt_street_painter_new(fair, 320, 180);
    vdt_street_painter_draw(good, SECOND, plain, 4 * 320);
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        double last = 0;

        for (int k = 1; k <= 2; k++) {
            clip.conditions = (VdtStreetConditions){0};
            G_STRUCT_MEMBER(double, &clip.conditions, fields[i]) = k * 0.5;
            g_autoptr(VdtStreet) street = vdt_street_new_clip(&clip);
            g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, 320, 180);
            double sum = 0;

            vdt_street_painter_draw(painter, SECOND, pixels, 4 * 320);
            for (gsize p = 0; p < 320 * 180 * 4; p++)
                if (p % 4 != 3)
                    sum += (pixels[p] - plain[p]) * (pixels[p] - plain[p]);
            g_assert_cmpfloat(sum, >, last);
            last = sum;
            if (i == 4 && k == 2) /* cut at black and white a little, nowhere else */
                g_assert_cmpfloat_with_epsilon(sum / (320 * 180 * 3), 400, 40);
        }
    }
}

/* Pixels of a class lie in boxes of their objects, and boxes fit tightly around what is not
 * hidden. */
static void test_boxes(void)
{
    const int width = 320, height = 180;
    g_autofree guint8 *classes = g_malloc(width * height);
    guint compared = 0;
    double overlap = 0;

    for (guint i = 0; i < 20 * VDT_STREET_N_ACTIONS; i++) {
        VdtStreetClip clip = {
            .seed = 500 + i, .action = i % VDT_STREET_N_ACTIONS, .duration = DURATION};
        gint64 time = DURATION * (i % 5) / 4;
        g_autoptr(VdtStreet) street = vdt_street_new_clip(&clip);
        g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, width, height);
        g_autoptr(GArray) objects = vdt_street_get_objects(street, time, 16.0 / 9);

        vdt_street_painter_classes(painter, time, classes, width);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                guint8 class = classes[y * width + x];
                gboolean in = FALSE;

                g_assert_cmpuint(class, <, VDT_STREET_N_CLASSES);
                if (class != VDT_STREET_PERSON && class != VDT_STREET_VEHICLE &&
                    class != VDT_STREET_BAG)
                    continue;
                for (guint k = 0; k < objects->len && !in; k++) {
                    const VdtStreetObject *o = &g_array_index(objects, VdtStreetObject, k);

                    in = o->kind == class && x + 1.6 > o->x * width &&
                         x - 0.6 < (o->x + o->width) * width && y + 1.6 > o->y * height &&
                         y - 0.6 < (o->y + o->height) * height;
                }
                g_assert_true(in);
            }
        /* The main actor, if no other's box meets its own. */
        const VdtStreetObject *actor = NULL;
        gboolean alone = TRUE;
        for (guint k = 0; k < objects->len; k++)
            if (g_array_index(objects, VdtStreetObject, k).main)
                actor = &g_array_index(objects, VdtStreetObject, k);
        for (guint k = 0; actor != NULL && k < objects->len; k++) {
            const VdtStreetObject *o = &g_array_index(objects, VdtStreetObject, k);

            if (o != actor && o->kind != VDT_STREET_BAG && o->x < actor->x + actor->width + 0.01 &&
                actor->x < o->x + o->width + 0.01 && o->y < actor->y + actor->height + 0.01 &&
                actor->y < o->y + o->height + 0.01)
                alone = FALSE;
        }
        if (actor == NULL || !alone)
            continue;
        int x0 = width, y0 = height, x1 = 0, y1 = 0;
        for (int y = MAX((int)(actor->y * height) - 2, 0);
             y < MIN((actor->y + actor->height) * height + 2, height); y++)
            for (int x = MAX((int)(actor->x * width) - 2, 0);
                 x < MIN((actor->x + actor->width) * width + 2, width); x++)
                if (classes[y * width + x] == actor->kind) {
                    x0 = MIN(x0, x);
                    x1 = MAX(x1, x + 1);
                    y0 = MIN(y0, y);
                    y1 = MAX(y1, y + 1);
                }
        double w = MIN(x1, (actor->x + actor->width) * width) - MAX(x0, actor->x * width);
        double h = MIN(y1, (actor->y + actor->height) * height) - MAX(y0, actor->y * height);
        double both = MAX(w, 0) * MAX(h, 0), own = actor->width * width * actor->height * height;
        overlap += both / (own + (double)(x1 - x0) * (y1 - y0) - both);
        compared++;
    }
    g_test_message("overlap %.3f in %u clips", overlap / compared, compared);
    g_assert_cmpuint(compared, >, 60);
    g_assert_cmpfloat(overlap / compared, >, 0.85);
}

/* Nothing is written beside the frame, whatever its size and stride. */
static void test_sizes(void)
{
    static const guint sizes[][2] = {{16, 16},   {17, 16},   {16, 333}, {2000, 16},
                                     {321, 181}, {8192, 16}, {16, 8192}};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        guint width = sizes[i][0], height = sizes[i][1];
        gsize stride = 4 * width + 12, size = stride * height, class_stride = width + 5;
        VdtStreetClip clip = {.seed = i, .action = i % VDT_STREET_N_ACTIONS, .duration = DURATION};
        g_autofree guint8 *pixels = g_malloc(size), *classes = g_malloc(class_stride * height);

        clip.conditions = (VdtStreetConditions){1, 1, 1, 1, 1, 1, 1};
        g_autoptr(VdtStreet) street = vdt_street_new_clip(&clip);
        g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, width, height);
        memset(pixels, 0xa5, size);
        memset(classes, 0xa5, class_stride * height);
        vdt_street_painter_draw(painter, SECOND, pixels, stride);
        vdt_street_painter_draw_clean(painter, SECOND, pixels, stride);
        vdt_street_painter_classes(painter, SECOND, classes, class_stride);
        for (guint y = 0; y < height; y++) {
            for (guint x = 0; x < 12; x++)
                g_assert_cmpuint(pixels[y * stride + 4 * width + x], ==, 0xa5);
            for (guint x = 0; x < 5; x++)
                g_assert_cmpuint(classes[y * class_stride + width + x], ==, 0xa5);
            for (guint x = 0; x < width; x++)
                g_assert_cmpuint(classes[y * class_stride + x], <, VDT_STREET_N_CLASSES);
        }
    }
}

/* Times before and long after a clip are drawn, too: nothing reads beyond what there is. */
static void test_times(void)
{
    gint64 times[] = {-SECOND, 0, DURATION, 100 * DURATION, G_MAXINT64 / 4, G_MININT64 / 4};

    for (guint action = 0; action <= VDT_STREET_N_ACTIONS; action++) {
        VdtStreetClip clip = {
            .seed = 31, .action = action % VDT_STREET_N_ACTIONS, .duration = DURATION};
        VdtStreetOptions options = {.seed = 31, .changing = TRUE};

        g_autoptr(VdtStreet) street =
            action == VDT_STREET_N_ACTIONS ? vdt_street_new(&options) : vdt_street_new_clip(&clip);
        g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, 64, 36);
        for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
            g_autoptr(GArray) objects = vdt_street_get_objects(street, times[i], 1.5);

            hash_frame(painter, times[i], 64, 36);
            hash_classes(painter, times[i], 64, 36);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/street/pinned", test_pinned);
    g_test_add_func("/street/order", test_order);
    g_test_add_func("/street/changing", test_changing);
    g_test_add_func("/street/threads", test_threads);
    g_test_add_func("/street/clean", test_clean);
    g_test_add_func("/street/conditions", test_conditions);
    g_test_add_func("/street/boxes", test_boxes);
    g_test_add_func("/street/sizes", test_sizes);
    g_test_add_func("/street/times", test_times);
    return g_test_run();
}
