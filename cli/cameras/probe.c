/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe.h"

#include <net/if.h>
#include <string.h>
#include <vedette/error.h>

#include "answer.h"
#include "interfaces.h"

#define PORT           3702
#define GROUP_4        "239.255.255.250"
#define GROUP_6        "ff02::c"
#define MOST_DATAGRAMS 4096
#define MOST_BYTES     65536
#define ASKS           2

/* What is asked for: cameras older and newer call themselves by one or the other. */
static const char *const types[] = {
    "xmlns:t=\"http://www.onvif.org/ver10/network/wsdl\">t:NetworkVideoTransmitter",
    "xmlns:t=\"http://www.onvif.org/ver10/device/wsdl\">t:Device",
};
enum { N_TYPES = G_N_ELEMENTS(types) };

typedef struct {
    char *ids[N_TYPES + 1];
    char *texts[N_TYPES];
    GPtrArray *sockets, *groups; /* one of each for each interface */
    Found *found;
    guint n_datagrams;
} Probe;

void found_clear(Found *found)
{
    g_clear_pointer(&found->cameras, g_ptr_array_unref);
}

static void probe_clear(Probe *p)
{
    for (guint i = 0; i < N_TYPES; i++) {
        g_free(p->ids[i]);
        g_free(p->texts[i]);
    }
    g_ptr_array_unref(p->sockets);
    g_ptr_array_unref(p->groups);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Probe, probe_clear)

static void probe_init(Probe *p, Found *found)
{
    *p = (Probe){.found = found};
    p->sockets = g_ptr_array_new_with_free_func(g_object_unref);
    p->groups = g_ptr_array_new_with_free_func(g_object_unref);
    for (guint i = 0; i < N_TYPES; i++) {
        p->ids[i] = g_uuid_string_random();
        p->texts[i] = g_strdup_printf(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
            "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\""
            " xmlns:w=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\""
            " xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\"><e:Header>"
            "<w:MessageID>uuid:%s</w:MessageID>"
            "<w:To e:mustUnderstand=\"true\">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>"
            "<w:Action e:mustUnderstand=\"true\">"
            "http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>"
            "<e:Body><d:Probe><d:Types %s</d:Types></d:Probe></e:Body></e:Envelope>",
            p->ids[i], types[i]);
    }
}

static GSocketAddress *group_of(const Interface *interface, GSocketFamily family)
{
    const gboolean v6 = family == G_SOCKET_FAMILY_IPV6;
    g_autoptr(GInetAddress) group = g_inet_address_new_from_string(v6 ? GROUP_6 : GROUP_4);
    return g_object_new(G_TYPE_INET_SOCKET_ADDRESS, "address", group, "port", PORT, "scope-id",
                        v6 ? interface->index : 0, NULL);
}

/* What has an interface's address goes out there. One that cannot be used is left out; the reason
 * for the last one is *error. */
static void open_socket(Probe *p, const Interface *interface, GError **error)
{
    g_clear_error(error);
    GSocketFamily family = g_socket_address_get_family(interface->address);
    g_autoptr(GSocket) socket =
        g_socket_new(family, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, error);
    if (socket == NULL || !g_socket_bind(socket, interface->address, FALSE, error))
        return;
    g_socket_set_multicast_ttl(socket, 1);
    g_socket_set_blocking(socket, FALSE);
    g_ptr_array_add(p->groups, group_of(interface, family));
    g_ptr_array_add(p->sockets, g_steal_pointer(&socket));
}

/* How many questions went out. */
static guint ask(const Probe *p, GError **error)
{
    guint n = 0;
    for (guint i = 0; i < p->sockets->len; i++)
        for (guint k = 0; k < N_TYPES; k++) {
            g_clear_error(error);
            n += g_socket_send_to(p->sockets->pdata[i], p->groups->pdata[i], p->texts[k],
                                  strlen(p->texts[k]), NULL, error) > 0;
        }
    return n;
}

/* The address without its port, with the interface of one that is good there alone. */
static char *host_of(GSocketAddress *address)
{
    GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);
    g_autofree char *text = g_inet_address_to_string(g_inet_socket_address_get_address(inet));
    guint scope = g_inet_socket_address_get_scope_id(inet);
    char name[IF_NAMESIZE];
    if (scope == 0 || if_indextoname(scope, name) == NULL)
        return g_steal_pointer(&text);
    return g_strdup_printf("%s%%%s", text, name);
}

/* All that has come to @socket. */
static void receive(Probe *p, GSocket *socket, char *buffer, gint64 end)
{
    while (p->n_datagrams < MOST_DATAGRAMS && g_get_monotonic_time() < end) {
        g_autoptr(GSocketAddress) from = NULL;
        gssize n = g_socket_receive_from(socket, &from, buffer, MOST_BYTES, NULL, NULL);
        if (n < 0 || from == NULL)
            return;
        p->n_datagrams++;
        g_autofree char *host = host_of(from);
        AnswerKind kind =
            answer_take(buffer, n, host, (const char *const *)p->ids, p->found->cameras);
        p->found->not_ours += kind == ANSWER_NOT_OURS;
        p->found->bad += kind == ANSWER_BAD;
        p->found->too_many += kind == ANSWER_TOO_MANY;
    }
}

static void listen_until(Probe *p, gint64 end, GCancellable *cancellable)
{
    const guint n = p->sockets->len;
    g_autofree char *buffer = g_malloc(MOST_BYTES);
    g_autofree GPollFD *fds = g_new0(GPollFD, n + 1);
    for (guint i = 0; i < n; i++)
        fds[i] = (GPollFD){.fd = g_socket_get_fd(p->sockets->pdata[i]), .events = G_IO_IN};
    gboolean interruptible = g_cancellable_make_pollfd(cancellable, &fds[n]);
    for (gint64 now; (now = g_get_monotonic_time()) < end && p->n_datagrams < MOST_DATAGRAMS &&
                     !g_cancellable_is_cancelled(cancellable);) {
        g_poll(fds, n + interruptible, (gint)((end - now) / 1000 + 1));
        for (guint i = 0; i < n; i++)
            if (fds[i].revents != 0)
                receive(p, p->sockets->pdata[i], buffer, end);
    }
    if (interruptible)
        g_cancellable_release_fd(cancellable);
}

gboolean probe(const GPtrArray *interfaces, double seconds, Found *found, GCancellable *cancellable,
               GError **error)
{
    g_auto(Probe) p;
    g_autoptr(GError) mistake = NULL;
    *found = (Found){.cameras = g_ptr_array_new_with_free_func(camera_free)};
    probe_init(&p, found);
    for (guint i = 0; i < interfaces->len; i++)
        open_socket(&p, interfaces->pdata[i], &mistake);
    guint sent = 0;
    const gint64 begun = g_get_monotonic_time(), length = seconds * G_TIME_SPAN_SECOND;
    for (guint i = 0; i < ASKS; i++) {
        sent += ask(&p, &mistake);
        if (sent == 0)
            break;
        gint64 end = i + 1 < ASKS ? begun + (i + 1) * length / (ASKS + 1) : begun + length;
        listen_until(&p, end, cancellable);
    }
    if (g_cancellable_is_cancelled(cancellable))
        g_set_error(error, VDT_ERROR, VDT_ERROR_CANCELLED, "interrupted");
    else if (sent == 0)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "no interface could ask: %s",
                    mistake != NULL ? mistake->message : "there is none that is up");
    else
        return TRUE;
    return FALSE;
}
