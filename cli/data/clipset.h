/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A set of labelled clips: how many there are, what is in them, how their pictures are had.
 *
 * Clips come in items of @group clips each, which are made together: the clips of one video. What
 * an item looks like depends on nothing but the set's key and the item's number.
 */
#pragma once

#include <gio/gio.h>
#include <vedette/card.h>

#include "preprocess.h"

/* What becomes of each picture before it is brought to a format: @to has the size of @from. Called
 * by several threads at once. */
typedef struct {
    void (*func)(gpointer data, const VdtPicture *from, VdtPicture *to); /* NULL: nothing */
    gpointer data;
    const char *key; /* what a set's key says of it */
} ClipChange;

/* What pictures are brought to: packed RGB, @stored pictures of @width x @height to a clip. */
typedef struct {
    guint width, height;
    guint frames;   /* in a clip, as the network takes it */
    guint stored;   /* frames, or 1: the middle frame, to be repeated */
    guint interval; /* source frames from one picture to the next, for videos */
    double window;  /* seconds from the first picture to the last, for drawn clips */
    VdtFraming framing;
    guint8 margin[3];
    gboolean mapped; /* behind its pictures, a clip has a class for each pixel of the first */
    ClipChange change;
} ClipFormat;

ClipFormat clip_format_for_card(const VdtCard *card, gboolean one_frame);
/* Bytes of one clip. */
gsize clip_format_bytes(const ClipFormat *format);
/* The part of a set's key that the format is. */
void clip_format_describe(const ClipFormat *format, GString *text);
/* Picture @t (below @frames) of a clip in memory. */
VdtPicture clip_format_picture(const ClipFormat *format, const guint8 *clip, guint t);
/* The classes of a mapped clip's pixels, width * height of them. */
guint8 *clip_format_classes(const ClipFormat *format, const guint8 *clip);
/* The number among a clip's @frames of stored picture @i. */
guint clip_format_frame_of(const ClipFormat *format, guint i);
/* Brings @from to the format, as stored picture @i of @clip. */
void clip_format_store(const ClipFormat *format, const VdtPicture *from, guint8 *clip, guint i);

/* Questions that one picture may be asked, and the answer of one to which it has none. */
#define CLIP_MOST_GROUPS 8
#define CLIP_NO_ANSWER   255

/* What is known of a clip besides its pictures. */
typedef struct {
    guint label;                      /* of what is not mapped and has no groups of labels */
    guint8 answers[CLIP_MOST_GROUPS]; /* by group, the number among its labels */
    int condition;                    /* VdtStreetCondition; -1 if that has no meaning */
    gboolean coded;
    gboolean textured;   /* of no street */
    float width, height; /* of a box that was cut out, by the height of its frame; or 0 */
} ClipInfo;

/* Where in a clip's pictures is what the label is about, over all of its time: in shares of their
 * sides, x1 and y1 behind it. Nothing (all 0) if that is not known or nowhere. */
typedef struct {
    double x0, y0, x1, y1;
} ClipFocus;

/* Has a focus hold a box, too. */
void clip_focus_join(ClipFocus *focus, double x, double y, double width, double height);

typedef struct _ClipSet ClipSet;
struct _ClipSet {
    ClipFormat format;
    guint n_items, group;
    char **labels; /* names by class */
    guint n_labels;
    /* Of a set whose clips are asked several questions: which labels answer which. Static. */
    const VdtCardGroup *groups;
    guint n_groups;
    /* Everything that pictures depend on, one "name: value" a line; two sets with the same key have
     * the same items, as far as both have them. */
    char *key;
    gboolean report_all; /* what is wrong with items is a user's to repair: go on, list all */

    ClipInfo (*info)(const ClipSet *set, guint clip);
    /* NULL: never known. Called by several threads at once. */
    ClipFocus (*focus)(const ClipSet *set, guint clip);
    /* Writes @group clips. Called by several threads at once. */
    gboolean (*fill)(const ClipSet *set, guint item, guint8 *clips, GCancellable *cancellable,
                     GError **error);
    /* Frees what the maker added, not the members above. */
    void (*finalize)(ClipSet *set);
};

guint clip_set_get_n_clips(const ClipSet *set);
void clip_set_free(ClipSet *set);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClipSet, clip_set_free)
