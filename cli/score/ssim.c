/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ssim.h"

#include <math.h>

#include "psnr.h"

#define SIGMA 1.5

/* What is averaged over a window. */
enum { MEAN_A, MEAN_B, SQUARE_A, SQUARE_B, PRODUCT, N_MOMENTS };

/* Rows that were averaged across, the last few of them. */
typedef struct {
    double kernel[SSIM_WINDOW];
    guint width;   /* in windows */
    double *rows;  /* [SSIM_WINDOW][N_MOMENTS][width] */
    double *a, *b; /* luma of a row of pixels */
} Windows;

static void windows_clear(Windows *w)
{
    g_free(w->rows);
    g_free(w->a);
    g_free(w->b);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Windows, windows_clear)

static void make_kernel(double *kernel)
{
    double sum = 0;
    for (int i = 0; i < SSIM_WINDOW; i++) {
        double from_middle = i - SSIM_WINDOW / 2;
        sum += kernel[i] = exp(-from_middle * from_middle / (2 * SIGMA * SIGMA));
    }
    for (int i = 0; i < SSIM_WINDOW; i++)
        kernel[i] /= sum;
}

static double *row_of(const Windows *w, guint y, guint moment)
{
    return w->rows + ((gsize)(y % SSIM_WINDOW) * N_MOMENTS + moment) * w->width;
}

static void average_across(Windows *w, guint y)
{
    for (guint x = 0; x < w->width; x++) {
        double sums[N_MOMENTS] = {0};
        for (guint i = 0; i < SSIM_WINDOW; i++) {
            double a = w->a[x + i], b = w->b[x + i], k = w->kernel[i];
            sums[MEAN_A] += k * a;
            sums[MEAN_B] += k * b;
            sums[SQUARE_A] += k * a * a;
            sums[SQUARE_B] += k * b * b;
            sums[PRODUCT] += k * a * b;
        }
        for (guint m = 0; m < N_MOMENTS; m++)
            row_of(w, y, m)[x] = sums[m];
    }
}

/* Of the window whose last row is @y. */
static double similarity(const Windows *w, guint y, guint x)
{
    const double c1 = pow(0.01 * 255, 2), c2 = pow(0.03 * 255, 2);
    double s[N_MOMENTS] = {0};
    for (guint i = 0; i < SSIM_WINDOW; i++)
        for (guint m = 0; m < N_MOMENTS; m++)
            s[m] += w->kernel[i] * row_of(w, y + 1 + i, m)[x];
    double product = s[MEAN_A] * s[MEAN_B];
    double squares = s[MEAN_A] * s[MEAN_A] + s[MEAN_B] * s[MEAN_B];
    return (2 * product + c1) * (2 * (s[PRODUCT] - product) + c2) /
           ((squares + c1) * (s[SQUARE_A] + s[SQUARE_B] - squares + c2));
}

static void read_luma(const VdtPicture *picture, guint y, guint margin, guint n, double *luma)
{
    const guint8 *rgb = picture->data + y * picture->stride + 3 * margin;
    for (guint x = 0; x < n; x++, rgb += 3)
        luma[x] = psnr_luma(rgb);
}

double ssim_of(const VdtPicture *a, const VdtPicture *b, guint margin)
{
    guint width = a->width - 2 * margin, height = a->height - 2 * margin;
    g_auto(Windows) w = {.width = width - SSIM_WINDOW + 1};
    w.rows = g_new(double, (gsize)SSIM_WINDOW *N_MOMENTS *w.width);
    w.a = g_new(double, width);
    w.b = g_new(double, width);
    make_kernel(w.kernel);
    double sum = 0;
    for (guint y = 0; y < height; y++) {
        read_luma(a, y + margin, margin, width, w.a);
        read_luma(b, y + margin, margin, width, w.b);
        average_across(&w, y);
        for (guint x = 0; x < w.width && y + 1 >= SSIM_WINDOW; x++)
            sum += similarity(&w, y, x);
    }
    return sum / w.width / (height - SSIM_WINDOW + 1);
}
