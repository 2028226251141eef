/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "golden.h"

#include "io/keyed-hash.h"

/* A few bytes of text may ask for any memory. Of all weights; fuzzing has less. */
#ifndef GOLDEN_MAX_ELEMENTS
#define GOLDEN_MAX_ELEMENTS (G_GINT64_CONSTANT(1) << 30)
#endif
/* Of an input: colours of as many pixels as a card may ask for. */
#define MAX_INPUT_ELEMENTS MIN(GOLDEN_MAX_ELEMENTS, 1 << 25)

/* The values of one tensor, as the case gives them. */
typedef struct {
    VdtTensor *tensor;
    gint64 n_given;
    gint64 n_elements;
} Literal;

static gboolean bad_spec(GError **error, const char *name, const char *what)
{
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "case.json: tensor \"%s\" %s", name, what);
    return FALSE;
}

/* The number under @key; FALSE without error if there is none. */
static gboolean get_number(JsonObject *spec, const char *key, double *number)
{
    JsonNode *node = json_object_get_member(spec, key);

    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) == G_TYPE_STRING)
        return FALSE;
    *number = json_node_get_double(node);
    return TRUE;
}

const char *golden_string(JsonObject *object, const char *key, GError **error)
{
    JsonNode *node = json_object_get_member(object, key);

    if (node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
        json_node_get_value_type(node) == G_TYPE_STRING)
        return json_node_get_string(node);
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "case.json: an object has no string \"%s\"",
                key);
    return NULL;
}

/* A new tensor of the type and shape of @spec, which must be @wanted if that is not NULL. */
static VdtTensor *make_empty(JsonObject *spec, const char *name, const VdtShape *wanted,
                             gint64 most, GError **error)
{
    JsonNode *dtype_name = json_object_get_member(spec, "dtype");
    JsonNode *node = json_object_get_member(spec, "shape");
    JsonArray *dims =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    VdtDType dtype = VDT_F32;
    VdtShape shape = {0};

    if (dtype_name != NULL && (!JSON_NODE_HOLDS_VALUE(dtype_name) ||
                               json_node_get_value_type(dtype_name) != G_TYPE_STRING ||
                               !vdt_dtype_from_name(json_node_get_string(dtype_name), &dtype))) {
        bad_spec(error, name, "has an unknown \"dtype\"");
        return NULL;
    }
    if (dims == NULL || json_array_get_length(dims) > VDT_MAX_DIMS) {
        bad_spec(error, name, "has no \"shape\" of at most 8 dimensions");
        return NULL;
    }
    for (shape.n_dims = 0; shape.n_dims < json_array_get_length(dims); shape.n_dims++) {
        JsonNode *dim = json_array_get_element(dims, shape.n_dims);

        if (!JSON_NODE_HOLDS_VALUE(dim) || json_node_get_value_type(dim) != G_TYPE_INT64) {
            bad_spec(error, name, "has a dimension that is not a whole number");
            return NULL;
        }
        shape.dims[shape.n_dims] = json_node_get_int(dim);
    }
    if (wanted != NULL && !vdt_shape_equal(&shape, wanted)) {
        bad_spec(error, name, "has not the shape that the network declares");
        return NULL;
    }
    if (vdt_shape_elements(&shape) > most) {
        g_autofree char *what =
            g_strdup_printf("is larger than the limit of %" G_GINT64_FORMAT " elements", most);
        bad_spec(error, name, what);
        return NULL;
    }
    return vdt_tensor_new(dtype, &shape, error);
}

/* Puts @value into element @i: the tensor's own rounding, by way of filling a single element. */
static void set_element(VdtTensor *tensor, gint64 i, double value)
{
    VdtShape scalar = vdt_shape_from(NULL, 0);
    char *at = (char *)tensor->data + (gsize)i * vdt_dtype_size(tensor->dtype);
    g_autoptr(VdtTensor) element = vdt_tensor_new_for_data(tensor->dtype, &scalar, at, NULL, NULL);

    vdt_tensor_fill_uniform(element, "", value, value);
}

/* Takes numbers from @array, however they are nested, row by row. */
static gboolean take_values(Literal *literal, JsonArray *array)
{
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);

        if (JSON_NODE_HOLDS_ARRAY(node)) {
            if (!take_values(literal, json_node_get_array(node)))
                return FALSE;
            continue;
        }
        if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) == G_TYPE_STRING ||
            literal->n_given == literal->n_elements)
            return FALSE;
        set_element(literal->tensor, literal->n_given++, json_node_get_double(node));
    }
    return TRUE;
}

static gboolean fill_literally(VdtTensor *tensor, JsonNode *values, const char *name,
                               GError **error)
{
    Literal literal = {.tensor = tensor, .n_elements = vdt_shape_elements(&tensor->shape)};

    return (JSON_NODE_HOLDS_ARRAY(values) && take_values(&literal, json_node_get_array(values)) &&
            literal.n_given == literal.n_elements) ||
           bad_spec(error, name, "has \"values\" that do not fill its shape");
}

/* Each value to its third power, rounded to float32 after each step. */
static void cube(VdtTensor *tensor)
{
    float *values = tensor->data;

    for (gsize i = 0; i < tensor->n_bytes / sizeof *values; i++) {
        float x = values[i];

        values[i] = x * x * x;
    }
}

static gboolean is_computed(JsonObject *spec)
{
    return !json_object_has_member(spec, "values") && !json_object_has_member(spec, "value") &&
           !json_object_has_member(spec, "lo");
}

static gboolean fill(VdtTensor *tensor, JsonObject *spec, const char *name, const char *hashed,
                     GError **error)
{
    JsonNode *values = json_object_get_member(spec, "values");
    double lo, hi;

    if (values != NULL)
        return fill_literally(tensor, values, name, error);
    if (get_number(spec, "value", &lo)) {
        vdt_tensor_fill_uniform(tensor, "", lo, lo);
        return TRUE;
    }
    if (!get_number(spec, "lo", &lo) || !get_number(spec, "hi", &hi))
        return bad_spec(error, name, "has neither \"values\" nor \"value\" nor \"lo\" and \"hi\"");
    vdt_tensor_fill_uniform(tensor, hashed, lo, hi);
    if (tensor->dtype == VDT_F32 &&
        json_object_get_boolean_member_with_default(spec, "cube", FALSE))
        cube(tensor);
    return TRUE;
}

static VdtTensor *make(JsonObject *spec, const char *name, const char *hashed,
                       const VdtShape *wanted, gint64 most, GError **error)
{
    g_autoptr(VdtTensor) tensor = make_empty(spec, name, wanted, most, error);

    return tensor != NULL && fill(tensor, spec, name, hashed, error) ? g_steal_pointer(&tensor)
                                                                     : NULL;
}

VdtTensor *golden_input(JsonObject *spec, GError **error)
{
    const char *name = golden_string(spec, "name", error);
    g_autofree char *hashed = g_strconcat("input:", name, NULL);

    return name != NULL ? make(spec, name, hashed, NULL, MAX_INPUT_ELEMENTS, error) : NULL;
}

/* Adds the weight that @spec describes, unless there are @declared ones and it is none of those. */
static gboolean add_weight(VdtWeights *weights, JsonNode *node, GHashTable *declared, gint64 *total,
                           GError **error)
{
    JsonObject *spec = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    g_autoptr(VdtTensor) tensor = NULL;
    const VdtShape *shape;
    const char *name;

    if (spec == NULL)
        return bad_spec(error, "", "is not an object");
    name = golden_string(spec, "name", error);
    if (name == NULL)
        return FALSE;
    shape = declared != NULL ? g_hash_table_lookup(declared, name) : NULL;
    if (is_computed(spec) || (declared != NULL && shape == NULL))
        return TRUE;
    tensor = make(spec, name, name, shape, GOLDEN_MAX_ELEMENTS, error);
    if (tensor == NULL)
        return FALSE;
    *total += vdt_shape_elements(&tensor->shape);
    if (*total > GOLDEN_MAX_ELEMENTS) {
        g_autofree char *what =
            g_strdup_printf("brings the weights above the limit of %" G_GINT64_FORMAT " elements",
                            GOLDEN_MAX_ELEMENTS);
        return bad_spec(error, name, what);
    }
    vdt_weights_insert(weights, name, tensor);
    return TRUE;
}

static GHashTable *declared_by(const VdtGraph *graph)
{
    GHashTable *shapes = g_hash_table_new_full(vdt_keyed_str_hash, g_str_equal, NULL, g_free);

    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);

        g_hash_table_insert(shapes, (char *)name, g_memdup2(&shape, sizeof shape));
    }
    return shapes;
}

VdtWeights *golden_weights(JsonObject *golden_case, const VdtGraph *graph, GError **error)
{
    JsonNode *node = json_object_get_member(golden_case, "weights");
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    g_autoptr(GHashTable) declared = graph != NULL ? declared_by(graph) : NULL;
    gint64 total = 0;

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "case.json has no array \"weights\"");
        return NULL;
    }
    vdt_weights_set_origin(weights, "the case's made-up weights");
    for (guint i = 0; i < json_array_get_length(json_node_get_array(node)); i++) {
        if (!add_weight(weights, json_array_get_element(json_node_get_array(node), i), declared,
                        &total, error))
            return NULL;
    }
    return g_steal_pointer(&weights);
}
