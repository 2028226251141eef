/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette verify: builds the network of a golden case from the case's configuration, with the
 * case's weights and input, runs it, and compares what comes out with what the authors' code gave.
 */
#include <math.h>
#include <string.h>

#include "command.h"
#include "files.h"
#include "golden.h"
#include "labelmap.h"
#include "model.h"
#include "network.h"
#include "stored.h"
#include "tiles.h"

/* Tiles that are restored at once. */
#define TILE_BATCH 4

typedef struct {
    CommonOptions common;
    char *dump, *plan;
    double bound; /* 0: the case's own */
    VdtPlanOptions options;
} Options;

static void options_clear(Options *o)
{
    common_options_clear(&o->common);
    g_free(o->dump);
    g_free(o->plan);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* One case, ready to be compared. */
typedef struct {
    char *name; /* of the folder */
    JsonObject *json;
    VdtWeights *expected;
    VdtSession *session;
    VdtTensor
        *joined; /* what became of the input's tiles, if the network takes no more than these */
} Case;

static void case_clear(Case *c)
{
    g_free(c->name);
    g_clear_pointer(&c->json, json_object_unref);
    g_clear_pointer(&c->expected, vdt_weights_unref);
    g_clear_pointer(&c->session, vdt_session_free);
    g_clear_pointer(&c->joined, vdt_tensor_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, case_clear)

/* The object or array that a case holds under @key. */
static JsonNode *part(const Case *c, const char *key, JsonNodeType type, GError **error)
{
    JsonNode *node = json_object_get_member(c->json, key);
    if (node != NULL && JSON_NODE_TYPE(node) == type)
        return node;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "case.json has no %s \"%s\"",
                type == JSON_NODE_ARRAY ? "array" : "object", key);
    return NULL;
}

static JsonObject *element(JsonArray *array, guint i, GError **error)
{
    JsonNode *node = json_array_get_element(array, i);
    if (JSON_NODE_HOLDS_OBJECT(node))
        return json_node_get_object(node);
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "case.json: element %u is not an object", i);
    return NULL;
}

static gboolean run_tiles(const float *tiles, guint n, float *results, gpointer data,
                          GError **error)
{
    VdtSession *session = data;
    VdtTensor *to = vdt_session_get_input(session, 0);
    const VdtTensor *from = vdt_session_get_output(session, 0);
    memcpy(to->data, tiles, to->n_bytes / TILE_BATCH * n);
    if (!vdt_session_run(session, NULL, error))
        return FALSE;
    memcpy(results, from->data, from->n_bytes / TILE_BATCH * n);
    return TRUE;
}

/* Fills and runs; pictures of another size than the network takes as the authors do it, by tiles.
 */
static gboolean run_session(Case *c, const VdtTensor *input, GError **error)
{
    VdtTensor *to = vdt_session_get_input(c->session, 0);
    g_autoptr(VdtTensor) values = vdt_tensor_convert(input, VDT_F32, error);
    if (values == NULL)
        return FALSE;
    if (vdt_shape_equal(&to->shape, &input->shape)) {
        memcpy(to->data, values->data, to->n_bytes);
        return vdt_session_run(c->session, NULL, error);
    }
    gint64 height = input->shape.dims[2], width = input->shape.dims[3], n = input->shape.dims[0];
    gint64 tile = to->shape.dims[2];
    gint64 scale = vdt_session_get_output(c->session, 0)->shape.dims[2] / tile;
    VdtShape shape = vdt_shape(n, 3, height * scale, width * scale);
    c->joined = vdt_tensor_new(VDT_F32, &shape, error);
    VdtTiler tiler = {
        .tile = tile, .scale = scale, .batch = TILE_BATCH, .run = run_tiles, .data = c->session};
    for (gint64 i = 0; c->joined != NULL && i < n; i++)
        if (!vdt_tiles_average(
                &tiler, (float *)values->data + i * 3 * height * width, width, height,
                (float *)c->joined->data + i * 3 * height * width * scale * scale, error))
            return FALSE;
    return c->joined != NULL;
}

/* What the network takes for a case's input: that, or tiles of it. */
static VdtShape shape_to_run(const VdtModel *model, JsonObject *config, const VdtShape *input)
{
    VdtShape takes = *input;
    if (model->task == VDT_TASK_RESTORATION && input->n_dims == 4 && input->dims[1] == 3)
        takes = model->input_shape(config, input->dims[0], input->dims[3], input->dims[2]);
    if (!vdt_shape_equal(&takes, input))
        takes.dims[0] = TILE_BATCH;
    return takes;
}

static const VdtTensor *find_output(const Case *c, const char *name)
{
    const VdtTensor *output = vdt_session_find_output(c->session, name);
    return output != NULL && c->joined != NULL ? c->joined : output;
}

/* Loads, builds, fills and runs. */
static gboolean run_case(Case *c, const char *dir, const VdtPlanOptions *options, GError **error)
{
    g_autofree char *json_path = g_build_filename(dir, "case.json", NULL);
    g_autofree char *expect_path = g_build_filename(dir, "expect.safetensors", NULL);
    c->json = vdt_json_load(json_path, GOLDEN_MAX_BYTES, error);
    if (c->json == NULL)
        return FALSE;
    c->expected = vdt_weights_load(expect_path, error);
    if (c->expected == NULL)
        return FALSE;
    JsonNode *config = part(c, "config", JSON_NODE_OBJECT, error);
    JsonNode *inputs = config != NULL ? part(c, "inputs", JSON_NODE_ARRAY, error) : NULL;
    if (inputs == NULL)
        return FALSE;
    const char *name = golden_string(c->json, "model", error);
    const VdtModel *model = name != NULL ? vdt_model_find(name, error) : NULL;
    if (model == NULL)
        return FALSE;
    JsonArray *specs = json_node_get_array(inputs);
    if (json_array_get_length(specs) != 1) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED, "the case has %u inputs, not one",
                    json_array_get_length(specs));
        return FALSE;
    }
    JsonObject *spec = element(specs, 0, error);
    g_autoptr(VdtTensor) input = spec != NULL ? golden_input(spec, error) : NULL;
    if (input == NULL)
        return FALSE;

    VdtShape takes = shape_to_run(model, json_node_get_object(config), &input->shape);
    gboolean by_tensors;
    g_autoptr(VdtGraph) graph =
        golden_network(c->json, json_node_get_object(config), model, &takes, &by_tensors, error);
    if (graph == NULL)
        return FALSE;
    if (by_tensors)
        g_print("%s   its tensors decide what its configuration leaves open\n", c->name);
    g_autoptr(VdtWeights) weights = golden_weights(c->json, graph, error);
    if (weights == NULL)
        return FALSE;
    g_autoptr(VdtPlan) plan = vdt_plan_new(graph, weights, options, error);
    if (plan == NULL)
        return FALSE;
    c->session = vdt_session_new(plan, error);
    if (c->session == NULL)
        return FALSE;
    return run_session(c, input, error);
}

/* What is stored of a result, computed and expected; both are the caller's. */
static gboolean pick(const Case *c, JsonObject *spec, const char *name, const VdtTensor *full,
                     VdtTensor **got, VdtTensor **want, GError **error)
{
    VdtTensor *stored = vdt_weights_lookup(c->expected, name);
    if (full == NULL || stored == NULL) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s has no \"%s\"",
                    full == NULL ? "the network" : "expect.safetensors", name);
        return FALSE;
    }
    /* Whole numbers, too, are compared as floats. */
    g_autoptr(VdtTensor) floats = vdt_tensor_convert(full, VDT_F32, error);
    g_autoptr(VdtTensor) ours = floats != NULL ? stored_elements(spec, floats, error) : NULL;
    if (ours == NULL)
        return FALSE;
    if (!vdt_shape_equal(&ours->shape, &stored->shape)) {
        g_autofree char *is = vdt_shape_to_string(&stored->shape);
        g_autofree char *wanted = vdt_shape_to_string(&ours->shape);
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "expect.safetensors stores %s of \"%s\", but case.json means %s", is, name,
                    wanted);
        return FALSE;
    }
    *want = vdt_tensor_convert(stored, VDT_F32, error);
    if (*want == NULL)
        return FALSE;
    *got = g_steal_pointer(&ours);
    return TRUE;
}

/* The class of each pixel of the input, as numbers; NULL without error if the network classifies no
 * pixels. */
static VdtTensor *new_label_map(const Case *c, GError **error)
{
    const VdtTensor *logits = vdt_session_find_output(c->session, "logits");
    const VdtShape *input = &vdt_session_get_input(c->session, 0)->shape;
    if (logits == NULL || logits->shape.n_dims != 4 || input->n_dims != 4)
        return NULL;
    const gint64 *in = logits->shape.dims, height = input->dims[2], width = input->dims[3];
    VdtShape shape = vdt_shape(in[0], height, width);
    VdtTensor *map = vdt_tensor_new(VDT_F32, &shape, error);
    g_autofree guint16 *labels = g_new(guint16, height * width);
    for (gint64 n = 0; map != NULL && n < in[0]; n++) {
        vdt_label_map((const float *)logits->data + n * in[1] * in[2] * in[3], in[1], in[2], in[3],
                      labels, width, width, height);
        for (gint64 i = 0; i < height * width; i++)
            ((float *)map->data)[n * height * width + i] = labels[i];
    }
    return map;
}

/* What was computed, in the type in which the case stores it. */
static VdtTensor *as_stored(const VdtTensor *got, VdtDType dtype, GError **error)
{
    if (dtype != VDT_U8)
        return vdt_tensor_convert(got, dtype, error);
    VdtTensor *bytes = vdt_tensor_new(dtype, &got->shape, error);
    for (gsize i = 0; bytes != NULL && i < bytes->n_bytes; i++)
        ((guint8 *)bytes->data)[i] = CLAMP(((const float *)got->data)[i], 0, 255);
    return bytes;
}

/* Prints how one output compares; sets *passed to FALSE if it is out of bounds. */
static gboolean judge(const Case *c, const Options *o, JsonObject *spec, VdtWeights *dump,
                      gboolean *passed, GError **error)
{
    const char *name = golden_string(spec, "name", error);
    const VdtTensor *output = name != NULL ? find_output(c, name) : NULL;
    g_autoptr(VdtTensor) got = NULL, want = NULL, map = NULL;
    g_autoptr(GError) mistake = NULL;
    if (name == NULL)
        return FALSE;
    if (output == NULL && strcmp(name, "argmax") == 0)
        output = map = new_label_map(c, &mistake);
    if (mistake != NULL) {
        g_propagate_error(error, g_steal_pointer(&mistake));
        return FALSE;
    }
    if (!pick(c, spec, name, output, &got, &want, error))
        return FALSE;
    g_autoptr(VdtTensor) dumped =
        as_stored(got, vdt_weights_lookup(c->expected, name)->dtype, error);
    if (dumped == NULL)
        return FALSE;
    vdt_weights_insert(dump, name, dumped);

    gboolean exact = json_object_has_member(spec, "max_mismatch");
    const char *measure = exact ? "max_mismatch" : "rel_l2";
    double value = exact ? mismatch(got, want) : relative_error(got, want);
    double bound = json_object_get_double_member_with_default(spec, measure, 0);
    if (o->bound > 0)
        bound = o->bound;
    else if (o->options.precision != VDT_PRECISION_F32)
        bound = INFINITY;         /* stated for float32; here the error is only reported */
    gboolean ok = value <= bound; /* not for NaN */
    g_autofree char *shown = printable(name);
    if (isinf(bound))
        g_print("%s %s %s %.3g %s\n", c->name, shown, measure, value, ok ? "reported" : "FAILED");
    else
        g_print("%s %s %s %.3g (bound %g) %s\n", c->name, shown, measure, value, bound,
                ok ? "ok" : "FAILED");
    *passed = *passed && ok;
    return TRUE;
}

/* A tap of that name; what is a mean of a tap has a suffix. */
static const VdtTensor *find_tap(const Case *c, const char *name)
{
    const VdtTensor *tap = vdt_session_get_tap(c->session, name);
    const char *dot = strrchr(name, '.');
    if (tap != NULL || dot == NULL)
        return tap;
    g_autofree char *whole = g_strndup(name, dot - name);
    return vdt_session_get_tap(c->session, whole);
}

/* Whether the tap is there and has the shape that the case knows. */
static gboolean is_comparable(JsonObject *spec, const VdtTensor *tap)
{
    const char *key = json_object_has_member(spec, "full_shape") ? "full_shape" : "shape";
    JsonNode *node = json_object_get_member(spec, key);
    if (tap == NULL || json_object_has_member(spec, "reduce"))
        return tap != NULL;
    JsonArray *dims =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    gboolean same = dims != NULL && json_array_get_length(dims) == tap->shape.n_dims;
    for (guint i = 0; same && i < tap->shape.n_dims; i++) {
        JsonNode *dim = json_array_get_element(dims, i);
        same = JSON_NODE_HOLDS_VALUE(dim) && json_node_get_int(dim) == tap->shape.dims[i];
    }
    return same;
}

/* Intermediates are for finding a bug: they are printed, and judge nothing. */
static gboolean report_taps(const Case *c, double bound, GError **error)
{
    if (!json_object_has_member(c->json, "intermediates"))
        return TRUE;
    JsonNode *node = part(c, "intermediates", JSON_NODE_ARRAY, error);
    if (node == NULL)
        return FALSE;
    JsonArray *specs = json_node_get_array(node);
    const char *first = NULL;
    for (guint i = 0; i < json_array_get_length(specs); i++) {
        JsonObject *spec = element(specs, i, error);
        if (spec == NULL)
            return FALSE;
        const char *name = golden_string(spec, "name", error);
        g_autoptr(VdtTensor) got = NULL, want = NULL;
        const VdtTensor *tap = name != NULL ? find_tap(c, name) : NULL;
        if (name == NULL)
            return FALSE;
        g_autofree char *shown = printable(name);
        if (!is_comparable(spec, tap)) {
            g_print("%s   %s is %s\n", c->name, shown,
                    tap == NULL ? "nothing that this network shows" : "of another shape here");
            continue;
        }
        if (!pick(c, spec, name, tap, &got, &want, error))
            return FALSE;
        double value = relative_error(got, want);
        g_print("%s   %s rel_l2 %.3g\n", c->name, shown, value);
        if (first == NULL && !(value <= bound))
            first = name;
    }
    if (first != NULL) {
        g_autofree char *shown = printable(first);
        g_print("%s   the first to diverge is %s\n", c->name, shown);
    }
    return TRUE;
}

static gboolean verify(const char *dir, const Options *o, VdtWeights *dump, gboolean *passed,
                       GError **error)
{
    g_auto(Case) c = {NULL};
    g_autofree char *path = g_canonicalize_filename(dir, NULL);
    g_autofree char *base = g_path_get_basename(path);
    c.name = printable(base);
    if (!run_case(&c, dir, &o->options, error))
        return FALSE;
    JsonNode *node = part(&c, "outputs", JSON_NODE_ARRAY, error);
    if (node == NULL)
        return FALSE;
    JsonArray *specs = json_node_get_array(node);
    double bound = 1e-4;
    for (guint i = 0; i < json_array_get_length(specs); i++) {
        JsonObject *spec = element(specs, i, error);
        if (spec == NULL || !judge(&c, o, spec, dump, passed, error))
            return FALSE;
        bound = json_object_get_double_member_with_default(spec, "rel_l2", bound);
    }
    if (json_array_get_length(specs) == 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "the case judges no output");
        return FALSE;
    }
    return o->options.kind != VDT_PLAN_TRACE || report_taps(&c, bound, error);
}

int command_verify(int argc, char **argv)
{
    g_auto(Options) o = {.common = {0}};
    const GOptionEntry entries[] = {
        {"dump", 0, 0, G_OPTION_ARG_FILENAME, &o.dump,
         "Keep what was computed, the elements that the case stores", "OUT.safetensors"},
        {"plan", 0, 0, G_OPTION_ARG_STRING, &o.plan,
         "infer (default), or trace, which also reports intermediates", "infer|trace"},
        {"bound", 0, 0, G_OPTION_ARG_DOUBLE, &o.bound, "Error to allow instead of the case's", "X"},
        {COMMON_THREADS(&o.common)},
        {COMMON_PRECISION(&o.common)},
        {COMMON_ISA(&o.common)},
        {NULL},
    };
    g_auto(GStrv) dirs = NULL;
    if (!parse_options("CASE_DIR...",
                       "Compares this build with recorded reference outputs; a lower precision "
                       "is only reported, unless --bound is given.",
                       entries, argc, argv, 1, G_MAXINT, &dirs))
        return EXIT_USAGE;
    o.options.kind = VDT_PLAN_INFER;
    if (g_strcmp0(o.plan, "trace") == 0)
        o.options.kind = VDT_PLAN_TRACE;
    else if (o.plan != NULL && strcmp(o.plan, "infer") != 0)
        return complain_usage("verify", "--plan is \"%s\", but must be infer or trace", o.plan);
    if (!(o.bound >= 0))
        return complain_usage("verify", "--bound must be positive");
    if (o.dump != NULL && dirs[1] != NULL)
        return complain_usage("verify", "--dump takes one case");
    g_autoptr(GError) error = NULL;
    if (!common_options_apply(&o.common, &o.options.precision, &error))
        return complain("verify", error, EXIT_FAILED);

    g_autoptr(VdtWeights) dump = vdt_weights_new();
    gboolean passed = TRUE;
    for (guint i = 0; dirs[i] != NULL; i++) {
        g_autoptr(GError) mistake = NULL;
        if (!verify(dirs[i], &o, dump, &passed, &mistake)) {
            g_prefix_error(&mistake, "%s: ", dirs[i]);
            complain("verify", mistake, EXIT_FAILED);
            passed = FALSE;
        }
    }
    if (o.dump != NULL && vdt_weights_get_n_tensors(dump) > 0 &&
        !vdt_weights_save_safetensors(dump, o.dump, &error))
        return complain("verify", error, EXIT_FAILED);
    return passed ? EXIT_DONE : EXIT_FAILED;
}
