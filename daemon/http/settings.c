/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define MOST_ADDRESSES 16
#define MOST_PEM       (256 * 1024)
#define SOCKET_NAME    "api.sock"

GSocketAddress *vdt_http_address_parse(const char *text)
{
    const char *colon = strrchr(text, ':');
    guint64 port;
    if (colon == NULL || !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL))
        return NULL;
    gboolean is_v6 = *text == '[';
    if (is_v6 && (colon == text || colon[-1] != ']'))
        return NULL;
    g_autofree char *host =
        is_v6 ? g_strndup(text + 1, colon - text - 2) : g_strndup(text, colon - text);
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);
    if (address == NULL || (g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6) != is_v6)
        return NULL;
    return g_inet_socket_address_new(address, (guint16)port);
}

typedef struct {
    const VdtConfig *config;
    VdtHttpSettings *settings;
    VdtProblems *problems;
} Reader;

static const VdtOption *option(const Reader *r, guint key)
{
    return vdt_config_get(r->config, VDT_GROUP_HTTP, key);
}

static void wrong(const Reader *r, guint key, const char *message)
{
    const VdtOption *value = option(r, key);
    g_autofree char *file = g_build_filename(r->config->folder, "vedette.conf", NULL);
    VdtSite site = {value->file != NULL ? value->file : file, value->line,
                    vdt_service_groups[VDT_GROUP_HTTP].name,
                    vdt_service_groups[VDT_GROUP_HTTP].keys[key].name, value->text};
    vdt_problems_add(r->problems, &site, "%s", message);
}

static void read_addresses(const Reader *r)
{
    g_auto(GStrv) words = g_strsplit(option(r, VDT_KEY_HTTP_LISTEN)->text, " ", -1);
    if (strcmp(option(r, VDT_KEY_HTTP_LISTEN)->text, "none") == 0)
        return;
    for (guint i = 0; words[i] != NULL; i++) {
        if (*words[i] == '\0')
            continue;
        GSocketAddress *address = vdt_http_address_parse(words[i]);
        if (address == NULL || r->settings->addresses->len >= MOST_ADDRESSES) {
            g_clear_object(&address);
            wrong(r, VDT_KEY_HTTP_LISTEN,
                  "expected up to 16 of ADDRESS:PORT or [ADDRESS]:PORT, without names, or none");
            return;
        }
        g_ptr_array_add(r->settings->addresses, address);
    }
}

static void read_socket(const Reader *r)
{
    const char *path = option(r, VDT_KEY_HTTP_SOCKET)->text,
               *folder = g_getenv("RUNTIME_DIRECTORY"),
               *group = option(r, VDT_KEY_HTTP_SOCKET_GROUP)->text;
    if (path != NULL)
        r->settings->socket = g_strdup(path);
    else if (folder != NULL && *folder == '/')
        r->settings->socket =
            g_strdup_printf("%.*s/" SOCKET_NAME, (int)strcspn(folder, ":"), folder);
    if (r->settings->socket != NULL &&
        strlen(r->settings->socket) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        wrong(r, VDT_KEY_HTTP_SOCKET, "expected a path of at most 107 bytes");
    if (group == NULL)
        return;
    char buffer[16384];
    struct group entry, *found = NULL;
    getgrnam_r(group, &entry, buffer, sizeof buffer, &found);
    if (found == NULL)
        wrong(r, VDT_KEY_HTTP_SOCKET_GROUP, "there is no such group on this machine");
    else
        r->settings->group = found->gr_gid;
}

static void read_tokens(const Reader *r)
{
    g_autoptr(GError) error = NULL;
    const char *file = option(r, VDT_KEY_HTTP_TOKENS_FILE)->text;
    if (file == NULL)
        return;
    r->settings->tokens_file = g_strdup(file);
    r->settings->tokens = vdt_tokens_read(file, &error);
    if (r->settings->tokens == NULL)
        wrong(r, VDT_KEY_HTTP_TOKENS_FILE, error->message);
}

static char *read_pem(const char *file, gboolean is_secret, GError **error)
{
    g_autofree char *text = g_malloc0(MOST_PEM + 1);
    struct stat s;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    gssize n = -1;
    if (fd >= 0 && fstat(fd, &s) == 0) {
        if (is_secret && !vdt_secret_file_check(file, &s, error)) {
            close(fd);
            return NULL;
        }
        n = read(fd, text, MOST_PEM);
    }
    int code = errno;
    if (fd >= 0)
        close(fd);
    if (n >= 0)
        return g_steal_pointer(&text);
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(code), "%s: %s", file,
                g_strerror(code));
    return NULL;
}

static void read_certificate(const Reader *r)
{
    g_autoptr(GError) error = NULL;
    const char *file = option(r, VDT_KEY_HTTP_CERTIFICATE_FILE)->text,
               *key_file = option(r, VDT_KEY_HTTP_KEY_FILE)->text;
    if (file == NULL && key_file == NULL)
        return;
    if (file == NULL || key_file == NULL) {
        guint lacking = file == NULL ? VDT_KEY_HTTP_CERTIFICATE_FILE : VDT_KEY_HTTP_KEY_FILE;
        wrong(r, lacking, "expected certificate-file and key-file, or neither");
        return;
    }
    g_autofree char *certificate = read_pem(file, FALSE, &error);
    if (certificate == NULL) {
        wrong(r, VDT_KEY_HTTP_CERTIFICATE_FILE, error->message);
        return;
    }
    g_autofree char *key = read_pem(key_file, TRUE, &error);
    if (key == NULL) {
        wrong(r, VDT_KEY_HTTP_KEY_FILE, error->message);
        return;
    }
    g_autofree char *both = g_strconcat(certificate, "\n", key, NULL);
    explicit_bzero(key, strlen(key));
    r->settings->certificate = g_tls_certificate_new_from_pem(both, -1, &error);
    explicit_bzero(both, strlen(both));
    if (r->settings->certificate == NULL)
        wrong(r, VDT_KEY_HTTP_CERTIFICATE_FILE,
              "expected a certificate as PEM, whose private key is in key-file");
}

static gboolean is_open(const VdtHttpSettings *settings)
{
    gboolean open = FALSE;
    for (guint i = 0; i < settings->addresses->len; i++)
        open |= !g_inet_address_get_is_loopback(
            g_inet_socket_address_get_address(settings->addresses->pdata[i]));
    return open;
}

static void check_open(const Reader *r)
{
    if (!is_open(r->settings))
        return;
    if (option(r, VDT_KEY_HTTP_TOKENS_FILE)->text == NULL)
        wrong(r, VDT_KEY_HTTP_LISTEN,
              "others than this machine can reach it, which takes a tokens-file");
    if (option(r, VDT_KEY_HTTP_CERTIFICATE_FILE)->text == NULL)
        wrong(r, VDT_KEY_HTTP_LISTEN,
              "others than this machine can reach it, which takes a certificate-file and a "
              "key-file");
}

static char **lower_all(char **items)
{
    g_autoptr(GStrvBuilder) lower = g_strv_builder_new();
    for (guint i = 0; items != NULL && items[i] != NULL; i++) {
        g_autofree char *one = g_ascii_strdown(items[i], -1);
        g_strv_builder_add(lower, one);
    }
    return g_strv_builder_end(lower);
}

VdtHttpSettings *vdt_http_settings_new(const VdtConfig *config, VdtProblems *problems)
{
    /* what could not be read has no text, which has been said */
    if (vdt_config_get(config, VDT_GROUP_HTTP, VDT_KEY_HTTP_LISTEN)->text == NULL ||
        vdt_config_get(config, VDT_GROUP_HTTP, VDT_KEY_HTTP_LOOPBACK)->text == NULL)
        return NULL;
    guint before = vdt_problems_count(problems);
    g_autoptr(VdtHttpSettings) settings = g_new0(VdtHttpSettings, 1);
    Reader r = {config, settings, problems};
    *settings = (VdtHttpSettings){
        .addresses = g_ptr_array_new_with_free_func(g_object_unref),
        .group = (gid_t)-1,
        .hosts = lower_all(option(&r, VDT_KEY_HTTP_HOSTS)->items),
        .most = (guint)option(&r, VDT_KEY_HTTP_MAX_CONNECTIONS)->whole,
    };
    vdt_role_from_name(option(&r, VDT_KEY_HTTP_LOOPBACK)->text, &settings->loopback);
    read_addresses(&r);
    read_socket(&r);
    read_tokens(&r);
    read_certificate(&r);
    check_open(&r);
    return vdt_problems_count(problems) == before ? g_steal_pointer(&settings) : NULL;
}

VdtHttpSettings *vdt_http_settings_new_unix(const VdtConfig *config, const char *path)
{
    VdtHttpSettings *settings = g_new0(VdtHttpSettings, 1);
    *settings = (VdtHttpSettings){
        .addresses = g_ptr_array_new_with_free_func(g_object_unref),
        .socket = g_strdup(path),
        .group = (gid_t)-1,
        .hosts = g_new0(char *, 1),
        .most = (guint)vdt_config_get(config, VDT_GROUP_HTTP, VDT_KEY_HTTP_MAX_CONNECTIONS)->whole,
    };
    return settings;
}

void vdt_http_settings_free(VdtHttpSettings *settings)
{
    if (settings == NULL)
        return;
    g_ptr_array_unref(settings->addresses);
    g_clear_object(&settings->certificate);
    vdt_tokens_free(settings->tokens);
    g_free(settings->tokens_file);
    g_free(settings->socket);
    g_strfreev(settings->hosts);
    g_free(settings);
}
