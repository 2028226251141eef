/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tokens of a map to windows and back: whole rows move. */
#include "ops/windows.h"

#include <string.h>

#include "lowering.h"
#include "ops/table.h"

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtNode *node; /* of the plan's graph */
    VdtMap x, y;
    VdtRows rows; /* of all windows, or of all rows of maps */
} WindowsStep;

static char *row_at(const WindowsStep *self, const VdtMap *map, char *arena, gsize row)
{
    return vdt_place_address(self->plan, &map->place, arena) +
           row * map->pitch * vdt_element_size(self->plan->kernels->precision);
}

/* A token, or zeros, to @to, which has room for whole vectors. */
static void put_token(const WindowsStep *self, char *arena, gint64 map, gint64 token, gsize c,
                      char *to)
{
    const gsize tokens = self->x.h * self->x.w;
    const gsize size = c * vdt_element_size(self->plan->kernels->precision);

    if (token < 0)
        memset(to, 0, size);
    else
        memcpy(to, row_at(self, &self->x, arena, map * tokens + token), size);
}

/* An item is some windows. */
static void run_windows(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const WindowsStep *self = (const WindowsStep *)step;
    const VdtNode *node = self->node;
    const gsize windows = vdt_windows_down(node) * vdt_windows_across(node);
    const gsize places = (gsize)node->p.windows.window_h * node->p.windows.window_w;
    const gsize size = vdt_element_size(self->plan->kernels->precision), c = self->x.c;
    const gboolean joined = node->p.windows.way == VDT_WINDOWS_JOINED;

    for (gsize i = item * self->rows.per_part; i < vdt_rows_end(&self->rows, item); i++) {
        for (gsize place = 0; place < places; place++) {
            char *to = joined ? row_at(self, &self->y, arena, i) + place * c * size
                              : row_at(self, &self->y, arena, i * places + place);

            put_token(self, arena, i / windows, vdt_windows_token(node, i % windows, place),
                      joined ? c : VDT_ALIGN_LANES(c), to);
        }
        if (joined)
            memset(row_at(self, &self->y, arena, i) + self->y.c * size, 0,
                   (VDT_ALIGN_LANES(self->y.c) - self->y.c) * size);
    }
}

/* An item is some rows of maps. */
static void run_back(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const WindowsStep *self = (const WindowsStep *)step;
    const VdtNode *node = self->node;
    const gsize high = node->p.windows.window_h, wide = node->p.windows.window_w;
    const gsize down = vdt_windows_down(node), across = vdt_windows_across(node);
    const gsize height = node->p.windows.height, width = node->p.windows.width;
    const gsize up = down * high - node->p.windows.shift,
                left = across * wide - node->p.windows.shift;
    const gsize size =
        VDT_ALIGN_LANES(self->y.c) * vdt_element_size(self->plan->kernels->precision);

    for (gsize i = item * self->rows.per_part; i < vdt_rows_end(&self->rows, item); i++) {
        const gsize y = (i % height + up) % (down * high);
        const gsize first = (i / height * down + y / high) * across;

        for (gsize column = 0; column < width; column++) {
            const gsize x = (column + left) % (across * wide);
            const gsize window = first + x / wide;

            memcpy(row_at(self, &self->y, arena, i * width + column),
                   row_at(self, &self->x, arena, (window * high + y % high) * wide + x % wide),
                   size);
        }
    }
}

static gboolean lower_windows(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const gboolean back = node->p.windows.way == VDT_WINDOWS_BACK;
    const VdtMap x = *vdt_infer_get_map(l, node->inputs[0], 2);
    WindowsStep *self =
        vdt_infer_step(WindowsStep, l, f, .kernel = back ? "windows_back" : "windows",
                       .run = back ? run_back : run_windows);
    gsize rows;

    self->plan = l->plan;
    self->node = node;
    self->x = x;
    self->y = vdt_infer_new_map(l, f, 2, FALSE);
    rows = back ? self->y.n * node->p.windows.height
                : x.n * vdt_windows_down(node) * vdt_windows_across(node);
    self->rows = vdt_rows_split(rows, 1, vdt_infer_parts(vdt_map_rows(&self->y) * self->y.pitch));
    self->step.n_items = self->rows.n_parts;
    vdt_step_reads(&self->step, x.place);
    vdt_step_writes(&self->step, self->y.place);
    vdt_plan_add_step(l->plan, &self->step);
    return TRUE;
}

static const VdtLowering lowerings[] = {
    {&vdt_op_windows, lower_windows},
};
VDT_LOWERINGS(windows);
