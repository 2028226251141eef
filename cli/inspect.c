/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette inspect: what a weight file holds.
 */
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <vedette/weights.h>

#include "command.h"

typedef struct {
    gint64 elements;
    guint64 bytes;
} Totals;

static Totals count_totals(const VdtWeights *weights)
{
    Totals totals = {0};

    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        const VdtTensor *tensor = vdt_weights_get_tensor(weights, i);

        totals.elements += vdt_shape_elements(&tensor->shape);
        totals.bytes += tensor->n_bytes;
    }
    return totals;
}

static void add_tensor(JsonBuilder *builder, const char *name, const VdtTensor *tensor)
{
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "name");
    json_builder_add_string_value(builder, name);
    json_builder_set_member_name(builder, "dtype");
    json_builder_add_string_value(builder, vdt_dtype_name(tensor->dtype));
    json_builder_set_member_name(builder, "shape");
    json_builder_begin_array(builder);
    for (guint i = 0; i < tensor->shape.n_dims; i++)
        json_builder_add_int_value(builder, tensor->shape.dims[i]);
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "bytes");
    json_builder_add_int_value(builder, (gint64)tensor->n_bytes);
    json_builder_end_object(builder);
}

/* Those that cannot be had, if there are any. */
static void add_unread(JsonBuilder *builder, const VdtWeights *weights)
{
    if (vdt_weights_get_n_unread(weights) == 0)
        return;
    json_builder_set_member_name(builder, "unread");
    json_builder_begin_array(builder);
    for (guint i = 0; i < vdt_weights_get_n_unread(weights); i++) {
        const char *reason, *name = vdt_weights_get_unread(weights, i, &reason);

        json_builder_begin_object(builder);
        json_builder_set_member_name(builder, "name");
        json_builder_add_string_value(builder, name);
        json_builder_set_member_name(builder, "reason");
        json_builder_add_string_value(builder, reason);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void print_object(const VdtWeights *weights)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *file = json_name(vdt_weights_get_origin(weights));
    g_autofree char *text = NULL;
    Totals totals = count_totals(weights);

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "file");
    json_builder_add_string_value(builder, file);
    json_builder_set_member_name(builder, "format");
    json_builder_add_string_value(builder, vdt_weights_get_format(weights));
    json_builder_set_member_name(builder, "tensors");
    json_builder_begin_array(builder);
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++)
        add_tensor(builder, vdt_weights_get_name(weights, i), vdt_weights_get_tensor(weights, i));
    json_builder_end_array(builder);
    add_unread(builder, weights);
    json_builder_set_member_name(builder, "n_tensors");
    json_builder_add_int_value(builder, vdt_weights_get_n_tensors(weights));
    json_builder_set_member_name(builder, "n_elements");
    json_builder_add_int_value(builder, totals.elements);
    json_builder_set_member_name(builder, "n_bytes");
    json_builder_add_int_value(builder, (gint64)totals.bytes);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, FALSE);
    print_json(text);
}

static void print_cell(const char *text, guint width)
{
    g_autofree char *cell = text_pad(text, width);

    printf("%s  ", cell);
}

static void print_table(const VdtWeights *weights)
{
    guint n = vdt_weights_get_n_tensors(weights);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) shapes = g_ptr_array_new_with_free_func(g_free);
    guint name_width = strlen("name"), shape_width = strlen("shape");
    Totals totals = count_totals(weights);

    for (guint i = 0; i < n; i++) {
        char *name = printable(vdt_weights_get_name(weights, i));
        char *shape = vdt_shape_to_string(&vdt_weights_get_tensor(weights, i)->shape);

        g_ptr_array_add(names, name);
        g_ptr_array_add(shapes, shape);
        name_width = MAX(name_width, text_width(name));
        shape_width = MAX(shape_width, (guint)strlen(shape));
    }
    print_cell("name", name_width);
    print_cell("dtype", strlen("bfloat16"));
    print_cell("shape", shape_width);
    puts("       bytes");
    for (guint i = 0; i < n; i++) {
        const VdtTensor *tensor = vdt_weights_get_tensor(weights, i);

        print_cell(g_ptr_array_index(names, i), name_width);
        print_cell(vdt_dtype_name(tensor->dtype), strlen("bfloat16"));
        print_cell(g_ptr_array_index(shapes, i), shape_width);
        printf("%12" G_GSIZE_FORMAT "\n", tensor->n_bytes);
    }
    for (guint i = 0; i < vdt_weights_get_n_unread(weights); i++) {
        const char *reason;
        g_autofree char *shown = NULL;

        vdt_weights_get_unread(weights, i, &reason);
        shown = printable(reason);
        printf("not read: %s\n", shown);
    }
    printf("%s: %u tensors, %" G_GINT64_FORMAT " elements, %" G_GUINT64_FORMAT " bytes\n",
           vdt_weights_get_format(weights), n, totals.elements, totals.bytes);
}

int command_inspect(int argc, char **argv)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one line of JSON", NULL},
        {NULL},
    };
    g_auto(GStrv) files = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtWeights) weights = NULL;

    if (!parse_options("FILE", "Lists the tensors of a weight file.", entries, argc, argv, 1, 1,
                       &files))
        return EXIT_USAGE;
    weights = vdt_weights_load(files[0], &error);
    if (weights == NULL)
        return complain("inspect", error, EXIT_FAILED);
    if (json)
        print_object(weights);
    else
        print_table(weights);
    return EXIT_DONE;
}
