/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segmentation.h"

#include <math.h>
#include <string.h>
#include <vedette/error.h>

#include "labelmap.h"

/* Of both axes: the map's columns (rows) that the network's picture covers, and how many the whole
 * picture would have. */
typedef struct {
    int first; /* may be outside */
    guint size;
    guint from, to;
} Extent;

gboolean vdt_segmentation_check_classes(guint classes, GError **error)
{
    if (classes > 0 && classes <= VDT_SEGMENTATION_CLASSES)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "the network tells %u classes apart, maps of bytes can tell 1 to %d", classes,
                VDT_SEGMENTATION_CLASSES);
    return FALSE;
}

static Extent extent(double at, double length, guint size)
{
    const int first = (int)lrint(at * size);
    const guint whole = (guint)MAX(lrint(length * size), 1);

    return (Extent){first, whole, (guint)CLAMP(first, 0, (int)size),
                    (guint)CLAMP(first + (gint64)whole, 0, (gint64)size)};
}

/* How many of the picture's columns (rows) come before the map. */
static guint hidden(const Extent *extent)
{
    return (guint)((int)extent->from - extent->first);
}

/* Softmax of every cell, in planes as the logits are. */
static float *probabilities(const float *logits, guint classes, gsize cells)
{
    float *shares = g_try_new(float, classes *cells);

    if (!shares)
        return NULL;
    for (gsize i = 0; i < cells; i++) {
        float top = logits[i], sum = 0;

        for (guint c = 1; c < classes; c++)
            top = MAX(top, logits[c * cells + i]);
        for (guint c = 0; c < classes; c++)
            sum += shares[c * cells + i] = expf(logits[c * cells + i] - top);
        for (guint c = 0; c < classes; c++)
            shares[c * cells + i] /= sum;
    }
    return shares;
}

/* Bounds of a class, in pixels, while it is being gathered. */
typedef struct {
    gsize pixels;
    double score;
    guint left, top, right, bottom;
} Gathered;

static void gather(Gathered *g, guint x, guint y, float probability)
{
    if (g->pixels == 0)
        *g = (Gathered){0, 0, x, y, x, y};
    g->pixels++;
    g->score += probability;
    g->left = MIN(g->left, x);
    g->right = MAX(g->right, x);
    g->bottom = y;
}

static VdtSegment finish(const Gathered *g, guint width, guint height)
{
    if (g->pixels == 0)
        return (VdtSegment){0};
    return (VdtSegment){
        .pixels = g->pixels,
        .share = (double)g->pixels / ((double)width * height),
        .x = (double)g->left / width,
        .y = (double)g->top / height,
        .width = (double)(g->right - g->left + 1) / width,
        .height = (double)(g->bottom - g->top + 1) / height,
        .score = g->score / (double)g->pixels,
    };
}

VdtSegmentation *vdt_segmentation_empty(guint classes, guint width, guint height)
{
    VdtSegmentation *s = g_new0(VdtSegmentation, 1);

    s->width = width;
    s->height = height;
    s->n_classes = classes;
    s->map = g_try_malloc((gsize)width * height);
    if (!s->map) {
        g_free(s);
        return NULL;
    }
    memset(s->map, VDT_SEGMENTATION_NOTHING, (gsize)width * height);
    return s;
}

VdtSegmentation *vdt_segmentation_new(const float *logits, guint classes, guint rows, guint columns,
                                      const VdtSeen *seen, guint width, guint height)
{
    g_autoptr(VdtSegmentation) s = vdt_segmentation_empty(classes, width, height);
    const Extent across = extent(seen->x, seen->width, width);
    const Extent down = extent(seen->y, seen->height, height);
    const gsize cells = (gsize)rows * columns;
    /* what the map does not show is not made: margins may be many times its size */
    const VdtLabelPart part = {hidden(&across), hidden(&down), across.to - across.from,
                               down.to - down.from, across.to - across.from};
    g_autofree guint16 *labels = g_try_new(guint16, MAX((gsize)part.width * part.height, 1));
    g_autofree float *shares = probabilities(logits, classes, cells);
    g_autofree Gathered *gathered = g_new0(Gathered, classes);

    if (!s || !labels || !shares)
        return NULL;
    s->sure = g_try_malloc0((gsize)width * height);
    if (!s->sure)
        return NULL;
    vdt_label_map_part(logits, classes, rows, columns, labels, across.size, down.size, &part);
    for (guint y = down.from; y < down.to; y++) {
        const gsize line = (gsize)((int)y - down.first);
        const guint16 *from = labels + (gsize)(y - down.from) * part.width;
        const gsize cell_row = line * rows / down.size * columns;
        guint8 *to = s->map + (gsize)y * width, *sure = s->sure + (gsize)y * width;

        for (guint x = across.from; x < across.to; x++) {
            const gsize column = (gsize)((int)x - across.first);
            const guint class = from[x - across.from];
            /* of the nearest cell: between cells, probabilities need not be known any better */
            const float probability =
                shares[class * cells + cell_row + column * columns / across.size];

            to[x] = (guint8) class;
            sure[x] = (guint8)(probability * 255 + 0.5f);
            gather(&gathered[class], x, y, probability);
        }
    }
    for (guint c = 0; c < classes; c++)
        s->segments[c] = finish(&gathered[c], width, height);
    return g_steal_pointer(&s);
}

void vdt_segmentation_free(VdtSegmentation *segmentation)
{
    g_free(segmentation->map);
    g_free(segmentation->sure);
    g_free(segmentation);
}

void vdt_segmentation_keep(VdtSegmentation *s, const gboolean *wanted, double least)
{
    guint8 to[256];
    gboolean changed = FALSE;

    for (guint c = 0; c < G_N_ELEMENTS(to); c++)
        to[c] = (guint8)c;
    for (guint c = 0; c < s->n_classes; c++) {
        if (s->segments[c].pixels == 0 || ((!wanted || wanted[c]) && s->segments[c].share >= least))
            continue;
        to[c] = VDT_SEGMENTATION_NOTHING;
        s->segments[c] = (VdtSegment){0};
        changed = TRUE;
    }
    for (gsize i = 0; changed && i < (gsize)s->width * s->height; i++)
        s->map[i] = to[s->map[i]];
}

guint vdt_segmentation_order(const VdtSegmentation *s, guint8 classes[VDT_SEGMENTATION_CLASSES])
{
    guint n = 0;

    for (guint c = 0; c < s->n_classes; c++) {
        guint at = n;

        if (s->segments[c].pixels == 0)
            continue;
        for (; at > 0 && s->segments[classes[at - 1]].pixels < s->segments[c].pixels; at--)
            classes[at] = classes[at - 1];
        classes[at] = (guint8)c;
        n++;
    }
    return n;
}
