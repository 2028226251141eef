/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "letterbox.h"

#include <math.h>

#include "runs.h"

#define NOTHING 255

gboolean vdt_letterbox_find(const GstVideoInfo *in, const GstVideoInfo *out, VdtInner *inner)
{
    const int width = GST_VIDEO_INFO_WIDTH(out), height = GST_VIDEO_INFO_HEIGHT(out);
    int n, d, w = width, h = height;

    /* as videoscale reckons: height over width, in pixels of @out */
    if (!gst_util_fraction_multiply(GST_VIDEO_INFO_WIDTH(in), GST_VIDEO_INFO_HEIGHT(in),
                                    GST_VIDEO_INFO_PAR_N(in), GST_VIDEO_INFO_PAR_D(in), &n, &d) ||
        !gst_util_fraction_multiply(n, d, GST_VIDEO_INFO_PAR_D(out), GST_VIDEO_INFO_PAR_N(out), &n,
                                    &d) ||
        n <= 0 || d <= 0 || width <= 0 || height <= 0)
        return FALSE;
    h = (int)MIN(gst_util_uint64_scale_int((guint64)width, d, n), G_MAXINT);
    if (h > height) {
        h = height;
        w = (int)MIN(gst_util_uint64_scale_int((guint64)height, n, d), (guint64)width);
    }
    if (w < 1 || h < 1 || (w == width && h == height))
        return FALSE;
    *inner = (VdtInner){(double)((width - w) / 2) / width, (double)((height - h) / 2) / height,
                        (double)w / width, (double)h / height};
    return TRUE;
}

static void fit_box(GstStructure *s, const VdtInner *inner)
{
    double x, y, width, height, share;

    if (!gst_structure_get(s, "x", G_TYPE_DOUBLE, &x, "y", G_TYPE_DOUBLE, &y, "width",
                           G_TYPE_DOUBLE, &width, "height", G_TYPE_DOUBLE, &height, NULL))
        return;
    gst_structure_set(s, "x", G_TYPE_DOUBLE, inner->x + x * inner->width, "y", G_TYPE_DOUBLE,
                      inner->y + y * inner->height, "width", G_TYPE_DOUBLE, width * inner->width,
                      "height", G_TYPE_DOUBLE, height * inner->height, NULL);
    if (gst_structure_get_double(s, "share", &share))
        gst_structure_set(s, "share", G_TYPE_DOUBLE, share * inner->width * inner->height, NULL);
}

static void fit_speed(GstStructure *s, const char *field, double share)
{
    double speed;

    if (gst_structure_get_double(s, field, &speed))
        gst_structure_set(s, field, G_TYPE_DOUBLE, speed * share, NULL);
}

/* x and y in turns. */
static void fit_points(GstStructure *s, const char *field, const VdtInner *inner)
{
    const GValue *before = gst_structure_get_value(s, field);
    GValue points = G_VALUE_INIT;

    if (!before || !GST_VALUE_HOLDS_ARRAY(before))
        return;
    g_value_init(&points, GST_TYPE_ARRAY);
    for (guint i = 0; i < gst_value_array_get_size(before); i++) {
        const GValue *at = gst_value_array_get_value(before, i);
        GValue value = G_VALUE_INIT;
        double share = G_VALUE_HOLDS_DOUBLE(at) ? g_value_get_double(at) : 0;

        share = i % 2 ? inner->y + share * inner->height : inner->x + share * inner->width;
        g_value_init(&value, G_TYPE_DOUBLE);
        g_value_set_double(&value, share);
        gst_value_array_append_and_take_value(&points, &value);
    }
    gst_structure_take_value(s, field, &points);
}

/* The side of a map with borders, as fine as it was. */
static guint side(guint before, double share, guint most)
{
    return (guint)CLAMP(lrint(before / share), 1, (long)MAX(before, most));
}

/* For each place along a side of @to, which of @from is there; -1 for the border. */
static int *places(guint to, guint from, double start, double share)
{
    int *place = g_new(int, to);

    for (guint i = 0; i < to; i++) {
        const double at = ((i + 0.5) / to - start) / share;

        place[i] = at >= 0 && at < 1 ? (int)MIN((guint)(at * from), from - 1) : -1;
    }
    return place;
}

static void set_bytes(GstStructure *s, const char *field, GBytes *bytes)
{
    g_autoptr(GstBuffer) buffer = gst_buffer_new_wrapped_bytes(bytes);

    gst_structure_set(s, field, GST_TYPE_BUFFER, buffer, NULL);
}

static void fit_map(GstStructure *s, const VdtInner *inner, guint most)
{
    g_autoptr(GstBuffer) map = NULL;
    g_autoptr(GBytes) bytes = NULL, runs = NULL;
    g_autofree int *columns = NULL, *rows = NULL;
    int width, height;
    guint w, h;
    guint8 *larger;
    GstMapInfo from;

    if (!gst_structure_get(s, "map", GST_TYPE_BUFFER, &map, "map-width", G_TYPE_INT, &width,
                           "map-height", G_TYPE_INT, &height, NULL) ||
        width < 1 || height < 1 || !gst_buffer_map(map, &from, GST_MAP_READ))
        return;
    if (from.size == (gsize)width * (gsize)height) {
        w = side((guint)width, inner->width, most);
        h = side((guint)height, inner->height, most);
        columns = places(w, (guint)width, inner->x, inner->width);
        rows = places(h, (guint)height, inner->y, inner->height);
        larger = g_malloc((gsize)w * h);
        for (guint y = 0; y < h; y++)
            for (guint x = 0; x < w; x++)
                larger[(gsize)y * w + x] =
                    rows[y] < 0 || columns[x] < 0
                        ? NOTHING
                        : from.data[(gsize)rows[y] * (gsize)width + (gsize)columns[x]];
        bytes = g_bytes_new_take(larger, (gsize)w * h);
        gst_structure_set(s, "map-width", G_TYPE_INT, (int)w, "map-height", G_TYPE_INT, (int)h,
                          NULL);
        set_bytes(s, "map", bytes);
        if (gst_structure_has_field(s, "runs")) {
            runs = g_byte_array_free_to_bytes(vdt_runs_encode(larger, (gsize)w * h));
            set_bytes(s, "runs", runs);
        }
    }
    gst_buffer_unmap(map, &from);
}

typedef struct {
    const VdtInner *inner;
    guint most;
} Fitting;

static gboolean fit_value(GQuark field, GValue *value, gpointer data);

static void fit_structure(GstStructure *s, const Fitting *fitting)
{
    fit_box(s, fitting->inner);
    fit_speed(s, "speed-x", fitting->inner->width);
    fit_speed(s, "speed-y", fitting->inner->height);
    fit_points(s, "points", fitting->inner);
    fit_points(s, "path", fitting->inner);
    fit_map(s, fitting->inner, fitting->most);
    gst_structure_map_in_place(s, fit_value, (gpointer)fitting);
}

static gboolean fit_value(GQuark field, GValue *value, gpointer data)
{
    if (GST_VALUE_HOLDS_STRUCTURE(value) && gst_value_get_structure(value)) {
        GstStructure *s = gst_structure_copy(gst_value_get_structure(value));

        fit_structure(s, data);
        g_value_take_boxed(value, s);
    } else if (GST_VALUE_HOLDS_ARRAY(value)) {
        GValue array = G_VALUE_INIT;

        g_value_init(&array, GST_TYPE_ARRAY);
        for (guint i = 0; i < gst_value_array_get_size(value); i++) {
            GValue member = G_VALUE_INIT;

            g_value_init(&member, G_VALUE_TYPE(gst_value_array_get_value(value, i)));
            g_value_copy(gst_value_array_get_value(value, i), &member);
            fit_value(field, &member, data);
            gst_value_array_append_and_take_value(&array, &member);
        }
        g_value_unset(value);
        *value = array;
    }
    return TRUE;
}

void vdt_letterbox_apply(GstStructure *s, const VdtInner *inner, guint most)
{
    const Fitting fitting = {inner, most};

    fit_structure(s, &fitting);
}
