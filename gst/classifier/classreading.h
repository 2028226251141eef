/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a classifier found: scores, and the best labels of each question that the network answers;
 * and the properties of that: top-k, threshold, hysteresis.
 */
#pragma once

#include "classnetwork.h"
#include "classwork.h"
#include "hysteresis.h"

G_BEGIN_DECLS

/* A plain struct, the element's, under its object lock. */
typedef struct {
    guint top_k;
    VdtHysteresis hysteresis;
} VdtClassLimits;

#define VDT_CLASS_LIMITS_PROPS 3

void vdt_class_limits_init(VdtClassLimits *limits);
/* Installs VDT_CLASS_LIMITS_PROPS properties, with ids from @first on. */
void vdt_class_limits_install(GObjectClass *klass, guint first);
/* Property @id of those, counted from 0. FALSE if there is none. */
gboolean vdt_class_limits_set(VdtClassLimits *limits, guint id, const GValue *value);
gboolean vdt_class_limits_get(const VdtClassLimits *limits, guint id, GValue *value);

/* At what cost it was found; zeroes of a network whose tokens do not merge. */
typedef struct {
    gboolean merges;
    guint merge;          /* tokens that each layer merged */
    double kept;          /* the share of tokens that was worked on */
    double accuracy_cost; /* of that, as a share, by the card; NaN if it does not tell */
} VdtClassLevel;

VdtClassLevel vdt_class_level(const VdtClassNetwork *network, guint level);
/* Adds it to what is said: "merge", "kept" and "accuracy-cost", as far as there are any. */
void vdt_class_level_tell(const VdtClassLevel *level, GstStructure *structure);

/* Of one work. */
typedef struct {
    VdtClassify what;
    VdtZones *regions;
    guint n, n_groups, n_classes;
    VdtClassSubject *subjects;
    VdtClassLevel level; /* for who made it to say */
    VdtEngine *engine;   /* whose the card is */
    const VdtCard *card;
    double *scores;  /* n_classes of each subject; NULL if the network gave no numbers */
    GValue *answers; /* n_groups of each subject: arrays of result structures, the best first */
} VdtClassFound;

/* Of @logits, n_classes for each subject of @work, which loses its regions; NULL if they are no
 * numbers. The best @top_k of each group. Of objects that are hidden it is as @before, what was
 * found last, or NULL, if that was by the same engine; else they are left out. */
VdtClassFound *vdt_class_found_new(const VdtClassFound *before, VdtClassWork *work,
                                   const VdtClassNetwork *network, const float *logits,
                                   guint top_k);
void vdt_class_found_free(VdtClassFound *found);

/* A result: string `label`, int `class-id`, double `score`; string `group`, if groups have names;
 * boolean `background`, if the card says that it is of no interest. */
GstStructure *vdt_class_result_new(const char *name, const VdtClassFound *found, guint subject,
                                   guint group, guint class);
/* The frame's results, group by group, into @results. */
void vdt_class_found_list(const VdtClassFound *found, GPtrArray *results);
/* Regions and boxes as fields for metas, each with its `results`; the caller's. */
GstStructure *vdt_class_found_describe(const VdtClassFound *found);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtClassFound, vdt_class_found_free)

G_END_DECLS
