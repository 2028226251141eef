/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernels that walk the channels of one or several rows. They are bound by memory, not by
 * arithmetic, and kept short. */
#include "simd.h"

void VDT_K(scale_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                       const void *scale, void *y, size_t y_pitch)
{
    for (size_t i = 0; i < rows; i++) {
        const element *from = (const element *)x + i * x_pitch;
        element *to = (element *)y + i * y_pitch;

        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL)
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
    for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL)
        store((element *)y + c, load_f32(value + c) * factor);
}

void VDT_K(max_row)(size_t taps, size_t channels, const void *const *a, void *y)
{
    for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL) {
        vf best = load((const element *)a[0] + c);

        for (size_t t = 1; t < taps; t++) {
            vf v = load((const element *)a[t] + c);

            /* a NaN on either side wins */
            best = blend((v > best) | (v != v), v, best);
        }
        store((element *)y + c, best);
    }
}

/* Results at once: what is loaded serves all of them. */
#define BLEND_ROWS 8

INLINE void blend_some(size_t taps, size_t channels, const void *const *a, const float *weights,
                       element *y, size_t y_pitch, const int outs)
{
    for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL) {
        vf sums[BLEND_ROWS] = {0};

        for (size_t t = 0; t < taps; t++) {
            vf x = load((const element *)a[t] + c);

#pragma GCC unroll 8
            for (int o = 0; o < outs; o++)
                sums[o] += x * weights[o * taps + t];
        }
#pragma GCC unroll 8
        for (int o = 0; o < outs; o++)
            store(y + o * y_pitch + c, sums[o]);
    }
}

void VDT_K(blend_rows)(size_t outs, size_t taps, size_t channels, const void *const *a,
                       const float *weights, void *y, size_t y_pitch)
{
    element *to = y;
    size_t o = 0;

    for (; o + BLEND_ROWS <= outs; o += BLEND_ROWS, to += BLEND_ROWS * y_pitch)
        blend_some(taps, channels, a, weights + o * taps, to, y_pitch, BLEND_ROWS);
    for (; o < outs; o++, to += y_pitch)
        blend_some(taps, channels, a, weights + o * taps, to, y_pitch, 1);
}

/* Vectors [@first, @end) of a row of @n, all of which are whole, or some of which are not. */
INLINE vf highest_of(const float *x, size_t first, size_t end, size_t n, vf most)
{
    for (size_t i = first; i < end; i += VDT_VL) {
        vf v = end <= n ? load_f32(x + i) : load_of_row(x, i, n, splat(-__builtin_inff()));

        most = blend(v > most, v, most);
    }
    return most;
}

INLINE vf exp_of(float *x, size_t first, size_t end, size_t n, float top, vf total)
{
    for (size_t i = first; i < end; i += VDT_VL) {
        vf v = end <= n ? load_f32(x + i) : load_of_row(x, i, n, splat(-__builtin_inff()));

        v = exponential(v - top);
        total += v;
        store_f32(x + i, v);
    }
    return total;
}

void VDT_K(softmax_row)(size_t n, float *x)
{
    size_t wide = VDT_ALIGN_LANES(n), whole = n / VDT_VL * VDT_VL;
    float top, share;

    top = highest(
        highest_of(x, whole, wide, n, highest_of(x, 0, whole, n, splat(-__builtin_inff()))));
    share = 1 / sum_of(exp_of(x, whole, wide, n, top, exp_of(x, 0, whole, n, top, (vf){0})));
    for (size_t i = 0; i < wide; i += VDT_VL)
        store_f32(x + i, load_f32(x + i) * share);
}

void VDT_K(exp_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch, const float *top,
                     float *y, size_t y_pitch, float *sum)
{
    for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL) {
        vf total = sum ? load_f32(sum + c) : (vf){0}, most = load_f32(top + c);

        for (size_t i = 0; i < rows; i++) {
            vf v = exponential(load((const element *)x + i * x_pitch + c) - most);

            total += v;
            store_f32(y + i * y_pitch + c, v);
        }
        if (sum)
            store_f32(sum + c, total);
    }
}

void VDT_K(layer_norm_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                            const float *weight, const float *bias, float eps, void *y,
                            size_t y_pitch)
{
    for (size_t i = 0; i < rows; i++) {
        const element *from = (const element *)x + i * x_pitch;
        element *to = (element *)y + i * y_pitch;
        Norm norm = norm_of(from, channels, eps);
        size_t c = 0;

        for (; c + VDT_VL <= channels; c += VDT_VL)
            store(to + c, (load(from + c) - norm.mean) * norm.scale * load_f32(weight + c) +
                              load_f32(bias + c));
        for (; c < VDT_ALIGN_LANES(channels); c += VDT_VL)
            store(to + c,
                  only_channels((load(from + c) - norm.mean) * norm.scale * load_f32(weight + c) +
                                    load_f32(bias + c),
                                c, channels));
    }
}

void VDT_K(share_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                       const float *weight, float eps, void *y, size_t y_pitch)
{
    for (size_t i = 0; i < rows; i++) {
        const element *from = (const element *)x + i * x_pitch;
        element *to = (element *)y + i * y_pitch;
        vf sum = {0}, factor;

        for (size_t c = 0; c < channels; c += VDT_VL)
            sum += load(from + c) * load_f32(weight + c);
        factor = splat(1 / (sum_of(sum) + eps));
        for (size_t c = 0; c < channels; c += VDT_VL)
            store(to + c, load(from + c) * factor);
    }
}

/* Elements of a and b by number, those of b from VDT_VL on. */
INLINE vf pick(vf a, vf b, vi which)
{
#ifdef __clang__
    vf y;

    for (int i = 0; i < VDT_VL; i++)
        y[i] = which[i] < VDT_VL ? a[which[i]] : b[which[i] - VDT_VL];
    return y;
#else
    return __builtin_shuffle(a, b, which);
#endif
}

/* Rows and vectors at once: rows share the weights that were loaded, vectors the address of their
 * row, and one sum need not wait for the last addition to itself. In lines of LINE_TAPS, as most
 * are, what is loaded of a pixel also serves all taps that rows see it through. */
#define DEPTHWISE_VECTORS 2
#define DEPTHWISE_ROWS    4
#define LINE_TAPS         3

/*
 * Two vectors of bfloat16 are read as one, of pairs, whose halves are floats after a shift or a
 * mask: that takes half of what it does to spread each out. So even channels are in the first
 * vector, odd ones in the second, until pairs_to_rows() puts sums in order. Floats are in order.
 */
INLINE void load_pairs(const element *p, vf v[DEPTHWISE_VECTORS])
{
#if VDT_IS_BF16
    vu pairs;

    memcpy(&pairs, p, sizeof pairs);
    v[0] = bits_to_float(pairs << 16);
    v[1] = bits_to_float(pairs & 0xffff0000);
#else
    v[0] = load(p);
    v[1] = load(p + VDT_VL);
#endif
}

INLINE void rows_to_pairs(vf v[DEPTHWISE_VECTORS])
{
#if VDT_IS_BF16
    vf a = v[0], b = v[1];
    vi even;

    for (int l = 0; l < VDT_VL; l++)
        even[l] = 2 * l;
    v[0] = pick(a, b, even);
    v[1] = pick(a, b, even + 1);
#endif
}

INLINE void pairs_to_rows(vf v[DEPTHWISE_VECTORS])
{
#if VDT_IS_BF16
    vf a = v[0], b = v[1];
    vi first;

    for (int l = 0; l < VDT_VL; l++)
        first[l] = l / 2 + l % 2 * VDT_VL;
    v[0] = pick(a, b, first);
    v[1] = pick(a, b, first + VDT_VL / 2);
#endif
}

/* Adds what @n rows see through @taps taps of a line. */
INLINE void add_taps(const void *const *a, const float *weight, size_t pitch, size_t c,
                     vf sums[DEPTHWISE_ROWS][DEPTHWISE_VECTORS], const int n, const int taps,
                     const int vectors)
{
    vf w[LINE_TAPS][DEPTHWISE_VECTORS];

#pragma GCC unroll 3
    for (int k = 0; k < taps; k++) {
        w[k][0] = load_f32(weight + k * pitch + c);
        if (vectors > 1) {
            w[k][1] = load_f32(weight + k * pitch + c + VDT_VL);
            rows_to_pairs(w[k]);
        }
    }
#pragma GCC unroll 6
    for (int p = 0; p < n + taps - 1; p++) {
        vf x[DEPTHWISE_VECTORS];

        if (vectors > 1)
            load_pairs((const element *)a[p] + c, x);
        else
            x[0] = load((const element *)a[p] + c);
#pragma GCC unroll 3
        for (int k = 0; k < taps; k++)
            if (p >= k && p < n + k)
#pragma GCC unroll 2
                for (int j = 0; j < vectors; j++)
                    sums[p - k][j] += x[j] * w[k][j];
    }
}

INLINE void depthwise_vectors(size_t rows, size_t lines, size_t width, size_t pitch,
                              const void *const *a, const float *weight,
                              const VdtEpilogue *epilogue, size_t first, size_t c, void *y,
                              size_t y_pitch, const int n, const int taps, const int vectors)
{
    vf sums[DEPTHWISE_ROWS][DEPTHWISE_VECTORS] = {0};

    a += first;
#pragma GCC unroll 1
    for (size_t l = 0; l < lines; l++, a += rows + width - 1)
#pragma GCC unroll 1
        for (size_t k = 0; k < width; k += taps, weight += taps * pitch)
            add_taps(a + k, weight, pitch, c, sums, n, taps, vectors);
#pragma GCC unroll 4
    for (int i = 0; i < n; i++) {
        if (vectors > 1)
            pairs_to_rows(sums[i]);
#pragma GCC unroll 2
        for (int j = 0; j < vectors; j++)
            store((element *)y + (first + i) * y_pitch + c + j * VDT_VL,
                  finish(sums[i][j], epilogue, first + i, c + j * VDT_VL));
    }
}

/* @n rows from @first on; @taps is a divisor of the width. */
INLINE void depthwise(size_t rows, size_t lines, size_t width, size_t channels,
                      const void *const *a, const float *weight, const VdtEpilogue *epilogue,
                      size_t first, void *y, size_t y_pitch, const int n, const int taps)
{
    size_t pitch = VDT_ALIGN_LANES(channels), c = 0;

    for (; c + DEPTHWISE_VECTORS * VDT_VL <= pitch; c += DEPTHWISE_VECTORS * VDT_VL)
        depthwise_vectors(rows, lines, width, pitch, a, weight, epilogue, first, c, y, y_pitch, n,
                          taps, DEPTHWISE_VECTORS);
    if (c < pitch)
        depthwise_vectors(rows, lines, width, pitch, a, weight, epilogue, first, c, y, y_pitch, n,
                          taps, 1);
}

void VDT_K(depthwise_rows)(size_t rows, size_t lines, size_t width, size_t channels,
                           const void *const *a, const float *weight, const VdtEpilogue *epilogue,
                           void *y, size_t y_pitch)
{
    size_t i = 0;

    for (; width == LINE_TAPS && i + DEPTHWISE_ROWS <= rows; i += DEPTHWISE_ROWS)
        depthwise(rows, lines, LINE_TAPS, channels, a, weight, epilogue, i, y, y_pitch,
                  DEPTHWISE_ROWS, LINE_TAPS);
    for (; i + DEPTHWISE_ROWS <= rows; i += DEPTHWISE_ROWS)
        depthwise(rows, lines, width, channels, a, weight, epilogue, i, y, y_pitch, DEPTHWISE_ROWS,
                  1);
    for (; i < rows; i++)
        depthwise(rows, lines, width, channels, a, weight, epilogue, i, y, y_pitch, 1, 1);
}

void VDT_K(map_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                     const VdtEpilogue *epilogue, void *y, size_t y_pitch)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL)
            store((element *)y + i * y_pitch + c,
                  finish(load((const element *)x + i * x_pitch + c), epilogue, i, c));
}

/* rows[i][j] becomes rows[j][i]: at each step the off-diagonal halves of blocks of 2 n change
 * places. */
INLINE void transpose(vf rows[VDT_VL])
{
#pragma GCC unroll 4
    for (int n = 1; n < VDT_VL; n *= 2) {
        vi low, high;

#pragma GCC unroll 16
        for (int i = 0; i < VDT_VL; i++) {
            low[i] = i & n ? VDT_VL + i - n : i;
            high[i] = i & n ? VDT_VL + i : i + n;
        }
#pragma GCC unroll 16
        for (int i = 0; i < VDT_VL; i++) {
            if (i & n)
                continue;
            vf a = rows[i], b = rows[i + n];

            rows[i] = pick(a, b, low);
            rows[i + n] = pick(a, b, high);
        }
    }
}

/* The first n of VDT_VL floats; the rest are zero. */
INLINE vf load_part(const float *p, size_t n)
{
    vf v = {0};

    if (n == VDT_VL)
        return load_f32(p);
    memcpy(&v, p, n * sizeof(float));
    return v;
}

INLINE size_t at_most_a_vector(size_t n)
{
    return n < VDT_VL ? n : VDT_VL;
}

/* Squares of pixels and channels are turned in registers, so that both sides are read and written
 * in vectors. */
void VDT_K(from_planes)(size_t pixels, size_t channels, const float *x, size_t plane, void *y,
                        size_t y_pitch)
{
    for (size_t c = 0; c < VDT_ALIGN_LANES(channels); c += VDT_VL) {
        size_t m = c < channels ? at_most_a_vector(channels - c) : 0;

        for (size_t p = 0; p < pixels; p += VDT_VL) {
            size_t n = at_most_a_vector(pixels - p);
            vf rows[VDT_VL];

#pragma GCC unroll 16
            for (size_t j = 0; j < VDT_VL; j++)
                rows[j] = j < m ? load_part(x + (c + j) * plane + p, n) : (vf){0};
            transpose(rows);
#pragma GCC unroll 16
            for (size_t i = 0; i < VDT_VL; i++)
                if (i < n)
                    store((element *)y + (p + i) * y_pitch + c, rows[i]);
        }
    }
}

void VDT_K(to_planes)(size_t pixels, size_t channels, const void *x, size_t x_pitch, float *y,
                      size_t plane)
{
    for (size_t p = 0; p < pixels; p += VDT_VL) {
        size_t n = at_most_a_vector(pixels - p);

        for (size_t c = 0; c < channels; c += VDT_VL) {
            size_t m = at_most_a_vector(channels - c);
            vf rows[VDT_VL];

#pragma GCC unroll 16
            for (size_t i = 0; i < VDT_VL; i++)
                rows[i] = i < n ? load((const element *)x + (p + i) * x_pitch + c) : (vf){0};
            transpose(rows);
#pragma GCC unroll 16
            for (size_t j = 0; j < VDT_VL; j++)
                if (j < m)
                    memcpy(y + (c + j) * plane + p, &rows[j], n * sizeof(float));
        }
    }
}
