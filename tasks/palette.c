/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "palette.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PALETTE_BYTES (128 << 10)
/* Neighbours are this far apart on the wheel of hues, and no two are the same for long. */
#define GOLDEN            0.61803398874989485

static guint32 from_hue(double hue, double saturation, double value)
{
    guint32 rgb = 0;

    for (int c = 0; c < 3; c++) {
        const double k = fmod((c == 0 ? 5 : c == 1 ? 3 : 1) + hue * 6, 6);
        const double level = value * (1 - saturation * CLAMP(MIN(k, 4 - k), 0, 1));

        rgb = rgb << 8 | (guint32)lround(level * 255);
    }
    return rgb;
}

guint32 vdt_palette_colour(guint i)
{
    static const double values[] = {0.95, 0.75, 0.55};
    static const double saturations[] = {0.85, 0.6};

    return from_hue(fmod(i * GOLDEN, 1), saturations[i / 3 % 2], values[i % 3]);
}

/* A regular file: one that nobody writes into would be waited for, a device has no end. */
static char *load(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    char *text = NULL;

    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size <= MAX_PALETTE_BYTES) {
        gsize have = 0;
        gssize n;

        text = g_malloc((gsize)status.st_size + 1);
        while ((n = read(fd, text + have, (gsize)status.st_size - have)) > 0 ||
               (n < 0 && errno == EINTR))
            have += (gsize)MAX(n, 0);
        text[have] = '\0';
    }
    if (fd >= 0)
        close(fd);
    return text;
}

/* What is no palette, or one for something else, gives NULL: colours are worth no error. */
static guint32 *parse(const char *path, guint n)
{
    g_autofree char *text = load(path);
    g_autofree guint32 *colours = g_new(guint32, n);
    g_auto(GStrv) lines = NULL;
    guint found = 0;

    if (!text)
        return NULL;
    lines = g_strsplit(g_str_has_prefix(text, "\xef\xbb\xbf") ? text + 3 : text, "\n", -1);
    if (!lines[0] || !g_str_has_prefix(lines[0], "GIMP Palette"))
        return NULL;
    for (guint i = 1; lines[i]; i++) {
        guint rgb[3];

        if (sscanf(lines[i], "%3u %3u %3u", &rgb[0], &rgb[1], &rgb[2]) != 3)
            continue;
        if (found == n || rgb[0] > 255 || rgb[1] > 255 || rgb[2] > 255)
            return NULL;
        colours[found++] = rgb[0] << 16 | rgb[1] << 8 | rgb[2];
    }
    return found == n ? g_steal_pointer(&colours) : NULL;
}

/* The palette that goes with a file of labels: beside it, or in ../palettes. */
static guint32 *find(const char *labels_path, guint n)
{
    g_autofree char *dir = NULL, *base = NULL, *stem = NULL, *name = NULL;
    g_autofree char *beside = NULL, *apart = NULL;
    guint32 *colours;

    if (!labels_path || !g_str_has_suffix(labels_path, ".txt"))
        return NULL;
    dir = g_path_get_dirname(labels_path);
    base = g_path_get_basename(labels_path);
    stem = g_strndup(base, strlen(base) - strlen(".txt"));
    name = g_strconcat(stem, ".gpl", NULL);
    beside = g_build_filename(dir, name, NULL);
    apart = g_build_filename(dir, "..", "palettes", name, NULL);
    colours = parse(beside, n);
    return colours ? colours : parse(apart, n);
}

guint32 *vdt_palette_load(const VdtCard *card, guint n)
{
    guint32 *colours = find(card->labels_path, n);

    if (!colours) /* a trained model's labels are beside it, alone */
        colours = find(card->variant_labels_path, n);
    if (!colours) {
        colours = g_new(guint32, n);
        for (guint i = 0; i < n; i++)
            colours[i] = vdt_palette_colour(i);
    }
    return colours;
}
