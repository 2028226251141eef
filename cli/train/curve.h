/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a training went: means of loss and gradient over some steps at a time, and what validations
 * said. As data (tab-separated, one line a row) and as a picture.
 */
#pragma once

#include <glib.h>

typedef struct {
    guint64 step; /* that it ends with */
    double epoch, seconds, rate;
    double loss, gradient;  /* means */
    double val_loss, score; /* of a validation after the step; NaN: there was none */
} CurveRow;

typedef struct _Curve Curve;

/* A row for each @every steps. */
Curve *curve_new(guint64 every);
void curve_free(Curve *curve);
/* Step @step, counted from 1, is done. */
void curve_add_step(Curve *curve, guint64 step, double epoch, double seconds, double rate,
                    double loss, double gradient);
/* Ends the row, too. */
void curve_add_validation(Curve *curve, double loss, double score);
/* The rows so far; the last one may not be complete. */
const CurveRow *curve_get_rows(const Curve *curve, guint *n);
/* Mean loss of the last rows. */
double curve_get_recent_loss(const Curve *curve);

/* With a line that names the columns. Caller frees. */
char *curve_to_text(const Curve *curve);
/* Adds the rows of such a text, of a training that has come to step @last; FALSE if it is none. */
gboolean curve_parse(Curve *curve, const char *text, guint64 last);

/* Loss and validation over epochs. FALSE if the file cannot be written. */
gboolean curve_draw(const Curve *curve, const char *path, const char *title, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Curve, curve_free)
