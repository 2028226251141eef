/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What networks that restore are measured on: pairs of a spoiled and a true picture, of a folder
 * (data/pairfolder.h), or of the street's held-out set (data/pairs.h).
 */
#pragma once

#include "data/cache.h"
#include "data/pairfolder.h"
#include "evaluation.h"
#include "preprocess.h"

/* One of these is there. */
typedef struct {
    guint n;
    guint64 seed;
    const char *data; /* the folder */
    GPtrArray *pairs;
    ClipSet *set;
    Cache *clean;
} PairSource;

/* For results that are @scale times as large. */
gboolean pair_source_open_folder(PairSource *self, const EvalOptions *o, guint scale,
                                 GError **error);
gboolean pair_source_open_street(PairSource *self, const EvalOptions *o, Progress *progress,
                                 GError **error);
void pair_source_clear(PairSource *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PairSource, pair_source_clear)

/* Whether it has true pictures alone, of which spoiled ones are made. */
gboolean pair_source_is_alone(const PairSource *self);

/* What is done to true pictures that are alone. */
typedef struct {
    guint scale;  /* above 1: they are made smaller */
    double sigma; /* above 0: they get so much Gaussian noise, that is cut off at 0 and 255 */
    int spoil;    /* a SpoilKind; or -1 */
} PairSpoil;

/* What a task of that name and scale is measured by; @sigma is what was asked for, or 0. FALSE if
 * that is not clear. */
gboolean pair_source_find_spoil(const PairSource *self, const char *task, guint scale, double sigma,
                                PairSpoil *spoil, GError **error);

typedef struct {
    char *name;
    guint width, height;
    float *spoiled;    /* [3,H,W] */
    VdtPicture target; /* scale times as large */
} EvalPair;

gboolean pair_source_get(const PairSource *self, guint i, const PairSpoil *spoil, EvalPair *pair,
                         GError **error);
void eval_pair_clear(EvalPair *pair);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EvalPair, eval_pair_clear)
