/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restorelog.h"

#include "analyzer/arrays.h"

static const char *const names[VDT_RESTORE_N_ENDS] = {[VDT_RESTORE_DONE] = "restored",
                                                      [VDT_RESTORE_OFF] = "off",
                                                      [VDT_RESTORE_NO_TASK] = "no-task",
                                                      [VDT_RESTORE_NOT_ASKED] = "not-asked",
                                                      [VDT_RESTORE_CLEAN] = "clean",
                                                      [VDT_RESTORE_NO_BOXES] = "no-boxes",
                                                      [VDT_RESTORE_GAP] = "gap",
                                                      [VDT_RESTORE_NO_TIME] = "no-time",
                                                      [VDT_RESTORE_LATE] = "late",
                                                      [VDT_RESTORE_INVALID] = "invalid",
                                                      [VDT_RESTORE_UNREADABLE] = "unreadable"};

void vdt_restore_counts_add(VdtRestoreCounts *counts, const VdtRestored *restored)
{
    counts->ends[restored->end]++;
    if (restored->end != VDT_RESTORE_DONE || !restored->areas)
        return;
    counts->boxes += restored->areas->boxes;
    counts->left_out += restored->areas->left_out;
}

void vdt_restore_counts_tell(const VdtRestoreCounts *counts, GstStructure *stats)
{
    for (guint i = 0; i < VDT_RESTORE_N_ENDS; i++)
        gst_structure_set(stats, names[i], G_TYPE_UINT64, counts->ends[i], NULL);
    gst_structure_set(stats, "boxes", G_TYPE_UINT64, counts->boxes, "left-out", G_TYPE_UINT64,
                      counts->left_out, NULL);
}

static void set_areas(GstStructure *fields, const VdtRestored *restored)
{
    const double width = GST_VIDEO_INFO_WIDTH(restored->info);
    const double height = GST_VIDEO_INFO_HEIGHT(restored->info);
    GValue array = G_VALUE_INIT;

    g_value_init(&array, GST_TYPE_ARRAY);
    for (guint i = 0; i < restored->areas->found->len; i++) {
        const GstVideoRectangle *r = &g_array_index(restored->areas->found, GstVideoRectangle, i);

        vdt_array_take_structure(
            &array, gst_structure_new("area", "x", G_TYPE_DOUBLE, r->x / width, "y", G_TYPE_DOUBLE,
                                      r->y / height, "width", G_TYPE_DOUBLE, r->w / width, "height",
                                      G_TYPE_DOUBLE, r->h / height, NULL));
    }
    gst_structure_take_value(fields, "areas", &array);
}

static void describe(const VdtRestored *restored, GstStructure *s)
{
    const gboolean done = restored->end == VDT_RESTORE_DONE;

    gst_structure_set(s, "altered", G_TYPE_BOOLEAN, done || restored->scale > 1, "model",
                      G_TYPE_STRING, restored->network->card->name, "scale", G_TYPE_UINT,
                      restored->scale, NULL);
    if (!done)
        gst_structure_set(s, "why", G_TYPE_STRING, names[restored->end], NULL);
    else
        gst_structure_set(s, "strength", G_TYPE_DOUBLE, restored->strength, "size", G_TYPE_DOUBLE,
                          restored->size, NULL);
    if (done && restored->gather > 0)
        gst_structure_set(s, "gathered", G_TYPE_DOUBLE, restored->gathered, NULL);
    if (done && restored->areas)
        set_areas(s, restored);
}

static void set_results(const VdtRestored *restored, GPtrArray *results)
{
    for (guint i = 0; restored->end == VDT_RESTORE_DONE && i < restored->steps.n; i++)
        g_ptr_array_add(
            results, gst_structure_new("restoration", "label", G_TYPE_STRING,
                                       restored->network->names[restored->steps.restoration[i]],
                                       "class-id", G_TYPE_INT, (int)restored->steps.restoration[i],
                                       "score", G_TYPE_DOUBLE, restored->strength, NULL));
}

static VdtResult *result_of(const VdtRestored *restored, GstClockTime pts)
{
    g_autoptr(GPtrArray) results =
        g_ptr_array_new_with_free_func((GDestroyNotify)gst_structure_free);

    set_results(restored, results);
    return vdt_result_new(results, pts);
}

void vdt_restored_describe(const VdtRestored *restored, GstStructure *s)
{
    g_autoptr(VdtResult) result = result_of(restored, GST_CLOCK_TIME_NONE);

    describe(restored, s);
    gst_structure_set_value(s, "results", &result->structures);
}

void vdt_restored_attach(const VdtRestored *restored, GstBuffer *buffer, const char *element)
{
    g_autoptr(VdtResult) result = result_of(restored, GST_BUFFER_PTS(buffer));

    result->fields = gst_structure_new_empty("restoration");
    describe(restored, result->fields);
    vdt_result_attach(result, buffer, GST_BUFFER_PTS(buffer), element, "restoration");
}
