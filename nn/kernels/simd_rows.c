/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernels that walk the channels of one or several rows. They are bound by memory, not by
 * arithmetic, and kept short. */
#include "simd.h"

/* The epilogue of one vector at channel c. */
INLINE vf finish(vf v, const VdtEpilogue *e, size_t row, size_t c)
{
    v = activate(v + load_f32(e->bias + c), e->act0);
    if (e->mul)
        v *= load((const element *)e->mul + row * e->mul_pitch + c);
    if (e->add)
        v += load((const element *)e->add + row * e->add_pitch + c);
    return activate(v, e->act1);
}

void VDT_K(scale_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                       const void *scale, void *y, size_t y_pitch)
{
    for (size_t i = 0; i < rows; i++) {
        const element *from = (const element *)x + i * x_pitch;
        element *to = (element *)y + i * y_pitch;

        for (size_t c = 0; c < channels; c += VDT_VL)
            store(to + c, load(from + c) * load((const element *)scale + c));
    }
}

void VDT_K(sum_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch, float *sum)
{
    for (size_t c = 0; c < channels; c += VDT_LANES) {
        vf total[VDT_LANES / VDT_VL];

        for (size_t j = 0; j < VDT_LANES / VDT_VL; j++)
            total[j] = load_f32(sum + c + j * VDT_VL);
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < VDT_LANES / VDT_VL; j++)
                total[j] += load((const element *)x + i * x_pitch + c + j * VDT_VL);
        for (size_t j = 0; j < VDT_LANES / VDT_VL; j++)
            store_f32(sum + c + j * VDT_VL, total[j]);
    }
}

void VDT_K(store_scaled)(size_t channels, const float *value, float factor, void *y)
{
    for (size_t c = 0; c < channels; c += VDT_VL)
        store((element *)y + c, load_f32(value + c) * factor);
}

void VDT_K(max_row)(size_t taps, size_t channels, const void *const *a, void *y)
{
    for (size_t c = 0; c < channels; c += VDT_VL) {
        vf best = load((const element *)a[0] + c);

        for (size_t t = 1; t < taps; t++) {
            vf v = load((const element *)a[t] + c);

            /* a NaN on either side wins */
            best = (v > best) | (v != v) ? v : best;
        }
        store((element *)y + c, best);
    }
}

void VDT_K(depthwise_row)(size_t taps, size_t channels, const void *const *a, const float *weight,
                          const VdtEpilogue *epilogue, void *y)
{
    size_t pitch = VDT_ALIGN_LANES(channels);

    for (size_t c = 0; c < channels; c += VDT_VL) {
        vf sum = {0};

        for (size_t t = 0; t < taps; t++)
            sum += load((const element *)a[t] + c) * load_f32(weight + t * pitch + c);
        store((element *)y + c, finish(sum, epilogue, 0, c));
    }
}

void VDT_K(map_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                     const VdtEpilogue *epilogue, void *y, size_t y_pitch)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < channels; c += VDT_VL)
            store((element *)y + i * y_pitch + c,
                  finish(load((const element *)x + i * x_pitch + c), epilogue, i, c));
}

/* Blocks of VDT_LANES pixels by VDT_LANES channels go through a square that stays in the first
 * cache, so that both sides are touched a line at a time. */
void VDT_K(from_planes)(size_t pixels, size_t channels, const float *x, size_t plane, void *y,
                        size_t y_pitch)
{
    for (size_t p = 0; p < pixels; p += VDT_LANES) {
        size_t n = pixels - p < VDT_LANES ? pixels - p : VDT_LANES;

        for (size_t c = 0; c < channels; c += VDT_LANES) {
            size_t m = channels - c < VDT_LANES ? channels - c : VDT_LANES;
            float square[VDT_LANES][VDT_LANES] = {{0}};

            for (size_t j = 0; j < m; j++)
                for (size_t i = 0; i < n; i++)
                    square[i][j] = x[(c + j) * plane + p + i];
            for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < VDT_LANES; j += VDT_VL)
                    store((element *)y + (p + i) * y_pitch + c + j, load_f32(square[i] + j));
        }
    }
}

void VDT_K(to_planes)(size_t pixels, size_t channels, const void *x, size_t x_pitch, float *y,
                      size_t plane)
{
    for (size_t p = 0; p < pixels; p += VDT_LANES) {
        size_t n = pixels - p < VDT_LANES ? pixels - p : VDT_LANES;

        for (size_t c = 0; c < channels; c += VDT_LANES) {
            size_t m = channels - c < VDT_LANES ? channels - c : VDT_LANES;
            float square[VDT_LANES][VDT_LANES];

            for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < VDT_LANES; j += VDT_VL)
                    store_f32(square[i] + j, load((const element *)x + (p + i) * x_pitch + c + j));
            for (size_t j = 0; j < m; j++)
                for (size_t i = 0; i < n; i++)
                    y[(c + j) * plane + p + i] = square[i][j];
        }
    }
}
