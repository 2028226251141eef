/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "naive.h"

#include <math.h>

typedef struct {
    gint64 at[VDT_MAX_DIMS];
} Position;

/* The position of the element that stands @i-th in memory. */
static Position position_of(const VdtShape *shape, gint64 i)
{
    Position p = {0};

    for (guint d = shape->n_dims; d-- > 0;) {
        p.at[d] = i % shape->dims[d];
        i /= shape->dims[d];
    }
    return p;
}

/* The element at a position; repeats dimensions of size 1. */
static double element(const double *x, const VdtShape *shape, Position p)
{
    gint64 i = 0;

    for (guint d = 0; d < shape->n_dims; d++)
        i = i * shape->dims[d] + (shape->dims[d] == 1 ? 0 : p.at[d]);
    return x[i];
}

/* As element(), but @outside where (n, c, y, x) is not in the picture. */
static double pixel(const double *data, const VdtShape *shape, gint64 n, gint64 c, gint64 y,
                    gint64 x, double outside)
{
    if (y < 0 || y >= shape->dims[2] || x < 0 || x >= shape->dims[3])
        return outside;
    return data[((n * shape->dims[1] + c) * shape->dims[2] + y) * shape->dims[3] + x];
}

void naive_conv2d(const VdtNode *node, const double *const *x, double *y)
{
    const VdtShape *in = &node->inputs[0]->shape, *weight = &node->inputs[1]->shape;
    gint64 per_group = in->dims[1] / node->p.conv2d.groups;
    gint64 out_per_group = node->shape.dims[1] / node->p.conv2d.groups;
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        Position p = position_of(&node->shape, i);
        gint64 group = p.at[1] / out_per_group;

        y[i] = node->n_inputs > 2 ? x[2][p.at[1]] : 0;
        for (gint64 c = 0; c < per_group; c++)
            for (int ky = 0; ky < node->p.conv2d.kernel_h; ky++)
                for (int kx = 0; kx < node->p.conv2d.kernel_w; kx++)
                    y[i] += pixel(x[1], weight, p.at[1], c, ky, kx, NAN) *
                            pixel(x[0], in, p.at[0], group * per_group + c,
                                  p.at[2] * node->p.conv2d.stride - node->p.conv2d.pad_h + ky,
                                  p.at[3] * node->p.conv2d.stride - node->p.conv2d.pad_w + kx, 0);
    }
}

void naive_linear(const VdtNode *node, const double *const *x, double *y)
{
    gint64 in = node->inputs[1]->shape.dims[1], out = node->inputs[1]->shape.dims[0];
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        y[i] = node->n_inputs > 2 ? x[2][i % out] : 0;
        for (gint64 k = 0; k < in; k++)
            y[i] += x[0][i / out * in + k] * x[1][i % out * in + k];
    }
}

void naive_batch_norm(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        gint64 c = position_of(&node->shape, i).at[node->p.batch_norm.axis];

        y[i] = x[1][c] * (x[0][i] - x[3][c]) / sqrt(x[4][c] + (double)1e-5f) + x[2][c];
        if (node->n_inputs == 6)
            y[i] += x[5][0] * x[0][i];
    }
}

void naive_batch_norm_batch(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);
    guint axis = node->p.batch_norm.axis;

    for (gint64 i = 0; i < n; i++) {
        gint64 c = position_of(&node->shape, i).at[axis], count = 0;
        double sum = 0, square = 0;

        for (gint64 k = 0; k < n; k++) {
            if (position_of(&node->shape, k).at[axis] == c) {
                sum += x[0][k];
                square += x[0][k] * x[0][k];
                count++;
            }
        }
        y[i] = x[1][c] * (x[0][i] - sum / count) /
                   sqrt(square / count - sum / count * sum / count + (double)1e-5f) +
               x[2][c] + (node->n_inputs == 6 ? x[5][0] * x[0][i] : 0);
    }
}

/* By shares of each pair: the other order of the two products. */
void naive_linear_attention(const VdtNode *node, const double *const *x, double *y)
{
    const VdtShape *q = &node->inputs[0]->shape, *v = &node->inputs[2]->shape;
    gint64 n = vdt_shape_elements(&node->shape), heads = node->p.linear_attention.heads;
    gint64 depth = q->dims[2] / heads, width = v->dims[2] / heads;

    for (gint64 i = 0; i < n; i++) {
        Position p = position_of(&node->shape, i);
        gint64 head = p.at[2] / width;
        double sum = 0, all = (double)1e-6f;

        for (gint64 j = 0; j < v->dims[1]; j++) {
            double score = 0;

            for (gint64 c = head * depth; c < (head + 1) * depth; c++)
                score += x[0][(p.at[0] * q->dims[1] + p.at[1]) * q->dims[2] + c] *
                         x[1][(p.at[0] * v->dims[1] + j) * q->dims[2] + c];
            all += score;
            sum += score * x[2][(p.at[0] * v->dims[1] + j) * v->dims[2] + p.at[2]];
        }
        y[i] = sum / all;
    }
}

void naive_progress(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++)
        y[i] = x[1][i];
}

void naive_progress_training(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);
    double lambda = x[2][0] > 0 ? 1 : fmin(fmax(x[3][0] / x[4][0], 0), 1);

    for (gint64 i = 0; i < n; i++)
        y[i] = x[1][i] + lambda * (x[0][i] - x[1][i]);
}

void naive_relu(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++)
        y[i] = fmax(x[0][i], 0);
}

void naive_sigmoid(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++)
        y[i] = 0.5 + 0.5 * tanh(x[0][i] / 2);
}

void naive_add(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        Position p = position_of(&node->shape, i);

        y[i] =
            element(x[0], &node->inputs[0]->shape, p) + element(x[1], &node->inputs[1]->shape, p);
    }
}

void naive_mul(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        Position p = position_of(&node->shape, i);

        y[i] =
            element(x[0], &node->inputs[0]->shape, p) * element(x[1], &node->inputs[1]->shape, p);
    }
}

void naive_max_pool2d(const VdtNode *node, const double *const *x, double *y)
{
    int kernel = node->p.max_pool2d.kernel, pad = node->p.max_pool2d.pad;
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        Position p = position_of(&node->shape, i);

        y[i] = -INFINITY;
        for (int k = 0; k < kernel * kernel; k++)
            y[i] = fmax(y[i],
                        pixel(x[0], &node->inputs[0]->shape, p.at[0], p.at[1],
                              p.at[2] * node->p.max_pool2d.stride - pad + k / kernel,
                              p.at[3] * node->p.max_pool2d.stride - pad + k % kernel, -INFINITY));
    }
}

void naive_global_avg_pool(const VdtNode *node, const double *const *x, double *y)
{
    const gint64 *in = node->inputs[0]->shape.dims;

    for (gint64 i = 0; i < in[0] * in[1]; i++) {
        y[i] = 0;
        for (gint64 k = 0; k < in[2] * in[3]; k++)
            y[i] += x[0][i * in[2] * in[3] + k] / (in[2] * in[3]);
    }
}

/* How much source @i counts for output @at: a tent of width 2 around where the output falls. */
static double tent(gint64 at, gint64 i, gint64 size, gint64 out_size, gboolean align_corners)
{
    double where = align_corners ? (out_size > 1 ? at * (size - 1.0) / (out_size - 1.0) : 0)
                                 : (at + 0.5) * size / out_size - 0.5;

    return fmax(0, 1 - fabs(CLAMP(where, 0, size - 1) - i));
}

void naive_resize_bilinear(const VdtNode *node, const double *const *x, double *y)
{
    const VdtShape *in = &node->inputs[0]->shape;
    gboolean align = node->p.resize.align_corners;
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        Position p = position_of(&node->shape, i);

        y[i] = 0;
        for (gint64 iy = 0; iy < in->dims[2]; iy++)
            for (gint64 ix = 0; ix < in->dims[3]; ix++)
                y[i] += tent(p.at[2], iy, in->dims[2], node->shape.dims[2], align) *
                        tent(p.at[3], ix, in->dims[3], node->shape.dims[3], align) *
                        pixel(x[0], in, p.at[0], p.at[1], iy, ix, NAN);
    }
}

void naive_reshape(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++)
        y[i] = x[0][i];
}

/* Element by element of the input: where it goes. */
void naive_permute(const VdtNode *node, const double *const *x, double *y)
{
    const VdtShape *in = &node->inputs[0]->shape;
    gint64 n = vdt_shape_elements(in);

    for (gint64 i = 0; i < n; i++) {
        Position p = position_of(in, i);
        gint64 to = 0;

        for (guint d = 0; d < in->n_dims; d++)
            to = to * in->dims[node->p.permute.order[d]] + p.at[node->p.permute.order[d]];
        y[to] = x[0][i];
    }
}

void naive_expand(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++)
        y[i] = element(x[0], &node->inputs[0]->shape, position_of(&node->shape, i));
}

void naive_dropout(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++)
        y[i] = x[0][i];
}

/* The cross entropy of the distributions themselves. */
void naive_cross_entropy(const VdtNode *node, const double *const *x, double *y)
{
    const VdtShape *in = &node->inputs[0]->shape;
    gint64 n = vdt_shape_elements(in);
    double smoothing = node->p.cross_entropy.label_smoothing, labelled = 0;

    y[0] = 0;
    for (gint64 i = 0; i < n; i++) {
        Position p = position_of(in, i);
        gint64 size = in->n_dims == 4 ? in->dims[2] * in->dims[3] : 1;
        double label = x[1][p.at[0] * size + p.at[2] * in->dims[3] * (size > 1) + p.at[3]];
        double sum = 0, is_class = 0;

        for (gint64 c = 0; c < in->dims[1]; c++) {
            sum += exp(x[0][i + (c - p.at[1]) * size]);
            is_class += label == c;
        }
        labelled += is_class / in->dims[1];
        y[0] -= is_class * ((label == p.at[1]) * (1 - smoothing) + smoothing / in->dims[1]) *
                log(exp(x[0][i]) / sum);
    }
    if (labelled > 0.5)
        y[0] /= labelled;
}

void naive_matmul(const VdtNode *node, const double *const *x, double *y)
{
    const VdtShape *a = &node->inputs[0]->shape, *b = &node->inputs[1]->shape;
    guint row = a->n_dims - 2, column = a->n_dims - 1;
    gint64 n = vdt_shape_elements(&node->shape);
    gint64 inner = a->dims[node->p.matmul.transpose_a ? row : column];

    for (gint64 i = 0; i < n; i++) {
        y[i] = 0;
        for (gint64 k = 0; k < inner; k++) {
            Position in_a = position_of(&node->shape, i), in_b = in_a;

            in_a.at[node->p.matmul.transpose_a ? column : row] = in_a.at[row];
            in_a.at[node->p.matmul.transpose_a ? row : column] = k;
            in_b.at[node->p.matmul.transpose_b ? row : column] = in_b.at[column];
            in_b.at[node->p.matmul.transpose_b ? column : row] = k;
            y[i] += element(x[0], a, in_a) * element(x[1], b, in_b) * node->p.matmul.scale;
        }
    }
}

void naive_layer_norm(const VdtNode *node, const double *const *x, double *y)
{
    gint64 size = vdt_shape_elements(&node->inputs[1]->shape);
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        double sum = 0, square = 0;

        for (gint64 k = 0; k < size; k++) {
            sum += x[0][i / size * size + k];
            square += x[0][i / size * size + k] * x[0][i / size * size + k];
        }
        y[i] = (x[0][i] - sum / size) /
                   sqrt(square / size - sum / size * sum / size + node->p.layer_norm.eps) *
                   x[1][i % size] +
               x[2][i % size];
    }
}

void naive_hard_sigmoid(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++)
        y[i] = fmax(0, fmin(1, x[0][i] / 6 + 0.5));
}

void naive_gelu(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++)
        y[i] = x[0][i] * erfc(-x[0][i] / sqrt(2)) / 2;
}

void naive_softmax(const VdtNode *node, const double *const *x, double *y)
{
    gint64 size = node->shape.dims[node->shape.n_dims - 1];
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        double sum = 0;

        for (gint64 k = 0; k < size; k++)
            sum += exp(x[0][i / size * size + k] - x[0][i]);
        y[i] = 1 / sum;
    }
}

void naive_adaptive_avg_pool2d(const VdtNode *node, const double *const *x, double *y)
{
    const VdtShape *in = &node->inputs[0]->shape;
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        Position p = position_of(&node->shape, i);
        double sum = 0, count = 0;

        /* all sources that the output's share of the picture touches */
        for (gint64 iy = 0; iy < in->dims[2]; iy++)
            for (gint64 ix = 0; ix < in->dims[3]; ix++)
                if ((iy + 1) * node->shape.dims[2] > p.at[2] * in->dims[2] &&
                    iy * node->shape.dims[2] < (p.at[2] + 1) * in->dims[2] &&
                    (ix + 1) * node->shape.dims[3] > p.at[3] * in->dims[3] &&
                    ix * node->shape.dims[3] < (p.at[3] + 1) * in->dims[3]) {
                    sum += pixel(x[0], in, p.at[0], p.at[1], iy, ix, NAN);
                    count++;
                }
        y[i] = sum / count;
    }
}

/* Keys' kernel with a = -3/4. */
static double keys(double t)
{
    t = fabs(t);
    return t < 1   ? 1.25 * t * t * t - 2.25 * t * t + 1
           : t < 2 ? -0.75 * (t * t * t - 5 * t * t + 8 * t - 4)
                   : 0;
}

void naive_resize_bicubic(const VdtNode *node, const double *const *x, double *y)
{
    const VdtShape *in = &node->inputs[0]->shape;
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        Position p = position_of(&node->shape, i);
        double down = (p.at[2] + 0.5) * in->dims[2] / node->shape.dims[2] - 0.5;
        double along = (p.at[3] + 0.5) * in->dims[3] / node->shape.dims[3] - 0.5;

        y[i] = 0;
        for (gint64 iy = -3; iy < in->dims[2] + 3; iy++)
            for (gint64 ix = -3; ix < in->dims[3] + 3; ix++)
                y[i] += keys(down - iy) * keys(along - ix) *
                        pixel(x[0], in, p.at[0], p.at[1], CLAMP(iy, 0, in->dims[2] - 1),
                              CLAMP(ix, 0, in->dims[3] - 1), NAN);
    }
}

void naive_distance_bias(const VdtNode *node, const double *const *x, double *y)
{
    gint64 grid = node->p.distance_bias.grid, stride = node->p.distance_bias.stride;
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        Position p = position_of(&node->shape, i);
        double down = p.at[2] / grid * stride - p.at[3] / (grid * stride);
        double along = p.at[2] % grid * stride - p.at[3] % (grid * stride);
        Position entry = {{p.at[1], (gint64)(fabs(down) * grid * stride + fabs(along))}};

        y[i] = element(x[0], &node->inputs[0]->shape, entry);
    }
}

/* How large a side is with its padding. */
static gint64 padded(gint64 size, gint64 window)
{
    return size + (window - size % window) % window;
}

/* What stands in the map, moved by the shift, at the element of windows of that number; zero for
 * padding. @map is the number of that element in the map, or -1. */
static gint64 element_of_map(const VdtNode *node, gint64 number)
{
    const gint64 wide = node->p.windows.window_w, high = node->p.windows.window_h;
    const gint64 height = padded(node->p.windows.height, high);
    const gint64 width = padded(node->p.windows.width, wide);
    const gint64 c = node->inputs[0]->shape.dims[2], shift = node->p.windows.shift;
    const gboolean by_columns = node->p.windows.way == VDT_WINDOWS_JOINED;
    const VdtShape by_rows = vdt_shape(G_MAXINT32, height / high, width / wide, high, wide, c);
    const VdtShape turned = vdt_shape(G_MAXINT32, height / high, width / wide, wide, high, c);
    const Position p = position_of(by_columns ? &turned : &by_rows, number);
    gint64 y = p.at[1] * high + p.at[by_columns ? 4 : 3];
    gint64 x = p.at[2] * wide + p.at[by_columns ? 3 : 4];

    y = (y + shift) % height;
    x = (x + shift) % width;
    if (y >= node->p.windows.height || x >= node->p.windows.width)
        return -1;
    return ((p.at[0] * node->p.windows.height + y) * node->p.windows.width + x) * c + p.at[5];
}

void naive_windows(const VdtNode *node, const double *const *x, double *y)
{
    const gboolean back = node->p.windows.way == VDT_WINDOWS_BACK;
    const gint64 n = vdt_shape_elements(back ? &node->inputs[0]->shape : &node->shape);

    for (gint64 i = 0; i < n; i++) {
        const gint64 of_map = element_of_map(node, i);

        if (back && of_map >= 0)
            y[of_map] = x[0][i];
        else if (!back)
            y[i] = of_map >= 0 ? x[0][of_map] : 0;
    }
}

/* Which of the three stretches of a side, moved by the shift, @at is in. */
static int stretch(gint64 at, gint64 size, gint64 window, gint64 shift)
{
    return (at >= size - window) + (at >= size - shift);
}

void naive_window_bias(const VdtNode *node, const double *const *x, double *y)
{
    const gint64 wide = node->p.windows.window_w, high = node->p.windows.window_h;
    const gint64 height = padded(node->p.windows.height, high);
    const gint64 width = padded(node->p.windows.width, wide), shift = node->p.windows.shift;
    const gint64 heads = node->inputs[0]->shape.dims[1];

    for (gint64 i = 0; i < vdt_shape_elements(&node->shape); i++) {
        const Position p = position_of(&node->shape, i);
        const gint64 window = p.at[1] / heads, down = window / (width / wide) * high;
        const gint64 along = window % (width / wide) * wide;
        const gint64 y1 = p.at[2] / wide, x1 = p.at[2] % wide;
        const gint64 y2 = p.at[3] / wide, x2 = p.at[3] % wide;
        const Position entry = {
            {(y1 - y2 + high - 1) * (2 * wide - 1) + (x1 - x2 + wide - 1), p.at[1] % heads}};

        y[i] = element(x[0], &node->inputs[0]->shape, entry);
        if (shift > 0 &&
            (stretch(down + y1, height, high, shift) != stretch(down + y2, height, high, shift) ||
             stretch(along + x1, width, wide, shift) != stretch(along + x2, width, wide, shift)))
            y[i] -= 100;
    }
}

void naive_concat(const VdtNode *node, const double *const *x, double *y)
{
    guint axis = node->p.along.axis;
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        Position p = position_of(&node->shape, i);
        guint k = 0;

        for (; p.at[axis] >= node->inputs[k]->shape.dims[axis]; k++)
            p.at[axis] -= node->inputs[k]->shape.dims[axis];
        y[i] = element(x[k], &node->inputs[k]->shape, p);
    }
}

void naive_slice(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        Position p = position_of(&node->shape, i);

        p.at[node->p.along.axis] += node->p.along.begin;
        y[i] = element(x[0], &node->inputs[0]->shape, p);
    }
}

void naive_gather_rows(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape), last = node->shape.n_dims - 1;

    for (gint64 i = 0; i < n; i++) {
        gint64 column = position_of(&node->shape, i).at[last];
        gint32 row = ((const gint32 *)x[1])[i / node->shape.dims[last]];

        y[i] = element(x[0], &node->inputs[0]->shape, (Position){{row, column}});
    }
}

/* As many are larger, or equal and before it, as its place among the results says. */
void naive_top_k(const VdtNode *node, const double *const *x, double *y)
{
    const VdtShape *in = &node->inputs[0]->shape;
    gint64 n = in->dims[in->n_dims - 1], k = node->p.top_k.k;
    gint64 rows = vdt_shape_elements(in) / n;

    for (gint64 i = 0; i < rows * n; i++) {
        gint64 row = i / n, before = 0;

        for (gint64 j = row * n; j < (row + 1) * n; j++)
            before += x[0][j] > x[0][i] || (x[0][j] == x[0][i] && j < i);
        if (before < k) {
            y[row * k + before] = x[0][i];
            y[(rows + row) * k + before] = (double)(i % n);
        }
    }
}

/* The mean of the heads of token @token, number @i of it. */
static double mean_of_heads(const VdtNode *node, const double *x, gint64 token, gint64 i)
{
    gint64 c = node->inputs[0]->shape.dims[2], heads = node->p.match_tokens.heads;
    double sum = 0;

    for (gint64 k = 0; k < c; k++)
        sum += k % (c / heads) == i ? x[token * c + k] : 0;
    return sum / heads;
}

static double cosine(const VdtNode *node, const double *x, gint64 a, gint64 b)
{
    gint64 d = node->inputs[0]->shape.dims[2] / node->p.match_tokens.heads;
    double ab = 0, aa = 0, bb = 0;

    for (gint64 i = 0; i < d; i++) {
        double p = mean_of_heads(node, x, a, i), q = mean_of_heads(node, x, b, i);

        ab += p * q;
        aa += p * p;
        bb += q * q;
    }
    return ab / sqrt(aa * bb);
}

/* An even token's best, and where that is; the first token may be out of it. */
static double best_match(const VdtNode *node, const double *x, gint64 sample, gint64 even,
                         gint64 *odd)
{
    gint64 tokens = node->inputs[0]->shape.dims[1], first = sample * tokens;
    double best = -2;

    *odd = 0;
    for (gint64 j = 1; j < tokens; j += 2) {
        double c = cosine(node, x, first + 2 * even, first + j);

        if (c > best) {
            best = c;
            *odd = j / 2;
        }
    }
    return even == 0 && node->p.match_tokens.protect ? -3 : best;
}

void naive_match_tokens(const VdtNode *node, const double *const *x, double *y)
{
    gint64 samples = node->inputs[0]->shape.dims[0], tokens = node->inputs[0]->shape.dims[1];
    gint64 n = node->p.match_tokens.n, odd, other;

    for (gint64 sample = 0; sample < samples; sample++)
        for (gint64 i = 0, at = sample * n; i < (tokens + 1) / 2; i++) {
            double score = best_match(node, x[0], sample, i, &odd);
            gint64 better = 0;

            for (gint64 j = 0; j < (tokens + 1) / 2; j++)
                better += best_match(node, x[0], sample, j, &other) > score;
            if (better < n) {
                y[at] = score;
                y[samples * n + at] = i;
                y[2 * samples * n + at++] = odd;
            }
        }
}

/* Where token @token of @sample is, after those of @source have moved to @target. */
static gint64 merged_place(gint64 tokens, gint64 n, const gint32 *source, const gint32 *target,
                           gint64 sample, gint64 token)
{
    gint64 moved_before = 0;

    for (gint64 i = 0; i < n; i++) {
        if (token % 2 == 0 && source[sample * n + i] == token / 2)
            return (tokens + 1) / 2 - n + target[sample * n + i];
        moved_before += source[sample * n + i] < token / 2;
    }
    return token % 2 ? (tokens + 1) / 2 - n + token / 2 : token / 2 - moved_before;
}

void naive_merge_tokens(const VdtNode *node, const double *const *x, double *y)
{
    const gint64 *in = node->inputs[0]->shape.dims, *left = node->shape.dims;
    gint64 n = in[1] - left[1];

    for (gint64 i = 0; i < vdt_shape_elements(&node->shape); i++) {
        Position p = position_of(&node->shape, i);
        double sum = 0, size = 0;

        for (gint64 t = 0; t < in[1]; t++) {
            double s = node->n_inputs > 3 ? x[3][p.at[0] * in[1] + t] : 1;

            if (merged_place(in[1], n, (const gint32 *)x[1], (const gint32 *)x[2], p.at[0], t) !=
                p.at[1])
                continue;
            sum += s * element(x[0], &node->inputs[0]->shape, (Position){{p.at[0], t, p.at[2]}});
            size += s;
        }
        y[i] = sum / size;
    }
}

void naive_merge_sizes(const VdtNode *node, const double *const *x, double *y)
{
    gint64 tokens = node->p.merge_sizes.tokens, n = tokens - node->shape.dims[1];

    for (gint64 i = 0; i < vdt_shape_elements(&node->shape); i++) {
        Position p = position_of(&node->shape, i);

        y[i] = 0;
        for (gint64 t = 0; t < tokens; t++)
            if (merged_place(tokens, n, (const gint32 *)x[0], (const gint32 *)x[1], p.at[0], t) ==
                p.at[1])
                y[i] += node->n_inputs > 2 ? x[2][p.at[0] * tokens + t] : 1;
    }
}

void naive_log(const VdtNode *node, const double *const *x, double *y)
{
    for (gint64 i = 0; i < vdt_shape_elements(&node->shape); i++)
        y[i] = log2(x[0][i]) * M_LN2;
}

void naive_pixel_shuffle(const VdtNode *node, const double *const *x, double *y)
{
    const gint64 *out = node->shape.dims, r = node->p.pixel_shuffle.factor;
    const gint64 h = out[2] / r, w = out[3] / r;

    for (gint64 n = 0; n < out[0]; n++)
        for (gint64 c = 0; c < out[1]; c++)
            for (gint64 i = 0; i < out[2]; i++)
                for (gint64 j = 0; j < out[3]; j++) {
                    gint64 channel = (c * r + i % r) * r + j % r;

                    *y++ = x[0][((n * out[1] * r * r + channel) * h + i / r) * w + j / r];
                }
}

void naive_charbonnier(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->inputs[0]->shape);

    y[0] = 0;
    for (gint64 i = 0; i < n; i++)
        y[0] += hypot(x[0][i] - x[1][i], node->p.charbonnier.eps) / n;
}

void naive_kl_divergence(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = node->inputs[0]->shape.dims[0], c = node->inputs[0]->shape.dims[1];

    y[0] = 0;
    for (gint64 row = 0; row < n; row++) {
        double p = 0, q = 0;

        for (gint64 i = row * c; i < (row + 1) * c; i++) {
            q += exp(x[0][i]);
            p += exp(x[1][i]);
        }
        for (gint64 i = row * c; i < (row + 1) * c; i++)
            y[0] += exp(x[1][i]) / p * log(exp(x[1][i]) / p * q / exp(x[0][i])) / (n * c);
    }
}

void naive_result(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++)
        y[i] = x[0][node->p.result.number * n + i];
}

void naive_write_rows(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape), at = *(const gint32 *)x[2];

    for (gint64 i = 0; i < n; i++) {
        Position p = position_of(&node->shape, i);

        y[i] = x[0][i];
        p.at[0] -= at;
        if (p.at[0] >= 0 && p.at[0] < node->inputs[1]->shape.dims[0])
            y[i] = element(x[1], &node->inputs[1]->shape, p);
    }
}

void naive_live_rows(const VdtNode *node, const double *const *x, double *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++)
        y[i] = position_of(&node->shape, i).at[0] < *(const gint32 *)x[1] ? x[0][i] : 0;
}
