/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "official.h"

#include <string.h>

#include "files.h"

JsonObject *official_case(const char *model, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "tests", "golden", model, name, "case.json", NULL);
    JsonObject *object = vdt_json_load(path, 1 << 20, &error);
    g_assert_no_error(error);
    return object;
}

VdtShape official_shape(JsonObject *spec)
{
    JsonArray *dims = json_object_get_array_member(spec, "shape");
    VdtShape shape = {.n_dims = json_array_get_length(dims)};
    for (guint d = 0; d < shape.n_dims; d++)
        shape.dims[d] = json_array_get_int_element(dims, d);
    return shape;
}

static void add(VdtWeights *weights, const char *name, VdtDType dtype, VdtShape shape)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtTensor) tensor = vdt_tensor_new(dtype, &shape, &error);
    g_assert_no_error(error);
    vdt_weights_insert(weights, name, tensor);
}

VdtWeights *official_weights(const char *variant)
{
    gboolean ava = strcmp(variant, "r50-ava") == 0, bare = strcmp(variant, "r50-in1k") == 0;
    g_autoptr(JsonObject) json =
        official_case("squeezetime", ava ? "r50-ava-128x96" : "r50-k400-224");
    JsonArray *list = json_object_get_array_member(json, "weights");
    VdtWeights *weights = vdt_weights_new();
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *spec = json_array_get_object_element(list, i);
        const char *name = json_object_get_string_member(spec, "name");
        VdtShape shape = official_shape(spec);
        VdtDType dtype;
        g_assert_true(vdt_dtype_from_name(json_object_get_string_member(spec, "dtype"), &dtype));
        if (g_str_has_prefix(name, "cls_head.")) {
            if (strcmp(variant, "r50-k600") == 0)
                shape.dims[0] = 600;
            if (strcmp(variant, "r50-hmdb51") == 0)
                shape.dims[0] = 51;
            if (bare)
                continue;
        }
        add(weights, bare ? name + strlen("backbone.net.") : name, dtype, shape);
    }
    if (bare) { /* a head that the authors do not use */
        add(weights, "fc.weight", VDT_F32, vdt_shape(1000, 2048));
        add(weights, "fc.bias", VDT_F32, vdt_shape(1000));
    }
    if (ava) { /* the detector, which is not part of the network */
        add(weights, "roi_head.bbox_head.fc_cls.weight", VDT_F32, vdt_shape(81, 128));
        add(weights, "roi_head.bbox_head.fc_cls.bias", VDT_F32, vdt_shape(81));
    }
    return weights;
}
