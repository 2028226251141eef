/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between channels first and channels last. Nothing is computed, so results are exact, up to the
 * rounding of the element type. */
#include <math.h>

#include "check.h"

static gboolean same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void check_from_planes(const VdtKernels *kernels, size_t pixels, size_t channels)
{
    gboolean bf16 = check_is_bf16(kernels);
    size_t plane = pixels + check_between(0, 5), y_pitch = check_pitch(channels);
    size_t wide = VDT_ALIGN_LANES(channels);
    const float *x = check_map(channels, pixels, pixels, plane, FALSE, 20);
    CheckOutput y = check_output(pixels, wide, y_pitch, bf16);

    kernels->from_planes(pixels, channels, x, plane, y.data, y_pitch);
    check_outside(&y, channels);
    for (size_t p = 0; p < pixels; p++) {
        for (size_t c = 0; c < wide; c++) {
            double value = check_get(y.data, p * y_pitch + c, bf16);
            double right = c < channels ? x[c * plane + p] : 0;

            if (!same(value, bf16 ? check_round_bf16(right) : right))
                check_fail("pixel %zu channel %zu is %g, not %g", p, c, value, right);
        }
    }
}

static void check_to_planes(const VdtKernels *kernels, size_t pixels, size_t channels)
{
    gboolean bf16 = check_is_bf16(kernels);
    size_t plane = pixels + check_between(0, 5), x_pitch = check_pitch(channels);
    const void *x = check_channels(pixels, channels, x_pitch, bf16, 20);
    CheckOutput y = check_output(channels, pixels, plane, FALSE);

    kernels->to_planes(pixels, channels, x, x_pitch, (float *)y.data, plane);
    check_outside(&y, pixels);
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++)
            if (!same(check_get(y.data, c * plane + p, FALSE), check_get(x, p * x_pitch + c, bf16)))
                check_fail("pixel %zu channel %zu is %g, not %g", p, c,
                           check_get(y.data, c * plane + p, FALSE),
                           check_get(x, p * x_pitch + c, bf16));
}

static void for_all_sizes(const VdtKernels *kernels, const char *name,
                          void (*check)(const VdtKernels *, size_t pixels, size_t channels))
{
    for (size_t channels = 1; channels <= 80; channels++) {
        for (guint round = 0; round < 4; round++) {
            size_t pixels = check_between(1, round < 2 ? 17 : 70);

            check_case("%s %s: %zu pixels of %zu channels", kernels->name, name, pixels, channels);
            check(kernels, pixels, channels);
        }
    }
}

static void test_from_planes(gconstpointer kernels)
{
    for_all_sizes(kernels, "from_planes", check_from_planes);
}

static void test_to_planes(gconstpointer kernels)
{
    for_all_sizes(kernels, "to_planes", check_to_planes);
}

void check_add_planes(const VdtKernels *kernels)
{
    check_add_test(kernels, "from_planes", test_from_planes);
    check_add_test(kernels, "to_planes", test_to_planes);
}
