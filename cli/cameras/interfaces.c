/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interfaces.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <vedette/error.h>

#define MOST 64

static void interface_free(gpointer data)
{
    Interface *interface = data;
    g_free(interface->name);
    g_object_unref(interface->address);
    g_free(interface);
}

static gboolean is_usable(const struct sockaddr *address)
{
    if (address == NULL)
        return FALSE;
    return address->sa_family == AF_INET ||
           (address->sa_family == AF_INET6 &&
            IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)address)->sin6_addr));
}

static void add(GPtrArray *list, const struct ifaddrs *entry)
{
    gsize n = entry->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                                    : sizeof(struct sockaddr_in6);
    GSocketAddress *address = g_socket_address_new_from_native(entry->ifa_addr, n);
    if (address == NULL)
        return;
    Interface *interface = g_new0(Interface, 1);
    interface->name = g_strdup(entry->ifa_name);
    interface->index = if_nametoindex(entry->ifa_name);
    interface->address = address;
    g_ptr_array_add(list, interface);
}

GPtrArray *interfaces_list(const char *name, GError **error)
{
    struct ifaddrs *all = NULL;
    const unsigned many = IFF_UP | IFF_MULTICAST;
    gboolean known = name == NULL;
    if (getifaddrs(&all) != 0) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                    "the network interfaces cannot be listed: %s", g_strerror(errno));
        return NULL;
    }
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(interface_free);
    for (const struct ifaddrs *at = all; at != NULL && list->len < MOST; at = at->ifa_next) {
        gboolean named = name != NULL && strcmp(at->ifa_name, name) == 0;
        gboolean fits = name == NULL
                            ? (at->ifa_flags & many) == many && !(at->ifa_flags & IFF_LOOPBACK)
                            : named && (at->ifa_flags & IFF_UP) != 0;
        known = known || named;
        if (fits && is_usable(at->ifa_addr))
            add(list, at);
    }
    freeifaddrs(all);
    if (known && (name == NULL || list->len > 0))
        return g_steal_pointer(&list);
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                known ? "the interface %s is not up, or has no address"
                      : "there is no interface called %s",
                name);
    return NULL;
}
