/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene.h"

struct _VdtScene {
    VdtSceneOptions options; /* what the street was made by */
    gint64 time;
    guint64 clip; /* which clip the street is; 0 for an endless one */
    VdtStreet *street;
    VdtStreetPainter *painter; /* of the street, for the last size; or NULL */
    guint width, height;
};

VdtScene *vdt_scene_new(void)
{
    return g_new0(VdtScene, 1);
}

void vdt_scene_free(VdtScene *scene)
{
    g_clear_pointer(&scene->painter, vdt_street_painter_free);
    g_clear_pointer(&scene->street, vdt_street_unref);
    g_free(scene);
}

static gboolean conditions_equal(const VdtStreetConditions *a, const VdtStreetConditions *b)
{
    return a->night == b->night && a->rain == b->rain && a->snow == b->snow && a->haze == b->haze &&
           a->noise == b->noise && a->shake == b->shake && a->blur == b->blur;
}

static gboolean options_equal(const VdtSceneOptions *a, const VdtSceneOptions *b)
{
    return a->seed == b->seed && a->action == b->action && a->clip_duration == b->clip_duration &&
           a->changing == b->changing && conditions_equal(&a->conditions, &b->conditions);
}

static VdtStreet *street_new(const VdtSceneOptions *options, guint64 clip)
{
    if (options->action == VDT_SCENE_ANY)
        return vdt_street_new(
            &(VdtStreetOptions){options->seed, options->conditions, options->changing});
    return vdt_street_new_clip(&(VdtStreetClip){options->seed + clip,
                                                (VdtStreetAction)options->action,
                                                options->conditions, options->clip_duration});
}

void vdt_scene_show(VdtScene *scene, const VdtSceneOptions *options, gint64 time)
{
    const guint64 clip =
        options->action == VDT_SCENE_ANY ? 0 : (guint64)(time / options->clip_duration);

    scene->time = time;
    if (scene->street && scene->clip == clip && options_equal(&scene->options, options))
        return;
    g_clear_pointer(&scene->painter, vdt_street_painter_free);
    g_clear_pointer(&scene->street, vdt_street_unref);
    scene->options = *options;
    scene->clip = clip;
    scene->street = street_new(options, clip);
}

/* When the street that is shown began. */
static gint64 street_start(const VdtScene *scene)
{
    return (gint64)scene->clip * scene->options.clip_duration;
}

void vdt_scene_draw(VdtScene *scene, VdtSceneOutput output, guint width, guint height,
                    guint8 *pixels, gsize stride)
{
    const gint64 time = scene->time - street_start(scene);

    if (scene->width != width || scene->height != height)
        g_clear_pointer(&scene->painter, vdt_street_painter_free);
    scene->width = width;
    scene->height = height;
    if (!scene->painter)
        scene->painter = vdt_street_painter_new(scene->street, width, height);

    if (output == VDT_SCENE_CLASSES)
        vdt_street_painter_classes(scene->painter, time, pixels, stride);
    else if (output == VDT_SCENE_CLEAN)
        vdt_street_painter_draw_clean(scene->painter, time, pixels, stride);
    else
        vdt_street_painter_draw(scene->painter, time, pixels, stride);
}

VdtTruth *vdt_scene_get_truth(const VdtScene *scene, double aspect)
{
    const gint64 start = street_start(scene), time = scene->time - start;
    VdtTruth *truth = g_new0(VdtTruth, 1);

    truth->time = scene->time;
    truth->conditions = vdt_street_get_conditions(scene->street, time);
    truth->events = vdt_street_get_events(scene->street, time, time + 1);
    truth->objects = vdt_street_get_objects(scene->street, time, aspect);
    for (guint i = 0; i < truth->events->len; i++) {
        VdtStreetEvent *event = &g_array_index(truth->events, VdtStreetEvent, i);

        event->id += scene->clip; /* a clip has one, and counts from 1 */
        event->start += start;
        event->end += start;
    }
    return truth;
}

void vdt_truth_free(VdtTruth *truth)
{
    g_array_unref(truth->events);
    g_array_unref(truth->objects);
    g_free(truth);
}

const VdtStreetEvent *vdt_truth_find_event(const GArray *events, guint64 id)
{
    for (guint i = 0; i < events->len; i++) {
        const VdtStreetEvent *event = &g_array_index(events, VdtStreetEvent, i);

        if (event->id == id)
            return event;
    }
    return NULL;
}
