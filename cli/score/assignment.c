/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assignment.h"

/* The square problem, with 0 where there is no row or column, as costs. Rows and columns count from
 * 1; column 0 stands for the row that seeks one. */
typedef struct {
    const guint *worth;
    guint rows, columns, n;
    double *row_price, *column_price, *least;
    guint *row_of, *way; /* by column */
    gboolean *used;
} Kuhn;

static double cost(const Kuhn *k, guint row, guint column)
{
    gboolean inside = row <= k->rows && column <= k->columns;
    return inside ? -(double)k->worth[(gsize)(row - 1) * k->columns + column - 1] : 0;
}

/* Goes on from the row of @column, which is used now; returns the column that is the cheapest to
 * reach. */
static guint reach(Kuhn *k, guint column)
{
    guint row = k->row_of[column], next = 0;
    double least = G_MAXDOUBLE;
    for (guint j = 1; j <= k->n; j++) {
        if (k->used[j])
            continue;
        double reduced = cost(k, row, j) - k->row_price[row] - k->column_price[j];
        if (reduced < k->least[j]) {
            k->least[j] = reduced;
            k->way[j] = column;
        }
        if (k->least[j] < least) {
            least = k->least[j];
            next = j;
        }
    }
    for (guint j = 0; j <= k->n; j++)
        if (k->used[j]) {
            k->row_price[k->row_of[j]] += least;
            k->column_price[j] -= least;
        } else {
            k->least[j] -= least;
        }
    return next;
}

static void place(Kuhn *k, guint row)
{
    guint column = 0;
    k->row_of[0] = row;
    for (guint j = 0; j <= k->n; j++) {
        k->least[j] = G_MAXDOUBLE;
        k->used[j] = FALSE;
    }
    do {
        k->used[column] = TRUE;
        column = reach(k, column);
    } while (k->row_of[column] != 0);
    for (; column != 0; column = k->way[column])
        k->row_of[column] = k->row_of[k->way[column]];
}

guint *assign_best(const guint *worth, guint rows, guint columns)
{
    guint n = MAX(rows, columns), *found = g_new(guint, MAX(rows, 1));
    g_autofree double *row_price = g_new0(double, n + 1), *column_price = g_new0(double, n + 1),
                      *least = g_new0(double, n + 1);
    g_autofree guint *row_of = g_new0(guint, n + 1), *way = g_new0(guint, n + 1);
    g_autofree gboolean *used = g_new0(gboolean, n + 1);
    Kuhn k = {worth, rows, columns, n, row_price, column_price, least, row_of, way, used};
    for (guint row = 1; row <= n; row++)
        place(&k, row);
    for (guint row = 0; row < rows; row++)
        found[row] = G_MAXUINT;
    for (guint column = 1; column <= columns; column++)
        if (row_of[column] <= rows)
            found[row_of[column] - 1] = column - 1;
    return found;
}
