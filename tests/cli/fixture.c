/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <string.h>
#include <vedette/train.h>

#include "files.h"
#include "golden.h"
#include "model.h"

static char *folder;
static GHashTable *paths; /* strings that live as long as the program */

void fixture_open(int *argc, char ***argv)
{
    g_test_init(argc, argv, NULL);
    folder = g_dir_make_tmp("vedette-cli-XXXXXX", NULL);
    g_assert_nonnull(folder);
    paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

int fixture_close(void)
{
    int status = g_test_run();
    const char *remove[] = {"rm", "-r", folder, NULL};
    g_spawn_sync(NULL, (char **)remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                 NULL);
    g_hash_table_unref(paths);
    g_free(folder);
    return status;
}

static const char *remember(char *path)
{
    g_hash_table_add(paths, path);
    return path;
}

const char *in_folder(const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    const char *kept = g_hash_table_lookup(paths, path);
    return kept != NULL ? kept : remember(g_steal_pointer(&path));
}

const char *golden_case_of(const char *model, const char *name)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "tests", "golden", model, name, NULL);
    const char *kept = g_hash_table_lookup(paths, path);
    return kept != NULL ? kept : remember(g_steal_pointer(&path));
}

const char *golden_case(const char *name)
{
    return golden_case_of("squeezetime", name);
}

void outcome_clear(Outcome *outcome)
{
    g_free(outcome->out);
    g_free(outcome->err);
}

static Outcome run(const char *program, GPtrArray *argv)
{
    g_autoptr(GError) error = NULL;
    Outcome o = {0};
    int wait_status;
    g_ptr_array_insert(argv, 0, (char *)program);
    g_ptr_array_add(argv, NULL);
    g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &o.out, &o.err,
                 &wait_status, &error);
    g_assert_no_error(error);
    o.status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -WTERMSIG(wait_status);
    return o;
}

static GPtrArray *collect(const char *first, va_list args)
{
    GPtrArray *argv = g_ptr_array_new();
    for (const char *a = first; a != NULL; a = va_arg(args, const char *))
        g_ptr_array_add(argv, (char *)a);
    return argv;
}

Outcome vedette(const char *first, ...)
{
    va_list args;
    va_start(args, first);
    g_autoptr(GPtrArray) argv = collect(first, args);
    va_end(args);
    return run(g_getenv("VEDETTE_EXE"), argv);
}

Outcome in_shell(const char *script, const char *first, ...)
{
    va_list args;
    va_start(args, first);
    g_autoptr(GPtrArray) argv = collect(first, args);
    va_end(args);
    g_ptr_array_insert(argv, 0, (char *)g_getenv("VEDETTE_EXE"));
    g_ptr_array_insert(argv, 0, (char *)"sh");
    g_ptr_array_insert(argv, 0, (char *)script);
    g_ptr_array_insert(argv, 0, (char *)"-c");
    return run("sh", argv);
}

void expect(int status, const char *says, const char *first, ...)
{
    va_list args;
    va_start(args, first);
    g_autoptr(GPtrArray) argv = collect(first, args);
    va_end(args);
    g_auto(Outcome) o = run(g_getenv("VEDETTE_EXE"), argv);
    if (o.status != status || (says != NULL && strstr(o.err, says) == NULL)) {
        g_ptr_array_remove_index(argv, argv->len - 1);
        g_autoptr(GString) line = g_string_new(NULL);
        for (guint i = 1; i < argv->len; i++)
            g_string_append_printf(line, " %s", (char *)argv->pdata[i]);
        g_error("vedette%s: status %d, not %d (and \"%s\")\n%s%s", line->str, o.status, status,
                says != NULL ? says : "", o.out, o.err);
    }
}

static JsonObject *load_case(const char *model, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(golden_case_of(model, name), "case.json", NULL);
    JsonObject *json = vdt_json_load(path, 1 << 20, &error);
    g_assert_no_error(error);
    return json;
}

static gboolean exists(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* The weights of a golden case, as a file. */
static const char *case_weights(const char *file, const char *model, const char *name)
{
    const char *path = in_folder(file);
    if (!exists(path)) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) json = load_case(model, name);
        g_autoptr(VdtWeights) weights = golden_weights(json, NULL, &error);
        g_assert_no_error(error);
        vdt_weights_save_safetensors(weights, path, &error);
        g_assert_no_error(error);
    }
    return path;
}

const char *k400_weights(void)
{
    return case_weights("k400.safetensors", "squeezetime", "r50-k400-224");
}

const char *segmentation_weights(void)
{
    return case_weights("cgrseg.safetensors", "cgrseg", "T-256x320-batch2");
}

const char *picture_weights(void)
{
    const char *path = in_folder("deit.safetensors");
    if (!exists(path)) {
        g_autoptr(GError) error = NULL;
        const VdtModel *model = vdt_model_find("tocom", NULL);
        g_autoptr(JsonObject) config =
            vdt_variant_config(vdt_model_find_variant(model, "deit_t", NULL));
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        VdtShape input = model->input_shape(config, 1, 224, 224);
        VdtBuild asked = vdt_model_ask(model, &input);
        g_assert_true(model->build(config, graph, &asked, &error));
        g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 1);
        vdt_weights_save_safetensors(weights, path, &error);
        g_assert_no_error(error);
    }
    return path;
}

const char *golden_npy(const char *name)
{
    g_autofree char *file = g_strconcat(name, ".npy", NULL);
    const char *path = in_folder(file);
    if (!exists(path)) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) json = load_case("squeezetime", name);
        JsonArray *inputs = json_object_get_array_member(json, "inputs");
        g_autoptr(VdtTensor) input = golden_input(json_array_get_object_element(inputs, 0), &error);
        g_assert_no_error(error);
        vdt_npy_save(input, path, &error);
        g_assert_no_error(error);
    }
    return path;
}

#define SMALL                                                                                      \
    "{\"block\": \"bottleneck\", \"layers\": [1, 1, 1, 1], \"planes\": [8, 8, 8, 8], "             \
    "\"frames\": 4, \"pos_dim\": [8, 4, 2, 1], \"num_classes\": 3}"

const char *small_model(void)
{
    g_autoptr(GError) error = NULL;
    const char *dir = in_folder("small");
    if (exists(dir))
        return dir;
    g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
    g_assert_true(g_file_set_contents(in_folder("small/labels.txt"), "a\nb\nc\n", -1, NULL));
    g_assert_true(g_file_set_contents(
        in_folder("small/card.json"),
        "{\"schema\": 1, \"name\": \"small\", \"architecture\": \"squeezetime\", "
        "\"variant\": \"street\", \"weights\": \"w.safetensors\", \"licence\": \"CC0-1.0\", "
        "\"origin\": \"a test\", \"labels\": \"labels.txt\", \"config\": " SMALL ", "
        "\"preprocessing\": {\"frames\": 4, \"width\": 64, \"height\": 48, "
        "\"framing\": \"crop\"}, "
        "\"evaluation\": {\"clips\": 2, \"crops\": 3, \"size\": 56}}",
        -1, NULL));
    g_autoptr(JsonNode) node = json_from_string(SMALL, NULL);
    const VdtModel *model = vdt_model_find("squeezetime", NULL);
    VdtShape input = model->input_shape(json_node_get_object(node), 1, 64, 64);
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtBuild asked = vdt_model_ask(model, &input);
    g_assert_true(model->build(json_node_get_object(node), graph, &asked, NULL));
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
        gboolean vector = shape.n_dims == 1;
        vdt_tensor_fill_uniform(tensor, name, vector ? 0.5 : -0.3, vector ? 1.5 : 0.3);
        vdt_weights_insert(weights, name, tensor);
    }
    vdt_weights_save_safetensors(weights, in_folder("small/w.safetensors"), &error);
    g_assert_no_error(error);
    return dir;
}

/* Writes @path by a pipeline; NULL if that cannot be done here. */
static const char *launch(const char *path, const char *pipeline)
{
    if (exists(path))
        return path;
    g_autofree char *line =
        g_strdup_printf("gst-launch-1.0 -q %s ! filesink location=%s", pipeline, path);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_auto(GStrv) parts = g_strsplit(line, " ", -1);
    for (guint i = 1; parts[i] != NULL; i++)
        g_ptr_array_add(argv, parts[i]);
    g_autofree char *tool = g_find_program_in_path(parts[0]);
    if (tool == NULL)
        return NULL;
    g_auto(Outcome) o = run(tool, argv);
    return o.status == 0 ? path : NULL;
}

const char *make_video(const char *name, const char *source)
{
    g_autofree char *line = g_strdup_printf("%s ! jpegenc ! avimux", source);
    return launch(in_folder(name), line);
}

const char *some_video(void)
{
    return launch(in_folder("video.avi"),
                  "videotestsrc num-buffers=80 pattern=ball ! "
                  "video/x-raw,width=96,height=64,framerate=25/1 ! jpegenc ! avimux");
}

const char *some_picture(void)
{
    return launch(in_folder("picture.png"), "videotestsrc num-buffers=1 ! pngenc");
}
