/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The programming interface, in a thread of its own: whatever peers do, nobody else waits for it.
 */
#pragma once

#include "service.h"
#include "settings.h"
#include "store/store.h"

typedef struct _VdtHttp VdtHttp;

typedef struct {
    VdtHttpService service;
    VdtStore *store; /* NULL where no events are kept; outlives the server */
    /* A sentence about itself, in its thread. */
    void (*say)(const char *sentence, gpointer data);
    gpointer say_data;
} VdtHttpOptions;

/* Takes @settings. Begins to listen at once. */
VdtHttp *vdt_http_new(VdtHttpSettings *settings, const VdtHttpOptions *options);
/* Takes @settings, of which tokens, hosts and loopback count from now on. Any thread. */
void vdt_http_set(VdtHttp *http, VdtHttpSettings *settings);
/* Cuts all connections. Nothing is called any more once this returns. */
void vdt_http_free(VdtHttp *http);
