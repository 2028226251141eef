/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Activations, sums, products and dropout in training, and reshapes, which are no work. */
#include "account.h"

#include <string.h>

#include "ops/table.h"
#include "plan/step/permute.h"

/* Rows of an item, so that it is worth the call and its memory stays in the second cache. */
#define ITEM_ROWS 512

/* One kind of step serves them all; each run function uses what it needs. Rows are those of all
 * images. */
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtGradientKernels *kernels;
    VdtMap a, b, y;
    VdtLateEpilogue epilogue;
    VdtAct act;
    VdtRows rows;
    gboolean add;
    float p; /* dropout */
    guint number;
} RowsStep;

static float *pixel(const RowsStep *self, const VdtMap *map, char *arena, gsize row)
{
    return (float *)vdt_place_address(self->plan, &map->place, arena) + row * map->pitch;
}

/* The rows of an item. */
static gsize range(const RowsStep *self, guint item, gsize *first)
{
    *first = item * self->rows.per_part;
    return vdt_rows_end(&self->rows, item) - *first;
}

/* Adds a step from @a and @b to @y, all of the same rows. */
static void add_step(VdtTrain *t, const VdtNode *node, RowsStep state, const char *kernel,
                     void (*run)(const VdtStep *step, char *arena, char *scratch, guint item))
{
    RowsStep *self = g_memdup2(&state, sizeof state);

    self->plan = t->plan;
    self->kernels = t->kernels;
    self->rows = vdt_train_rows(vdt_map_rows(&state.y), ITEM_ROWS);
    vdt_train_init_step(t, node, self,
                        (VdtStep){.kernel = kernel, .n_items = self->rows.n_parts, .run = run});
    vdt_step_reads(&self->step, state.a.place, state.b.place);
    vdt_step_writes(&self->step, state.y.place);
    vdt_plan_add_step(t->plan, &self->step);
}

static void run_map(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const RowsStep *self = (const RowsStep *)step;
    gsize first, count = range(self, item, &first);
    VdtEpilogue epilogue = vdt_epilogue_at(self->plan, &self->epilogue, arena, 0, first, 0);

    self->plan->kernels->map_rows(count, self->a.c, pixel(self, &self->a, arena, first),
                                  self->a.pitch, &epilogue, pixel(self, &self->y, arena, first),
                                  self->y.pitch);
}

static void run_act_gradient(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const RowsStep *self = (const RowsStep *)step;
    gsize first, count = range(self, item, &first);

    self->kernels->act_gradient(count, self->y.c, self->act, pixel(self, &self->a, arena, first),
                                self->a.pitch, pixel(self, &self->b, arena, first), self->b.pitch,
                                pixel(self, &self->y, arena, first), self->y.pitch, self->add);
}

static void run_copy(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const RowsStep *self = (const RowsStep *)step;
    gsize first, count = range(self, item, &first);

    self->kernels->copy_rows(count, self->y.c, pixel(self, &self->a, arena, first), self->a.pitch,
                             1, pixel(self, &self->y, arena, first), self->y.pitch, self->add);
}

static void run_mul(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const RowsStep *self = (const RowsStep *)step;
    gsize first, count = range(self, item, &first);

    self->kernels->mul_rows(count, self->y.c, pixel(self, &self->a, arena, first), self->a.pitch,
                            pixel(self, &self->b, arena, first), self->b.pitch,
                            pixel(self, &self->y, arena, first), self->y.pitch, self->add);
}

VdtMap vdt_train_dy_before_act(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *act = t->taken[node->index];
    VdtGradient *gradient = &t->gradients[vdt_train_result(t, node)->index];
    RowsStep state = {.act = vdt_train_act(t, node), .b = gradient->map};

    if (!act)
        return gradient->map;
    state.a = t->channels_last[act->index];
    /* In place, unless somebody else looks at dy. */
    state.y = gradient->shared ? vdt_train_map_like(t, &state.b) : state.b;
    add_step(t, node, state, "act_gradient", run_act_gradient);
    return state.y;
}

static VdtAct act_of(const VdtNode *node)
{
    return node->op == &vdt_op_relu   ? VDT_ACT_RELU
           : node->op == &vdt_op_gelu ? VDT_ACT_GELU
                                      : VDT_ACT_SIGMOID;
}

/* Activations that nobody took in. */
static gboolean forward_act(VdtTrain *t, const VdtNode *node)
{
    RowsStep state = {.epilogue.bias = t->zeros};

    if (!vdt_train_has_map(t, node))
        return FALSE;
    state.a = state.b = *vdt_train_channels_last(t, node->inputs[0]);
    state.epilogue.act0 = act_of(node);
    state.y = vdt_train_new_map(t, node);
    add_step(t, node, state, "map", run_map);
    return TRUE;
}

static void backward_act(VdtTrain *t, const VdtNode *node)
{
    /* GELU's slope does not follow from its result. */
    const VdtNode *kept = node->op == &vdt_op_gelu ? node->inputs[0] : node;
    RowsStep state = {
        .act = act_of(node), .a = *vdt_train_channels_last(t, kept), .b = *vdt_train_dy(t, node)};

    state.y = vdt_train_dx(t, node->inputs[0], &state.add);
    add_step(t, node, state, "act_gradient", run_act_gradient);
}

/* Sums of equal shapes, or of a picture without a batch with every image. */

static gboolean same_picture(const VdtShape *a, const VdtShape *b)
{
    return a->n_dims > 2 && a->n_dims == b->n_dims && b->dims[0] == 1 &&
           memcmp(a->dims + 1, b->dims + 1, (a->n_dims - 1) * sizeof a->dims[0]) == 0;
}

/* Images one after the other: an item is one image. */
static void run_add_picture(const VdtStep *step, char *arena, char *scratch, guint image)
{
    const RowsStep *self = (const RowsStep *)step;
    gsize plane = self->y.h * self->y.w;
    VdtEpilogue epilogue = vdt_epilogue_at(self->plan, &self->epilogue, arena, image, 0, 0);

    self->plan->kernels->map_rows(plane, self->a.c, pixel(self, &self->a, arena, image * plane),
                                  self->a.pitch, &epilogue,
                                  pixel(self, &self->y, arena, image * plane), self->y.pitch);
}

/* y = sum of all images of a; an item has some rows. */
static void run_sum_pictures(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const RowsStep *self = (const RowsStep *)step;
    gsize first, count = range(self, item, &first), plane = self->a.h * self->a.w;

    for (gsize image = 0; image < self->a.n; image++)
        self->kernels->copy_rows(count, self->y.c,
                                 pixel(self, &self->a, arena, image * plane + first), self->a.pitch,
                                 1, pixel(self, &self->y, arena, first), self->y.pitch, image > 0);
}

static gboolean forward_add(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *a = node->inputs[0], *b = node->inputs[1];
    gboolean equal = vdt_shape_equal(&a->shape, &b->shape);
    RowsStep state = {.epilogue = {.bias = t->zeros}};

    if (!vdt_train_has_map(t, node) || (!equal && !same_picture(&a->shape, &b->shape)))
        return FALSE;
    state.a = *vdt_train_channels_last(t, a);
    state.b = *vdt_train_channels_last(t, b);
    state.epilogue.act1 = vdt_train_act(t, node);
    state.epilogue.add = state.b.place;
    state.epilogue.add_pitch = state.b.pitch;
    state.y = vdt_train_new_map(t, node);
    if (equal) {
        add_step(t, node, state, "add", run_map);
    } else {
        RowsStep *self = g_memdup2(&state, sizeof state);

        self->plan = t->plan;
        vdt_train_init_step(
            t, node, self,
            (VdtStep){.kernel = "add", .n_items = state.y.n, .run = run_add_picture});
        vdt_step_reads(&self->step, state.a.place, state.b.place);
        vdt_step_writes(&self->step, state.y.place);
        vdt_plan_add_step(t->plan, &self->step);
    }
    return TRUE;
}

/* The gradient by an operand that has no batch. */
static void add_picture_gradient(VdtTrain *t, const VdtNode *node, const VdtNode *b,
                                 const VdtMap *dy)
{
    VdtMap sum = vdt_train_describe(&b->shape);
    RowsStep state = {.a = *dy, .b = *dy};

    state.y = vdt_train_map_like(t, &sum);
    add_step(t, node, state, "sum_pictures", run_sum_pictures);
    if (vdt_train_share_dx(t, b, &state.y))
        return;
    state.a = state.b = state.y;
    state.y = vdt_train_dx(t, b, &state.add);
    add_step(t, node, state, "copy", run_copy);
}

static void backward_add(VdtTrain *t, const VdtNode *node)
{
    VdtMap dy = vdt_train_dy_before_act(t, node);
    guint by = vdt_train_result(t, node)->index;

    for (guint i = 0; i < 2; i++) {
        const VdtNode *input = node->inputs[i];
        RowsStep state = {.a = dy, .b = dy};

        if (!vdt_train_wants(t, input))
            continue;
        if (!vdt_shape_equal(&input->shape, &node->shape)) {
            add_picture_gradient(t, node, input, &dy);
        } else if (vdt_train_share_dx(t, input, &dy)) {
            t->gradients[by].shared = TRUE;
        } else {
            state.y = vdt_train_dx(t, input, &state.add);
            add_step(t, node, state, "copy", run_copy);
        }
    }
}

/* Products of equal shapes, or with one factor for each channel, of each image or of all. */

static gboolean is_scale(const VdtShape *x, const VdtShape *factor)
{
    return x->n_dims == 4 && factor->n_dims == 4 &&
           (factor->dims[0] == x->dims[0] || factor->dims[0] == 1) &&
           factor->dims[1] == x->dims[1] && factor->dims[2] == 1 && factor->dims[3] == 1;
}

/* An item is an image; b has one row for it. */
static void run_scale(const VdtStep *step, char *arena, char *scratch, guint image)
{
    const RowsStep *self = (const RowsStep *)step;
    gsize plane = self->y.h * self->y.w;

    self->kernels->mul_rows(plane, self->y.c, pixel(self, &self->a, arena, image * plane),
                            self->a.pitch, pixel(self, &self->b, arena, self->b.n > 1 ? image : 0),
                            0, pixel(self, &self->y, arena, image * plane), self->y.pitch,
                            self->add);
}

#define DOT_CHANNELS 64

/* y[image] = sum over the pixels of a * b, of that image or of all; an item is an image of y and
 * some channels. */
static void run_dot(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const RowsStep *self = (const RowsStep *)step;
    gsize plane = vdt_map_rows(&self->a) / self->y.n,
          groups = (self->a.c + DOT_CHANNELS - 1) / DOT_CHANNELS;
    gsize image = item / groups, c = item % groups * DOT_CHANNELS;
    gsize count = MIN(DOT_CHANNELS, self->a.c - c);
    float *y = pixel(self, &self->y, arena, image) + c;
    double total[DOT_CHANNELS] = {0};

    for (gsize row = 0; row < plane; row += VDT_SUM_ROWS) {
        float sum[DOT_CHANNELS] = {0};

        self->kernels->dot_rows(
            MIN(VDT_SUM_ROWS, plane - row), count,
            pixel(self, &self->a, arena, image * plane + row) + c, self->a.pitch,
            pixel(self, &self->b, arena, image * plane + row) + c, self->b.pitch, sum);
        for (gsize i = 0; i < count; i++)
            total[i] += sum[i];
    }
    for (gsize i = 0; i < count; i++)
        y[i] = total[i] + (self->add ? y[i] : 0);
    memset(y + count, 0, (VDT_ALIGN_LANES(count) - count) * sizeof *y);
}

static void add_image_step(VdtTrain *t, const VdtNode *node, RowsStep state, const char *kernel,
                           guint items_per_image,
                           void (*run)(const VdtStep *step, char *arena, char *scratch, guint item))
{
    RowsStep *self = g_memdup2(&state, sizeof state);

    self->plan = t->plan;
    self->kernels = t->kernels;
    vdt_train_init_step(
        t, node, self,
        (VdtStep){.kernel = kernel, .n_items = state.y.n * items_per_image, .run = run});
    vdt_step_reads(&self->step, state.a.place, state.b.place);
    vdt_step_writes(&self->step, state.y.place);
    vdt_plan_add_step(t->plan, &self->step);
}

static gboolean forward_mul(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *a = node->inputs[0], *b = node->inputs[1];
    gboolean equal = vdt_shape_equal(&a->shape, &b->shape);
    RowsStep state = {0};

    if (!vdt_train_has_map(t, node))
        return FALSE;
    if (!equal && is_scale(&b->shape, &a->shape)) {
        a = b;
        b = node->inputs[0];
    } else if (!equal && !is_scale(&a->shape, &b->shape)) {
        return FALSE;
    }
    state.a = *vdt_train_channels_last(t, a);
    state.b = *vdt_train_channels_last(t, b);
    state.y = vdt_train_new_map(t, node);
    if (equal)
        add_step(t, node, state, "mul", run_mul);
    else
        add_image_step(t, node, state, "scale", 1, run_scale);
    return TRUE;
}

static void backward_mul(VdtTrain *t, const VdtNode *node)
{
    VdtMap dy = *vdt_train_dy(t, node);

    for (guint i = 0; i < 2; i++) {
        const VdtNode *input = node->inputs[i], *other = node->inputs[1 - i];
        RowsStep state = {.a = dy, .b = *vdt_train_channels_last(t, other)};

        if (!vdt_train_wants(t, input))
            continue;
        state.y = vdt_train_dx(t, input, &state.add);
        if (vdt_shape_equal(&input->shape, &other->shape))
            add_step(t, node, state, "mul", run_mul);
        else if (vdt_shape_equal(&input->shape, &node->shape))
            add_image_step(t, node, state, "scale", 1, run_scale);
        else
            add_image_step(t, node, state, "dot", (dy.c + DOT_CHANNELS - 1) / DOT_CHANNELS,
                           run_dot);
    }
}

/* What an element is multiplied with: 0, or 1 / (1 - p); a function of the run's seed, the node and
 * the element, the same forward and backward. */
static float keep(guint64 seed, guint number, gsize element, float p)
{
    guint64 z = seed * G_GUINT64_CONSTANT(0xd1342543de82ef95) + ((guint64)number << 40) + element +
                G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    z ^= z >> 31;
    return (z >> 40) * 0x1p-24f < p ? 0 : 1 / (1 - p);
}

static void run_dropout(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const RowsStep *self = (const RowsStep *)step;
    gsize first, count = range(self, item, &first);
    guint64 seed;

    memcpy(&seed, vdt_place_address(self->plan, &self->plan->seed, arena), sizeof seed);
    const float p = seed == VDT_SEED_NONE ? 0 : self->p;
    for (gsize row = first; row < first + count; row++) {
        const float *a = pixel(self, &self->a, arena, row);
        float *y = pixel(self, &self->y, arena, row);

        for (gsize c = 0; c < VDT_ALIGN_LANES(self->y.c); c++) {
            float value = a[c] * keep(seed, self->number, row * self->y.c + c, p);

            y[c] = self->add ? y[c] + value : value;
        }
    }
}

static gboolean forward_dropout(VdtTrain *t, const VdtNode *node)
{
    RowsStep state = {.p = node->p.dropout.p, .number = node->index};

    if (!vdt_train_has_map(t, node))
        return FALSE;
    state.a = state.b = *vdt_train_channels_last(t, node->inputs[0]);
    state.y = vdt_train_new_map(t, node);
    add_step(t, node, state, "dropout", run_dropout);
    return TRUE;
}

static void backward_dropout(VdtTrain *t, const VdtNode *node)
{
    RowsStep state = {.p = node->p.dropout.p, .number = node->index};

    state.a = state.b = *vdt_train_dy(t, node);
    state.y = vdt_train_dx(t, node->inputs[0], &state.add);
    add_step(t, node, state, "dropout", run_dropout);
}

/* [N,C,1,1] and [N,C] are the same with channels last; everything else is the same if planar. */
static gboolean same_rows(const VdtTrain *t, const VdtNode *a, const VdtNode *b)
{
    const VdtShape *x = &a->shape, *y = &b->shape;

    return vdt_train_has_map(t, a) && vdt_train_has_map(t, b) && x->n_dims != 3 && y->n_dims != 3 &&
           x->dims[0] == y->dims[0] && x->dims[1] == y->dims[1];
}

/* The only one that looks at the value of @node, if that is one of @op. */
static const VdtNode *only_user(const VdtTrain *t, const VdtNode *node, const VdtOp *op)
{
    const GPtrArray *nodes = node->graph->nodes;

    for (guint i = node->index + 1; i < nodes->len && t->n_uses[node->index] == 1; i++) {
        const VdtNode *user = nodes->pdata[i];

        for (guint j = 0; j < user->n_inputs; j++)
            if (user->inputs[j] == node)
                return user->op == op ? user : NULL;
    }
    return NULL;
}

/* Whether [N,C,H,W] and tokens [N,H W,C] are the same memory. */
static gboolean are_one(const VdtTrain *t, const VdtNode *picture, const VdtNode *tokens)
{
    const gint64 *a = picture->shape.dims, *b = tokens->shape.dims;

    return picture->shape.n_dims == 4 && tokens->shape.n_dims == 3 && a[0] == b[0] &&
           a[1] == b[2] && a[2] * a[3] == b[1] && vdt_train_has_map(t, picture) &&
           vdt_train_has_map(t, tokens) && !t->is_weight[picture->index] &&
           !t->is_weight[tokens->index];
}

/* From a picture [N,C,H,W] to tokens [N,H W,C] or back it goes by way of [N,C,H W], which nobody
 * else looks at and which is never made. Whether @node makes it. */
static gboolean begins_turn(const VdtTrain *t, const VdtNode *node)
{
    const gboolean from_picture = node->op == &vdt_op_reshape;
    const VdtNode *end = only_user(t, node, from_picture ? &vdt_op_permute : &vdt_op_reshape);
    const VdtNode *permute = from_picture ? end : node, *x = node->inputs[0];
    const guint8 *order = permute ? permute->p.permute.order : NULL;

    return end && permute->op == &vdt_op_permute && permute->shape.n_dims == 3 && order[0] == 0 &&
           order[1] == 2 && are_one(t, from_picture ? x : end, from_picture ? end : x);
}

/* The other end, if @node is one. */
static const VdtNode *turned(const VdtTrain *t, const VdtNode *node)
{
    const VdtNode *between = node->inputs[0];
    const VdtOp *op = node->op == &vdt_op_reshape ? &vdt_op_permute : &vdt_op_reshape;

    return between->op == op && begins_turn(t, between) ? between->inputs[0] : NULL;
}

static gboolean forward_turn(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *x = turned(t, node);

    if (!x)
        return begins_turn(t, node);
    t->channels_last[node->index] = vdt_train_describe(&node->shape);
    t->channels_last[node->index].place = vdt_train_channels_last(t, x)->place;
    t->has_channels_last[node->index] = TRUE;
    return TRUE;
}

static void backward_turn(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *x = turned(t, node);
    VdtMap dy = vdt_train_describe(&x->shape);
    RowsStep state;

    dy.place = vdt_train_dy(t, node)->place;
    if (vdt_train_share_dx(t, x, &dy)) {
        t->gradients[node->index].shared = TRUE;
        return;
    }
    state = (RowsStep){.a = dy, .b = dy};
    state.y = vdt_train_dx(t, x, &state.add);
    add_step(t, node, state, "copy", run_copy);
}

static gboolean forward_reshape(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *x = node->inputs[0];
    guint i = node->index;

    if (same_rows(t, x, node)) {
        t->channels_last[i] = *vdt_train_channels_last(t, x);
        t->channels_last[i].h = node->shape.n_dims == 4 ? node->shape.dims[2] : 1;
        t->channels_last[i].w = node->shape.n_dims == 4 ? node->shape.dims[3] : 1;
        t->has_channels_last[i] = TRUE;
    } else {
        t->planar[i] = *vdt_train_planar(t, x);
        t->has_planar[i] = TRUE;
    }
    return TRUE;
}

static void backward_reshape(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *x = node->inputs[0];
    VdtMap dy = *vdt_train_dy(t, node);
    RowsStep state = {.a = dy, .b = dy};
    VdtPlace planar, copy;

    if (same_rows(t, x, node)) {
        if (vdt_train_share_dx(t, x, &dy)) {
            t->gradients[node->index].shared = TRUE;
            return;
        }
        state.y = vdt_train_dx(t, x, &state.add);
        add_step(t, node, state, "copy", run_copy);
        return;
    }
    planar = vdt_train_planar_dy(t, node);
    /* What others read, too, must not be added to. */
    if (planar.buffer == dy.place.buffer && t->gradients[node->index].shared &&
        t->n_uses[x->index] > 1) {
        const VdtShape flat = vdt_shape(1, vdt_shape_elements(&x->shape));
        const guint8 order[] = {0, 1};

        copy = vdt_plan_planar(t->plan, &x->shape).place;
        vdt_plan_add_permute(t->plan, &planar, &copy, &flat, order, FALSE, node->op->name);
        planar = copy;
    }
    t->gradients[node->index].shared = TRUE;
    vdt_train_give(t, node, x, &planar);
}

static const VdtTrainLowering lowerings[] = {
    {&vdt_op_relu, forward_act, backward_act, FALSE},
    {&vdt_op_sigmoid, forward_act, backward_act, FALSE},
    {&vdt_op_gelu, forward_act, backward_act, FALSE},
    {&vdt_op_add, forward_add, backward_add, TRUE},
    {&vdt_op_mul, forward_mul, backward_mul, FALSE},
    {&vdt_op_reshape, forward_turn, backward_turn, FALSE},
    {&vdt_op_permute, forward_turn, backward_turn, FALSE},
    {&vdt_op_reshape, forward_reshape, backward_reshape, FALSE},
    {&vdt_op_dropout, forward_dropout, backward_dropout, FALSE},
};
VDT_TRAIN_LOWERINGS(elementwise);
