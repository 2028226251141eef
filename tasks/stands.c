/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stands.h"

#include <math.h>

#define MOST   255  /* marks are bytes */
#define MARGIN 2    /* pixels around the box that are learnt, too: its outline is not sharp */
#define RING   3    /* pixels around these, where others of its class are looked for */
#define FEW    4    /* of those are none */
#define LEAVES 0.15 /* of its pixels that are no object's: it has gone */
#define GONE   5    /* times in a row, and it is forgotten */
#define BEFORE 0.08 /* of its pixels that look otherwise: who came before it is still there */
#define LIKE   36   /* levels, summed over the colours, that a pixel may differ */
#define UNLIKE 3    /* times what its pixels differ on average while it is alone, if that is more */
#define AWHILE 5    /* places of a path that are one: it stands */
#define MOVES  0.06 /* sizes that these are apart at most */
#define SAME   0.8  /* overlap with where it was learnt: it stands there still */
#define LEARNS 0.15 /* of its looks, from each picture */

typedef struct {
    guint id, class_id;
    int left, top; /* with the margin, in the map of a camera that is steady */
    int width, height;
    guint8 *rgb;
    gboolean *own; /* whether a pixel is of its class while it is alone */
    gsize pixels;  /* of these */
    double differs;
    guint learnt, gone; /* times */
    gboolean marked;
} Stand;

struct _VdtStands {
    GArray *stands; /* Stand */
    guint width, height;
    guint8 *marks;
    VdtShift shift;
};

static void clear(gpointer data)
{
    Stand *stand = data;

    g_free(stand->rgb);
    g_free(stand->own);
}

VdtStands *vdt_stands_new(void)
{
    VdtStands *stands = g_new0(VdtStands, 1);

    stands->stands = g_array_new(FALSE, FALSE, sizeof(Stand));
    g_array_set_clear_func(stands->stands, clear);
    return stands;
}

void vdt_stands_free(VdtStands *stands)
{
    g_array_unref(stands->stands);
    g_free(stands->marks);
    g_free(stands);
}

void vdt_stands_reset(VdtStands *stands)
{
    g_array_set_size(stands->stands, 0);
    g_clear_pointer(&stands->marks, g_free);
}

static Stand *at(const VdtStands *stands, guint i)
{
    return &g_array_index(stands->stands, Stand, i);
}

static Stand *find(const VdtStands *stands, guint id)
{
    for (guint i = 0; i < stands->stands->len; i++)
        if (at(stands, i)->id == id)
            return at(stands, i);
    return NULL;
}

const guint8 *vdt_stands_get_marks(const VdtStands *stands)
{
    return stands->marks;
}

guint vdt_stands_get_id(const VdtStands *stands, guint mark)
{
    return mark > 0 && mark <= stands->stands->len ? at(stands, mark - 1)->id : 0;
}

gboolean vdt_stands_is_marked(const VdtStands *stands, guint id)
{
    const Stand *s = find(stands, id);

    return s && s->marked;
}

/* The pixel of the map where @x, @y of a stand is now; -1 outside. */
static gssize place(const VdtStands *stands, const Stand *s, int x, int y)
{
    x += s->left + stands->shift.x;
    y += s->top + stands->shift.y;
    return x >= 0 && x < (int)stands->width && y >= 0 && y < (int)stands->height
               ? (gssize)y * stands->width + x
               : -1;
}

static const guint8 *pixel(const VdtPicture *picture, gssize k)
{
    return picture->data + (gsize)k / picture->width * picture->stride +
           3 * ((gsize)k % picture->width);
}

static int difference(const guint8 *a, const guint8 *b)
{
    return ABS(a[0] - b[0]) + ABS(a[1] - b[1]) + ABS(a[2] - b[2]);
}

static gboolean is_like(const Stand *s, int i, const VdtPicture *picture, gssize k)
{
    return difference(s->rgb + 3 * i, pixel(picture, k)) <= MAX(LIKE, UNLIKE * s->differs);
}

/* Whether another one of its class stands there. */
static gboolean is_of_another(const VdtStands *stands, const Stand *s, int x, int y)
{
    for (guint i = 0; i < stands->stands->len; i++) {
        const Stand *other = at(stands, i);
        const int u = s->left + x - other->left, v = s->top + y - other->top;

        if (other != s && other->class_id == s->class_id && u >= 0 && u < other->width && v >= 0 &&
            v < other->height)
            return TRUE;
    }
    return FALSE;
}

/* How many pixels of its class are around it that are not known. */
static gsize look_around(const VdtStands *stands, const Stand *s, const guint8 *map)
{
    gsize n = 0;

    for (int y = -RING; y < s->height + RING; y++)
        for (int x = -RING; x < s->width + RING; x++) {
            const gboolean inside = x >= 0 && x < s->width && y >= 0 && y < s->height;
            const gssize k = inside ? -1 : place(stands, s, x, y);

            n += k >= 0 && map[k] == s->class_id && !is_of_another(stands, s, x, y);
        }
    return n;
}

/* Whether there is something before it, or beside it, that its pixels have to be told from. When it
 * begins to move itself, there is as much less of it on one side as there is more on the other. */
static gboolean is_to_be_marked(const VdtStands *stands, Stand *s, const VdtSegmentation *seg,
                                const gboolean *wanted, const VdtPicture *picture)
{
    gsize gone = 0, other = 0;

    for (int i = 0; i < s->width * s->height; i++) {
        const gssize k = s->own[i] ? place(stands, s, i % s->width, i / s->width) : -1;

        if (k < 0)
            continue;
        gone += seg->map[k] >= seg->n_classes || !wanted[seg->map[k]];
        other += seg->map[k] == s->class_id && !is_like(s, i, picture, k);
    }
    if ((double)gone > LEAVES * (double)s->pixels) {
        s->gone++;
        return FALSE;
    }
    s->gone = 0;
    return look_around(stands, s, seg->map) > FEW + gone ||
           (s->marked && (double)other > BEFORE * (double)s->pixels);
}

/* How many more of the pixels around one, and of itself, look as they did than do not. */
static int count_votes(const Stand *s, const gint8 *likes, int x, int y)
{
    int votes = 0;

    for (int v = MAX(y - 1, 0); v <= MIN(y + 1, s->height - 1); v++)
        for (int u = MAX(x - 1, 0); u <= MIN(x + 1, s->width - 1); u++)
            votes += likes[v * s->width + u];
    return votes;
}

static void mark(VdtStands *stands, guint number, const guint8 *map, const VdtPicture *picture)
{
    const Stand *s = at(stands, number - 1);
    g_autofree gint8 *likes = g_new0(gint8, (gsize)s->width * (gsize)s->height);

    /* what is beside it looks as it did where nothing is, too, and says nothing */
    for (int i = 0; i < s->width * s->height; i++) {
        const gssize k = place(stands, s, i % s->width, i / s->width);

        if (k >= 0 && map[k] == s->class_id)
            likes[i] = !is_like(s, i, picture, k) ? -1 : s->own[i] ? 1 : 0;
    }
    for (int i = 0; i < s->width * s->height; i++) {
        const gssize k = place(stands, s, i % s->width, i / s->width);

        if (k >= 0 && map[k] == s->class_id && stands->marks[k] == 0 &&
            count_votes(s, likes, i % s->width, i / s->width) > 0)
            stands->marks[k] = (guint8)number;
    }
}

void vdt_stands_mark(VdtStands *stands, const VdtSegmentation *seg, const gboolean *wanted,
                     const VdtPicture *picture, VdtShift shift)
{
    gboolean any = FALSE;

    if (seg->width != stands->width || seg->height != stands->height)
        vdt_stands_reset(stands);
    stands->width = seg->width;
    stands->height = seg->height;
    stands->shift = shift;
    g_clear_pointer(&stands->marks, g_free);
    for (guint i = stands->stands->len; i-- > 0;) {
        at(stands, i)->marked = is_to_be_marked(stands, at(stands, i), seg, wanted, picture);
        any |= at(stands, i)->marked;
        if (at(stands, i)->gone >= GONE)
            g_array_remove_index(stands->stands, i);
    }
    if (!any)
        return;
    stands->marks = g_new0(guint8, (gsize)seg->width * seg->height);
    for (guint i = 0; i < stands->stands->len; i++)
        if (at(stands, i)->marked)
            mark(stands, i + 1, seg->map, picture);
}

static gboolean is_standing(const VdtObject *o, double aspect)
{
    const double size = MAX((o->box.x1 - o->box.x0) * aspect, o->box.y1 - o->box.y0);
    const VdtPlace *last = o->path + o->n_path - 1;

    if (o->state != VDT_OBJECT_SEEN || o->n_path < AWHILE)
        return FALSE;
    for (const VdtPlace *p = last - AWHILE + 1; p < last; p++)
        if (hypot((last->x - p->x) * aspect, last->y - p->y) > MOVES * size)
            return FALSE;
    return TRUE;
}

/* Where an object is, as a stand that nothing is known of. */
static Stand look_at(const VdtStands *stands, const VdtObject *o)
{
    const int width = (int)stands->width, height = (int)stands->height;
    const int left = MAX((int)floor(o->box.x0 * width) - MARGIN, 0);
    const int top = MAX((int)floor(o->box.y0 * height) - MARGIN, 0);
    const int right = MIN((int)ceil(o->box.x1 * width) + MARGIN, width);
    const int bottom = MIN((int)ceil(o->box.y1 * height) + MARGIN, height);

    return (Stand){.id = o->id,
                   .class_id = o->class_id,
                   .left = left - stands->shift.x,
                   .top = top - stands->shift.y,
                   .width = MAX(right - left, 0),
                   .height = MAX(bottom - top, 0)};
}

static gboolean is_where(const Stand *a, const Stand *b)
{
    const VdtBounds one = {a->left, a->top, a->left + a->width, a->top + a->height},
                    other = {b->left, b->top, b->left + b->width, b->top + b->height};

    return vdt_bounds_overlap(&one, &other) >= SAME;
}

/* What is known of an object that stands; NULL if it cannot be. */
static Stand *get(VdtStands *stands, const VdtObject *o)
{
    Stand fresh = look_at(stands, o), *known = find(stands, o->id);
    const gsize n = (gsize)fresh.width * (gsize)fresh.height;

    if (known && is_where(known, &fresh))
        return known;
    if (known)
        g_array_remove_index(stands->stands, (guint)(known - at(stands, 0)));
    if (n == 0 || stands->stands->len >= MOST)
        return NULL;
    fresh.rgb = g_new0(guint8, 3 * n);
    fresh.own = g_new0(gboolean, n);
    g_array_append_val(stands->stands, fresh);
    return at(stands, stands->stands->len - 1);
}

static void learn(const VdtStands *stands, Stand *s, const guint8 *map, const VdtPicture *picture)
{
    const double part = MAX(1.0 / ++s->learnt, LEARNS);
    double differs = 0;
    gsize compared = 0;

    for (int i = 0; i < s->width * s->height; i++) {
        const gssize k = place(stands, s, i % s->width, i / s->width);
        guint8 *rgb = s->rgb + 3 * i;

        if (k < 0)
            continue;
        if (s->own[i]) {
            differs += difference(rgb, pixel(picture, k));
            compared++;
        }
        for (guint c = 0; c < 3; c++)
            rgb[c] = (guint8)lrint(rgb[c] + part * (pixel(picture, k)[c] - rgb[c]));
        s->own[i] = map[k] == s->class_id && (!stands->marks || stands->marks[k] == 0);
    }
    if (compared > 0)
        s->differs += part * (differs / (double)compared - s->differs);
    s->pixels = 0;
    for (int i = 0; i < s->width * s->height; i++)
        s->pixels += (gsize)s->own[i];
}

/* Only objects that there are stand. */
static void forget(VdtStands *stands, const GArray *objects)
{
    g_autoptr(GHashTable) there = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < objects->len; i++)
        g_hash_table_add(there, GUINT_TO_POINTER(g_array_index(objects, VdtObject, i).id));
    for (guint i = stands->stands->len; i-- > 0;)
        if (!g_hash_table_contains(there, GUINT_TO_POINTER(at(stands, i)->id)))
            g_array_remove_index(stands->stands, i);
}

void vdt_stands_learn(VdtStands *stands, const GArray *objects, const VdtSegmentation *seg,
                      const VdtPicture *picture, double aspect)
{
    forget(stands, objects);
    for (guint i = 0; i < objects->len; i++) {
        const VdtObject *o = &g_array_index(objects, VdtObject, i);
        Stand *s = is_standing(o, aspect) ? get(stands, o) : NULL;

        if (s && !s->marked)
            learn(stands, s, seg->map, picture);
    }
}
