/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service as a whole, and whether it is well. */
#include "routes.h"
#include "version.h"
#include "when.h"

static void answer_health(VdtRequest *request, gboolean ok)
{
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "status", ok ? "ok" : "not ok");
    vdt_answer_json(request, ok ? 200 : 503, object);
}

void vdt_handle_health(VdtRequest *request)
{
    const VdtHttpService *service = request->shared->service;
    VdtServedStatus status;
    service->get_status(service->data, &status);
    answer_health(request, status.healthy);
}

void vdt_handle_ready(VdtRequest *request)
{
    const VdtHttpService *service = request->shared->service;
    VdtServedStatus status;
    service->get_status(service->data, &status);
    answer_health(request, status.ready && status.healthy);
}

void vdt_handle_status(VdtRequest *request)
{
    const VdtHttpService *service = request->shared->service;
    VdtServedStatus status;
    guint counts[VDT_N_STREAM_STATES] = {0};
    service->get_status(service->data, &status);
    g_autoptr(GPtrArray) streams = service->list(service->data);
    for (guint i = 0; i < streams->len; i++) {
        const VdtServedStream *stream = streams->pdata[i];
        if (stream->info != NULL)
            counts[stream->info->state]++;
    }
    JsonObject *object = json_object_new(), *states = json_object_new();
    json_object_set_string_member(object, "version", VEDETTE_VERSION);
    json_object_set_boolean_member(object, "ready", status.ready);
    json_object_set_boolean_member(object, "healthy", status.healthy);
    vdt_when_set(object, "started", status.started);
    vdt_when_set(object, "loaded", status.loaded);
    json_object_set_string_member(object, "arm", status.arm);
    json_object_set_int_member(object, "reloads", (gint64)status.reloads);
    json_object_set_int_member(object, "refused_reloads", (gint64)status.refused_reloads);
    json_object_set_int_member(object, "lines_lost", (gint64)status.lines_lost);
    json_object_set_int_member(object, "streams", streams->len);
    for (guint i = 0; i < VDT_N_STREAM_STATES; i++)
        json_object_set_int_member(states, vdt_stream_state_name(i), counts[i]);
    json_object_set_object_member(object, "states", states);
    vdt_answer_json(request, 200, object);
}
