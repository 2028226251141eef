/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running a model to see that it does, and what that takes here. */
#pragma once

#include <gio/gio.h>
#include <vedette/engine.h>

typedef struct {
    double median_ms;
    guint runs;     /* that were timed */
    double peak_mb; /* of memory, of the process so far */
    gint64 classes; /* that it tells apart; 0 for a network without a head */
} Trial;

/* One run of made-up input, at the size of the card, whose outputs must be finite; then @runs that
 * are timed, or fewer if they take long. The engine's labels must be as many as there are classes.
 */
gboolean trial_run(VdtEngine *engine, guint runs, GCancellable *cancellable, Trial *trial,
                   GError **error);
