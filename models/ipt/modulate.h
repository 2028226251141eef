/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Weights that differ by what is restored: W + U V, where U and V are of a low rank and the
 * restoration's own ("Instruct-IPT", arXiv 2407.00676). A layer has, beside "weight",
 *     lora_u [out, restorations, rank]
 *     lora_v [restorations, rank, in kernel kernel]
 * of which the first begins at zero: all restorations begin as one.
 */
#pragma once

#include <vedette/ops.h>

#include "../fields.h"

/* What layers can be modulated, as a configuration names them. */
typedef enum {
    VDT_MODULATED_HEAD,      /* from the picture, and from level to level */
    VDT_MODULATED_CONV,      /* blocks of convolutions */
    VDT_MODULATED_ATTENTION, /* queries, keys and values, and what comes of them */
    VDT_MODULATED_MLP,
    VDT_MODULATED_TAIL, /* to the picture */
    VDT_MODULATED_KINDS
} VdtModulatedKind;

typedef struct {
    int restorations, rank; /* rank 0: nothing is modulated */
    guint kinds;            /* bit by bit */
    int restoration;        /* whose weights these are */
    VdtValue *factor;       /* [1,C,1,1], of the channels of x; NULL: 1 */
    gboolean silent;        /* weights begin at zero */
} VdtModulation;

/* Reads "rank" and "modulated". */
void vdt_modulation_read(VdtFields *fields, VdtModulation *m);
void vdt_modulation_to_json(const VdtModulation *m, JsonObject *object);

/* A convolution, or a linear layer, with a bias, which is modulated if its kind is. */
VdtValue *vdt_modulated_conv(const VdtModulation *m, VdtModulatedKind kind, VdtScope s, VdtValue *x,
                             VdtConv2d options);
VdtValue *vdt_modulated_linear(const VdtModulation *m, VdtModulatedKind kind, VdtScope s,
                               VdtValue *x, gint64 out);
