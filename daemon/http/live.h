/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures of streams for whoever looks, as multipart/x-mixed-replace: each peer is sent the newest
 * picture once it has taken the one before. All in the server's thread.
 */
#pragma once

#include "request.h"

#define VDT_LIVE_MOST 8 /* peers that look at one stream */

typedef struct _VdtLive VdtLive;

VdtLive *vdt_live_new(const VdtHttpService *service, GMainContext *context);
/* Ends all answers. */
void vdt_live_free(VdtLive *live);
/* Once a second. */
void vdt_live_check(VdtLive *live);
guint vdt_live_count(const VdtLive *live);
