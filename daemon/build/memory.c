/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memory.h"

#include <string.h>
#include <unistd.h>
#include <vedette/engine.h>

/* Measured by tests/daemon/test-memory.c, and rounded up. */
#define BASE_BYTES   (guint64)(64 << 20) /* libraries, plugins, the pool */
#define STREAM_BYTES (guint64)(10 << 20) /* elements, threads, packets of a stream */

/* Pictures of the network's size that an analyser keeps: in its ring, in a job that waits and in
 * one that runs. */
#define PICTURE_COPIES       3
/* Frames in queues before analysers, and in hands. */
#define FRAMES_QUEUED        3
#define FRAMES_ANALYSER      3
/* Pictures that a decoder of H.264 may have to keep: as many macroblocks as level 4 has, at least 4
 * pictures, which cameras keep to, and 16 at most. */
#define LEVEL_4_MACROBLOCKS  32768
#define MOST_DECODER_THREADS 16

static void model_free(gpointer data)
{
    VdtModelNeed *model = data;
    g_free(model->label);
    g_free(model);
}

static void stream_free(gpointer data)
{
    VdtStreamNeed *stream = data;
    g_free(stream->stream);
    g_free(stream);
}

void vdt_memory_need_free(VdtMemoryNeed *need)
{
    if (need == NULL)
        return;
    g_ptr_array_unref(need->models);
    g_ptr_array_unref(need->streams);
    g_free(need);
}

guint64 vdt_stream_need_total(const VdtStreamNeed *need)
{
    return need->sessions + need->frames + need->rest;
}

guint64 vdt_cgroup_memory_limit(const char *root, const char *group)
{
    guint64 lowest = 0;
    g_autofree char *at = g_strdup(group);
    for (;;) {
        g_autofree char *file = g_build_filename(root, at, "memory.max", NULL);
        g_autofree char *text = NULL;
        guint64 limit;
        if (g_file_get_contents(file, &text, NULL, NULL) &&
            g_ascii_string_to_unsigned(g_strchomp(text), 10, 1, G_MAXUINT64, &limit, NULL) &&
            (lowest == 0 || limit < lowest))
            lowest = limit;
        char *slash = strrchr(at, '/');
        if (slash == NULL || *at == '\0')
            return lowest;
        *slash = '\0';
    }
}

static guint64 own_cgroup_limit(void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/self/cgroup", &text, NULL, NULL))
        return 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        if (g_str_has_prefix(lines[i], "0::"))
            return vdt_cgroup_memory_limit("/sys/fs/cgroup", lines[i] + strlen("0::"));
    return 0;
}

static void find_limit(const VdtConfig *config, VdtMemoryNeed *need)
{
    const VdtOption *limit =
        vdt_config_get(config, VDT_GROUP_SERVICE, VDT_KEY_SERVICE_MEMORY_LIMIT);
    guint64 machine = (guint64)sysconf(_SC_PHYS_PAGES) * (guint64)sysconf(_SC_PAGESIZE);
    guint64 group = own_cgroup_limit();
    if (limit->text != NULL) {
        need->limit = limit->whole;
        need->limited_by = "memory-limit";
    } else if (group > 0 && group < machine) {
        need->limit = group;
        need->limited_by = "the control group";
    } else {
        need->limit = machine;
        need->limited_by = "the machine";
    }
}

/* What is asked of one network. */
typedef struct {
    VdtEngine *engine;
    VdtModelNeed *need;   /* owned by the VdtMemoryNeed */
    GHashTable *sessions; /* guint64 by the input's shape as text */
} Model;

static void model_clear(gpointer data)
{
    Model *model = data;
    vdt_engine_unref(model->engine);
    g_hash_table_unref(model->sessions);
    g_free(model);
}

/* The keys that analysers of both kinds have. */
static const VdtOption *find_value(const VdtAnalyserConfig *analyser, const char *key)
{
    for (guint i = 0; i < analyser->group->n_keys; i++)
        if (strcmp(analyser->group->keys[i].name, key) == 0)
            return &analyser->values[i];
    return NULL;
}

static VdtPrecision precision_of(const VdtAnalyserConfig *analyser)
{
    const char *text = find_value(analyser, "precision")->text;
    return strcmp(text, "bf16") == 0   ? VDT_PRECISION_BF16
           : strcmp(text, "int8") == 0 ? VDT_PRECISION_INT8
                                       : VDT_PRECISION_F32;
}

static Model *get_model(GHashTable *models, VdtMemoryNeed *need, const VdtAnalyserConfig *analyser,
                        GError **error)
{
    const char *name = vdt_analyser_model(analyser);
    const char *precision = find_value(analyser, "precision")->text;
    g_autofree char *label = g_strdup_printf("%s %s", name, precision);
    Model *model = g_hash_table_lookup(models, label);
    if (model != NULL)
        return model;
    VdtEngineOptions options = {.model = name, .precision = precision_of(analyser)};
    g_autoptr(VdtEngine) engine = vdt_engine_new(&options, error);
    if (engine == NULL)
        return NULL;
    model = g_new0(Model, 1);
    model->engine = g_steal_pointer(&engine);
    model->sessions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    model->need = g_new0(VdtModelNeed, 1);
    model->need->label = g_strdup(label);
    g_ptr_array_add(need->models, model->need);
    g_hash_table_insert(models, g_steal_pointer(&label), model);
    return model;
}

/* Bytes of a session for batches of @batch, and of @n pictures that are kept; 0 after an error. */
static guint64 measure(Model *model, const VdtAnalyserConfig *analyser, guint batch, guint n,
                       GError **error)
{
    const VdtCard *card = vdt_engine_get_card(model->engine);
    const VdtOption *resolution = find_value(analyser, "resolution");
    guint width = card->width, height = card->height;
    if (resolution != NULL && resolution->text != NULL) {
        width = resolution->width;
        height = resolution->height;
    }
    VdtShape input = vdt_engine_get_input_shape(model->engine, batch, width, height);
    g_autofree char *shape = vdt_shape_to_string(&input);
    guint64 *known = g_hash_table_lookup(model->sessions, shape);
    if (known == NULL) {
        gsize weights, session;
        if (!vdt_engine_measure(model->engine, &input, &weights, &session, error))
            return 0;
        model->need->bytes += weights; /* two shapes share most of it, but not all */
        known = g_new(guint64, 1);
        *known = session + (guint64)vdt_shape_elements(&input) * sizeof(float);
        g_hash_table_insert(model->sessions, g_steal_pointer(&shape), known);
    }
    return *known + (guint64)n * card->frames * width * height * 3 * PICTURE_COPIES;
}

/* All that an analyser keeps for its network: a classifier of many pictures has batches. */
static guint64 measure_all(Model *model, const VdtAnalyserConfig *analyser, GError **error)
{
    static const guint batches[] = {1, 4, 16};
    guint64 bytes = 0;
    guint n = 1;
    if (analyser->group == &vdt_analyser_groups[VDT_ANALYSER_CLASSIFIER] &&
        strcmp(analyser->values[VDT_KEY_CLASSIFIER_CLASSIFY].text, "frame") != 0)
        n = analyser->values[VDT_KEY_CLASSIFIER_MAX_BOXES].whole;
    for (guint i = 0; i < G_N_ELEMENTS(batches) && *error == NULL && (i == 0 || n > 1); i++)
        bytes += measure(model, analyser, batches[i], i == 0 ? n : 0, error);
    return bytes;
}

static guint64 frame_bytes(const VdtStreamConfig *stream)
{
    const VdtOption *size = &stream->values[VDT_KEY_STREAM_EXPECTED_SIZE];
    guint64 macroblocks = (guint64)((size->width + 15) / 16) * ((size->height + 15) / 16);
    guint64 kept = CLAMP(LEVEL_4_MACROBLOCKS / macroblocks, 4, 16);
    guint64 threads = MIN(g_get_num_processors(), MOST_DECODER_THREADS) + 1;
    guint64 n = kept + threads + FRAMES_QUEUED + FRAMES_ANALYSER * stream->analysers->len;
    return n * macroblocks * 16 * 16 * 3 / 2 * 11 / 10; /* with borders */
}

static void add_stream(VdtMemoryNeed *need, GHashTable *models, const VdtStreamConfig *stream,
                       VdtProblems *problems)
{
    VdtStreamNeed *own = g_new0(VdtStreamNeed, 1);
    own->stream = g_strdup(stream->name);
    own->frames = frame_bytes(stream);
    own->rest = STREAM_BYTES;
    if (strcmp(stream->record[VDT_KEY_RECORD_KEEP].text, "clips") == 0)
        own->rest += (guint64)stream->record[VDT_KEY_RECORD_BUFFER].whole;
    g_ptr_array_add(need->streams, own);
    for (guint i = 0; i < stream->analysers->len; i++) {
        const VdtAnalyserConfig *analyser = stream->analysers->pdata[i];
        const VdtOption *name = find_value(analyser, "model");
        g_autoptr(GError) error = NULL;
        Model *model = get_model(models, need, analyser, &error);
        if (model != NULL) {
            own->sessions += measure_all(model, analyser, &error);
            model->need->n_users++;
        }
        VdtSite site = {name->file != NULL ? name->file : analyser->file,
                        name->file != NULL ? name->line : analyser->line, analyser->label, "model",
                        name->text};
        if (error != NULL)
            vdt_problems_add(problems, &site, "%s", error->message);
    }
}

static void check_total(const VdtConfig *config, VdtMemoryNeed *need, VdtProblems *problems)
{
    const VdtOption *limit =
        vdt_config_get(config, VDT_GROUP_SERVICE, VDT_KEY_SERVICE_MEMORY_LIMIT);
    VdtSite site = {limit->file, limit->line, vdt_service_groups[VDT_GROUP_SERVICE].name,
                    "memory-limit", limit->text};
    need->total = need->base;
    for (guint i = 0; i < need->models->len; i++)
        need->total += ((VdtModelNeed *)need->models->pdata[i])->bytes;
    for (guint i = 0; i < need->streams->len; i++)
        need->total += vdt_stream_need_total(need->streams->pdata[i]);
    if (need->total <= need->limit)
        return;
    g_autofree char *total = vdt_bytes_show(need->total), *most = vdt_bytes_show(need->limit);
    vdt_problems_add(problems, &site, "the streams are estimated to need %s, and %s has %s", total,
                     need->limited_by, most);
}

VdtMemoryNeed *vdt_memory_estimate(const VdtConfig *config, VdtProblems *problems)
{
    guint before = vdt_problems_count(problems);
    g_autoptr(GHashTable) models =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, model_clear);
    g_autoptr(VdtMemoryNeed) need = g_new0(VdtMemoryNeed, 1);
    *need = (VdtMemoryNeed){.base = BASE_BYTES,
                            .models = g_ptr_array_new_with_free_func(model_free),
                            .streams = g_ptr_array_new_with_free_func(stream_free)};
    find_limit(config, need);
    for (guint i = 0; i < config->streams->len; i++)
        add_stream(need, models, config->streams->pdata[i], problems);
    if (vdt_problems_count(problems) == before)
        check_total(config, need, problems);
    return vdt_problems_count(problems) == before ? g_steal_pointer(&need) : NULL;
}
