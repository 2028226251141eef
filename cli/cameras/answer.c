/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "answer.h"

#include <gio/gio.h>
#include <string.h>

#include "xml.h"

#define MOST_CAMERAS 256
#define MOST_MATCHES 16 /* in one answer */
#define MOST_SCOPES  64
#define MOST_LISTED  8 /* hosts and services of a camera */
#define MOST_TEXT    256
#define MOST_LIST    16384
#define SCOPE        "onvif://www.onvif.org/"

void camera_free(gpointer data)
{
    Camera *camera = data;
    g_free(camera->id);
    g_free(camera->name);
    g_free(camera->hardware);
    g_free(camera->location);
    g_ptr_array_unref(camera->hosts);
    g_ptr_array_unref(camera->services);
    g_ptr_array_unref(camera->scopes);
    g_free(camera);
}

/* Cameras write "uuid:", "urn:uuid:" or nothing in front of it. */
static gboolean is_ours(const xmlNode *header, const char *const *ids)
{
    g_autofree char *relates = xml_text(xml_child(header, "RelatesTo"), MOST_TEXT);
    for (; relates != NULL && *ids != NULL; ids++) {
        gsize n = strlen(relates), length = strlen(*ids);
        if (n >= length && g_ascii_strcasecmp(relates + n - length, *ids) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean add_new(GPtrArray *list, const char *text, guint most)
{
    if (list->len >= most || g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL))
        return FALSE;
    g_ptr_array_add(list, g_strdup(text));
    return TRUE;
}

/* An address by http or https, without user and password. */
static gboolean is_service(const char *text)
{
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_NONE, NULL);
    const char *scheme = uri != NULL ? g_uri_get_scheme(uri) : "";
    return (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
           g_uri_get_host(uri) != NULL && *g_uri_get_host(uri) != '\0' &&
           g_uri_get_userinfo(uri) == NULL;
}

/* What a scope says behind @key, "name/", unless @value is known already. */
static void take_scope(const char *scope, const char *key, char **value)
{
    if (*value != NULL || !g_str_has_prefix(scope, SCOPE) ||
        !g_str_has_prefix(scope + strlen(SCOPE), key))
        return;
    const char *raw = scope + strlen(SCOPE) + strlen(key);
    g_autofree char *text = g_uri_unescape_string(raw, NULL);
    if (text == NULL || !g_utf8_validate(text, -1, NULL)) {
        g_free(text);
        text = g_strdup(raw);
    }
    if (*xml_one_line(text) != '\0')
        *value = g_steal_pointer(&text);
}

static void take_scopes(Camera *camera, const xmlNode *match)
{
    g_autofree char *text = xml_text(xml_child(match, "Scopes"), MOST_LIST);
    g_auto(GStrv) scopes = g_strsplit_set(text != NULL ? text : "", " ", -1);
    for (guint i = 0; scopes[i] != NULL; i++) {
        if (*scopes[i] == '\0' || strlen(scopes[i]) > MOST_TEXT)
            continue;
        add_new(camera->scopes, scopes[i], MOST_SCOPES);
        take_scope(scopes[i], "name/", &camera->name);
        take_scope(scopes[i], "hardware/", &camera->hardware);
        take_scope(scopes[i], "location/", &camera->location);
    }
}

static void take_services(Camera *camera, const xmlNode *match)
{
    g_autofree char *text = xml_text(xml_child(match, "XAddrs"), MOST_LIST);
    g_auto(GStrv) services = g_strsplit_set(text != NULL ? text : "", " ", -1);
    for (guint i = 0; services[i] != NULL; i++)
        if (strlen(services[i]) <= MOST_TEXT && is_service(services[i]))
            add_new(camera->services, services[i], MOST_LISTED);
}

/* The camera of that id, a new one if there is none; NULL if there are too many. */
static Camera *find(GPtrArray *cameras, const char *id)
{
    for (guint i = 0; i < cameras->len; i++)
        if (strcmp(((Camera *)cameras->pdata[i])->id, id) == 0)
            return cameras->pdata[i];
    if (cameras->len >= MOST_CAMERAS)
        return NULL;
    Camera *camera = g_new0(Camera, 1);
    camera->id = g_strdup(id);
    camera->hosts = g_ptr_array_new_with_free_func(g_free);
    camera->services = g_ptr_array_new_with_free_func(g_free);
    camera->scopes = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(cameras, camera);
    return camera;
}

static void add_host(Camera *camera, const char *host)
{
    if (!add_new(camera->hosts, host, MOST_LISTED) || strchr(host, ':') != NULL ||
        strchr(camera->hosts->pdata[0], ':') == NULL)
        return;
    char *last = g_ptr_array_steal_index(camera->hosts, camera->hosts->len - 1);
    g_ptr_array_insert(camera->hosts, 0, last);
}

AnswerKind answer_take(const char *data, gsize n, const char *host, const char *const *ids,
                       GPtrArray *cameras)
{
    g_autoptr(xmlDoc) doc = xml_parse(data, n, NULL);
    if (doc == NULL)
        return ANSWER_BAD;
    const xmlNode *envelope = xmlDocGetRootElement(doc);
    const xmlNode *match = xml_find(envelope, "Body/ProbeMatches/ProbeMatch");
    if (match == NULL || !is_ours(xml_child(envelope, "Header"), ids))
        return ANSWER_NOT_OURS;
    for (guint i = 0; match != NULL && i < MOST_MATCHES; i++, match = xml_next(match)) {
        g_autofree char *id = xml_text(xml_find(match, "EndpointReference/Address"), MOST_TEXT);
        Camera *camera = find(cameras, id != NULL ? id : host);
        if (camera == NULL)
            return ANSWER_TOO_MANY;
        add_host(camera, host);
        take_services(camera, match);
        take_scopes(camera, match);
    }
    return ANSWER_TAKEN;
}
