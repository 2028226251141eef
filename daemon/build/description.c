/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "description.h"

#include "pipeline/expand.h"

static void bind(GArray *scope, const VdtKey *keys, guint n, const VdtOption *values)
{
    for (guint i = 0; i < n; i++) {
        VdtBinding binding = {keys[i].name, &keys[i].spec, &values[i], NULL};
        g_array_append_val(scope, binding);
    }
}

/* Values that a part may name: of what is nearest first. */
static GArray *stream_scope(const VdtStreamConfig *stream)
{
    GArray *scope = g_array_new(FALSE, FALSE, sizeof(VdtBinding));
    bind(scope, stream->parameter_keys, stream->n_parameters, stream->parameters);
    bind(scope, vdt_stream_group.keys, vdt_stream_group.n_keys, stream->values);
    return scope;
}

char *vdt_describe_source(const VdtStreamConfig *stream, gboolean shown, GError **error)
{
    g_autoptr(GArray) scope = stream_scope(stream);
    return vdt_template_expand(stream->source, vdt_template_find(stream->source, "source"), scope,
                               shown, error);
}

static char *describe_analyser(const VdtStreamConfig *stream, const VdtAnalyserConfig *analyser,
                               gboolean shown, GError **error)
{
    static const VdtOptionSpec name_spec = {VDT_OPTION_NAME};
    g_autofree char *part = g_strconcat("each ", analyser->group->name, NULL);
    g_autoptr(GArray) scope = g_array_new(FALSE, FALSE, sizeof(VdtBinding));
    const VdtGroup *group = analyser->group;
    g_autofree char *properties =
        vdt_template_expand_properties(group->keys, group->n_keys, analyser->values);
    VdtOption name = {.text = analyser->name};
    const VdtAnalyserConfig *before = vdt_analyser_before(stream, analyser);
    g_autofree char *from =
        before != NULL ? g_strconcat(before->name, "-found", NULL) : g_strdup("frames");
    const VdtBinding own[] = {{"name", &name_spec, &name, NULL},
                              {"from", NULL, NULL, from},
                              {"properties", NULL, NULL, properties}};
    g_array_append_vals(scope, own, G_N_ELEMENTS(own));
    bind(scope, group->keys, group->n_keys, analyser->values);
    bind(scope, stream->parameter_keys, stream->n_parameters, stream->parameters);
    return vdt_template_expand(stream->frames, vdt_template_find(stream->frames, part), scope,
                               shown, error);
}

char *vdt_describe_frames(const VdtStreamConfig *stream, gboolean shown, GError **error)
{
    g_autoptr(GArray) scope = stream_scope(stream);
    g_autofree char *frames = vdt_template_expand(
        stream->frames, vdt_template_find(stream->frames, "frames"), scope, shown, error);
    if (frames == NULL)
        return NULL;
    g_autoptr(GString) all = g_string_new(frames);
    for (guint i = 0; i < stream->analysers->len; i++) {
        g_autofree char *one = describe_analyser(stream, stream->analysers->pdata[i], shown, error);
        if (one == NULL)
            return NULL;
        g_string_append(all, one);
    }
    return g_string_free(g_steal_pointer(&all), FALSE);
}
