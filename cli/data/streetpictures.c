/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "streetpictures.h"

#include <math.h>
#include <string.h>

#include "config.h"
#include "random.h"
#include "streetdraw.h"
#if HAVE_GST
#include "h264.h"
#endif

#define SECOND   G_GINT64_CONSTANT(1000000000)
/* How long clips of the list are, and of endless streets from when to when. */
#define DURATION (12 * SECOND / 5)
#define BEGIN    (10 * SECOND)
#define END      (190 * SECOND)
/* Frames that a coder has seen before the picture: one of them is whole, the others say what has
 * changed. */
#define LEAD     7
#define LED      (LEAD * SECOND / STREET_CODED_RATE)
/* Of what lies outside of the street's picture. */
#define NOTHING  255

typedef struct {
    ClipSet set;
    guint64 seed, first;
    guint coded, endless;
    guint least; /* pixels of a thing that counts */
} StreetPictures;

/* Another order than that of coded pictures. */
static gboolean is_endless(const StreetPictures *pictures, guint64 index)
{
    return pictures->endless > 0 && (street_diagonal(index) + 1) % pictures->endless == 0;
}

static VdtStreet *find_street(const StreetPictures *pictures, guint64 index, gint64 *time)
{
    VdtStreetClip clip = vdt_street_list_clip(pictures->seed, index, DURATION, NULL);
    guint64 state = random_seed3(pictures->seed, index, G_GUINT64_CONSTANT(0x50494354));
    double chance = random_double(&state);
    if (is_endless(pictures, index)) {
        VdtStreetOptions options = {.seed = clip.seed, .conditions = clip.conditions};
        *time = BEGIN + chance * (END - BEGIN);
        return vdt_street_new(&options);
    }
    *time = LED + chance * (DURATION - LED);
    return vdt_street_new_clip(&clip);
}

static ClipInfo info(const ClipSet *set, guint clip)
{
    const StreetPictures *pictures = (const StreetPictures *)set;
    VdtStreetCondition condition;
    vdt_street_list_clip(pictures->seed, pictures->first + clip, DURATION, &condition);
    return (ClipInfo){.condition = condition,
                      .coded = street_clip_is_coded(pictures->first + clip, pictures->coded)};
}

static gboolean is_thing(guint8 class)
{
    return class == VDT_STREET_PERSON || class == VDT_STREET_VEHICLE || class == VDT_STREET_BAG ||
           class == VDT_STREET_LAMP;
}

/* Takes the class of pixel @i and of all that are like it and next to each other away, if there are
 * too few. */
static void forget_if_small(guint8 *classes, guint8 *seen, guint *piece, guint first, guint least)
{
    const guint width = STREET_PICTURE_WIDTH, height = STREET_PICTURE_HEIGHT;
    guint n = 0, class = classes[first];
    piece[n++] = first;
    seen[first] = TRUE;
    for (guint k = 0; k < n; k++) {
        guint x = piece[k] % width, y = piece[k] / width;
        guint next[] = {x > 0 ? piece[k] - 1 : first, x + 1 < width ? piece[k] + 1 : first,
                        y > 0 ? piece[k] - width : first,
                        y + 1 < height ? piece[k] + width : first};
        for (guint j = 0; j < G_N_ELEMENTS(next); j++)
            if (!seen[next[j]] && classes[next[j]] == class) {
                seen[next[j]] = TRUE;
                piece[n++] = next[j];
            }
    }
    for (guint k = 0; k < n && n < least; k++)
        classes[piece[k]] = NOTHING;
}

static void forget_small(guint8 *classes, guint least)
{
    const guint area = STREET_PICTURE_WIDTH * STREET_PICTURE_HEIGHT;
    g_autofree guint8 *seen = g_malloc0(area);
    g_autofree guint *piece = g_new(guint, area);
    for (guint i = 0; i < area; i++)
        if (!seen[i] && is_thing(classes[i]))
            forget_if_small(classes, seen, piece, i, least);
}

void street_pictures_ignore(ClipSet *set, guint least)
{
    ((StreetPictures *)set)->least = least;
}

/* The class next to each pixel's middle. */
static void store_classes(const ClipFormat *format, const guint8 *classes, guint8 *to)
{
    const guint width = STREET_PICTURE_WIDTH, height = STREET_PICTURE_HEIGHT;
    VdtView view =
        vdt_view_for_framing(format->framing, width, height, format->width, format->height);
    for (int y = 0; y < (int)format->height; y++) {
        int row = floor((y + view.top + 0.5) * height / view.height);
        for (int x = 0; x < (int)format->width; x++) {
            int column = floor((x + view.left + 0.5) * width / view.width);
            gboolean inside = row >= 0 && row < (int)height && column >= 0 && column < (int)width;
            *to++ = inside ? classes[row * width + column] : NOTHING;
        }
    }
}

#if HAVE_GST
typedef struct {
    const ClipFormat *format;
    VdtStreetPainter *painter;
    gint64 from;
    guint8 *clip;
} Coding;

static void draw_frame(gpointer data, guint i, guint8 *bgrx, gsize stride)
{
    Coding *coding = data;
    vdt_street_painter_draw(coding->painter, coding->from + i * SECOND / STREET_CODED_RATE, bgrx,
                            stride);
}

static void take_frame(gpointer data, guint i, const VdtPicture *picture)
{
    Coding *coding = data;
    if (i == LEAD)
        clip_format_store(coding->format, picture, coding->clip, 0);
}

static gboolean draw_coded(Coding *coding, GError **error)
{
    H264Job job = {.width = STREET_PICTURE_WIDTH,
                   .height = STREET_PICTURE_HEIGHT,
                   .rate = STREET_CODED_RATE,
                   .bitrate = STREET_BITRATE,
                   .n_frames = LEAD + 1,
                   .draw = draw_frame,
                   .take = take_frame,
                   .data = coding};
    return h264_round_trip(&job, error);
}
#endif

static gboolean fill(const ClipSet *set, guint item, guint8 *clip, GCancellable *cancellable,
                     GError **error)
{
    const StreetPictures *pictures = (const StreetPictures *)set;
    const ClipFormat *format = &set->format;
    const guint width = STREET_PICTURE_WIDTH, height = STREET_PICTURE_HEIGHT;
    guint64 index = pictures->first + item;
    gint64 time;
    g_autoptr(VdtStreet) street = find_street(pictures, index, &time);
    g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, width, height);
    g_autofree guint8 *pixels = g_malloc((gsize)4 * width * height);
    vdt_street_painter_classes(painter, time, pixels, width);
    if (pictures->least > 0)
        forget_small(pixels, pictures->least);
    store_classes(format, pixels, clip_format_classes(format, clip));
#if HAVE_GST
    if (street_clip_is_coded(index, pictures->coded)) {
        Coding coding = {format, painter, time - LED, clip};
        return draw_coded(&coding, error);
    }
#endif
    street_draw_rgb(painter, time, width, height, pixels);
    VdtPicture picture = {pixels, width, height, (gsize)3 * width};
    clip_format_store(format, &picture, clip, 0);
    return TRUE;
}

ClipSet *street_pictures_new(guint64 seed, guint64 first, guint n, guint coded, guint endless,
                             const ClipFormat *format, GError **error)
{
    const char *encoder = street_find_encoder(coded, error);
    if (encoder == NULL)
        return NULL;
    StreetPictures *pictures = g_new0(StreetPictures, 1);
    ClipSet *set = &pictures->set;
    pictures->seed = seed;
    pictures->first = first;
    pictures->coded = coded;
    pictures->endless = endless;
    set->format = *format;
    set->n_items = n;
    set->group = 1;
    set->info = info;
    set->fill = fill;
    set->n_labels = VDT_STREET_N_CLASSES;
    set->labels = g_new0(char *, set->n_labels + 1);
    for (guint i = 0; i < set->n_labels; i++)
        set->labels[i] = g_strdup(vdt_street_class_name(i));
    g_autoptr(GString) key = g_string_new("street pictures\n");
    street_describe(seed, first, coded, encoder, DURATION, key);
    g_string_append_printf(key, "endless: 1 in %u\n", endless);
    clip_format_describe(format, key);
    set->key = g_string_free(g_steal_pointer(&key), FALSE);
    return set;
}
