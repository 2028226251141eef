/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stream that has a process of its own (--stream NAME), as the service sees it. That process
 * keeps STATE/isolated/NAME: its database, recordings, and a socket that answers as the service's
 * own does. A thread for each takes events out of the database into the service's, from where it
 * had come to, and asks the socket how the stream is. What runs no more holds up nobody else.
 */
#pragma once

#include "http/service.h"
#include "outlets.h"

typedef struct _VdtIsolated VdtIsolated;

/* The folder of @stream in the service's @state. Caller frees. */
char *vdt_isolated_folder(const char *state, const char *stream);
/* Where a process that keeps @folder answers. Caller frees. */
char *vdt_isolated_socket(const char *folder);

/* @outlets outlives its thread, which ends with vdt_isolated_close(). */
VdtIsolated *vdt_isolated_new(VdtStreamConfig *config, VdtOutlets *outlets);
VdtIsolated *vdt_isolated_ref(VdtIsolated *isolated);
void vdt_isolated_unref(VdtIsolated *isolated);
/* Files were read anew: that process is to do so, too. */
void vdt_isolated_reload(VdtIsolated *isolated, VdtStreamConfig *config);
/* Takes the caller's reference. @removed: it is no stream, or not isolated, any more. Waits a
 * second at most for its thread; FALSE if that hangs, and @outlets have to stay. */
gboolean vdt_isolated_close(VdtIsolated *isolated, gboolean removed);

/* The rest in any thread. */
const char *vdt_isolated_get_name(const VdtIsolated *isolated);
/* Caller frees. Does not wait. */
VdtServedStream *vdt_isolated_serve(VdtIsolated *isolated);
/* Waits for the answer: a status of HTTP, and a sentence, which the caller frees. */
guint vdt_isolated_restart(VdtIsolated *isolated, char **detail);

typedef struct _VdtIsolatedView VdtIsolatedView;
/* As vdt_live_view_new(). */
VdtIsolatedView *vdt_isolated_watch(VdtIsolated *isolated,
                                    void (*func)(GBytes *jpeg, gpointer data), gpointer data);
void vdt_isolated_unwatch(VdtIsolatedView *view);
