/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernels of train.h that walk channels: sums over rows, and elementwise gradients. */
#include <math.h>
#include <string.h>

#include "check.h"

#define ALL_CHANNELS  80   /* up to here every number, then some */
#define MOST_CHANNELS 600  /* more than a kernel has sums for at once */
#define MOST_ROWS     1024 /* that a plan passes at once */
#define FEW_ROWS      9
/* Sums and maxima hide a bug behind a NaN: not in every round. */
#define SPECIAL       (check_one_in(2) ? 10 : 0)

/* A kernel, its reference, and the size of this case. */
typedef struct {
    const VdtGradientKernels *kernels, *reference;
    size_t rows, channels, wide;
    gboolean add;
    VdtAct act;
} Case;

typedef struct {
    const float *data;
    size_t pitch;
} Map;

static void for_all_channels(const VdtGradientKernels *kernels, const char *name, size_t most_rows,
                             VdtAct last_act, void (*check)(const Case *))
{
    for (size_t channels = 1; channels <= MOST_CHANNELS;
         channels += channels < ALL_CHANNELS ? 1 : check_between(1, 60)) {
        for (VdtAct act = VDT_ACT_NONE; act <= last_act; act++) {
            for (guint add = 0; add < 2; add++) {
                Case c = {.kernels = kernels,
                          .reference = vdt_gradient_kernels_get(VDT_ISA_C),
                          .rows = check_between(1, check_one_in(4) ? most_rows : FEW_ROWS),
                          .channels = channels,
                          .wide = VDT_ALIGN_LANES(channels),
                          .add = add,
                          .act = act};

                check_case("%s %s: %zu rows, %zu channels, act %d, add %u", kernels->name, name,
                           c.rows, channels, act, add);
                check(&c);
            }
        }
    }
}

static Map make_map(const Case *c, guint special_in)
{
    size_t pitch = check_pitch(c->channels);

    return (Map){check_channels(c->rows, c->channels, pitch, FALSE, special_in), pitch};
}

/* One that may be a single row for all rows, where that is allowed. */
static Map make_map_or_row(const Case *c, guint special_in)
{
    if (check_one_in(4))
        return (Map){check_channels(1, c->channels, c->wide, FALSE, special_in), 0};
    return make_map(c, special_in);
}

static const float *make_row(const Case *c)
{
    return check_channels(1, c->channels, c->wide, FALSE, 0);
}

static double get(Map map, size_t row, size_t channel)
{
    return map.data[row * map.pitch + channel];
}

/* Two outputs alike, and the exact values to come, which begin with what the outputs do. */
typedef struct {
    CheckOutput reference, output;
    CheckExact *exact; /* [rows][channels] */
    size_t channels;
} Result;

static Result make_result(const Case *c, size_t rows, gboolean add)
{
    size_t pitch = rows > 1 ? check_pitch(c->channels) : c->wide;
    const float *start;
    Result r = {.exact = g_new(CheckExact, rows * c->channels), .channels = c->channels};

    r.reference = check_output_f32(rows, c->channels, pitch, add, &start);
    r.output = check_output_copy(&r.reference);
    for (size_t i = 0; i < rows * c->channels; i++) {
        double value = add ? start[i / c->channels * pitch + i % c->channels] : 0;

        r.exact[i] = (CheckExact){value, fabs(value)};
    }
    return r;
}

static void add_term(Result *r, size_t row, size_t channel, double value, double scale)
{
    r->exact[row * r->channels + channel].value += value;
    r->exact[row * r->channels + channel].scale += scale;
}

static void check_result(Result *r)
{
    check_outside(&r->reference, r->channels);
    check_outside(&r->output, r->channels);
    check_compare(r->exact, &r->reference, &r->output, r->channels);
    g_free(r->exact);
}

static float *data_of(const CheckOutput *output)
{
    return (float *)output->data;
}

static double gelu_slope(double x)
{
    double density = exp(-x * x / 2) * M_SQRT1_2 * M_2_SQRTPI / 2;

    return isinf(x) ? x > 0 : erfc(-x * M_SQRT1_2) / 2 + x * density;
}

/* The gradient before an activation, and the size of what it is made of. */
static CheckExact before(VdtAct act, double y, double dy)
{
    if (act == VDT_ACT_RELU)
        return y > 0 ? (CheckExact){dy, fabs(dy)} : (CheckExact){0, 0};
    if (act == VDT_ACT_SIGMOID)
        return (CheckExact){dy * y * (1 - y), fabs(dy * y) * (1 + fabs(y))};
    if (act == VDT_ACT_GELU)
        return (CheckExact){dy * gelu_slope(y), 2 * fabs(dy)};
    return (CheckExact){dy, fabs(dy)};
}

static Map make_result_map(const Case *c, guint special_in)
{
    return c->act == VDT_ACT_NONE ? (Map){0} : make_map(c, special_in);
}

static CheckExact before_at(const Case *c, Map y, Map dy, size_t row, size_t channel)
{
    return before(c->act, y.data ? get(y, row, channel) : 0, get(dy, row, channel));
}

static void check_moments(const Case *c)
{
    Map x = make_map(c, SPECIAL);
    const float *shift = make_row(c);
    Result sum = make_result(c, 1, TRUE), square = make_result(c, 1, TRUE);

    c->reference->moments(c->rows, c->channels, x.data, x.pitch, shift, data_of(&sum.reference),
                          data_of(&square.reference));
    c->kernels->moments(c->rows, c->channels, x.data, x.pitch, shift, data_of(&sum.output),
                        data_of(&square.output));
    for (size_t i = 0; i < c->rows; i++) {
        for (size_t j = 0; j < c->channels; j++) {
            double value = get(x, i, j) - shift[j], scale = fabs(get(x, i, j)) + fabs(shift[j]);

            add_term(&sum, 0, j, value, scale);
            add_term(&square, 0, j, value * value, scale * scale);
        }
    }
    check_result(&sum);
    check_result(&square);
}

static void check_affine_rows(const Case *c)
{
    Map x = make_map(c, SPECIAL);
    const float *scale = make_row(c), *bias = make_row(c);
    Result y = make_result(c, c->rows, FALSE);

    c->reference->affine_rows(c->rows, c->channels, x.data, x.pitch, scale, bias, c->act,
                              data_of(&y.reference), y.reference.pitch);
    c->kernels->affine_rows(c->rows, c->channels, x.data, x.pitch, scale, bias, c->act,
                            data_of(&y.output), y.output.pitch);
    for (size_t i = 0; i < c->rows; i++) {
        for (size_t j = 0; j < c->channels; j++) {
            double term = get(x, i, j) * scale[j];
            CheckExact value = {term + bias[j], fabs(term) + fabs(bias[j])};

            y.exact[i * c->channels + j] = check_activate(value, c->act);
        }
    }
    check_result(&y);
}

static void check_act_gradient(const Case *c)
{
    /* No slope is infinitely steep, but far out GELU's may be 0 or nearly so. */
    Map y = make_result_map(c, c->act == VDT_ACT_GELU ? 0 : SPECIAL), dy = make_map(c, SPECIAL);
    Result dx = make_result(c, c->rows, c->add);

    c->reference->act_gradient(c->rows, c->channels, c->act, y.data, y.pitch, dy.data, dy.pitch,
                               data_of(&dx.reference), dx.reference.pitch, c->add);
    c->kernels->act_gradient(c->rows, c->channels, c->act, y.data, y.pitch, dy.data, dy.pitch,
                             data_of(&dx.output), dx.output.pitch, c->add);
    for (size_t i = 0; i < c->rows; i++) {
        for (size_t j = 0; j < c->channels; j++) {
            CheckExact g = before_at(c, y, dy, i, j);

            add_term(&dx, i, j, g.value, g.scale);
        }
    }
    check_result(&dx);
}

static void check_norm_sums(const Case *c)
{
    guint special = SPECIAL;
    Map x = make_map(c, special), y = make_result_map(c, special), dy = make_map(c, special);
    const float *mean = make_row(c);
    Result sum = make_result(c, 1, TRUE), dot = make_result(c, 1, TRUE);

    c->reference->norm_sums(c->rows, c->channels, c->act, x.data, x.pitch, y.data, y.pitch, dy.data,
                            dy.pitch, mean, data_of(&sum.reference), data_of(&dot.reference));
    c->kernels->norm_sums(c->rows, c->channels, c->act, x.data, x.pitch, y.data, y.pitch, dy.data,
                          dy.pitch, mean, data_of(&sum.output), data_of(&dot.output));
    for (size_t i = 0; i < c->rows; i++) {
        for (size_t j = 0; j < c->channels; j++) {
            CheckExact g = before_at(c, y, dy, i, j);

            add_term(&sum, 0, j, g.value, g.scale);
            add_term(&dot, 0, j, g.value * (get(x, i, j) - mean[j]),
                     g.scale * (fabs(get(x, i, j)) + fabs(mean[j])));
        }
    }
    check_result(&sum);
    check_result(&dot);
}

static void check_norm_gradient(const Case *c)
{
    guint special = SPECIAL;
    Map x = make_map(c, special), y = make_result_map(c, special), dy = make_map(c, special);
    const float *mean = make_row(c), *a = make_row(c), *b = make_row(c), *c0 = make_row(c);
    Result dx = make_result(c, c->rows, c->add);

    c->reference->norm_gradient(c->rows, c->channels, c->act, x.data, x.pitch, y.data, y.pitch,
                                dy.data, dy.pitch, mean, a, b, c0, data_of(&dx.reference),
                                dx.reference.pitch, c->add);
    c->kernels->norm_gradient(c->rows, c->channels, c->act, x.data, x.pitch, y.data, y.pitch,
                              dy.data, dy.pitch, mean, a, b, c0, data_of(&dx.output),
                              dx.output.pitch, c->add);
    for (size_t i = 0; i < c->rows; i++) {
        for (size_t j = 0; j < c->channels; j++) {
            CheckExact g = before_at(c, y, dy, i, j);
            double centred = get(x, i, j) - mean[j], size = fabs(get(x, i, j)) + fabs(mean[j]);

            add_term(&dx, i, j, g.value * a[j] + centred * b[j] + c0[j],
                     g.scale * fabs(a[j]) + size * fabs(b[j]) + fabs(c0[j]));
        }
    }
    check_result(&dx);
}

/* Now and then only one of the two things that there is to compute. */
static void check_layer_norm_gradient(const Case *c)
{
    Map x = make_map(c, 0), dy = make_map(c, check_one_in(4) ? 200 : 0);
    const float *weight = make_row(c);
    const float eps = 1e-6f, offset = check_one_in(3) ? 10 : 0;
    gboolean with_dx = !check_one_in(5), with_parameters = !with_dx || !check_one_in(5);
    Result dx = make_result(c, c->rows, c->add);
    Result dweight = make_result(c, 1, TRUE), dbias = make_result(c, 1, TRUE);

    for (size_t i = 0; i < c->rows * c->channels; i++)
        ((float *)x.data)[i / c->channels * x.pitch + i % c->channels] += offset;
    c->reference->layer_norm_gradient(c->rows, c->channels, x.data, x.pitch, dy.data, dy.pitch,
                                      weight, eps, with_dx ? data_of(&dx.reference) : NULL,
                                      dx.reference.pitch, c->add,
                                      with_parameters ? data_of(&dweight.reference) : NULL,
                                      with_parameters ? data_of(&dbias.reference) : NULL);
    c->kernels->layer_norm_gradient(c->rows, c->channels, x.data, x.pitch, dy.data, dy.pitch,
                                    weight, eps, with_dx ? data_of(&dx.output) : NULL,
                                    dx.output.pitch, c->add,
                                    with_parameters ? data_of(&dweight.output) : NULL,
                                    with_parameters ? data_of(&dbias.output) : NULL);
    for (size_t i = 0; i < c->rows; i++) {
        double mean = 0, square = 0, most = 0, scale;
        double sum = 0, dot = 0, sum_size = 0, dot_size = 0;

        for (size_t j = 0; j < c->channels; j++) {
            mean += get(x, i, j) / c->channels;
            most = fmax(most, fabs(get(x, i, j)));
        }
        for (size_t j = 0; j < c->channels; j++)
            square += pow(get(x, i, j) - mean, 2) / c->channels;
        scale = 1 / sqrt(square + eps);
        for (size_t j = 0; j < c->channels; j++) {
            double g = get(dy, i, j) * weight[j], normed = (get(x, i, j) - mean) * scale;
            double size = fabs(normed) + most * scale;

            sum += g / c->channels;
            dot += g * normed / c->channels;
            sum_size += fabs(g) / c->channels;
            dot_size += fabs(g) * size / c->channels;
            if (with_parameters) {
                add_term(&dweight, 0, j, get(dy, i, j) * normed, fabs(get(dy, i, j)) * size);
                add_term(&dbias, 0, j, get(dy, i, j), fabs(get(dy, i, j)));
            }
        }
        for (size_t j = 0; j < c->channels && with_dx; j++) {
            double g = get(dy, i, j) * weight[j], normed = (get(x, i, j) - mean) * scale;
            double size = fabs(normed) + most * scale;

            add_term(&dx, i, j, (g - sum - normed * dot) * scale,
                     (fabs(g) + sum_size + size * dot_size) * scale);
        }
    }
    if (with_dx)
        check_result(&dx);
    else
        g_free(dx.exact);
    if (with_parameters) {
        check_result(&dweight);
        check_result(&dbias);
    } else {
        g_free(dweight.exact);
        g_free(dbias.exact);
    }
}

static void check_mul_rows(const Case *c)
{
    Map a = make_map_or_row(c, SPECIAL), b = make_map_or_row(c, SPECIAL);
    Result y = make_result(c, c->rows, c->add);

    c->reference->mul_rows(c->rows, c->channels, a.data, a.pitch, b.data, b.pitch,
                           data_of(&y.reference), y.reference.pitch, c->add);
    c->kernels->mul_rows(c->rows, c->channels, a.data, a.pitch, b.data, b.pitch, data_of(&y.output),
                         y.output.pitch, c->add);
    for (size_t i = 0; i < c->rows; i++)
        for (size_t j = 0; j < c->channels; j++)
            add_term(&y, i, j, get(a, i, j) * get(b, i, j), fabs(get(a, i, j) * get(b, i, j)));
    check_result(&y);
}

static void check_dot_rows(const Case *c)
{
    Map a = make_map(c, SPECIAL), b = make_map(c, SPECIAL);
    Result sum = make_result(c, 1, TRUE);

    c->reference->dot_rows(c->rows, c->channels, a.data, a.pitch, b.data, b.pitch,
                           data_of(&sum.reference));
    c->kernels->dot_rows(c->rows, c->channels, a.data, a.pitch, b.data, b.pitch,
                         data_of(&sum.output));
    for (size_t i = 0; i < c->rows; i++)
        for (size_t j = 0; j < c->channels; j++)
            add_term(&sum, 0, j, get(a, i, j) * get(b, i, j), fabs(get(a, i, j) * get(b, i, j)));
    check_result(&sum);
}

static void check_copy_rows(const Case *c)
{
    Map x = make_map_or_row(c, SPECIAL);
    float factor = (float)check_uniform(-2, 2);
    Result y = make_result(c, c->rows, c->add);

    c->reference->copy_rows(c->rows, c->channels, x.data, x.pitch, factor, data_of(&y.reference),
                            y.reference.pitch, c->add);
    c->kernels->copy_rows(c->rows, c->channels, x.data, x.pitch, factor, data_of(&y.output),
                          y.output.pitch, c->add);
    for (size_t i = 0; i < c->rows; i++)
        for (size_t j = 0; j < c->channels; j++)
            add_term(&y, i, j, get(x, i, j) * factor, fabs(get(x, i, j) * factor));
    check_result(&y);
}

/* The error of a share: that of its exponent, which grows with what is subtracted. */
static void check_softmax_rows(const Case *c)
{
    Map x = make_map(c, 0);
    Result y = make_result(c, c->rows, FALSE);

    for (size_t i = 0; i < c->rows * c->channels; i++)
        if (check_one_in(10))
            ((float *)x.data)[i / c->channels * x.pitch + i % c->channels] *= 50;
    c->reference->softmax_rows(c->rows, c->channels, x.data, x.pitch, data_of(&y.reference),
                               y.reference.pitch);
    c->kernels->softmax_rows(c->rows, c->channels, x.data, x.pitch, data_of(&y.output),
                             y.output.pitch);
    for (size_t i = 0; i < c->rows; i++) {
        double most = -INFINITY, sum = 0;

        for (size_t j = 0; j < c->channels; j++)
            most = fmax(most, get(x, i, j));
        for (size_t j = 0; j < c->channels; j++)
            sum += exp(get(x, i, j) - most);
        for (size_t j = 0; j < c->channels; j++) {
            double share = exp(get(x, i, j) - most) / sum;

            add_term(&y, i, j, share, share * (4 + 2 * fabs(get(x, i, j) - most)) + 1e-30);
        }
    }
    check_result(&y);
}

/* The taps of one output pixel: rows of a map and those of its gradient, in any order and some more
 * than once, as windows at an edge overlap. */
typedef struct {
    size_t taps;
    size_t row[64];
    const float **a;
    float **dx, **reference_dx;
} Window;

static Window make_window(size_t taps, Map x, size_t rows, const Result *dx)
{
    Window w = {.taps = taps,
                .a = check_memory(taps * sizeof *w.a),
                .dx = check_memory(taps * sizeof *w.dx),
                .reference_dx = check_memory(taps * sizeof *w.reference_dx)};

    for (size_t t = 0; t < taps; t++) {
        w.row[t] = check_between(0, rows - 1);
        w.a[t] = x.data + w.row[t] * x.pitch;
        w.dx[t] = data_of(&dx->output) + w.row[t] * dx->output.pitch;
        w.reference_dx[t] = data_of(&dx->reference) + w.row[t] * dx->reference.pitch;
    }
    return w;
}

static void check_max_row_gradient(const Case *c)
{
    Map x = make_map(c, 0);
    const float *dy = make_row(c);
    float *y = check_memory(c->wide * sizeof *y);
    Result dx = make_result(c, c->rows, TRUE);
    Window w = make_window(check_between(1, 25), x, c->rows, &dx);

    /* Few values, so that many are equal; at times one, or the maximum, is NaN. */
    for (size_t i = 0; i < c->rows * c->channels; i++) {
        float *value = (float *)x.data + i / c->channels * x.pitch + i % c->channels;

        *value = c->add && check_one_in(20) ? NAN : roundf(*value * 3);
    }
    for (size_t j = 0; j < c->wide; j++) {
        y[j] = w.a[0][j];
        for (size_t t = 1; t < w.taps; t++)
            y[j] = w.a[t][j] > y[j] || isnan(w.a[t][j]) ? w.a[t][j] : y[j];
    }
    c->reference->max_row_gradient(w.taps, c->channels, w.a, y, dy, w.reference_dx);
    c->kernels->max_row_gradient(w.taps, c->channels, w.a, y, dy, w.dx);
    for (size_t j = 0; j < c->channels; j++) {
        for (size_t t = 0; t < w.taps; t++) {
            if (w.a[t][j] == y[j]) {
                add_term(&dx, w.row[t], j, dy[j], fabs(dy[j]));
                break;
            }
        }
    }
    check_result(&dx);
}

static void test_moments(gconstpointer kernels)
{
    for_all_channels(kernels, "moments", MOST_ROWS, VDT_ACT_NONE, check_moments);
}

static void test_affine_rows(gconstpointer kernels)
{
    for_all_channels(kernels, "affine_rows", FEW_ROWS, VDT_ACT_SIGMOID, check_affine_rows);
}

static void test_act_gradient(gconstpointer kernels)
{
    for_all_channels(kernels, "act_gradient", FEW_ROWS, VDT_ACT_GELU, check_act_gradient);
}

static void test_norm_sums(gconstpointer kernels)
{
    for_all_channels(kernels, "norm_sums", MOST_ROWS, VDT_ACT_RELU, check_norm_sums);
}

static void test_norm_gradient(gconstpointer kernels)
{
    for_all_channels(kernels, "norm_gradient", FEW_ROWS, VDT_ACT_RELU, check_norm_gradient);
}

static void test_layer_norm_gradient(gconstpointer kernels)
{
    for_all_channels(kernels, "layer_norm_gradient", MOST_ROWS / 8, VDT_ACT_NONE,
                     check_layer_norm_gradient);
}

static void test_mul_rows(gconstpointer kernels)
{
    for_all_channels(kernels, "mul_rows", FEW_ROWS, VDT_ACT_NONE, check_mul_rows);
}

static void test_dot_rows(gconstpointer kernels)
{
    for_all_channels(kernels, "dot_rows", MOST_ROWS, VDT_ACT_NONE, check_dot_rows);
}

static void test_copy_rows(gconstpointer kernels)
{
    for_all_channels(kernels, "copy_rows", FEW_ROWS, VDT_ACT_NONE, check_copy_rows);
}

static void test_softmax_rows(gconstpointer kernels)
{
    for_all_channels(kernels, "softmax_rows", FEW_ROWS, VDT_ACT_NONE, check_softmax_rows);
}

static void test_max_row_gradient(gconstpointer kernels)
{
    for_all_channels(kernels, "max_row_gradient", 25, VDT_ACT_NONE, check_max_row_gradient);
}

void check_add_gradient(const VdtGradientKernels *kernels)
{
    check_add_gradient_test(kernels, "moments", test_moments);
    check_add_gradient_test(kernels, "affine_rows", test_affine_rows);
    check_add_gradient_test(kernels, "act_gradient", test_act_gradient);
    check_add_gradient_test(kernels, "norm_sums", test_norm_sums);
    check_add_gradient_test(kernels, "norm_gradient", test_norm_gradient);
    check_add_gradient_test(kernels, "layer_norm_gradient", test_layer_norm_gradient);
    check_add_gradient_test(kernels, "mul_rows", test_mul_rows);
    check_add_gradient_test(kernels, "dot_rows", test_dot_rows);
    check_add_gradient_test(kernels, "copy_rows", test_copy_rows);
    check_add_gradient_test(kernels, "softmax_rows", test_softmax_rows);
    check_add_gradient_test(kernels, "max_row_gradient", test_max_row_gradient);
}
