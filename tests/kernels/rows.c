/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernels that walk channels: scaling, sums, maxima, depthwise products, elementwise maps. */
#include <math.h>
#include <string.h>

#include "check.h"

#define MOST_CHANNELS 80
#define ROUNDS        3 /* for each number of channels */
/* Sums and maxima hide a bug behind a NaN: not in every round. */
#define SPECIAL       (check_one_in(2) ? 10 : 0)

static void for_all_channels(const VdtKernels *kernels, const char *name,
                             void (*check)(const VdtKernels *, size_t channels))
{
    for (size_t channels = 1; channels <= MOST_CHANNELS; channels++) {
        for (guint round = 0; round < ROUNDS; round++) {
            check_case("%s %s: %zu channels, round %u", kernels->name, name, channels, round);
            check(kernels, channels);
        }
    }
}

static void check_outputs(const CheckExact *exact, const CheckOutput *reference,
                          const CheckOutput *output, size_t channels)
{
    check_outside(reference, channels);
    check_outside(output, channels);
    check_compare(exact, reference, output, channels);
}

static void check_scale_rows(const VdtKernels *kernels, size_t channels)
{
    gboolean bf16 = check_is_bf16(kernels);
    size_t rows = check_between(1, 9), wide = VDT_ALIGN_LANES(channels);
    size_t x_pitch = check_pitch(channels), y_pitch = check_pitch(channels);
    const void *x = check_channels(rows, channels, x_pitch, bf16, SPECIAL);
    const void *scale = check_channels(1, channels, wide, bf16, SPECIAL);
    CheckOutput reference = check_output(rows, wide, y_pitch, bf16);
    CheckOutput y = check_output(rows, wide, y_pitch, bf16);
    CheckExact exact[9 * MOST_CHANNELS];

    check_reference(kernels)->scale_rows(rows, channels, x, x_pitch, scale, reference.data,
                                         y_pitch);
    kernels->scale_rows(rows, channels, x, x_pitch, scale, y.data, y_pitch);
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < channels; c++) {
            double value = check_get(x, i * x_pitch + c, bf16) * check_get(scale, c, bf16);

            exact[i * channels + c] = (CheckExact){value, fabs(value)};
        }
    }
    check_outputs(exact, &reference, &y, channels);
}

static void check_sum_rows(const VdtKernels *kernels, size_t channels)
{
    gboolean bf16 = check_is_bf16(kernels);
    size_t rows = check_between(1, 60), wide = VDT_ALIGN_LANES(channels);
    size_t pitch = check_pitch(channels);
    const void *x = check_channels(rows, channels, pitch, bf16, SPECIAL);
    const float *start = check_channels(1, channels, wide, FALSE, 0);
    CheckOutput reference = check_output(1, wide, wide, FALSE);
    CheckOutput sum = check_output(1, wide, wide, FALSE);
    CheckExact exact[MOST_CHANNELS];

    memcpy(reference.data, start, wide * sizeof *start);
    memcpy(sum.data, start, wide * sizeof *start);
    check_reference(kernels)->sum_rows(rows, channels, x, pitch, (float *)reference.data);
    kernels->sum_rows(rows, channels, x, pitch, (float *)sum.data);
    for (size_t c = 0; c < channels; c++) {
        exact[c] = (CheckExact){start[c], fabs(start[c])};
        for (size_t i = 0; i < rows; i++) {
            exact[c].value += check_get(x, i * pitch + c, bf16);
            exact[c].scale += fabs(check_get(x, i * pitch + c, bf16));
        }
    }
    check_outputs(exact, &reference, &sum, channels);
}

static void check_store_scaled(const VdtKernels *kernels, size_t channels)
{
    gboolean bf16 = check_is_bf16(kernels);
    size_t wide = VDT_ALIGN_LANES(channels);
    const float *value = check_channels(1, channels, wide, FALSE, SPECIAL);
    float factor = (float)check_uniform(-2, 2);
    CheckOutput reference = check_output(1, wide, wide, bf16);
    CheckOutput y = check_output(1, wide, wide, bf16);
    CheckExact exact[MOST_CHANNELS];

    check_reference(kernels)->store_scaled(channels, value, factor, reference.data);
    kernels->store_scaled(channels, value, factor, y.data);
    for (size_t c = 0; c < channels; c++)
        exact[c] = (CheckExact){(double)value[c] * factor, fabs((double)value[c] * factor)};
    check_outputs(exact, &reference, &y, channels);
}

/* @n rows of one map, in any order and some more than once, as windows overlap. */
static const void **pick_rows(size_t n, const void *map, size_t rows, size_t pitch, gboolean bf16)
{
    const void **a = check_memory(n * sizeof *a);

    for (size_t i = 0; i < n; i++)
        a[i] = (const char *)map + check_between(0, rows - 1) * pitch * (bf16 ? 2 : 4);
    return a;
}

static void check_max_row(const VdtKernels *kernels, size_t channels)
{
    gboolean bf16 = check_is_bf16(kernels);
    size_t taps = check_between(1, 25), wide = VDT_ALIGN_LANES(channels);
    size_t pitch = check_pitch(channels);
    const void *x = check_channels(taps, channels, pitch, bf16, SPECIAL);
    const void **a = pick_rows(taps, x, taps, pitch, bf16);
    CheckOutput reference = check_output(1, wide, wide, bf16);
    CheckOutput y = check_output(1, wide, wide, bf16);
    CheckExact exact[MOST_CHANNELS];

    check_reference(kernels)->max_row(taps, channels, a, reference.data);
    kernels->max_row(taps, channels, a, y.data);
    for (size_t c = 0; c < channels; c++) {
        double most = -INFINITY;

        for (size_t t = 0; t < taps; t++) {
            double value = check_get(a[t], c, bf16);

            most = isnan(value) || isnan(most) ? NAN : MAX(most, value);
        }
        /* No scale: a maximum is exact. */
        exact[c] = (CheckExact){most, 0};
        if (isfinite(most) && check_get(y.data, c, bf16) != most)
            check_fail("channel %zu is %g, should be %g", c, check_get(y.data, c, bf16), most);
    }
    check_outputs(exact, &reference, &y, channels);
}

static void check_blend_rows(const VdtKernels *kernels, size_t channels)
{
    gboolean bf16 = check_is_bf16(kernels);
    size_t outs = check_between(1, check_one_in(4) ? 20 : 9), taps = check_between(1, 9);
    size_t pitch = check_pitch(channels), y_pitch = check_pitch(channels), rows = MIN(taps, 4);
    guint special = SPECIAL;
    const void *x = check_channels(rows, channels, pitch, bf16, special);
    const void **a = pick_rows(taps, x, rows, pitch, bf16);
    const float *weights = check_channels(1, outs * taps, VDT_ALIGN_LANES(outs * taps), FALSE, 0);
    CheckOutput reference = check_output(outs, VDT_ALIGN_LANES(channels), y_pitch, bf16);
    CheckOutput y = check_output(outs, VDT_ALIGN_LANES(channels), y_pitch, bf16);
    g_autofree CheckExact *exact = g_new0(CheckExact, outs * channels);

    check_reference(kernels)->blend_rows(outs, taps, channels, a, weights, reference.data, y_pitch);
    kernels->blend_rows(outs, taps, channels, a, weights, y.data, y_pitch);
    for (size_t i = 0; i < outs * channels; i++) {
        for (size_t t = 0; t < taps; t++) {
            double term = check_get(a[t], i % channels, bf16) * weights[i / channels * taps + t];

            exact[i].value += term;
            exact[i].scale += fabs(term);
        }
    }
    check_outputs(exact, &reference, &y, channels);
}

/* Along the row of channels, in float; with values whose exponentials are too large for one, too.
 */
static void check_softmax_row(const VdtKernels *kernels, size_t n)
{
    const float factors[] = {1, 20, 1000};
    size_t wide = VDT_ALIGN_LANES(n);
    float *x = check_channels(1, n, wide, FALSE, 0), factor = factors[check_between(0, 2)];
    CheckOutput reference = check_output(1, wide, wide, FALSE);
    CheckOutput y = check_output(1, wide, wide, FALSE);
    CheckExact exact[MOST_CHANNELS];
    double top = -INFINITY, sum = 0;

    for (size_t i = 0; i < n; i++) {
        x[i] *= factor;
        top = MAX(top, x[i]);
    }
    memcpy(reference.data, x, wide * sizeof *x);
    memcpy(y.data, x, wide * sizeof *x);
    check_reference(kernels)->softmax_row(n, (float *)reference.data);
    kernels->softmax_row(n, (float *)y.data);
    for (size_t i = 0; i < n; i++)
        sum += exp(x[i] - top);
    for (size_t i = 0; i < n; i++) {
        double value = exp(x[i] - top) / sum;

        /* two roundings of the exponent's argument, at least; and no denormal numbers */
        exact[i] = (CheckExact){value, value * (1 + 2 * (top - x[i])) + 1e-30};
    }
    check_outputs(exact, &reference, &y, n);
}

static void check_exp_rows(const VdtKernels *kernels, size_t channels)
{
    gboolean bf16 = check_is_bf16(kernels), with_sum = !check_one_in(3);
    size_t rows = check_between(1, 20), wide = VDT_ALIGN_LANES(channels);
    size_t pitch = check_pitch(channels), y_pitch = check_pitch(channels);
    const void *x = check_channels(rows, channels, pitch, bf16, 0);
    float *top = check_channels(1, channels, wide, FALSE, 0);
    const float *start = check_channels(1, channels, wide, FALSE, 0);
    CheckOutput reference = check_output(rows, wide, y_pitch, FALSE);
    CheckOutput y = check_output(rows, wide, y_pitch, FALSE);
    CheckOutput reference_sum = check_output(1, wide, wide, FALSE);
    CheckOutput sum = check_output(1, wide, wide, FALSE);
    CheckExact *exact = check_memory(rows * channels * sizeof *exact), sums[MOST_CHANNELS];
    float far = check_one_in(4) ? 200 : 0;

    for (size_t c = 0; c < wide; c++) {
        top[c] += far;
        for (size_t i = 0; i < rows && c >= channels; i++)
            top[c] = MAX(top[c], (float)check_get(x, i * pitch + c, bf16));
    }
    memcpy(reference_sum.data, start, wide * sizeof *start);
    memcpy(sum.data, start, wide * sizeof *start);
    check_reference(kernels)->exp_rows(rows, channels, x, pitch, top, (float *)reference.data,
                                       y_pitch, with_sum ? (float *)reference_sum.data : NULL);
    kernels->exp_rows(rows, channels, x, pitch, top, (float *)y.data, y_pitch,
                      with_sum ? (float *)sum.data : NULL);
    for (size_t c = 0; c < channels; c++) {
        sums[c] = (CheckExact){start[c], fabs(start[c])};
        for (size_t i = 0; i < rows; i++) {
            double below = check_get(x, i * pitch + c, bf16) - (double)top[c], value = exp(below);

            /* as for softmax_row */
            exact[i * channels + c] = (CheckExact){value, value * (1 + 2 * fabs(below)) + 1e-30};
            if (with_sum) {
                sums[c].value += value;
                sums[c].scale += exact[i * channels + c].scale;
            }
        }
    }
    check_outputs(exact, &reference, &y, channels);
    check_outputs(sums, &reference_sum, &sum, channels);
}

/* Also with a mean that is large against the deviation; past the channels there are large numbers
 * that must not count. */
static void check_layer_norm_rows(const VdtKernels *kernels, size_t channels)
{
    gboolean bf16 = check_is_bf16(kernels);
    size_t rows, wide, x_pitch, y_pitch;
    void *x;
    const float *weight, *bias;
    float eps = check_one_in(2) ? 1e-6f : 1e-5f;
    CheckOutput reference, y;
    CheckExact *exact;

    channels += check_one_in(4) ? check_between(100, 900) : 0;
    wide = VDT_ALIGN_LANES(channels);
    rows = check_between(1, 9);
    x_pitch = check_pitch(channels);
    y_pitch = check_pitch(channels);
    x = check_channels(rows, channels, x_pitch, bf16, check_one_in(4) ? 100 : 0);
    weight = check_channels(1, channels, wide, FALSE, 0);
    bias = check_channels(1, channels, wide, FALSE, 0);
    reference = check_output(rows, wide, y_pitch, bf16);
    y = check_output(rows, wide, y_pitch, bf16);
    exact = check_memory(rows * channels * sizeof *exact);
    for (size_t i = 0; i < rows * channels && check_one_in(3); i++) {
        size_t at = i / channels * x_pitch + i % channels;

        check_set(x, at, bf16, check_get(x, at, bf16) + 30);
    }
    check_reference(kernels)->layer_norm_rows(rows, channels, x, x_pitch, weight, bias, eps,
                                              reference.data, y_pitch);
    kernels->layer_norm_rows(rows, channels, x, x_pitch, weight, bias, eps, y.data, y_pitch);
    for (size_t i = 0; i < rows; i++) {
        double sum = 0, square = 0, most = 0, mean, scale;

        for (size_t c = 0; c < channels; c++) {
            sum += check_get(x, i * x_pitch + c, bf16);
            most = fmax(most, fabs(check_get(x, i * x_pitch + c, bf16)));
        }
        mean = sum / channels;
        for (size_t c = 0; c < channels; c++)
            square += pow(check_get(x, i * x_pitch + c, bf16) - mean, 2);
        scale = 1 / sqrt(square / channels + eps);
        for (size_t c = 0; c < channels; c++) {
            double normed = (check_get(x, i * x_pitch + c, bf16) - mean) * scale;

            /* the mean's error, through the scale, comes to all of them */
            exact[i * channels + c] =
                (CheckExact){normed * weight[c] + bias[c],
                             (fabs(normed) + most * scale) * fabs(weight[c]) + fabs(bias[c])};
        }
    }
    check_outputs(exact, &reference, &y, channels);
}

/* Rows below a divisor that is nearly 0, too, and in place. */
static void check_share_rows(const VdtKernels *kernels, size_t channels)
{
    gboolean bf16 = check_is_bf16(kernels);
    const float eps = 1e-6f;
    size_t rows, x_pitch, y_pitch;
    void *x;
    float *weight;
    CheckOutput reference, y;
    CheckExact *exact;

    channels = VDT_ALIGN_LANES(channels);
    rows = check_between(1, 9);
    x_pitch = check_pitch(channels);
    y_pitch = check_pitch(channels);
    x = check_channels(rows, channels, x_pitch, bf16, 0);
    weight = (float *)check_channels(1, channels, channels, FALSE, 0);
    reference = check_output(rows, channels, y_pitch, bf16);
    y = check_output(rows, channels, y_pitch, bf16);
    exact = check_memory(rows * channels * sizeof *exact);
    for (size_t c = 0; c < channels; c++)
        weight[c] = fabsf(weight[c]);
    for (size_t i = 0; i < rows; i++) {
        const gboolean zeros = check_one_in(5);

        for (size_t c = 0; c < channels; c++)
            check_set(x, i * x_pitch + c, bf16,
                      zeros ? 0 : fabs(check_get(x, i * x_pitch + c, bf16)));
    }
    check_reference(kernels)->share_rows(rows, channels, x, x_pitch, weight, eps, reference.data,
                                         y_pitch);
    kernels->share_rows(rows, channels, x, x_pitch, weight, eps, y.data, y_pitch);
    for (size_t i = 0; i < rows; i++) {
        double sum = eps;

        for (size_t c = 0; c < channels; c++)
            sum += check_get(x, i * x_pitch + c, bf16) * weight[c];
        for (size_t c = 0; c < channels; c++) {
            double share = check_get(x, i * x_pitch + c, bf16) / sum;

            exact[i * channels + c] = (CheckExact){share, share};
        }
    }
    check_outputs(exact, &reference, &y, channels);
}

static void check_depthwise_rows(const VdtKernels *kernels, size_t channels)
{
    gboolean bf16 = check_is_bf16(kernels);
    size_t rows = check_between(1, VDT_MOST_TILE_ROWS);
    size_t lines = check_between(1, 9), width = check_one_in(2) ? 3 : check_between(1, 7),
           taps = lines * width;
    size_t seen = rows + width - 1; /* of a line */
    size_t wide = VDT_ALIGN_LANES(channels), n_inputs = MIN(lines * seen, 9);
    size_t pitch = check_pitch(channels), y_pitch = check_pitch(channels);
    guint special = check_one_in(2) ? 100 : 0;
    const void *x = check_channels(n_inputs, channels, pitch, bf16, special);
    const void **a = pick_rows(lines * seen, x, n_inputs, pitch, bf16);
    const float *weight = check_channels(taps, channels, wide, FALSE, 0);
    VdtEpilogue epilogue = check_epilogue(rows, wide, bf16, special);
    CheckOutput reference = check_output(rows, wide, y_pitch, bf16);
    CheckOutput y = check_output(rows, wide, y_pitch, bf16);
    CheckExact exact[VDT_MOST_TILE_ROWS * MOST_CHANNELS];

    check_reference(kernels)->depthwise_rows(rows, lines, width, channels, a, weight, &epilogue,
                                             reference.data, y_pitch);
    kernels->depthwise_rows(rows, lines, width, channels, a, weight, &epilogue, y.data, y_pitch);
    for (size_t i = 0; i < rows * channels; i++) {
        size_t row = i / channels, c = i % channels;
        CheckExact sum = {0};

        for (size_t t = 0; t < taps; t++) {
            double term =
                check_get(a[t / width * seen + row + t % width], c, bf16) * weight[t * wide + c];

            sum.value += term;
            sum.scale += fabs(term);
        }
        exact[i] = check_finish(sum, &epilogue, bf16, row, c);
    }
    /* An epilogue's special operands may reach the lanes past the channels. */
    check_outside(&reference, wide);
    check_outside(&y, special ? wide : channels);
    check_compare(exact, &reference, &y, channels);
}

static void check_map_with(const VdtKernels *kernels, size_t channels, int epilogue_index)
{
    gboolean bf16 = check_is_bf16(kernels);
    size_t rows = check_between(1, 9), wide = VDT_ALIGN_LANES(channels);
    size_t x_pitch = check_pitch(channels), y_pitch = check_pitch(channels);
    guint special = SPECIAL;
    const void *x = check_channels(rows, channels, x_pitch, bf16, special);
    VdtEpilogue epilogue = epilogue_index < 0
                               ? check_epilogue(rows, wide, bf16, special)
                               : check_nth_epilogue(epilogue_index, rows, wide, bf16, special);
    CheckOutput reference = check_output(rows, wide, y_pitch, bf16);
    CheckOutput y = check_output(rows, wide, y_pitch, bf16);
    CheckExact exact[9 * MOST_CHANNELS];

    check_reference(kernels)->map_rows(rows, channels, x, x_pitch, &epilogue, reference.data,
                                       y_pitch);
    kernels->map_rows(rows, channels, x, x_pitch, &epilogue, y.data, y_pitch);
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < channels; c++) {
            double value = check_get(x, i * x_pitch + c, bf16);

            exact[i * channels + c] =
                check_finish((CheckExact){value, fabs(value)}, &epilogue, bf16, i, c);
        }
    }
    check_outside(&reference, wide);
    check_outside(&y, special ? wide : channels);
    check_compare(exact, &reference, &y, channels);
}

static void check_map_rows(const VdtKernels *kernels, size_t channels)
{
    check_map_with(kernels, channels, -1);
}

static void test_scale_rows(gconstpointer kernels)
{
    for_all_channels(kernels, "scale_rows", check_scale_rows);
}

static void test_sum_rows(gconstpointer kernels)
{
    for_all_channels(kernels, "sum_rows", check_sum_rows);
}

static void test_store_scaled(gconstpointer kernels)
{
    for_all_channels(kernels, "store_scaled", check_store_scaled);
}

static void test_max_row(gconstpointer kernels)
{
    for_all_channels(kernels, "max_row", check_max_row);
}

static void test_blend_rows(gconstpointer kernels)
{
    for_all_channels(kernels, "blend_rows", check_blend_rows);
}

static void test_softmax_row(gconstpointer kernels)
{
    for_all_channels(kernels, "softmax_row", check_softmax_row);
}

static void test_exp_rows(gconstpointer kernels)
{
    for_all_channels(kernels, "exp_rows", check_exp_rows);
}

static void test_layer_norm_rows(gconstpointer kernels)
{
    for_all_channels(kernels, "layer_norm_rows", check_layer_norm_rows);
}

static void test_share_rows(gconstpointer kernels)
{
    for_all_channels(kernels, "share_rows", check_share_rows);
}

static void test_depthwise_rows(gconstpointer kernels)
{
    for_all_channels(kernels, "depthwise_rows", check_depthwise_rows);
}

static void test_map_rows(gconstpointer data)
{
    const VdtKernels *kernels = data;

    for_all_channels(kernels, "map_rows", check_map_rows);
    for (int epilogue = 0; epilogue < CHECK_EPILOGUES; epilogue++) {
        for (size_t channels = 1; channels <= 35; channels += 17) {
            check_case("%s map_rows: %zu channels, epilogue %d", kernels->name, channels, epilogue);
            check_map_with(kernels, channels, epilogue);
        }
    }
}

/* What a plan relies on to show where a NaN came from, and the ends of the range. */
static void test_special_values(gconstpointer data)
{
    const VdtKernels *kernels = data;
    gboolean bf16 = check_is_bf16(kernels);
    const double in[] = {NAN, INFINITY, -INFINITY, 100, -100, 0, 1e30, -1e30};
    const double out[][G_N_ELEMENTS(in)] = {
        [VDT_ACT_RELU] = {NAN, INFINITY, 0, 100, 0, 0, 1e30, 0},
        [VDT_ACT_SIGMOID] = {NAN, 1, 0, 1, 0, 0.5, 1, 0},
        [VDT_ACT_GELU] = {NAN, INFINITY, 0, 100, 0, 0, 1e30, 0},
        [VDT_ACT_HARD_SIGMOID] = {NAN, 1, 0, 1, 0, 0.5, 1, 0},
    };

    for (VdtAct act = VDT_ACT_RELU; act < G_N_ELEMENTS(out); act++) {
        const double *expected = out[act];
        void *x, *y;
        float *bias;
        VdtEpilogue epilogue = {.act0 = act};

        check_case("%s special values through act %d", kernels->name, act);
        x = check_channels(1, VDT_LANES, VDT_LANES, bf16, 0);
        y = check_channels(1, VDT_LANES, VDT_LANES, bf16, 0);
        epilogue.bias = bias = check_memory(VDT_LANES * sizeof *bias);
        memset(bias, 0, VDT_LANES * sizeof *bias);
        for (guint i = 0; i < G_N_ELEMENTS(in); i++)
            check_set(x, i, bf16, in[i]);
        kernels->map_rows(1, VDT_LANES, x, VDT_LANES, &epilogue, y, VDT_LANES);
        for (guint i = 0; i < G_N_ELEMENTS(in); i++) {
            double value = check_get(y, i, bf16);
            double right = bf16 ? check_round_bf16(expected[i]) : (float)expected[i];

            if (isnan(right) ? !isnan(value) : value != right && !(fabs(value - right) < 1e-30))
                check_fail("%g becomes %g, not %g", in[i], value, right);
        }
    }
}

void check_add_rows(const VdtKernels *kernels)
{
    check_add_test(kernels, "scale_rows", test_scale_rows);
    check_add_test(kernels, "sum_rows", test_sum_rows);
    check_add_test(kernels, "store_scaled", test_store_scaled);
    check_add_test(kernels, "max_row", test_max_row);
    check_add_test(kernels, "blend_rows", test_blend_rows);
    check_add_test(kernels, "softmax_row", test_softmax_row);
    check_add_test(kernels, "exp_rows", test_exp_rows);
    check_add_test(kernels, "layer_norm_rows", test_layer_norm_rows);
    check_add_test(kernels, "share_rows", test_share_rows);
    check_add_test(kernels, "depthwise_rows", test_depthwise_rows);
    check_add_test(kernels, "map_rows", test_map_rows);
    check_add_test(kernels, "map_rows/special-values", test_special_values);
}
