/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "slab.h"

#include <string.h>

#include "../cswin/cswin.h"
#include "../pvt/pvt.h"
#include "../swin/swin.h"
#include "../vit/vit.h"

typedef struct {
    const char *name; /* under "arch" of a configuration */
    gboolean (*build)(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error);
    JsonObject *(*recognise)(const VdtWeights *weights);
    gboolean (*same)(JsonObject *a, JsonObject *b);
} Backbone;

static gboolean build_deit(JsonObject *config, VdtGraph *graph, const VdtBuild *asked,
                           GError **error)
{
    return vdt_vit_build(&vdt_slab, config, graph, asked, error);
}

/* Plain ones are in another row. */
static JsonObject *recognise_deit(const VdtWeights *weights)
{
    return vdt_vit_recognise(weights, FALSE);
}

static const Backbone backbones[] = {
    {"deit", build_deit, recognise_deit, vdt_vit_same},
    {"swin", vdt_swin_build, vdt_swin_recognise, vdt_swin_same},
    {"pvt", vdt_pvt_build, vdt_pvt_recognise, vdt_pvt_same},
    {"cswin", vdt_cswin_build, vdt_cswin_recognise, vdt_cswin_same},
};

/* The backbone of a configuration, by default that of DeiT; NULL if there is none of that name. */
static const Backbone *find(JsonObject *config)
{
    JsonNode *node = json_object_get_member(config, "arch");
    const char *name = node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                               json_node_get_value_type(node) == G_TYPE_STRING
                           ? json_node_get_string(node)
                           : NULL;
    for (guint i = 0; i < G_N_ELEMENTS(backbones); i++)
        if (strcmp(backbones[i].name, name != NULL ? name : "deit") == 0)
            return &backbones[i];
    return NULL;
}

static gboolean build(JsonObject *config, VdtGraph *graph, const VdtBuild *asked, GError **error)
{
    const Backbone *backbone = find(config);
    if (backbone == NULL) {
        g_autoptr(GString) known = g_string_new(NULL);
        for (guint i = 0; i < G_N_ELEMENTS(backbones); i++)
            g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", backbones[i].name);
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "slab configuration: \"arch\" must be one of: %s", known->str);
        return FALSE;
    }
    /* Some of DeiT's know how to merge. */
    if (backbone->build != build_deit && !vdt_build_check_plain(&vdt_slab, asked, error))
        return FALSE;
    return backbone->build(config, graph, asked, error);
}

#define VARIANT(of, json)                                                                          \
    {                                                                                              \
        .name = of, .labels = "imagenet1k", .config = json, .size = 224, .frames = 1,              \
        .frame_interval = 1, .vision = {.test_clips = 1, .test_crops = 1, .test_size = 224},       \
        .framing = VDT_FRAMING_CROP, .bench_width = 224, .bench_height = 224                       \
    }
#define DEIT_T "\"arch\": \"deit\", \"dim\": 192, \"heads\": 3"
#define DEIT_S "\"arch\": \"deit\", \"dim\": 384, \"heads\": 6"
#define SWIN_T "\"arch\": \"swin\", \"dim\": 96"
#define SWIN_S SWIN_T ", \"depths\": [2, 2, 18, 2]"
#define SWIN_B                                                                                     \
    "\"arch\": \"swin\", \"dim\": 128, \"heads\": [4, 8, 16, 32], \"depths\": [2, 2, 18, 2]"
#define PVT_T   "\"arch\": \"pvt\", \"depths\": [2, 2, 2, 2]"
#define PVT_S   "\"arch\": \"pvt\", \"depths\": [3, 4, 6, 3]"
#define PVT_M   "\"arch\": \"pvt\", \"depths\": [3, 4, 18, 3]"
#define CSWIN_T "\"arch\": \"cswin\", \"depths\": [2, 4, 18, 1]"
#define CSWIN_S "\"arch\": \"cswin\", \"depths\": [2, 4, 32, 2]"
#define LLSS    ", \"attn_type\": \"LLSS\""
#define REPBN   ", \"norm\": \"repbn\"}"
#define MIXED   ", \"norm\": \"linearnorm\"}"
#define SLAB    ", \"attention\": \"linear\"" MIXED
/* Norms are what the authors' networks of that name have. */
static const VdtVariant variants[] = {
    VARIANT("deit_t_prepbn", "{" DEIT_T REPBN),
    VARIANT("deit_s_prepbn", "{" DEIT_S MIXED),
    VARIANT("slab_deit_t", "{" DEIT_T SLAB),
    VARIANT("slab_deit_s", "{" DEIT_S SLAB),
    VARIANT("swin_t", "{" SWIN_T "}"),
    VARIANT("swin_s", "{" SWIN_S "}"),
    VARIANT("swin_b", "{" SWIN_B "}"),
    VARIANT("swin_t_prepbn", "{" SWIN_T REPBN),
    VARIANT("swin_s_prepbn", "{" SWIN_S REPBN),
    VARIANT("swin_b_prepbn", "{" SWIN_B REPBN),
    VARIANT("slab_swin_t", "{" SWIN_T LLSS ", \"window\": 56" MIXED),
    VARIANT("slab_swin_s", "{" SWIN_S LLSS ", \"window\": 56" MIXED),
    VARIANT("slab_swin_b", "{" SWIN_B LLSS ", \"window\": 56" MIXED),
    VARIANT("pvt_t_prepbn", "{" PVT_T MIXED),
    VARIANT("pvt_s_prepbn", "{" PVT_S MIXED),
    VARIANT("pvt_m_prepbn", "{" PVT_M MIXED),
    VARIANT("slab_pvt_t", "{" PVT_T SLAB),
    VARIANT("slab_pvt_s", "{" PVT_S SLAB),
    VARIANT("slab_pvt_m", "{" PVT_M SLAB),
    VARIANT("cswin_t_prepbn", "{" CSWIN_T MIXED),
    VARIANT("cswin_s_prepbn", "{" CSWIN_S MIXED),
    VARIANT("slab_cswin_t", "{" CSWIN_T LLSS MIXED),
    VARIANT("slab_cswin_s", "{" CSWIN_S LLSS MIXED),
};

static VdtShape input_shape(JsonObject *config, guint batch, guint width, guint height)
{
    return vdt_shape(batch, 3, height, width);
}

static void set_classes(JsonObject *config, guint n_classes)
{
    json_object_set_int_member(config, "num_classes", n_classes);
}

static const char *variant_of(const Backbone *backbone, JsonObject *found)
{
    for (guint i = 0; i < G_N_ELEMENTS(variants); i++) {
        g_autoptr(JsonObject) published = vdt_variant_config(&variants[i]);
        if (find(published) == backbone && backbone->same(found, published))
            return variants[i].name;
    }
    return "custom";
}

static JsonObject *recognise(const VdtWeights *weights, const char **variant)
{
    for (guint i = 0; i < G_N_ELEMENTS(backbones); i++) {
        JsonObject *found = backbones[i].recognise(weights);
        if (found == NULL)
            continue;
        *variant = variant_of(&backbones[i], found);
        return found;
    }
    return NULL;
}

static const char *const keys[] = {VDT_VIT_KEYS, VDT_SWIN_KEYS, VDT_PVT_KEYS, VDT_CSWIN_KEYS, NULL};

const VdtModel vdt_slab = {
    .name = "slab",
    .variants = variants,
    .n_variants = G_N_ELEMENTS(variants),
    .task = VDT_TASK_CLASSIFICATION,
    .vision = {.mean = {123.675f, 116.28f, 103.53f}, .std = {58.395f, 57.12f, 57.375f}},
    .head = "head.",
    .keys = keys,
    .set_classes = set_classes,
    .input_shape = input_shape,
    .build = build,
    .recognise = recognise,
};
