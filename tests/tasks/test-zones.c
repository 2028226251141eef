/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Zones and lines: what is one, what is refused and in which words, and which pixels are in it. */
#include <string.h>
#include <vedette/error.h>

#include "zones.h"

static void test_parse(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *outside = NULL;
    g_autoptr(VdtZones) zones = vdt_zones_parse(
        " the door : 0.1,0.2 0.4,0.2\t0.4,0.9 ;\nkerb:0,.8 1,.8 1,1 0,1;;", &outside, &error);

    g_assert_no_error(error);
    g_assert_null(outside);
    g_assert_cmpuint(zones->n_zones, ==, 2);
    g_assert_cmpstr(zones->zones[0].name, ==, "the door");
    g_assert_cmpuint(zones->zones[0].n_points, ==, 3);
    g_assert_cmpfloat(zones->zones[0].points[2].y, ==, 0.9);
    g_assert_cmpstr(zones->zones[1].name, ==, "kerb");
    g_assert_cmpuint(zones->zones[1].n_points, ==, 4);
}

static void test_none(void)
{
    static const char *const texts[] = {NULL, "", "  ", " ; ;"};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(VdtZones) zones = vdt_zones_parse(texts[i], NULL, NULL);

        g_assert_cmpuint(zones->n_zones, ==, 0);
    }
}

static void test_outside(void)
{
    g_autofree char *outside = NULL;
    g_autoptr(VdtZones) zones =
        vdt_zones_parse("in: 0,0 1,0 1,1; out: 0.5,0.5 1.5,0.5 0.5,-1", &outside, NULL);

    g_assert_cmpuint(zones->n_zones, ==, 2);
    g_assert_cmpstr(outside, ==, "zone \"out\": point 2 lies outside the frame");
}

static void test_refused(void)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"0,0 1,0 1,1", "zone 1 has no colon"},
        {": 0,0 1,0 1,1", "zone 1 has a name of 0 bytes"},
        {"a: 0,0 1,0", "zone \"a\" has 2 points, but needs 3"},
        {"a:", "zone \"a\" has 0 points"},
        {"a: 0,0 1,0 1", "zone \"a\": point 3 is \"1\""},
        {"a: 0,0 1,0 1,", "point 3"},
        {"a: 0,0 1,0 1,1,1", "point 3"},
        {"a: 0,0 x,0 1,1", "point 2 is \"x,0\""},
        {"a: 0,0 nan,0 1,1", "point 2"},
        {"a: 0,0 1,0 -inf,1", "point 3"},
        {"a: 0,0 1e300,0 1,1", "point 2"},
        {"a: 0,0 11,0 1,1", "point 2"},
        {"a: 0,0 1,1 1,0 0,1", "meets itself, after point 1 and after point 3"},
        {"a: 0,0 1,0 1,1 0.5,0 0,1", "meets itself, after point 1 and after point 3"},
        {"a: 0,0 1,0 0.5,0", "turns back on itself at point 2"},
        {"a: 0,0 0,0 1,1", "points 1 and 2 are the same"},
        {"a: 0,0 1,0 1,1 0,0", "points 4 and 1 are the same"},
        {"a: 0,0 1,0 1,1; a: 0,0 1,0 1,1", "zones 1 and 2 are both named \"a\""},
        {"a\x01: 0,0 1,0 1,1", "not a line of UTF-8"},
        {"\xff: 0,0 1,0 1,1", "not a line of UTF-8"},
    };
    g_autoptr(GString) many = g_string_new(NULL), points = g_string_new("p:");
    g_autofree char *name = g_strnfill(65, 'n'), *named = g_strconcat(name, ": 0,0 1,0 1,1", NULL);
    g_autofree char *endless = g_strnfill(1 << 17, ' ');

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *outside = NULL;

        g_assert_null(vdt_zones_parse(cases[i].text, &outside, &error));
        g_assert_null(outside);
        g_assert_error(error, VDT_ERROR, VDT_ERROR_FORMAT);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
        if (!strstr(error->message, cases[i].says))
            g_assert_cmpstr(error->message, ==, cases[i].says);
    }
    for (guint i = 0; i <= VDT_ZONES_MOST; i++)
        g_string_append_printf(many, "z%u: 0,0 1,0 1,1;", i);
    for (guint i = 0; i <= VDT_ZONE_POINTS; i++)
        g_string_append_printf(points, " %g,%g", i / 100.0, i * i / 10000.0);
    for (guint i = 0; i < 4; i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(vdt_zones_parse((const char *[]){many->str, points->str, named, endless}[i],
                                      NULL, &error));
        g_assert_error(error, VDT_ERROR, VDT_ERROR_FORMAT);
    }
}

/* Pixels in each row, as "4 4 0 0". */
static char *rows_of(const char *text, guint width, guint height)
{
    g_autoptr(VdtZones) zones = vdt_zones_parse(text, NULL, NULL);
    g_autoptr(GArray) runs = vdt_zone_rasterise(&zones->zones[0], width, height);
    g_autofree guint *rows = g_new0(guint, height);
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < runs->len; i++) {
        const VdtZoneRun *run = &g_array_index(runs, VdtZoneRun, i);

        g_assert_cmpuint(run->y, <, height);
        g_assert_cmpuint(run->from, <, run->to);
        g_assert_cmpuint(run->to, <=, width);
        rows[run->y] += run->to - run->from;
    }
    for (guint y = 0; y < height; y++)
        g_string_append_printf(out, "%s%u", y ? " " : "", rows[y]);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void test_rasterise(void)
{
    static const struct {
        const char *text, *rows;
    } cases[] = {
        {"all: 0,0 1,0 1,1 0,1", "4 4 4 4"},
        {"other way round: 0,1 1,1 1,0 0,0", "4 4 4 4"},
        {"top: 0,0 1,0 1,0.5 0,0.5", "4 4 0 0"},
        {"triangle: 0,0 1,1 0,1", "0 1 2 3"},
        {"large: -5,-5 5,-5 5,5 -5,5", "4 4 4 4"},
        {"half out: 0.5,-1 3,-1 3,2 0.5,2", "2 2 2 2"},
        {"away: 2,2 3,2 3,3", "0 0 0 0"},
        {"between pixels: 0.4,0.4 0.6,0.4 0.6,0.6 0.4,0.6", "0 0 0 0"},
        /* not convex: a tooth is missing */
        {"u: 0,0 0.25,0 0.25,0.5 0.75,0.5 0.75,0 1,0 1,1 0,1", "2 2 4 4"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *rows = rows_of(cases[i].text, 4, 4);

        g_assert_cmpstr(rows, ==, cases[i].rows);
    }
    for (guint size = 1; size < 50; size += 7)
        g_free(rows_of("odd: -0.3,0.1 1.2,-0.4 0.7,0.5 1.9,1.3 0.2,0.6", size, 50 - size));
}

/* What lies in a zone is what its pixels' centres are. */
static void test_contains(void)
{
    static const char *const texts[] = {
        "all: 0,0 1,0 1,1 0,1",
        "triangle: 0.1,0.1 0.93,0.87 0.13,0.91",
        "u: 0,0 0.23,0 0.23,0.52 0.77,0.52 0.77,0 1,0 1,1 0,1",
        "half out: 0.5,-1 3,-1 3,2 0.5,2",
        "odd: -0.3,0.1 1.2,-0.4 0.7,0.5 1.9,1.3 0.2,0.6",
    };
    enum { SIZE = 37 };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(VdtZones) zones = vdt_zones_parse(texts[i], NULL, NULL);
        g_autoptr(GArray) runs = vdt_zone_rasterise(&zones->zones[0], SIZE, SIZE);
        gboolean in[SIZE][SIZE] = {0};

        for (guint k = 0; k < runs->len; k++) {
            const VdtZoneRun *run = &g_array_index(runs, VdtZoneRun, k);

            for (guint x = run->from; x < run->to; x++)
                in[run->y][x] = TRUE;
        }
        for (guint y = 0; y < SIZE; y++)
            for (guint x = 0; x < SIZE; x++)
                g_assert_true(vdt_zone_contains(&zones->zones[0], (x + 0.5) / SIZE,
                                                (y + 0.5) / SIZE) == in[y][x]);
        g_assert_false(vdt_zone_contains(&zones->zones[0], 11, 0.5));
        g_assert_false(vdt_zone_contains(&zones->zones[0], -11, 0.5));
        g_assert_false(vdt_zone_contains(&zones->zones[0], 0.5, 11));
    }
}

static void test_lines(void)
{
    static const char *const none[] = {NULL, "", " ; ;"};
    g_autoptr(GError) error = NULL;
    g_autofree char *outside = NULL;
    g_autoptr(VdtZones) lines =
        vdt_lines_parse("the door: 0.1,0.2 0.4,0.9; kerb:-1,.8\n1,.8;", &outside, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(lines->n_zones, ==, 2);
    g_assert_cmpstr(lines->zones[0].name, ==, "the door");
    g_assert_cmpuint(lines->zones[0].n_points, ==, 2);
    g_assert_cmpfloat(lines->zones[0].points[0].x, ==, 0.1);
    g_assert_cmpfloat(lines->zones[0].points[1].y, ==, 0.9);
    g_assert_cmpstr(lines->zones[1].name, ==, "kerb");
    g_assert_cmpstr(outside, ==, "line \"kerb\": point 1 lies outside the frame");
    for (guint i = 0; i < G_N_ELEMENTS(none); i++) {
        g_autoptr(VdtZones) empty = vdt_lines_parse(none[i], NULL, NULL);

        g_assert_cmpuint(empty->n_zones, ==, 0);
    }
}

static void test_lines_refused(void)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"0,0 1,0", "line 1 has no colon"},
        {"a: 0,0 1,1; 0,0 1,0", "line 2 has no colon"},
        {": 0,0 1,0", "line 1 has a name of 0 bytes"},
        {"a:", "line \"a\" has 0 points, but must have 2"},
        {"a: 0,0", "line \"a\" has 1 points, but must have 2"},
        {"a: 0,0 1,0 1,1", "line \"a\" has 3 points, but must have 2"},
        {"a: 0.5,0.2 0.5,0.2", "line \"a\": its points are the same"},
        {"a: 0,0 -0,0", "line \"a\": its points are the same"},
        {"a: 0,0 1", "line \"a\": point 2 is \"1\", but must be X,Y within -10 to 10"},
        {"a: nan,0 1,1", "line \"a\": point 1"},
        {"a: 0,0 inf,1", "line \"a\": point 2"},
        {"a: 0,0 10.5,1", "line \"a\": point 2 is \"10.5,1\", but must be X,Y within -10 to 10"},
        {"a: 0,0 1,1; b: 0,0 1,1; a: 0,0 1,0", "lines 1 and 3 are both named \"a\""},
        {"a\x01: 0,0 1,0", "line 1 has a name that is not a line of UTF-8"},
    };
    g_autoptr(GString) many = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) mistake = NULL;

        g_assert_null(vdt_lines_parse(cases[i].text, NULL, &mistake));
        g_assert_error(mistake, VDT_ERROR, VDT_ERROR_FORMAT);
        if (!strstr(mistake->message, cases[i].says))
            g_assert_cmpstr(mistake->message, ==, cases[i].says);
    }
    for (guint i = 0; i <= VDT_ZONES_MOST; i++)
        g_string_append_printf(many, "l%u: 0,0 1,0;", i);
    g_assert_null(vdt_lines_parse(many->str, NULL, &error));
    g_assert_cmpstr(error->message, ==, "there are more than 32 lines");
}

static void check_zones(const VdtZones *zones)
{
    g_assert_cmpuint(zones->n_zones, <=, VDT_ZONES_MOST);
    for (guint i = 0; i < zones->n_zones; i++) {
        const VdtZone *zone = &zones->zones[i];
        g_autoptr(GArray) runs = vdt_zone_rasterise(zone, 7, 5);

        g_assert_true(g_utf8_validate(zone->name, -1, NULL) && zone->name[0]);
        g_assert_cmpuint(zone->n_points, >=, 3);
        g_assert_cmpuint(zone->n_points, <=, VDT_ZONE_POINTS);
        for (guint k = 0; k < zone->n_points; k++)
            g_assert_true(ABS(zone->points[k].x) <= VDT_ZONE_FARTHEST &&
                          ABS(zone->points[k].y) <= VDT_ZONE_FARTHEST);
        for (guint k = 0; k < runs->len; k++) {
            const VdtZoneRun *run = &g_array_index(runs, VdtZoneRun, k);

            g_assert_true(run->y < 5 && run->from < run->to && run->to <= 7);
        }
    }
}

/* Whatever the text is, it is zones within their limits, or an error that says why. */
static void test_noise(void)
{
    static const char *const words[] = {
        "a",      "door", ":",   ": ",    ";",     " ", "0,0",  "1,0", "1,1",     "0,1",
        "0.5,.5", "-2,3", "1e1", "nan,0", "inf,1", ",", "\xff", "\n",  "0x1p2,1", "9999999"};
    guint32 state = 5;
    guint good = 0;

    for (guint i = 0; i < 20000; i++) {
        g_autoptr(GString) text = g_string_new(i % 2 ? "a: 0,0 1,0 1,1" : NULL);
        g_autoptr(VdtZones) zones = NULL;
        g_autoptr(GError) error = NULL;
        g_autofree char *outside = NULL;
        guint n;

        state = state * 1664525 + 1013904223;
        n = (state >> 16) % (i % 100 ? 20 : 400);
        for (guint k = 0; k < n; k++) {
            state = state * 1664525 + 1013904223;
            g_string_append(text, words[(state >> 16) % G_N_ELEMENTS(words)]);
            if (state >> 30)
                g_string_append_c(text, ' ');
        }
        zones = vdt_zones_parse(text->str, &outside, &error);
        g_assert_true((zones != NULL) == (error == NULL));
        if (error)
            g_assert_true(error->message[0] && g_utf8_validate(error->message, -1, NULL));
        else
            check_zones(zones);
        good += zones && zones->n_zones > 0;
    }
    g_assert_cmpuint(good, >, 100);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/zones/parse", test_parse);
    g_test_add_func("/zones/none", test_none);
    g_test_add_func("/zones/outside", test_outside);
    g_test_add_func("/zones/refused", test_refused);
    g_test_add_func("/zones/noise", test_noise);
    g_test_add_func("/zones/rasterise", test_rasterise);
    g_test_add_func("/zones/contains", test_contains);
    g_test_add_func("/lines/parse", test_lines);
    g_test_add_func("/lines/refused", test_lines_refused);
    return g_test_run();
}
