/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Engines: what they are made from, what they share, what they say when it does not fit. A small
 * network of the family stands for the large ones. */
#include <vedette/engine.h>

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model.h"
#include "official.h"

#define SMALL                                                                                      \
    "{\"block\": \"bottleneck\", \"layers\": [1, 1, 1, 1], \"planes\": [8, 8, 8, 8], "             \
    "\"frames\": 4, \"pos_dim\": [8, 4, 2, 1], \"num_classes\": 5}"

static char *dir;

static char *in_dir(const char *name)
{
    return g_build_filename(dir, name, NULL);
}

/* Weights of the small network: values that a batch norm can live with. */
static VdtWeights *small_weights(void)
{
    g_autoptr(JsonNode) node = json_from_string(SMALL, NULL);
    JsonObject *config = json_node_get_object(node);
    const VdtModel *model = vdt_model_find("squeezetime", NULL);
    VdtShape input = model->input_shape(config, 1, 32, 32);
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtBuild asked = vdt_model_ask(model, &input);
    g_assert_true(model->build(config, graph, &asked, NULL));
    VdtWeights *weights = vdt_weights_new();
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
        gboolean vector = shape.n_dims == 1;
        vdt_tensor_fill_uniform(tensor, name, vector ? 0.5 : -0.3, vector ? 1.5 : 0.3);
        vdt_weights_insert(weights, name, tensor);
    }
    return weights;
}

static void save(const VdtWeights *weights, const char *path)
{
    g_autoptr(GError) error = NULL;
    vdt_weights_save_safetensors(weights, path, &error);
    g_assert_no_error(error);
}

static char *small_file(void)
{
    g_autoptr(VdtWeights) weights = small_weights();
    char *path = in_dir("small.safetensors");
    save(weights, path);
    return path;
}

static VdtEngine *open_engine(const VdtEngineOptions *options)
{
    g_autoptr(GError) error = NULL;
    VdtEngine *engine = vdt_engine_new(options, &error);
    g_assert_no_error(error);
    return engine;
}

/* The first values of an answer to a fixed clip. */
static double answer(VdtEngine *engine, gint64 size)
{
    g_autoptr(GError) error = NULL;
    VdtShape input = vdt_engine_get_input_shape(engine, 1, size, size);
    g_autoptr(VdtSession) session = vdt_engine_new_session(engine, &input, &error);
    g_assert_no_error(error);
    vdt_tensor_fill_uniform(vdt_session_get_input(session, 0), "input:test", -2, 2);
    vdt_session_run(session, NULL, &error);
    g_assert_no_error(error);
    const VdtTensor *output = vdt_session_get_output(session, 0);
    g_assert_cmpint(output->shape.dims[1], ==, 5);
    return ((float *)output->data)[0];
}

static void test_measure(void)
{
    g_autofree char *path = small_file();
    g_autoptr(VdtEngine) engine = open_engine(&(VdtEngineOptions){.weights = path});
    g_autoptr(GError) error = NULL;
    VdtShape small = vdt_engine_get_input_shape(engine, 1, 32, 32);
    VdtShape large = vdt_engine_get_input_shape(engine, 1, 96, 96);
    gsize weights[2], sessions[2];
    g_assert_true(vdt_engine_measure(engine, &small, &weights[0], &sessions[0], &error));
    g_assert_true(vdt_engine_measure(engine, &large, &weights[1], &sessions[1], &error));
    g_assert_no_error(error);
    g_assert_cmpuint(weights[0], >, 0);
    g_assert_cmpuint(weights[1], >=, weights[0]);
    g_assert_cmpuint(weights[1], <, 2 * weights[0]);
    g_assert_cmpuint(sessions[1], >, 4 * sessions[0]);
    g_assert_true(vdt_engine_measure(engine, &small, NULL, NULL, NULL));
    VdtShape bad = vdt_shape(1, 3);
    g_assert_false(vdt_engine_measure(engine, &bad, NULL, NULL, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_SHAPE);
}

static void test_from_weights(void)
{
    g_autofree char *path = small_file();
    g_autoptr(VdtEngine) engine = open_engine(&(VdtEngineOptions){.weights = path});
    const VdtCard *card = vdt_engine_get_card(engine);
    g_assert_cmpstr(card->architecture, ==, "squeezetime");
    g_assert_cmpstr(card->variant, ==, "custom");
    g_assert_cmpstr(card->weights, ==, path);
    g_assert_cmpuint(card->frames, ==, 4);
    g_assert_cmpfloat_with_epsilon(card->window, 0.4, 1e-9);
    g_assert_null(card->labels);
    g_assert_null(card->path);
    g_assert_null(vdt_engine_get_unused(engine));
    g_assert_true(isfinite(answer(engine, 32)));
}

/* TRACE and INFER agree. */
static void test_plans_agree(void)
{
    g_autofree char *path = small_file();
    g_autoptr(VdtEngine) fast = open_engine(&(VdtEngineOptions){.weights = path});
    g_autoptr(VdtEngine) plain =
        open_engine(&(VdtEngineOptions){.weights = path, .plan = VDT_PLAN_TRACE});
    for (gint64 size = 32; size <= 96; size += 32) {
        double want = answer(plain, size);
        g_assert_cmpfloat_with_epsilon(answer(fast, size), want, 1e-4 * (1 + fabs(want)));
    }
}

/* The files of the five variants, by their tensors alone. */
static void test_official(void)
{
    static const struct {
        const char *variant, *label;
        guint n_labels, size;
        gboolean unused;
    } files[] = {
        {"r50-k400", "zumba", 400, 224, FALSE}, {"r50-k600", "zumba", 600, 224, FALSE},
        {"r50-hmdb51", "wave", 51, 286, FALSE}, {"r50-ava", "watch (a person)", 81, 256, TRUE},
        {"r50-in1k", NULL, 0, 224, TRUE},
    };
    g_autofree char *path = in_dir("official.safetensors");
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VdtWeights) weights = official_weights(files[i].variant);
        save(weights, path);
        g_autoptr(VdtEngine) engine = open_engine(&(VdtEngineOptions){.weights = path});
        const VdtCard *card = vdt_engine_get_card(engine);
        g_assert_cmpstr(card->variant, ==, files[i].variant);
        g_assert_cmpuint(card->n_labels, ==, files[i].n_labels);
        if (files[i].label != NULL)
            g_assert_cmpstr(card->labels[card->n_labels - 1], ==, files[i].label);
        g_assert_cmpuint(card->test_size, ==, files[i].size);
        g_assert_cmpint(vdt_engine_get_unused(engine) != NULL, ==, files[i].unused);
        VdtEngineOptions strict = {.weights = path, .strict = TRUE};
        g_autoptr(VdtEngine) second = vdt_engine_new(&strict, &error);
        g_assert_cmpint(second == NULL, ==, files[i].unused);
        if (files[i].unused)
            g_assert_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS);
    }
    g_unlink(path);
}

/* All that is missing and all that is mis-shaped, in one message. */
static void test_misfits(void)
{
    g_autoptr(VdtWeights) whole = small_weights(), broken = vdt_weights_new();
    for (guint i = 0; i < vdt_weights_get_n_tensors(whole); i++) {
        const char *name = vdt_weights_get_name(whole, i);
        VdtShape shape = vdt_shape(3, 3);
        g_autoptr(VdtTensor) odd = vdt_tensor_new(VDT_F32, &shape, NULL);
        if (strstr(name, "layer2.0.bn3.running_") != NULL)
            continue;
        gboolean replace = strstr(name, "layer3.0.conv3.weight") != NULL ||
                           strstr(name, "layer4.0.bn2.bias") != NULL;
        vdt_weights_insert(broken, name, replace ? odd : vdt_weights_get_tensor(whole, i));
    }
    VdtShape scalar = {0};
    g_autoptr(VdtTensor) counter = vdt_tensor_new(VDT_I64, &scalar, NULL);
    vdt_weights_insert(broken, "backbone.net.bn1.num_batches_tracked", counter);
    vdt_weights_insert(broken, "backbone.net.left.over", counter);
    g_autofree char *path = in_dir("broken.safetensors");
    save(broken, path);

    g_autoptr(GError) error = NULL;
    g_autoptr(VdtEngine) engine = open_engine(&(VdtEngineOptions){.weights = path});
    g_assert_cmpstr(vdt_engine_get_unused(engine), ==, "backbone.net.left.over");
    VdtShape input = vdt_engine_get_input_shape(engine, 1, 32, 32);
    g_assert_null(vdt_engine_new_session(engine, &input, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS);
    static const char *const named[] = {"layer2.0.bn3.running_mean",
                                        "layer2.0.bn3.running_var",
                                        "layer3.0.conv3.weight",
                                        "layer4.0.bn2.bias",
                                        "[3,3]",
                                        "not asked for: backbone.net.bn1.num_batches_tracked, "
                                        "backbone.net.left.over"};
    for (guint i = 0; i < G_N_ELEMENTS(named); i++)
        g_assert_nonnull(strstr(error->message, named[i]));
}

static void test_not_finite(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtWeights) weights = small_weights();
    VdtTensor *tensor = vdt_weights_lookup(weights, "backbone.net.layer4.0.bn2.bias");
    ((float *)tensor->data)[3] = NAN;
    g_autofree char *path = in_dir("nan.safetensors");
    save(weights, path);
    g_autoptr(VdtEngine) engine = open_engine(&(VdtEngineOptions){.weights = path});
    VdtShape input = vdt_engine_get_input_shape(engine, 1, 32, 32);
    g_assert_null(vdt_engine_new_session(engine, &input, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS);
    g_assert_nonnull(strstr(error->message, "layer4.0.bn2.bias"));
}

static void test_shapes(void)
{
    g_autofree char *path = small_file();
    g_autoptr(VdtEngine) engine = open_engine(&(VdtEngineOptions){.weights = path});
    const VdtShape bad[] = {vdt_shape(1, 3, 4, 1, 1), vdt_shape(1, 3, 16, 32, 32),
                            vdt_shape(3, 32, 32), vdt_shape(0, 3, 4, 32, 32)};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(vdt_engine_new_session(engine, &bad[i], &error));
        g_assert_error(error, VDT_ERROR, VDT_ERROR_SHAPE);
    }
    g_assert_true(isfinite(answer(engine, 32)));
}

/* More sizes than are kept, old ones again, and sessions that outlive their plan's place. */
static void test_many_sizes(void)
{
    g_autofree char *path = small_file();
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtEngine) engine = open_engine(&(VdtEngineOptions){.weights = path});
    VdtShape input = vdt_engine_get_input_shape(engine, 1, 32, 32);
    g_autoptr(VdtSession) session = vdt_engine_new_session(engine, &input, &error);
    vdt_tensor_fill_uniform(vdt_session_get_input(session, 0), "input:test", -2, 2);
    double first[7];
    for (int i = 0; i < 7; i++)
        first[i] = answer(engine, 32 + 16 * i);
    for (int i = 6; i >= 0; i--)
        g_assert_cmpfloat(answer(engine, 32 + 16 * i), ==, first[i]);
    g_assert_true(vdt_session_run(session, NULL, &error));
    g_assert_cmpfloat(((float *)vdt_session_get_output(session, 0)->data)[0], ==, first[0]);
}

static void test_shared(void)
{
    g_autofree char *path = small_file();
    g_autofree char *link = in_dir("link.safetensors");
    g_unlink(link);
    g_assert_cmpint(symlink("small.safetensors", link), ==, 0);
    VdtEngineOptions options = {.weights = path};
    VdtEngine *a = vdt_engine_get_shared(&options, NULL),
              *b = vdt_engine_get_shared(&options, NULL);
    g_assert_nonnull(a);
    g_assert_true(a == b);
    VdtEngine *c = vdt_engine_get_shared(&(VdtEngineOptions){.weights = link}, NULL);
    g_assert_true(a == c);
    VdtEngine *bf16 = vdt_engine_get_shared(
        &(VdtEngineOptions){.weights = path, .precision = VDT_PRECISION_BF16}, NULL);
    VdtEngine *trace =
        vdt_engine_get_shared(&(VdtEngineOptions){.weights = path, .plan = VDT_PLAN_TRACE}, NULL);
    g_assert_true(bf16 != a && trace != a && trace != bf16);

    /* A file that was replaced is another one. */
    g_usleep(20000);
    g_free(small_file());
    VdtEngine *d = vdt_engine_get_shared(&options, NULL);
    g_assert_true(d != a);
    g_assert_true(isfinite(answer(a, 32)));

    VdtEngine *own = open_engine(&options);
    g_assert_true(own != d);
    VdtEngine *all[] = {a, b, c, d, bf16, trace, own};
    for (guint i = 0; i < G_N_ELEMENTS(all); i++)
        vdt_engine_unref(all[i]);
}

static gpointer use_shared(gpointer data)
{
    for (int i = 0; i < 20; i++) {
        VdtEngineOptions options = {.weights = data};
        g_autoptr(VdtEngine) engine = vdt_engine_get_shared(&options, NULL);
        g_assert_nonnull(engine);
        answer(engine, 32 + 16 * (i % 6));
    }
    return NULL;
}

static void test_threads(void)
{
    g_autofree char *path = small_file();
    GThread *threads[4];
    for (guint i = 0; i < 4; i++)
        threads[i] = g_thread_new("user", use_shared, path);
    for (guint i = 0; i < 4; i++)
        g_thread_join(threads[i]);
}

static void put(const char *name, const char *text)
{
    g_autofree char *path = in_dir(name);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

#define CARD                                                                                       \
    "{\"schema\": 1, \"name\": \"tiny\", \"architecture\": \"squeezetime\", "                      \
    "\"variant\": \"yard\", \"weights\": \"small.safetensors\", \"licence\": \"CC0-1.0\", "        \
    "\"origin\": \"a test\", \"labels\": \"labels.txt\", "

static void test_card(void)
{
    g_autoptr(GError) error = NULL;
    g_free(small_file());
    put("labels.txt", "a\nb\nc\nd\ne\n");
    put("card.json", CARD "\"config\": " SMALL ", \"preprocessing\": {\"frames\": 4}}");
    VdtEngineOptions options = {.model = dir};
    g_autoptr(VdtEngine) engine = open_engine(&options);
    const VdtCard *card = vdt_engine_get_card(engine);
    g_assert_cmpstr(card->name, ==, "tiny");
    g_assert_cmpstr(card->labels[4], ==, "e");
    g_assert_true(isfinite(answer(engine, 32)));

    /* Without a configuration the weights say what they are. */
    put("card.json", CARD "\"preprocessing\": {\"frames\": 4}}");
    g_autoptr(VdtEngine) recognised = open_engine(&options);
    g_assert_cmpfloat(answer(recognised, 32), ==, answer(engine, 32));
    g_assert_cmpstr(vdt_engine_get_card(recognised)->name, ==, "tiny");

    put("card.json", CARD "\"preprocessing\": {\"frames\": 8}}");
    g_assert_null(vdt_engine_new(&options, &error));
    g_assert_nonnull(strstr(error->message, "\"frames\" is 8"));
    g_clear_error(&error);

    put("labels.txt", "a\nb\n");
    put("card.json", CARD "\"preprocessing\": {\"frames\": 4}}");
    g_assert_null(vdt_engine_new(&options, &error));
    g_assert_nonnull(strstr(error->message, "labels.txt has 2 labels"));
    g_clear_error(&error);

    put("labels.txt", "a\nb\nc\nd\ne\n");
    put("card.json", CARD "\"config\": {\"depth\": 51}}");
    g_assert_null(vdt_engine_new(&options, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_MODEL);
    g_assert_nonnull(strstr(error->message, "card.json: "));

    /* Groups leave no class of the network. */
    g_clear_error(&error);
    put("card.json", CARD "\"groups\": [{\"name\": \"one\", \"labels\": 2}, "
                          "{\"name\": \"two\", \"labels\": 3}], "
                          "\"preprocessing\": {\"frames\": 4}}");
    g_autoptr(VdtEngine) grouped = open_engine(&options);
    g_assert_cmpuint(vdt_engine_get_card(grouped)->groups[1].first, ==, 2);
    put("card.json", CARD "\"groups\": [{\"name\": \"one\", \"labels\": 2}, "
                          "{\"name\": \"two\", \"labels\": 2}], "
                          "\"preprocessing\": {\"frames\": 4}}");
    g_assert_null(vdt_engine_new(&options, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_MODEL);
    g_assert_nonnull(strstr(error->message, "\"groups\" have 4 labels"));
    g_assert_nonnull(strstr(error->message, "scores to 5 classes"));

    /* Shared engines know their labels. */
    put("card.json", CARD "\"preprocessing\": {\"frames\": 4}}");
    g_autoptr(VdtEngine) before = vdt_engine_get_shared(&options, NULL);
    g_autoptr(VdtEngine) same = vdt_engine_get_shared(&options, NULL);
    put("labels.txt", "a\nb\nc\nd\nother\n");
    g_autoptr(VdtEngine) after = vdt_engine_get_shared(&options, NULL);
    g_assert_true(before == same && before != after);
    g_assert_cmpstr(vdt_engine_get_card(after)->labels[4], ==, "other");
}

static void test_refused(void)
{
    g_autofree char *small = small_file(), *text = in_dir("text"), *other = in_dir("other");
    put("text", "not weights");
    VdtShape shape = vdt_shape(2);
    g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    vdt_weights_insert(weights, "something.else", tensor);
    save(weights, other);
    const struct {
        VdtEngineOptions options;
        GQuark domain;
        int code;
        const char *says;
    } cases[] = {
        {{NULL}, VDT_ERROR, VDT_ERROR_MODEL, "no model"},
        {{.model = "", .weights = ""}, VDT_ERROR, VDT_ERROR_MODEL, "no model"},
        {{.architecture = "nosuch"}, VDT_ERROR, VDT_ERROR_MODEL, "nosuch"},
        {{.model = "nosuch"}, VDT_ERROR, VDT_ERROR_MODEL, "/var/lib/vedette/models"},
        {{.weights = "/nowhere/x"}, G_FILE_ERROR, G_FILE_ERROR_NOENT, "/nowhere/x"},
        {{.weights = text}, VDT_ERROR, VDT_ERROR_FORMAT, "text"},
        {{.weights = other}, VDT_ERROR, VDT_ERROR_MODEL, "no known architecture"},
        {{.weights = other, .architecture = "squeezetime"},
         VDT_ERROR,
         VDT_ERROR_MODEL,
         "name a variant"},
        {{.weights = small, .architecture = "nosuch"}, VDT_ERROR, VDT_ERROR_MODEL, "nosuch"},
        {{.weights = small, .variant = "nosuch"}, VDT_ERROR, VDT_ERROR_MODEL, "r50-k400"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL, again = NULL;
        g_assert_null(vdt_engine_new(&cases[i].options, &error));
        if (!g_error_matches(error, cases[i].domain, cases[i].code) ||
            strstr(error->message, cases[i].says) == NULL)
            g_error("case %u: %s", i, error->message);
        g_assert_null(vdt_engine_get_shared(&cases[i].options, &again));
        g_assert_cmpstr(again->message, ==, error->message);
    }
}

/* An architecture alone means its street model, which ships: files, names and labels fit. */
static void test_street_model(void)
{
    VdtEngineOptions options = {.architecture = "squeezetime"};
    g_autoptr(VdtEngine) engine = open_engine(&options);
    const VdtCard *card = vdt_engine_get_card(engine);
    g_assert_cmpstr(card->name, ==, "squeezetime-street");
    g_assert_cmpstr(card->variant, ==, "small");
    g_assert_cmpstr(card->licence, ==, "CC0-1.0");
    g_assert_cmpuint(card->n_labels, ==, 12);
    g_assert_cmpstr(card->labels[3], ==, "fall");
    g_assert_null(vdt_engine_get_unused(engine));
}

/* A variant that is named wins over what is recognised. */
static void test_named_variant(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = small_file();
    VdtEngineOptions options = {.weights = path, .variant = "r50-k400"};
    g_autoptr(VdtEngine) engine = open_engine(&options);
    g_assert_cmpstr(vdt_engine_get_card(engine)->variant, ==, "r50-k400");
    VdtShape input = vdt_engine_get_input_shape(engine, 1, 64, 64);
    g_assert_cmpint(input.dims[2], ==, 16);
    g_assert_null(vdt_engine_new_session(engine, &input, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS);
}

static void test_boxed(void)
{
    g_autofree char *path = small_file();
    g_autoptr(VdtEngine) engine = open_engine(&(VdtEngineOptions){.weights = path});
    GValue value = G_VALUE_INIT;
    g_value_init(&value, VDT_TYPE_ENGINE);
    g_value_set_boxed(&value, engine);
    g_assert_true(g_value_get_boxed(&value) == engine);
    g_value_unset(&value);
}

/* Somebody writes into the file of an engine that is alive. */
typedef void (*Harm)(const char *path);

static void cut(const char *path)
{
    g_assert_cmpint(truncate(path, 4096), ==, 0);
}

/* As `cp` does it, and with the time of change set back. */
static void overwrite(const char *path)
{
    g_autofree char *zeros = g_malloc0(64 << 10);
    struct stat before;
    int fd = open(path, O_WRONLY);
    g_assert_cmpint(fstat(fd, &before), ==, 0);
    for (gsize at = before.st_size / 3; at < (gsize)before.st_size; at += 64 << 10)
        g_assert_cmpint(pwrite(fd, zeros, MIN(64 << 10, (gsize)before.st_size - at), at), >, 0);
    g_assert_cmpint(futimens(fd, (struct timespec[]){before.st_atim, before.st_mtim}), ==, 0);
    close(fd);
}

static void replace(const char *path)
{
    g_autofree char *other = g_strconcat(path, ".new", NULL);
    g_assert_true(g_file_set_contents(other, "nothing", -1, NULL));
    g_assert_cmpint(g_rename(other, path), ==, 0);
}

static void check_harm(VdtPlanKind kind, Harm harm, gboolean harmless)
{
    g_autofree char *path = small_file();
    g_autoptr(VdtEngine) untouched = open_engine(&(VdtEngineOptions){.weights = path});
    g_autoptr(VdtEngine) engine = open_engine(&(VdtEngineOptions){.weights = path, .plan = kind});
    g_autoptr(GError) error = NULL;
    VdtShape input = vdt_engine_get_input_shape(engine, 1, 32, 32);
    g_autoptr(VdtSession) session = vdt_engine_new_session(engine, &input, &error);
    g_assert_no_error(error);
    double small = answer(engine, 32), large = answer(untouched, 64);
    harm(path);

    /* Neither a session that there is nor another of the same plan sees it. */
    vdt_tensor_fill_uniform(vdt_session_get_input(session, 0), "input:test", -2, 2);
    g_assert_true(vdt_session_run(session, NULL, &error));
    g_assert_cmpfloat(((float *)vdt_session_get_output(session, 0)->data)[0], ==, small);
    g_assert_cmpfloat(answer(engine, 32), ==, small);

    input = vdt_engine_get_input_shape(engine, 1, 64, 64);
    g_autoptr(VdtSession) other = vdt_engine_new_session(engine, &input, &error);
    if (harmless) {
        g_assert_no_error(error);
        g_assert_cmpfloat_with_epsilon(answer(engine, 64), large, 1e-4 * (1 + fabs(large)));
        return;
    }
    g_assert_error(error, VDT_ERROR, VDT_ERROR_FORMAT);
    g_assert_nonnull(strstr(error->message, path));
    g_assert_nonnull(strstr(error->message, "has changed since it was loaded"));
    g_assert_null(other);
    g_assert_cmpfloat(answer(engine, 32), ==, small);
}

static void test_changed_in_place(void)
{
    check_harm(VDT_PLAN_INFER, cut, FALSE);
    check_harm(VDT_PLAN_INFER, overwrite, FALSE);
    check_harm(VDT_PLAN_INFER, replace, TRUE);
    /* It holds all of the weights as they are, in memory of its own. */
    check_harm(VDT_PLAN_TRACE, overwrite, TRUE);
}

/* --- Hosts that cancel threads -------------------------------------------------------------- */

static atomic_int n_engines;

/* Engines are counted where none can be lost: cancellation is off until there is one, or not. */
static void *keep_loading(void *path)
{
    const VdtEngineOptions options = {.weights = path};
    for (;;) {
        VdtEngine *engine = vdt_engine_new(&options, NULL);
        n_engines++;
        vdt_engine_unref(engine);
        n_engines--;
        pthread_testcancel();
    }
    return NULL;
}

static guint n_files(void)
{
    g_autoptr(GDir) files = g_dir_open("/proc/self/fd", 0, NULL);
    guint n = 0;
    while (g_dir_read_name(files) != NULL)
        n++;
    return n;
}

/* A thread that is cancelled while it loads ends afterwards: no file stays open. */
G_GNUC_UNUSED static void test_cancelled(void)
{
    g_autofree char *path = small_file();
    guint before = n_files();
    for (guint i = 0; i < 200; i++) {
        pthread_t thread;
        void *result;
        g_assert_cmpint(pthread_create(&thread, NULL, keep_loading, path), ==, 0);
        g_usleep(i * 37 % 2000);
        pthread_cancel(thread);
        pthread_join(thread, &result);
        g_assert_true(result == PTHREAD_CANCELED);
    }
    g_assert_cmpint(n_engines, ==, 0);
    g_assert_cmpuint(n_files(), ==, before);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    dir = g_dir_make_tmp("vedette-engine-XXXXXX", NULL);
    g_test_add_func("/engine/changed-in-place", test_changed_in_place);
    g_test_add_func("/engine/measure", test_measure);
    g_test_add_func("/engine/from-weights", test_from_weights);
    g_test_add_func("/engine/plans-agree", test_plans_agree);
    g_test_add_func("/engine/official", test_official);
    g_test_add_func("/engine/misfits", test_misfits);
    g_test_add_func("/engine/not-finite", test_not_finite);
    g_test_add_func("/engine/shapes", test_shapes);
    g_test_add_func("/engine/many-sizes", test_many_sizes);
    g_test_add_func("/engine/shared", test_shared);
    g_test_add_func("/engine/threads", test_threads);
    g_test_add_func("/engine/card", test_card);
    g_test_add_func("/engine/street-model", test_street_model);
    g_test_add_func("/engine/refused", test_refused);
    g_test_add_func("/engine/named-variant", test_named_variant);
    g_test_add_func("/engine/boxed", test_boxed);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* they do not see frames end that a cancelled thread leaves */
    g_test_add_func("/engine/cancelled", test_cancelled);
#endif
    int status = g_test_run();
    const char *remove[] = {"rm", "-r", dir, NULL};
    g_spawn_sync(NULL, (char **)remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                 NULL);
    g_free(dir);
    return status;
}
