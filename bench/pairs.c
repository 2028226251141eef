/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What pairs for restoring cost: one JSON line for each kind of spoiling, of windows of 128 x 128
 * made of clean pictures that are there, in CPU time of all threads; one for making the pictures.
 */
#include <stdio.h>
#include <vedette/error.h>

#include "data/cleanpictures.h"
#include "data/pairs.h"
#include "measure.h"

#define N_PICTURES 24
#define BATCH      12
#define N_STEPS    20
#define SIDE       128

int main(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ClipSet) set =
        clean_pictures_new(1, 0, N_PICTURES, CLEAN_PICTURES_WIDTH, CLEAN_PICTURES_HEIGHT);
    const CacheOptions options = {.in_memory = TRUE, .max_bytes = 1 << 30};
    g_autoptr(Progress) progress = progress_new();
    double begin = measure_ms(CLOCK_PROCESS_CPUTIME_ID);
    g_autoptr(Cache) cache = cache_new(set, &options, "drawing", progress, NULL, &error);
    VdtShape shape = vdt_shape(BATCH, 3, SIDE, SIDE);
    g_autoptr(VdtTensor) spoiled = vdt_tensor_new(VDT_F32, &shape, &error);
    g_autoptr(VdtTensor) clean = vdt_tensor_new(VDT_F32, &shape, &error);
    if (cache == NULL || spoiled == NULL || clean == NULL) {
        fprintf(stderr, "bench-pairs: %s\n", error->message);
        return 1;
    }
    printf("{\"bench\":\"clean pictures\",\"picture_ms\":%.1f}\n",
           (measure_ms(CLOCK_PROCESS_CPUTIME_ID) - begin) / N_PICTURES);
    for (guint kind = 0; kind < SPOIL_N_KINDS; kind++) {
        g_autoptr(Pairs) pairs = pairs_new(cache, 1, BATCH, 1u << kind);
        gint32 restorations[BATCH];
        begin = measure_ms(CLOCK_PROCESS_CPUTIME_ID);
        for (guint step = 0; step < N_STEPS; step++)
            pairs_fill(pairs, step, spoiled, clean, restorations);
        double each = (measure_ms(CLOCK_PROCESS_CPUTIME_ID) - begin) / (N_STEPS * BATCH);
        printf("{\"bench\":\"pairs\",\"kind\":\"%s\",\"window_ms\":%.2f,\"windows_per_s\":%.0f}\n",
               spoil_names[kind], each, 1e3 / each);
    }
    return 0;
}
