/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an architecture tells the library about itself. One row per architecture, listed in
 * models/registry.c; everything else (engine, verify, bench, infer) is written against this.
 *
 * A configuration is the JSON object that golden cases and model cards carry under "config"; a
 * variant is a named configuration.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <vedette/card.h>
#include <vedette/graph.h>
#include <vedette/weights.h>

typedef struct {
    const char *name;   /* "r50-k400" */
    const char *config; /* JSON text of its configuration */
    const char *labels; /* name of a label file, or NULL */
    /* default input and test-time views, as in the authors' configuration files */
    guint size, frames, frame_interval, test_clips, test_crops, test_size;
    VdtFraming framing;
    /* input size of the golden case, which `vedette bench` times */
    guint bench_width, bench_height;
} VdtVariant;

typedef struct {
    const char *name; /* "squeezetime" */
    const VdtVariant *variants;
    guint n_variants;
    float mean[3], std[3];
    gboolean maps;    /* takes pictures and answers with a class for each pixel, not with one */
    const char *head; /* where the names of parameters begin whose shapes depend on the classes */
    /* Where the names of the backbone's parameters begin, if files of a trained backbone alone
     * leave that out; or NULL. */
    const char *backbone;
    /* Has a configuration's network tell @n_classes apart. */
    void (*set_classes)(JsonObject *config, guint n_classes);
    /* Shape of the network's input for a batch of clips or pictures of this size. */
    VdtShape (*input_shape)(JsonObject *config, guint batch, guint width, guint height);
    /* Adds the network to @graph: one input of shape @input, one output under the name that golden
     * cases use (logits, features …). Mistakes in @config are reported here, mistakes of shape
     * are kept by the graph. */
    gboolean (*build)(JsonObject *config, VdtGraph *graph, const VdtShape *input, GError **error);
    /* The configuration that fits these weights, with *variant set to the name of the variant that
     * has it, or "custom"; NULL without error if they are not of this architecture. The caller owns
     * the object, *variant is static. */
    JsonObject *(*recognise)(const VdtWeights *weights, const char **variant);
} VdtModel;

/* The architecture, or the architecture's variant, of that name; VDT_ERROR_MODEL lists those there
 * are. */
const VdtModel *vdt_model_find(const char *architecture, GError **error);
const VdtVariant *vdt_model_find_variant(const VdtModel *model, const char *variant,
                                         GError **error);
/* The variant's configuration as an object of the caller's. */
JsonObject *vdt_variant_config(const VdtVariant *variant);
/* The architecture that recognises @weights, with its configuration and variant (see recognise);
 * NULL without error if none does. */
const VdtModel *vdt_model_recognise(const VdtWeights *weights, JsonObject **config,
                                    const char **variant);
