/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One evaluation: what `vedette eval` was asked, and what evaluations of clips and of maps have in
 * common.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <vedette/engine.h>

#include "command.h"
#include "restoredfirst.h"

typedef struct {
    CommonOptions common;
    char *task; /* of the street's pictures: "scene" */
    char *model, *weights, *data, *csv, *views, *split, *mode, *answers, *record;
    char *restoration;    /* by name, of networks that restore */
    char *restorer;       /* what pictures of the street go through first, or NULL */
    RestoredFirst *first; /* the same, once it is there */
    double sigma;         /* of the noise that they take away again; 0: not said */
    gboolean ensemble, authors_tiles;
    gboolean street, objects, baselines, one_frame, zero_is_other, json;
    gint64 seed;
    int clips, coded, endless;
    int gather;       /* frames of which a mean is restored; 0: none */
    char *merge;      /* tokens that each layer merges, or several, of which a table is made */
    guint merges[16]; /* the same as numbers */
    guint n_merges;   /* 0: as trained */
} EvalOptions;

/* Sets @error to VDT_ERROR_MODEL; returns FALSE. */
gboolean eval_wrong_model(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Whether the model's classes are the @n of the street that @name names, in that order, and the
 * seed is new to it. */
gboolean eval_check_street(const EvalOptions *o, const VdtCard *card, guint n,
                           const char *(*name)(guint class), GError **error);
/* Whether the seed is new to the model. */
gboolean eval_check_seed(const EvalOptions *o, const VdtCard *card, GError **error);
/* Whether the card of --record, if there is one, can take scores. */
gboolean eval_check_record(const EvalOptions *o, GError **error);
/* Keeps @scores, which are taken, in the card of --record, if there is one. */
gboolean eval_record(const EvalOptions *o, JsonObject *scores, GError **error);
/* Prints the line for --json: @scores, which are taken, and what was evaluated. */
void eval_print_json(const EvalOptions *o, const VdtCard *card, JsonObject *scores);
