/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "listen.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG      128
#define MOST_AT_ONCE 32   /* accepted before others have their turn */
#define BREATH       1000 /* ms, where the process has no descriptor left */

struct _VdtListener {
    GSocketAddress *address;
    char *path, *name;
    gid_t group;
    void (*func)(GSocket *, gpointer);
    void (*say)(const char *, gpointer);
    gpointer data;
    GSocket *socket;
    GSource *source; /* connections, or the next attempt */
    gboolean failed; /* which was said */
};

static void begin(VdtListener *listener);

static void wait_for(VdtListener *listener, GSource *source, GSourceFunc func)
{
    if (listener->source != NULL) {
        g_source_destroy(listener->source);
        g_source_unref(listener->source);
    }
    listener->source = source;
    g_source_set_callback(source, func, listener, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
}

static gboolean on_breathed(gpointer data);

static gboolean on_incoming(GSocket *socket, GIOCondition condition, gpointer data)
{
    VdtListener *listener = data;
    for (guint i = 0; i < MOST_AT_ONCE; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GSocket) one = g_socket_accept(socket, NULL, &error);
        if (one != NULL) {
            g_socket_set_blocking(one, FALSE);
            listener->func(one, listener->data);
            continue;
        }
        if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ||
            g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
            break;
        wait_for(listener, g_timeout_source_new(BREATH), on_breathed);
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static void listen_on(VdtListener *listener)
{
    wait_for(listener, g_socket_create_source(listener->socket, G_IO_IN, NULL),
             G_SOURCE_FUNC(on_incoming));
}

static gboolean on_breathed(gpointer data)
{
    listen_on(data);
    return G_SOURCE_REMOVE;
}

/* What a process that was killed left there; not what another one listens on. */
static gboolean clear_path(const char *path, GError **error)
{
    struct stat s;
    if (lstat(path, &s) != 0 && errno == ENOENT)
        return TRUE;
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(GSocket) probe = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, error);
    g_autoptr(GError) why = NULL;
    if (probe == NULL)
        return FALSE;
    g_socket_set_blocking(probe, FALSE);
    if (!S_ISSOCK(s.st_mode)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS, "there is something else already");
        return FALSE;
    }
    g_socket_connect(probe, address, NULL, &why);
    if (!g_error_matches(why, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE, "another process listens there");
        return FALSE;
    }
    unlink(path);
    return TRUE;
}

static GSocket *open_unix(const VdtListener *listener, GError **error)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(listener->path);
    if (!clear_path(listener->path, error))
        return NULL;
    g_autoptr(GSocket) socket = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, error);
    if (socket == NULL)
        return NULL;
    gboolean shared = listener->group != (gid_t)-1;
    /* bind() makes the file with this mode: it is never open to more, not for a moment */
    fchmod(g_socket_get_fd(socket), shared ? 0660 : 0600);
    if (!g_socket_bind(socket, address, FALSE, error))
        return NULL;
    if (shared && lchown(listener->path, (uid_t)-1, listener->group) != 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                    "it cannot be given to group %u: %s", listener->group, g_strerror(errno));
        unlink(listener->path);
        return NULL;
    }
    return g_steal_pointer(&socket);
}

static GSocket *open_inet(const VdtListener *listener, GError **error)
{
    GSocketFamily family = g_socket_address_get_family(listener->address);
    g_autoptr(GSocket) socket = g_socket_new(family, G_SOCKET_TYPE_STREAM, 0, error);
    if (socket == NULL)
        return NULL;
    if (family == G_SOCKET_FAMILY_IPV6)
        g_socket_set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, NULL);
    if (!g_socket_bind(socket, listener->address, TRUE, error))
        return NULL;
    return g_steal_pointer(&socket);
}

static gboolean on_retry(gpointer data)
{
    begin(data);
    return G_SOURCE_REMOVE;
}

static void begin(VdtListener *listener)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) socket =
        listener->path != NULL ? open_unix(listener, &error) : open_inet(listener, &error);
    if (socket != NULL) {
        g_socket_set_blocking(socket, FALSE);
        g_socket_set_listen_backlog(socket, BACKLOG);
    }
    if (socket == NULL || !g_socket_listen(socket, &error)) {
        g_autofree char *sentence =
            g_strdup_printf("%s cannot be listened on (%s), which is tried again every %d s",
                            listener->name, error->message, VDT_LISTEN_RETRY);
        if (!listener->failed)
            listener->say(sentence, listener->data);
        listener->failed = TRUE;
        wait_for(listener, g_timeout_source_new_seconds(VDT_LISTEN_RETRY), on_retry);
        return;
    }
    if (listener->failed) {
        g_autofree char *sentence = g_strdup_printf("%s is listened on now", listener->name);
        listener->say(sentence, listener->data);
    }
    listener->failed = FALSE;
    listener->socket = g_steal_pointer(&socket);
    listen_on(listener);
}

VdtListener *vdt_listener_new(GSocketAddress *address, const char *path, gid_t group,
                              void (*func)(GSocket *, gpointer),
                              void (*say)(const char *, gpointer), gpointer data)
{
    VdtListener *listener = g_new0(VdtListener, 1);
    *listener = (VdtListener){
        .path = g_strdup(path),
        .name = path != NULL ? g_strdup(path)
                             : g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(address)),
        .group = group,
        .func = func,
        .say = say,
        .data = data};
    g_set_object(&listener->address, address);
    begin(listener);
    return listener;
}

void vdt_listener_free(VdtListener *listener)
{
    g_source_destroy(listener->source);
    g_source_unref(listener->source);
    if (listener->socket != NULL && listener->path != NULL)
        unlink(listener->path);
    if (listener->socket != NULL)
        g_socket_close(listener->socket, NULL);
    g_clear_object(&listener->socket);
    g_clear_object(&listener->address);
    g_free(listener->path);
    g_free(listener->name);
    g_free(listener);
}
