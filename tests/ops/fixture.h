/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A case with values in its inputs, and buffers whose ends are watched.
 */
#pragma once

#include "cases.h"
#include "graph/node.h"

typedef struct {
    VdtGraph *graph;
    VdtNode *node;
    guint differentiable; /* a bit for each input */
    gint64 n_x[VDT_MAX_INPUTS], n_y;
    double *x[VDT_MAX_INPUTS];    /* values that a float holds, so that both types see the same */
    float *x_f32[VDT_MAX_INPUTS]; /* the same */
} Fixture;

/* Values are all different and not 0, so that nothing is near a kink; variances are positive. */
Fixture *fixture_new(const OpCase *c);
void fixture_free(Fixture *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

/* Where the integers begin among the elements of the op's value; n_y if it makes none. They are the
 * last of its results. */
gint64 fixture_first_integer(const Fixture *f);

/* @n elements, all of them @value, with guards around them that the _free functions check. */
double *guarded_new_f64(gint64 n, double value);
void guarded_free_f64(double *data, gint64 n);
float *guarded_new_f32(gint64 n, float value);
void guarded_free_f32(float *data, gint64 n);

double max_abs(const double *x, gint64 n);

/* Adds a test for each case, named "/ops/@group/<op>/<number>". */
void add_case_tests(const char *group, GTestDataFunc test);
