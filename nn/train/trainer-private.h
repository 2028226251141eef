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
    gboolean counter;    /* the run counts in it */
    VdtTensor *before;   /* of what the run itself moves: its value before the step; or NULL */
} VdtTrainerParam;

struct _VdtTrainer {
    VdtSession *session;
    VdtTrainOptions options;
    char *slow_prefix; /* that options point to */
    guint64 step;
    guint64 n_estimates; /* of statistics, since the last step */
    VdtTrainerParam *params;
    guint n_params;
    VdtOptimizer optimizer;
};

/* What a run moves: keeps its values, and puts them back. */
void vdt_trainer_keep(VdtTrainer *t);
void vdt_trainer_put_back(VdtTrainer *t);
/* FALSE if any of that is not finite. */
gboolean vdt_trainer_check_statistics(const VdtTrainer *t, GError **error);

/* options.c: one sentence about the first that makes no sense. */
gboolean vdt_train_options_check(const VdtTrainOptions *options, GError **error);

/* "sgd" or "adamw". */
const char *vdt_optimizer_kind_name(VdtOptimizerKind kind);
/* Where names of state @i begin: "optimizer." or, if there are two, "optimizer1.". */
const char *vdt_optimizer_state_prefix(const VdtTrainOptions *options, guint i);
