/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "streetclips.h"

#include <math.h>
#include <street.h>
#include <string.h>

#include "config.h"
#include "moments.h"
#include "random.h"
#if HAVE_GST
#include "h264.h"
#endif

#define SMALL_WIDTH  320
#define SMALL_HEIGHT 180
#define LARGE_WIDTH  640
#define LARGE_HEIGHT 360
#define ASPECT       (16.0 / 9)
#define NS           1000000000.0
/* Moments that stand for how they are chosen. */
#define N_PROBES     12

typedef struct {
    ClipSet set;
    guint64 seed, first;
    guint coded, endless;
    /* of the clips that are moments of endless streets, as they are asked for: choosing takes some
     * milliseconds. Nobody asks for one clip in two threads. */
    Moment *moments;
    gboolean *chosen;
} StreetClips;

gboolean street_clip_is_large(guint64 index, guint coded)
{
    return street_diagonal(index) % 8 == 3 && !street_clip_is_coded(index, coded);
}

/* Whether a clip is cut out of an endless street. */
static gboolean is_moment(const StreetClips *street, guint clip)
{
    return street->endless > 0 && street_diagonal(street->first + clip) % street->endless == 0;
}

static gint64 duration_of(const ClipFormat *format)
{
    return llrint(format->window * NS);
}

/* Scene time of frame @t of a clip. */
static gint64 time_of(const ClipFormat *format, guint t)
{
    return format->frames > 1 ? llrint(format->window * NS * t / (format->frames - 1)) : 0;
}

static VdtStreetClip describe(const StreetClips *street, guint clip, VdtStreetCondition *condition)
{
    return vdt_street_list_clip(street->seed, street->first + clip,
                                duration_of(&street->set.format), condition);
}

static const Moment *find_moment(const StreetClips *street, guint clip)
{
    if (!street->chosen[clip]) {
        street->moments[clip] =
            moment_choose(street->seed, street->first + clip, duration_of(&street->set.format));
        street->chosen[clip] = TRUE;
    }
    return &street->moments[clip];
}

static ClipInfo info(const ClipSet *set, guint clip)
{
    const StreetClips *street = (const StreetClips *)set;
    gboolean coded = street_clip_is_coded(street->first + clip, street->coded);
    if (is_moment(street, clip)) {
        const Moment *moment = find_moment(street, clip);
        return (ClipInfo){.label = moment->label, .condition = moment->condition, .coded = coded};
    }
    VdtStreetCondition condition;
    VdtStreetClip what = describe(street, clip, &condition);
    return (ClipInfo){.label = what.action, .condition = condition, .coded = coded};
}

/* Moments at which it is looked where the main actor is. */
#define N_LOOKS 7

/* In shares of the street's picture. */
static ClipFocus find_actor(const VdtStreetClip *what)
{
    g_autoptr(VdtStreet) street = vdt_street_new_clip(what);
    ClipFocus found = {0};
    for (guint i = 0; i < N_LOOKS; i++) {
        g_autoptr(GArray) objects =
            vdt_street_get_objects(street, what->duration * i / (N_LOOKS - 1), ASPECT);
        for (guint k = 0; k < objects->len; k++) {
            const VdtStreetObject *object = &g_array_index(objects, VdtStreetObject, k);
            if (object->main)
                clip_focus_join(&found, object->x, object->y, object->width, object->height);
        }
    }
    return found;
}

static ClipFocus focus(const ClipSet *set, guint clip)
{
    const StreetClips *street = (const StreetClips *)set;
    const ClipFormat *format = &set->format;
    ClipFocus found;
    if (is_moment(street, clip)) {
        found = find_moment(street, clip)->focus;
    } else {
        VdtStreetClip what = describe(street, clip, NULL);
        found = find_actor(&what);
    }
    if (found.x0 >= found.x1)
        return found;
    VdtView view = vdt_view_for_framing(format->framing, SMALL_WIDTH, SMALL_HEIGHT, format->width,
                                        format->height);
    return (ClipFocus){(found.x0 * view.width - view.left) / format->width,
                       (found.y0 * view.height - view.top) / format->height,
                       (found.x1 * view.width - view.left) / format->width,
                       (found.y1 * view.height - view.top) / format->height};
}

static void draw_plain(const ClipFormat *format, VdtStreet *street, gint64 from, guint width,
                       guint height, guint8 *clip)
{
    g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, width, height);
    g_autofree guint8 *pixels = g_malloc((gsize)4 * width * height);
    for (guint i = 0; i < format->stored; i++) {
        gint64 time = from + time_of(format, clip_format_frame_of(format, i));
        street_draw_rgb(painter, time, width, height, pixels);
        VdtPicture picture = {pixels, width, height, (gsize)3 * width};
        clip_format_store(format, &picture, clip, i);
    }
}

#if HAVE_GST
typedef struct {
    const ClipFormat *format;
    VdtStreetPainter *painter;
    gint64 from;
    guint8 *clip;
} Coding;

static void draw_coded_frame(gpointer data, guint i, guint8 *bgrx, gsize stride)
{
    Coding *coding = data;
    vdt_street_painter_draw(coding->painter, coding->from + llrint(i * NS / STREET_CODED_RATE),
                            bgrx, stride);
}

/* The decoded frame that is next to a picture's time. */
static guint coded_frame_of(const ClipFormat *format, guint i)
{
    return lrint(time_of(format, clip_format_frame_of(format, i)) / NS * STREET_CODED_RATE);
}

static void take_coded_frame(gpointer data, guint frame, const VdtPicture *picture)
{
    Coding *coding = data;
    for (guint i = 0; i < coding->format->stored; i++)
        if (coded_frame_of(coding->format, i) == frame)
            clip_format_store(coding->format, picture, coding->clip, i);
}

static gboolean draw_coded(const ClipFormat *format, VdtStreet *street, gint64 from, guint8 *clip,
                           GError **error)
{
    g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, SMALL_WIDTH, SMALL_HEIGHT);
    Coding coding = {format, painter, from, clip};
    H264Job job = {.width = SMALL_WIDTH,
                   .height = SMALL_HEIGHT,
                   .rate = STREET_CODED_RATE,
                   .bitrate = STREET_BITRATE,
                   .n_frames = coded_frame_of(format, format->stored - 1) + 1,
                   .draw = draw_coded_frame,
                   .take = take_coded_frame,
                   .data = &coding};
    return h264_round_trip(&job, error);
}
#endif

static gboolean fill(const ClipSet *set, guint item, guint8 *clip, GCancellable *cancellable,
                     GError **error)
{
    const StreetClips *clips = (const StreetClips *)set;
    g_autoptr(VdtStreet) street = NULL;
    gint64 from = 0;
    if (is_moment(clips, item)) {
        const Moment *moment = find_moment(clips, item);
        street = vdt_street_new(&moment->street);
        from = moment->from;
    } else {
        VdtStreetClip what = describe(clips, item, NULL);
        street = vdt_street_new_clip(&what);
    }
    guint64 index = clips->first + item;
#if HAVE_GST
    if (street_clip_is_coded(index, clips->coded))
        return draw_coded(&set->format, street, from, clip, error);
#endif
    gboolean large = street_clip_is_large(index, clips->coded);
    draw_plain(&set->format, street, from, large ? LARGE_WIDTH : SMALL_WIDTH,
               large ? LARGE_HEIGHT : SMALL_HEIGHT, clip);
    return TRUE;
}

static void finalize(ClipSet *set)
{
    StreetClips *street = (StreetClips *)set;
    g_free(street->moments);
    g_free(street->chosen);
}

/* The same for which moments are chosen. */
static guint32 choice(guint64 seed, const ClipFormat *format)
{
    guint64 hash = 0;
    for (guint i = 0; i < N_PROBES; i++) {
        Moment moment = moment_choose(seed, i * (VDT_STREET_N_ACTIONS + 1), duration_of(format));
        hash = random_seed3(hash, moment.street.seed, moment.from + moment.label);
    }
    return hash;
}

ClipSet *street_clips_new(guint64 seed, guint64 first, guint n, guint coded, guint endless,
                          const ClipFormat *format, GError **error)
{
    const char *encoder = street_find_encoder(coded, error);
    if (encoder == NULL)
        return NULL;
    StreetClips *street = g_new0(StreetClips, 1);
    ClipSet *set = &street->set;
    street->seed = seed;
    street->first = first;
    street->coded = coded;
    street->endless = endless;
    street->moments = g_new0(Moment, n);
    street->chosen = g_new0(gboolean, n);
    set->finalize = finalize;
    set->format = *format;
    set->n_items = n;
    set->group = 1;
    set->info = info;
    set->focus = focus;
    set->fill = fill;
    set->n_labels = VDT_STREET_N_ACTIONS;
    set->labels = g_new0(char *, set->n_labels + 1);
    for (guint i = 0; i < set->n_labels; i++)
        set->labels[i] = g_strdup(vdt_street_action_name(i));
    g_autoptr(GString) key = g_string_new("street\n");
    street_describe(seed, first, coded, encoder, duration_of(format), key);
    g_string_append_printf(key, "endless: 1 in %u, chosen %08x\n", endless,
                           endless > 0 ? choice(seed, format) : 0);
    clip_format_describe(format, key);
    set->key = g_string_free(g_steal_pointer(&key), FALSE);
    return set;
}
