/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One address, or one path, that is listened on; where that cannot be, it is tried again. */
#pragma once

#include <gio/gio.h>
#include <sys/types.h>

#define VDT_LISTEN_RETRY 10 /* s */

typedef struct _VdtListener VdtListener;

/* At @address, or at the Unix socket @path, which @group may use besides the owner, -1 for nobody.
 * @func has each connection; @say a sentence when it fails for the first time, and when it works
 * again. In the thread's default main context. */
VdtListener *vdt_listener_new(GSocketAddress *address, const char *path, gid_t group,
                              void (*func)(GSocket *, gpointer),
                              void (*say)(const char *, gpointer), gpointer data);
void vdt_listener_free(VdtListener *listener);
