/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "classwork.h"

#include "frame/frameview.h"

#define DEFAULT_WHAT      VDT_CLASSIFY_FRAME
#define DEFAULT_MAX_BOXES 64
#define DEFAULT_FROZEN    20.0

/* Of the pictures of one frame. */
#define MOST_BYTES ((gsize)256 << 20)

enum { CLASSIFY, REGIONS, MAX_BOXES, FROZEN_AFTER };

/* Properties */

void vdt_class_props_init(VdtClassProps *props)
{
    *props = (VdtClassProps){
        .what = DEFAULT_WHAT, .max_boxes = DEFAULT_MAX_BOXES, .frozen_after = DEFAULT_FROZEN};
}

void vdt_class_props_clear(VdtClassProps *props)
{
    g_clear_pointer(&props->text, g_free);
    g_clear_pointer(&props->regions, vdt_zones_unref);
}

void vdt_class_props_install(GObjectClass *klass, guint first)
{
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

    g_object_class_install_property(
        klass, first + CLASSIFY,
        g_param_spec_enum("classify", "Classify",
                          "What is classified; boxes are of any element before this one",
                          VDT_TYPE_CLASSIFY, DEFAULT_WHAT, live));
    g_object_class_install_property(
        klass, first + REGIONS,
        g_param_spec_string("regions", "Regions",
                            "Parts of the frame that are classified one by one, in shares of it: "
                            "NAME: X,Y X,Y X,Y; NAME: ...; of each, the box around its points",
                            NULL, live));
    g_object_class_install_property(
        klass, first + MAX_BOXES,
        g_param_spec_uint("max-boxes", "Maximum boxes",
                          "Boxes of a frame that are classified at most, the first ones", 1,
                          VDT_CLASS_BOXES_MOST, DEFAULT_MAX_BOXES, live));
    g_object_class_install_property(
        klass, first + FROZEN_AFTER,
        g_param_spec_double("frozen-after", "Frozen after",
                            "With classify=frame, seconds of one and the same picture after which "
                            "the camera is called frozen; 0 for never",
                            0, 3600, DEFAULT_FROZEN, live));
}

/* What there is to be said of them; NULL for nothing. */
static char *set_regions(VdtClassProps *props, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *outside = NULL;
    VdtZones *parsed = vdt_zones_parse(text, &outside, &error);

    if (!parsed)
        return g_strdup_printf("The regions stay as they were: %s.", error->message);
    vdt_class_props_clear(props);
    props->regions = parsed;
    props->text = g_strdup(text);
    return outside ? g_strdup_printf("Regions end where the frame does: %s.", outside) : NULL;
}

gboolean vdt_class_props_set(VdtClassProps *props, guint id, const GValue *value, char **note)
{
    *note = NULL;
    switch (id) {
    case CLASSIFY:
        props->what = g_value_get_enum(value);
        return TRUE;
    case REGIONS:
        *note = set_regions(props, g_value_get_string(value));
        return TRUE;
    case MAX_BOXES:
        props->max_boxes = g_value_get_uint(value);
        return TRUE;
    case FROZEN_AFTER:
        props->frozen_after = g_value_get_double(value);
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean vdt_class_props_get(const VdtClassProps *props, guint id, GValue *value)
{
    switch (id) {
    case CLASSIFY:
        g_value_set_enum(value, props->what);
        return TRUE;
    case REGIONS:
        g_value_set_string(value, props->text);
        return TRUE;
    case MAX_BOXES:
        g_value_set_uint(value, props->max_boxes);
        return TRUE;
    case FROZEN_AFTER:
        g_value_set_double(value, props->frozen_after);
        return TRUE;
    default:
        return FALSE;
    }
}

VdtClassProps vdt_class_props_copy(const VdtClassProps *props)
{
    VdtClassProps copy = *props;

    copy.text = NULL;
    if (copy.regions)
        g_atomic_rc_box_acquire(copy.regions);
    return copy;
}

/* What there is in a frame */

VdtFrameRegion vdt_class_box_of(const GstVideoRectangle *visible,
                                const GstVideoRegionOfInterestMeta *region)
{
    const double x = (double)region->x - visible->x, y = (double)region->y - visible->y;

    return (VdtFrameRegion){x / visible->w, y / visible->h, (double)region->w / visible->w,
                            (double)region->h / visible->h};
}

int vdt_class_id_of(const GstVideoRegionOfInterestMeta *region)
{
    const GstStructure *params = gst_video_region_of_interest_meta_get_param(
        (GstVideoRegionOfInterestMeta *)region, "cgrseg-segmenter");

    /* the box around all of a class has the class as its id */
    if (params && !gst_structure_has_field(params, "object"))
        return 0;
    return MAX(region->id, 0);
}

/* The part of @box that can be seen; FALSE if there is none. */
static gboolean clip(const VdtFrameRegion *box, VdtFrameRegion *part)
{
    const double right = MIN(box->x + box->width, 1), bottom = MIN(box->y + box->height, 1);

    part->x = MAX(box->x, 0);
    part->y = MAX(box->y, 0);
    part->width = right - part->x;
    part->height = bottom - part->y;
    return part->width > 0 && part->height > 0;
}

/* Whether the segmenter only supposes that the object is there, or sees others with it. */
static gboolean is_hidden(const GstVideoRegionOfInterestMeta *region)
{
    const GstStructure *params = gst_video_region_of_interest_meta_get_param(
        (GstVideoRegionOfInterestMeta *)region, "cgrseg-segmenter");
    const char *state = params ? gst_structure_get_string(params, "state") : NULL;

    return state && !g_str_equal(state, "seen");
}

static void add(VdtClassWork *work, const VdtClassSubject *subject, guint most)
{
    VdtFrameRegion part;

    if (!clip(&subject->box, &part))
        work->empty++;
    else if (work->n == most)
        work->left_out++;
    else
        work->subjects[work->n++] = *subject;
}

static void find_boxes(VdtClassWork *work, const GstVideoInfo *info, GstBuffer *buffer, guint most)
{
    GstVideoRectangle visible;
    gpointer state = NULL;
    GstMeta *meta;

    if (!vdt_frame_visible(info, buffer, &visible))
        return;
    while ((meta = gst_buffer_iterate_meta_filtered(buffer, &state,
                                                    GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
        const GstVideoRegionOfInterestMeta *region = (const GstVideoRegionOfInterestMeta *)meta;
        const VdtClassSubject subject = {.type = region->roi_type,
                                         .id = vdt_class_id_of(region),
                                         .box = vdt_class_box_of(&visible, region)};

        if (!is_hidden(region))
            add(work, &subject, most);
        else if (work->n_hidden < most)
            work->hidden[work->n_hidden++] = subject;
    }
}

/* The box around its points. */
static VdtFrameRegion box_around(const VdtZone *zone)
{
    VdtZonePoint least = zone->points[0], most = least;

    for (guint i = 1; i < zone->n_points; i++) {
        least.x = MIN(least.x, zone->points[i].x);
        least.y = MIN(least.y, zone->points[i].y);
        most.x = MAX(most.x, zone->points[i].x);
        most.y = MAX(most.y, zone->points[i].y);
    }
    return (VdtFrameRegion){least.x, least.y, most.x - least.x, most.y - least.y};
}

static void find_regions(VdtClassWork *work)
{
    for (guint i = 0; work->regions && i < work->regions->n_zones; i++) {
        const VdtClassSubject subject = {.region = i, .box = box_around(&work->regions->zones[i])};

        add(work, &subject, VDT_ZONES_MOST);
    }
}

static void find_subjects(VdtClassWork *work, const VdtFrameTarget *target,
                          const GstVideoInfo *info, GstBuffer *buffer, guint most)
{
    switch (work->what) {
    case VDT_CLASSIFY_FRAME:
        work->subjects[work->n++] = (VdtClassSubject){.box = target->region};
        break;
    case VDT_CLASSIFY_REGIONS:
        find_regions(work);
        break;
    case VDT_CLASSIFY_BOXES:
        find_boxes(work, info, buffer, most);
        break;
    }
}

VdtClassWork *vdt_class_work_new(VdtAnalyzer *analyzer, const VdtClassNetwork *network,
                                 const VdtClassProps *props, const VdtFrameTarget *target,
                                 const GstVideoInfo *info, GstBuffer *buffer)
{
    const gsize bytes = vdt_class_network_picture_bytes(network);
    const guint most = (guint)CLAMP(MOST_BYTES / bytes, 1, props->max_boxes);
    VdtClassWork *work = g_new0(VdtClassWork, 1);
    VdtFrameTarget one = *target;

    work->what = network->what;
    if (work->what == VDT_CLASSIFY_REGIONS && props->regions)
        work->regions = g_atomic_rc_box_acquire(props->regions);
    work->subjects = g_new(VdtClassSubject, MAX(most, VDT_ZONES_MOST));
    work->hidden = g_new(VdtClassSubject, most);
    find_subjects(work, target, info, buffer, most);
    work->pictures = work->n > 0 ? g_malloc(work->n * bytes) : NULL;
    for (guint i = 0; i < work->n; i++) {
        if (work->what != VDT_CLASSIFY_FRAME)
            clip(&work->subjects[i].box, &one.region);
        if (!vdt_analyzer_convert(analyzer, buffer, &one, work->pictures + i * bytes)) {
            vdt_class_work_free(work);
            return NULL;
        }
    }
    return work;
}

void vdt_class_work_free(gpointer data)
{
    VdtClassWork *work = data;

    g_clear_pointer(&work->regions, vdt_zones_unref);
    g_free(work->subjects);
    g_free(work->hidden);
    g_free(work->pictures);
    g_free(work);
}
