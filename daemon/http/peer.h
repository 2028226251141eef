/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is at the other end of a connection, and what that allows. */
#pragma once

#include <gio/gio.h>
#include <sys/types.h>

/* Each may do what those before it may. */
typedef enum {
    VDT_ROLE_NONE,
    VDT_ROLE_METRICS,
    VDT_ROLE_READ,
    VDT_ROLE_CONTROL,
} VdtRole;
#define VDT_N_ROLES 4
const char *vdt_role_name(VdtRole role);
gboolean vdt_role_from_name(const char *name, VdtRole *role);

typedef struct {
    char *address;     /* "192.0.2.7", "2001:db8::/64" for the whole of it, "unix" */
    gboolean is_unix;  /* then @uid and @role are known */
    gboolean loopback; /* of TCP */
    gboolean tls;
    uid_t uid;
    VdtRole role;
} VdtPeer;

/* @group is the one whose members may read through the Unix socket; -1 for none. */
gboolean vdt_peer_of(GSocketConnection *connection, gid_t group, VdtPeer *peer, GError **error);
/* What the kernel says of a process at the other end is worth. */
VdtRole vdt_peer_unix_role(uid_t uid, uid_t own, gid_t gid, const gid_t *groups, guint n,
                           gid_t group);
void vdt_peer_clear(VdtPeer *peer);
