/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loss of maps of logits, [N,C,H,W] with a label for each pixel, and its gradient. Both make
 * the softmax of each pixel: it costs less than to keep it.
 */
#include "account.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "ops/table.h"

#define ITEM_ROWS  512
#define BLOCK_ROWS 32 /* pixels that have their softmax made at once */

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtGradientKernels *kernels;
    VdtMap logits, dx;
    VdtPlace labels, dy, loss;
    VdtPlace sums; /* of each part: loss, labelled pixels; in the end, of all */
    VdtRows rows;  /* pixels of all images */
    float smoothing;
    gboolean add;
} EntropyStep;

static float *floats(const EntropyStep *self, const VdtPlace *place, char *arena)
{
    return (float *)vdt_place_address(self->plan, place, arena);
}

/* The class, -1 for a label that is left out. */
static int class_of(float label, gsize classes)
{
    return label >= 0 && label < classes && label == (float)(int)label ? (int)label : -1;
}

/* The softmax of pixels @i on, of which there are @end in all, as rows like those of the logits. */
static gsize get_shares(const EntropyStep *self, const float *x, gsize i, gsize end, float *p)
{
    gsize n = MIN(end - i, BLOCK_ROWS), pitch = self->logits.pitch;

    self->kernels->softmax_rows(n, self->logits.c, x + i * pitch, pitch, p, pitch);
    return n;
}

/* The loss at a pixel with logits @x, whose softmax is @p. */
static double get_loss(const EntropyStep *self, const float *x, int class, const float *p)
{
    gsize n = self->logits.c, best = 0;
    double others = 0;

    for (gsize c = 1; c < n; c++)
        best = x[c] > x[best] ? c : best;
    for (gsize c = 0; c < n && self->smoothing > 0; c++)
        others += x[best] - x[c];
    /* the best class's share is 1 over the sum of exponentials relative to it */
    return -log(p[best]) + (1 - self->smoothing) * ((double)x[best] - x[class]) +
           self->smoothing / n * others;
}

static void run_loss(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const EntropyStep *self = (const EntropyStep *)step;
    const float *labels = floats(self, &self->labels, arena);
    const float *x = floats(self, &self->logits.place, arena);
    const gsize pitch = self->logits.pitch, end = vdt_rows_end(&self->rows, item);
    float *sums = floats(self, &self->sums, arena) + 2 * (1 + item), *p = (float *)scratch;
    double loss = 0, likelihood = 1;
    guint n = 0;

    for (gsize i = item * self->rows.per_part, rows; i < end; i += rows) {
        rows = get_shares(self, x, i, end, p);
        for (gsize k = 0; k < rows; k++) {
            int class = class_of(labels[i + k], self->logits.c);
            const float *shares = p + k * pitch;

            if (class < 0)
                continue;
            n++;
            /* One logarithm does for many pixels, as long as their product is a number. */
            if (self->smoothing > 0 || !(shares[class] > FLT_MIN))
                loss += get_loss(self, x + (i + k) * pitch, class, shares);
            else
                likelihood *= shares[class];
            if (likelihood < 1e-200) {
                loss -= log(likelihood);
                likelihood = 1;
            }
        }
    }
    sums[0] = loss - log(likelihood);
    sums[1] = n;
}

static void run_mean(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const EntropyStep *self = (const EntropyStep *)step;
    float *sums = floats(self, &self->sums, arena);
    double loss = 0, n = 0;

    for (guint part = 0; part < self->rows.n_parts; part++) {
        loss += sums[2 * (1 + part)];
        n += sums[2 * (1 + part) + 1];
    }
    sums[1] = n;
    *floats(self, &self->loss, arena) = n > 0 ? loss / n : 0;
}

/* The gradient of a pixel's logits, whose softmax is @p: whole vectors, with whatever is behind the
 * classes. */
static void put_gradient(const EntropyStep *self, float *p, int class, float factor, float *dx)
{
    const float other = self->smoothing / self->logits.c;

    if (class < 0) {
        if (!self->add)
            memset(dx, 0, self->dx.pitch * sizeof *dx);
        return;
    }
    p[class] -= 1 - self->smoothing;
    if (self->add)
        for (gsize c = 0; c < self->dx.pitch; c++)
            dx[c] += factor * (p[c] - other);
    else
        for (gsize c = 0; c < self->dx.pitch; c++)
            dx[c] = factor * (p[c] - other);
}

static void run_gradient(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const EntropyStep *self = (const EntropyStep *)step;
    const float *labels = floats(self, &self->labels, arena);
    const float *x = floats(self, &self->logits.place, arena);
    const float n = floats(self, &self->sums, arena)[1];
    const float factor = n > 0 ? *floats(self, &self->dy, arena) / n : 0;
    const gsize end = vdt_rows_end(&self->rows, item);
    float *p = (float *)scratch, *dx = floats(self, &self->dx.place, arena);

    for (gsize i = item * self->rows.per_part, rows; i < end; i += rows) {
        rows = get_shares(self, x, i, end, p);
        for (gsize k = 0; k < rows; k++)
            put_gradient(self, p + k * self->logits.pitch, class_of(labels[i + k], self->logits.c),
                         factor, dx + (i + k) * self->dx.pitch);
    }
}

static void add_step(VdtTrain *t, const VdtNode *node, const EntropyStep *state, const char *kernel,
                     guint n_items,
                     void (*run)(const VdtStep *step, char *arena, char *scratch, guint item),
                     const VdtPlace *result)
{
    EntropyStep *self = g_memdup2(state, sizeof *state);

    vdt_train_init_step(t, node, self,
                        (VdtStep){.kernel = kernel,
                                  .n_items = n_items,
                                  .scratch = BLOCK_ROWS * state->logits.pitch * sizeof(float),
                                  .run = run});
    vdt_step_reads(&self->step, state->logits.place, state->labels, state->dy);
    /* the sums of parts go to the same place as what is made of them */
    vdt_step_writes(&self->step, *result);
    if (run != run_loss)
        vdt_step_reads(&self->step, state->sums);
    vdt_plan_add_step(t->plan, &self->step);
}

static gboolean forward_cross_entropy(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *logits = node->inputs[0];
    EntropyStep state = {
        .plan = t->plan, .kernels = t->kernels, .smoothing = node->p.cross_entropy.label_smoothing};

    if (logits->shape.n_dims != 4 && logits->shape.n_dims != 2)
        return FALSE;
    state.logits = *vdt_train_channels_last(t, logits);
    state.labels = vdt_train_planar(t, node->inputs[1])->place;
    state.rows = vdt_train_rows(vdt_map_rows(&state.logits), ITEM_ROWS);
    state.sums = vdt_train_floats(t, 2 * (1 + state.rows.n_parts));
    add_step(t, node, &state, "entropy", state.rows.n_parts, run_loss, &state.sums);
    t->planar[node->index] = vdt_plan_planar(t->plan, &node->shape);
    t->has_planar[node->index] = TRUE;
    state.loss = t->planar[node->index].place;
    add_step(t, node, &state, "mean", 1, run_mean, &state.loss);
    t->kept[node->index] = g_memdup2(&state, sizeof state);
    return TRUE;
}

static void backward_cross_entropy(VdtTrain *t, const VdtNode *node)
{
    EntropyStep state = *(const EntropyStep *)t->kept[node->index];

    state.dy = vdt_train_dy(t, node)->place;
    state.dx = vdt_train_dx(t, node->inputs[0], &state.add);
    add_step(t, node, &state, "entropy_gradient", state.rows.n_parts, run_gradient,
             &state.dx.place);
}

static const VdtTrainLowering lowerings[] = {
    {&vdt_op_cross_entropy, forward_cross_entropy, backward_cross_entropy, FALSE},
};
VDT_TRAIN_LOWERINGS(entropy);
