/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network that classifies clips, as an element uses it. */
#pragma once

#include <vedette/engine.h>

G_BEGIN_DECLS

typedef struct {
    VdtEngine *engine;
    VdtSession *session;
    const VdtCard *card; /* the engine's */
} VdtClipNetwork;

/* For clips as the card says. A g_atomic_rc_box. */
VdtClipNetwork *vdt_clip_network_new(VdtEngine *engine, GError **error);
/* For g_atomic_rc_box_release_full(). */
void vdt_clip_network_clear(gpointer network);

G_END_DECLS
