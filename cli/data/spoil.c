/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spoil.h"

#include <string.h>
#include <vedette/error.h>

#include "spoilkinds.h"

typedef struct {
    const char *unit;
    double least, most; /* at strength 0 and 1; between them by shares, not by steps */
    void (*apply)(Film *film);
    gboolean sees; /* has a sensor and a coder behind it that are as usual */
} Kind;

static const Kind kinds[SPOIL_N_KINDS] = {
    [SPOIL_NOISE] = {"levels of deviation", 5, 50, spoil_noise, FALSE},
    [SPOIL_BLUR] = {"pixels of radius", 1.4, 5, spoil_blur, TRUE},
    [SPOIL_RAIN] = {"streaks in 10,000 pixels", 20, 200, spoil_rain, TRUE},
    [SPOIL_HAZE] = {"optical depth of what is farthest", 0.4, 2.2, spoil_haze, TRUE},
    [SPOIL_SNOW] = {"flakes in 10,000 pixels", 12, 150, spoil_snow, TRUE},
    [SPOIL_DARK] = {"times less light", 4, 30, spoil_dark, FALSE},
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

/* What is seen through weather or a bad lens is a camera's picture still: it has a little noise,
 * and one in four has been through a coder. */
static void see(Film *film)
{
    guint64 state = random_mix(film->seed);
    float noise = (float)spoil_between(&state, 0, 2);
    gboolean coded = random_double(&state) < 0.25;
    double quality = spoil_between(&state, 60, 95);
    for (gsize i = 0; i < 3 * film->area; i++)
        film->values[i] += noise * spoil_normal(&film->moment);
    if (coded)
        spoil_code(film, quality);
}

void spoil_apply(const Spoil *spoil, float *picture, guint width, guint height)
{
    guint64 seed = random_mix(spoil->seed ^ ((guint64)spoil->kind << 56));
    Film film = {.values = picture,
                 .width = width,
                 .height = height,
                 .area = (gsize)width * height,
                 .amount = spoil_get_amount(spoil->kind, spoil->strength, NULL),
                 .seed = seed,
                 .state = seed,
                 .moment = random_seed3(seed, spoil->moment, G_GUINT64_CONSTANT(0x4D4F4D454E54))};
    kinds[spoil->kind].apply(&film);
    if (kinds[spoil->kind].sees)
        see(&film);
    for (gsize i = 0; i < 3 * film.area; i++)
        picture[i] = (float)(int)(CLAMP(picture[i], 0, 255) + 0.5f);
}
