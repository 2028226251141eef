/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of networks share that look at graphs and run none. */
#pragma once

#include "model.h"

JsonObject *parse(const char *text);
/* The graph of @model's own task, which must succeed. */
VdtGraph *graph_of(const VdtModel *model, JsonObject *config, VdtShape input);

/* A configuration that is refused by an error with both texts in it. */
typedef struct {
    const char *config, *key, *limit;
} Refused;

void check_refused(const VdtModel *model, const Refused *refused, guint n, VdtShape input);

/* Whether an input may have these dimensions. */
typedef struct {
    gint64 dims[5];
    guint n_dims;
    gboolean ok;
} Input;

void check_inputs(const VdtModel *model, JsonObject *config, const Input *inputs, guint n);
