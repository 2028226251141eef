/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PyTorch files, good, damaged and hostile: each case in torch-files/cases.json must give exactly
 * the tensors recorded for it, or an error, whichever the case demands.
 */
#include <io/formats.h>
#include <json-glib/json-glib.h>
#include <string.h>

/* What the hostile files would create if anything in them were run. */
#define PWNED "/tmp/pwned"

static char *case_path(const char *name)
{
    return g_test_build_filename(G_TEST_DIST, "torch-files", name, NULL);
}

/* The recorded names are as in the file; loading takes data-parallel training's prefix off. */
static const char *without_prefix(const char *name)
{
    return g_str_has_prefix(name, "module.") ? name + strlen("module.") : name;
}

static void assert_same(const VdtWeights *got, const VdtWeights *want)
{
    g_assert_cmpuint(vdt_weights_get_n_tensors(got), ==, vdt_weights_get_n_tensors(want));
    for (guint i = 0; i < vdt_weights_get_n_tensors(want); i++) {
        const VdtTensor *a = vdt_weights_get_tensor(got, i);
        const VdtTensor *b = vdt_weights_get_tensor(want, i);

        g_assert_cmpstr(vdt_weights_get_name(got, i), ==,
                        without_prefix(vdt_weights_get_name(want, i)));
        g_assert_cmpstr(vdt_dtype_name(a->dtype), ==, vdt_dtype_name(b->dtype));
        g_assert_true(vdt_shape_equal(&a->shape, &b->shape));
        g_assert_cmpmem(a->data, a->n_bytes, b->data, b->n_bytes);
    }
}

static void test_case(gconstpointer data)
{
    JsonObject *description = (JsonObject *)data;
    const char *expect = json_object_get_string_member(description, "expect");
    g_autofree char *path = case_path(json_object_get_string_member(description, "file"));
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtWeights) weights = vdt_weights_load(path, &error);

    g_assert_false(g_file_test(PWNED, G_FILE_TEST_EXISTS));
    if (g_str_equal(expect, "ok"))
        g_assert_no_error(error);
    if (weights == NULL) {
        g_test_message("%s", error->message);
        g_assert_true(g_str_has_prefix(error->message, path));
        g_assert_true(error->domain == VDT_ERROR);
        g_assert_true(error->code == VDT_ERROR_FORMAT || error->code == VDT_ERROR_UNSUPPORTED);
    } else {
        g_autofree char *want_path =
            case_path(json_object_get_string_member(description, "tensors"));
        g_autoptr(VdtWeights) want = vdt_weights_load(want_path, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(expect, !=, "error");
        g_assert_true(g_str_has_prefix(vdt_weights_get_format(weights), "pytorch-"));
        g_assert_cmpstr(vdt_weights_get_origin(weights), ==, path);
        g_assert_cmpint(json_object_get_int_member(description, "count"), ==,
                        vdt_weights_get_n_tensors(want));
        assert_same(weights, want);
    }
}

/* The same bytes, cut to @size, in a block of their own so that a sanitizer sees every overrun. */
static void parse_cut(const char *data, gsize size, gboolean may_succeed)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtWeights) weights = vdt_weights_parse(bytes, "cut", &error);

    g_assert_true((weights == NULL) == (error != NULL));
    g_assert_true(may_succeed || weights == NULL);
}

static void test_truncation(gconstpointer data)
{
    g_autofree char *path = case_path(data);
    g_autofree char *contents = NULL;
    g_autoptr(GError) error = NULL;
    gsize size;

    g_file_get_contents(path, &contents, &size, &error);
    g_assert_no_error(error);
    for (gsize cut = 0; cut <= size; cut++)
        parse_cut(contents, cut, cut == size);
}

static void test_missing(void)
{
    g_autofree char *path = case_path("no-such-file.pth");
    g_autoptr(GError) error = NULL;

    g_assert_null(vdt_weights_load(path, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

static void add_cases(JsonArray *cases)
{
    for (guint i = 0; i < json_array_get_length(cases); i++) {
        JsonObject *description = json_array_get_object_element(cases, i);
        g_autofree char *test_path =
            g_strconcat("/torch-files/", json_object_get_string_member(description, "file"), NULL);

        g_test_add_data_func(test_path, description, test_case);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;

    g_test_init(&argc, &argv, NULL);
    path = case_path("cases.json");
    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    add_cases(
        json_object_get_array_member(json_node_get_object(json_parser_get_root(parser)), "cases"));
    g_test_add_data_func("/torch-files/truncated/zip", "e2-attribute.pth", test_truncation);
    g_test_add_data_func("/torch-files/truncated/deflated", "a5-deflated.pth", test_truncation);
    g_test_add_data_func("/torch-files/truncated/legacy", "d2-dtypes-legacy.pth", test_truncation);
    g_test_add_data_func("/torch-files/truncated/safetensors", "d-dtypes.expect.safetensors",
                         test_truncation);
    g_test_add_func("/torch-files/missing", test_missing);
    return g_test_run();
}
