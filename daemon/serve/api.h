/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the interface asks of the service (http/service.h), answered: streams out of a snapshot that
 * the service renews, changes one after another in a thread of their own.
 */
#pragma once

#include "channel.h"
#include "config/diff.h"
#include "http/service.h"
#include "isolated.h"

typedef struct _VdtApi VdtApi;

/* @where is the configuration; @outlets outlive the interface. @reload has the service, in the main
 * context, read the configuration anew, and then call vdt_api_reloaded(). */
VdtApi *vdt_api_new(const char *where, VdtOutlets *outlets, void (*reload)(gpointer data),
                    gpointer data);
/* No more changes; waits for one that was begun, @limit us at most. FALSE if it is not over then:
 * the process is to end soon, and nothing is to be freed. The main context does not run any more.
 */
gboolean vdt_api_close(VdtApi *api, gint64 limit);
/* It was closed, and the interface is gone. */
void vdt_api_free(VdtApi *api);
VdtHttpService vdt_api_get_service(VdtApi *api);

/* All in the main context: what is in force, the channels by name that run, and the streams by name
 * that other processes run. */
void vdt_api_update(VdtApi *api, const VdtConfig *config, GHashTable *channels,
                    GHashTable *isolated);
/* A reload ended. Takes @differences, NULL if the configuration was refused, and @problems. @again:
 * another one follows, since files may have changed after they were read. */
void vdt_api_reloaded(VdtApi *api, GPtrArray *differences, VdtProblems *problems, gboolean again);
/* At least once a second; what does not come any more is not healthy. */
void vdt_api_set_health(VdtApi *api, gboolean ready, gboolean healthy, guint64 lines_lost);
