/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values are collected in a list, and each op takes its inputs from it, most often the latest one,
 * so that the patterns that plans rewrite occur as well as their near misses: a value used twice,
 * shown as an output, or never used.
 */
#include "random-graph.h"

#include "graph/node.h"

#define MOST_VALUES   96
#define MOST_ELEMENTS 80000   /* of a value */
#define MOST_MACS     8000000 /* of a network */

typedef struct {
    VdtGraph *graph;
    Random random;
    VdtValue *values[MOST_VALUES];
    guint n_values, n_names;
    gint64 macs;
    VdtValue *count; /* of live rows; NULL until some are */
    GString *text;
} Maker;

static int one_of(Maker *m, const int *choices, guint n)
{
    return choices[random_between(&m->random, 0, n - 1)];
}
#define ONE_OF(m, ...)                                                                             \
    one_of((m), (const int[]){__VA_ARGS__}, G_N_ELEMENTS(((const int[]){__VA_ARGS__})))

static gboolean chance(Maker *m, int percent)
{
    return random_between(&m->random, 1, 100) <= percent;
}

static VdtScope new_scope(Maker *m, const char *what)
{
    return vdt_in(vdt_scope(m->graph, what), "%u", m->n_names++);
}

static guint number_of(const Maker *m, const VdtValue *value)
{
    for (guint i = 0; i < m->n_values; i++)
        if (m->values[i] == value)
            return i;
    g_assert_not_reached();
}

static VdtValue *put(Maker *m, VdtValue *value, const char *format, ...) G_GNUC_PRINTF(3, 4);
static VdtValue *put(Maker *m, VdtValue *value, const char *format, ...)
{
    VdtShape shape = vdt_value_shape(value);
    g_autofree char *text = vdt_shape_to_string(&shape);
    g_autoptr(GError) error = NULL;
    va_list args;

    g_string_append_printf(m->text, "v%u %s = ", m->n_values, text);
    va_start(args, format);
    g_string_append_vprintf(m->text, format, args);
    va_end(args);
    g_string_append_c(m->text, '\n');
    if (!value) {
        vdt_graph_check(m->graph, &error);
        g_error("the generator made an invalid network: %s\n%s", error->message, m->text->str);
    }
    g_assert_cmpuint(m->n_values, <, MOST_VALUES);
    return m->values[m->n_values++] = value;
}

static gboolean is_picture(const VdtValue *value)
{
    return vdt_value_shape(value).n_dims == 4;
}

static VdtValue *pick(Maker *m)
{
    if (chance(m, 60))
        return m->values[m->n_values - 1];
    return m->values[random_between(&m->random, 0, m->n_values - 1)];
}

/* The first value is one. */
static VdtValue *pick_picture(Maker *m)
{
    VdtValue *value = pick(m);

    while (!is_picture(value))
        value = m->values[random_between(&m->random, 0, m->n_values - 1)];
    return value;
}

static gint64 elements(const VdtValue *value)
{
    VdtShape shape = vdt_value_shape(value);

    return vdt_shape_elements(&shape);
}

static gint64 window_count(gint64 size, int kernel, int stride, int pad)
{
    return size + 2 * pad < kernel ? 0 : (size + 2 * pad - kernel) / stride + 1;
}

/* The convolution if it fits its input and the limits, else @x. */
static VdtValue *conv(Maker *m, VdtValue *x, VdtConv2d o)
{
    int kernel_w = o.kernel_w ? o.kernel_w : o.kernel, pad_w = o.kernel_w ? o.pad_w : o.pad;
    int stride = MAX(o.stride, 1), groups = MAX(o.groups, 1);
    gint64 height = window_count(vdt_value_dim(x, 2), o.kernel, stride, o.pad);
    gint64 width = window_count(vdt_value_dim(x, 3), kernel_w, stride, pad_w);
    gint64 size = vdt_value_dim(x, 0) * o.out * height * width;
    gint64 macs = size * vdt_value_dim(x, 1) / groups * o.kernel * kernel_w;

    if (size < 1 || size > MOST_ELEMENTS || m->macs + macs > MOST_MACS)
        return x;
    m->macs += macs;
    return put(m, vdt_conv2d_with(new_scope(m, "conv"), x, o),
               "conv2d v%u, kernel %dx%d, stride %d, pad %dx%d, groups %d%s", number_of(m, x),
               o.kernel, kernel_w, stride, o.pad, pad_w, groups, o.bias ? ", bias" : "");
}

/* For what looks at all of dimension 0. */
static VdtValue *whole(Maker *m, VdtValue *x)
{
    return x->live ? put(m, vdt_all_rows(x, m->count), "all rows v%u", number_of(m, x)) : x;
}

static VdtValue *layer_norm(Maker *m, VdtValue *x)
{
    VdtShape shape = vdt_value_shape(x), channels = vdt_shape(shape.dims[shape.n_dims - 1]);

    return put(
        m,
        vdt_layer_norm(new_scope(m, "layer_norm"), x, &channels, .eps = chance(m, 50) ? 1e-6 : 0),
        "layer_norm v%u", number_of(m, x));
}

static VdtValue *batch_norm_over(Maker *m, VdtValue *x, guint axis)
{
    const VdtScope scope = new_scope(m, "norm");
    const VdtShape one = vdt_shape(1);
    VdtValue *alpha = chance(m, 30) ? vdt_param(scope, "alpha", &one) : NULL;

    return put(m, vdt_batch_norm(scope, x, .axis = axis, .alpha = alpha),
               "batch_norm v%u over %u%s", number_of(m, x), axis, alpha ? ", alpha" : "");
}

/* Over the last dimension most often where these are tokens or rows. */
static VdtValue *batch_norm(Maker *m, VdtValue *x)
{
    if (x->live) /* whose moments are those of a batch in training */
        return x;
    return batch_norm_over(m, x,
                           chance(m, is_picture(x) ? 10 : 70) ? vdt_value_shape(x).n_dims - 1 : 1);
}

/* A norm of tokens: layer norm, batch norm, or what a training leads from one to the other. */
static VdtValue *token_norm(Maker *m, VdtValue *x)
{
    VdtValue *from = x->live || chance(m, 60) ? layer_norm(m, x) : NULL, *to;

    if (x->live || (from && chance(m, 50)))
        return from;
    to = batch_norm_over(m, x, 2);
    return from ? put(m, vdt_progress(new_scope(m, "progress"), from, to), "progress v%u to v%u",
                      number_of(m, from), number_of(m, to))
                : to;
}

static VdtValue *relu(Maker *m, VdtValue *x)
{
    return put(m, vdt_relu(x), "relu v%u", number_of(m, x));
}

static VdtValue *sigmoid(Maker *m, VdtValue *x)
{
    return put(m, vdt_sigmoid(x), "sigmoid v%u", number_of(m, x));
}

static VdtValue *gelu(Maker *m, VdtValue *x)
{
    return put(m, vdt_gelu(x), "gelu v%u", number_of(m, x));
}

static VdtValue *hard_sigmoid(Maker *m, VdtValue *x)
{
    return put(m, vdt_hard_sigmoid(x), "hard_sigmoid v%u", number_of(m, x));
}

static VdtValue *reshape(Maker *m, VdtValue *x, VdtShape shape)
{
    return put(m, vdt_reshape(x, &shape), "reshape v%u", number_of(m, x));
}

static VdtValue *add(Maker *m, VdtValue *a, VdtValue *b)
{
    return put(m, vdt_add(a, b), "add v%u v%u", number_of(m, a), number_of(m, b));
}

static VdtValue *mul(Maker *m, VdtValue *a, VdtValue *b)
{
    return put(m, vdt_mul(a, b), "mul v%u v%u", number_of(m, a), number_of(m, b));
}

static VdtValue *mean(Maker *m, VdtValue *x)
{
    return put(m, vdt_global_avg_pool(x), "global_avg_pool v%u", number_of(m, x));
}

/* Either order of two operands. */
static VdtValue *in_any_order(Maker *m, VdtValue *(*op)(Maker *, VdtValue *, VdtValue *),
                              VdtValue *a, VdtValue *b)
{
    return chance(m, 50) ? op(m, a, b) : op(m, b, a);
}

/* What tends to stand behind a product. */
static VdtValue *tail(Maker *m, VdtValue *x)
{
    if (chance(m, 50))
        x = batch_norm(m, x);
    if (chance(m, 40))
        x = relu(m, x);
    else if (chance(m, 15))
        x = sigmoid(m, x);
    else if (chance(m, 20))
        x = gelu(m, x);
    else if (chance(m, 10))
        x = hard_sigmoid(m, x);
    return x;
}

static void add_conv(Maker *m)
{
    VdtValue *x = pick_picture(m);
    int channels = (int)vdt_value_dim(x, 1);
    VdtConv2d o = {.out = ONE_OF(m, 1, 4, 7, 16, 17, 24, 32, 33, 48, 64, 80),
                   .kernel = ONE_OF(m, 1, 1, 1, 2, 3, 3, 3, 3, 5, 7),
                   .stride = chance(m, 75) ? 1 : 2,
                   .bias = chance(m, 50)};

    o.pad = chance(m, 70) ? o.kernel / 2 : random_between(&m->random, 0, o.kernel - 1);
    if (chance(m, 15)) {
        o.kernel_w = ONE_OF(m, 1, 3, 4);
        o.pad_w = random_between(&m->random, 0, o.kernel_w - 1);
    }
    if (chance(m, 25)) {
        o.groups = channels;
        o.out = channels * (chance(m, 80) ? 1 : 2);
    } else if (chance(m, 15) && channels % 2 == 0) {
        o.groups = 2;
        o.out += o.out % 2;
    }
    tail(m, conv(m, x, o));
}

/* Of the sizes that go to Winograd, with stride 1 or 2. */
static void add_large_conv(Maker *m)
{
    VdtValue *x = pick_picture(m);
    VdtConv2d o = {.out = ONE_OF(m, 16, 20, 32, 40, 70), .kernel = 3, .bias = chance(m, 50)};

    o.pad = random_between(&m->random, 0, 2);
    if (chance(m, vdt_value_dim(x, 2) > 30 ? 80 : 30)) {
        o.stride = 2;
        o.kernel = ONE_OF(m, 4, 5, 6);
        o.pad = random_between(&m->random, 1, 2);
    }
    tail(m, conv(m, x, o));
}

/* 3x3, at times depthwise, leaving the shape as it is. */
static VdtConv2d same_size(Maker *m, int channels)
{
    return (VdtConv2d){.out = channels,
                       .kernel = 3,
                       .pad = 1,
                       .groups = chance(m, 40) ? channels : 1,
                       .bias = chance(m, 50)};
}

static VdtValue *maybe_batch_norm(Maker *m, VdtValue *x)
{
    return chance(m, 50) ? batch_norm(m, x) : x;
}

/* A product that may be taken in by the other branch's, or take it in, whichever is later. */
static VdtValue *branch(Maker *m, VdtValue *x, int channels)
{
    if (chance(m, 40))
        x = relu(m, conv(m, x, same_size(m, channels)));
    return maybe_batch_norm(m, conv(m, x, same_size(m, channels)));
}

static void add_residual(Maker *m)
{
    VdtValue *x = pick_picture(m), *shortcut = x, *y;
    int channels = (int)vdt_value_dim(x, 1);
    gboolean product = chance(m, 50), early = chance(m, 50);

    if (product && early)
        shortcut = branch(m, x, channels);
    y = branch(m, x, channels);
    if (product && !early)
        shortcut = maybe_batch_norm(
            m, conv(m, x, (VdtConv2d){.out = channels, .kernel = 1, .bias = TRUE}));
    tail(m, in_any_order(m, add, y, shortcut));
}

/* A product times what a sigmoid lets through; then perhaps one more sum. */
static void add_gate(Maker *m)
{
    VdtValue *x = pick_picture(m), *y = x, *gate = x;
    int channels = (int)vdt_value_dim(x, 1);

    gate = conv(m, gate, (VdtConv2d){.out = channels, .kernel = 1, .bias = TRUE});
    gate = sigmoid(m, gate);
    if (chance(m, 70))
        y = conv(m, y, same_size(m, channels));
    y = in_any_order(m, mul, y, gate);
    if (chance(m, 50))
        y = in_any_order(m, add, y, x);
    tail(m, y);
}

/* Weighs channels by their mean. */
static void add_squeeze(Maker *m)
{
    VdtValue *x = pick_picture(m), *p = mean(m, x);
    int channels = (int)vdt_value_dim(x, 1);

    if (chance(m, 50))
        p = relu(m, conv(m, p, (VdtConv2d){.out = 8, .kernel = 1}));
    if (vdt_value_dim(p, 1) != channels || chance(m, 70))
        p = conv(m, p, (VdtConv2d){.out = channels, .kernel = 1, .bias = TRUE});
    if (vdt_value_dim(p, 1) != channels)
        return;
    in_any_order(m, mul, x, sigmoid(m, p));
}

static void add_binary(Maker *m)
{
    VdtValue *a = pick(m);
    VdtShape shape = vdt_value_shape(a);
    guint start = random_between(&m->random, 0, m->n_values - 1);

    for (guint i = 0; i < m->n_values; i++) {
        VdtValue *b = m->values[(start + i) % m->n_values];
        VdtShape other = vdt_value_shape(b);

        if (vdt_shape_equal(&shape, &other) && (b != a || i + 1 == m->n_values)) {
            /* Products of products grow beyond all bounds. */
            if (chance(m, 25))
                mul(m, a, sigmoid(m, b));
            else
                add(m, a, b);
            return;
        }
    }
}

/* A parameter, or what is computed of parameters alone, broadcast over a picture. */
static void add_constant(Maker *m)
{
    VdtValue *x = pick_picture(m), *constant;
    VdtShape shape = vdt_value_shape(x);
    VdtScope scope = new_scope(m, "constant");

    if (chance(m, 60))
        shape.dims[0] = 1;
    if (chance(m, 15))
        shape.dims[1] = 1;
    if (chance(m, 20)) {
        shape.dims[2] = shape.dims[3] = 1;
    } else if (chance(m, 30)) {
        VdtShape small = shape;

        small.dims[2] = small.dims[3] = 3;
        constant = put(m, vdt_param(scope, NULL, &small), "param");
        constant = put(m, vdt_resize_bilinear(constant, shape.dims[2], shape.dims[3], TRUE),
                       "resize v%u", number_of(m, constant));
        in_any_order(m, add, x, constant);
        return;
    }
    constant = put(m, vdt_param(scope, NULL, &shape), "param");
    if (chance(m, 20))
        constant = sigmoid(m, constant);
    tail(m, in_any_order(m, chance(m, 70) ? add : mul, x, constant));
}

static void add_pool(Maker *m)
{
    VdtValue *x = pick_picture(m);
    VdtMaxPool2d o = {.kernel = random_between(&m->random, 2, 4),
                      .stride = random_between(&m->random, 1, 2)};

    if (chance(m, 20)) {
        mean(m, x);
        return;
    }
    o.pad = random_between(&m->random, 0, o.kernel / 2);
    if (window_count(vdt_value_dim(x, 2), o.kernel, o.stride, o.pad) < 1 ||
        window_count(vdt_value_dim(x, 3), o.kernel, o.stride, o.pad) < 1)
        return;
    put(m, vdt_max_pool2d_with(x, o), "max_pool2d v%u, kernel %d, stride %d, pad %d",
        number_of(m, x), o.kernel, o.stride, o.pad);
}

/* Pixels from channels, perhaps onto a picture of that size. */
static void add_shuffle(Maker *m)
{
    VdtValue *x = pick_picture(m);
    const int r = random_between(&m->random, 1, 3);
    const gint64 n = vdt_value_dim(x, 0), h = vdt_value_dim(x, 2), w = vdt_value_dim(x, 3);

    if (n * 4 * h * w * r * r > MOST_ELEMENTS)
        return;
    if (vdt_value_dim(x, 1) % (r * r) != 0 || chance(m, 50))
        x = conv(m, x, (VdtConv2d){.out = r * r * ONE_OF(m, 1, 3, 4), .kernel = 1, .bias = TRUE});
    if (vdt_value_dim(x, 1) % (r * r) != 0) /* that was too much to compute */
        return;
    x = put(m, vdt_pixel_shuffle(x, r), "pixel_shuffle v%u, factor %d", number_of(m, x), r);
    if (chance(m, 60)) {
        const VdtShape one = vdt_shape(1, vdt_value_dim(x, 1), h * r, w * r);
        VdtValue *other = put(m, vdt_param(new_scope(m, "picture"), NULL, &one), "param");

        if (n > 1 && chance(m, 60)) {
            const VdtShape all = vdt_value_shape(x);

            other = put(m, vdt_expand(other, &all), "expand v%u", number_of(m, other));
        }
        x = in_any_order(m, add, x, other);
    }
    if (chance(m, 50))
        tail(m, x);
}

static void add_resize(Maker *m)
{
    VdtValue *x = pick_picture(m);
    int height = random_between(&m->random, 1, 20), width = random_between(&m->random, 1, 20);
    gboolean align = chance(m, 50);

    if (chance(m, 20)) {
        add_shuffle(m);
        return;
    }
    if (vdt_value_dim(x, 0) * vdt_value_dim(x, 1) * height * width > MOST_ELEMENTS)
        return;
    if (chance(m, 15)) {
        put(m, vdt_resize_bicubic(x, height, width), "resize_bicubic v%u", number_of(m, x));
        return;
    }
    x = put(m, vdt_resize_bilinear(x, height, width, align), "resize v%u%s", number_of(m, x),
            align ? ", align corners" : "");
    if (chance(m, 50)) /* a product of pixels may go first */
        tail(m, conv(m, x, (VdtConv2d){.out = ONE_OF(m, 3, 16, 24), .kernel = 1, .bias = TRUE}));
    else if (chance(m, 50))
        tail(m, x);
}

static VdtValue *grid_pool(Maker *m, VdtValue *x, gint64 height, gint64 width)
{
    return put(m, vdt_adaptive_avg_pool2d(x, (int)height, (int)width), "adaptive_avg_pool2d v%u",
               number_of(m, x));
}

/* Over a grid; or of rows and of columns, which then meet again. */
static void add_grid_pool(Maker *m)
{
    VdtValue *x = pick_picture(m);
    gint64 height = vdt_value_dim(x, 2), width = vdt_value_dim(x, 3);

    if (chance(m, 50))
        grid_pool(m, x, random_between(&m->random, 1, (int)height + 1),
                  random_between(&m->random, 1, (int)width + 1));
    else
        tail(m, in_any_order(m, add, grid_pool(m, x, height, 1), grid_pool(m, x, 1, width)));
}

/* Channels put together and, perhaps, cut out again. */
static void add_concat(Maker *m)
{
    VdtValue *x[3] = {pick_picture(m)}, *y;
    VdtShape shape = vdt_value_shape(x[0]);
    guint n = 1;
    gint64 channels = shape.dims[1], begin;

    for (guint i = 0; i < m->n_values && n < G_N_ELEMENTS(x); i++) {
        VdtShape other = vdt_value_shape(m->values[i]);

        other.dims[1] = shape.dims[1];
        if (vdt_shape_equal(&shape, &other) && chance(m, 50)) {
            channels += vdt_value_dim(m->values[i], 1);
            x[n++] = m->values[i];
        }
    }
    if (elements(x[0]) / shape.dims[1] * channels > MOST_ELEMENTS)
        return;
    y = put(m, vdt_concat(x, n, 1), "concat of %u from v%u", n, number_of(m, x[0]));
    begin = random_between(&m->random, 0, (int)channels - 1);
    if (chance(m, 60))
        put(m, vdt_slice(y, 1, begin, random_between(&m->random, 1, (int)(channels - begin))),
            "slice v%u from %" G_GINT64_FORMAT, number_of(m, y), begin);
}

/* Queries, keys and values of a map, heads that may talk, and what is near. Some near misses, too:
 * values that are no whole vectors, no bias, scores that somebody else uses. */
static void add_attention(Maker *m)
{
    VdtValue *x = pick_picture(m), *q, *k, *v, *a;
    gint64 n = vdt_value_dim(x, 0), h = vdt_value_dim(x, 2), w = vdt_value_dim(x, 3);
    int heads = ONE_OF(m, 1, 2, 3, 8), key = ONE_OF(m, 4, 6, 16), value = ONE_OF(m, 16, 32, 16, 7);
    VdtShape bias = vdt_shape(1, heads, h * w, h * w);
    VdtConv2d talk = {.out = heads, .kernel = 1, .bias = chance(m, 70)};
    gboolean talks = chance(m, 50);

    if (n * heads * h * w * h * w > MOST_ELEMENTS || n * heads * value * h * w > MOST_ELEMENTS ||
        m->macs + 4 * n * heads * h * w * h * w * value > MOST_MACS)
        return;
    q = conv(m, x, (VdtConv2d){.out = heads * key, .kernel = 1, .bias = TRUE});
    k = conv(m, x, (VdtConv2d){.out = heads * key, .kernel = 1});
    v = conv(m, x, (VdtConv2d){.out = heads * value, .kernel = 1, .bias = TRUE});
    if (q == x || k == x || v == x)
        return;
    m->macs += 2 * n * heads * h * w * h * w * value;
    q = reshape(m, maybe_batch_norm(m, q), vdt_shape(n, heads, key, h * w));
    k = reshape(m, k, vdt_shape(n, heads, key, h * w));
    a = put(m, vdt_matmul(q, k, .transpose_a = TRUE, .scale = 0.5), "matmul v%u' v%u",
            number_of(m, q), number_of(m, k));
    if (chance(m, 85))
        a = add(m, a, put(m, vdt_param(new_scope(m, "bias"), NULL, &bias), "param"));
    if (talks)
        a = conv(m, a, talk);
    a = put(m, vdt_softmax(a), "softmax v%u", number_of(m, a));
    if (talks && chance(m, 80))
        a = conv(m, a, talk);
    k = reshape(m, v, vdt_shape(n, heads, value, h * w));
    a = put(m, vdt_matmul(k, a, .transpose_b = TRUE), "matmul v%u v%u'", number_of(m, k),
            number_of(m, a));
    a = reshape(m, a, vdt_shape(n, heads * value, h, w));
    if (chance(m, 60))
        a = in_any_order(m, add, a, v);
    if (chance(m, 40))
        gelu(m, a);
    else
        tail(m, a);
}

/* What a map's classes look like: a softmax over all pixels for each, and the mean by it. Rows are
 * at times whole vectors; a map that weighs itself gets two gradients. */
static void add_context(Maker *m)
{
    VdtValue *x = pick_picture(m), *scores, *features;
    gint64 n = vdt_value_dim(x, 0), c = vdt_value_dim(x, 1);
    gint64 pixels = vdt_value_dim(x, 2) * vdt_value_dim(x, 3), classes = ONE_OF(m, 1, 3, 9, 20);

    if (m->macs + n * c * pixels * classes > MOST_MACS)
        return;
    if (n * c * c > MOST_ELEMENTS || chance(m, 70))
        scores = conv(m, x, (VdtConv2d){.out = classes, .kernel = 1, .bias = TRUE});
    else
        scores = x;
    if (n * c * vdt_value_dim(scores, 1) > MOST_ELEMENTS)
        return;
    m->macs += n * c * pixels * vdt_value_dim(scores, 1);
    features = reshape(m, x, vdt_shape(n, c, pixels));
    scores = reshape(m, scores, vdt_shape(n, vdt_value_dim(scores, 1), pixels));
    if (chance(m, 80))
        scores = put(m, vdt_softmax(scores), "softmax v%u", number_of(m, scores));
    tail(m, put(m, vdt_matmul(features, scores, .transpose_b = TRUE, .scale = 0.5),
                "matmul v%u v%u'", number_of(m, features), number_of(m, scores)));
}

/* An inverted residual; at times not quite. Small maps, as most are, would not go by bands. */
static void add_bottleneck(Maker *m)
{
    VdtValue *x = pick_picture(m), *y;
    int channels, wide, kernel = ONE_OF(m, 3, 3, 3, 5, 1);
    VdtConv2d filter;

    if (chance(m, 70)) {
        x = conv(m, x, (VdtConv2d){.out = 16, .kernel = 1});
        if (vdt_value_dim(x, 0) * vdt_value_dim(x, 1) <= 32)
            x = put(m, vdt_resize_bilinear(x, random_between(&m->random, 18, 24), 24, FALSE),
                    "resize v%u", number_of(m, x));
    }
    channels = (int)vdt_value_dim(x, 1);
    wide = channels * ONE_OF(m, 2, 4, 4, 4, 6);
    filter = (VdtConv2d){.out = wide,
                         .kernel = kernel,
                         .pad = kernel / 2,
                         .stride = chance(m, 90) ? 1 : 2,
                         .groups = wide,
                         .bias = chance(m, 50)};
    if (chance(m, 15)) {
        filter.kernel_w = kernel + 2;
        filter.pad_w = kernel / 2 + 1;
    }
    y = tail(m, conv(m, x, (VdtConv2d){.out = wide, .kernel = 1, .bias = chance(m, 50)}));
    if (vdt_value_dim(y, 1) != wide)
        return;
    y = tail(m, conv(m, y, filter));
    y = maybe_batch_norm(m, conv(m, y, (VdtConv2d){.out = channels, .kernel = 1}));
    if (vdt_value_dim(y, 1) == channels && vdt_value_dim(y, 2) == vdt_value_dim(x, 2) &&
        vdt_value_dim(y, 3) == vdt_value_dim(x, 3) && chance(m, 70))
        y = in_any_order(m, add, y, x);
    tail(m, y);
}

static void add_reshape(Maker *m)
{
    VdtValue *x = pick(m);
    const gint64 n = vdt_value_dim(x, 0), c = MAX(vdt_value_dim(x, 1), 1);
    VdtShape shapes[] = {vdt_shape(n, -1),       vdt_shape(n, c, -1),    vdt_shape(n, c, -1, 1),
                         vdt_shape(n, c, 1, -1), vdt_shape(n, -1, 1, 1), vdt_shape(1, n, c, -1),
                         vdt_shape(-1, 1)};

    VdtShape to = shapes[random_between(&m->random, 0, G_N_ELEMENTS(shapes) - 1)];

    if (to.dims[0] != n)
        x = whole(m, x);
    reshape(m, x, to);
}

/* A weight with adapters beside it, or a part of a larger one; nobody else's. */
static VdtValue *computed_weight(Maker *m, gint64 out, gint64 in)
{
    const gboolean part = chance(m, 40);
    const VdtShape whole = vdt_shape(out + (part ? 3 : 0), in), up = vdt_shape(out, 4);
    const VdtShape down = vdt_shape(4, in);
    VdtScope s = new_scope(m, "computed");
    VdtValue *w = vdt_param(s, "weight", &whole);

    if (part)
        return vdt_slice(w, 0, 2, out);
    return vdt_add(w,
                   vdt_matmul(vdt_param(s, "up", &up), vdt_param(s, "down", &down), .scale = 0.1));
}

static void add_linear(Maker *m)
{
    VdtValue *x = pick(m);
    VdtShape shape = vdt_value_shape(x);
    gint64 in = shape.dims[shape.n_dims - 1], rows = elements(x) / in;
    /* At times as many outputs as dimension 1, which a batch norm behind it is about. */
    int out =
        chance(m, 30) && shape.n_dims > 2 ? (int)shape.dims[1] : ONE_OF(m, 1, 5, 16, 33, 70, 130);
    gboolean bias = chance(m, 70);

    if (rows * out > MOST_ELEMENTS || m->macs + rows * in * out > MOST_MACS)
        return;
    m->macs += rows * in * out;
    if (chance(m, 15) && out * in <= MOST_ELEMENTS)
        x = put(m, vdt_linear_by(x, computed_weight(m, out, in), NULL),
                "linear v%u, a computed weight", number_of(m, x));
    else
        x = put(m, vdt_linear(new_scope(m, "linear"), x, .out = out, .no_bias = !bias),
                "linear v%u%s", number_of(m, x), bias ? ", bias" : "");
    if (shape.n_dims > 1)
        tail(m, x);
}

static VdtValue *linear_to(Maker *m, VdtValue *x, int out)
{
    return put(m, vdt_linear(new_scope(m, "linear"), x, .out = out, .no_bias = chance(m, 20)),
               "linear v%u", number_of(m, x));
}

static VdtValue *heads_of(Maker *m, VdtValue *x, int heads)
{
    return put(m, vdt_split_heads(x, heads), "heads v%u", number_of(m, x));
}

static VdtValue *new_input(Maker *m, const char *what, VdtDType dtype, VdtShape shape)
{
    g_autofree char *name = g_strdup_printf("%s%u", what, m->n_names++);
    g_autofree char *text = vdt_shape_to_string(&shape);

    g_string_append_printf(m->text, "input %s %s\n", name, text);
    return vdt_input_typed(m->graph, name, dtype, &shape);
}

static void output_number(Maker *m, const char *what, VdtValue *value)
{
    g_autofree char *name = g_strdup_printf("%s%u", what, m->n_names++);

    g_string_append_printf(m->text, "output %s\n", name);
    vdt_output(m->graph, name, value);
}

/* Scores with something for each key, by its token's size. */
static VdtValue *weigh_keys(Maker *m, VdtValue *scores, VdtValue *sizes)
{
    VdtValue *logs = put(m, vdt_log(sizes), "log v%u", number_of(m, sizes));

    logs = reshape(m, logs, vdt_shape(vdt_value_dim(sizes, 0), 1, 1, vdt_value_dim(sizes, 1)));
    return chance(m, 85) ? add(m, scores, logs) : add(m, logs, scores);
}

/* The scores of all windows with their biases. */
static VdtValue *add_window_bias(Maker *m, VdtValue *scores, const VdtWindows *o)
{
    const VdtShape each = vdt_value_shape(scores);
    const gint64 heads = each.dims[1];
    const VdtShape table = vdt_shape((2 * o->window - 1) * (2 * o->window_w - 1), heads);
    VdtValue *bias = put(m, vdt_param(new_scope(m, "table"), NULL, &table), "param");

    bias = put(m, vdt_window_bias_with(bias, *o), "window bias v%u", number_of(m, bias));
    if (vdt_value_dim(bias, 1) == heads)
        return add(m, scores, bias);
    scores = reshape(m, scores, vdt_shape(-1, vdt_value_dim(bias, 1), each.dims[2], each.dims[3]));
    return reshape(m, add(m, scores, bias), each);
}

/* Attention over tokens, its three linear layers apart or in one; of sizes, or over windows, or
 * NULL. */
static VdtValue *attend(Maker *m, VdtValue *x, VdtValue *sizes, const VdtWindows *o)
{
    const int heads = ONE_OF(m, 1, 2, 3), width = heads * ONE_OF(m, 16, 32, 16, 6);
    const double scale = chance(m, 80) ? 0.25 : 1;
    const gboolean together = chance(m, 70), linear = chance(m, 40);
    VdtValue *all = together ? linear_to(m, x, 3 * width) : NULL, *part[3], *a;

    for (int i = 0; i < 3; i++) {
        part[i] = together ? put(m, vdt_slice(all, 2, (gint64)i * width, width),
                                 "slice v%u, part %d", number_of(m, all), i)
                           : linear_to(m, x, width);
        if (linear && i < 2)
            part[i] = relu(m, part[i]);
        else if (!linear)
            part[i] = heads_of(m, part[i], heads);
    }
    if (linear) {
        a = put(m, vdt_linear_attention(part[0], part[1], part[2], heads),
                "linear attention of v%u, v%u, v%u", number_of(m, part[0]), number_of(m, part[1]),
                number_of(m, part[2]));
        return linear_to(m, a, (int)vdt_value_dim(x, 2));
    }
    a = put(m, vdt_matmul(part[0], part[1], .transpose_b = TRUE, .scale = scale), "matmul v%u v%u'",
            number_of(m, part[0]), number_of(m, part[1]));
    if (o)
        a = add_window_bias(m, a, o);
    if (sizes)
        a = weigh_keys(m, a, sizes);
    a = put(m, vdt_softmax(a), "softmax v%u", number_of(m, a));
    a = put(m, vdt_matmul(a, part[2]), "matmul v%u v%u", number_of(m, a), number_of(m, part[2]));
    a = put(m, vdt_join_heads(a), "joined heads v%u", number_of(m, a));
    return linear_to(m, a, (int)vdt_value_dim(x, 2));
}

/* Some tokens go into others. Which are alike an input says, which has the same bits in all plans.
 */
static VdtValue *merge(Maker *m, VdtValue *x, VdtValue **sizes)
{
    const gint64 n = vdt_value_dim(x, 0), length = vdt_value_dim(x, 1);
    const int heads = ONE_OF(m, 1, 3), most = (int)(length - 1) / 2;
    const VdtShape shape = vdt_shape(n, length, heads * ONE_OF(m, 16, 32, 5));
    VdtMatch match;

    match = vdt_match_tokens(new_input(m, "metric", VDT_F32, shape),
                             random_between(&m->random, 1, most), .heads = heads,
                             .protect = chance(m, 70));
    output_number(m, "source", match.source);
    output_number(m, "target", match.target);
    x = put(m, vdt_merge_tokens(x, match, *sizes), "merged v%u", number_of(m, x));
    *sizes = put(m, vdt_merge_sizes(match, length, *sizes), "merged sizes");
    return x;
}

/* A picture's pixels as tokens, perhaps behind one of their own; some blocks of a transformer, in
 * which some may merge; and then one token, or a picture again. */
static void add_tokens(Maker *m)
{
    const guint swap[] = {0, 2, 1};
    VdtValue *x = pick_picture(m), *sizes = NULL;
    gint64 n = vdt_value_dim(x, 0), c = vdt_value_dim(x, 1), h = vdt_value_dim(x, 2);
    gint64 w = vdt_value_dim(x, 3), width = ONE_OF(m, 16, 32, 48, 17), length = h * w;
    const gboolean in_front = chance(m, 40), merges = chance(m, 40);
    VdtShape one = vdt_shape(1, 1, width), each = vdt_shape(n, 1, width);

    if (n * 3 * length * length > MOST_ELEMENTS || n * length * 300 > MOST_ELEMENTS ||
        m->macs + n * length * (40000 + 400 * length) > MOST_MACS || m->n_values > 50)
        return;
    m->macs += n * length * (40000 + 400 * length);
    x = reshape(m, x, vdt_shape(n, c, length));
    x = put(m, vdt_permute(x, swap), "permute v%u", number_of(m, x));
    x = linear_to(m, x, (int)width);
    if (in_front) {
        VdtValue *token = put(m, vdt_param(new_scope(m, "token"), NULL, &one), "param");

        token = put(m, vdt_expand(token, &each), "expand v%u", number_of(m, token));
        x = put(m, vdt_concat((VdtValue *[]){token, x}, 2, 1), "concat v%u v%u",
                number_of(m, token), number_of(m, x));
        length++;
    }
    if (chance(m, 50)) {
        VdtShape places = vdt_shape(1, length, width);

        x = add(m, x, put(m, vdt_param(new_scope(m, "places"), NULL, &places), "param"));
    }
    for (int i = random_between(&m->random, 0, 2); i > 0; i--) {
        VdtValue *y = token_norm(m, x);

        if (chance(m, 60))
            y = attend(m, y, sizes, NULL);
        else
            y = linear_to(m, gelu(m, linear_to(m, y, ONE_OF(m, 16, 40, 64))), (int)width);
        x = in_any_order(m, add, x, y);
        if (merges && vdt_value_dim(x, 1) > 2)
            x = merge(m, x, &sizes);
    }
    if (chance(m, 50))
        x = token_norm(m, x);
    if (in_front || sizes || chance(m, 30)) {
        x = put(m, vdt_slice(x, 1, 0, 1), "slice v%u, the first", number_of(m, x));
        linear_to(m, reshape(m, x, vdt_shape(n, width)), ONE_OF(m, 5, 16));
    } else {
        x = put(m, vdt_permute(x, swap), "permute v%u", number_of(m, x));
        tail(m, reshape(m, x, vdt_shape(n, width, h, w)));
    }
}

/* A picture's pixels in windows, perhaps shifted, and back; or each window as one token. */
static void add_windows(Maker *m)
{
    VdtValue *x = pick_picture(m);
    const gint64 n = vdt_value_dim(x, 0), c = vdt_value_dim(x, 1), h = vdt_value_dim(x, 2);
    const gint64 w = vdt_value_dim(x, 3), width = ONE_OF(m, 16, 32, 17);
    VdtWindows o = {.height = (int)h,
                    .width = (int)w,
                    .window = random_between(&m->random, 1, 4),
                    .window_w = random_between(&m->random, 1, 4)};

    if (n * (h + 3) * (w + 3) * width > MOST_ELEMENTS ||
        m->macs + n * (h + 3) * (w + 3) * width * (c + 200) > MOST_MACS)
        return;
    m->macs += n * (h + 3) * (w + 3) * width * (c + 200);
    if (chance(m, 50))
        o.shift = random_between(&m->random, 0, MIN(o.window, o.window_w) - 1);
    x = reshape(m, whole(m, x), vdt_shape(n, c, h * w));
    x = put(m, vdt_permute(x, (const guint[]){0, 2, 1}), "permute v%u", number_of(m, x));
    x = linear_to(m, x, (int)width);
    if (chance(m, 30)) {
        x = put(m, vdt_windows_joined_with(x, o), "windows v%u of %dx%d, shift %d, joined",
                number_of(m, x), o.window, o.window_w, o.shift);
        linear_to(m, layer_norm(m, x), ONE_OF(m, 16, 20));
        return;
    }
    x = put(m, vdt_windows_with(x, o), "windows v%u of %dx%d, shift %d", number_of(m, x), o.window,
            o.window_w, o.shift);
    if (chance(m, 70) && n * (h + 3) * (w + 3) * 500 < MOST_ELEMENTS && m->n_values < 60)
        x = attend(m, x, NULL, &o);
    else if (chance(m, 50))
        x = linear_to(m, layer_norm(m, x), (int)width);
    x = put(m, vdt_windows_back_with(x, o), "windows v%u back", number_of(m, x));
    if (chance(m, 50))
        linear_to(m, x, ONE_OF(m, 16, 20));
}

/* Parts of tokens, joined again: of their channels along either dimension, of the tokens, too. */
static void add_join(Maker *m)
{
    VdtValue *x = pick_picture(m), *part[2];
    const gint64 n = vdt_value_dim(x, 0), c = vdt_value_dim(x, 1);
    const gint64 h = vdt_value_dim(x, 2), w = vdt_value_dim(x, 3), width = ONE_OF(m, 16, 32, 17);
    const guint axis = chance(m, 60) ? 1 : 2;

    if (n * c * h * 64 > MOST_ELEMENTS || m->macs + n * c * h * w * 128 > MOST_MACS)
        return;
    m->macs += n * c * h * w * 128;
    x = linear_to(m, reshape(m, x, vdt_shape(n, c * h, w)), 64);
    for (guint i = 0; i < 2; i++) {
        const gint64 begin = chance(m, 80) ? ONE_OF(m, 0, 16, 32) : 5;

        part[i] = put(m, vdt_slice(x, 2, begin, width), "slice v%u from %" G_GINT64_FORMAT,
                      number_of(m, x), begin);
    }
    if (axis == 1 && chance(m, 50))
        part[1] = put(m, vdt_slice(part[1], 1, c * h / 2, c * h - c * h / 2),
                      "slice v%u, the last tokens", number_of(m, part[1]));
    x = put(m, vdt_concat(part, 2, axis), "concat v%u v%u along %u", number_of(m, part[0]),
            number_of(m, part[1]), axis);
    if (chance(m, 50))
        linear_to(m, layer_norm(m, x), ONE_OF(m, 16, 20));
}

/* Rows of a matrix by the best of scores. Scores are an input, which has the same bits in all
 * plans, or computed but far apart: which are the best does not depend on rounding. */
static VdtValue *best_rows(Maker *m, VdtValue *x, int n, int k)
{
    const guint swap[] = {1, 0};
    const gint64 rows = vdt_value_dim(x, 0);
    const VdtShape shape = vdt_shape(n, rows), each = vdt_shape(n, k, 1);
    const gboolean computed = chance(m, 50);
    VdtValue *scores;
    VdtTopK best;

    if (computed) {
        scores = sigmoid(m, linear_to(m, x, n));
        scores = put(m, vdt_permute(scores, swap), "permute v%u", number_of(m, scores));
        scores = add(m, scores, put(m, vdt_param(new_scope(m, "order"), "ranks", &shape), "param"));
    } else {
        scores = put(m, new_input(m, "scores", VDT_F32, shape), "scores");
    }
    best = vdt_top_k(scores, k);
    output_number(m, "values", best.values);
    output_number(m, "indices", best.indices);
    x = put(m, vdt_gather_rows(x, best.indices), "best rows v%u by v%u", number_of(m, x),
            number_of(m, scores));
    /* Others are as large as there are rows. */
    return computed ? x : mul(m, x, reshape(m, put(m, best.values, "values"), each));
}

/* Rows of a matrix by their numbers. */
static void add_pick(Maker *m)
{
    const int n = ONE_OF(m, 1, 3, 6), k = ONE_OF(m, 1, 2, 5);
    VdtValue *x = whole(m, pick(m));
    const gint64 all = elements(x), c = vdt_value_dim(x, vdt_value_shape(x).n_dims - 1);
    const gint64 rows = all / c;

    if (c * n * k > MOST_ELEMENTS || rows > 100)
        return;
    if (vdt_value_shape(x).n_dims != 2)
        x = reshape(m, x, vdt_shape(rows, c));
    if (rows >= k && chance(m, 60)) {
        m->macs += all * n;
        x = best_rows(m, x, n, k);
    } else {
        const VdtShape shape = chance(m, 50) ? vdt_shape(n, k) : vdt_shape(n * k);

        x = put(m, vdt_gather_rows(x, new_input(m, "rows", VDT_I32, shape)), "rows v%u",
                number_of(m, x));
    }
    if (chance(m, 50) && elements(x) <= MOST_ELEMENTS / 16) {
        m->macs += elements(x) * 16;
        linear_to(m, x, 16);
    }
}

/* Of some pictures or rows only the first count, and what works row by row behind. */
static void add_live(Maker *m)
{
    VdtValue *x = pick(m);
    const gint64 all = elements(x), c = vdt_value_dim(x, MAX(vdt_value_shape(x).n_dims, 1) - 1);

    if (x->live || all == c)
        return;
    if (vdt_value_dim(x, 0) == 1 || vdt_value_shape(x).n_dims < 2)
        x = reshape(m, x, vdt_shape(all / c, c));
    if (!m->count)
        m->count = vdt_run_arg(m->graph, "count");
    x = put(m, vdt_live_rows(x, m->count), "live rows v%u", number_of(m, x));
    for (int i = random_between(&m->random, 0, 3); i > 0; i--) {
        if (c < 300 && chance(m, 60) && m->macs + all * c < MOST_MACS) {
            m->macs += all * c;
            x = linear_to(m, x, (int)c);
            if (chance(m, 50))
                x = layer_norm(m, x);
        } else if (c > 500 || chance(m, 50)) { /* long sums of like numbers are far off in TRACE */
            x = gelu(m, x);
        } else {
            x = put(m, vdt_softmax(x), "softmax v%u", number_of(m, x));
        }
    }
}

/* A state that is written, and read before, behind, or both. */
static void add_state(Maker *m)
{
    VdtValue *x = whole(m, pick(m)), *was, *is;
    const gint64 c = vdt_value_dim(x, MAX(vdt_value_shape(x).n_dims, 1) - 1);
    const gint64 rows = elements(x) / c;
    const VdtShape shape = vdt_shape(rows + random_between(&m->random, 0, 5), c);
    g_autofree char *name = g_strdup_printf("state%u", m->n_names);
    g_autofree char *at = g_strdup_printf("at%u", m->n_names++);

    if (vdt_shape_elements(&shape) > MOST_ELEMENTS)
        return;
    x = reshape(m, x, vdt_shape(rows, c));
    was = put(m, vdt_state(m->graph, name, &shape), "state");
    is = put(m, vdt_write_rows(was, x, vdt_run_arg(m->graph, at)), "v%u written to v%u",
             number_of(m, x), number_of(m, was));
    output_number(m, "written", is);
    if (chance(m, 60))
        in_any_order(m, add, is, chance(m, 50) ? was : is);
}

static void add_elementwise(Maker *m)
{
    VdtValue *x = pick(m);

    if (chance(m, 40) && vdt_value_shape(x).n_dims >= 2)
        batch_norm(m, x);
    else if (chance(m, 40))
        relu(m, x);
    else if (chance(m, 30))
        gelu(m, x);
    else if (chance(m, 30))
        hard_sigmoid(m, x);
    else if (chance(m, 30))
        put(m, vdt_softmax(x), "softmax v%u", number_of(m, x));
    else
        sigmoid(m, x);
}

static void (*const steps[])(Maker *) = {
    add_conv,      add_conv,    add_large_conv,  add_large_conv, add_residual, add_residual,
    add_gate,      add_squeeze, add_binary,      add_constant,   add_pool,     add_resize,
    add_reshape,   add_linear,  add_elementwise, add_grid_pool,  add_concat,   add_attention,
    add_attention, add_context, add_bottleneck,  add_bottleneck, add_tokens,   add_tokens,
    add_join,      add_pick,    add_live,        add_live,       add_state,    add_windows,
};

static void add_input(Maker *m, const char *name)
{
    VdtShape shape;

    if (chance(m, 45)) /* large enough for Winograd */
        shape = vdt_shape(ONE_OF(m, 1, 2), ONE_OF(m, 16, 32, 33, 40), ONE_OF(m, 14, 16, 21, 24),
                          ONE_OF(m, 14, 15, 18, 24));
    else if (chance(m, 30)) /* and at half the size, too */
        shape = vdt_shape(1, ONE_OF(m, 16, 32), ONE_OF(m, 41, 44, 48), ONE_OF(m, 42, 46, 48));
    else
        shape = vdt_shape(ONE_OF(m, 1, 1, 2, 3), ONE_OF(m, 1, 3, 8, 16, 17, 31, 32, 64),
                          ONE_OF(m, 1, 2, 3, 5, 7, 8, 14, 20), ONE_OF(m, 1, 2, 3, 6, 7, 9, 13, 20));
    put(m, vdt_input(m->graph, name, &shape), "input");
}

static void add_output(Maker *m, const char *name, VdtValue *value)
{
    vdt_output(m->graph, name, value);
    g_string_append_printf(m->text, "output %s: v%u\n", name, number_of(m, value));
}

VdtGraph *random_graph(guint64 seed, char **text)
{
    return random_graph_shifted(seed, 0, text);
}

VdtGraph *random_graph_shifted(guint64 seed, guint shift, char **text)
{
    Maker m = {.graph = vdt_graph_new(), .random = {seed}, .text = g_string_new(NULL)};
    guint n_steps;

    for (guint i = 0; i < 3; i++)
        random_next(&m.random); /* neighbouring seeds begin alike */
    add_input(&m, "x");
    if (chance(&m, 15))
        add_input(&m, "y");
    for (guint i = 0; i < shift; i++) {
        VdtShape shape = vdt_value_shape(m.values[0]);

        m.values[0] = vdt_reshape(m.values[0], &shape);
    }
    n_steps = random_between(&m.random, 2, 9);
    for (guint i = 0; i < n_steps; i++)
        steps[random_between(&m.random, 0, G_N_ELEMENTS(steps) - 1)](&m);

    add_output(&m, "last", whole(&m, m.values[m.n_values - 1]));
    for (guint i = 0; i < m.n_values; i++) {
        if (chance(&m, 10)) {
            g_autofree char *name = g_strdup_printf("also%u", i);

            add_output(&m, name, m.values[i]);
        }
    }
    *text = g_string_free(m.text, FALSE);
    return m.graph;
}
