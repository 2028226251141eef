/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "streetrestorations.h"

#include "cleanpictures.h"
#include "random.h"
#include "spoil.h"
#include "streetdraw.h"

#define WIDTH   384
#define HEIGHT  216
#define AREA    (WIDTH * HEIGHT)
#define CLEAN   0.4  /* share of them */
#define LEAST   0.25 /* strength */
#define COLOURS 3
/* A change of what is chosen is another. */
#define VERSION 1

/* Those of autorestore.h. */
static const char *const labels[] = {"clean", "noise", "blur", "rain",
                                     "haze",  "snow",  "dark", NULL};
static const char *const background[] = {"clean", NULL};
static const VdtCardGroup groups[] = {{(char *)"restoration", 0, 1 + SPOIL_N_KINDS}};

typedef struct {
    ClipSet set;
    ClipSet *clean;
    guint64 seed, first;
    guint coded;
} StreetRestorations;

/* -1 for one that stays clean. */
static int choose(const StreetRestorations *pictures, guint item, Spoil *spoil)
{
    guint64 index = pictures->first + item;
    guint64 state = random_seed3(pictures->seed, index, G_GUINT64_CONSTANT(0x524553544F5245));
    gboolean clean = random_double(&state) < CLEAN;
    *spoil = (Spoil){.kind = random_next(&state) % SPOIL_N_KINDS,
                     .strength = LEAST + (1 - LEAST) * random_double(&state),
                     .seed = random_next(&state),
                     .moment = random_next(&state)};
    return clean ? -1 : (int)spoil->kind;
}

static gboolean is_coded(const StreetRestorations *pictures, guint item)
{
    return pictures->coded > 0 && (pictures->first + item) % pictures->coded == 0;
}

static ClipInfo info(const ClipSet *set, guint item)
{
    const StreetRestorations *pictures = (const StreetRestorations *)set;
    Spoil spoil;
    return (ClipInfo){.condition = -1,
                      .coded = is_coded(pictures, item),
                      .textured = !clean_picture_is_street(pictures->first + item),
                      .answers = {(guint8)(1 + choose(pictures, item, &spoil))}};
}

static void spoil_picture(const Spoil *spoil, guint8 *rgb)
{
    g_autofree float *planes = g_new(float, (gsize)COLOURS *AREA);
    for (gsize i = 0; i < AREA; i++)
        for (guint c = 0; c < COLOURS; c++)
            planes[c * AREA + i] = rgb[COLOURS * i + c];
    spoil_apply(spoil, planes, WIDTH, HEIGHT);
    for (gsize i = 0; i < AREA; i++)
        for (guint c = 0; c < COLOURS; c++)
            rgb[COLOURS * i + c] = (guint8)planes[c * AREA + i];
}

static gboolean fill(const ClipSet *set, guint item, guint8 *clip, GCancellable *cancellable,
                     GError **error)
{
    const StreetRestorations *pictures = (const StreetRestorations *)set;
    g_autofree guint8 *rgb = g_malloc((gsize)COLOURS * AREA);
    VdtPicture picture = {rgb, WIDTH, HEIGHT, (gsize)COLOURS * WIDTH};
    Spoil spoil;
    if (!pictures->clean->fill(pictures->clean, item, rgb, cancellable, error))
        return FALSE;
    if (choose(pictures, item, &spoil) >= 0)
        spoil_picture(&spoil, rgb);
    if (is_coded(pictures, item) && !street_send_picture(&picture, error))
        return FALSE;
    clip_format_store(&set->format, &picture, clip, 0);
    return TRUE;
}

static void finalize(ClipSet *set)
{
    clip_set_free(((StreetRestorations *)set)->clean);
}

static ClipSet *restorations_open(guint64 seed, guint64 first, guint n, guint coded,
                                  const ClipFormat *format, GError **error)
{
    const char *encoder = street_find_encoder(coded, error);
    if (encoder == NULL)
        return NULL;
    StreetRestorations *pictures = g_new0(StreetRestorations, 1);
    ClipSet *set = &pictures->set;
    pictures->clean = clean_pictures_new(seed, first, n, WIDTH, HEIGHT);
    pictures->seed = seed;
    pictures->first = first;
    pictures->coded = coded;
    set->format = *format;
    set->n_items = n;
    set->group = 1;
    set->info = info;
    set->fill = fill;
    set->finalize = finalize;
    street_task_set(&street_restorations_task, set);
    g_autoptr(GString) key = g_string_new("spoiled pictures\n");
    g_string_append_printf(key, "%s\nspoiled: %d.%d, coded: %u by %s\n", pictures->clean->key,
                           SPOIL_VERSION, VERSION, coded, encoder);
    clip_format_describe(format, key);
    set->key = g_string_free(g_steal_pointer(&key), FALSE);
    return set;
}

const StreetTask street_restorations_task = {
    .name = "restoration",
    .title = "what has spoiled pictures",
    .labels = labels,
    .groups = groups,
    .n_groups = G_N_ELEMENTS(groups),
    .background = background,
    .size = 216,
    .config = "{\"arch\": \"deit\", \"norm\": \"linearnorm\", \"attention\": \"linear\", "
              "\"dim\": 96, \"depth\": 4, \"heads\": 3, \"patch\": 12, \"img_size\": 216}",
    .alarms = 0,
    .open = restorations_open};
