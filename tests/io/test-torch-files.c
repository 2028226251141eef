/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PyTorch files, good, damaged and hostile: each case in torch-files/cases.json must give exactly
 * the tensors recorded for it, or an error, whichever the case demands.
 */
#include "io/formats.h"
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

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

/* Files made by hand for what the recorded cases do not have; they serve as a fuzz corpus too. */
static char *corpus_path(const char *name)
{
    return g_test_build_filename(G_TEST_DIST, "..", "fuzz", "corpus", name, NULL);
}

static VdtWeights *load_from_corpus(const char *name, GError **error)
{
    g_autofree char *path = corpus_path(name);

    return vdt_weights_load(path, error);
}

static void test_refused(void)
{
    const struct {
        const char *file;
        VdtError code;
        const char *message;
    } cases[] = {
        {"pytorch/bomb-pickle", VDT_ERROR_UNSUPPORTED, "is compressed (method 8)"},
        {"pytorch/duplicate", VDT_ERROR_FORMAT, "lists 'a/data.pkl' twice"},
        {"pytorch/expanded", VDT_ERROR_FORMAT, "'w' has 4294967296 elements"},
        {"pytorch/legacy-big-endian", VDT_ERROR_UNSUPPORTED, "not little endian"},
        {"pytorch/legacy-twice", VDT_ERROR_FORMAT, "storage '5' twice"},
        {"pytorch/legacy-version", VDT_ERROR_UNSUPPORTED, "version 1001"},
        {"pytorch/legacy-view-outside", VDT_ERROR_FORMAT, "beyond the 3 elements of storage '5'"},
        {"pytorch/module-object", VDT_ERROR_UNSUPPORTED, "Python class Net"},
        {"pytorch/no-tensors", VDT_ERROR_FORMAT,
         "holds no tensors, neither itself nor in the "
         "dictionaries inside; it has 'epoch', 'args'"},
        {"pytorch/self-containing", VDT_ERROR_FORMAT, "holds no tensors"},
        {"npy/v1", VDT_ERROR_FORMAT, "is a single numpy array"},
        {"safetensors/deep", VDT_ERROR_FORMAT, "no object"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(load_from_corpus(cases[i].file, &error));
        g_assert_error(error, VDT_ERROR, (gint)cases[i].code);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, cases[i].message));
    }
}

static void assert_only_tensor(const char *file, VdtDType dtype, const void *data, gsize n_bytes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtWeights) weights = load_from_corpus(file, &error);
    const VdtTensor *tensor;

    g_assert_no_error(error);
    g_assert_cmpuint(vdt_weights_get_n_tensors(weights), ==, 1);
    tensor = vdt_weights_lookup(weights, "w");
    g_assert_nonnull(tensor);
    g_assert_cmpuint(tensor->dtype, ==, dtype);
    g_assert_cmpmem(tensor->data, tensor->n_bytes, data, n_bytes);
}

static void test_odd(void)
{
    const float transposed[] = {1, 3, 2, 4}, part[] = {3, 4};
    const guint16 zeros[] = {0, 0};

    /* A tensor beside the wrapper, a wrapper in a wrapper, and the prefix. */
    assert_only_tensor("pytorch/nested-wrappers", VDT_F32, transposed, sizeof transposed);
    assert_only_tensor("pytorch/python2-ordered-dict", VDT_F16, zeros, sizeof zeros);
    assert_only_tensor("pytorch/legacy-view", VDT_F32, part, sizeof part);
    assert_only_tensor("pytorch/model-state-dict", VDT_F32, part, sizeof part);
    assert_only_tensor("pytorch/average-only", VDT_F32, part, sizeof part);
    assert_only_tensor("pytorch/average-beside", VDT_F32, part, sizeof part);
    assert_only_tensor("pytorch/unread", VDT_F32, part, sizeof part);
}

/* Dictionaries that nobody knows are all there, under the keys that lead to them. */
static void test_dictionaries(void)
{
    g_autoptr(VdtWeights) weights = load_from_corpus("pytorch/unknown-dictionaries", NULL);

    g_assert_cmpuint(vdt_weights_get_n_tensors(weights), ==, 2);
    g_assert_cmpstr(vdt_weights_get_name(weights, 0), ==, "generator.w");
    g_assert_cmpstr(vdt_weights_get_name(weights, 1), ==, "nets.critic.v");
}

/* A tensor that cannot be had is named, and does not stand in the way of others. */
static void test_unread(void)
{
    static const char *const cases[][3] = {
        {"pytorch/unread", "c", "tensor 'c' has elements of ComplexFloatStorage"},
        {"pytorch/complex", "w", "tensor 'w' has elements of ComplexFloatStorage"},
        {"pytorch/sparse", "w", "tensor 'w' is of a special kind"},
        {"pytorch/wrapped-in-itself", "w", "tensor 'w' is of a special kind"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(VdtWeights) weights = load_from_corpus(cases[i][0], NULL);
        const char *reason;

        g_assert_cmpuint(vdt_weights_get_n_unread(weights), ==, 1);
        g_assert_cmpstr(vdt_weights_get_unread(weights, 0, &reason), ==, cases[i][1]);
        g_assert_true(g_str_has_prefix(reason, cases[i][2]));
        g_assert_cmpstr(vdt_weights_why_unread(weights, cases[i][1]), ==, reason);
        g_assert_null(vdt_weights_lookup(weights, cases[i][1]));
    }
}

/* In a process that may take 64 MiB more than it has, which GLib would not survive exceeding. */
static void load_with_little_memory(void)
{
    const char *files[] = {
        "pytorch/bomb-pickle",
        "pytorch/expanded",
        "pytorch/zeros-deflated",
        "safetensors/huge-shape",
        "../../io/torch-files/h18-overflowing-size.pth",
        "../../io/torch-files/h20-storage-larger-than-record.pth",
        "../../io/torch-files/h21-deep-nesting.pth",
        "../../io/torch-files/h22-memo-index.pth",
        "../../io/torch-files/h23-huge-unicode.pth",
    };
    g_autofree char *statm = NULL;
    struct rlimit limit;

    g_assert_true(g_file_get_contents("/proc/self/statm", &statm, NULL, NULL));
    limit.rlim_cur = g_ascii_strtoull(statm, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE) + (64 << 20);
    limit.rlim_max = limit.rlim_cur;
    g_assert_cmpint(setrlimit(RLIMIT_AS, &limit), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(load_from_corpus(files[i], &error));
        g_assert_true(error->domain == VDT_ERROR);
        g_assert_true(error->code == VDT_ERROR_FORMAT || error->code == VDT_ERROR_UNSUPPORTED);
    }
}

static void test_memory(void)
{
#ifdef __SANITIZE_ADDRESS__
    g_test_skip("the address sanitizer needs the address space");
    return;
#endif
    g_test_trap_subprocess("/torch-files/memory/subprocess", 0, 0);
    g_test_trap_assert_passed();
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
    g_test_add_func("/torch-files/refused", test_refused);
    g_test_add_func("/torch-files/odd", test_odd);
    g_test_add_func("/torch-files/dictionaries", test_dictionaries);
    g_test_add_func("/torch-files/unread", test_unread);
    g_test_add_func("/torch-files/memory", test_memory);
    g_test_add_func("/torch-files/memory/subprocess", load_with_little_memory);
    g_test_add_func("/torch-files/missing", test_missing);
    return g_test_run();
}
