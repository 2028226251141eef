/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network.h"

#include <string.h>
#include <vedette/ops.h>
#include <vedette/train.h>

#include "fields.h"
#include "files.h"
#include "jsontext.h"
#include "restoration.h"
#include "unwrap.h"

#define MAX_CONFIG_BYTES (256 << 10)

void network_clear(Network *network)
{
    g_clear_pointer(&network->config, json_object_unref);
}

/* The object that @text is, or that the file of that name holds. */
static JsonObject *parse_config(const char *text, GError **error)
{
    if (*text != '{')
        return vdt_json_load(text, MAX_CONFIG_BYTES, error);
    g_autoptr(GError) mistake = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &mistake);
    if (node != NULL && JSON_NODE_HOLDS_OBJECT(node))
        return json_node_dup_object(node);
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL, "--config is no JSON object: %s",
                mistake != NULL ? mistake->message : text);
    return NULL;
}

/* A key that nobody reads is a misspelled one, and the network another than was meant. */
static JsonObject *read_config(const VdtModel *model, const char *text, GError **error)
{
    g_autoptr(JsonObject) config = parse_config(text, error);
    g_autofree char *unknown = config != NULL ? vdt_fields_unknown(config, model->keys) : NULL;
    if (unknown == NULL)
        return g_steal_pointer(&config);
    g_autofree char *known = g_strjoinv(", ", (char **)model->keys);
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL, "--config has %s, but a %s is described by %s",
                unknown, model->name, known);
    return NULL;
}

static gboolean has_prefix(const VdtWeights *weights, const char *prefix)
{
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++)
        if (g_str_has_prefix(vdt_weights_get_name(weights, i), prefix))
            return TRUE;
    return FALSE;
}

VdtWeights *network_find_backbone(const VdtModel *model, const VdtWeights *start)
{
    if (model->backbone == NULL || has_prefix(start, model->head))
        return NULL;
    const char *prefix = has_prefix(start, model->backbone) ? "" : model->backbone;
    VdtWeights *backbone = vdt_weights_new();
    vdt_weights_set_origin(backbone, vdt_weights_get_origin(start));
    for (guint i = 0; i < vdt_weights_get_n_tensors(start); i++) {
        g_autofree char *name = g_strconcat(prefix, vdt_weights_get_name(start, i), NULL);
        vdt_weights_insert(backbone, name, vdt_weights_get_tensor(start, i));
    }
    return backbone;
}

static gboolean find_config(Network *network, const char *config, const VdtWeights *start,
                            GError **error)
{
    network->variant = "custom";
    if (config == NULL && network->only_backbone) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s: has no head, and so does not say what the network is: --config does",
                    vdt_weights_get_origin(start));
        return FALSE;
    }
    if (config == NULL && start != NULL) {
        const VdtModel *model = vdt_model_recognise(start, &network->config, &network->variant);
        if (model == network->model)
            return TRUE;
        g_clear_pointer(&network->config, json_object_unref);
        g_autofree char *holds = vdt_weights_describe(start);
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL, "%s: the tensors are not those of a %s; %s",
                    vdt_weights_get_origin(start), network->model->name, holds);
        return FALSE;
    }
    if (config == NULL)
        config = "small";
    for (guint i = 0; i < network->model->n_variants; i++) {
        const VdtVariant *variant = &network->model->variants[i];
        if (strcmp(variant->name, config) == 0) {
            network->variant = variant->name;
            network->config = vdt_variant_config(variant);
            return TRUE;
        }
    }
    /* The usual error lists the variants. */
    if (*config != '{' && !g_file_test(config, G_FILE_TEST_EXISTS) &&
        vdt_model_find_variant(network->model, config, error) == NULL)
        return FALSE;
    network->config = read_config(network->model, config, error);
    return network->config != NULL;
}

gboolean network_init(Network *network, const char *architecture, const char *config,
                      const VdtWeights *start, guint n_classes, GError **error)
{
    network->model = vdt_model_find(architecture, error);
    if (network->model == NULL || !find_config(network, config, start, error))
        return FALSE;
    g_autofree char *before = json_text(network->config, FALSE);
    if (network->model->set_classes != NULL)
        network->model->set_classes(network->config, n_classes);
    g_autofree char *after = json_text(network->config, FALSE);
    if (strcmp(before, after) != 0 && strcmp(network->variant, "small") != 0)
        network->variant = "custom";
    network->n_classes = n_classes;
    VdtShape input = network->model->input_shape(network->config, 1, 64, 64);
    network->frames = input.n_dims == 5 ? input.dims[2] : 1;
    return TRUE;
}

static VdtValue *plain_loss(const Network *network, VdtGraph *graph, guint batch, guint width,
                            guint height)
{
    gboolean maps = network->model->task == VDT_TASK_SEGMENTATION;
    VdtShape labels = maps ? vdt_shape(batch, height, width) : vdt_shape(batch);
    VdtValue *logits = vdt_graph_find_output(graph, "logits");
    if (maps)
        logits = vdt_resize_bilinear(logits, height, width, FALSE);
    return vdt_cross_entropy(logits, vdt_input(graph, "labels", &labels),
                             .label_smoothing = network->label_smoothing);
}

/* The sum over the questions of how wrong their answers are; labels are [questions,N], and one that
 * is no answer does not count. */
static VdtValue *groups_loss(const Network *network, VdtGraph *graph, guint batch)
{
    VdtShape all = vdt_shape(network->n_groups, batch), one = vdt_shape(batch);
    VdtValue *labels = vdt_input(graph, "labels", &all), *sum = NULL;
    VdtValue *logits = vdt_graph_find_output(graph, "logits");
    for (guint i = 0; i < network->n_groups; i++) {
        const VdtCardGroup *group = &network->groups[i];
        VdtValue *answers = vdt_reshape(vdt_slice(labels, 0, i, 1), &one);
        VdtValue *loss = vdt_cross_entropy(vdt_slice(logits, 1, group->first, group->n_labels),
                                           answers, .label_smoothing = network->label_smoothing);
        sum = sum != NULL ? vdt_add(sum, loss) : loss;
    }
    return sum;
}

VdtGraph *network_graph(const Network *network, guint batch, guint width, guint height,
                        gboolean training, GError **error)
{
    VdtShape input = network->model->input_shape(network->config, batch, width, height);
    VdtBuild asked = vdt_model_ask(network->model, &input);
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    if (training && network->n_restorations > 0)
        restoration_ask_each(&asked);
    else if (training)
        json_object_set_double_member(network->config, "dropout", network->dropout);
    gboolean ok = network->model->build(network->config, graph, &asked, error);
    json_object_remove_member(network->config, "dropout");
    if (!ok)
        return NULL;
    if (training && network->freeze_norms)
        vdt_graph_freeze_norms(graph, "backbone.");
    if (training && network->n_restorations > 0)
        vdt_output(graph, "loss", restoration_loss(graph));
    else if (training && network->n_groups > 0)
        vdt_output(graph, "loss", groups_loss(network, graph, batch));
    else if (training)
        vdt_output(graph, "loss", plain_loss(network, graph, batch, width, height));
    return vdt_graph_check(graph, error) ? g_steal_pointer(&graph) : NULL;
}

/* Whether a start of a backbone alone may lack this one: all but the backbone, and biases of
 * attention over other sizes than a classifier sees. */
static gboolean is_beyond_backbone(const Network *network, const char *name)
{
    return network->only_backbone && (!g_str_has_prefix(name, network->model->backbone) ||
                                      g_str_has_suffix(name, ".attention_biases_seg"));
}

/* Parameters by what becomes of them. */
typedef struct {
    GString *problems;
    guint n_problems;
    gboolean fresh_head;
} Taking;

static gboolean take(const Network *network, VdtWeights *to, const char *name,
                     const VdtShape *shape, const VdtWeights *start, Taking *taking, GError **error)
{
    VdtTensor *tensor = vdt_weights_lookup((VdtWeights *)start, name);
    if (tensor != NULL && vdt_shape_equal(&tensor->shape, shape)) {
        g_autoptr(VdtTensor) floats = vdt_tensor_convert(tensor, VDT_F32, error);
        if (floats == NULL) {
            g_prefix_error(error, "%s: %s: ", vdt_weights_get_origin(start), name);
            return FALSE;
        }
        vdt_weights_insert(to, name, floats);
    } else if (network->model->head != NULL && g_str_has_prefix(name, network->model->head)) {
        taking->fresh_head = TRUE;
    } else if (tensor != NULL || !is_beyond_backbone(network, name)) {
        g_autofree char *wanted = vdt_shape_to_string(shape);
        g_autofree char *is = tensor != NULL ? vdt_shape_to_string(&tensor->shape) : NULL;
        taking->n_problems++;
        const char *reason = vdt_weights_why_unread(start, name);
        if (is == NULL)
            g_string_append_printf(taking->problems, "\n%s: %s", name,
                                   reason != NULL ? reason : "is missing");
        else
            g_string_append_printf(taking->problems, "\n%s: has shape %s, not %s", name, is,
                                   wanted);
    }
    return TRUE;
}

/* Both tensors of a head go together. */
static void renew_head(const Network *network, VdtGraph *graph, VdtWeights *weights, guint64 seed)
{
    g_autoptr(VdtWeights) random = vdt_weights_new_random(graph, seed);
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        const char *name = vdt_graph_get_param(graph, i, NULL);
        if (g_str_has_prefix(name, network->model->head))
            vdt_weights_insert(weights, name, vdt_weights_lookup(random, name));
    }
}

VdtWeights *network_start(const Network *network, VdtGraph *graph, const VdtWeights *start,
                          guint64 seed, gboolean *fresh_head, GError **error)
{
    g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, seed);
    *fresh_head = FALSE;
    if (start == NULL)
        return g_steal_pointer(&weights);
    Taking taking = {.problems = g_string_new(NULL)};
    gboolean ok = TRUE;
    for (guint i = 0; i < vdt_graph_get_n_params(graph) && ok; i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        ok = take(network, weights, name, &shape, start, &taking, error);
    }
    g_autofree char *problems = g_string_free(taking.problems, FALSE);
    if (!ok)
        return NULL;
    if (taking.n_problems > 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS, "%s: %u tensors do not fit the network:%s",
                    vdt_weights_get_origin(start), taking.n_problems, problems);
        return NULL;
    }
    *fresh_head = taking.fresh_head;
    if (taking.fresh_head)
        renew_head(network, graph, weights, seed);
    return g_steal_pointer(&weights);
}
