/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernels of kernels.h in portable C: what every other variant is tested against, and what runs
 * where there is no other. Written to be read; one loop per sum.
 */
#include <math.h>
#include <string.h>

#include "reference.h"
#include "winograd.h"

void VDT_K(gemm_tile)(const VdtGemmTile *tile)
{
    for (size_t i = 0; i < tile->rows; i++) {
        for (size_t j = 0; j < tile->cols; j++) {
            float sum = 0;

            for (size_t t = 0; t < tile->taps; t++) {
                for (size_t k = 0; k < tile->depth; k++) {
                    size_t at = t * tile->depth + k;
#if VDT_IS_BF16
                    size_t b = (at / 2 * tile->cols + j) * 2 + at % 2;
#else
                    size_t b = at * tile->cols + j;
#endif
                    sum += load(tile->a[t * tile->rows + i], k) * load(tile->b, b);
                }
            }
            sum = finish(sum, &tile->epilogue, i, j);
            if (tile->y_f32)
                ((float *)tile->y)[i * tile->y_pitch + j] = sum;
            else
                store(tile->y, i * tile->y_pitch + j, sum);
        }
    }
}

void VDT_K(scale_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                       const void *scale, void *y, size_t y_pitch)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++)
            store(y, i * y_pitch + c, load(x, i * x_pitch + c) * load(scale, c));
}

void VDT_K(sum_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch, float *sum)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++)
            sum[c] += load(x, i * x_pitch + c);
}

void VDT_K(store_scaled)(size_t channels, const float *value, float factor, void *y)
{
    for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++)
        store(y, c, value[c] * factor);
}

void VDT_K(max_row)(size_t taps, size_t channels, const void *const *a, void *y)
{
    for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++) {
        float best = load(a[0], c);

        for (size_t t = 1; t < taps; t++) {
            float value = load(a[t], c);

            if (value > best || value != value)
                best = value;
        }
        store(y, c, best);
    }
}

void VDT_K(blend_rows)(size_t outs, size_t taps, size_t channels, const void *const *a,
                       const float *weights, void *y, size_t y_pitch)
{
    for (size_t o = 0; o < outs; o++) {
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++) {
            float sum = 0;

            for (size_t t = 0; t < taps; t++)
                sum += load(a[t], c) * weights[o * taps + t];
            store(y, o * y_pitch + c, sum);
        }
    }
}

void VDT_K(softmax_row)(size_t n, float *x)
{
    float top = x[0], sum = 0;

    for (size_t i = 1; i < n; i++)
        top = x[i] > top ? x[i] : top;
    for (size_t i = 0; i < n; i++)
        sum += x[i] = expf(x[i] - top);
    for (size_t i = 0; i < n; i++)
        x[i] /= sum;
    for (size_t i = n; i < VDT_ALIGN_LANES(n); i++)
        x[i] = 0;
}

void VDT_K(exp_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch, const float *top,
                     float *y, size_t y_pitch, float *sum)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++) {
            float value = expf(load(x, i * x_pitch + c) - top[c]);

            y[i * y_pitch + c] = value;
            if (sum)
                sum[c] += value;
        }
    }
}

void VDT_K(layer_norm_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                            const float *weight, const float *bias, float eps, void *y,
                            size_t y_pitch)
{
    for (size_t i = 0; i < rows; i++) {
        float sum = 0, square = 0, mean, scale;

        for (size_t c = 0; c < channels; c++)
            sum += load(x, i * x_pitch + c);
        mean = sum / (float)channels;
        for (size_t c = 0; c < channels; c++) {
            float centred = load(x, i * x_pitch + c) - mean;

            square += centred * centred;
        }
        scale = 1 / sqrtf(square / (float)channels + eps);
        for (size_t c = 0; c < channels; c++)
            store(y, i * y_pitch + c,
                  (load(x, i * x_pitch + c) - mean) * scale * weight[c] + bias[c]);
        for (size_t c = channels; c < VDT_ALIGN_LANES(channels); c++)
            store(y, i * y_pitch + c, 0);
    }
}

void VDT_K(share_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                       const float *weight, float eps, void *y, size_t y_pitch)
{
    for (size_t i = 0; i < rows; i++) {
        float sum = eps;

        for (size_t c = 0; c < channels; c++)
            sum += load(x, i * x_pitch + c) * weight[c];
        for (size_t c = 0; c < channels; c++)
            store(y, i * y_pitch + c, load(x, i * x_pitch + c) / sum);
    }
}

void VDT_K(depthwise_rows)(size_t rows, size_t lines, size_t width, size_t channels,
                           const void *const *a, const float *weight, const VdtEpilogue *epilogue,
                           void *y, size_t y_pitch)
{
    size_t pitch = VDT_ALIGN_LANES(channels);

    for (size_t i = 0; i < rows; i++) {
        for (size_t c = 0; c < pitch; c++) {
            float sum = 0;

            for (size_t t = 0; t < lines * width; t++) {
                size_t seen = t / width * (rows + width - 1) + i + t % width;

                sum += load(a[seen], c) * weight[t * pitch + c];
            }
            store(y, i * y_pitch + c, finish(sum, epilogue, i, c));
        }
    }
}

void VDT_K(map_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                     const VdtEpilogue *epilogue, void *y, size_t y_pitch)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++)
            store(y, i * y_pitch + c, finish(load(x, i * x_pitch + c), epilogue, i, c));
}

void VDT_K(from_planes)(size_t pixels, size_t channels, const float *x, size_t plane, void *y,
                        size_t y_pitch)
{
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++)
            store(y, p * y_pitch + c, c < channels ? x[c * plane + p] : 0);
}

void VDT_K(to_planes)(size_t pixels, size_t channels, const void *x, size_t x_pitch, float *y,
                      size_t plane)
{
    for (size_t c = 0; c < channels; c++)
        for (size_t p = 0; p < pixels; p++)
            y[c * plane + p] = load(x, p * x_pitch + c);
}

#if !VDT_IS_BF16
#define A ((float)VDT_WINOGRAD_A)
#define B ((float)VDT_WINOGRAD_B)

static const float input_matrix[6][6] = {
    {1, 0, -2.5f, 0, 1, 0},  {0, -B, -2, A, 1, 0},    {0, B, -2, -A, 1, 0},
    {0, -A, -0.5f, B, 1, 0}, {0, A, -0.5f, -B, 1, 0}, {0, 1, 0, -2.5f, 0, 1},
};
static const float output_matrix[4][6] = {
    {1, 1, 1, 1, 1, 0},
    {0, A, -A, B, -B, 0},
    {0, 0.5f, 0.5f, 2, 2, 0},
    {0, A / 2, -A / 2, 2 * B, -2 * B, 1},
};

void VDT_K(winograd_input)(size_t channels, const void *const *a, float *v, size_t v_stride)
{
    for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++) {
        for (int i = 0; i < 36; i++) {
            float sum = 0;

            for (int j = 0; j < 36; j++)
                sum += input_matrix[i / 6][j / 6] * input_matrix[i % 6][j % 6] * load(a[j], c);
            v[(size_t)i * v_stride + c] = sum;
        }
    }
}

void VDT_K(winograd_output)(size_t channels, const float *m, size_t m_stride, size_t rows,
                            size_t cols, size_t width, const VdtEpilogue *epilogue, void *y,
                            size_t y_pitch)
{
    for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c++) {
        for (size_t row = 0; row < rows; row++) {
            for (size_t column = 0; column < cols; column++) {
                size_t pixel = row * width + column;
                float sum = 0;

                for (size_t j = 0; j < 36; j++)
                    sum += output_matrix[row][j / 6] * output_matrix[column][j % 6] *
                           m[j * m_stride + c];
                store(y, pixel * y_pitch + c, finish(sum, epilogue, pixel, c));
            }
        }
    }
}

void VDT_K(outer_tile)(const VdtOuterTile *tile)
{
    float sums[4][16] = {0};

    for (size_t n = 0; n < tile->depth; n++)
        for (size_t i = 0; i < tile->rows; i++)
            for (size_t j = 0; j < tile->cols; j++)
                sums[i][j] += tile->a[n][tile->a_offset + i] * tile->b[n][tile->b_offset + j];
    for (size_t i = 0; i < tile->rows; i++)
        for (size_t j = 0; j < tile->cols; j++) {
            float *y = &tile->y[i * tile->y_pitch + j];

            *y = tile->add ? *y + sums[i][j] : sums[i][j];
        }
}

static void put_part(const VdtStrassenTile *tile, size_t p, size_t i, size_t j, float sum)
{
    const VdtStrassenPart *part = &tile->parts[p];
    float *y = part->y + i * tile->y_pitch + j;

    if (i >= (size_t)part->rows)
        return;
    sum = (part->add ? *y : 0) + (part->minus ? -sum : sum);
    *y = p + 1 == tile->n_parts && tile->epilogue ? finish(sum, tile->epilogue, i, j) : sum;
}

void VDT_K(strassen_tile)(const VdtStrassenTile *tile)
{
    const size_t cols = tile->cols;
    const float *b = tile->other ? tile->b_sum : tile->b;

    for (size_t k = 0; k < tile->depth * cols && tile->other; k++)
        tile->b_sum[k] = tile->minus ? tile->b[k] - tile->other[k] : tile->b[k] + tile->other[k];
    for (size_t i = 0; i < tile->rows; i++) {
        for (size_t j = 0; j < cols; j++) {
            float sum = 0;

            for (size_t k = 0; k < tile->depth; k++)
                sum += tile->a[i][k] * b[k * cols + j];
            for (size_t p = 0; p < tile->n_parts; p++)
                put_part(tile, p, i, j, sum);
        }
    }
}
#endif

VDT_DEFINE_KERNELS(4, 16);
