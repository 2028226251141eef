/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernels for training: sums over a batch, and gradients. Same conventions as
 * kernels.h, elements are float. Rows are pixels, channels are last; a channel count is rounded up
 * to whole vectors by the kernel, and lanes past the channels are finite but arbitrary.
 *
 * Where a kernel takes @add, it adds to what is there, otherwise it stores: the first one that
 * writes a gradient stores. Arrays per channel have VDT_ALIGN_LANES(channels) elements.
 */
#pragma once

#include "kernels.h"

typedef struct {
    const char *name; /* "avx512_f32" */
    VdtIsa isa;

    /* sum[c] += x[i][c] - shift[c]; square[c] += (x[i][c] - shift[c])^2, over the rows */
    void (*moments)(size_t rows, size_t channels, const float *x, size_t x_pitch,
                    const float *shift, float *sum, float *square);
    /* y[i][c] = act(x[i][c] * scale[c] + bias[c]) */
    void (*affine_rows)(size_t rows, size_t channels, const float *x, size_t x_pitch,
                        const float *scale, const float *bias, VdtAct act, float *y,
                        size_t y_pitch);

    /*
     * Below, g is the gradient before an activation, made of the one behind it, dy, and of the
     * activation's result y:
     *     NONE: g = dy (y is not read, NULL)   RELU: g = y > 0 ? dy : 0   SIGMOID: g = dy y (1 - y)
     * or, for GELU, of what the activation was of, which y then is. norm_* take NONE and RELU.
     */
    /* dx[i][c] (+)= g */
    void (*act_gradient)(size_t rows, size_t channels, VdtAct act, const float *y, size_t y_pitch,
                         const float *dy, size_t dy_pitch, float *dx, size_t dx_pitch, bool add);
    /* sum[c] += g; dot[c] += g * (x[i][c] - mean[c]) */
    void (*norm_sums)(size_t rows, size_t channels, VdtAct act, const float *x, size_t x_pitch,
                      const float *y, size_t y_pitch, const float *dy, size_t dy_pitch,
                      const float *mean, float *sum, float *dot);
    /* dx[i][c] (+)= g * a[c] + (x[i][c] - mean[c]) * b[c] + c0[c] */
    void (*norm_gradient)(size_t rows, size_t channels, VdtAct act, const float *x, size_t x_pitch,
                          const float *y, size_t y_pitch, const float *dy, size_t dy_pitch,
                          const float *mean, const float *a, const float *b, const float *c0,
                          float *dx, size_t dx_pitch, bool add);

    /*
     * Of layer_norm_rows: with n[i][c] = (x[i][c] - mean) / sqrt(variance + eps),
     *     dx[i][c] (+)= (g[i][c] - mean of g[i] - n[i][c] * mean of g[i] n[i]) / sqrt(variance +
     * eps) dweight[c] += dy[i][c] * n[i][c]    dbias[c] += dy[i][c] where g = dy * weight. dx may
     * be NULL, and so may dweight and dbias, both together.
     */
    void (*layer_norm_gradient)(size_t rows, size_t channels, const float *x, size_t x_pitch,
                                const float *dy, size_t dy_pitch, const float *weight, float eps,
                                float *dx, size_t dx_pitch, bool add, float *dweight, float *dbias);

    /* y[i][c] (+)= a[i][c] * b[i][c]; a pitch of 0 repeats one row */
    void (*mul_rows)(size_t rows, size_t channels, const float *a, size_t a_pitch, const float *b,
                     size_t b_pitch, float *y, size_t y_pitch, bool add);
    /* sum[c] += a[i][c] * b[i][c] */
    void (*dot_rows)(size_t rows, size_t channels, const float *a, size_t a_pitch, const float *b,
                     size_t b_pitch, float *sum);
    /* y[i][c] (+)= x[i][c] * factor; an x_pitch of 0 repeats one row */
    void (*copy_rows)(size_t rows, size_t channels, const float *x, size_t x_pitch, float factor,
                      float *y, size_t y_pitch, bool add);

    /* y[i][c] = e^x[i][c] / sum over c of e^x[i][c], without overflow */
    void (*softmax_rows)(size_t rows, size_t channels, const float *x, size_t x_pitch, float *y,
                         size_t y_pitch);

    /* For one output pixel: dx[t][c] += dy[c] for the first t with a[t][c] == y[c] */
    void (*max_row_gradient)(size_t taps, size_t channels, const float *const *a, const float *y,
                             const float *dy, float *const *dx);
} VdtGradientKernels;

/* The best ones up to @isa. Never NULL. */
const VdtGradientKernels *vdt_gradient_kernels_get(VdtIsa isa);
/* All of them, for tests: NULL past the last. */
const VdtGradientKernels *vdt_gradient_kernels_nth(unsigned i);
