/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vedette/engine.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "card.h"
#include "io/keyed-hash.h"
#include "model.h"
#include "norm.h"
#include "paths.h"
#include "runtime/host.h"
#include "unwrap.h"

/* Plans that an engine keeps, each for something else that was asked of the network: some sizes, or
 * levels of a stream that is to be cheaper. */
#define MAX_PLANS 8

typedef struct {
    VdtBuild asked;
    VdtPlan *plan;
    guint64 used; /* the engine's clock when last asked for */
} CachedPlan;

struct _VdtEngine {
    gint ref_count;
    char *key; /* in the registry, or NULL for an engine of one's own */
    VdtCard *card;
    const VdtModel *model;
    JsonObject *config;
    VdtWeights *weights;
    VdtPlanOptions options;
    int merge; /* what plans are asked for if nothing else is said */
    char *unused;

    pthread_mutex_t lock; /* guards what follows, and is held while a plan is made */
    CachedPlan plans[MAX_PLANS];
    guint64 clock;
};

G_DEFINE_BOXED_TYPE(VdtEngine, vdt_engine, vdt_engine_ref, vdt_engine_unref)

/* Shared engines by key. The table holds no reference; the lock is held from finding an engine to
 * referencing it, and from dropping the last reference to leaving the table. While one is made,
 * which takes long, its key is in another table, and only those who want the same wait. (pthread's
 * locks, because the thread sanitizer sees them.) */
static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t registry_made = PTHREAD_COND_INITIALIZER;
static GHashTable *registry, *being_made;

static const char *given(const char *option)
{
    return option != NULL && *option != '\0' ? option : NULL;
}

static void engine_free(VdtEngine *engine)
{
    for (guint i = 0; i < MAX_PLANS; i++)
        vdt_plan_unref(engine->plans[i].plan);
    g_clear_pointer(&engine->weights, vdt_weights_unref);
    g_clear_pointer(&engine->config, json_object_unref);
    g_clear_pointer(&engine->card, vdt_card_free);
    pthread_mutex_destroy(&engine->lock);
    g_free(engine->unused);
    g_free(engine->key);
    g_free(engine);
}

VdtEngine *vdt_engine_ref(VdtEngine *engine)
{
    g_atomic_int_inc(&engine->ref_count);
    return engine;
}

void vdt_engine_unref(VdtEngine *engine)
{
    if (engine == NULL)
        return;
    VdtHost host;
    vdt_host_enter_locks(&host);
    gboolean shared = engine->key != NULL;
    if (shared)
        pthread_mutex_lock(&registry_lock);
    gboolean last = g_atomic_int_dec_and_test(&engine->ref_count);
    if (shared && last)
        g_hash_table_remove(registry, engine->key);
    if (shared)
        pthread_mutex_unlock(&registry_lock);
    if (last)
        engine_free(engine);
    vdt_host_leave_locks(&host);
}

static VdtGraph *engine_graph(const VdtEngine *engine, const VdtBuild *asked, GError **error)
{
    const VdtCard *card = engine->card;
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    if (!engine->model->build(engine->config, graph, asked, error)) {
        g_prefix_error(error, "%s: ", card->path != NULL ? card->path : card->weights);
        return NULL;
    }
    if (!vdt_graph_check(graph, error))
        return NULL;
    return g_steal_pointer(&graph);
}

/* A card's groups share out the classes of the network, and leave none. */
static gboolean check_groups(const VdtCard *card, const VdtGraph *graph, GError **error)
{
    VdtShape shape = vdt_value_shape(vdt_graph_find_output(graph, "logits"));
    gint64 classes = shape.n_dims == 2 ? shape.dims[1] : 0, sum = 0;
    for (guint i = 0; i < card->n_groups; i++)
        sum += card->groups[i].n_labels;
    if (card->n_groups == 0 || sum == classes || !vdt_graph_check(graph, NULL))
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                "%s: \"groups\" have %" G_GINT64_FORMAT
                " labels, but the network gives scores to %" G_GINT64_FORMAT " classes",
                card->path, sum, classes);
    return FALSE;
}

static void add_params(GHashTable *names, const VdtGraph *graph)
{
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++)
        g_hash_table_add(names, g_strdup(vdt_graph_get_param(graph, i, NULL)));
}

/* Lists the tensors that the network does not use, whatever it restores. Counters of a training are
 * nobody's business. */
static gboolean find_unused(VdtEngine *engine, gboolean strict, GError **error)
{
    VdtShape input =
        vdt_engine_get_input_shape(engine, 1, engine->card->width, engine->card->height);
    VdtBuild asked = vdt_model_ask(engine->model, &input);
    asked.merge = engine->merge;
    g_autoptr(VdtGraph) graph = engine_graph(engine, &asked, error);
    if (graph == NULL || !check_groups(engine->card, graph, error))
        return FALSE;
    g_autoptr(GHashTable) used =
        g_hash_table_new_full(vdt_keyed_str_hash, g_str_equal, g_free, NULL);
    add_params(used, graph);
    guint n_restorations = vdt_engine_get_restorations(engine, NULL);
    for (guint i = 0; i < n_restorations; i++) {
        asked.restoration = (int)i;
        g_autoptr(VdtGraph) other = engine_graph(engine, &asked, error);
        if (other == NULL)
            return FALSE;
        add_params(used, other);
    }

    g_autoptr(GString) list = g_string_new(NULL);
    guint n = 0;
    for (guint i = 0; i < vdt_weights_get_n_tensors(engine->weights); i++) {
        const char *name = vdt_weights_get_name(engine->weights, i);
        if (g_hash_table_contains(used, name) || g_str_has_suffix(name, "num_batches_tracked") ||
            strcmp(name, "n_averaged") == 0)
            continue;
        g_string_append_printf(list, "%s%s", n++ > 0 ? "\n" : "", name);
    }
    if (n > 0 && strict) {
        g_set_error(
            error, VDT_ERROR, VDT_ERROR_WEIGHTS,
            "%s: the network does not use %u tensors, and strict loading was asked for:\n%s",
            engine->card->weights, n, list->str);
        return FALSE;
    }
    if (n > 0)
        engine->unused = g_string_free(g_steal_pointer(&list), FALSE);
    return TRUE;
}

/* What was named: the card as it is now, and the weights, by their path. */
typedef struct {
    VdtCard *card;      /* or NULL */
    JsonObject *config; /* of the card, or NULL */
    char *weights;
} Files;

static void files_clear(Files *files)
{
    vdt_card_free(files->card);
    g_clear_pointer(&files->config, json_object_unref);
    g_free(files->weights);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Files, files_clear)

static gboolean resolve(const VdtEngineOptions *options, Files *files, GError **error)
{
    const char *model = given(options->model), *weights = given(options->weights);
    const char *architecture = given(options->architecture);
    if (weights != NULL)
        files->weights = g_canonicalize_filename(weights, NULL);
    g_autofree char *street = NULL;
    if (model == NULL && weights == NULL) {
        if (architecture == NULL) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                        "no model, weight file or architecture is named");
            return FALSE;
        }
        if (vdt_model_find(architecture, error) == NULL)
            return FALSE;
        model = street = g_strconcat(architecture, "-street", NULL);
    }
    if (model == NULL)
        return TRUE;
    g_autofree char *path = vdt_find_card(model, error);
    files->card = path != NULL ? vdt_card_load(path, &files->config, error) : NULL;
    if (files->card != NULL && files->weights == NULL)
        files->weights = g_strdup(files->card->weights);
    return files->card != NULL;
}

/* The network's configuration: what the options name, what the card holds or names, or what the
 * weights look like, in this order. Makes the card if there is none. */
static gboolean configure(VdtEngine *engine, const VdtEngineOptions *options, GError **error)
{
    const char *architecture = given(options->architecture), *variant = given(options->variant);
    const VdtCard *card = engine->card;
    if (architecture == NULL && card != NULL)
        architecture = card->architecture;
    if (architecture != NULL) {
        engine->model = vdt_model_find(architecture, error);
        if (engine->model == NULL)
            return FALSE;
    }

    g_autoptr(JsonObject) recognised = NULL;
    const char *looks_like = NULL;
    const VdtModel *model = vdt_model_recognise(engine->weights, &recognised, &looks_like);
    if (engine->model == NULL)
        engine->model = model;
    if (engine->model == NULL) {
        g_autofree char *holds = vdt_weights_describe(engine->weights);
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s: the tensors are those of no known architecture; %s",
                    vdt_weights_get_origin(engine->weights), holds);
        return FALSE;
    }

    const VdtVariant *published = NULL;
    if (variant != NULL) {
        published = vdt_model_find_variant(engine->model, variant, error);
        if (published == NULL)
            return FALSE;
        g_clear_pointer(&engine->config, json_object_unref);
    } else if (card != NULL && engine->config == NULL && given(options->weights) == NULL) {
        published = vdt_model_find_variant(engine->model, card->variant, NULL);
    }
    if (published != NULL) {
        engine->config = vdt_variant_config(published);
        variant = published->name;
    } else if (engine->config != NULL) {
        variant = card->variant;
    } else if (model == engine->model) {
        engine->config = g_steal_pointer(&recognised);
        variant = looks_like;
    } else {
        g_autofree char *holds = vdt_weights_describe(engine->weights);
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s: the tensors are not those of a %s; name a variant to see what is missing; "
                    "%s",
                    vdt_weights_get_origin(engine->weights), engine->model->name, holds);
        return FALSE;
    }
    if (card == NULL) {
        engine->card = vdt_card_new(engine->model, variant);
        return TRUE;
    }
    char *stated = engine->card->variant;
    engine->card->variant = g_strdup(variant);
    g_free(stated);
    g_free(engine->card->architecture);
    engine->card->architecture = g_strdup(engine->model->name);
    return TRUE;
}

/* Makes the card and the network agree about frames and classes. */
static gboolean reconcile(VdtEngine *engine, GError **error)
{
    VdtCard *card = engine->card;
    VdtShape input = vdt_engine_get_input_shape(engine, 1, card->width, card->height);
    guint frames = input.n_dims == 5 ? input.dims[2] : 1;
    if (card->path == NULL && frames > 0 && frames != card->frames) {
        card->window *= card->frames > 1 ? (frames - 1.0) / (card->frames - 1) : 0;
        card->frames = frames;
    }
    if (frames > 0 && frames != card->frames) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s: \"frames\" is %u, but the network takes %u", card->path, card->frames,
                    frames);
        return FALSE;
    }

    gint64 classes = json_object_get_int_member_with_default(engine->config, "num_classes", 0);
    const VdtVariant *variant = vdt_model_find_variant(engine->model, card->variant, NULL);
    if (variant != NULL && variant->labels != NULL)
        card->variant_labels_path = vdt_find_labels(variant->labels);
    if (card->labels == NULL && card->variant_labels_path != NULL) {
        if (!vdt_card_load_labels(card, card->variant_labels_path, error))
            return FALSE;
    }
    if (card->labels != NULL && classes > 0 && card->n_labels != classes) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s has %u labels, but \"num_classes\" of %s is %" G_GINT64_FORMAT,
                    card->labels_path, card->n_labels,
                    card->path != NULL ? card->path : card->weights, classes);
        return FALSE;
    }
    return TRUE;
}

/* A name for each restoration: the card's, those of the published variant, or, of a network with
 * one, the variant's own; numbers otherwise. */
static gboolean name_restorations(VdtEngine *engine, GError **error)
{
    VdtCard *card = engine->card;
    guint n = vdt_engine_get_restorations(engine, NULL);
    gboolean known =
        n > 0 || engine->model->restorations == NULL; /* or build() says what is wrong */
    if (card->n_restorations > 0 && known && card->n_restorations != n) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s: \"tasks\" has %u names, but the network has %u tasks", card->path,
                    card->n_restorations, n);
        return FALSE;
    }
    if (card->n_restorations > 0 || n == 0)
        return TRUE;
    const VdtVariant *variant = vdt_model_find_variant(engine->model, card->variant, NULL);
    const char *const *names = variant != NULL ? variant->restorations : NULL;
    if (names != NULL && g_strv_length((char **)names) != n)
        names = NULL;
    card->restorations = g_new0(char *, n + 1);
    for (guint i = 0; i < n; i++)
        card->restorations[i] = names != NULL ? g_strdup(names[i])
                                : n == 1      ? g_strdup(card->variant)
                                              : g_strdup_printf("%u", i);
    card->n_restorations = n;
    return TRUE;
}

/* The level, and the adapters that the card names. */
static gboolean configure_merging(VdtEngine *engine, const VdtEngineOptions *options,
                                  GError **error)
{
    const VdtMerging *merging = engine->model->merging;
    const VdtCard *card = engine->card;
    engine->merge = VDT_MERGE_CONFIGURED;
    if (options->merges)
        engine->merge = (int)MIN(options->merge, G_MAXINT);
    if (merging == NULL)
        return TRUE; /* build() refuses a level, and the card's keys were looked at */
    VdtEngineLevels levels;
    if ((card->merge > 0 || card->compensator != NULL) &&
        !merging->levels(engine->config, &levels)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s: \"merge\" and \"compensator\" are for networks whose tokens merge, which "
                    "those of this one do not",
                    card->path);
        return FALSE;
    }
    if (card->merge > 0)
        merging->set_trained(engine->config, card->merge);
    if (card->compensator == NULL)
        return TRUE;
    g_autoptr(VdtWeights) adapters = vdt_weights_load(card->compensator, error);
    if (adapters == NULL ||
        !merging->compensate(engine->config, adapters, card->compensator_scale, error))
        return FALSE;
    for (guint i = 0; i < vdt_weights_get_n_tensors(adapters); i++)
        vdt_weights_insert(engine->weights, vdt_weights_get_name(adapters, i),
                           vdt_weights_get_tensor(adapters, i));
    return TRUE;
}

/* Takes the card out of @files. */
static VdtEngine *engine_new(const VdtEngineOptions *options, Files *files, GError **error)
{
    g_autoptr(VdtEngine) engine = g_new0(VdtEngine, 1);
    engine->ref_count = 1;
    pthread_mutex_init(&engine->lock, NULL);
    engine->options = (VdtPlanOptions){.kind = options->plan, .precision = options->precision};
    engine->card = g_steal_pointer(&files->card);
    engine->config = g_steal_pointer(&files->config);
    g_autoptr(VdtWeights) loaded = vdt_weights_load(files->weights, error);
    engine->weights = loaded != NULL ? vdt_weights_unwrap(loaded) : NULL;
    if (engine->weights == NULL || !configure(engine, options, error) ||
        !vdt_norm_check_finished(engine->weights, error))
        return NULL;
    g_free(engine->card->weights);
    engine->card->weights = g_strdup(files->weights);
    if (!reconcile(engine, error) || !name_restorations(engine, error) ||
        !configure_merging(engine, options, error) || !find_unused(engine, options->strict, error))
        return NULL;
    return g_steal_pointer(&engine);
}

static VdtEngine *get_new(const VdtEngineOptions *options, GError **error)
{
    g_auto(Files) files = {NULL};
    if (!resolve(options, &files, error))
        return NULL;
    return engine_new(options, &files, error);
}

VdtEngine *vdt_engine_new(const VdtEngineOptions *options, GError **error)
{
    VdtHost host;
    vdt_host_enter(&host);
    VdtEngine *engine = get_new(options, error);
    vdt_host_leave(&host);
    return engine;
}

/* The state of a file, for keys; empty for none. */
static void append_state(GString *key, const char *path)
{
    struct stat s;
    g_string_append_printf(key, "%s\n", path != NULL ? path : "");
    if (path != NULL && stat(path, &s) == 0)
        g_string_append_printf(
            key, "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld %" G_GINT64_FORMAT "\n",
            (gint64)s.st_size, (gint64)s.st_mtim.tv_sec, s.st_mtim.tv_nsec, (gint64)s.st_ino);
}

/* Everything that makes one engine different from another. */
static char *registry_key(const VdtEngineOptions *options, const Files *files)
{
    g_autoptr(GString) key = g_string_new(NULL);
    char *real = realpath(files->weights, NULL);
    append_state(key, real != NULL ? real : files->weights);
    free(real);
    append_state(key, files->card != NULL ? files->card->path : NULL);
    append_state(key, files->card != NULL ? files->card->labels_path : NULL);
    append_state(key, files->card != NULL ? files->card->compensator : NULL);
    g_string_append_printf(
        key, "%s\n%s\n%d %d %d %u", options->architecture ? options->architecture : "",
        options->variant ? options->variant : "", options->precision, options->plan,
        options->strict != FALSE, options->merges ? options->merge + 1 : 0);
    return g_string_free(g_steal_pointer(&key), FALSE);
}

static VdtEngine *get_shared(const VdtEngineOptions *options, GError **error)
{
    g_auto(Files) files = {NULL};
    if (!resolve(options, &files, error))
        return NULL;
    g_autofree char *key = registry_key(options, &files);

    pthread_mutex_lock(&registry_lock);
    if (registry == NULL) {
        registry = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
        being_made = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    }
    while (g_hash_table_contains(being_made, key))
        pthread_cond_wait(&registry_made, &registry_lock);
    VdtEngine *engine = g_hash_table_lookup(registry, key);
    if (engine != NULL) {
        vdt_engine_ref(engine);
    } else {
        g_hash_table_add(being_made, key);
        pthread_mutex_unlock(&registry_lock);
        engine = engine_new(options, &files, error);
        pthread_mutex_lock(&registry_lock);
        g_hash_table_remove(being_made, key);
        if (engine != NULL) {
            engine->key = g_steal_pointer(&key);
            g_hash_table_insert(registry, engine->key, engine);
        }
        pthread_cond_broadcast(&registry_made);
    }
    pthread_mutex_unlock(&registry_lock);
    return engine;
}

VdtEngine *vdt_engine_get_shared(const VdtEngineOptions *options, GError **error)
{
    VdtHost host;
    vdt_host_enter_locks(&host);
    VdtEngine *engine = get_shared(options, error);
    vdt_host_leave_locks(&host);
    return engine;
}

const VdtCard *vdt_engine_get_card(const VdtEngine *engine)
{
    return engine->card;
}

const char *vdt_engine_get_unused(const VdtEngine *engine)
{
    return engine->unused;
}

VdtShape vdt_engine_get_input_shape(const VdtEngine *engine, guint batch, guint width, guint height)
{
    return engine->model->input_shape(engine->config, batch, width, height);
}

/* The plan for what is asked, made if it is not kept; with the lock held. */
static VdtPlan *engine_plan(VdtEngine *engine, const VdtBuild *asked, GError **error)
{
    CachedPlan *oldest = &engine->plans[0], *newest = NULL;
    engine->clock++;
    for (CachedPlan *p = engine->plans; p < engine->plans + MAX_PLANS; p++) {
        if (p->plan != NULL && vdt_build_equal(&p->asked, asked)) {
            p->used = engine->clock;
            return p->plan;
        }
        if (p->used < oldest->used)
            oldest = p;
        if (p->plan != NULL && (newest == NULL || p->used > newest->used))
            newest = p;
    }
    g_autoptr(VdtGraph) graph = engine_graph(engine, asked, error);
    if (graph == NULL || !vdt_weights_restore_pages(engine->weights, error))
        return NULL;
    VdtPlan *plan = vdt_plan_new_sharing(graph, engine->weights, &engine->options,
                                         newest != NULL ? newest->plan : NULL, error);
    vdt_weights_drop_pages(engine->weights);
    if (plan == NULL)
        return NULL;
    vdt_plan_unref(oldest->plan);
    *oldest = (CachedPlan){*asked, plan, engine->clock};
    return plan;
}

/* A reference to the plan for inputs of that shape. */
static VdtPlan *get_plan(VdtEngine *engine, const VdtShape *input, const VdtSessionOptions *options,
                         GError **error)
{
    VdtBuild asked = vdt_model_ask(engine->model, input);
    VdtEngineLevels levels;
    VdtHost host;
    asked.merge = engine->merge;
    /* The usual level, said or not, is one plan. */
    if (options->merges &&
        !(vdt_engine_get_levels(engine, &levels) && levels.usual == options->merge))
        asked.merge = (int)MIN(options->merge, G_MAXINT);
    guint usual, n = vdt_engine_get_restorations(engine, &usual);
    if (options->restores && !(n > 0 && options->restoration == usual))
        asked.restoration = (int)MIN(options->restoration, G_MAXINT);
    vdt_host_enter_locks(&host);
    pthread_mutex_lock(&engine->lock);
    g_autoptr(VdtPlan) plan = engine_plan(engine, &asked, error);
    if (plan != NULL)
        vdt_plan_ref(plan);
    pthread_mutex_unlock(&engine->lock);
    vdt_host_leave_locks(&host);
    return g_steal_pointer(&plan);
}

VdtSession *vdt_engine_new_session_with(VdtEngine *engine, const VdtShape *input,
                                        const VdtSessionOptions *options, GError **error)
{
    g_autoptr(VdtPlan) plan = get_plan(engine, input, options, error);
    return plan != NULL ? vdt_session_new(plan, error) : NULL;
}

VdtSession *vdt_engine_new_session(VdtEngine *engine, const VdtShape *input, GError **error)
{
    return vdt_engine_new_session_with(engine, input, &(VdtSessionOptions){FALSE}, error);
}

gboolean vdt_engine_get_levels(const VdtEngine *engine, VdtEngineLevels *levels)
{
    const VdtMerging *merging = engine->model->merging;
    *levels = (VdtEngineLevels){0};
    if (merging == NULL || !merging->levels(engine->config, levels))
        return FALSE;
    if (engine->merge != VDT_MERGE_CONFIGURED)
        levels->usual = (guint)engine->merge;
    return TRUE;
}

guint vdt_engine_get_restorations(const VdtEngine *engine, guint *usual)
{
    guint by_config = 0, n = 0;
    if (engine->model->restorations != NULL)
        n = engine->model->restorations(engine->config, &by_config);
    if (usual != NULL)
        *usual = by_config;
    return n;
}

double vdt_engine_get_kept(const VdtEngine *engine, guint merge)
{
    const VdtMerging *merging = engine->model->merging;
    return merging != NULL ? merging->kept(engine->config, merge) : 1;
}

gboolean vdt_engine_measure(VdtEngine *engine, const VdtShape *input, gsize *weights,
                            gsize *session, GError **error)
{
    g_autoptr(VdtPlan) plan = get_plan(engine, input, &(VdtSessionOptions){FALSE}, error);
    if (plan == NULL)
        return FALSE;
    if (weights != NULL)
        *weights = vdt_plan_get_weights_size(plan);
    if (session != NULL)
        *session = vdt_plan_get_arena_size(plan);
    return TRUE;
}
