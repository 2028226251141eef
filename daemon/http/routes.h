/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every route, once: a row is what is answered, who may ask, and its place in openapi.json.
 */
#pragma once

#include "request.h"

typedef struct {
    const char *method; /* GET answers HEAD, too */
    const char *path;   /* with {name} for a segment */
    VdtRole role;
    void (*handle)(VdtRequest *request);
    const char *operation, *summary;
    const char *query;    /* parameters that it takes, separated by blanks; NULL for none */
    const char *body;     /* schema of the body in data/schemas.json; NULL for none */
    guint status;         /* when all is well */
    const char *type;     /* media type of the answer; NULL for none */
    const char *schema;   /* of the answer, if that is JSON; or NULL */
    const char *statuses; /* others that it may answer, separated by blanks */
} VdtRoute;

extern const VdtRoute vdt_routes[];
extern const guint vdt_n_routes;

/* The route for @path, as sent, and what its {...} stand for, which the caller frees. NULL if there
 * is none: *@allowed, methods separated by ", ", is then what the path takes, NULL if there is no
 * such path; caller frees. */
const VdtRoute *vdt_routes_find(const char *method, const char *path, char *args[2],
                                char **allowed);
/* The table as OpenAPI 3.1 has it. Caller unrefs. */
JsonObject *vdt_routes_to_openapi(void);

/* Handlers, by their files. */
void vdt_handle_health(VdtRequest *request);
void vdt_handle_ready(VdtRequest *request);
void vdt_handle_status(VdtRequest *request);
void vdt_handle_metrics(VdtRequest *request);
void vdt_handle_openapi(VdtRequest *request);
void vdt_handle_streams(VdtRequest *request);
void vdt_handle_stream(VdtRequest *request);
void vdt_handle_live(VdtRequest *request);
void vdt_handle_stream_add(VdtRequest *request);
void vdt_handle_stream_change(VdtRequest *request);
void vdt_handle_stream_remove(VdtRequest *request);
void vdt_handle_stream_restart(VdtRequest *request);
void vdt_handle_reload(VdtRequest *request);
void vdt_handle_validate(VdtRequest *request);
void vdt_handle_arm(VdtRequest *request);
void vdt_handle_arm_change(VdtRequest *request);
void vdt_handle_events(VdtRequest *request);
void vdt_handle_event(VdtRequest *request);
void vdt_handle_snapshot(VdtRequest *request);
void vdt_handle_clip(VdtRequest *request);
void vdt_handle_feed(VdtRequest *request);
void vdt_handle_page(VdtRequest *request);
void vdt_handle_page_file(VdtRequest *request);
void vdt_handle_login_page(VdtRequest *request);
void vdt_handle_login(VdtRequest *request);
void vdt_handle_logout(VdtRequest *request);
void vdt_handle_session(VdtRequest *request);
