/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How well objects keep their numbers: IDF1 (E. Ristani et al., Performance Measures and a Data Set
 * for Multi-Target, Multi-Camera Tracking, 2016). Of all ways to say which number stands for which
 * true object, that one counts which is right in the most frames: a number is right where its box
 * and the object's overlap by half.
 *
 * Objects that nobody could see may be there, and may be found, without counting either way.
 */
#pragma once

#include <bounds.h>

typedef struct {
    guint64 id;
    guint kind;
    VdtBounds box;
    gboolean ignored; /* of true ones */
} IdentityBox;

typedef struct {
    guint64 right, truths, answers; /* boxes */
} IdentityCounts;

typedef struct _Identities Identities;

Identities *identities_new(void);
void identities_free(Identities *identities);
/* A frame: arrays of IdentityBox. */
void identities_add(Identities *identities, const GArray *truths, const GArray *answers);
/* Adds up the frames of one stream, and begins another. */
void identities_end(Identities *identities, IdentityCounts *counts);

double identity_f1(const IdentityCounts *counts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Identities, identities_free)
