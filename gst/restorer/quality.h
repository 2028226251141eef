/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much time frames may take, and what is given up where they take more: the network works on
 * smaller pictures, in steps, and when even that is too slow frames pass, but for one that is tried
 * now and then.
 *
 * A plain struct without a clock of its own; one thread at a time. Times are monotonic, in µs.
 */
#pragma once

#include "analyzer/elastic.h"

G_BEGIN_DECLS

/* A frame that takes so many times its budget is given up. */
#define VDT_QUALITY_PATIENCE 4

typedef struct {
    VdtElastic elastic;
    gboolean passes; /* frames do, until the next try */
    guint slow;      /* results in a row that took too long at the cheapest step */
    gint64 retry;    /* when */
    gint64 pause;    /* between tries */
    guint changes;   /* of whether frames pass */
} VdtQuality;

/* As good as can be; @shrinks: the network can work on smaller pictures. */
void vdt_quality_init(VdtQuality *quality, gboolean shrinks);
/* Whether a frame is to be restored at @now, and with what share of its sides. */
gboolean vdt_quality_asks(const VdtQuality *quality, gint64 now, double *size);
/* A frame took @took, at the size that was asked for, where it may take @budget; both more than 0.
 */
void vdt_quality_note(VdtQuality *quality, gint64 took, gint64 budget, gint64 now);

G_END_DECLS
