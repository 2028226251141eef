/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette inspect and vedette convert, as the command's main() calls them. */
#include <command.h>
#include <glib/gstdio.h>
#include <golden.h>
#include <string.h>
#include <sys/stat.h>

static char *torch_file(const char *name)
{
    return g_test_build_filename(G_TEST_DIST, "torch-files", name, NULL);
}

static char *folder; /* temporary, of this run */

static char *scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* What the subprocesses of test_inspect() do. */
static void inspect_json(void)
{
    g_autofree char *path = torch_file("a4-handmade.pth");
    const char *argv[] = {"inspect", "--json", path};

    g_assert_cmpint(command_inspect(3, (char **)argv), ==, EXIT_DONE);
}

static void inspect_table(void)
{
    g_autofree char *path = torch_file("d-dtypes.pth");
    const char *argv[] = {"inspect", path};

    g_assert_cmpint(command_inspect(2, (char **)argv), ==, EXIT_DONE);
}

static void inspect_unread(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "..", "fuzz", "corpus", "pytorch", "unread", NULL);
    const char *table[] = {"inspect", path}, *json[] = {"inspect", "--json", path};

    g_assert_cmpint(command_inspect(2, (char **)table), ==, EXIT_DONE);
    g_assert_cmpint(command_inspect(3, (char **)json), ==, EXIT_DONE);
}

static void inspect_damaged(void)
{
    g_autofree char *path = torch_file("h7-no-pickle.pth");
    const char *argv[] = {"inspect", path};

    g_assert_cmpint(command_inspect(2, (char **)argv), ==, EXIT_FAILED);
}

static void inspect_nothing(void)
{
    const char *argv[] = {"inspect"};

    g_assert_cmpint(command_inspect(1, (char **)argv), ==, EXIT_USAGE);
}

static void test_inspect(void)
{
    g_test_trap_subprocess("/commands/inspect/subprocess/json", 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stdout(
        "*a4-handmade.pth\",\"format\":\"pytorch-zip\",\"tensors\":[{\"name\":\"w\",\"dtype\":"
        "\"float32\",\"shape\":[2,3],\"bytes\":24}],\"n_tensors\":1,\"n_elements\":6,"
        "\"n_bytes\":24}*");
    g_test_trap_subprocess("/commands/inspect/subprocess/table", 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stdout("*name *dtype *shape *bytes\n*bf16 *bfloat16*pytorch-zip: 13 "
                              "tensors, *");
    g_test_trap_subprocess("/commands/inspect/subprocess/unread", 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stdout("*not read: tensor 'c' has elements of ComplexFloatStorage\n*"
                              "\"unread\":[{\"name\":\"c\",\"reason\":*");
    g_test_trap_subprocess("/commands/inspect/subprocess/damaged", 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("vedette inspect: *h7-no-pickle.pth: is a zip archive without*");
    g_test_trap_subprocess("/commands/inspect/subprocess/nothing", 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("vedette inspect: *");
}

static int convert(const char *from, const char *to, const char *dtype)
{
    const char *argv[] = {"convert", from, to, dtype != NULL ? "--dtype" : NULL, dtype, NULL};

    return command_convert(dtype != NULL ? 5 : 3, (char **)argv);
}

static void test_convert_weights(void)
{
    g_autofree char *from = torch_file("d-dtypes.pth");
    g_autofree char *plain = scratch("plain.safetensors");
    g_autofree char *half = scratch("half.safetensors");
    g_autoptr(VdtWeights) a = NULL, b = NULL;

    g_assert_cmpint(convert(from, plain, NULL), ==, EXIT_DONE);
    g_assert_cmpint(convert(plain, half, "bf16"), ==, EXIT_DONE);
    a = vdt_weights_load(plain, NULL);
    b = vdt_weights_load(half, NULL);
    g_assert_cmpuint(vdt_weights_get_n_tensors(a), ==, 13);
    g_assert_cmpuint(vdt_weights_get_n_tensors(b), ==, 13);
    for (guint i = 0; i < 13; i++) {
        VdtDType before = vdt_weights_get_tensor(a, i)->dtype;
        gboolean is_float = before <= VDT_BF16;

        g_assert_cmpstr(vdt_weights_get_name(a, i), ==, vdt_weights_get_name(b, i));
        g_assert_cmpuint(vdt_weights_get_tensor(b, i)->dtype, ==, is_float ? VDT_BF16 : before);
    }
}

static void test_convert_array(void)
{
    g_autofree char *from = scratch("a.npy");
    g_autofree char *to = scratch("b.npy");
    VdtShape shape = vdt_shape(2, 3);
    g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
    g_autoptr(VdtTensor) back = NULL;

    g_assert_true(vdt_npy_save(tensor, from, NULL));
    g_assert_cmpint(convert(from, to, "f16"), ==, EXIT_DONE);
    back = vdt_npy_load(to, NULL);
    g_assert_cmpuint(back->dtype, ==, VDT_F16);
    g_assert_true(vdt_shape_equal(&back->shape, &shape));
    g_assert_cmpint(convert(from, to, "bf16"), ==, EXIT_FAILED);
    g_assert_cmpint(convert(from, to, "f8"), ==, EXIT_USAGE);
    g_assert_cmpint(convert(from, "b.txt", NULL), ==, EXIT_USAGE);
}

static const char case_json[] =
    "{\"weights\": ["
    "{\"name\": \"fc.weight\", \"shape\": [2, 3], \"dtype\": \"float32\", \"lo\": -0.1, \"hi\": "
    "0.1},"
    "{\"name\": \"n\", \"shape\": [], \"dtype\": \"int64\", \"value\": 7},"
    "{\"name\": \"mean\", \"shape\": [1, 3], \"dtype\": \"float32\", \"values\": [[1, 2.5, -3]]},"
    "{\"name\": \"index\", \"shape\": [4], \"dtype\": \"int64\", \"computed\": \"table\"},"
    "{\"name\": \"fc.weight3\", \"shape\": [2], \"lo\": 2, \"hi\": 2, \"cube\": true}]}";

static void test_convert_case(void)
{
    const guint32 weight[] = {0xbb494033, 0x3d987b4d, 0x3d477ee3,
                              0x3d244133, 0xbd72b8ea, 0x3d7a4d4d};
    const float mean[] = {1, 2.5f, -3}, cubes[] = {8, 8};
    g_autofree char *from = scratch("");
    g_autofree char *description = scratch("case.json");
    g_autofree char *to = scratch("case.safetensors");
    g_autoptr(VdtWeights) weights = NULL;
    const VdtTensor *tensor;

    g_assert_true(g_file_set_contents(description, case_json, -1, NULL));
    g_assert_cmpint(convert(from, to, NULL), ==, EXIT_DONE);
    weights = vdt_weights_load(to, NULL);
    g_assert_cmpuint(vdt_weights_get_n_tensors(weights), ==, 4);
    tensor = vdt_weights_lookup(weights, "fc.weight");
    g_assert_cmpmem(tensor->data, tensor->n_bytes, weight, sizeof weight);
    tensor = vdt_weights_lookup(weights, "n");
    g_assert_cmpint(*(gint64 *)tensor->data, ==, 7);
    tensor = vdt_weights_lookup(weights, "mean");
    g_assert_cmpmem(tensor->data, tensor->n_bytes, mean, sizeof mean);
    tensor = vdt_weights_lookup(weights, "fc.weight3");
    g_assert_cmpmem(tensor->data, tensor->n_bytes, cubes, sizeof cubes);
}

static void test_bad_case(void)
{
    const char *cases[] = {
        "{}",
        "{\"weights\": 1}",
        "{\"weights\": [1]}",
        "{\"weights\": [{}]}",
        "{\"weights\": [{\"name\": 1, \"lo\": 0}]}",
        "{\"weights\": [{\"name\": \"a\", \"lo\": 0, \"hi\": 1}]}",
        "{\"weights\": [{\"name\": \"a\", \"shape\": [1.5], \"lo\": 0, \"hi\": 1}]}",
        "{\"weights\": [{\"name\": \"a\", \"shape\": [-1], \"lo\": 0, \"hi\": 1}]}",
        "{\"weights\": [{\"name\": \"a\", \"shape\": [1], \"dtype\": \"f\", \"lo\": 0, \"hi\": "
        "1}]}",
        "{\"weights\": [{\"name\": \"a\", \"shape\": [1], \"lo\": 0}]}",
        "{\"weights\": [{\"name\": \"a\", \"shape\": [1], \"lo\": \"0\", \"hi\": 1}]}",
        "{\"weights\": [{\"name\": \"a\", \"shape\": [1], \"value\": \"0\"}]}",
        "{\"weights\": [{\"name\": \"a\", \"shape\": [2], \"values\": [1]}]}",
        "{\"weights\": [{\"name\": \"a\", \"shape\": [2], \"values\": [1, 2, 3]}]}",
        "{\"weights\": [{\"name\": \"a\", \"shape\": [2], \"values\": [1, {}]}]}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(JsonNode) node = json_from_string(cases[i], NULL);
        g_autoptr(GError) error = NULL;

        g_assert_null(golden_weights(json_node_get_object(node), NULL, &error));
        g_assert_nonnull(error);
        g_test_message("%s", error->message);
    }
}

/* A tensor that cannot be converted is not left out without a word. */
static void test_unread(void)
{
    g_autofree char *from =
        g_test_build_filename(G_TEST_DIST, "..", "fuzz", "corpus", "pytorch", "unread", NULL);
    g_autofree char *to = scratch("unread.safetensors");

    g_assert_cmpint(convert(from, to, NULL), ==, EXIT_FAILED);
    g_assert_false(g_file_test(to, G_FILE_TEST_EXISTS));
}

/* A named pipe is refused, not waited for. */
static void test_pipe(void)
{
    g_autofree char *pipe = scratch("pipe");
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    g_assert_null(vdt_weights_load(pipe, &error));
    g_assert_nonnull(strstr(error->message, pipe));
}

static void remove_folder(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("vedette-test-XXXXXX", NULL);
    g_assert_nonnull(folder);
    g_test_add_func("/commands/inspect", test_inspect);
    g_test_add_func("/commands/inspect/subprocess/json", inspect_json);
    g_test_add_func("/commands/inspect/subprocess/table", inspect_table);
    g_test_add_func("/commands/inspect/subprocess/unread", inspect_unread);
    g_test_add_func("/commands/inspect/subprocess/damaged", inspect_damaged);
    g_test_add_func("/commands/inspect/subprocess/nothing", inspect_nothing);
    g_test_add_func("/commands/convert/weights", test_convert_weights);
    g_test_add_func("/commands/convert/array", test_convert_array);
    g_test_add_func("/commands/convert/case", test_convert_case);
    g_test_add_func("/commands/bad-case", test_bad_case);
    g_test_add_func("/commands/convert/unread", test_unread);
    g_test_add_func("/commands/pipe", test_pipe);
    status = g_test_run();
    remove_folder();
    return status;
}
