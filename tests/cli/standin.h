/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cameras that answer to probes, in threads of this process, well or not.
 */
#pragma once

#include <glib.h>

typedef struct {
    const char *interface; /* on which it hears */
    const char *address;   /* from which it answers; NULL: one of IPv6, by which it hears, too */
    /* What it says, NULL-terminated, a datagram each: "%ID%" is the question's id. */
    const char *const *says;
    /* Bytes in the place of "%LONG%"; 0: none. */
    guint n_long;
} StandIn;

/* The last one has no interface. For as long as the program lives. */
void standin_start(const StandIn *cameras);
