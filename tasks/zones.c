/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "zones.h"

#include <math.h>
#include <string.h>
#include <vedette/error.h>

#define MOST_TEXT (1 << 16)

static void fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void fail(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_propagate_error(error, g_error_new_valist(VDT_ERROR, VDT_ERROR_FORMAT, format, args));
    va_end(args);
}

/* Shape */

/* Twice the area of the triangle: its sign says on which side of a to b the point c is. */
static double side(VdtZonePoint a, VdtZonePoint b, VdtZonePoint c)
{
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

/* Of points in one line: whether c lies between a and b. */
static gboolean is_between(VdtZonePoint a, VdtZonePoint b, VdtZonePoint c)
{
    return MIN(a.x, b.x) <= c.x && c.x <= MAX(a.x, b.x) && MIN(a.y, b.y) <= c.y &&
           c.y <= MAX(a.y, b.y);
}

static gboolean meet(VdtZonePoint a, VdtZonePoint b, VdtZonePoint c, VdtZonePoint d)
{
    const double c_side = side(a, b, c), d_side = side(a, b, d);
    const double a_side = side(c, d, a), b_side = side(c, d, b);

    if (((c_side > 0 && d_side < 0) || (c_side < 0 && d_side > 0)) &&
        ((a_side > 0 && b_side < 0) || (a_side < 0 && b_side > 0)))
        return TRUE;
    return (c_side == 0 && is_between(a, b, c)) || (d_side == 0 && is_between(a, b, d)) ||
           (a_side == 0 && is_between(c, d, a)) || (b_side == 0 && is_between(c, d, b));
}

/* Whether the line from b to c goes back over that from a to b. */
static gboolean turns_back(VdtZonePoint a, VdtZonePoint b, VdtZonePoint c)
{
    return side(a, b, c) == 0 && (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y) < 0;
}

static gboolean check_line(const VdtZone *line, GError **error)
{
    const VdtZonePoint *p = line->points;

    if (line->n_points != 2)
        fail(error, "line \"%s\" has %u points, but must have 2", line->name, line->n_points);
    else if (p[0].x == p[1].x && p[0].y == p[1].y)
        fail(error, "line \"%s\": its points are the same", line->name);
    else
        return TRUE;
    return FALSE;
}

static gboolean check_outline(const VdtZone *zone, GError **error)
{
    const guint n = zone->n_points;
    const VdtZonePoint *p = zone->points;

    if (n < 3) {
        fail(error, "zone \"%s\" has %u points, but needs 3", zone->name, n);
        return FALSE;
    }
    for (guint i = 0; i < n; i++) {
        const guint next = (i + 1) % n;

        if (p[i].x == p[next].x && p[i].y == p[next].y) {
            fail(error, "zone \"%s\": points %u and %u are the same", zone->name, i + 1, next + 1);
            return FALSE;
        }
        if (turns_back(p[i], p[next], p[(i + 2) % n])) {
            fail(error, "zone \"%s\": its outline turns back on itself at point %u", zone->name,
                 next + 1);
            return FALSE;
        }
    }
    for (guint i = 0; i < n; i++)
        for (guint k = i + 2; k < n; k++) {
            if ((k + 1) % n == i) /* neighbours meet in their common point */
                continue;
            if (meet(p[i], p[i + 1], p[k], p[(k + 1) % n])) {
                fail(error,
                     "zone \"%s\": its outline meets itself, after point %u and after point %u",
                     zone->name, i + 1, k + 1);
                return FALSE;
            }
        }
    return TRUE;
}

/* Text */

/* What is read: its name, and what it has to be like. */
typedef struct {
    const char *noun;
    gboolean (*check)(const VdtZone *zone, GError **error);
} Kind;

static const Kind zone_kind = {"zone", check_outline}, line_kind = {"line", check_line};

static gboolean read_name(const Kind *kind, VdtZones *zones, VdtZone *zone, const char *text,
                          GError **error)
{
    const gsize length = strlen(text);
    gboolean control = FALSE;

    if (length == 0 || length > VDT_ZONE_NAME_BYTES) {
        fail(error, "%s %u has a name of %" G_GSIZE_FORMAT " bytes, but must have 1 to %d",
             kind->noun, zones->n_zones + 1, length, VDT_ZONE_NAME_BYTES);
        return FALSE;
    }
    for (const char *c = text; *c; c++)
        control |= g_ascii_iscntrl(*c);
    if (control || !g_utf8_validate(text, -1, NULL)) {
        fail(error, "%s %u has a name that is not a line of UTF-8", kind->noun, zones->n_zones + 1);
        return FALSE;
    }
    for (guint i = 0; i < zones->n_zones; i++)
        if (strcmp(zones->zones[i].name, text) == 0) {
            fail(error, "%ss %u and %u are both named \"%s\"", kind->noun, i + 1,
                 zones->n_zones + 1, text);
            return FALSE;
        }
    g_strlcpy(zone->name, text, sizeof zone->name);
    return TRUE;
}

static gboolean read_number(const char **at, char end, double *value)
{
    char *stop;

    if (!g_ascii_isdigit(**at) && **at != '-' && **at != '.' && **at != '+')
        return FALSE;
    *value = g_ascii_strtod(*at, &stop);
    if (stop == *at || *stop != end || !(fabs(*value) <= VDT_ZONE_FARTHEST))
        return FALSE;
    *at = stop + 1;
    return TRUE;
}

static gboolean read_points(const Kind *kind, VdtZone *zone, char *text, char **outside,
                            GError **error)
{
    g_auto(GStrv) points = g_strsplit_set(text, " \t\r\n", -1);

    for (guint i = 0; points[i]; i++) {
        VdtZonePoint *point = &zone->points[zone->n_points];
        const char *at = points[i];

        if (!*at)
            continue;
        if (zone->n_points == VDT_ZONE_POINTS) {
            fail(error, "%s \"%s\" has more than %d points", kind->noun, zone->name,
                 VDT_ZONE_POINTS);
            return FALSE;
        }
        zone->n_points++;
        if (!read_number(&at, ',', &point->x) || !read_number(&at, '\0', &point->y)) {
            g_autofree char *valid = g_utf8_make_valid(points[i], MIN(strlen(points[i]), 40));

            fail(error, "%s \"%s\": point %u is \"%s\", but must be X,Y within -%g to %g",
                 kind->noun, zone->name, zone->n_points, valid, VDT_ZONE_FARTHEST,
                 VDT_ZONE_FARTHEST);
            return FALSE;
        }
        if (outside && !*outside &&
            !(point->x >= 0 && point->x <= 1 && point->y >= 0 && point->y <= 1))
            *outside = g_strdup_printf("%s \"%s\": point %u lies outside the frame", kind->noun,
                                       zone->name, zone->n_points);
    }
    return kind->check(zone, error);
}

static gboolean read_zone(const Kind *kind, VdtZones *zones, char *text, char **outside,
                          GError **error)
{
    VdtZone *zone = &zones->zones[zones->n_zones];
    char *colon;

    if (zones->n_zones == VDT_ZONES_MOST) {
        fail(error, "there are more than %d %ss", VDT_ZONES_MOST, kind->noun);
        return FALSE;
    }
    colon = strchr(text, ':');
    if (!colon) {
        fail(error, "%s %u has no colon after its name", kind->noun, zones->n_zones + 1);
        return FALSE;
    }
    *colon = '\0';
    if (!read_name(kind, zones, zone, g_strstrip(text), error) ||
        !read_points(kind, zone, colon + 1, outside, error))
        return FALSE;
    zones->n_zones++;
    return TRUE;
}

static VdtZones *parse(const Kind *kind, const char *text, char **outside, GError **error)
{
    g_autoptr(VdtZones) zones = g_atomic_rc_box_new0(VdtZones);
    g_autofree char *first = NULL;
    g_auto(GStrv) parts = NULL;

    if (text && strlen(text) > MOST_TEXT) {
        fail(error, "%ss are longer than %d bytes", kind->noun, MOST_TEXT);
        return NULL;
    }
    parts = g_strsplit(text ? text : "", ";", -1);
    for (guint i = 0; parts[i]; i++) {
        if (*g_strstrip(parts[i]) && !read_zone(kind, zones, parts[i], &first, error))
            return NULL;
    }
    if (outside)
        *outside = g_steal_pointer(&first);
    return g_steal_pointer(&zones);
}

VdtZones *vdt_zones_parse(const char *text, char **outside, GError **error)
{
    return parse(&zone_kind, text, outside, error);
}

VdtZones *vdt_lines_parse(const char *text, char **outside, GError **error)
{
    return parse(&line_kind, text, outside, error);
}

void vdt_zones_unref(VdtZones *zones)
{
    g_atomic_rc_box_release(zones);
}

/* Pixels */

static int compare(gconstpointer a, gconstpointer b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Where the outline crosses the line at @y, in order; returns how often: an even number. */
static guint cross(const VdtZone *zone, double y, double *at)
{
    guint n = 0;

    for (guint i = 0; i < zone->n_points; i++) {
        const VdtZonePoint a = zone->points[i], b = zone->points[(i + 1) % zone->n_points];

        if ((a.y <= y) != (b.y <= y))
            at[n++] = a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x);
    }
    qsort(at, n, sizeof *at, compare);
    return n;
}

/* The first column whose centre is at @x or right of it. */
static guint column(double x, guint width)
{
    return (guint)CLAMP(ceil(x * width - 0.5), 0, width);
}

gboolean vdt_zone_contains(const VdtZone *zone, double x, double y)
{
    double at[VDT_ZONE_POINTS];
    const guint n = cross(zone, y, at);
    guint before = 0;

    while (before < n && at[before] <= x)
        before++;
    return before % 2 == 1;
}

GArray *vdt_zone_rasterise(const VdtZone *zone, guint width, guint height)
{
    GArray *runs = g_array_new(FALSE, FALSE, sizeof(VdtZoneRun));

    for (guint y = 0; y < height; y++) {
        double at[VDT_ZONE_POINTS];
        const guint n = cross(zone, (y + 0.5) / height, at);

        for (guint i = 0; i + 1 < n; i += 2) {
            const VdtZoneRun run = {y, column(at[i], width), column(at[i + 1], width)};

            if (run.to > run.from)
                g_array_append_val(runs, run);
        }
    }
    return runs;
}
