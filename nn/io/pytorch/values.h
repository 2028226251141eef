/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What a pickle consists of, for the machine that makes it.
 */
#pragma once

#include "pickle.h"

struct _VdtPickle {
    GPtrArray *blocks; /* of values */
    guint n_values;
    const VdtPickleValue *root;
    gsize length;
    gsize spent;        /* bytes, on values and on what the machine needs beside them */
    gboolean no_memory; /* for items; some are missing, and the pickle is not to be used */
};

VdtPickle *vdt_pickle_new(void);
/** A value of @pickle's. */
VdtPickleValue *vdt_pickle_add(VdtPickle *pickle, VdtPickleKind kind);
/** Appends to the items of @value. */
void vdt_pickle_append(VdtPickle *pickle, VdtPickleValue *value, VdtPickleValue *item);
