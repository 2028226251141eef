/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures in a folder that restoring is measured on, in the layouts that data sets have:
 *
 *     rain/ rainy/ hazy/ snow/ blur/ low/ noisy/ input/    what is spoiled, beside
 *     norain/ gt/ target/ clean/ high/                     what is true, or true ones in FOLDER
 *     HR/, LR_bicubic/X2/                                  enlarging by 2
 *     FOLDER itself, or HR/                                true pictures alone
 *
 * A spoiled picture's true one has its name, up to the last dot; or that with "no" before it
 * (rain-001, norain-001), without "x2" at its end, or without what is behind the first "_" (one
 * true picture, several hazy ones).
 */
#pragma once

#include <vedette/error.h>

typedef struct {
    char *name;    /* of the spoiled picture, or of the true one if there is none */
    char *spoiled; /* path, or NULL: true pictures alone */
    char *target;
} Pair;

/* Pairs for results that are @scale times as large, by name. What has no true picture is listed at
 * once. */
GPtrArray *pair_folder_list(const char *folder, guint scale, GError **error);
