/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Input and output transforms of winograd.h, a vector of channels at a time. */
#include "simd.h"
#include "winograd.h"

#if !VDT_IS_BF16
#define A ((float)VDT_WINOGRAD_A)
#define B ((float)VDT_WINOGRAD_B)

/* v = B' d for one row or column of six */
INLINE void input_transform(const vf d[6], vf v[6])
{
    vf even_a = d[4] - 2.0f * d[2], odd_a = A * d[3] - B * d[1];
    vf even_b = d[4] - 0.5f * d[2], odd_b = B * d[3] - A * d[1];

    v[0] = d[0] - 2.5f * d[2] + d[4];
    v[1] = even_a + odd_a;
    v[2] = even_a - odd_a;
    v[3] = even_b + odd_b;
    v[4] = even_b - odd_b;
    v[5] = d[1] - 2.5f * d[3] + d[5];
}

/* y = A' m */
INLINE void output_transform(const vf m[6], vf y[4])
{
    vf sum_a = m[1] + m[2], difference_a = m[1] - m[2];
    vf sum_b = m[3] + m[4], difference_b = m[3] - m[4];

    y[0] = m[0] + sum_a + sum_b;
    y[1] = A * difference_a + B * difference_b;
    y[2] = 0.5f * sum_a + 2.0f * sum_b;
    y[3] = 0.5f * A * difference_a + 2.0f * B * difference_b + m[5];
}

void VDT_K(winograd_input)(size_t channels, const void *const *a, float *v, size_t v_stride)
{
    for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL) {
        vf half[6][6]; /* [column][row] */

        for (int column = 0; column < 6; column++) {
            vf d[6];

            for (int row = 0; row < 6; row++)
                d[row] = load_f32((const float *)a[6 * row + column] + c);
            input_transform(d, half[column]);
        }
        for (int row = 0; row < 6; row++) {
            vf d[6], out[6];

            for (int column = 0; column < 6; column++)
                d[column] = half[column][row];
            input_transform(d, out);
            for (int column = 0; column < 6; column++)
                store_f32(v + (size_t)(6 * row + column) * v_stride + c, out[column]);
        }
    }
}

void VDT_K(winograd_output)(size_t channels, const float *m, size_t m_stride, size_t rows,
                            size_t cols, size_t width, const VdtEpilogue *epilogue, void *y,
                            size_t y_pitch)
{
    const VdtEpilogue *e = epilogue;

    for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL) {
        vf bias = load_f32(e->bias + c);
        vf half[6][4]; /* [column][row] */

        for (int column = 0; column < 6; column++) {
            vf in[6];

            for (int row = 0; row < 6; row++)
                in[row] = load_f32(m + (size_t)(6 * row + column) * m_stride + c);
            output_transform(in, half[column]);
        }
        for (size_t row = 0; row < rows; row++) {
            vf in[6], out[4];

            for (int column = 0; column < 6; column++)
                in[column] = half[column][row];
            output_transform(in, out);
            for (size_t column = 0; column < cols; column++) {
                size_t pixel = row * width + column;
                vf value = activate(out[column] + bias, e->act0);

                if (e->mul)
                    value *= load_f32((const float *)e->mul + pixel * e->mul_pitch + c);
                if (e->add)
                    value += load_f32((const float *)e->add + pixel * e->add_pitch + c);
                store_f32((float *)y + pixel * y_pitch + c, activate(value, e->act1));
            }
        }
    }
}
#endif
