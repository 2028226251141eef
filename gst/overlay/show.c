/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show.h"

#include <gst/video/video.h>
#include <string.h>

#include "analyzer/resultmeta.h"
#include "arrays.h"
#include "classes.h"
#include "objects.h"
#include "palette.h"
#include "text.h"

/* Results without a limit to their age are old from here. */
#define OLD         (5 * GST_SECOND)
/* Of an array, no more is looked at. */
#define MOST_LOOKED 100

static const char *get_text(const GstStructure *s, const char *field)
{
    const char *text = gst_structure_get_string(s, field);

    return text && *text ? text : NULL;
}

/* What the class of a result is painted in; 0 if it has none. */
static guint32 get_colour(const GstStructure *s)
{
    guint rgb;
    int id;

    if (gst_structure_get_uint(s, "rgb", &rgb))
        return 0xff000000 | (rgb & 0xffffff);
    if (gst_structure_get_int(s, "class-id", &id) && id >= 0)
        return 0xff000000 | vdt_palette_colour((guint)id);
    return 0;
}

/* Results that have neither a label nor a class show nothing. */
static void add_line(VdtOverlayPanel *panel, const GValue *value, gboolean legend)
{
    const GstStructure *s =
        value && GST_VALUE_HOLDS_STRUCTURE(value) ? gst_value_get_structure(value) : NULL;
    VdtOverlayLine *line = &panel->lines[panel->n_lines];
    const char *label = s ? get_text(s, "label") : NULL;
    char number[16];
    int id;

    if (!label && s && gst_structure_get_int(s, "class-id", &id)) {
        g_snprintf(number, sizeof number, "%d", id);
        label = number;
    }
    if (!label)
        return;
    vdt_overlay_text_append(line->text, sizeof line->text, label);
    line->percent = legend ? vdt_overlay_percent(s, "share") : -1;
    if (line->percent < 0)
        line->percent = vdt_overlay_percent(s, "score");
    line->colour = legend ? get_colour(s) : 0;
    panel->n_lines++;
}

static gboolean is_too_old(guint64 age, const VdtOverlayLimits *limits)
{
    return limits->max_age && age > limits->max_age;
}

static gboolean is_old(guint64 age, const VdtOverlayLimits *limits)
{
    return age > (limits->max_age ? limits->max_age / 2 : OLD);
}

/* The best of what was found, @n_lines at most. */
static void add_panel(VdtOverlayShow *show, const GstStructure *result,
                      const VdtOverlayLimits *limits, guint n_lines, gboolean legend)
{
    const GValue *results = gst_structure_get_value(result, "results");
    VdtOverlayPanel *panel = &show->panels[show->n_panels];
    guint64 age = 0;
    guint n;

    if (show->n_panels == VDT_OVERLAY_PANELS || !results || !GST_VALUE_HOLDS_ARRAY(results))
        return;
    gst_structure_get_uint64(result, "age", &age);
    if (is_too_old(age, limits))
        return;
    memset(panel, 0, sizeof *panel);
    n = MIN(gst_value_array_get_size(results), MOST_LOOKED);
    for (guint i = 0; i < n && panel->n_lines < n_lines; i++)
        add_line(panel, gst_value_array_get_value(results, i), legend);
    if (panel->n_lines == 0)
        return;
    panel->old = is_old(age, limits);
    vdt_overlay_text_append(panel->title, sizeof panel->title, get_text(result, "element"));
    show->n_panels++;
}

static void show_labels(VdtOverlayShow *show, const GstStructure *result, GstClockTime pts,
                        const VdtOverlayLimits *limits)
{
    add_panel(show, result, limits, MIN(limits->top_k, VDT_OVERLAY_LINES), FALSE);
}

/* Classes that results name are seen; those that they leave out are not. */
static void set_colours(VdtOverlayMap *map, const GValue *results)
{
    guint n = results && GST_VALUE_HOLDS_ARRAY(results) ? gst_value_array_get_size(results) : 0;

    for (guint i = 0; i < MIN(n, G_N_ELEMENTS(map->colours)); i++) {
        const GValue *value = gst_value_array_get_value(results, i);
        const GstStructure *s =
            GST_VALUE_HOLDS_STRUCTURE(value) ? gst_value_get_structure(value) : NULL;
        int id;

        if (s && gst_structure_get_int(s, "class-id", &id) && id >= 0 &&
            id < (int)G_N_ELEMENTS(map->colours))
            map->colours[id] = get_colour(s);
    }
}

static void add_map(VdtOverlayShow *show, const GstStructure *result)
{
    const GValue *value = gst_structure_get_value(result, "map");
    VdtOverlayMap *map = &show->maps[show->n_maps];
    GstBuffer *classes;
    int width, height;

    if (show->n_maps == VDT_OVERLAY_MAPS || !value || !GST_VALUE_HOLDS_BUFFER(value) ||
        !gst_structure_get(result, "map-width", G_TYPE_INT, &width, "map-height", G_TYPE_INT,
                           &height, NULL))
        return;
    classes = gst_value_get_buffer(value);
    if (!classes || width < 1 || height < 1 ||
        gst_buffer_get_size(classes) != (gsize)width * (gsize)height)
        return;
    memset(map, 0, sizeof *map);
    map->classes = classes;
    map->width = (guint)width;
    map->height = (guint)height;
    set_colours(map, gst_structure_get_value(result, "results"));
    show->n_maps++;
}

/* "door", and "door: person" if somebody is there; "door 2" where they are counted. */
static void set_zone_tag(VdtOverlayTag *tag, const GstStructure *s, gboolean occupied)
{
    const char *who = occupied ? get_text(s, "label") : NULL;
    char number[16];
    guint n;

    tag->kind = occupied ? VDT_OVERLAY_OCCUPIED : VDT_OVERLAY_EMPTY;
    vdt_overlay_text_append(tag->text, sizeof tag->text, get_text(s, "name"));
    if (gst_structure_get_uint(s, "objects", &n)) {
        g_snprintf(number, sizeof number, "%s%u", tag->text[0] ? " " : "", n);
        vdt_overlay_text_append(tag->text, sizeof tag->text, number);
    } else if (who) {
        vdt_overlay_text_append(tag->text, sizeof tag->text, tag->text[0] ? ": " : NULL);
        vdt_overlay_text_append(tag->text, sizeof tag->text, who);
    }
}

static void add_zone(VdtOverlayShow *show, const GstStructure *s, gint64 age)
{
    VdtOverlayZone *zone = &show->zones[show->n_zones];
    const GValue *points = gst_structure_get_value(s, "points");
    const guint n = vdt_overlay_points_count(points);

    if (show->n_zones == VDT_OVERLAY_ZONES || n < 3 || n > VDT_OVERLAY_POINTS)
        return;
    memset(zone, 0, sizeof *zone);
    if (!vdt_overlay_points_read(points, 0, n, zone->points))
        return;
    zone->n_points = n;
    if (!gst_structure_get_boolean(s, "occupied", &zone->occupied))
        zone->occupied = FALSE;
    set_zone_tag(&zone->tag, s, zone->occupied);
    show->n_zones++;
}

/* The frame in the colours of its classes, what else there is in it, and what the colours mean: all
 * of them, as far as there is room. */
static void show_classes(VdtOverlayShow *show, const GstStructure *result, GstClockTime pts,
                         const VdtOverlayLimits *limits)
{
    guint64 age = 0;

    gst_structure_get_uint64(result, "age", &age);
    if (!is_too_old(age, limits)) {
        add_map(show, result);
        if (limits->zones) {
            vdt_overlay_each(show, result, "zones", add_zone, 0);
            vdt_overlay_crossings_add(show, result);
        }
        if (limits->objects)
            vdt_overlay_objects_add(show, result, pts);
    }
    add_panel(show, result, limits, VDT_OVERLAY_LINES, TRUE);
}

/* "camera: night, rain", in one line that says itself who says it. FALSE if there are no groups. */
static gboolean add_sentence(VdtOverlayShow *show, const GstStructure *result,
                             const VdtOverlayLimits *limits)
{
    VdtOverlayPanel *panel = &show->panels[show->n_panels];
    VdtOverlayLine *line = &panel->lines[0];
    guint64 age = 0;

    if (show->n_panels == VDT_OVERLAY_PANELS)
        return TRUE;
    memset(panel, 0, sizeof *panel);
    vdt_overlay_text_append(line->text, sizeof line->text, get_text(result, "element"));
    vdt_overlay_text_append(line->text, sizeof line->text, line->text[0] ? ": " : NULL);
    if (!vdt_overlay_classes_join(line->text, sizeof line->text,
                                  gst_structure_get_value(result, "results")))
        return FALSE;
    line->percent = -1;
    panel->n_lines = 1;
    gst_structure_get_uint64(result, "age", &age);
    panel->old = is_old(age, limits);
    show->n_panels++;
    return TRUE;
}

/* What the frame shows; and its regions, with what is in them. Boxes have it themselves. */
static void show_classification(VdtOverlayShow *show, const GstStructure *result, GstClockTime pts,
                                const VdtOverlayLimits *limits)
{
    guint64 age = 0;

    gst_structure_get_uint64(result, "age", &age);
    if (is_too_old(age, limits))
        return;
    if (limits->top_k > 0 && !add_sentence(show, result, limits))
        show_labels(show, result, pts, limits);
    if (limits->zones)
        vdt_overlay_classes_add(show, result);
}

/* How each kind of result is shown; others are not. */
static const struct {
    const char *kind;
    void (*show)(VdtOverlayShow *show, const GstStructure *result, GstClockTime pts,
                 const VdtOverlayLimits *limits);
} kinds[] = {
    {"action", show_labels},
    {"answer", show_labels},
    {"classification", show_classification},
    {"restoration", show_labels},
    {"segmentation", show_classes},
};

static void add_result(VdtOverlayShow *show, GstCustomMeta *meta, GstClockTime pts,
                       const VdtOverlayLimits *limits)
{
    const GstStructure *result = gst_custom_meta_get_structure(meta);
    const char *kind = gst_structure_get_string(result, "kind");

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_strcmp0(kind, kinds[i].kind) == 0)
            kinds[i].show(show, result, pts, limits);
}

/* "type: detail 97%"; detectors put the last two into params, if they put them anywhere. */
static void set_tag(VdtOverlayTag *tag, const GstVideoRegionOfInterestMeta *region)
{
    const char *type = g_quark_to_string(region->roi_type), *detail = NULL;
    char classes[sizeof tag->text] = "";
    int percent = -1;

    if (vdt_overlay_classes_at(region, classes, sizeof classes, &percent))
        detail = classes;
    for (const GList *l = region->params; l && !*classes && (!detail || percent < 0); l = l->next) {
        const GstStructure *s = l->data;

        if (!detail)
            detail = get_text(s, "label");
        if (!detail)
            detail = get_text(s, "action");
        if (percent < 0)
            percent = vdt_overlay_percent(s, "confidence");
        if (percent < 0)
            percent = vdt_overlay_percent(s, "score");
    }
    tag->kind = type ? g_str_hash(type) % VDT_OVERLAY_REGION_KINDS : 0;
    vdt_overlay_text_append(tag->text, sizeof tag->text, type);
    if (detail) {
        vdt_overlay_text_append(tag->text, sizeof tag->text, tag->text[0] ? ": " : NULL);
        vdt_overlay_text_append(tag->text, sizeof tag->text, detail);
    }
    if (percent >= 0) {
        char number[16];

        g_snprintf(number, sizeof number, " %d%%", percent);
        vdt_overlay_text_append(tag->text, sizeof tag->text, number);
    }
}

static void add_box(VdtOverlayShow *show, const GstVideoRegionOfInterestMeta *region)
{
    VdtOverlayBox *box = &show->boxes[show->n_boxes];

    if (show->n_boxes == VDT_OVERLAY_BOXES || region->w == 0 || region->h == 0)
        return;
    memset(box, 0, sizeof *box);
    box->x = region->x;
    box->y = region->y;
    box->width = region->w;
    box->height = region->h;
    set_tag(&box->tag, region);
    show->n_boxes++;
}

/* Whether a region is one of the objects, which are shown already; with what classifiers say of it.
 */
static gboolean is_object(VdtOverlayShow *show, const GstVideoRegionOfInterestMeta *region)
{
    const GstStructure *params = gst_video_region_of_interest_meta_get_param(
        (GstVideoRegionOfInterestMeta *)region, "cgrseg-segmenter");
    guint id;

    if (show->n_objects == 0 || !params || !gst_structure_has_field(params, "object"))
        return FALSE;
    if (gst_structure_get_uint(params, "object", &id))
        vdt_overlay_objects_classify(show, id, region);
    return TRUE;
}

/* What a show is made of. */
#define PART(items)                                                                                \
    G_STRUCT_OFFSET(VdtOverlayShow, n_##items), G_STRUCT_OFFSET(VdtOverlayShow, items),            \
        sizeof((VdtOverlayShow *)NULL)->items[0]

static const struct {
    gsize count, items, size;
} parts[] = {{PART(panels)},    {PART(boxes)},   {PART(maps)}, {PART(zones)},
             {PART(crossings)}, {PART(objects)}, {PART(paths)}};

static guint *get_count(const VdtOverlayShow *show, guint part)
{
    return &G_STRUCT_MEMBER(guint, show, parts[part].count);
}

static void *get_items(const VdtOverlayShow *show, guint part)
{
    return G_STRUCT_MEMBER_P(show, parts[part].items);
}

gboolean vdt_overlay_show_gather(VdtOverlayShow *show, GstBuffer *buffer,
                                 const VdtOverlayLimits *limits)
{
    const GType results = vdt_result_meta_get_info()->api;
    const GType regions = GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE;
    gpointer state = NULL;
    gboolean any = FALSE;
    GstMeta *meta;

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        *get_count(show, i) = 0;
    while ((meta = gst_buffer_iterate_meta_filtered(buffer, &state, results)))
        add_result(show, (GstCustomMeta *)meta, GST_BUFFER_PTS(buffer), limits);
    state = NULL;
    while ((limits->boxes || limits->objects) &&
           (meta = gst_buffer_iterate_meta_filtered(buffer, &state, regions)))
        if (!is_object(show, (const GstVideoRegionOfInterestMeta *)meta) && limits->boxes)
            add_box(show, (const GstVideoRegionOfInterestMeta *)meta);
    /* who says it is only worth the room if there are several */
    if (show->n_panels == 1)
        memset(show->panels[0].title, 0, sizeof show->panels[0].title);
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        any |= *get_count(show, i) > 0;
    return any;
}

gboolean vdt_overlay_show_equal(const VdtOverlayShow *a, const VdtOverlayShow *b)
{
    gboolean equal = TRUE;

    for (guint i = 0; i < G_N_ELEMENTS(parts) && equal; i++) {
        const guint n = *get_count(a, i);

        equal = n == *get_count(b, i) &&
                memcmp(get_items(a, i), get_items(b, i), n * parts[i].size) == 0;
    }
    return equal;
}

void vdt_overlay_show_copy(VdtOverlayShow *to, const VdtOverlayShow *from)
{
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        *get_count(to, i) = *get_count(from, i);
        memcpy(get_items(to, i), get_items(from, i), *get_count(from, i) * parts[i].size);
    }
}
