/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "truthlog.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

struct _VdtTruthLog {
    char *path;
    FILE *file;
    char *scene;    /* the last line that told of it */
    GArray *events; /* VdtStreetEvent: of the last frame; NULL before the first */
    gint64 time;    /* of the last frame whose objects were written, or -1 */
};

static gboolean fail(const VdtTruthLog *log, const char *what, GError **error)
{
    const int number = errno;

    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(number), "%s: cannot be %s: %s",
                log->path, what, g_strerror(number));
    return FALSE;
}

static void log_free(VdtTruthLog *log)
{
    g_clear_pointer(&log->events, g_array_unref);
    g_free(log->scene);
    g_free(log->path);
    g_free(log);
}

VdtTruthLog *vdt_truth_log_new(const char *path, GError **error)
{
    VdtTruthLog *log = g_new0(VdtTruthLog, 1);

    log->path = g_strdup(path);
    log->time = -1;
    log->file = fopen(path, "we");
    if (!log->file) {
        fail(log, "opened for writing", error);
        log_free(log);
        return NULL;
    }
    return log;
}

gboolean vdt_truth_log_close(VdtTruthLog *log, GError **error)
{
    /* Some file systems tell only now that they are full. */
    const gboolean done = fclose(log->file) == 0 || fail(log, "written to", error);

    log_free(log);
    return done;
}

static void add_int(JsonBuilder *to, const char *name, gint64 value)
{
    json_builder_set_member_name(to, name);
    json_builder_add_int_value(to, value);
}

static void add_double(JsonBuilder *to, const char *name, double value)
{
    json_builder_set_member_name(to, name);
    json_builder_add_double_value(to, value);
}

static void add_string(JsonBuilder *to, const char *name, const char *value)
{
    json_builder_set_member_name(to, name);
    json_builder_add_string_value(to, value);
}

/* As strings: most readers of JSON keep 53 bits of a number. */
static void add_id(JsonBuilder *to, const char *name, guint64 id)
{
    char text[24];

    g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, id);
    add_string(to, name, text);
}

static JsonBuilder *line_new(const char *type)
{
    JsonBuilder *line = json_builder_new();

    json_builder_begin_object(line);
    add_string(line, "type", type);
    return line;
}

/* Takes the line. */
static char *line_end(JsonBuilder *line)
{
    g_autoptr(JsonNode) node = NULL;

    json_builder_end_object(line);
    node = json_builder_get_root(line);
    g_object_unref(line);
    return json_to_string(node, FALSE);
}

static void write_line(VdtTruthLog *log, const char *text)
{
    fputs(text, log->file);
    fputc('\n', log->file);
}

void vdt_truth_log_set_scene(VdtTruthLog *log, const VdtSceneOptions *options,
                             const GstVideoInfo *info)
{
    JsonBuilder *line = line_new("scene");
    g_autofree char *text = NULL;

    add_int(line, "world_version", VDT_STREET_VERSION);
    add_id(line, "seed", options->seed);
    add_string(line, "action",
               options->action == VDT_SCENE_ANY
                   ? "any"
                   : vdt_street_action_name((VdtStreetAction)options->action));
    if (options->action != VDT_SCENE_ANY)
        add_int(line, "clip_duration_ns", options->clip_duration);
    add_int(line, "width", GST_VIDEO_INFO_WIDTH(info));
    add_int(line, "height", GST_VIDEO_INFO_HEIGHT(info));
    add_double(line, "framerate", (double)GST_VIDEO_INFO_FPS_N(info) / GST_VIDEO_INFO_FPS_D(info));
    text = line_end(line);
    if (g_strcmp0(text, log->scene) == 0)
        return;
    write_line(log, text);
    g_free(log->scene);
    log->scene = g_steal_pointer(&text);
}

static void write_event(VdtTruthLog *log, const VdtStreetEvent *event)
{
    JsonBuilder *line = line_new("event");
    g_autofree char *text = NULL;

    add_id(line, "id", event->id);
    add_string(line, "label", vdt_street_action_name(event->action));
    add_int(line, "start_ns", event->start);
    add_int(line, "end_ns", event->end);
    add_id(line, "actor", event->actor);
    text = line_end(line);
    write_line(log, text);
}

static void add_conditions(JsonBuilder *line, const VdtStreetConditions *conditions)
{
    json_builder_set_member_name(line, "conditions");
    json_builder_begin_object(line);
    add_double(line, "night", conditions->night);
    add_double(line, "rain", conditions->rain);
    add_double(line, "snow", conditions->snow);
    add_double(line, "haze", conditions->haze);
    add_double(line, "noise", conditions->noise);
    add_double(line, "shake", conditions->shake);
    add_double(line, "blur", conditions->blur);
    json_builder_end_object(line);
}

static void add_object(JsonBuilder *line, const VdtStreetObject *object)
{
    json_builder_begin_object(line);
    add_id(line, "id", object->id);
    add_string(line, "kind", vdt_street_class_name(object->kind));
    add_string(line, "action", vdt_street_action_name(object->action));
    json_builder_set_member_name(line, "main");
    json_builder_add_boolean_value(line, object->main);
    json_builder_set_member_name(line, "box");
    json_builder_begin_array(line);
    json_builder_add_double_value(line, object->x);
    json_builder_add_double_value(line, object->y);
    json_builder_add_double_value(line, object->width);
    json_builder_add_double_value(line, object->height);
    json_builder_end_array(line);
    json_builder_end_object(line);
}

static void write_frame(VdtTruthLog *log, const VdtTruth *truth)
{
    JsonBuilder *line = line_new("frame");
    g_autofree char *text = NULL;

    add_int(line, "time_ns", truth->time);
    add_conditions(line, &truth->conditions);
    json_builder_set_member_name(line, "objects");
    json_builder_begin_array(line);
    for (guint i = 0; i < truth->objects->len; i++)
        add_object(line, &g_array_index(truth->objects, VdtStreetObject, i));
    json_builder_end_array(line);
    text = line_end(line);
    write_line(log, text);
}

gboolean vdt_truth_log_frame(VdtTruthLog *log, const VdtTruth *truth, gint64 interval,
                             GError **error)
{
    for (guint i = 0; i < truth->events->len; i++) {
        const VdtStreetEvent *event = &g_array_index(truth->events, VdtStreetEvent, i);

        if (!log->events || !vdt_truth_find_event(log->events, event->id))
            write_event(log, event);
    }
    g_clear_pointer(&log->events, g_array_unref);
    log->events = g_array_ref(truth->events);

    if (interval == 0 || log->time < 0 || truth->time / interval != log->time / interval) {
        write_frame(log, truth);
        log->time = truth->time;
    }
    /* So that whoever reads the file while it grows sees whole lines, up to this frame. */
    if (fflush(log->file) != 0 || ferror(log->file))
        return fail(log, "written to", error);
    return TRUE;
}
