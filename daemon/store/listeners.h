/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is called after a commit. Any thread. */
#pragma once

#include "store.h"

typedef struct {
    GRecMutex lock;
    GPtrArray *all; /* of Listener */
    guint last_id;
} VdtListeners;

void vdt_listeners_init(VdtListeners *listeners);
void vdt_listeners_clear(VdtListeners *listeners);
guint vdt_listeners_add(VdtListeners *listeners, VdtStoreFunc func, gpointer data,
                        GDestroyNotify destroy);
void vdt_listeners_remove(VdtListeners *listeners, guint id);
void vdt_listeners_call(VdtListeners *listeners, guint64 last);
