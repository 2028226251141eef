/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A compensator makes up for running at another level than a network was trained at: adapters at
 * the queries and the values of each block, trained once, of which each level has its columns. Only
 * those between the two levels count. An adapter is linear, so that it becomes part of the weights
 * that it stands beside. (Token Compensator, arXiv 2408.06798; names of parameters are its
 * authors'.)
 */
#pragma once

#include <vedette/ops.h>
#include <vedette/weights.h>

#include "../fields.h"

#define VDT_COMPENSATOR_LEVELS 16
#define VDT_COMPENSATOR_SCALE  0.1 /* its training's */
/* That it is known by, [width,dim]. */
#define VDT_COMPENSATOR_TENSOR "blocks.0.attn.q_tocom.adapter_down.weight"

typedef struct {
    int width;    /* of an adapter, columns of all levels; 0: there is none */
    double scale; /* of what it adds; 0: nothing */
} VdtCompensator;

/* The key "tocom" of a configuration: null, or an object. */
void vdt_compensator_read(VdtFields *fields, VdtCompensator *compensator);
/* Sets it. */
void vdt_compensator_write(const VdtCompensator *compensator, JsonObject *config);
/* The width of the adapters in a file; 0, with VDT_ERROR_WEIGHTS, if there are none, or they are
 * not of a network whose tokens are @dim wide, or have no levels. */
int vdt_compensator_measure(const VdtWeights *weights, int dim, GError **error);
/* @weight [dim,dim] of @which, "q" or "v", of the attention in @scope, with what takes it from
 * level
 * @from to level @to. */
VdtValue *vdt_compensator_apply(const VdtCompensator *compensator, VdtScope scope,
                                const char *which, VdtValue *weight, int from, int to);
