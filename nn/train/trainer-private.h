/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside of a trainer. */
#pragma once

#include "optimizer.h"

/* What a trainer keeps for one parameter; numbered as in the graph. */
typedef struct {
    const char *name;    /* the graph's */
    VdtTensor *value;    /* the session's */
    gboolean frozen;     /* nothing moves it: it has none of what follows */
    VdtTensor *state[2]; /* of the optimiser; NULL where there is none */
    VdtTensor *average;  /* or NULL */
    VdtTensor *before;   /* of what the run itself moves: its value before the step; or NULL */
} VdtTrainerParam;

struct _VdtTrainer {
    VdtSession *session;
    VdtTrainOptions options;
    char *slow_prefix; /* that options point to */
    guint64 step;
    VdtTrainerParam *params;
    guint n_params;
    VdtOptimizer optimizer;
};

/* options.c: one sentence about the first that makes no sense. */
gboolean vdt_train_options_check(const VdtTrainOptions *options, GError **error);

/* "sgd" or "adamw". */
const char *vdt_optimizer_kind_name(VdtOptimizerKind kind);
/* Where names of state @i begin: "optimizer." or, if there are two, "optimizer1.". */
const char *vdt_optimizer_state_prefix(const VdtTrainOptions *options, guint i);
