/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Patterns: several nodes that become steps together. Each is a row in a file of its own. It
 * is matched once, at the node at its end; what it found is kept there for lowering, and the nodes
 * inside are marked unused: nobody else looks at their values.
 */
#pragma once

#include "lowering.h"

struct _VdtPattern {
    const char *name;
    const VdtOp *op; /* of the node at the end */
    /* Matched before epilogues are taken in, so that the end may take in a sum and an activation;
     * others see products with their epilogues. */
    gboolean takes_epilogue;
    gsize match_size;
    /* Fills @match, marks what is inside; FALSE, and nothing changed, if it is none. */
    gboolean (*match)(VdtInfer *l, const VdtFused *end, gpointer match);
    void (*lower)(VdtInfer *l, VdtFused *end, gconstpointer match);
};

/* In this order: a node is the end of the first that matches. */
#define VDT_PATTERNS(X)                                                                            \
    X(attention)                                                                                   \
    X(bands)                                                                                       \
    X(exchange)                                                                                    \
    X(gather)

#define VDT_DECLARE_PATTERN(name) extern const VdtPattern vdt_pattern_##name;
VDT_PATTERNS(VDT_DECLARE_PATTERN)
#undef VDT_DECLARE_PATTERN

/* Begins the definition of a pattern; one that is not listed above does not compile. */
#define VDT_PATTERN(name) __typeof__(vdt_pattern_##name) vdt_pattern_##name
