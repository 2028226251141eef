/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "curve.h"

#include <math.h>
#include <string.h>

#define COLUMNS   "step\tepoch\tseconds\trate\tloss\tgradient\tval_loss\tval_score"
#define N_COLUMNS 8
/* Of any number in a curve: what is beyond it cannot be drawn. */
#define MOST      1e30

struct _Curve {
    guint64 every;
    GArray *rows;
    guint n_steps; /* in the last row; 0: it is complete */
};

Curve *curve_new(guint64 every)
{
    Curve *curve = g_new0(Curve, 1);
    curve->every = every;
    curve->rows = g_array_new(FALSE, FALSE, sizeof(CurveRow));
    return curve;
}

void curve_free(Curve *curve)
{
    if (curve == NULL)
        return;
    g_array_unref(curve->rows);
    g_free(curve);
}

static CurveRow *last_row(const Curve *curve)
{
    return &g_array_index(curve->rows, CurveRow, curve->rows->len - 1);
}

void curve_add_step(Curve *curve, guint64 step, double epoch, double seconds, double rate,
                    double loss, double gradient)
{
    if (curve->n_steps == 0) {
        CurveRow row = {.val_loss = NAN, .score = NAN};
        g_array_append_val(curve->rows, row);
    }
    CurveRow *row = last_row(curve);
    guint n = ++curve->n_steps;
    row->step = step;
    row->epoch = epoch;
    row->seconds = seconds;
    row->rate = rate;
    row->loss += (loss - row->loss) / n;
    row->gradient += (gradient - row->gradient) / n;
    if (step % curve->every == 0)
        curve->n_steps = 0;
}

void curve_add_validation(Curve *curve, double loss, double score)
{
    if (curve->rows->len == 0)
        return;
    last_row(curve)->val_loss = loss;
    last_row(curve)->score = score;
    curve->n_steps = 0;
}

const CurveRow *curve_get_rows(const Curve *curve, guint *n)
{
    *n = curve->rows->len;
    return (const CurveRow *)curve->rows->data;
}

double curve_get_recent_loss(const Curve *curve)
{
    double sum = 0;
    guint n = MIN(curve->rows->len, 5);
    for (guint i = curve->rows->len - n; i < curve->rows->len; i++)
        sum += g_array_index(curve->rows, CurveRow, i).loss;
    return n > 0 ? sum / n : NAN;
}

static void append_number(GString *text, double value, int digits)
{
    if (isnan(value))
        g_string_append(text, "\t-");
    else
        g_string_append_printf(text, "\t%.*g", digits, value);
}

char *curve_to_text(const Curve *curve)
{
    GString *text = g_string_new(COLUMNS "\n");
    for (guint i = 0; i < curve->rows->len; i++) {
        const CurveRow *row = &g_array_index(curve->rows, CurveRow, i);
        g_string_append_printf(text, "%" G_GUINT64_FORMAT "\t%.3f\t%.1f", row->step, row->epoch,
                               row->seconds);
        append_number(text, row->rate, 6);
        append_number(text, row->loss, 6);
        append_number(text, row->gradient, 6);
        append_number(text, row->val_loss, 6);
        append_number(text, row->score, 6);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

/* A number that @least allows and that a picture can have; with @optional, or none. */
static gboolean to_number(const char *text, double least, gboolean optional, double *value)
{
    char *end;
    if (optional && strcmp(text, "-") == 0) {
        *value = NAN;
        return TRUE;
    }
    *value = g_ascii_strtod(text, &end);
    return end != text && *end == '\0' && *value >= least && *value <= MOST;
}

static gboolean parse_row(char **cells, CurveRow *row)
{
    return g_strv_length(cells) == N_COLUMNS &&
           g_ascii_string_to_unsigned(cells[0], 10, 1, G_MAXINT64, &row->step, NULL) &&
           to_number(cells[1], 0, FALSE, &row->epoch) &&
           to_number(cells[2], 0, FALSE, &row->seconds) &&
           to_number(cells[3], 0, FALSE, &row->rate) &&
           to_number(cells[4], -MOST, TRUE, &row->loss) &&
           to_number(cells[5], 0, TRUE, &row->gradient) &&
           to_number(cells[6], -MOST, TRUE, &row->val_loss) &&
           to_number(cells[7], 0, TRUE, &row->score);
}

gboolean curve_parse(Curve *curve, const char *text, guint64 last)
{
    const gsize head = strlen(COLUMNS);
    if (strncmp(text, COLUMNS, head) != 0 || (text[head] != '\n' && text[head] != '\0'))
        return FALSE;
    /* One after the other, and no more cells than there may be: all at once they would take forty
     * times as much memory as the text. */
    const char *next = text[head] == '\n' ? text + head + 1 : text + head;
    while (*next != '\0' && *next != '\n') {
        const char *end = strchrnul(next, '\n');
        g_autofree char *line = g_strndup(next, (gsize)(end - next));
        g_auto(GStrv) cells = g_strsplit(line, "\t", N_COLUMNS + 1);
        guint64 before = curve->rows->len > 0 ? last_row(curve)->step : 0;
        CurveRow row;
        if (!parse_row(cells, &row) || row.step <= before || row.step > last)
            return FALSE;
        g_array_append_val(curve->rows, row);
        next = *end == '\n' ? end + 1 : end;
    }
    return TRUE;
}
