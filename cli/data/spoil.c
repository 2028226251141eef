/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spoil.h"

#include <string.h>
#include <vedette/error.h>

#include "spoilkinds.h"

typedef struct {
    const char *unit;
    double least, most; /* at strength 0 and 1; between them by shares, not by steps */
    void (*apply)(Film *film);
} Kind;

static const Kind kinds[SPOIL_N_KINDS] = {
    [SPOIL_NOISE] = {"levels of deviation", 5, 50, spoil_noise},
    [SPOIL_BLUR] = {"pixels of radius", 1.4, 5, spoil_blur},
    [SPOIL_RAIN] = {"streaks in 10,000 pixels", 12, 150, spoil_rain},
    [SPOIL_HAZE] = {"optical depth of what is farthest", 0.4, 2.2, spoil_haze},
    [SPOIL_SNOW] = {"flakes in 10,000 pixels", 12, 150, spoil_snow},
    [SPOIL_DARK] = {"times less light", 4, 30, spoil_dark},
};

const char *const spoil_names[SPOIL_N_KINDS + 1] = {
    [SPOIL_NOISE] = "noise", [SPOIL_BLUR] = "blur", [SPOIL_RAIN] = "rain",
    [SPOIL_HAZE] = "haze",   [SPOIL_SNOW] = "snow", [SPOIL_DARK] = "dark",
};

gboolean spoil_find(const char *name, SpoilKind *kind, GError **error)
{
    for (guint i = 0; i < SPOIL_N_KINDS; i++)
        if (strcmp(spoil_names[i], name) == 0) {
            *kind = i;
            return TRUE;
        }
    g_autofree char *known = g_strjoinv(", ", (char **)spoil_names);
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                "\"%s\" is not what spoils pictures; that is one of: %s", name, known);
    return FALSE;
}

double spoil_get_amount(SpoilKind kind, double strength, const char **unit)
{
    const Kind *row = &kinds[kind];
    if (unit != NULL)
        *unit = row->unit;
    return row->least * pow(row->most / row->least, CLAMP(strength, 0, 1));
}

void spoil_apply(const Spoil *spoil, float *picture, guint width, guint height)
{
    guint64 seed = random_mix(spoil->seed ^ ((guint64)spoil->kind << 56));
    Film film = {.values = picture,
                 .width = width,
                 .height = height,
                 .area = (gsize)width * height,
                 .amount = spoil_get_amount(spoil->kind, spoil->strength, NULL),
                 .state = seed,
                 .moment = random_seed3(seed, spoil->moment, G_GUINT64_CONSTANT(0x4D4F4D454E54))};
    kinds[spoil->kind].apply(&film);
    for (gsize i = 0; i < 3 * film.area; i++)
        picture[i] = (float)(int)(CLAMP(picture[i], 0, 255) + 0.5f);
}
