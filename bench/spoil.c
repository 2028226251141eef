/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spoils pictures for restore.py: bench-spoil KIND STRENGTH SEED WIDTH HEIGHT reads pictures of a
 * film from stdin, packed RGB of 8 bits, and writes as many to stdout. The first line on stderr
 * says what the strength stands for.
 */
#include <stdio.h>

#include "data/spoil.h"

#define MOST_SIDE 16384

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    Spoil spoil = {0};
    if (argc != 6 || !spoil_find(argv[1], &spoil.kind, &error)) {
        fprintf(stderr, "usage: bench-spoil KIND STRENGTH SEED WIDTH HEIGHT\n%s\n",
                error != NULL ? error->message : "");
        return 2;
    }
    spoil.strength = g_ascii_strtod(argv[2], NULL);
    spoil.seed = g_ascii_strtoull(argv[3], NULL, 10);
    guint64 width = g_ascii_strtoull(argv[4], NULL, 10);
    guint64 height = g_ascii_strtoull(argv[5], NULL, 10);
    if (!(spoil.strength >= 0 && spoil.strength <= 1) || width < 1 || width > MOST_SIDE ||
        height < 1 || height > MOST_SIDE) {
        fprintf(stderr, "bench-spoil: strengths are 0 to 1, sides 1 to %d\n", MOST_SIDE);
        return 2;
    }
    const char *unit = NULL;
    double amount = spoil_get_amount(spoil.kind, spoil.strength, &unit);
    fprintf(stderr, "%g %s\n", amount, unit);
    gsize area = width * height;
    g_autofree guint8 *pixels = g_malloc(3 * area);
    g_autofree float *planes = g_new(float, 3 * area);
    for (; fread(pixels, 3, area, stdin) == area; spoil.moment++) {
        for (gsize i = 0; i < 3 * area; i++)
            planes[i % 3 * area + i / 3] = pixels[i];
        spoil_apply(&spoil, planes, (guint)width, (guint)height);
        for (gsize i = 0; i < 3 * area; i++)
            pixels[i] = (guint8)planes[i % 3 * area + i / 3];
        if (fwrite(pixels, 3, area, stdout) != area)
            return 1;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
