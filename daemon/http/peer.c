/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_GROUPS 65536 /* as the kernel has it */

static const char *const names[VDT_N_ROLES] = {"none", "metrics", "read", "control"};

const char *vdt_role_name(VdtRole role)
{
    return names[role];
}

gboolean vdt_role_from_name(const char *name, VdtRole *role)
{
    for (guint i = 0; i < VDT_N_ROLES; i++)
        if (strcmp(names[i], name) == 0) {
            *role = i;
            return TRUE;
        }
    return FALSE;
}

VdtRole vdt_peer_unix_role(uid_t uid, uid_t own, gid_t gid, const gid_t *groups, guint n,
                           gid_t group)
{
    if (uid == 0 || uid == own)
        return VDT_ROLE_CONTROL;
    if (group == (gid_t)-1)
        return VDT_ROLE_NONE;
    gboolean is_member = gid == group;
    for (guint i = 0; i < n; i++)
        is_member |= groups[i] == group;
    return is_member ? VDT_ROLE_READ : VDT_ROLE_NONE;
}

static gboolean unix_peer(int fd, gid_t group, VdtPeer *peer, GError **error)
{
    struct ucred who;
    socklen_t size = sizeof who, bytes = 0;
    g_autofree gid_t *groups = NULL;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "SO_PEERCRED: %s",
                    g_strerror(errno));
        return FALSE;
    }
    /* The first call says how many there are. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &bytes) != 0 && errno == ERANGE &&
        bytes <= MOST_GROUPS * sizeof(gid_t)) {
        groups = g_malloc(bytes);
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &bytes) != 0)
            bytes = 0;
    } else {
        bytes = 0;
    }
    *peer = (VdtPeer){.address = g_strdup("unix"), .is_unix = TRUE, .uid = who.uid};
    peer->role = vdt_peer_unix_role(who.uid, geteuid(), who.gid, groups,
                                    (guint)(bytes / sizeof(gid_t)), group);
    return TRUE;
}

/* One house has 2^64 addresses of IPv6. */
static char *show_address(GInetAddress *address)
{
    if (g_inet_address_get_family(address) != G_SOCKET_FAMILY_IPV6)
        return g_inet_address_to_string(address);
    guint8 bytes[16];
    memcpy(bytes, g_inet_address_to_bytes(address), sizeof bytes);
    static const guint8 mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(bytes, mapped, sizeof mapped) == 0)
        return g_strdup_printf("%u.%u.%u.%u", bytes[12], bytes[13], bytes[14], bytes[15]);
    if (g_inet_address_get_is_loopback(address))
        return g_inet_address_to_string(address);
    memset(bytes + 8, 0, 8);
    g_autoptr(GInetAddress) network = g_inet_address_new_from_bytes(bytes, G_SOCKET_FAMILY_IPV6);
    g_autofree char *text = g_inet_address_to_string(network);
    return g_strconcat(text, "/64", NULL);
}

gboolean vdt_peer_of(GSocketConnection *connection, gid_t group, VdtPeer *peer, GError **error)
{
    g_autoptr(GSocketAddress) remote = g_socket_connection_get_remote_address(connection, error);
    if (remote == NULL)
        return FALSE;
    if (!G_IS_INET_SOCKET_ADDRESS(remote))
        return unix_peer(g_socket_get_fd(g_socket_connection_get_socket(connection)), group, peer,
                         error);
    GInetAddress *address = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(remote));
    *peer = (VdtPeer){.address = show_address(address),
                      .loopback = g_inet_address_get_is_loopback(address)};
    return TRUE;
}

void vdt_peer_clear(VdtPeer *peer)
{
    g_free(peer->address);
    *peer = (VdtPeer){NULL};
}
