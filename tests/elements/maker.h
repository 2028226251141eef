/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What programs that write models for tests have in common. What goes wrong is said on stderr, and
 * ends the process with 1.
 */
#pragma once

#include "model.h"

void maker_need(gboolean done, const GError *error);
/* The object in the file @path, and its text. */
JsonObject *maker_load(const char *path, char **text);
void maker_fill(VdtTensor *tensor, float value);
/* Adds what the network that is @asked for has of parameters to @weights, as @set sets them. */
void maker_add(const VdtModel *model, JsonObject *config, const VdtBuild *asked,
               VdtWeights *weights, void (*set)(const char *name, VdtTensor *tensor, gpointer data),
               gpointer data);
/* Writes weights.safetensors, card.json and, if there are any, labels.txt in the folder @dir, which
 * is made. */
void maker_save(const char *dir, VdtWeights *weights, const char *card, const char *labels);
/* All of that for a network of one graph, with pictures of @side. */
void maker_write(const char *dir, const char *architecture, JsonObject *config, guint side,
                 void (*set)(const char *name, VdtTensor *tensor, gpointer data), const char *card,
                 const char *labels);
