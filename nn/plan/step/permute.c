/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "permute.h"

#include <string.h>

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtPlace x, y;
    guint n_dims;
    gsize dims[VDT_MAX_DIMS], strides[VDT_MAX_DIMS]; /* of y, and what its steps are in x */
    VdtRows rows;                                    /* of the last dimension */
    gboolean add;
} PermuteStep;

static void run_permute(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const PermuteStep *self = (const PermuteStep *)step;
    const float *x = (const float *)vdt_place_address(self->plan, &self->x, arena);
    float *y = (float *)vdt_place_address(self->plan, &self->y, arena);
    const gsize n = self->dims[self->n_dims - 1], stride = self->strides[self->n_dims - 1];

    for (gsize row = item * self->rows.per_part; row < vdt_rows_end(&self->rows, item); row++) {
        gsize rest = row, at = 0;

        for (guint d = self->n_dims - 1; d-- > 0;) {
            at += rest % self->dims[d] * self->strides[d];
            rest /= self->dims[d];
        }
        if (stride == 1 && !self->add)
            memcpy(y + row * n, x + at, n * sizeof *y);
        else
            for (gsize i = 0; i < n; i++)
                y[row * n + i] = x[at + i * stride] + (self->add ? y[row * n + i] : 0);
    }
}

void vdt_plan_add_permute(VdtPlan *plan, const VdtPlace *x, const VdtPlace *y, const VdtShape *from,
                          const guint8 *order, gboolean add, const char *label)
{
    PermuteStep *self = g_new0(PermuteStep, 1);
    gsize strides[VDT_MAX_DIMS], stride = 1;

    self->step = (VdtStep){.kernel = "permute",
                           .label = g_strdup(label),
                           .run = run_permute,
                           .reads = {*x},
                           .writes = {*y}};
    self->plan = plan;
    self->x = *x;
    self->y = *y;
    self->add = add;
    self->n_dims = from->n_dims;
    for (guint d = from->n_dims; d-- > 0;) {
        strides[d] = stride;
        stride *= from->dims[d];
    }
    for (guint d = 0; d < self->n_dims; d++) {
        self->dims[d] = from->dims[order[d]];
        self->strides[d] = strides[order[d]];
    }
    self->rows = vdt_rows_split(stride / self->dims[self->n_dims - 1], 1, stride > 32768 ? 8 : 1);
    self->step.n_items = self->rows.n_parts;
    vdt_plan_add_step(plan, &self->step);
}
