/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernels of train.h that walk the channels of rows. They are bound by memory, not by
 * arithmetic. What depends on an argument alone, an activation or whether to add, is decided
 * outside of the loops: the functions that have such loops are inlined once for each constant.
 */
#include "simd.h"
#include "variant_gradient.h"

INLINE void put(float *to, vf v, const bool add)
{
    store_f32(to, add ? load_f32(to) + v : v);
}

/* The gradient before an activation whose result (of GELU: operand) is at y + i; y may be NULL
 * where there is none. */
INLINE vf before(const VdtAct act, const float *y, size_t i, vf dy)
{
    if (act == VDT_ACT_RELU)
        return (vf)((load_f32(y + i) > splat(0)) & (vi)dy);
    if (act == VDT_ACT_SIGMOID) {
        vf v = load_f32(y + i);

        return dy * v * (1.0f - v);
    }
    if (act == VDT_ACT_GELU)
        return dy * gelu_slope(load_f32(y + i));
    return dy;
}

/* call(…, add) with a constant in place of add. */
#define FOR_ADD(add, call, ...) ((add) ? call(__VA_ARGS__, true) : call(__VA_ARGS__, false))

/*
 * Sums over rows: a row, or a few short ones, are walked along their channels and added to totals
 * on the stack. Maps come from memory, which is more than twice as fast when it is read in order as
 * when each group of channels is walked through all rows. Totals begin at zero and are added to the
 * caller's at the end, so that a large sum of many calls does not swallow the single terms of this
 * one.
 */
#define STRIP (16 * VDT_LANES) /* channels that there are totals for */

typedef struct {
    const float *x, *y, *dy, *mean; /* as the function takes them; NULL if it does not */
    size_t x_pitch, y_pitch, dy_pitch;
    float *first, *second; /* where sums are added; second may be NULL */
} Sums;

/* Adds to two sums what channels c on of a row contribute. */
typedef void (*Term)(const Sums *at, size_t row, size_t c, vf mean, vf *first, vf *second);

INLINE void sum_few(const Sums *at, size_t row, const int rows, size_t c0, size_t vectors,
                    const Term term, vf *first, vf *second)
{
    for (size_t j = 0; j < vectors; j++) {
        size_t c = c0 + j * VDT_VL;
        vf mean = at->mean ? load_f32(at->mean + c) : splat(0), f = splat(0), s = splat(0);

#pragma GCC unroll 4
        for (int i = 0; i < rows; i++)
            term(at, row + i, c, mean, &f, &s);
        first[j] += f;
        second[j] += s;
    }
}

INLINE void sum_all(const Sums *at, size_t rows, size_t channels, const Term term)
{
    for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += STRIP) {
        size_t width = VDT_ALIGN_LANES(channels) - c;
        size_t vectors = (width < STRIP ? width : STRIP) / VDT_VL, i = 0;
        vf first[STRIP / VDT_VL], second[STRIP / VDT_VL];

        for (size_t j = 0; j < vectors; j++)
            first[j] = second[j] = splat(0);
        /* Adding to totals takes time; short rows share it. */
        if (width <= 2 * VDT_LANES)
            for (; i + 4 <= rows; i += 4)
                sum_few(at, i, 4, c, vectors, term, first, second);
        else if (width <= 4 * VDT_LANES)
            for (; i + 2 <= rows; i += 2)
                sum_few(at, i, 2, c, vectors, term, first, second);
        for (; i < rows; i++)
            sum_few(at, i, 1, c, vectors, term, first, second);
        for (size_t j = 0; j < vectors; j++) {
            put(at->first + c + j * VDT_VL, first[j], true);
            if (at->second)
                put(at->second + c + j * VDT_VL, second[j], true);
        }
    }
}

INLINE void moments_term(const Sums *at, size_t row, size_t c, vf mean, vf *first, vf *second)
{
    vf v = load_f32(at->x + row * at->x_pitch + c) - mean;

    *first += v;
    *second += v * v;
}

void VDT_K(moments)(size_t rows, size_t channels, const float *x, size_t x_pitch,
                    const float *shift, float *sum, float *square)
{
    Sums at = {.x = x, .x_pitch = x_pitch, .mean = shift, .first = sum, .second = square};

    sum_all(&at, rows, channels, moments_term);
}

INLINE void norm_term(const VdtAct act, const Sums *at, size_t row, size_t c, vf mean, vf *first,
                      vf *second)
{
    vf g = before(act, at->y, row * at->y_pitch + c, load_f32(at->dy + row * at->dy_pitch + c));

    *first += g;
    *second += g * (load_f32(at->x + row * at->x_pitch + c) - mean);
}

INLINE void norm_term_none(const Sums *at, size_t row, size_t c, vf mean, vf *first, vf *second)
{
    norm_term(VDT_ACT_NONE, at, row, c, mean, first, second);
}

INLINE void norm_term_relu(const Sums *at, size_t row, size_t c, vf mean, vf *first, vf *second)
{
    norm_term(VDT_ACT_RELU, at, row, c, mean, first, second);
}

void VDT_K(norm_sums)(size_t rows, size_t channels, VdtAct act, const float *x, size_t x_pitch,
                      const float *y, size_t y_pitch, const float *dy, size_t dy_pitch,
                      const float *mean, float *sum, float *dot)
{
    Sums at = {x, y, dy, mean, x_pitch, y_pitch, dy_pitch, sum, dot};

    if (act == VDT_ACT_RELU)
        sum_all(&at, rows, channels, norm_term_relu);
    else
        sum_all(&at, rows, channels, norm_term_none);
}

INLINE void dot_term(const Sums *at, size_t row, size_t c, vf mean, vf *first, vf *second)
{
    (void)mean;
    (void)second;
    *first += load_f32(at->x + row * at->x_pitch + c) * load_f32(at->y + row * at->y_pitch + c);
}

void VDT_K(dot_rows)(size_t rows, size_t channels, const float *a, size_t a_pitch, const float *b,
                     size_t b_pitch, float *sum)
{
    Sums at = {.x = a, .x_pitch = a_pitch, .y = b, .y_pitch = b_pitch, .first = sum};

    sum_all(&at, rows, channels, dot_term);
}

INLINE void affine(size_t rows, size_t channels, const float *x, size_t x_pitch, const float *scale,
                   const float *bias, float *y, size_t y_pitch, const VdtAct act)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL)
            store_f32(
                y + i * y_pitch + c,
                activate(load_f32(x + i * x_pitch + c) * load_f32(scale + c) + load_f32(bias + c),
                         act));
}

void VDT_K(affine_rows)(size_t rows, size_t channels, const float *x, size_t x_pitch,
                        const float *scale, const float *bias, VdtAct act, float *y, size_t y_pitch)
{
    if (act == VDT_ACT_RELU)
        affine(rows, channels, x, x_pitch, scale, bias, y, y_pitch, VDT_ACT_RELU);
    else if (act == VDT_ACT_SIGMOID)
        affine(rows, channels, x, x_pitch, scale, bias, y, y_pitch, VDT_ACT_SIGMOID);
    else
        affine(rows, channels, x, x_pitch, scale, bias, y, y_pitch, VDT_ACT_NONE);
}

INLINE void gradient(size_t rows, size_t channels, const float *y, size_t y_pitch, const float *dy,
                     size_t dy_pitch, float *dx, size_t dx_pitch, const VdtAct act, const bool add)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL)
            put(dx + i * dx_pitch + c,
                before(act, y, i * y_pitch + c, load_f32(dy + i * dy_pitch + c)), add);
}

void VDT_K(act_gradient)(size_t rows, size_t channels, VdtAct act, const float *y, size_t y_pitch,
                         const float *dy, size_t dy_pitch, float *dx, size_t dx_pitch, bool add)
{
    if (act == VDT_ACT_RELU)
        FOR_ADD(add, gradient, rows, channels, y, y_pitch, dy, dy_pitch, dx, dx_pitch,
                VDT_ACT_RELU);
    else if (act == VDT_ACT_SIGMOID)
        FOR_ADD(add, gradient, rows, channels, y, y_pitch, dy, dy_pitch, dx, dx_pitch,
                VDT_ACT_SIGMOID);
    else if (act == VDT_ACT_GELU)
        FOR_ADD(add, gradient, rows, channels, y, y_pitch, dy, dy_pitch, dx, dx_pitch,
                VDT_ACT_GELU);
    else
        FOR_ADD(add, gradient, rows, channels, y, y_pitch, dy, dy_pitch, dx, dx_pitch,
                VDT_ACT_NONE);
}

INLINE void normalised(size_t rows, size_t channels, const float *x, size_t x_pitch, const float *y,
                       size_t y_pitch, const float *dy, size_t dy_pitch, const float *mean,
                       const float *a, const float *b, const float *c0, float *dx, size_t dx_pitch,
                       const VdtAct act, const bool add)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL) {
            vf g = before(act, y, i * y_pitch + c, load_f32(dy + i * dy_pitch + c));
            vf centred = load_f32(x + i * x_pitch + c) - load_f32(mean + c);

            put(dx + i * dx_pitch + c,
                g * load_f32(a + c) + (centred * load_f32(b + c) + load_f32(c0 + c)), add);
        }
    }
}

void VDT_K(norm_gradient)(size_t rows, size_t channels, VdtAct act, const float *x, size_t x_pitch,
                          const float *y, size_t y_pitch, const float *dy, size_t dy_pitch,
                          const float *mean, const float *a, const float *b, const float *c0,
                          float *dx, size_t dx_pitch, bool add)
{
    if (act == VDT_ACT_RELU)
        FOR_ADD(add, normalised, rows, channels, x, x_pitch, y, y_pitch, dy, dy_pitch, mean, a, b,
                c0, dx, dx_pitch, VDT_ACT_RELU);
    else
        FOR_ADD(add, normalised, rows, channels, x, x_pitch, y, y_pitch, dy, dy_pitch, mean, a, b,
                c0, dx, dx_pitch, VDT_ACT_NONE);
}

/* Rows whose parameters' gradients are summed in registers, before they are added to those of the
 * rows before; their x and dy are in the cache by then. */
#define NORMED_ROWS 16

INLINE void layer_norm_row(size_t channels, const float *x, const float *dy, const float *weight,
                           Norm norm, float *dx, const bool add)
{
    vf sums[NORM_SUMS] = {0}, dots[NORM_SUMS] = {0}, sum, dot;
    size_t c = 0;

    for (; c + NORM_SUMS * VDT_VL <= channels; c += NORM_SUMS * VDT_VL) {
        for (int j = 0; j < NORM_SUMS; j++) {
            size_t at = c + j * VDT_VL;
            vf g = load_f32(dy + at) * load_f32(weight + at);

            sums[j] += g;
            dots[j] += g * ((load_f32(x + at) - norm.mean) * norm.scale);
        }
    }
    for (; c < channels; c += VDT_VL) {
        vf g = only_channels(load_f32(dy + c) * load_f32(weight + c), c, channels);

        sums[0] += g;
        dots[0] += g * only_channels((load_f32(x + c) - norm.mean) * norm.scale, c, channels);
    }
    sum = splat(sum_of_all(sums) / (float)channels);
    dot = splat(sum_of_all(dots) / (float)channels);
    for (c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL) {
        vf normed = (load_f32(x + c) - norm.mean) * norm.scale;
        vf g = load_f32(dy + c) * load_f32(weight + c);

        put(dx + c, only_channels((g - (sum + normed * dot)) * norm.scale, c, channels), add);
    }
}

INLINE void layer_norm_parameters(size_t rows, size_t channels, const float *x, size_t x_pitch,
                                  const float *dy, size_t dy_pitch, const Norm *norms,
                                  float *dweight, float *dbias)
{
    for (size_t c = 0; c < channels; c += VDT_VL) {
        vf dot = {0}, sum = {0};

        for (size_t i = 0; i < rows; i++) {
            vf d = load_f32(dy + i * dy_pitch + c);

            dot += d * ((load_f32(x + i * x_pitch + c) - norms[i].mean) * norms[i].scale);
            sum += d;
        }
        put(dweight + c, only_channels(dot, c, channels), true);
        put(dbias + c, only_channels(sum, c, channels), true);
    }
}

void VDT_K(layer_norm_gradient)(size_t rows, size_t channels, const float *x, size_t x_pitch,
                                const float *dy, size_t dy_pitch, const float *weight, float eps,
                                float *dx, size_t dx_pitch, bool add, float *dweight, float *dbias)
{
    for (size_t first = 0; first < rows; first += NORMED_ROWS) {
        size_t n = rows - first < NORMED_ROWS ? rows - first : NORMED_ROWS;
        Norm norms[NORMED_ROWS];

        for (size_t i = 0; i < n; i++) {
            const float *row = x + (first + i) * x_pitch;

            norms[i] = norm_of(row, channels, eps);
            if (dx)
                FOR_ADD(add, layer_norm_row, channels, row, dy + (first + i) * dy_pitch, weight,
                        norms[i], dx + (first + i) * dx_pitch);
        }
        if (dweight)
            layer_norm_parameters(n, channels, x + first * x_pitch, x_pitch, dy + first * dy_pitch,
                                  dy_pitch, norms, dweight, dbias);
    }
}

INLINE void multiplied(size_t rows, size_t channels, const float *a, size_t a_pitch, const float *b,
                       size_t b_pitch, float *y, size_t y_pitch, const bool add)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL)
            put(y + i * y_pitch + c, load_f32(a + i * a_pitch + c) * load_f32(b + i * b_pitch + c),
                add);
}

void VDT_K(mul_rows)(size_t rows, size_t channels, const float *a, size_t a_pitch, const float *b,
                     size_t b_pitch, float *y, size_t y_pitch, bool add)
{
    FOR_ADD(add, multiplied, rows, channels, a, a_pitch, b, b_pitch, y, y_pitch);
}

INLINE void copied(size_t rows, size_t channels, const float *x, size_t x_pitch, float factor,
                   float *y, size_t y_pitch, const bool add)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL)
            put(y + i * y_pitch + c, load_f32(x + i * x_pitch + c) * factor, add);
}

void VDT_K(copy_rows)(size_t rows, size_t channels, const float *x, size_t x_pitch, float factor,
                      float *y, size_t y_pitch, bool add)
{
    FOR_ADD(add, copied, rows, channels, x, x_pitch, factor, y, y_pitch);
}

/* A row in registers; what lies behind its channels has no share. */
INLINE void softmax_short(size_t rows, size_t channels, const float *x, size_t x_pitch, float *y,
                          size_t y_pitch, const int vectors)
{
    const vf nothing = splat(-__builtin_inff());

    for (size_t i = 0; i < rows; i++, x += x_pitch, y += y_pitch) {
        vf v[2], most = nothing, total = splat(0);

        for (int j = 0; j < vectors; j++) {
            v[j] = load_of_row(x, j * VDT_VL, channels, nothing);
            most = blend(v[j] > most, v[j], most);
        }
        most = splat(highest(most));
        for (int j = 0; j < vectors; j++)
            total += v[j] = exponential(v[j] - most);
        total = splat(1 / sum_of(total));
        for (int j = 0; j < vectors; j++)
            store_f32(y + j * VDT_VL, v[j] * total);
    }
}

void VDT_K(softmax_rows)(size_t rows, size_t channels, const float *x, size_t x_pitch, float *y,
                         size_t y_pitch)
{
    size_t wide = VDT_ALIGN_LANES(channels);

    if (wide <= VDT_VL)
        softmax_short(rows, channels, x, x_pitch, y, y_pitch, 1);
    else if (wide <= 2 * VDT_VL)
        softmax_short(rows, channels, x, x_pitch, y, y_pitch, 2);
    else
        for (size_t i = 0; i < rows; i++) {
            memcpy(y + i * y_pitch, x + i * x_pitch, wide * sizeof *y);
            VDT_K(softmax_row)(channels, y + i * y_pitch);
        }
}

void VDT_K(max_row_gradient)(size_t taps, size_t channels, const float *const *a, const float *y,
                             const float *dy, float *const *dx)
{
    for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL) {
        vf most = load_f32(y + c), gradient = load_f32(dy + c);

        for (size_t t = 0; t < taps; t++) {
            vi here = load_f32(a[t] + c) == most;

            /* Whoever finds the maximum takes the gradient away. */
            put(dx[t] + c, (vf)(here & (vi)gradient), true);
            gradient = (vf)(~here & (vi)gradient);
        }
    }
}

VDT_DEFINE_GRADIENT_KERNELS();
