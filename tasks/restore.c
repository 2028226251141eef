/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restore.h"

#include <string.h>

#include "tiles.h"

#define USUAL_BATCH 8
#define MULTIPLE    8   /* of which both sides are, for networks of any size */
#define PIECE       512 /* sides, at most, of pieces of what such a network does not get whole */
#define SURROUNDING 32  /* pixels around an area that it sees, and that pieces overlap by */
#define TURNS       8   /* flipped across, flipped down, transposed: all combinations */

/* What is kept of a restoration. */
typedef struct {
    VdtSession *session; /* for inputs of this shape; NULL: none yet */
    VdtShape input;
    guint scale; /* 0: not known yet */
} Way;

struct _VdtRestorer {
    VdtEngine *engine;
    VdtRestorerOptions options;
    guint tile; /* side of what the network takes; 0: it takes any size */
    guint n_ways;
    Way *ways;
    VdtRestoreProgress progress; /* or NULL */
    gpointer progress_data;
};

void vdt_restorer_free(VdtRestorer *self)
{
    if (self == NULL)
        return;
    for (guint i = 0; i < self->n_ways; i++)
        g_clear_pointer(&self->ways[i].session, vdt_session_free);
    g_clear_pointer(&self->engine, vdt_engine_unref);
    g_free(self->ways);
    g_free(self);
}

/* A network that takes tiles takes the same for pictures of any size. */
static guint find_tile(const VdtEngine *engine)
{
    VdtShape small = vdt_engine_get_input_shape(engine, 1, 64, 64);
    VdtShape large = vdt_engine_get_input_shape(engine, 1, 1024, 1024);
    return vdt_shape_equal(&small, &large) ? (guint)small.dims[3] : 0;
}

VdtRestorer *vdt_restorer_new(VdtEngine *engine, const VdtRestorerOptions *options, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    guint n = vdt_engine_get_restorations(engine, NULL);
    if (n == 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL, "%s restores nothing", card->name);
        return NULL;
    }
    if (options->batch > VDT_RESTORE_MOST_BATCH) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "%u tiles at once are asked for, but %d are the most", options->batch,
                    VDT_RESTORE_MOST_BATCH);
        return NULL;
    }
    guint tile = find_tile(engine);
    if (options->authors_tiles && (tile == 0 || tile % 4 != 0)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "%s takes no tiles of which the middle half can be averaged", card->name);
        return NULL;
    }
    VdtRestorer *self = g_new0(VdtRestorer, 1);
    self->engine = vdt_engine_ref(engine);
    self->options = *options;
    if (self->options.batch == 0)
        self->options.batch = USUAL_BATCH;
    self->tile = tile;
    self->n_ways = n;
    self->ways = g_new0(Way, n);
    return self;
}

const char *const *vdt_restorer_get_restorations(const VdtRestorer *self, guint *usual)
{
    vdt_engine_get_restorations(self->engine, usual);
    return (const char *const *)vdt_engine_get_card(self->engine)->restorations;
}

gboolean vdt_restorer_find(const VdtRestorer *self, const char *name, guint *restoration,
                           GError **error)
{
    const VdtCard *card = vdt_engine_get_card(self->engine);
    for (guint i = 0; i < self->n_ways; i++)
        if (strcmp(card->restorations[i], name) == 0) {
            *restoration = i;
            return TRUE;
        }
    g_autofree char *all = g_strjoinv(", ", card->restorations);
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED, "%s has no task \"%s\", but these: %s",
                card->name, name, all);
    return FALSE;
}

void vdt_restorer_set_progress(VdtRestorer *self, VdtRestoreProgress progress, gpointer data)
{
    self->progress = progress;
    self->progress_data = data;
}

/* Has @way have a session for @input. */
static gboolean ready(VdtRestorer *self, guint restoration, const VdtShape *input, GError **error)
{
    Way *way = &self->ways[restoration];
    if (way->session != NULL && vdt_shape_equal(&way->input, input))
        return TRUE;
    g_clear_pointer(&way->session, vdt_session_free);
    way->input = *input;
    way->session = vdt_engine_new_session_with(
        self->engine, input, &(VdtSessionOptions){.restores = TRUE, .restoration = restoration},
        error);
    if (way->session == NULL)
        return FALSE;
    VdtShape output = vdt_session_get_output(way->session, 0)->shape;
    guint scale = output.n_dims == 4 ? output.dims[3] / input->dims[3] : 0;
    VdtShape wanted = vdt_shape(input->dims[0], 3, scale * input->dims[2], scale * input->dims[3]);
    if (scale == 0 || !vdt_shape_equal(&output, &wanted)) {
        g_autofree char *is = vdt_shape_to_string(&output);
        g_clear_pointer(&way->session, vdt_session_free);
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s: results have shape %s, which is no enlargement of the picture",
                    vdt_engine_get_card(self->engine)->name, is);
        return FALSE;
    }
    way->scale = scale;
    return TRUE;
}

static gboolean check_restoration(const VdtRestorer *self, guint restoration, GError **error)
{
    if (restoration < self->n_ways)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "%s has no task %u, but those from 0 to %u",
                vdt_engine_get_card(self->engine)->name, restoration, self->n_ways - 1);
    return FALSE;
}

guint vdt_restorer_get_scale(VdtRestorer *self, guint restoration, GError **error)
{
    if (!check_restoration(self, restoration, error))
        return 0;
    Way *way = &self->ways[restoration];
    guint side = self->tile > 0 ? self->tile : 8 * MULTIPLE;
    VdtShape input = vdt_shape(self->tile > 0 ? self->options.batch : 1, 3, side, side);
    if (way->scale == 0 && !ready(self, restoration, &input, error))
        return 0;
    return way->scale;
}

/* How the network gets a picture of some size. */
typedef struct {
    VdtShape input;
    gboolean whole;
    guint width, height, overlap; /* of tiles, if not whole */
} Cut;

static guint rounded_up(guint length)
{
    return (length + MULTIPLE - 1) / MULTIPLE * MULTIPLE;
}

/* The side of as few pieces, all as large, as cover @length. */
static guint piece_of(guint length)
{
    if (length <= PIECE)
        return rounded_up(length);
    guint step = PIECE - SURROUNDING, n = (length - SURROUNDING + step - 1) / step;
    return rounded_up((length + (n - 1) * SURROUNDING + n - 1) / n);
}

static Cut cut_of(const VdtRestorer *self, guint width, guint height)
{
    guint wide = rounded_up(width), high = rounded_up(height), batch = 1;
    Cut cut = {.width = self->tile, .height = self->tile, .overlap = self->tile / 4};
    if (self->tile == 0 && !self->options.ensemble &&
        (guint64)wide * high <= VDT_RESTORE_WHOLE_PIXELS) {
        cut.whole = TRUE;
        cut.input = vdt_shape(1, 3, high, wide);
        return cut;
    }
    if (self->tile == 0) {
        cut.width = piece_of(width);
        cut.height = piece_of(height);
        if (self->options.ensemble) /* which turns them */
            cut.width = cut.height = MAX(cut.width, cut.height);
        cut.overlap = MIN(SURROUNDING, MIN(cut.width, cut.height) / 4);
    } else if (self->options.authors_tiles) {
        batch = self->options.batch;
    } else {
        /* As few batches as there can be, and all about as large. */
        VdtTiler tiler = {.tile = cut.width, .overlap = cut.overlap};
        guint64 n = vdt_tiles_count(&tiler, width, height);
        guint64 batches = (n + self->options.batch - 1) / self->options.batch;
        batch = (n + batches - 1) / batches;
    }
    cut.input = vdt_shape(batch, 3, cut.height, cut.width);
    return cut;
}

/* The picture in the network's input, mirrored at its edges. */
static gboolean run_whole(const Way *way, const float *picture, guint width, guint height,
                          float *result, GCancellable *cancellable, GError **error)
{
    float *to = vdt_session_get_input(way->session, 0)->data;
    guint high = way->input.dims[2], wide = way->input.dims[3], s = way->scale;
    for (guint c = 0; c < 3; c++)
        for (guint y = 0; y < high; y++, to += wide) {
            const float *from = picture + ((gsize)c * height + vdt_mirror(y, height)) * width;
            memcpy(to, from, width * sizeof *to);
            for (guint x = width; x < wide; x++)
                to[x] = from[vdt_mirror(x, width)];
        }
    if (!vdt_session_run(way->session, cancellable, error))
        return FALSE;
    const float *from = vdt_session_get_output(way->session, 0)->data;
    for (guint c = 0; c < 3; c++)
        for (guint y = 0; y < height * s; y++)
            memcpy(result + ((gsize)c * height * s + y) * width * s,
                   from + ((gsize)c * high * s + y) * wide * s, (gsize)width * s * sizeof *to);
    return TRUE;
}

/* Where in a square the pixel at (@x, @y) of the square that is turned comes from. */
static gsize turned_from(guint turn, guint side, guint x, guint y)
{
    guint across = turn & 4 ? y : x, down = turn & 4 ? x : y;
    if (turn & 1)
        across = side - 1 - across;
    if (turn & 2)
        down = side - 1 - down;
    return (gsize)down * side + across;
}

static void turn_square(guint turn, guint side, const float *from, float *to)
{
    gsize area = (gsize)side * side;
    for (guint c = 0; c < 3; c++, from += area)
        for (guint y = 0; y < side; y++)
            for (guint x = 0; x < side; x++)
                *to++ = from[turned_from(turn, side, x, y)];
}

static void add_turned_back(guint turn, guint side, const float *from, float *to)
{
    gsize area = (gsize)side * side;
    for (guint c = 0; c < 3; c++, to += area)
        for (guint y = 0; y < side; y++)
            for (guint x = 0; x < side; x++)
                to[turned_from(turn, side, x, y)] += *from++ / TURNS;
}

typedef struct {
    const VdtRestorer *restorer;
    const Way *way;
    guint64 done, all; /* of the picture's */
    GCancellable *cancellable;
} Tiling;

static void tell_progress(Tiling *tiling, guint n)
{
    const VdtRestorer *restorer = tiling->restorer;
    tiling->done += n;
    if (restorer->progress != NULL)
        restorer->progress(tiling->done, tiling->all, restorer->progress_data);
}

static gboolean run_tiles(const float *tiles, guint n, float *results, gpointer data,
                          GError **error)
{
    Tiling *tiling = data;
    VdtSession *session = tiling->way->session;
    VdtTensor *input = vdt_session_get_input(session, 0);
    const VdtTensor *output = vdt_session_get_output(session, 0);
    gint64 batch = input->shape.dims[0], side = input->shape.dims[3];
    gsize floats = input->n_bytes / sizeof(float) / batch;
    gsize more = output->n_bytes / sizeof(float) / batch;
    float *to = input->data;
    /* Nothing depends on what was there before, not even the range of numbers in int8. */
    memset(to + n * floats, 0, input->n_bytes - n * floats * sizeof *to);
    if (!tiling->restorer->options.ensemble) {
        memcpy(to, tiles, n * floats * sizeof *to);
        if (!vdt_session_run(session, tiling->cancellable, error))
            return FALSE;
        memcpy(results, output->data, n * more * sizeof *results);
        tell_progress(tiling, n);
        return TRUE;
    }
    memset(results, 0, n * more * sizeof *results);
    for (guint turn = 0; turn < TURNS; turn++) {
        for (guint i = 0; i < n; i++)
            turn_square(turn, side, tiles + i * floats, to + i * floats);
        if (!vdt_session_run(session, tiling->cancellable, error))
            return FALSE;
        const float *from = output->data;
        for (guint i = 0; i < n; i++)
            add_turned_back(turn, side * tiling->way->scale, from + i * more, results + i * more);
    }
    tell_progress(tiling, n);
    return TRUE;
}

/* All of a picture, as the network has it. */
static gboolean restore(VdtRestorer *self, guint restoration, const float *picture, guint width,
                        guint height, float *result, GCancellable *cancellable, GError **error)
{
    Cut cut = cut_of(self, width, height);
    const Way *way = &self->ways[restoration];
    if (!ready(self, restoration, &cut.input, error))
        return FALSE;
    if (cut.whole)
        return run_whole(way, picture, width, height, result, cancellable, error);
    gboolean averaged = self->options.authors_tiles;
    Tiling tiling = {.restorer = self, .way = way, .cancellable = cancellable};
    VdtTiler tiler = {.tile = cut.width,
                      .tile_height = cut.height,
                      .scale = way->scale,
                      .batch = cut.input.dims[0],
                      .overlap = cut.overlap,
                      .run = run_tiles,
                      .data = &tiling};
    tiling.all = (averaged ? vdt_tiles_count_averaged : vdt_tiles_count)(&tiler, width, height);
    return (averaged ? vdt_tiles_average : vdt_tiles_blend)(&tiler, picture, width, height, result,
                                                            error);
}

/* [begin, begin + length) grown by @by at both ends and to @least, if 0 to @all has room. */
static void grow(guint *begin, guint *length, guint by, guint least, guint all)
{
    guint end = MIN(*begin + *length + by, all), start = *begin > by ? *begin - by : 0;
    if (end - start < least) {
        guint missing = least - (end - start);
        start = start > missing / 2 ? start - missing / 2 : 0;
        end = MIN(start + least, all);
        start = end > least ? end - least : 0;
    }
    *begin = start;
    *length = end - start;
}

/* What the network sees so that @area is restored. */
static VdtRestoreArea seen_around(const VdtRestorer *self, const VdtRestoreArea *area, guint width,
                                  guint height)
{
    VdtRestoreArea seen = *area;
    guint by = self->tile > 0 ? self->tile / 8 : SURROUNDING;
    guint wide = self->tile > 0 ? self->tile : rounded_up(MIN(area->width + 2 * by, width));
    guint high = self->tile > 0 ? self->tile : rounded_up(MIN(area->height + 2 * by, height));
    grow(&seen.x, &seen.width, by, wide, width);
    grow(&seen.y, &seen.height, by, high, height);
    return seen;
}

static float *new_planes(guint width, guint height, GError **error)
{
    float *planes = g_try_new(float, (gsize)3 * width * height);
    if (planes == NULL)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "a picture of %u x %u takes %" G_GSIZE_FORMAT " bytes, which are not to be had",
                    width, height, (gsize)3 * width * height * sizeof *planes);
    return planes;
}

/* @area of @from, pictures of @width x @height, packed into @to. */
static void copy_area(const float *from, guint width, guint height, const VdtRestoreArea *area,
                      float *to)
{
    for (guint c = 0; c < 3; c++)
        for (guint y = 0; y < area->height; y++, to += area->width)
            memcpy(to, from + ((gsize)c * height + area->y + y) * width + area->x,
                   area->width * sizeof *to);
}

static gboolean restore_area(VdtRestorer *self, guint restoration, const VdtRestoreArea *area,
                             const float *picture, guint width, guint height, float *result,
                             GCancellable *cancellable, GError **error)
{
    VdtRestoreArea seen = seen_around(self, area, width, height);
    if (seen.width == width && seen.height == height && area->width == width &&
        area->height == height)
        return restore(self, restoration, picture, width, height, result, cancellable, error);
    guint s = vdt_restorer_get_scale(self, restoration, error);
    g_autofree float *part = s > 0 ? new_planes(seen.width, seen.height, error) : NULL;
    g_autofree float *done =
        part != NULL ? new_planes(seen.width * s, seen.height * s, error) : NULL;
    if (done == NULL)
        return FALSE;
    copy_area(picture, width, height, &seen, part);
    if (!restore(self, restoration, part, seen.width, seen.height, done, cancellable, error))
        return FALSE;
    VdtRestoreArea wanted = {(area->x - seen.x) * s, (area->y - seen.y) * s, area->width * s,
                             area->height * s};
    copy_area(done, seen.width * s, seen.height * s, &wanted, result);
    return TRUE;
}

/* Where pixel @i of a line that is @scale times as long lies between two of the @n there were. */
typedef struct {
    guint before, after;
    float share; /* of the latter */
} Between;

static Between between(guint i, guint scale, guint n)
{
    float at = CLAMP((i + 0.5f) / scale - 0.5f, 0, n - 1);
    guint before = (guint)at;
    return (Between){before, MIN(before + 1, n - 1), at - before};
}

/* Of pictures that keep their size. */
static void mix_same(const VdtRestoreArea *area, float strength, const float *picture, guint width,
                     guint height, float *result)
{
    for (guint c = 0; c < 3; c++)
        for (guint y = 0; y < area->height; y++, result += area->width) {
            const float *was = picture + ((gsize)c * height + area->y + y) * width + area->x;
            for (guint x = 0; x < area->width; x++)
                result[x] = was[x] + strength * (result[x] - was[x]);
        }
}

/* Has @result count @strength, and the picture as it was, or bilinear, the rest. */
static void mix(const VdtRestoreArea *area, double strength, guint s, const float *picture,
                guint width, guint height, float *result)
{
    for (guint c = 0; c < 3; c++)
        for (guint y = 0; y < area->height * s; y++) {
            Between row = between(area->y * s + y, s, height);
            const float *a = picture + ((gsize)c * height + row.before) * width;
            const float *b = picture + ((gsize)c * height + row.after) * width;
            for (guint x = 0; x < area->width * s; x++, result++) {
                Between at = between(area->x * s + x, s, width);
                float up = a[at.before] + at.share * (a[at.after] - a[at.before]);
                float down = b[at.before] + at.share * (b[at.after] - b[at.before]);
                float was = up + row.share * (down - up);
                *result = strength > 0 ? was + (float)strength * (*result - was) : was;
            }
        }
}

/* Fills in @area. */
static gboolean check(const VdtRestorer *self, const VdtRestoreRequest *request, guint width,
                      guint height, VdtRestoreArea *area, GError **error)
{
    if (!check_restoration(self, request->restoration, error))
        return FALSE;
    if (!(request->strength >= 0 && request->strength <= 1)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "the strength is %g, but must be from 0 to 1", request->strength);
        return FALSE;
    }
    if (width < 1 || height < 1 || width > VDT_RESTORE_MOST_SIDE ||
        height > VDT_RESTORE_MOST_SIDE) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                    "a picture of %u x %u is to be restored, but sides are 1 to %d", width, height,
                    VDT_RESTORE_MOST_SIDE);
        return FALSE;
    }
    *area = request->area != NULL ? *request->area : (VdtRestoreArea){0, 0, width, height};
    if (area->width < 1 || area->height < 1 || area->x >= width || area->y >= height ||
        area->width > width - area->x || area->height > height - area->y) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                    "the area of %u x %u at (%u, %u) is not in the picture of %u x %u", area->width,
                    area->height, area->x, area->y, width, height);
        return FALSE;
    }
    return TRUE;
}

gboolean vdt_restorer_prepare(VdtRestorer *self, const VdtRestoreRequest *request, guint width,
                              guint height, GError **error)
{
    VdtRestoreArea area;
    if (!check(self, request, width, height, &area, error))
        return FALSE;
    area = seen_around(self, &area, width, height);
    Cut cut = cut_of(self, area.width, area.height);
    return ready(self, request->restoration, &cut.input, error);
}

gboolean vdt_restorer_run(VdtRestorer *self, const VdtRestoreRequest *request, const float *picture,
                          guint width, guint height, float *result, GCancellable *cancellable,
                          GError **error)
{
    VdtRestoreArea area;
    if (!check(self, request, width, height, &area, error))
        return FALSE;
    if (request->strength > 0 && !restore_area(self, request->restoration, &area, picture, width,
                                               height, result, cancellable, error))
        return FALSE;
    if (request->strength == 1)
        return TRUE;
    guint scale = vdt_restorer_get_scale(self, request->restoration, error);
    if (scale == 0)
        return FALSE;
    if (scale > 1)
        mix(&area, request->strength, scale, picture, width, height, result);
    else if (request->strength > 0)
        mix_same(&area, (float)request->strength, picture, width, height, result);
    else
        copy_area(picture, width, height, &area, result);
    return TRUE;
}

void vdt_restore_from_picture(const VdtPicture *picture, float *planes)
{
    gsize area = (gsize)picture->width * picture->height;
    for (guint y = 0; y < picture->height; y++) {
        const guint8 *from = picture->data + y * picture->stride;
        for (guint x = 0; x < picture->width; x++, planes++)
            for (guint c = 0; c < 3; c++)
                planes[c * area] = *from++;
    }
}

void vdt_restore_to_picture(const float *planes, VdtPicture *picture)
{
    gsize area = (gsize)picture->width * picture->height;
    for (guint y = 0; y < picture->height; y++) {
        guint8 *to = picture->data + y * picture->stride;
        for (guint x = 0; x < picture->width; x++, planes++)
            for (guint c = 0; c < 3; c++) {
                float value = planes[c * area] + 0.5f;
                *to++ = !(value > 0) ? 0 : value >= 255 ? 255 : (guint8)value;
            }
    }
}
