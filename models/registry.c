/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model.h"

#include <string.h>

#include "cgrseg/cgrseg.h"
#include "ipt/ipt.h"
#include "slab/slab.h"
#include "squeezetime/squeezetime.h"
#include "vit/vit.h"

static const VdtModel *const models[] = {&vdt_squeezetime, &vdt_cgrseg, &vdt_vit,
                                         &vdt_slab,        &vdt_ipt,    NULL};

const VdtModel *vdt_model_find(const char *architecture, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (guint i = 0; models[i] != NULL; i++) {
        if (strcmp(models[i]->name, architecture) == 0)
            return models[i];
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", models[i]->name);
    }
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                "unknown architecture \"%s\"; this version knows: %s", architecture, known->str);
    return NULL;
}

const VdtVariant *vdt_model_find_variant(const VdtModel *model, const char *variant, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (guint i = 0; i < model->n_variants; i++) {
        if (strcmp(model->variants[i].name, variant) == 0)
            return &model->variants[i];
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", model->variants[i].name);
    }
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL, "%s has no variant \"%s\"; there are: %s",
                model->name, variant, known->str);
    return NULL;
}

JsonObject *vdt_variant_config(const VdtVariant *variant)
{
    g_autoptr(JsonNode) node = json_from_string(variant->config, NULL);
    return json_node_dup_object(node);
}

const VdtModel *vdt_model_recognise(const VdtWeights *weights, JsonObject **config,
                                    const char **variant)
{
    for (guint i = 0; models[i] != NULL; i++) {
        *config = models[i]->recognise(weights, variant);
        if (*config != NULL)
            return models[i];
    }
    return NULL;
}
