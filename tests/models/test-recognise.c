/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recognition over shapes that nobody's network has: tensors without elements can have any, so that
 * a file of a kilobyte can claim what it likes. What is recognised must build, or be refused by
 * name. */
#include "model.h"

static const struct {
    const char *architecture, *variant;
    guint size;
} networks[] = {
    {"cgrseg", "small", 64},
    {"cgrseg", "T-ade20k", 64},
    {"squeezetime", "small", 32},
    {"tocom", "deit_t", 224},
};

static const gint64 extremes[] = {0, 1, 2, 7, G_MAXINT32, G_GINT64_CONSTANT(1) << 32, G_MAXINT64};

/* The address sanitizer, which looks at the stack for each of a network's many small allocations,
 * makes it a hundred times slower: it sees one in so many. */
#ifdef __SANITIZE_ADDRESS__
#define ONE_IN 23
#else
#define ONE_IN 1
#endif

/* Whatever is in the shape, nothing is in the tensor. */
static void insert(VdtWeights *weights, const char *name, const VdtShape *shape)
{
    static float nothing;
    g_autoptr(VdtTensor) tensor = vdt_tensor_new_for_data(VDT_F32, shape, &nothing, NULL, NULL);
    g_assert_nonnull(tensor);
    vdt_weights_insert(weights, name, tensor);
}

static VdtGraph *build(const VdtModel *model, JsonObject *config, guint size, GError **error)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtShape input = model->input_shape(config, 1, size, size);
    VdtBuild asked = vdt_model_ask(model, &input);
    if (!model->build(config, graph, &asked, error) || !vdt_graph_check(graph, error))
        return NULL;
    return g_steal_pointer(&graph);
}

/* Recognises the network with one dimension of one tensor changed. */
static void try_shape(VdtWeights *weights, const char *name, const VdtShape *right, guint dim,
                      gint64 extreme, guint size)
{
    VdtShape shape = *right;
    const char *variant = NULL;
    g_autoptr(JsonObject) config = NULL;
    shape.dims[dim] = extreme;
    if (extreme > 7) /* without elements, by way of a dimension that is looked at least */
        shape.dims[dim > 0 ? dim - 1 : shape.n_dims - 1] = shape.n_dims > 1 ? 0 : 7;
    insert(weights, name, &shape);
    const VdtModel *model = vdt_model_recognise(weights, &config, &variant);
    if (model != NULL) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VdtGraph) graph = build(model, config, size, &error);
        g_assert_true((graph == NULL) == (error != NULL));
    }
    insert(weights, name, right);
}

static void test_extremes(gconstpointer data)
{
    const guint size = networks[GPOINTER_TO_UINT(data)].size;
    const VdtModel *model = vdt_model_find(networks[GPOINTER_TO_UINT(data)].architecture, NULL);
    g_autoptr(JsonObject) config = vdt_variant_config(
        vdt_model_find_variant(model, networks[GPOINTER_TO_UINT(data)].variant, NULL));
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtGraph) graph = build(model, config, size, &error);
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    guint n = 0;
    g_assert_no_error(error);
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        insert(weights, name, &shape);
    }
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        /* Blocks look alike: one of each stage will do. */
        if (g_regex_match_simple("\\.[1-9][0-9]?\\.(mlp|attn|conv|bn|token)|norm|running", name, 0,
                                 0))
            continue;
        for (guint j = 0; j < shape.n_dims; j++)
            for (guint k = 0; k < G_N_ELEMENTS(extremes); k++)
                if ((extremes[k] <= 7 || shape.n_dims > 1) && n++ % ONE_IN == 0)
                    try_shape(weights, name, &shape, j, extremes[k], size);
    }
}

/* Two that went wrong, in which several shapes work together. */
static void test_together(void)
{
    static const struct {
        const char *name;
        gint64 dims[4];
        guint n_dims;
    } shapes[] = {
        {"backbone.network.0.0.mlp.fc2.weight", {1, 0, 1, 1}, 4},
        {"backbone.network.0.0.mlp.fc1.weight", {3, 0, 1, 1}, 4},
        {"backbone.network.2.0.mlp.fc2.weight", {32, 0, 1, 1}, 4},
        {"backbone.network.2.0.mlp.fc1.weight", {96, 0, 1, 1}, 4},
        {"backbone.network.4.0.mlp.fc2.weight", {32, 0, 1, 1}, 4},
        {"backbone.network.4.0.mlp.fc1.weight", {96, 0, 1, 1}, 4},
        {"decode_head.meta.0.gamma", {1}, 1},
        {"decode_head.meta.1.gamma", {1}, 1},
        {"decode_head.meta.2.gamma", {1}, 1},
        {"decode_head.meta.3.gamma", {1}, 1},
        {"decode_head.meta.0.mlp.fc1.weight", {8, 0, 1, 1}, 4},
        {"backbone.network.4.0.layer_scale_1", {4, 0, 1}, 3},
        {"backbone.network.4.0.token_mixer.attention_biases_seg", {0, G_MAXINT64}, 2},
        {"patch_embed.proj.weight", {192, 3, 0, 0}, 4},
        {"cls_token", {1, 0, 192}, 3},
        {"pos_embed", {0, 197, 192}, 3},
        {"head.weight", {1000, 0}, 2},
    };
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    g_autoptr(JsonObject) config = NULL;
    const char *variant = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
        VdtShape shape = vdt_shape_from(shapes[i].dims, shapes[i].n_dims);
        insert(weights, shapes[i].name, &shape);
    }
    g_assert_null(vdt_model_recognise(weights, &config, &variant));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(networks); i++) {
        g_autofree char *name = g_strdup_printf("/recognise/extremes/%s-%s",
                                                networks[i].architecture, networks[i].variant);
        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_extremes);
    }
    g_test_add_func("/recognise/together", test_together);
    return g_test_run();
}
