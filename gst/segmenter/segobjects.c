/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segobjects.h"

#include <math.h>
#include <string.h>

#include "frame/orientation.h"

#define DEFAULT_OBJECTS  FALSE
#define DEFAULT_MIN_AREA VDT_OBJECT_AREA
#define DEFAULT_DWELL    0.0
#define DEFAULT_COUNT    (-1)

enum { OBJECTS, CLASSES, MIN_AREA, LINES, DWELL, COUNT };

void vdt_seg_objects_init(VdtSegObjects *objects, GstElement *element, const char *kind)
{
    *objects = (VdtSegObjects){.element = element,
                               .on = DEFAULT_OBJECTS,
                               .min_area = DEFAULT_MIN_AREA,
                               .limits = {DEFAULT_DWELL, DEFAULT_COUNT},
                               .follower = vdt_follower_new(),
                               .watch = vdt_object_watch_new(element, kind)};
}

void vdt_seg_objects_clear(VdtSegObjects *objects)
{
    g_free(objects->classes);
    g_free(objects->text);
    g_clear_pointer(&objects->lines, vdt_zones_unref);
    vdt_follower_free(objects->follower);
    vdt_object_watch_free(objects->watch);
}

void vdt_seg_objects_install(GObjectClass *klass, guint first)
{
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

    g_object_class_install_property(
        klass, first + OBJECTS,
        g_param_spec_boolean("objects", "Objects",
                             "Follow things from picture to picture, with numbers that they keep; "
                             "then there are ten results a second, unless interval is set",
                             DEFAULT_OBJECTS, live));
    g_object_class_install_property(
        klass, first + CLASSES,
        g_param_spec_string("object-classes", "Object classes",
                            "Labels or numbers of the classes whose regions are objects, separated "
                            "by commas; empty for the things that the model's card names",
                            NULL, live));
    g_object_class_install_property(klass, first + MIN_AREA,
                                    g_param_spec_double("object-min-area", "Minimum object area",
                                                        "Share of the frame from which a region "
                                                        "becomes an object",
                                                        0, 1, DEFAULT_MIN_AREA, live));
    g_object_class_install_property(
        klass, first + LINES,
        g_param_spec_string("lines", "Lines",
                            "Lines that objects cross, as name: x,y x,y in shares of the frame, "
                            "separated by semicolons; in is from the left to the right of who "
                            "looks from the first point to the second",
                            NULL, live));
    g_object_class_install_property(
        klass, first + DWELL,
        g_param_spec_double("dwell", "Dwell",
                            "Seconds after which an object that stays in a zone is told of; 0 for "
                            "never",
                            0, 86400, DEFAULT_DWELL, live));
    g_object_class_install_property(
        klass, first + COUNT,
        g_param_spec_int("count", "Count",
                         "A zone is told of while more objects than that are in it; -1 for never",
                         -1, VDT_OBJECTS_MOST, DEFAULT_COUNT, live));
}

/* What is to be said of them; NULL for nothing. */
static char *set_lines(VdtSegObjects *objects, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *outside = NULL;
    VdtZones *parsed = vdt_lines_parse(text, &outside, &error);

    if (!parsed)
        return g_strdup_printf("The lines stay as they were: %s.", error->message);
    g_clear_pointer(&objects->lines, vdt_zones_unref);
    objects->lines = parsed;
    g_free(objects->text);
    objects->text = g_strdup(text);
    return outside ? g_strdup_printf("Lines end where the frame does: %s.", outside) : NULL;
}

gboolean vdt_seg_objects_set(VdtSegObjects *objects, guint id, const GValue *value, char **note)
{
    *note = NULL;
    switch (id) {
    case OBJECTS:
        objects->on = g_value_get_boolean(value);
        objects->unchecked = TRUE;
        return TRUE;
    case CLASSES:
        g_free(objects->classes);
        objects->classes = g_value_dup_string(value);
        objects->unchecked = TRUE;
        return TRUE;
    case MIN_AREA:
        objects->min_area = g_value_get_double(value);
        return TRUE;
    case LINES:
        *note = set_lines(objects, g_value_get_string(value));
        return TRUE;
    case DWELL:
        objects->limits.dwell = g_value_get_double(value);
        return TRUE;
    case COUNT:
        objects->limits.count = g_value_get_int(value);
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean vdt_seg_objects_get(const VdtSegObjects *objects, guint id, GValue *value)
{
    switch (id) {
    case OBJECTS:
        g_value_set_boolean(value, objects->on);
        return TRUE;
    case CLASSES:
        g_value_set_string(value, objects->classes);
        return TRUE;
    case MIN_AREA:
        g_value_set_double(value, objects->min_area);
        return TRUE;
    case LINES:
        g_value_set_string(value, objects->text);
        return TRUE;
    case DWELL:
        g_value_set_double(value, objects->limits.dwell);
        return TRUE;
    case COUNT:
        g_value_set_int(value, objects->limits.count);
        return TRUE;
    default:
        return FALSE;
    }
}

void vdt_seg_objects_renew(VdtSegObjects *objects)
{
    GST_OBJECT_LOCK(objects->element);
    objects->unchecked = TRUE;
    GST_OBJECT_UNLOCK(objects->element);
}

/* The classes whose regions are objects; NULL if none are. *@unknown is what is none. */
static gboolean *find_classes(const VdtSegNetwork *network, const char *names, char **unknown)
{
    gboolean *things;

    *unknown = NULL;
    if (names && *names)
        return vdt_seg_network_find(network, names, unknown);
    if (!network->card->things)
        return NULL;
    things = g_new0(gboolean, network->n_classes);
    for (guint c = 0; c < MIN(network->n_classes, network->card->n_labels); c++)
        things[c] = network->card->things[c];
    return things;
}

void vdt_seg_objects_check(VdtSegObjects *objects, const VdtSegNetwork *network)
{
    g_autofree char *names = NULL, *unknown = NULL;
    g_autofree gboolean *classes = NULL;
    gboolean check;

    GST_OBJECT_LOCK(objects->element);
    check = objects->on && objects->unchecked;
    objects->unchecked = FALSE;
    names = g_strdup(objects->classes);
    GST_OBJECT_UNLOCK(objects->element);
    if (!check)
        return;
    classes = find_classes(network, names, &unknown);
    if (unknown)
        GST_ELEMENT_WARNING(objects->element, LIBRARY, SETTINGS,
                            ("The network does not know of object classes: %s.", unknown),
                            ("model %s has %u classes", network->card->name, network->n_classes));
    else if (!classes)
        GST_ELEMENT_WARNING(objects->element, LIBRARY, SETTINGS,
                            ("No objects are followed: object-classes is empty, and the model's "
                             "card names no things."),
                            ("model %s", network->card->name));
}

static double aspect_of(const GstVideoInfo *info)
{
    return (double)GST_VIDEO_INFO_WIDTH(info) * GST_VIDEO_INFO_PAR_N(info) /
           ((double)GST_VIDEO_INFO_HEIGHT(info) * GST_VIDEO_INFO_PAR_D(info));
}

/* The network's picture as the frame lies; *@turned is to be freed. */
static VdtPicture lay(const VdtSegWork *work, const VdtSegNetwork *network, guint8 **turned)
{
    const gboolean swaps = vdt_orientation_swaps(work->orientation);
    const guint width = swaps ? network->height : network->width;
    const guint height = swaps ? network->width : network->height;
    const guint8 *pixels = work->rgb;

    if (work->orientation != GST_VIDEO_ORIENTATION_IDENTITY) {
        *turned = g_malloc((gsize)3 * width * height);
        vdt_orientation_turn(vdt_orientation_inverse(work->orientation), work->rgb, network->width,
                             network->height, 3, *turned);
        pixels = *turned;
    }
    return (VdtPicture){(guint8 *)pixels, width, height, (gsize)3 * width};
}

/* Where on a side of the network's picture the middle of pixel @i of @n of the frame lies. */
static gsize find_pixel(guint i, guint n, double from, double share, guint side)
{
    return (gsize)CLAMP(((i + 0.5) / n - from) / share * side, 0, side - 1);
}

/* What the network saw, as a picture that covers the frame as its map does, no finer than that was
 * seen; *@pixels is to be freed. */
static VdtPicture show(const VdtSegWork *work, const VdtSegNetwork *network, guint8 **pixels)
{
    g_autofree guint8 *turned = NULL;
    const VdtPicture seen = lay(work, network, &turned);
    const VdtSeen *at = &work->seen;
    VdtPicture all = {NULL, 0, 0, 0};

    all.width = (guint)CLAMP(lrint(seen.width / at->width), 1, (long)work->map_width);
    all.height = (guint)CLAMP(lrint(seen.height / at->height), 1, (long)work->map_height);
    all.stride = (gsize)3 * all.width;
    *pixels = all.data = g_malloc(all.stride * all.height);
    for (guint y = 0; y < all.height; y++) {
        const guint8 *row =
            seen.data + find_pixel(y, all.height, at->y, at->height, seen.height) * seen.stride;

        for (guint x = 0; x < all.width; x++)
            memcpy(all.data + y * all.stride + (gsize)3 * x,
                   row + 3 * find_pixel(x, all.width, at->x, at->width, seen.width), 3);
    }
    return all;
}

void vdt_seg_objects_follow(VdtSegObjects *objects, const VdtSegmentation *found,
                            const VdtSegNetwork *network, const VdtSegWork *work, VdtZones *zones)
{
    g_autofree char *names = NULL, *unknown = NULL;
    g_autofree gboolean *classes = NULL;
    g_autoptr(VdtZones) lines = NULL;
    g_autofree guint8 *pixels = NULL;
    VdtPicture picture;
    const gint64 time = (gint64)work->time;
    const double aspect = aspect_of(&work->info);
    double least;
    VdtObjectLimits limits;
    gboolean on;

    GST_OBJECT_LOCK(objects->element);
    on = objects->on;
    names = g_strdup(objects->classes);
    lines = objects->lines ? g_atomic_rc_box_acquire(objects->lines) : NULL;
    limits = objects->limits;
    least = objects->min_area;
    GST_OBJECT_UNLOCK(objects->element);
    if (on)
        classes = find_classes(network, names, &unknown);
    if (!classes || objects->generation != work->generation) {
        vdt_follower_reset(objects->follower);
        vdt_object_watch_stop(objects->watch);
    }
    objects->generation = work->generation;
    objects->following = classes != NULL;
    if (!classes)
        return;
    picture = show(work, network, &pixels);
    vdt_follower_update(objects->follower, found, classes, &picture, aspect, time, least);
    vdt_object_watch_follow(objects->watch, vdt_follower_get_objects(objects->follower), network,
                            aspect, time, work->segment.rate < 0, zones, lines, &limits);
}

const VdtZoneCount *vdt_seg_objects_count(VdtSegObjects *objects)
{
    return objects->following ? vdt_object_watch_count(objects->watch) : NULL;
}

void vdt_seg_objects_describe(VdtSegObjects *objects, GstStructure *fields)
{
    if (objects->following)
        vdt_object_watch_describe(objects->watch, fields);
}

GList *vdt_seg_objects_tell(VdtSegObjects *objects, const VdtSpan *span, GstClockTime least)
{
    return vdt_object_watch_tell(objects->watch, span, least);
}

GList *vdt_seg_objects_end(VdtSegObjects *objects)
{
    return vdt_object_watch_end(objects->watch);
}
