/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cleanpictures.h"

#include <math.h>
#include <street.h>
#include <string.h>

#include "leaves.h"
#include "random.h"
#include "streetdraw.h"
#include "textures.h"

#define SECOND   G_GINT64_CONSTANT(1000000000)
/* How long clips of the list are, and of endless streets from when to when. */
#define DURATION (12 * SECOND / 5)
#define BEGIN    (10 * SECOND)
#define END      (190 * SECOND)
/* A change of what is chosen, or of how it looks, is another. */
#define VERSION  4

typedef struct {
    ClipSet set;
    guint64 seed, first;
} CleanPictures;

static void draw_street(const CleanPictures *pictures, guint64 index, guint64 *state,
                        const VdtPicture *picture)
{
    static const guint heights[] = {0, 0, 270, 360, 540};
    VdtStreetClip clip = vdt_street_list_clip(pictures->seed, index, DURATION, NULL);
    double light = random_double(state), moment = random_double(state);
    clip.conditions = (VdtStreetConditions){.night = light < 0.4   ? 0
                                                     : light < 0.7 ? random_double(state)
                                                                   : 1};
    gboolean endless = random_double(state) < 0.5;
    VdtStreetOptions options = {.seed = clip.seed, .conditions = clip.conditions};
    g_autoptr(VdtStreet) street = endless ? vdt_street_new(&options) : vdt_street_new_clip(&clip);
    gint64 time = endless ? BEGIN + moment * (END - BEGIN) : moment * DURATION;
    guint height = heights[random_next(state) % G_N_ELEMENTS(heights)];
    height = MAX(height, picture->height);
    guint width = MAX(height * 16 / 9, picture->width);
    g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, width, height);
    g_autofree guint8 *pixels = g_malloc((gsize)4 * width * height);
    street_draw_clean_rgb(painter, time, width, height, pixels);
    guint left = random_next(state) % (width - picture->width + 1);
    guint top = random_next(state) % (height - picture->height + 1);
    for (guint y = 0; y < picture->height; y++)
        memcpy(picture->data + y * picture->stride, pixels + 3 * ((gsize)(top + y) * width + left),
               (gsize)3 * picture->width);
}

/* Drawn with twice the sides: a camera's pixel is the mean of what falls on it. */
static void draw_texture(const CleanPictures *pictures, guint64 index, guint64 *state,
                         const VdtPicture *picture)
{
    VdtPicture large = {NULL, 2 * picture->width, 2 * picture->height, (gsize)6 * picture->width};
    g_autofree guint8 *pixels = g_malloc(large.stride * large.height);
    large.data = pixels;
    texture_draw(random_next(state), &large);
    for (guint y = 0; y < picture->height; y++) {
        const guint8 *above = pixels + 2 * y * large.stride, *below = above + large.stride;
        guint8 *to = picture->data + y * picture->stride;
        for (guint x = 0; x < picture->width; x++, above += 6, below += 6, to += 3)
            for (guint c = 0; c < 3; c++)
                to[c] = (above[c] + above[3 + c] + below[c] + below[3 + c] + 2) / 4;
    }
}

static void draw_leaves(const CleanPictures *pictures, guint64 index, guint64 *state,
                        const VdtPicture *picture)
{
    leaves_draw(random_next(state), picture);
}

static ClipInfo info(const ClipSet *set, guint clip)
{
    return (ClipInfo){.condition = -1};
}

static void (*const draw[])(const CleanPictures *pictures, guint64 index, guint64 *state,
                            const VdtPicture *picture) = {draw_street, draw_texture, draw_leaves};

gboolean clean_picture_is_street(guint64 index)
{
    return draw[index % G_N_ELEMENTS(draw)] == draw_street;
}

static gboolean fill(const ClipSet *set, guint item, guint8 *clip, GCancellable *cancellable,
                     GError **error)
{
    const CleanPictures *pictures = (const CleanPictures *)set;
    guint64 index = pictures->first + item;
    guint64 state = random_seed3(pictures->seed, index, G_GUINT64_CONSTANT(0x434C45414E));
    VdtPicture picture = clip_format_picture(&set->format, clip, 0);
    draw[index % G_N_ELEMENTS(draw)](pictures, index, &state, &picture);
    return TRUE;
}

ClipSet *clean_pictures_new(guint64 seed, guint64 first, guint n, guint width, guint height)
{
    CleanPictures *pictures = g_new0(CleanPictures, 1);
    ClipSet *set = &pictures->set;
    pictures->seed = seed;
    pictures->first = first;
    set->format = (ClipFormat){.width = width, .height = height, .frames = 1, .stored = 1};
    set->n_items = n;
    set->group = 1;
    set->info = info;
    set->fill = fill;
    set->labels = g_new0(char *, 1);
    g_autoptr(GString) key = g_string_new("clean pictures\n");
    street_describe(seed, first, 0, "none", DURATION, key);
    g_string_append_printf(key, "pictures: %d\n", VERSION);
    clip_format_describe(&set->format, key);
    set->key = g_string_free(g_steal_pointer(&key), FALSE);
    return set;
}
