/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "diff.h"

#include <string.h>

typedef struct {
    GStrvBuilder *keys;
    guint n;
    VdtReload reload;
} Changes;

const char *vdt_change_name(VdtChange change)
{
    static const char *const names[] = {"added", "removed", "changed", "unchanged"};
    return names[change];
}

static void difference_free(gpointer data)
{
    VdtDifference *d = data;
    g_free(d->stream);
    g_strfreev(d->keys);
    g_free(d);
}

static void add(Changes *changes, VdtReload reload, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void add(Changes *changes, VdtReload reload, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *key = g_strdup_vprintf(format, args);
    va_end(args);
    g_strv_builder_add(changes->keys, key);
    changes->reload = MAX(changes->reload, reload);
    changes->n++;
}

static void compare_values(Changes *changes, const char *group, const VdtKey *keys, guint n,
                           const VdtOption *before, const VdtOption *after)
{
    for (guint i = 0; i < n; i++) {
        /* No value says to an element that a number is unset. */
        gboolean lost = after[i].text == NULL && keys[i].spec.type < VDT_OPTION_ENUM;
        VdtReload reload = lost ? MAX(keys[i].reload, VDT_RELOAD_STREAM) : keys[i].reload;
        if (!vdt_option_equal(&before[i], &after[i]))
            add(changes, reload, "%s.%s", group, keys[i].name);
    }
}

static const VdtAnalyserConfig *find_analyser(const VdtStreamConfig *stream, const char *name)
{
    for (guint i = 0; i < stream->analysers->len; i++) {
        const VdtAnalyserConfig *analyser = stream->analysers->pdata[i];
        if (strcmp(analyser->name, name) == 0)
            return analyser;
    }
    return NULL;
}

/* Their order means nothing. */
static void compare_analysers(Changes *changes, const VdtStreamConfig *before,
                              const VdtStreamConfig *after)
{
    for (guint i = 0; i < before->analysers->len; i++) {
        const VdtAnalyserConfig *old = before->analysers->pdata[i];
        const VdtAnalyserConfig *now = find_analyser(after, old->name);
        if (now == NULL || now->group != old->group)
            add(changes, VDT_RELOAD_STREAM, "[%s]", old->label);
        else
            compare_values(changes, old->label, old->group->keys, old->group->n_keys, old->values,
                           now->values);
    }
    for (guint i = 0; i < after->analysers->len; i++) {
        const VdtAnalyserConfig *now = after->analysers->pdata[i];
        if (find_analyser(before, now->name) == NULL)
            add(changes, VDT_RELOAD_STREAM, "[%s]", now->label);
    }
}

static const VdtNamedConfig *find_named(const VdtConfig *config, const char *label)
{
    for (guint i = 0; i < config->named->len; i++) {
        const VdtNamedConfig *named = config->named->pdata[i];
        if (strcmp(named->label, label) == 0)
            return named;
    }
    return NULL;
}

/* Of the service; all of them can come and go while it runs. */
static void compare_named(Changes *changes, const VdtConfig *before, const VdtConfig *after)
{
    for (guint i = 0; i < before->named->len; i++) {
        const VdtNamedConfig *old = before->named->pdata[i], *now = find_named(after, old->label);
        const VdtGroup *group = &vdt_named_groups[old->group];
        if (now == NULL)
            add(changes, VDT_RELOAD_LIVE, "[%s]", old->label);
        else
            compare_values(changes, old->label, group->keys, group->n_keys, old->values,
                           now->values);
    }
    for (guint i = 0; i < after->named->len; i++) {
        const VdtNamedConfig *now = after->named->pdata[i];
        if (find_named(before, now->label) == NULL)
            add(changes, VDT_RELOAD_LIVE, "[%s]", now->label);
    }
}

static void compare_templates(Changes *changes, const VdtStreamConfig *before,
                              const VdtStreamConfig *after)
{
    gboolean same_source = strcmp(before->source->content, after->source->content) == 0,
             same_frames = strcmp(before->frames->content, after->frames->content) == 0;
    if (!same_source)
        add(changes, VDT_RELOAD_STREAM, "template %s", after->source->name);
    if (!same_frames)
        add(changes, VDT_RELOAD_STREAM, "template %s", after->frames->name);
    if (same_source && same_frames)
        compare_values(changes, VDT_PARAMETERS_GROUP, after->parameter_keys, after->n_parameters,
                       before->parameters, after->parameters);
}

static VdtDifference *finish(Changes *changes, const char *stream)
{
    VdtDifference *d = g_new0(VdtDifference, 1);
    *d = (VdtDifference){.stream = g_strdup(stream),
                         .change = changes->n > 0 ? VDT_CHANGE_CHANGED : VDT_CHANGE_SAME,
                         .reload = changes->reload,
                         .keys = g_strv_builder_end(changes->keys)};
    return d;
}

/* The same file may hold another secret now. */
static void compare_secrets(Changes *changes, const char *group, const VdtStreamConfig *before,
                            const VdtStreamConfig *after)
{
    if (vdt_option_equal(&before->values[VDT_KEY_STREAM_SOURCE],
                         &after->values[VDT_KEY_STREAM_SOURCE]) &&
        (g_strcmp0(before->user, after->user) != 0 ||
         g_strcmp0(before->password, after->password) != 0))
        add(changes, VDT_RELOAD_STREAM, "the secret of %s.source", group);
}

static void compare_recorded(Changes *changes, const VdtStreamConfig *before,
                             const VdtStreamConfig *after)
{
    compare_values(changes, vdt_record_group.name, vdt_record_group.keys, VDT_KEY_RECORD_N_KEYS,
                   before->record, after->record);
    if (before->recorded == NULL || after->recorded == NULL)
        return;
    compare_secrets(changes, vdt_record_group.name, before->recorded, after->recorded);
    if (strcmp(before->recorded->source->content, after->recorded->source->content) != 0)
        add(changes, VDT_RELOAD_STREAM, "template %s", after->recorded->source->name);
}

static VdtDifference *compare_streams(const VdtStreamConfig *before, const VdtStreamConfig *after)
{
    g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
    Changes changes = {.keys = keys};
    compare_values(&changes, vdt_stream_group.name, vdt_stream_group.keys, VDT_KEY_STREAM_N_KEYS,
                   before->values, after->values);
    compare_secrets(&changes, vdt_stream_group.name, before, after);
    compare_recorded(&changes, before, after);
    compare_templates(&changes, before, after);
    compare_analysers(&changes, before, after);
    return finish(&changes, after->name);
}

static VdtDifference *of_one(const char *name, VdtChange change)
{
    VdtDifference *d = g_new0(VdtDifference, 1);
    *d = (VdtDifference){.stream = g_strdup(name), .change = change, .keys = g_new0(char *, 1)};
    return d;
}

/* Both are by name. */
static void compare_lists(GPtrArray *all, const GPtrArray *before, const GPtrArray *after)
{
    guint i = 0, k = 0;
    while (i < before->len || k < after->len) {
        const VdtStreamConfig *old = i < before->len ? before->pdata[i] : NULL;
        const VdtStreamConfig *now = k < after->len ? after->pdata[k] : NULL;
        int order = old == NULL ? 1 : now == NULL ? -1 : strcmp(old->name, now->name);
        if (order < 0)
            g_ptr_array_add(all, of_one(old->name, VDT_CHANGE_REMOVED));
        else if (order > 0)
            g_ptr_array_add(all, of_one(now->name, VDT_CHANGE_ADDED));
        else
            g_ptr_array_add(all, compare_streams(old, now));
        i += order <= 0;
        k += order >= 0;
    }
}

GPtrArray *vdt_config_diff(const VdtConfig *before, const VdtConfig *after)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(difference_free);
    g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
    Changes service = {.keys = keys};
    for (guint i = 0; i < VDT_N_SERVICE_GROUPS; i++)
        compare_values(&service, vdt_service_groups[i].name, vdt_service_groups[i].keys,
                       vdt_service_groups[i].n_keys, before->settings[i], after->settings[i]);
    for (guint i = 0; i < VDT_N_SERVICE_GROUPS; i++)
        if (g_strcmp0(before->secrets[i].user, after->secrets[i].user) != 0 ||
            g_strcmp0(before->secrets[i].password, after->secrets[i].password) != 0)
            add(&service, VDT_RELOAD_LIVE, "the secret of %s", vdt_service_groups[i].name);
    compare_named(&service, before, after);
    g_ptr_array_add(all, finish(&service, NULL));
    compare_lists(all, before->isolated, after->isolated);
    compare_lists(all, before->streams, after->streams);
    return all;
}

GStrv vdt_config_diff_restart(const VdtConfig *running, const VdtConfig *now)
{
    g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
    for (guint i = 0; i < VDT_N_SERVICE_GROUPS; i++)
        for (guint k = 0; k < vdt_service_groups[i].n_keys; k++) {
            const VdtKey *key = &vdt_service_groups[i].keys[k];
            g_autofree char *name = g_strdup_printf("%s.%s", vdt_service_groups[i].name, key->name);
            if (key->reload == VDT_RELOAD_SERVICE &&
                !vdt_option_equal(&running->settings[i][k], &now->settings[i][k]))
                g_strv_builder_add(keys, name);
        }
    return g_strv_builder_end(keys);
}
