/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A segmentation network as an element uses it: at one size, with names and colours of classes. */
#pragma once

#include <gst/gst.h>
#include <vedette/engine.h>

G_BEGIN_DECLS

/* The property resolution, which an element has under its object lock. */
typedef struct {
    char *text;
    guint width, height; /* what it says; 0 x 0 is the card's own */
} VdtSegSize;

typedef struct {
    VdtEngine *engine;
    VdtSession *session;
    const VdtCard *card; /* the engine's */
    guint width, height; /* of its input */
    guint n_classes;
    guint32 *colours; /* by class, 0xRRGGBB */
} VdtSegNetwork;

void vdt_seg_size_install(GObjectClass *klass, guint id);
/* FALSE, with the size as it was, if @text is none, or has a side out of bounds; *@note, else NULL,
 * says so, and is the caller's. */
gboolean vdt_seg_size_set(VdtSegSize *size, const char *text, char **note);
void vdt_seg_size_clear(VdtSegSize *size);
/*
 * For pictures of @width x @height. If the network cannot take them, it is made for the nearest
 * multiples of 32, which @element warns of. A g_atomic_rc_box.
 */
VdtSegNetwork *vdt_seg_network_new(GstElement *element, VdtEngine *engine, guint width,
                                   guint height, GError **error);
/* For g_atomic_rc_box_release_full(). */
void vdt_seg_network_clear(gpointer network);
/* The label of a class, or its number. */
const char *vdt_seg_network_label(const VdtSegNetwork *network, guint class, char number[16]);
/*
 * Which classes @names, a list separated by commas, has: labels or numbers. A label may have commas
 * itself; the longest one that fits is meant. NULL, for all, if it is empty. Writes those there are
 * not to *@unknown, NULL if there are none. Caller frees both.
 */
gboolean *vdt_seg_network_find(const VdtSegNetwork *network, const char *names, char **unknown);

G_END_DECLS
