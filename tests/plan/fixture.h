/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of plans share. They are linked so that memory which the library gets from
 * aligned_alloc(), arenas above all, comes filled with NaN (poison.c): a value read before it was
 * written shows.
 */
#pragma once

#include <vedette/ops.h>
#include <vedette/plan.h>
#include <vedette/runtime.h>

/* Numbers that depend on the seed only. */
typedef struct {
    guint64 state;
} Random;

guint64 random_next(Random *random);
/* Both ends included. */
int random_between(Random *random, int low, int high);
gboolean random_one_in(Random *random, int n);

/* VEDETTE_TEST_SEED, or @otherwise. */
guint64 test_seed(guint64 otherwise);

/* Weights for every parameter of @graph, of the size that keeps values near 1; variances are
 * positive. The same seed gives the same values for the same names. */
VdtWeights *make_weights(VdtGraph *graph, guint64 seed);
/* All of @weights as @dtype. */
VdtWeights *convert_weights(VdtWeights *weights, VdtDType dtype);
/* Plan and session must succeed. */
VdtPlan *make_plan(VdtGraph *graph, VdtWeights *weights, VdtPlanKind kind, VdtPrecision precision);
VdtSession *make_session(VdtPlan *plan);
/* Integers are in range: of a count of live rows, any. */
void fill_inputs(VdtSession *session, guint64 seed);
/* Sets new states for all that the graph has, and returns them in its order. */
GPtrArray *fill_states(VdtSession *session, guint64 seed);
void run_session(VdtSession *session);
/* A plan run once on inputs and states of @seed. */
VdtSession *run_plan(VdtPlan *plan, guint64 seed);

/* The largest relative difference (L2) of the outputs of two sessions, of what is live of them;
 * INFINITY for NaN and for integers that differ. If not NULL, *worst is the output's number. */
double compare_outputs(VdtSession *session, VdtSession *right, guint *worst);
void assert_same_bits(VdtSession *a, VdtSession *b);
/* How many elements of output @i are live in this run. */
gsize live_elements(VdtSession *session, guint i);

/* A network with products of each kind, a gate, a residual sum and a linear head, for tests that
 * need any network. */
VdtGraph *small_network(int batch, int height, int width);
