/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A request and its answer, for what answers requests. All in the server's thread.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

#include "auth.h"
#include "door.h"
#include "rates.h"
#include "service.h"
#include "store/store.h"

/* What handlers have of the server. */
typedef struct {
    VdtDoor *door;
    VdtAuth *auth;
    const VdtHttpService *service;
    VdtStore *store; /* NULL where no events are kept */
    VdtRates *rates;
    struct _VdtFeeds *feeds; /* of events, as they happen */
    GMainContext *context;
    guint64 answers[6]; /* by the hundred of their status */
} VdtHttpShared;

typedef struct {
    gint ref_count;
    VdtHttpShared *shared;
    VdtArrival *arrival;
    SoupServerMessage *message; /* NULL once the peer has its answer, or is gone */
    char *args[2];              /* what stands for {...} in the path, decoded */
    GHashTable *query;
    VdtRole role;
    char *name, *csrf; /* of the token, of the session; or NULL */
    gboolean held;
} VdtRequest;

VdtRequest *vdt_request_ref(VdtRequest *request);
void vdt_request_unref(VdtRequest *request);
/* The answer comes later, by one of the functions below. The caller has a reference until then. */
void vdt_request_hold(VdtRequest *request);
/* What has been set of the answer so far can go, if it was held. */
void vdt_request_release(VdtRequest *request);

/* Takes @object. */
void vdt_answer_json(VdtRequest *request, guint status, JsonObject *object);
/* RFC 9457. */
void vdt_answer_problem(VdtRequest *request, guint status, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* The same with more members; takes @object, which may be NULL. */
void vdt_answer_problem_object(VdtRequest *request, guint status, const char *detail,
                               JsonObject *object);
void vdt_answer_text(VdtRequest *request, guint status, const char *type, const char *text,
                     gsize size);
void vdt_answer_empty(VdtRequest *request, guint status);
void vdt_answer_header(VdtRequest *request, const char *name, const char *value);
