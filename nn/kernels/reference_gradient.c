/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernels of gradient.h in portable C: what every other variant is tested against, and what
 * runs where there is no other. Written to be read. */
#include <math.h>
#include <string.h>

#include "variant_gradient.h"

static void put(float *to, float value, bool add)
{
    *to = add ? *to + value : value;
}

static float activate(float value, VdtAct act)
{
    switch (act) {
    case VDT_ACT_RELU:
        return value < 0 ? 0 : value;
    case VDT_ACT_SIGMOID:
        return 1 / (1 + expf(-value));
    default: /* the others are no steps of a training */
        break;
    }
    return value;
}

/* The normal distribution, and x times its density. */
static float gelu_slope(float x)
{
    if (x < -16) /* where an infinite x times no density would be nothing */
        return 0;
    if (x > 16)
        return 1;
    return 0.5f * (1 + erff(x * (float)M_SQRT1_2)) +
           x * expf(-0.5f * x * x) * (float)(M_SQRT1_2 * M_2_SQRTPI / 2);
}

/* The gradient before an activation whose result (of GELU: operand) is y[at]. */
static float before(VdtAct act, const float *y, size_t at, float dy)
{
    switch (act) {
    case VDT_ACT_RELU:
        return y[at] > 0 ? dy : 0;
    case VDT_ACT_SIGMOID:
        return dy * y[at] * (1 - y[at]);
    case VDT_ACT_GELU:
        return dy * gelu_slope(y[at]);
    default: /* the others are no steps of a training */
        break;
    }
    return dy;
}

/* Sums of a call begin at zero and are added at the end, so that a large one from many calls does
 * not swallow the single terms of this one. */
void VDT_K(moments)(size_t rows, size_t channels, const float *x, size_t x_pitch,
                    const float *shift, float *sum, float *square)
{
    for (size_t c = 0; c < channels; c += VDT_LANES) {
        float s[VDT_LANES] = {0}, q[VDT_LANES] = {0};

        for (size_t i = 0; i < rows; i++) {
            for (size_t j = 0; j < VDT_LANES; j++) {
                float value = x[i * x_pitch + c + j] - shift[c + j];

                s[j] += value;
                q[j] += value * value;
            }
        }
        for (size_t j = 0; j < VDT_LANES; j++) {
            sum[c + j] += s[j];
            square[c + j] += q[j];
        }
    }
}

void VDT_K(affine_rows)(size_t rows, size_t channels, const float *x, size_t x_pitch,
                        const float *scale, const float *bias, VdtAct act, float *y, size_t y_pitch)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++)
            y[i * y_pitch + c] = activate(x[i * x_pitch + c] * scale[c] + bias[c], act);
}

void VDT_K(act_gradient)(size_t rows, size_t channels, VdtAct act, const float *y, size_t y_pitch,
                         const float *dy, size_t dy_pitch, float *dx, size_t dx_pitch, bool add)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++)
            put(&dx[i * dx_pitch + c], before(act, y, i * y_pitch + c, dy[i * dy_pitch + c]), add);
}

void VDT_K(norm_sums)(size_t rows, size_t channels, VdtAct act, const float *x, size_t x_pitch,
                      const float *y, size_t y_pitch, const float *dy, size_t dy_pitch,
                      const float *mean, float *sum, float *dot)
{
    for (size_t c = 0; c < channels; c += VDT_LANES) {
        float s[VDT_LANES] = {0}, d[VDT_LANES] = {0};

        for (size_t i = 0; i < rows; i++) {
            for (size_t j = 0; j < VDT_LANES; j++) {
                float g = before(act, y, i * y_pitch + c + j, dy[i * dy_pitch + c + j]);

                s[j] += g;
                d[j] += g * (x[i * x_pitch + c + j] - mean[c + j]);
            }
        }
        for (size_t j = 0; j < VDT_LANES; j++) {
            sum[c + j] += s[j];
            dot[c + j] += d[j];
        }
    }
}

void VDT_K(norm_gradient)(size_t rows, size_t channels, VdtAct act, const float *x, size_t x_pitch,
                          const float *y, size_t y_pitch, const float *dy, size_t dy_pitch,
                          const float *mean, const float *a, const float *b, const float *c0,
                          float *dx, size_t dx_pitch, bool add)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++) {
            float g = before(act, y, i * y_pitch + c, dy[i * dy_pitch + c]);
            float centred = x[i * x_pitch + c] - mean[c];

            put(&dx[i * dx_pitch + c], g * a[c] + centred * b[c] + c0[c], add);
        }
    }
}

void VDT_K(layer_norm_gradient)(size_t rows, size_t channels, const float *x, size_t x_pitch,
                                const float *dy, size_t dy_pitch, const float *weight, float eps,
                                float *dx, size_t dx_pitch, bool add, float *dweight, float *dbias)
{
    const float n = (float)channels;

    for (size_t i = 0; i < rows; i++, x += x_pitch, dy += dy_pitch) {
        float sum = 0, square = 0, mean, scale;
        float g_sum = 0, g_dot = 0; /* of the gradient of what is normed: itself, and times that */

        for (size_t c = 0; c < channels; c++)
            sum += x[c];
        mean = sum / n;
        for (size_t c = 0; c < channels; c++)
            square += (x[c] - mean) * (x[c] - mean);
        scale = 1 / sqrtf(square / n + eps);
        for (size_t c = 0; c < channels; c++) {
            float normed = (x[c] - mean) * scale;

            g_sum += dy[c] * weight[c];
            g_dot += dy[c] * weight[c] * normed;
            if (dweight) {
                dweight[c] += dy[c] * normed;
                dbias[c] += dy[c];
            }
        }
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels) && dx; c++) {
            float normed = (x[c] - mean) * scale;
            float value = scale * (dy[c] * weight[c] - (g_sum + normed * g_dot) / n);

            put(&dx[i * dx_pitch + c], c < channels ? value : 0, add);
        }
    }
}

void VDT_K(mul_rows)(size_t rows, size_t channels, const float *a, size_t a_pitch, const float *b,
                     size_t b_pitch, float *y, size_t y_pitch, bool add)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++)
            put(&y[i * y_pitch + c], a[i * a_pitch + c] * b[i * b_pitch + c], add);
}

void VDT_K(dot_rows)(size_t rows, size_t channels, const float *a, size_t a_pitch, const float *b,
                     size_t b_pitch, float *sum)
{
    for (size_t c = 0; c < channels; c += VDT_LANES) {
        float s[VDT_LANES] = {0};

        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < VDT_LANES; j++)
                s[j] += a[i * a_pitch + c + j] * b[i * b_pitch + c + j];
        for (size_t j = 0; j < VDT_LANES; j++)
            sum[c + j] += s[j];
    }
}

void VDT_K(copy_rows)(size_t rows, size_t channels, const float *x, size_t x_pitch, float factor,
                      float *y, size_t y_pitch, bool add)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++)
            put(&y[i * y_pitch + c], x[i * x_pitch + c] * factor, add);
}

void VDT_K(softmax_rows)(size_t rows, size_t channels, const float *x, size_t x_pitch, float *y,
                         size_t y_pitch)
{
    for (size_t i = 0; i < rows; i++) {
        memcpy(y + i * y_pitch, x + i * x_pitch, VDT_ALIGN_LANES(channels) * sizeof *y);
        VDT_K(softmax_row)(channels, y + i * y_pitch);
    }
}

void VDT_K(max_row_gradient)(size_t taps, size_t channels, const float *const *a, const float *y,
                             const float *dy, float *const *dx)
{
    for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++) {
        for (size_t t = 0; t < taps; t++) {
            if (a[t][c] == y[c]) {
                dx[t][c] += dy[c];
                break;
            }
        }
    }
}

VDT_DEFINE_GRADIENT_KERNELS();
