/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segreading.h"

#include <math.h>

#include "frame/orientation.h"
#include "maskpad.h"
#include "runs.h"

#define DEFAULT_MIN_AREA   0.0
#define DEFAULT_SMOOTHING  0.0
#define DEFAULT_MAP_SIZE   VDT_MAP_OF_NETWORK
#define DEFAULT_RUN_LENGTH FALSE
#define DEFAULT_ROI_METAS  FALSE
#define MOST_SMOOTHING     0.99

enum { CLASSES, MIN_AREA, SMOOTHING, MAP_SIZE, RUN_LENGTH, ROI_METAS };

/* As fine as @pixels are on the @share of the frame that they cover, and no finer than the frame if
 * that share is small. */
static guint map_side(guint pixels, double share, guint frame)
{
    return (guint)CLAMP(lrint(pixels / share), 1, (long)MAX(pixels, frame));
}

VdtSegWork *vdt_seg_work_new(const VdtFrameTarget *target, const GstVideoInfo *info,
                             GstBuffer *buffer, VdtMapSize size, guint generation)
{
    VdtSegWork *work = g_malloc(sizeof *work + (gsize)3 * target->width * target->height);
    guint width, height;

    vdt_frame_visible_size(info, buffer, &width, &height);
    work->generation = generation;
    work->info = *info;
    work->duration = vdt_mask_frame_duration(info, buffer);
    work->seen = vdt_frame_seen(target, width, height);
    work->map_width = width;
    work->map_height = height;
    if (size == VDT_MAP_OF_NETWORK) {
        work->map_width = map_side(target->width, work->seen.width, width);
        work->map_height = map_side(target->height, work->seen.height, height);
    }
    return work;
}

void vdt_seg_reading_init(VdtSegReading *reading, GstElement *element)
{
    *reading = (VdtSegReading){.element = element,
                               .min_area = DEFAULT_MIN_AREA,
                               .smoothing = DEFAULT_SMOOTHING,
                               .map_size = DEFAULT_MAP_SIZE,
                               .run_length = DEFAULT_RUN_LENGTH,
                               .roi_metas = DEFAULT_ROI_METAS,
                               .average = vdt_logits_new()};
}

void vdt_seg_reading_clear(VdtSegReading *reading)
{
    g_free(reading->classes);
    vdt_logits_free(reading->average);
    gst_clear_buffer(&reading->map);
    gst_clear_buffer(&reading->runs);
}

void vdt_seg_reading_install(GObjectClass *klass, guint first)
{
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

    g_object_class_install_property(
        klass, first + CLASSES,
        g_param_spec_string("classes", "Classes",
                            "Labels or numbers of the classes to report, separated by commas; "
                            "empty for all",
                            NULL, live));
    g_object_class_install_property(klass, first + MIN_AREA,
                                    g_param_spec_double("min-area", "Minimum area",
                                                        "Share of the frame from which a class is "
                                                        "reported",
                                                        0, 1, DEFAULT_MIN_AREA, live));
    g_object_class_install_property(
        klass, first + SMOOTHING,
        g_param_spec_double("smoothing", "Smoothing",
                            "How much of a result is what was found before: 0 for none of it", 0,
                            MOST_SMOOTHING, DEFAULT_SMOOTHING, live));
    g_object_class_install_property(klass, first + MAP_SIZE,
                                    g_param_spec_enum("map-size", "Map size",
                                                      "How fine the map of classes is",
                                                      VDT_TYPE_MAP_SIZE, DEFAULT_MAP_SIZE, live));
    g_object_class_install_property(klass, first + RUN_LENGTH,
                                    g_param_spec_boolean("run-length", "Run length",
                                                         "Carry the map in run-length form, too",
                                                         DEFAULT_RUN_LENGTH, live));
    g_object_class_install_property(
        klass, first + ROI_METAS,
        g_param_spec_boolean("roi-metas", "ROI metas",
                             "Attach a region of interest for each class that is reported",
                             DEFAULT_ROI_METAS, live));
}

gboolean vdt_seg_reading_set(VdtSegReading *reading, guint id, const GValue *value)
{
    switch (id) {
    case CLASSES:
        g_free(reading->classes);
        reading->classes = g_value_dup_string(value);
        reading->classes_changed = TRUE;
        return TRUE;
    case MIN_AREA:
        reading->min_area = g_value_get_double(value);
        return TRUE;
    case SMOOTHING:
        reading->smoothing = g_value_get_double(value);
        return TRUE;
    case MAP_SIZE:
        reading->map_size = (VdtMapSize)g_value_get_enum(value);
        return TRUE;
    case RUN_LENGTH:
        reading->run_length = g_value_get_boolean(value);
        return TRUE;
    case ROI_METAS:
        reading->roi_metas = g_value_get_boolean(value);
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean vdt_seg_reading_get(const VdtSegReading *reading, guint id, GValue *value)
{
    switch (id) {
    case CLASSES:
        g_value_set_string(value, reading->classes);
        return TRUE;
    case MIN_AREA:
        g_value_set_double(value, reading->min_area);
        return TRUE;
    case SMOOTHING:
        g_value_set_double(value, reading->smoothing);
        return TRUE;
    case MAP_SIZE:
        g_value_set_enum(value, reading->map_size);
        return TRUE;
    case RUN_LENGTH:
        g_value_set_boolean(value, reading->run_length);
        return TRUE;
    case ROI_METAS:
        g_value_set_boolean(value, reading->roi_metas);
        return TRUE;
    default:
        return FALSE;
    }
}

void vdt_seg_reading_renew(VdtSegReading *reading)
{
    GST_OBJECT_LOCK(reading->element);
    reading->classes_changed = TRUE;
    GST_OBJECT_UNLOCK(reading->element);
}

static char *get_classes(VdtSegReading *reading)
{
    char *names;

    GST_OBJECT_LOCK(reading->element);
    names = g_strdup(reading->classes);
    GST_OBJECT_UNLOCK(reading->element);
    return names;
}

void vdt_seg_reading_check(VdtSegReading *reading, const VdtSegNetwork *network)
{
    g_autofree char *names = get_classes(reading), *unknown = NULL;
    gboolean changed;

    GST_OBJECT_LOCK(reading->element);
    changed = reading->classes_changed;
    reading->classes_changed = FALSE;
    GST_OBJECT_UNLOCK(reading->element);
    if (!changed)
        return;
    g_free(vdt_seg_network_find(network, names, &unknown));
    if (unknown)
        GST_ELEMENT_WARNING(reading->element, LIBRARY, SETTINGS,
                            ("The network does not know of classes: %s.", unknown),
                            ("model %s has %u classes", network->card->name, network->n_classes));
}

/* Planes of @rows x @columns as the frame lies. */
static float *lay(const float *planes, guint n_planes, guint rows, guint columns,
                  GstVideoOrientationMethod orientation)
{
    const GstVideoOrientationMethod inverse = vdt_orientation_inverse(orientation);
    const gsize plane = (gsize)rows * columns;
    float *lying = g_new(float, n_planes *plane);

    for (guint c = 0; c < n_planes; c++)
        vdt_orientation_turn(inverse, planes + c * plane, columns, rows, sizeof *lying,
                             lying + c * plane);
    return lying;
}

/* The whole of what the network says. */
static VdtSegmentation *segment(VdtSegReading *reading, VdtWorker *worker,
                                const VdtSegNetwork *network, const VdtSegWork *work,
                                double smoothing)
{
    const VdtTensor *logits = vdt_session_get_output(network->session, 0);
    const gsize n = (gsize)vdt_shape_elements(&logits->shape);
    const guint rows = (guint)logits->shape.dims[2], columns = (guint)logits->shape.dims[3];
    const gboolean swaps = vdt_orientation_swaps(work->orientation);
    g_autofree float *lying = NULL;
    const float *numbers;

    /* nor may they get into the average, which they would never leave */
    if (!vdt_worker_check(worker, logits->data, n))
        return vdt_segmentation_empty(network->n_classes, work->map_width, work->map_height);
    numbers = vdt_logits_smooth(reading->average, logits->data, n, work->generation, smoothing);
    if (work->orientation != GST_VIDEO_ORIENTATION_IDENTITY)
        numbers = lying = lay(numbers, network->n_classes, rows, columns, work->orientation);
    return vdt_segmentation_new(numbers, network->n_classes, swaps ? columns : rows,
                                swaps ? rows : columns, &work->seen, work->map_width,
                                work->map_height);
}

VdtSegmentation *vdt_seg_reading_read(VdtSegReading *reading, VdtWorker *worker,
                                      const VdtSegNetwork *network, const VdtSegWork *work)
{
    VdtSegmentation *found;
    g_autofree char *names = get_classes(reading), *unknown = NULL;
    g_autofree gboolean *wanted = vdt_seg_network_find(network, names, &unknown);
    double smoothing, least;

    GST_OBJECT_LOCK(reading->element);
    smoothing = reading->smoothing;
    least = reading->min_area;
    GST_OBJECT_UNLOCK(reading->element);
    found = segment(reading, worker, network, work, smoothing);
    if (!found)
        return NULL;
    vdt_segmentation_keep(found, wanted, least);
    return found;
}

static GstStructure *result_of(const VdtSegNetwork *network, guint class, const VdtSegment *segment)
{
    char number[16];

    return gst_structure_new(
        "result", "label", G_TYPE_STRING, vdt_seg_network_label(network, class, number), "class-id",
        G_TYPE_INT, (int)class, "score", G_TYPE_DOUBLE, segment->score, "share", G_TYPE_DOUBLE,
        segment->share, "x", G_TYPE_DOUBLE, segment->x, "y", G_TYPE_DOUBLE, segment->y, "width",
        G_TYPE_DOUBLE, segment->width, "height", G_TYPE_DOUBLE, segment->height, "rgb", G_TYPE_UINT,
        network->colours[class], NULL);
}

void vdt_seg_reading_list(const VdtSegmentation *found, const VdtSegNetwork *network,
                          GPtrArray *results)
{
    guint8 order[VDT_SEGMENTATION_CLASSES];
    const guint n = vdt_segmentation_order(found, order);

    for (guint i = 0; i < n; i++)
        g_ptr_array_add(results, result_of(network, order[i], &found->segments[order[i]]));
}

void vdt_seg_reading_keep(VdtSegReading *reading, VdtSegmentation *found)
{
    const gsize size = (gsize)found->width * found->height;
    guint8 *map = g_steal_pointer(&found->map);
    g_autoptr(GBytes) runs = NULL;
    gboolean run_length;

    GST_OBJECT_LOCK(reading->element);
    run_length = reading->run_length;
    GST_OBJECT_UNLOCK(reading->element);
    if (run_length)
        runs = g_byte_array_free_to_bytes(vdt_runs_encode(map, size));
    gst_clear_buffer(&reading->runs);
    if (runs)
        reading->runs = gst_buffer_new_wrapped_bytes(runs); /* with a reference of its own */
    gst_clear_buffer(&reading->map);
    reading->map =
        gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY, map, size, 0, size, map, g_free);
    reading->map_width = found->width;
    reading->map_height = found->height;
}

GstStructure *vdt_seg_reading_describe(const VdtSegReading *reading)
{
    GstStructure *s = gst_structure_new("map", "map", GST_TYPE_BUFFER, reading->map, "map-width",
                                        G_TYPE_INT, (int)reading->map_width, "map-height",
                                        G_TYPE_INT, (int)reading->map_height, NULL);

    if (reading->runs)
        gst_structure_set(s, "runs", GST_TYPE_BUFFER, reading->runs, NULL);
    return s;
}
