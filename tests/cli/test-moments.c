/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clips cut out of endless streets: that their labels are true. */
#include "data/moments.h"

#include <string.h>

#define SECOND   G_GINT64_CONSTANT(1000000000)
#define DURATION (SECOND * 12 / 5)
#define N        (7 * VDT_STREET_N_ACTIONS)

static gboolean is_note(VdtStreetAction action)
{
    return action != VDT_STREET_EMPTY && action != VDT_STREET_WALK;
}

/* What the label names goes on when the clip ends, or has begun in it; what it does not name is not
 * there. */
static void check_events(const Moment *moment)
{
    g_autoptr(VdtStreet) street = vdt_street_new(&moment->street);
    gint64 end = moment->from + DURATION;
    g_autoptr(GArray) events = vdt_street_get_events(street, moment->from, end);
    gboolean found = FALSE;

    for (guint i = 0; i < events->len; i++) {
        const VdtStreetEvent *event = &g_array_index(events, VdtStreetEvent, i);
        gint64 shown = MIN(event->end, end) - MAX(event->start, moment->from);

        if (!is_note(event->action))
            continue;
        if (event->action == moment->label && shown >= SECOND / 3)
            found = TRUE;
        else
            g_assert_cmpint(shown, <=, SECOND / 5 + 1);
    }
    g_assert_cmpint(found, ==, is_note(moment->label));
}

static void test_labels(void)
{
    guint labels[VDT_STREET_N_ACTIONS] = {0};

    for (guint i = 0; i < N; i++) {
        Moment moment = moment_choose(1, i, DURATION), again = moment_choose(1, i, DURATION);
        const ClipFocus *focus = &moment.focus;

        g_assert_cmpint(moment.from, ==, again.from);
        g_assert_cmpuint(moment.street.seed, ==, again.street.seed);
        g_assert_cmpint(moment.label, ==, again.label);
        g_assert_cmpint(moment.condition, ==, i / VDT_STREET_N_ACTIONS % 7);
        g_assert_cmpfloat(focus->x0, >=, 0);
        g_assert_cmpfloat(focus->x1, <=, 1);
        if (is_note(moment.label))
            g_assert_cmpfloat(focus->x0, <, focus->x1);
        check_events(&moment);
        labels[moment.label]++;
    }
    /* nearly all streets have what is looked for */
    for (guint a = VDT_STREET_RUN; a < VDT_STREET_N_ACTIONS; a++)
        g_assert_cmpuint(labels[a], >=, 5);
    g_assert_cmpuint(labels[VDT_STREET_WALK] + labels[VDT_STREET_EMPTY], >=, 14);
}

/* Another seed has other streets. */
static void test_seeds(void)
{
    Moment a = moment_choose(1, 5, DURATION), b = moment_choose(2, 5, DURATION);

    g_assert_cmpuint(a.street.seed, !=, b.street.seed);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/moments/labels", test_labels);
    g_test_add_func("/moments/seeds", test_seeds);
    return g_test_run();
}
