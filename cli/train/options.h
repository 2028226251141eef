/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options of `vedette train`, as numbers.
 */
#pragma once

#include <vedette/train.h>

#include "command.h"
#include "data/augment.h"

/* Seed of the clips that a training validates on. */
#define STREET_VALIDATION_SEED 8000
#define MAX_SEED               (G_GINT64_CONSTANT(1) << 53)

typedef struct {
    CommonOptions common;
    /* data */
    gboolean street, one_frame, zero_is_other;
    char *data;
    char *task; /* what there is to learn of the street's pictures: "scene" */
    gint64 seed;
    int clips, validation_clips, coded, endless, per_video;
    char *cache_size, *cache_folder;
    gboolean no_cache;
    /* network */
    char *weights, *config, *size, *crop, *framing;
    double window;
    int interval;
    double dropout, label_smoothing;
    gboolean freeze_norms;
    char *only_task;      /* of those that pictures are restored by; NULL: all */
    gboolean plain;       /* all of them by the same weights */
    gboolean sensitivity; /* instead of a training: which weights want to differ by task */
    gboolean compensator; /* trained in the place of the network */
    /* optimisation */
    gboolean quick;
    int batch, whole_batch, steps; /* steps: instead of epochs, unless 0 */
    double epochs, crop_share, warmup, rate, decay, momentum, clip, average, backbone_rate,
        final_rate, gamma;
    char *optimizer, *schedule, *milestones, *augment;
    gboolean decay_vectors;
    /* the run */
    char *output, *name, *title, *licence, *origin, *precision;
    gboolean resume, overwrite;
    int validations;
    double checkpoint_every;

    /* what the strings above mean */
    guint width, height;           /* 0: as usual for the variant */
    guint crop_width, crop_height; /* 0: whole pictures only */
    VdtFraming frame_as;
    guint64 cache_bytes;
    VdtDType store_as;
    AugmentOptions augmentation;
    VdtOptimizerKind optimizer_kind;
    VdtScheduleKind schedule_kind;
    double milestone_epochs[8];
    guint warmup_steps; /* instead of epochs, unless 0 */
} TrainOptions;

void train_options_clear(TrainOptions *o);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TrainOptions, train_options_clear)

/* Parses the command line; the architecture is *architecture, the caller's. FALSE after saying what
 * is wrong. */
gboolean train_options_parse(TrainOptions *o, int argc, char **argv, char **architecture);
