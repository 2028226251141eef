/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions that networks are written with: they declare an op's parameters and add its node.
 * They stand in the file of their op, behind its row, and in builders.c where there is none or are
 * several. What parameters depend on is checked there, before they are declared; the rest is left
 * to the op's shape rule. An op without a scope goes by the name of its first input. Products start
 * as the authors' code has it; a norm changes nothing at first but mean and deviation.
 *
 * Networks are made of the ops in float, so none of them is compiled in double:
 * #ifndef VDT_REFERENCE_F64.
 */
#pragma once

#include <vedette/ops.h>

#include "table.h"

/* A node of @op over one or two values; NULL of NULL. @options as of vdt_graph_add(). */
VdtValue *vdt_graph_add_unary(const VdtOp *op, VdtValue *x, const VdtNode *options);
VdtValue *vdt_graph_add_binary(const VdtOp *op, VdtValue *a, VdtValue *b, const VdtNode *options);
/* An op whose weight, and bias if there is one, are values that the network already has. */
VdtValue *vdt_graph_add_weighted(const VdtOp *op, VdtValue *x, VdtValue *weight, VdtValue *bias,
                                 const VdtNode *options);
