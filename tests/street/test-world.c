/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The truth that a street states about itself. */
#include <math.h>
#include <string.h>

#include <street.h>

#define SECOND   G_GINT64_CONSTANT(1000000000)
#define DURATION (SECOND * 24 / 10)
#define WIDE     (16.0 / 9)

static void test_names(void)
{
    for (guint i = 0; i < VDT_STREET_N_ACTIONS; i++)
        for (guint k = 0; k < i; k++)
            g_assert_cmpstr(vdt_street_action_name(i), !=, vdt_street_action_name(k));
    for (guint i = 0; i < VDT_STREET_N_CLASSES; i++)
        g_assert_nonnull(vdt_street_class_name(i));
    for (guint i = 0; i < VDT_STREET_N_CONDITIONS; i++)
        g_assert_nonnull(vdt_street_condition_name(i));
    g_assert_cmpstr(vdt_street_action_name(VDT_STREET_LEAVE_BAG), ==, "leave-bag");
    g_assert_cmpstr(vdt_street_action_name(VDT_STREET_CAR_PARK), ==, "car-park");
}

static double field(const VdtStreetConditions *now, guint condition)
{
    const double fields[VDT_STREET_N_CONDITIONS] = {0,         now->night, now->rain, now->snow,
                                                    now->haze, now->noise, now->shake};
    return fields[condition];
}

/* Any run of that many clips is even; what a clip stands for is the worst of it. */
static void test_list(void)
{
    guint round = VDT_STREET_N_ACTIONS * VDT_STREET_N_CONDITIONS, others = 0, mild = 0;
    guint seen[VDT_STREET_N_ACTIONS][VDT_STREET_N_CONDITIONS] = {0};
    g_autoptr(GHashTable) seeds = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

    for (guint i = 0; i < 10 * round; i++) {
        VdtStreetCondition condition, again;
        VdtStreetClip clip = vdt_street_list_clip(3, 1000 + i, DURATION, &condition);
        VdtStreetClip same = vdt_street_list_clip(3, 1000 + i, DURATION, &again);
        VdtStreetClip other = vdt_street_list_clip(4, 1000 + i, DURATION, NULL);

        g_assert_cmpuint(clip.seed, ==, same.seed);
        g_assert_cmpuint(clip.action, ==, same.action);
        g_assert_cmpmem(&clip.conditions, sizeof clip.conditions, &same.conditions,
                        sizeof same.conditions);
        g_assert_cmpuint(condition, ==, again);
        g_assert_cmpint(clip.duration, ==, DURATION);
        g_assert_true(g_hash_table_add(seeds, g_memdup2(&clip.seed, 8)));
        g_assert_true(g_hash_table_add(seeds, g_memdup2(&other.seed, 8)));
        seen[clip.action][condition]++;
        for (guint k = 1; k < VDT_STREET_N_CONDITIONS; k++) {
            double bad = field(&clip.conditions, k);

            g_assert_cmpfloat(bad, <=, 1);
            if (k == condition) {
                g_assert_cmpfloat(bad, >=, 0.4);
            } else {
                g_assert_cmpfloat(bad, <, 0.4);
                others++;
                mild += bad > 0;
            }
        }
        g_assert_true(clip.conditions.rain == 0 || clip.conditions.snow == 0);
    }
    for (guint a = 0; a < VDT_STREET_N_ACTIONS; a++)
        for (guint c = 0; c < VDT_STREET_N_CONDITIONS; c++)
            g_assert_cmpuint(seen[a][c], ==, 10);
    g_assert_cmpfloat_with_epsilon((double)mild / others, 0.31, 0.05);
}

static gboolean same_objects(GArray *a, GArray *b)
{
    if (a->len != b->len)
        return FALSE;
    for (guint i = 0; i < a->len; i++) {
        const VdtStreetObject *x = &g_array_index(a, VdtStreetObject, i);
        const VdtStreetObject *y = &g_array_index(b, VdtStreetObject, i);

        if (x->id != y->id || x->kind != y->kind || x->action != y->action || x->main != y->main ||
            x->x != y->x || x->y != y->y || x->width != y->width || x->height != y->height)
            return FALSE;
    }
    return TRUE;
}

static gboolean moves(VdtStreetAction action)
{
    return action >= VDT_STREET_CAR_PASS;
}

/* What the task says of a clip, checked over its length. */
static void check_clip(const VdtStreetClip *clip)
{
    g_autoptr(VdtStreet) street = vdt_street_new_clip(clip);
    g_autoptr(GArray) events = vdt_street_get_events(street, 0, clip->duration);
    g_autoptr(GHashTable) bystanders =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    guint inside = 0, n = 25, crowd = 0;
    double highest = 0;
    guint64 actor = 0;

    if (clip->action == VDT_STREET_EMPTY) {
        g_assert_cmpuint(events->len, ==, 0);
    } else {
        const VdtStreetEvent *event = &g_array_index(events, VdtStreetEvent, 0);

        g_assert_cmpuint(events->len, ==, 1);
        g_assert_cmpuint(event->action, ==, clip->action);
        g_assert_cmpint(event->start, >=, 0);
        g_assert_cmpint(event->start, <, event->end);
        g_assert_cmpint(event->end, <=, clip->duration);
        actor = event->actor;
    }
    for (guint i = 0; i < n; i++) {
        gint64 time = clip->duration * i / (n - 1);
        g_autoptr(GArray) objects = vdt_street_get_objects(street, time, WIDE);
        guint mains = 0;

        crowd = 0;
        for (guint k = 0; k < objects->len; k++) {
            const VdtStreetObject *object = &g_array_index(objects, VdtStreetObject, k);

            g_assert_cmpfloat(object->x, >=, 0);
            g_assert_cmpfloat(object->y, >=, 0);
            g_assert_cmpfloat(object->width, >, 0);
            g_assert_cmpfloat(object->height, >, 0);
            g_assert_cmpfloat(object->x + object->width, <=, 1 + 1e-9);
            g_assert_cmpfloat(object->y + object->height, <=, 1 + 1e-9);
            if (object->main) {
                mains++;
                g_assert_cmpuint(object->kind, ==,
                                 moves(clip->action) ? VDT_STREET_VEHICLE : VDT_STREET_PERSON);
            } else if (object->kind == VDT_STREET_PERSON) {
                crowd++;
                g_hash_table_add(bystanders, g_memdup2(&object->id, 8));
                g_assert_true(
                    object->action == VDT_STREET_EMPTY ||
                    (object->action == VDT_STREET_WALK && clip->action != VDT_STREET_EMPTY));
            } else {
                g_assert_cmpuint(object->action, ==, VDT_STREET_EMPTY);
            }
            if (object->id == actor && object->main) {
                gboolean cut = object->x <= 0 || object->y <= 0 || object->x + object->width >= 1 ||
                               object->y + object->height >= 1;

                inside += !cut;
                if (!cut)
                    highest = MAX(highest, object->height);
            }
        }
        if (clip->action == VDT_STREET_EMPTY)
            g_assert_cmpuint(mains, ==, 0);
        else
            g_assert_cmpuint(mains, <=, clip->action == VDT_STREET_FIGHT ? 2 : 1);
    }
    g_assert_cmpuint(g_hash_table_size(bystanders), <=, 6);
    if (clip->action == VDT_STREET_EMPTY)
        return;
    /* Well in the frame for most of the time; who lies is less high than who stands. */
    if (inside * 3 < n || highest < 0.1)
        g_test_message("%s %" G_GUINT64_FORMAT ": inside %u of %u, height %g",
                       vdt_street_action_name(clip->action), clip->seed, inside, n, highest);
    g_assert_cmpuint(inside * 3, >=, n);
    g_assert_cmpfloat(highest, >=, 0.1);
    g_assert_cmpfloat(highest, <=, 0.85);
}

static void test_clips(gconstpointer data)
{
    gint64 duration = GPOINTER_TO_INT(data) * (SECOND / 10);

    for (guint i = 0; i < 40 * VDT_STREET_N_ACTIONS; i++) {
        VdtStreetClip clip = vdt_street_list_clip(77, i, duration, NULL);

        check_clip(&clip);
    }
}

/* Where a clip's actor is does not tell what it does: sizes and places are spread alike. */
static void test_spread(void)
{
    double size[VDT_STREET_N_ACTIONS] = {0}, place[VDT_STREET_N_ACTIONS] = {0};
    guint small = 0, large = 0, n = 150;

    for (guint action = VDT_STREET_WALK; action < VDT_STREET_N_ACTIONS; action++) {
        for (guint i = 0; i < n; i++) {
            VdtStreetClip clip = {
                .seed = 1000 * action + i, .action = action, .duration = DURATION};
            g_autoptr(VdtStreet) street = vdt_street_new_clip(&clip);
            g_autoptr(GArray) objects = vdt_street_get_objects(street, DURATION / 2, WIDE);

            for (guint k = 0; k < objects->len; k++) {
                const VdtStreetObject *object = &g_array_index(objects, VdtStreetObject, k);

                if (!object->main)
                    continue;
                size[action] += object->height / n;
                place[action] += (object->x + object->width / 2 - 0.5) / n;
                small += object->height < 0.18;
                large += object->height > 0.35;
                break;
            }
        }
        g_test_message("%s: height %.3f, place %+.3f", vdt_street_action_name(action), size[action],
                       place[action]);
        g_assert_cmpfloat(fabs(place[action]), <, 0.06);
    }
    g_assert_cmpuint(small, >, 11 * n / 6);
    g_assert_cmpuint(large, >, 11 * n / 12);
}

static void test_endless_events(void)
{
    VdtStreetOptions options = {.seed = 5};
    g_autoptr(VdtStreet) street = vdt_street_new(&options);
    g_autoptr(GArray) all = vdt_street_get_events(street, 0, 1056 * SECOND);
    guint seen[VDT_STREET_N_ACTIONS] = {0};

    /* 132 acts of 8 s on average, each action as often as the others; who has fallen gets up, and
     * who gets up has fallen; a car that halts drives off. */
    for (guint i = 0; i < all->len; i++) {
        const VdtStreetEvent *event = &g_array_index(all, VdtStreetEvent, i);

        seen[event->action]++;
        g_assert_cmpint(event->start, <, event->end);
        g_assert_cmpint(event->start, <=, event->told);
        g_assert_cmpint(event->told, <, event->end);
        g_assert_cmpint(event->end - event->start, <=, 8 * SECOND);
        if (i > 0)
            g_assert_cmpint(event->start, >=, g_array_index(all, VdtStreetEvent, i - 1).start);
    }
    g_assert_cmpuint(seen[VDT_STREET_EMPTY], ==, 0);
    for (guint a = 1; a < VDT_STREET_N_ACTIONS; a++)
        g_assert_cmpuint(seen[a], ==,
                         a == VDT_STREET_CAR_PASS                         ? 36
                         : a == VDT_STREET_FALL || a == VDT_STREET_GET_UP ? 24
                                                                          : 12);

    /* Any window gives those that overlap it, and the same ones. */
    for (guint i = 0; i < 60; i++) {
        gint64 from = i * 7 * SECOND, to = from + i * SECOND / 3;
        g_autoptr(GArray) some = vdt_street_get_events(street, from, to);
        guint k = 0;

        for (guint e = 0; e < all->len; e++) {
            const VdtStreetEvent *event = &g_array_index(all, VdtStreetEvent, e);

            if (event->start >= to || event->end <= from)
                continue;
            g_assert_cmpuint(k, <, some->len);
            const VdtStreetEvent *got = &g_array_index(some, VdtStreetEvent, k++);
            g_assert_cmpuint(got->id, ==, event->id);
            g_assert_cmpuint(got->actor, ==, event->actor);
            g_assert_cmpint(got->start, ==, event->start);
            g_assert_cmpint(got->end, ==, event->end);
        }
        g_assert_cmpuint(k, ==, some->len);
    }
}

/* During an event its actor is there, does it, and mostly is well in the frame. */
static void test_endless_actors(void)
{
    guint there = 0, high = 0, n = 0;

    for (guint64 seed = 1; seed <= 10; seed++) {
        VdtStreetOptions options = {.seed = seed};
        g_autoptr(VdtStreet) street = vdt_street_new(&options);
        g_autoptr(GArray) events = vdt_street_get_events(street, 0, 180 * SECOND);

        for (guint e = 0; e < events->len; e++) {
            const VdtStreetEvent *event = &g_array_index(events, VdtStreetEvent, e);
            g_autoptr(GArray) objects =
                vdt_street_get_objects(street, (event->start + event->end) / 2, WIDE);

            n++;
            for (guint k = 0; k < objects->len; k++) {
                const VdtStreetObject *object = &g_array_index(objects, VdtStreetObject, k);

                if (object->id != event->actor)
                    continue;
                there++;
                high += object->height >= 0.1 || event->action == VDT_STREET_FALL ||
                        event->action == VDT_STREET_GET_UP;
                g_assert_true(object->main);
                g_assert_cmpuint(object->action, ==, event->action);
            }
        }
    }
    g_assert_cmpuint(there * 100, >=, n * 95);
    g_assert_cmpuint(high * 100, >=, n * 88);
}

/* A moment is the same whatever was asked before. */
static void test_endless_order(void)
{
    VdtStreetOptions options = {.seed = 9, .changing = TRUE};
    g_autoptr(VdtStreet) forth = vdt_street_new(&options), back = vdt_street_new(&options);
    GArray *seen[80];

    for (int i = 0; i < 80; i++)
        seen[i] = vdt_street_get_objects(forth, i * 3 * SECOND, WIDE);
    for (int i = 79; i >= 0; i--) {
        g_autoptr(GArray) again = vdt_street_get_objects(back, i * 3 * SECOND, WIDE);

        g_assert_true(same_objects(seen[i], again));
        g_array_unref(seen[i]);
    }
}

/* Nobody jumps: between two frames all move a little only, and come and go at the edges. */
static void test_endless_smooth(void)
{
    VdtStreetOptions options = {.seed = 12};
    g_autoptr(VdtStreet) street = vdt_street_new(&options);
    g_autoptr(GArray) before = vdt_street_get_objects(street, 0, WIDE);

    for (int i = 1; i < 25 * 120; i++) {
        GArray *now = vdt_street_get_objects(street, i * SECOND / 25, WIDE);

        for (guint a = 0; a < before->len; a++)
            for (guint b = 0; b < now->len; b++) {
                const VdtStreetObject *x = &g_array_index(before, VdtStreetObject, a);
                const VdtStreetObject *y = &g_array_index(now, VdtStreetObject, b);

                if (x->id != y->id || x->kind != y->kind)
                    continue;
                g_assert_cmpfloat(fabs(x->x + x->width / 2 - y->x - y->width / 2), <, 0.06);
                g_assert_cmpfloat(fabs(x->y + x->height - y->y - y->height), <, 0.06);
            }
        g_array_unref(before);
        before = now;
    }
}

static void test_conditions(void)
{
    VdtStreetOptions options = {.seed = 2, .changing = TRUE};
    g_autoptr(VdtStreet) street = vdt_street_new(&options);
    double least = 1, most = 0, last = -1;

    for (int i = 0; i < 900; i++) {
        VdtStreetConditions now = vdt_street_get_conditions(street, i * SECOND);

        for (guint k = 1; k < VDT_STREET_N_CONDITIONS; k++) {
            g_assert_cmpfloat(field(&now, k), >=, 0);
            g_assert_cmpfloat(field(&now, k), <=, 1);
        }
        least = MIN(least, now.night);
        most = MAX(most, now.night);
        if (last >= 0)
            g_assert_cmpfloat(fabs(now.night - last), <, 0.08);
        last = now.night;
    }
    g_assert_cmpfloat(least, ==, 0);
    g_assert_cmpfloat(most, ==, 1);

    VdtStreetClip clip = vdt_street_list_clip(1, 20, DURATION, NULL);
    g_autoptr(VdtStreet) still = vdt_street_new_clip(&clip);
    VdtStreetConditions now = vdt_street_get_conditions(still, DURATION / 3);
    g_assert_cmpmem(&now, sizeof now, &clip.conditions, sizeof now);
}

/* Boxes are shares of the frame, whatever its shape; the 16 to 9 picture is always in it. */
static void test_aspect(void)
{
    VdtStreetClip clip = {.seed = 8, .action = VDT_STREET_WAVE, .duration = DURATION};
    g_autoptr(VdtStreet) street = vdt_street_new_clip(&clip);
    double aspects[] = {WIDE, 4.0 / 3, 1, 0.5, 3};
    double wide = 0;

    for (guint i = 0; i < G_N_ELEMENTS(aspects); i++) {
        g_autoptr(GArray) objects = vdt_street_get_objects(street, DURATION / 2, aspects[i]);
        gboolean found = FALSE;

        for (guint k = 0; k < objects->len; k++) {
            const VdtStreetObject *object = &g_array_index(objects, VdtStreetObject, k);

            if (!object->main)
                continue;
            found = TRUE;
            if (i == 0)
                wide = object->height;
            g_assert_cmpfloat_with_epsilon(object->height, wide * MIN(1, aspects[i] / WIDE), 1e-9);
        }
        g_assert_true(found);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/street/names", test_names);
    g_test_add_func("/street/list", test_list);
    g_test_add_data_func("/street/clips/1.5s", GINT_TO_POINTER(15), test_clips);
    g_test_add_data_func("/street/clips/2.4s", GINT_TO_POINTER(24), test_clips);
    g_test_add_data_func("/street/clips/4s", GINT_TO_POINTER(40), test_clips);
    g_test_add_func("/street/spread", test_spread);
    g_test_add_func("/street/endless/events", test_endless_events);
    g_test_add_func("/street/endless/actors", test_endless_actors);
    g_test_add_func("/street/endless/order", test_endless_order);
    g_test_add_func("/street/endless/smooth", test_endless_smooth);
    g_test_add_func("/street/conditions", test_conditions);
    g_test_add_func("/street/aspect", test_aspect);
    return g_test_run();
}
