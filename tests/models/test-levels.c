/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Levels of an engine: tokens that merge, the compensator that a card names, and what another level
 * keeps of its own. */
#include <vedette/engine.h>

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <vedette/train.h>

#include "fixture.h"
#include "plan/step/schedule.h"

#define SMALL                                                                                      \
    "\"dim\": 64, \"heads\": 1, \"depth\": 3, \"patch\": 28, \"img_size\": 224, \"num_classes\": " \
    "5"

static char *dir;

static const VdtModel *vit(void)
{
    return vdt_model_find("tocom", NULL);
}

static VdtWeights *make_weights(const char *config)
{
    g_autoptr(JsonObject) object = parse(config);
    g_autoptr(VdtGraph) graph = graph_of(vit(), object, vdt_shape(1, 3, 224, 224));
    VdtWeights *weights = vdt_weights_new();
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
        gboolean scale = strstr(name, "norm") != NULL && g_str_has_suffix(name, "weight");
        vdt_tensor_fill_uniform(tensor, name, scale ? 0.8 : -0.2, scale ? 1.2 : 0.2);
        vdt_weights_insert(weights, name, tensor);
    }
    return weights;
}

/* Those of @weights that are of adapters, or those that are not. */
static VdtWeights *part_of(const VdtWeights *weights, gboolean adapters)
{
    VdtWeights *part = vdt_weights_new();
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        const char *name = vdt_weights_get_name(weights, i);
        if ((strstr(name, "_tocom.") != NULL) == adapters)
            vdt_weights_insert(part, name, vdt_weights_get_tensor(weights, i));
    }
    return part;
}

static char *save(const VdtWeights *weights, const char *name)
{
    g_autoptr(GError) error = NULL;
    char *path = g_build_filename(dir, name, NULL);
    vdt_weights_save_safetensors(weights, path, &error);
    g_assert_no_error(error);
    return path;
}

static char *write_card(const char *more)
{
    char *path = g_build_filename(dir, "card.json", NULL);
    g_autofree char *text = g_strdup_printf(
        "{\"schema\": 1, \"name\": \"small\", \"architecture\": \"tocom\", \"variant\": \"small\", "
        "\"weights\": \"plain.safetensors\", \"licence\": \"CC0-1.0\", \"origin\": \"a test\", "
        "\"config\": {" SMALL "}%s}",
        more);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static VdtEngine *open_engine(const VdtEngineOptions *options)
{
    g_autoptr(GError) error = NULL;
    VdtEngine *engine = vdt_engine_new(options, &error);
    g_assert_no_error(error);
    return engine;
}

/* What a session answers; a copy. */
static float *answer(VdtEngine *engine, const VdtSessionOptions *options)
{
    g_autoptr(GError) error = NULL;
    VdtShape input = vdt_engine_get_input_shape(engine, 1, 224, 224);
    g_autoptr(VdtSession) session = vdt_engine_new_session_with(engine, &input, options, &error);
    g_assert_no_error(error);
    vdt_tensor_fill_uniform(vdt_session_get_input(session, 0), "input:levels", -2, 2);
    g_assert_true(vdt_session_run(session, NULL, NULL));
    const VdtTensor *output = vdt_session_get_output(session, 0);
    return g_memdup2(output->data, output->n_bytes);
}

static double distance(const float *a, const float *b)
{
    double sum = 0;
    for (guint i = 0; i < 5; i++)
        sum += fabs(a[i] - b[i]);
    return sum;
}

#define LEVEL(n) (&(VdtSessionOptions){.merges = TRUE, .merge = (n)})
#define USUAL    (&(VdtSessionOptions){FALSE})

static void test_levels(void)
{
    g_autoptr(VdtWeights) weights = make_weights("{" SMALL "}");
    g_autofree char *path = save(weights, "plain.safetensors"), *card = write_card("");
    g_autoptr(VdtEngine) engine = open_engine(&(VdtEngineOptions){.model = card});
    g_autoptr(VdtEngine) trace =
        open_engine(&(VdtEngineOptions){.model = card, .plan = VDT_PLAN_TRACE});
    g_autoptr(VdtEngine) merging =
        open_engine(&(VdtEngineOptions){.model = card, .merges = TRUE, .merge = 8});
    VdtEngineLevels levels;
    g_assert_true(vdt_engine_get_levels(engine, &levels));
    g_assert_cmpuint(levels.usual, ==, 0);
    g_assert_cmpuint(levels.most, ==, 32); /* of 65 tokens */
    g_assert_false(levels.compensated);
    g_assert_true(vdt_engine_get_levels(merging, &levels));
    g_assert_cmpuint(levels.usual, ==, 8);

    g_autofree float *plain = answer(engine, USUAL);
    for (guint merge = 0; merge <= 32; merge += 8) {
        g_autofree float *fast = answer(engine, LEVEL(merge)), *right = answer(trace, LEVEL(merge));
        g_assert_cmpfloat(distance(fast, right), <, 1e-4);
        g_assert_true((distance(fast, plain) == 0) == (merge == 0));
        if (merge == 8) {
            g_autofree float *usual = answer(merging, USUAL);
            g_assert_cmpfloat(distance(usual, fast), ==, 0);
        }
    }
    /* 65, then 57, 49 and 41: half of a block's work is before it merges */
    g_assert_cmpfloat(vdt_engine_get_kept(engine, 0), ==, 1);
    g_assert_cmpfloat_with_epsilon(vdt_engine_get_kept(engine, 8),
                                   (65 + 2 * 57 + 2 * 49 + 41) / (6 * 65.0), 1e-9);

    g_autoptr(GError) error = NULL;
    VdtShape input = vdt_engine_get_input_shape(engine, 1, 224, 224);
    g_assert_null(vdt_engine_new_session_with(engine, &input, LEVEL(33), &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "33 of 65 tokens"));
}

/* A network whose tokens do not merge says so. */
static void test_none(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "models", "squeezetime", "models",
                                                  "squeezetime-street", "card.json", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtEngine) engine = open_engine(&(VdtEngineOptions){.model = path});
    VdtEngineLevels levels = {.most = 7};
    g_assert_false(vdt_engine_get_levels(engine, &levels));
    g_assert_cmpuint(levels.most, ==, 0);
    g_assert_cmpfloat(vdt_engine_get_kept(engine, 8), ==, 1);
    VdtEngineOptions merging = {.model = path, .merges = TRUE, .merge = 8};
    g_assert_null(vdt_engine_new(&merging, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "squeezetime cannot merge 8 tokens"));
}

/* Adapters of a file of their own, loaded over a model, are those of a file that has both. */
static void test_compensator(void)
{
    g_autoptr(VdtWeights) both =
        make_weights("{" SMALL ", \"tocom\": {\"dim\": 32, \"scale\": 0.1}}");
    g_autoptr(VdtWeights) plain = part_of(both, FALSE), adapters = part_of(both, TRUE);
    g_autofree char *all = save(both, "both.safetensors"), *a = save(plain, "plain.safetensors");
    g_autofree char *b = save(adapters, "adapters.safetensors");
    g_autofree char *card = write_card(
        ", \"merge\": 4, \"compensator\": {\"weights\": \"adapters.safetensors\"}, \"levels\": "
        "[{\"merge\": 0, \"accuracy\": 0.94}, {\"merge\": 4, \"accuracy\": 0.95}, {\"merge\": 12, "
        "\"accuracy\": 0.91}]");
    g_autoptr(VdtEngine) engine = open_engine(&(VdtEngineOptions){.model = card});
    VdtEngineLevels levels;
    g_assert_true(vdt_engine_get_levels(engine, &levels));
    g_assert_true(levels.compensated);
    g_assert_cmpuint(levels.usual, ==, 4);
    g_assert_cmpuint(levels.most, ==, 16);
    g_assert_null(vdt_engine_get_unused(engine));

    const VdtCard *c = vdt_engine_get_card(engine);
    g_assert_cmpfloat_with_epsilon(vdt_card_get_cost(c, 4), 0, 1e-12);
    g_assert_cmpfloat_with_epsilon(vdt_card_get_cost(c, 0), 0.01, 1e-12);
    g_assert_cmpfloat_with_epsilon(vdt_card_get_cost(c, 8), 0.02, 1e-12); /* half way */
    g_assert_true(isnan(vdt_card_get_cost(c, 13)));

    /* recognised, it is of a network that was trained without merging */
    g_autoptr(VdtEngine) whole = open_engine(&(VdtEngineOptions){.weights = all});
    g_assert_true(vdt_engine_get_levels(whole, &levels));
    g_assert_true(levels.compensated);
    g_assert_cmpuint(levels.usual, ==, 0);
    g_clear_pointer(&whole, vdt_engine_unref);
    whole = open_engine(&(VdtEngineOptions){.model = card, .weights = all});
    g_autoptr(VdtEngine) bare = open_engine(&(VdtEngineOptions){.weights = a});
    for (guint merge = 0; merge <= 16; merge += 4) {
        g_autofree float *over = answer(engine, LEVEL(merge)), *in = answer(whole, LEVEL(merge));
        g_autofree float *without = answer(bare, LEVEL(merge));
        g_assert_cmpfloat(distance(over, in), ==, 0);
        /* at the level of the training nothing is to be made up for */
        g_assert_true((distance(over, without) < 1e-5) == (merge == 4));
    }
}

/* @more of the card is refused with @text. */
static void check_card(const char *more, VdtError code, const char *text)
{
    g_autofree char *card = write_card(more);
    g_autoptr(GError) error = NULL;
    g_assert_null(vdt_engine_new(&(VdtEngineOptions){.model = card}, &error));
    g_assert_error(error, VDT_ERROR, (int)code);
    if (strstr(error->message, text) == NULL)
        g_error("'%s' does not have '%s' in it", error->message, text);
}

static void test_bad(void)
{
    g_autoptr(VdtWeights) both = make_weights("{" SMALL ", \"tocom\": {\"dim\": 32}}");
    g_autoptr(VdtWeights) plain = part_of(both, FALSE), adapters = part_of(both, TRUE);
    g_autofree char *a = save(plain, "plain.safetensors"), *n = save(plain, "none.safetensors");
    static const char name[] = "blocks.0.attn.q_tocom.adapter_down.weight";
    VdtShape narrow = vdt_shape(32, 32), odd = vdt_shape(20, 64);
    g_autoptr(VdtTensor) wrong = vdt_tensor_new(VDT_F32, &narrow, NULL);
    g_autoptr(VdtTensor) levelless = vdt_tensor_new(VDT_F32, &odd, NULL);
    memset(wrong->data, 0, wrong->n_bytes);
    memset(levelless->data, 0, levelless->n_bytes);
    vdt_weights_insert(adapters, name, wrong);
    g_autofree char *w = save(adapters, "wrong.safetensors");
    vdt_weights_insert(adapters, name, levelless);
    g_autofree char *l = save(adapters, "levelless.safetensors");

    check_card(", \"compensator\": {\"weights\": \"wrong.safetensors\"}", VDT_ERROR_WEIGHTS,
               "is [32,32], but the network's tokens are 64 wide");
    check_card(", \"compensator\": {\"weights\": \"levelless.safetensors\"}", VDT_ERROR_WEIGHTS,
               "is [20,64], but adapters have the same columns for each of 16 levels");
    check_card(", \"compensator\": {\"weights\": \"none.safetensors\"}", VDT_ERROR_WEIGHTS,
               "these are no adapters");
    check_card(", \"compensator\": {\"scale\": 0.1}", VDT_ERROR_MODEL, "\"weights\" is missing");
    check_card(", \"compensator\": {\"weights\": \"../a.safetensors\"}", VDT_ERROR_MODEL,
               "must be a file in the card's folder");
    check_card(", \"merge\": 33", VDT_ERROR_MODEL, "\"r_src\" is 33, but a block can merge 32");
    check_card(", \"levels\": [{\"merge\": 4, \"accuracy\": 1}, {\"merge\": 4, \"accuracy\": 1}]",
               VDT_ERROR_MODEL, "\"merge\" is 4 behind 4");
    check_card(", \"levels\": [{\"merge\": 4, \"accuracy\": 95}]", VDT_ERROR_MODEL,
               "numbers from 0 to 1");
}

/* Bytes of constants that @plan has and @other has not. */
static gsize own(const VdtPlan *plan, const VdtPlan *other)
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

/* Plans of DeiT-T at two levels: without adapters the second one has next to nothing of its own,
 * with them packed queries and values. */
static void test_memory(void)
{
    for (int with = 0; with < 2; with++) {
        g_autoptr(JsonObject) config =
            parse(with ? "{\"dim\": 192, \"tocom\": {\"dim\": 32}}" : "{\"dim\": 192}");
        VdtShape input = vdt_shape(1, 3, 224, 224);
        VdtBuild asked = vdt_model_ask(vit(), &input);
        g_autoptr(VdtGraph) usual = graph_of(vit(), config, input), merged = vdt_graph_new();
        g_autoptr(VdtWeights) weights = vdt_weights_new_random(usual, 1);
        asked.merge = 8;
        g_assert_true(vit()->build(config, merged, &asked, NULL));
        VdtPlanOptions options = {VDT_PLAN_INFER};
        g_autoptr(VdtPlan) first = vdt_plan_new(usual, weights, &options, NULL);
        g_autoptr(VdtPlan) second = vdt_plan_new_sharing(merged, weights, &options, first, NULL);
        gsize all = vdt_plan_get_weights_size(first), more = own(second, first);
        g_test_message("DeiT-T %s adapters: weights %.2f MB, another level %.2f MB of its own",
                       with ? "with" : "without", (double)all / 1e6, (double)more / 1e6);
        /* two matrices of each block, with their biases */
        g_assert_cmpuint(more, <=, with ? 12 * 2 * (192 * 192 + 2 * 192) * sizeof(float) : 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    dir = g_dir_make_tmp("vedette-levels-XXXXXX", NULL);
    g_test_add_func("/levels/levels", test_levels);
    g_test_add_func("/levels/none", test_none);
    g_test_add_func("/levels/compensator", test_compensator);
    g_test_add_func("/levels/bad", test_bad);
    g_test_add_func("/levels/memory", test_memory);
    int status = g_test_run();
    static const char *const files[] = {
        "card.json",        "plain.safetensors", "both.safetensors",     "adapters.safetensors",
        "none.safetensors", "wrong.safetensors", "levelless.safetensors"};
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(dir, files[i], NULL);
        g_unlink(path);
    }
    g_rmdir(dir);
    g_free(dir);
    return status;
}
