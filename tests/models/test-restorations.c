/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Restorations of an engine: each is what a network configured for it does, over the same weights,
 * and has a name. */
#include <vedette/engine.h>

#include <glib/gstdio.h>
#include <string.h>
#include <vedette/train.h>

#include "fixture.h"
#include "plan/step/schedule.h"

#define SHAPE    "\"n_feats\": 16, \"num_heads\": 3, \"num_layers\": 1, \"patch_size\": 24"
#define N_TASKS  3
#define SMALL(t) SHAPE ", \"scale\": [2, 1, 1], \"scale_idx\": " #t

static char *dir;
static const char *const configs[N_TASKS] = {"{" SMALL(0) "}", "{" SMALL(1) "}", "{" SMALL(2) "}"};

static const VdtModel *ipt(void)
{
    return vdt_model_find("ipt", NULL);
}

/* A file with the tensors of all tasks. */
static void save_weights(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    for (guint task = 0; task < N_TASKS; task++) {
        g_autoptr(JsonObject) config = parse(configs[task]);
        g_autoptr(VdtGraph) graph = graph_of(ipt(), config, vdt_shape(1, 3, 24, 24));
        for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
            VdtShape shape;
            const char *name = vdt_graph_get_param(graph, i, &shape);
            g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
            vdt_tensor_fill_uniform(tensor, name, -0.1, 0.1);
            vdt_weights_insert(weights, name, tensor);
        }
    }
    g_autofree char *path = g_build_filename(dir, "weights.safetensors", NULL);
    vdt_weights_save_safetensors(weights, path, &error);
    g_assert_no_error(error);
}

static char *write_card(const char *architecture, const char *config, const char *more)
{
    char *path = g_build_filename(dir, "card.json", NULL);
    g_autofree char *text = g_strdup_printf(
        "{\"schema\": 1, \"name\": \"small\", \"architecture\": \"%s\", \"variant\": \"small\", "
        "\"weights\": \"weights.safetensors\", \"licence\": \"CC0-1.0\", \"origin\": \"a test\", "
        "\"config\": %s%s}",
        architecture, config, more);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static VdtEngine *open_engine(const char *config, const char *more)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *card = write_card("ipt", config, more);
    VdtEngine *engine = vdt_engine_new(&(VdtEngineOptions){.model = card, .strict = TRUE}, &error);
    g_assert_no_error(error);
    return engine;
}

/* What a session answers; the caller's. */
static VdtTensor *answer(VdtEngine *engine, const VdtSessionOptions *options)
{
    g_autoptr(GError) error = NULL;
    VdtShape input = vdt_engine_get_input_shape(engine, 1, 640, 360);
    g_autoptr(VdtSession) session = vdt_engine_new_session_with(engine, &input, options, &error);
    g_assert_no_error(error);
    vdt_tensor_fill_uniform(vdt_session_get_input(session, 0), "input:restorations", 0, 255);
    g_assert_true(vdt_session_run(session, NULL, NULL));
    const VdtTensor *output = vdt_session_get_output(session, 0);
    VdtTensor *copy = vdt_tensor_new(VDT_F32, &output->shape, NULL);
    memcpy(copy->data, output->data, output->n_bytes);
    return copy;
}

static gboolean equal(const VdtTensor *a, const VdtTensor *b)
{
    return a->n_bytes == b->n_bytes && memcmp(a->data, b->data, a->n_bytes) == 0;
}

#define TASK(n) (&(VdtSessionOptions){.restores = TRUE, .restoration = (n)})
#define USUAL   (&(VdtSessionOptions){FALSE})

/* One engine restores as those do that are configured for one of its tasks each. */
static void test_sessions(void)
{
    g_autoptr(VdtEngine) engine = open_engine(configs[1], "");
    guint usual = 0;
    g_assert_cmpuint(vdt_engine_get_restorations(engine, &usual), ==, N_TASKS);
    g_assert_cmpuint(usual, ==, 1);
    g_assert_null(vdt_engine_get_unused(engine));
    g_autoptr(VdtTensor) plain = answer(engine, USUAL);
    for (guint task = 0; task < N_TASKS; task++) {
        g_autoptr(VdtEngine) own = open_engine(configs[task], "");
        g_autoptr(VdtTensor) got = answer(engine, TASK(task)), want = answer(own, USUAL);
        g_assert_cmpint(got->shape.dims[3], ==, task == 0 ? 48 : 24);
        g_assert_true(equal(got, want));
        g_assert_true(equal(got, plain) == (task == 1));
    }
    static const guint beyond[] = {N_TASKS, G_MAXINT, G_MAXUINT};
    for (guint i = 0; i < G_N_ELEMENTS(beyond); i++) {
        g_autoptr(GError) error = NULL;
        VdtShape input = vdt_engine_get_input_shape(engine, 1, 24, 24);
        g_assert_null(vdt_engine_new_session_with(engine, &input, TASK(beyond[i]), &error));
        g_assert_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED);
        g_assert_nonnull(strstr(error->message, "from 0 to 2"));
    }
}

/* Bytes of constants that @plan has and @other has not. */
static gsize own_bytes(const VdtPlan *plan, const VdtPlan *other)
{
    GHashTableIter iter;
    gpointer key, blob;
    gsize bytes = 0;
    g_hash_table_iter_init(&iter, plan->blobs);
    while (g_hash_table_iter_next(&iter, &key, &blob))
        if (!g_hash_table_contains(other->blobs, key))
            bytes += ((VdtBlob *)blob)->size;
    return bytes;
}

/* Another task has its head, tail and query, and no second body. */
static void test_memory(void)
{
    g_autoptr(JsonObject) config = parse(configs[1]), other = parse(configs[2]);
    VdtShape input = vdt_shape(1, 3, 24, 24);
    g_autoptr(VdtGraph) graph = graph_of(ipt(), config, input);
    g_autoptr(VdtGraph) second_graph = graph_of(ipt(), other, input);
    g_autofree char *path = g_build_filename(dir, "weights.safetensors", NULL);
    g_autoptr(VdtWeights) weights = vdt_weights_load(path, NULL);
    VdtPlanOptions options = {VDT_PLAN_INFER};
    g_autoptr(VdtPlan) first = vdt_plan_new(graph, weights, &options, NULL);
    g_autoptr(VdtPlan) second = vdt_plan_new_sharing(second_graph, weights, &options, first, NULL);
    g_assert_true(first != NULL && second != NULL);
    gsize all = vdt_plan_get_weights_size(first), more = own_bytes(second, first), body = 0;
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        if (g_str_has_prefix(name, "body.") && strstr(name, "query_embed") == NULL)
            body += vdt_shape_elements(&shape) * sizeof(float);
    }
    g_test_message("weights %" G_GSIZE_FORMAT " bytes, another task's own %" G_GSIZE_FORMAT, all,
                   more);
    g_assert_cmpuint(body, >, 0);
    g_assert_cmpuint(more, >, 0);
    g_assert_cmpuint(more + body, <=, all + all / 20);
}

static void check_names(VdtEngine *engine, const char *const *names)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    g_assert_cmpuint(card->n_restorations, ==, g_strv_length((char **)names));
    g_assert_true(g_strv_equal((const char *const *)card->restorations, names));
}

static void test_names(void)
{
    g_autoptr(VdtEngine) named =
        open_engine(configs[0], ", \"tasks\": [\"x2\", \"noise\", \"rain\"]");
    check_names(named, (const char *const[]){"x2", "noise", "rain", NULL});
    g_autoptr(VdtEngine) unnamed = open_engine(configs[0], "");
    check_names(unnamed, (const char *const[]){"0", "1", "2", NULL});
}

/* @more of the card is refused with @text. */
static void check_card(const char *architecture, const char *config, const char *more,
                       const char *text)
{
    g_autofree char *card = write_card(architecture, config, more);
    g_autoptr(GError) error = NULL;
    g_assert_null(vdt_engine_new(&(VdtEngineOptions){.model = card}, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_MODEL);
    if (strstr(error->message, text) == NULL)
        g_error("'%s' does not have '%s' in it", error->message, text);
}

static void test_bad(void)
{
    check_card("ipt", configs[0], ", \"tasks\": [\"a\", \"b\"]",
               "\"tasks\" has 2 names, but the network has 3 tasks");
    check_card("ipt", configs[0], ", \"tasks\": []", "\"tasks\" is empty");
    check_card("ipt", configs[0], ", \"tasks\": [\"a\", \"\", \"b\"]", "takes 1 to 64");
    check_card("ipt", configs[0], ", \"tasks\": [\"a\", \"b\", \"a\"]", "has \"a\" twice");
    check_card("ipt", configs[0], ", \"tasks\": \"a\"", "\"tasks\"");
    check_card("cgrseg", "{}", ", \"tasks\": [\"a\"]", "cgrseg restores nothing");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    dir = g_dir_make_tmp("vedette-restorations-XXXXXX", NULL);
    save_weights();
    g_test_add_func("/restorations/sessions", test_sessions);
    g_test_add_func("/restorations/memory", test_memory);
    g_test_add_func("/restorations/names", test_names);
    g_test_add_func("/restorations/bad", test_bad);
    int status = g_test_run();
    static const char *const files[] = {"card.json", "weights.safetensors"};
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(dir, files[i], NULL);
        g_unlink(path);
    }
    g_rmdir(dir);
    g_free(dir);
    return status;
}
