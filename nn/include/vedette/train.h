/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Training: optimisers, schedules, averages of weights, checkpoints.
 *
 * A trainer drives the session of a TRAIN plan (vedette/plan.h): the caller fills the session's
 * inputs, vdt_trainer_step() runs it and moves the parameters. All of it is deterministic for a
 * given number of threads. A trainer belongs to one thread at a time.
 *
 *     g_autoptr(VdtTrainer) trainer = vdt_trainer_new(session, &options, error);
 *     while (vdt_trainer_get_step(trainer) < options.schedule.steps) {
 *         fill(vdt_session_get_input(session, 0), vdt_trainer_get_step(trainer));
 *         if (!vdt_trainer_step(trainer, cancellable, &report, error))
 *             return FALSE;
 *     }
 */
#pragma once

#include <vedette/plan.h>

G_BEGIN_DECLS

/** Rate of a step, counted from 0: linear from @warmup_start * @rate to @rate over @warmup steps,
 * then what @kind says over the steps that are left. */
typedef enum {
    VDT_SCHEDULE_CONSTANT,
    VDT_SCHEDULE_COSINE, /**< half a cosine from rate to final * rate */
    VDT_SCHEDULE_STEP,   /**< times gamma at each milestone */
    VDT_SCHEDULE_POLY,   /**< final * rate + (1 - final) * rate * (1 - progress)^power */
} VdtScheduleKind;

typedef struct {
    VdtScheduleKind kind;
    double rate;
    guint64 steps;  /**< in all, warm-up included */
    guint64 warmup; /**< fewer than steps */
    double warmup_start;
    double final;          /**< cosine, poly: share of the rate that is left at the end */
    double power;          /**< poly */
    double gamma;          /**< step */
    guint64 milestones[8]; /**< step: in steps, ascending, up to the first 0 */
} VdtSchedule;

VDT_API double vdt_schedule_get_rate(const VdtSchedule *schedule, guint64 step);

/** torch.optim.SGD (no Nesterov; decay is added to the gradient) and torch.optim.AdamW (decay apart
 * from the gradient). */
typedef enum { VDT_OPTIMIZER_SGD, VDT_OPTIMIZER_ADAMW } VdtOptimizerKind;

typedef struct {
    VdtOptimizerKind kind;
    double momentum;          /**< SGD */
    double beta1, beta2, eps; /**< AdamW; 0 means 0.9, 0.999, 1e-8 */
    double weight_decay;
    gboolean decay_vectors;  /**< decay biases and norms, too, as the published recipes do */
    double max_norm;         /**< gradients are scaled down to this norm over all; 0: not */
    double average;          /**< decay of the exponential average of the weights, 0: none; early
                                  on min(average, (1 + step) / (10 + step)) */
    const char *slow_prefix; /**< parameters whose names begin so ... */
    double slow_factor;      /**< ... have this share of the rate; 0 keeps them as they are, but
                                  vdt_graph_freeze() does so for less */
    VdtSchedule schedule;
} VdtTrainOptions;

typedef struct {
    double loss, rate, gradient_norm; /**< before clipping */
} VdtTrainReport;

typedef struct _VdtTrainer VdtTrainer;

/** @session is kept by the caller and must outlive the trainer. Options are copied. */
VDT_API VdtTrainer *vdt_trainer_new(VdtSession *session, const VdtTrainOptions *options,
                                    GError **error);
VDT_API void vdt_trainer_free(VdtTrainer *trainer);

/** Steps done. */
VDT_API guint64 vdt_trainer_get_step(const VdtTrainer *trainer);
/**
 * One step on what the session's inputs hold. A loss, a gradient or a running statistic that is not
 * finite is VDT_ERROR_FAILED, naming the step and the parameter; nothing is changed then. Dropout
 * is seeded by the step.
 */
VDT_API gboolean vdt_trainer_step(VdtTrainer *trainer, GCancellable *cancellable,
                                  VdtTrainReport *report, GError **error);

/**
 * Estimates the statistics of batch norms anew, once the parameters are what they are to be: the
 * first call after a step begins, each call runs what the session's inputs hold, without dropout,
 * and the running statistics are then the mean over these calls. No parameter moves, no counter
 * counts; but if @averaged, the first call makes the parameters what their average is. A failure
 * leaves what there was before.
 */
VDT_API gboolean vdt_trainer_estimate(VdtTrainer *trainer, gboolean averaged,
                                      GCancellable *cancellable, GError **error);

/** The parameters as they are, or their average if there is one. A copy; the caller owns it. */
VDT_API VdtWeights *vdt_trainer_get_weights(VdtTrainer *trainer, gboolean averaged);

/**
 * Everything that is needed to go on: parameters, optimiser state, average, step. Names are
 * "<parameter>", "optimizer.<parameter>" (AdamW: "optimizer1.", "optimizer2."),
 * "average.<parameter>"; the step, the kind of optimiser and, if there are any, the names of frozen
 * parameters, which have but the first, are metadata. The caller may add
 * metadata of its own and saves it with vdt_weights_save_safetensors(). A copy.
 */
VDT_API VdtWeights *vdt_trainer_get_checkpoint(VdtTrainer *trainer);
/** Goes on from there. Lists all that is missing or does not fit; nothing is changed then. */
VDT_API gboolean vdt_trainer_restore(VdtTrainer *trainer, const VdtWeights *checkpoint,
                                     GError **error);

/**
 * Parameters for a network that was never trained, each from the start that it was declared with
 * (vdt_param_with()), @seed and its name. Of those that the ops declare, weights of convolutions
 * and linear layers are normal with a deviation of sqrt(2 / fan_out) and 0.01 (linear), as the
 * authors' code starts (Kaiming, fan out), biases 0, weights of norms 1, running statistics 0 and
 * 1. The caller owns it.
 */
VDT_API VdtWeights *vdt_weights_new_random(const VdtGraph *graph, guint64 seed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtTrainer, vdt_trainer_free)

G_END_DECLS
