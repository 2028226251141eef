/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device.h"

#include <string.h>
#include <vedette/error.h>

#define DEVICE        "xmlns=\"http://www.onvif.org/ver10/device/wsdl\""
#define MEDIA         "xmlns=\"http://www.onvif.org/ver10/media/wsdl\""
#define SCHEMA        "xmlns=\"http://www.onvif.org/ver10/schema\""
#define USUAL_PATH    "/onvif/device_service"
#define MOST_PROFILES 16
#define MOST_TEXT     256
#define MOST_URI      1024

static void profile_free(gpointer data)
{
    Profile *profile = data;
    g_free(profile->token);
    g_free(profile->name);
    g_free(profile->codec);
    g_free(profile->uri);
    g_free(profile);
}

void device_clear(Device *device)
{
    g_clear_pointer(&device->manufacturer, g_free);
    g_clear_pointer(&device->model, g_free);
    g_clear_pointer(&device->firmware, g_free);
    g_clear_pointer(&device->profiles, g_ptr_array_unref);
}

char *device_host(const char *host)
{
    if (strchr(host, ':') == NULL)
        return g_strdup(host);
    g_auto(GStrv) parts = g_strsplit(host, "%", 2);
    return parts[1] != NULL ? g_strdup_printf("[%s%%25%s]", parts[0], parts[1])
                            : g_strdup_printf("[%s]", host);
}

/* Whether the camera answered from @host, with or without the interface. */
static gboolean is_its_host(const Camera *camera, const char *host)
{
    for (guint i = 0; i < camera->hosts->len; i++) {
        const char *own = camera->hosts->pdata[i];
        gsize n = strcspn(own, "%");
        if (strlen(host) >= n && g_ascii_strncasecmp(own, host, n) == 0 &&
            (host[n] == '\0' || host[n] == '%'))
            return TRUE;
    }
    return FALSE;
}

char *device_service(const Camera *camera)
{
    for (guint i = 0; i < camera->services->len; i++) {
        g_autoptr(GUri) uri = g_uri_parse(camera->services->pdata[i], G_URI_FLAGS_NONE, NULL);
        if (uri != NULL && is_its_host(camera, g_uri_get_host(uri)))
            return g_strdup(camera->services->pdata[i]);
    }
    g_autofree char *host = device_host(camera->hosts->pdata[0]);
    return g_strconcat("http://", host, USUAL_PATH, NULL);
}

gint64 device_parse_ahead(const xmlNode *body, GDateTime *now)
{
    const xmlNode *utc =
        xml_find(body, "GetSystemDateAndTimeResponse/SystemDateAndTime/UTCDateTime");
    g_autoptr(GDateTime) there = g_date_time_new_utc(
        (gint)xml_number(utc, "Date/Year", 9999), (gint)xml_number(utc, "Date/Month", 12),
        (gint)xml_number(utc, "Date/Day", 31), (gint)xml_number(utc, "Time/Hour", 23),
        (gint)xml_number(utc, "Time/Minute", 59), xml_number(utc, "Time/Second", 59));
    return there != NULL ? g_date_time_difference(there, now) / G_TIME_SPAN_SECOND : 0;
}

void device_parse_information(Device *device, const xmlNode *body)
{
    const xmlNode *answer = xml_child(body, "GetDeviceInformationResponse");
    device->manufacturer = xml_text(xml_child(answer, "Manufacturer"), MOST_TEXT);
    device->model = xml_text(xml_child(answer, "Model"), MOST_TEXT);
    device->firmware = xml_text(xml_child(answer, "FirmwareVersion"), MOST_TEXT);
}

/* The camera's word counts for the path alone: it may call its host by a name or address that is
 * good on its own side, or somebody else's. */
char *device_parse_media(const xmlNode *body, const char *service)
{
    g_autofree char *text =
        xml_text(xml_find(body, "GetCapabilitiesResponse/Capabilities/Media/XAddr"), MOST_URI);
    g_autoptr(GUri) said = text != NULL ? g_uri_parse(text, G_URI_FLAGS_NONE, NULL) : NULL;
    g_autoptr(GUri) own = g_uri_parse(service, G_URI_FLAGS_NONE, NULL);
    if (own == NULL || said == NULL || *g_uri_get_path(said) != '/')
        return g_strdup(service);
    return g_uri_join(G_URI_FLAGS_NONE, g_uri_get_scheme(own), NULL, g_uri_get_host(own),
                      g_uri_get_port(own), g_uri_get_path(said), NULL, NULL);
}

void device_parse_profiles(Device *device, const xmlNode *body)
{
    device->profiles = g_ptr_array_new_with_free_func(profile_free);
    const xmlNode *each = xml_find(body, "GetProfilesResponse/Profiles");
    for (; each != NULL && device->profiles->len < MOST_PROFILES; each = xml_next(each)) {
        g_autofree char *token = xml_attribute(each, "token", MOST_TEXT);
        const xmlNode *encoder = xml_child(each, "VideoEncoderConfiguration");
        if (token == NULL)
            continue;
        Profile *profile = g_new0(Profile, 1);
        profile->token = g_steal_pointer(&token);
        profile->name = xml_text(xml_child(each, "Name"), MOST_TEXT);
        profile->codec = xml_text(xml_child(encoder, "Encoding"), MOST_TEXT);
        profile->width = xml_number(encoder, "Resolution/Width", 65535);
        profile->height = xml_number(encoder, "Resolution/Height", 65535);
        profile->rate = xml_number(encoder, "RateControl/FrameRateLimit", 1000);
        g_ptr_array_add(device->profiles, profile);
    }
}

/* Whether a query has what may be a password. What is doubtful has. */
static gboolean has_secret(const char *query)
{
    static const char *const words[] = {"pass", "pwd", "user",   "usr",  "token",
                                        "auth", "key", "secret", "cred", "login"};
    g_autofree char *lower = g_ascii_strdown(query, -1);
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (strstr(lower, words[i]) != NULL)
            return TRUE;
    return strchr(query, '%') != NULL;
}

void device_parse_uri(Profile *profile, const xmlNode *body, const Camera *camera)
{
    const GUriFlags flags =
        G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_PATH | G_URI_FLAGS_ENCODED_QUERY;
    g_autofree char *text = xml_text(xml_find(body, "GetStreamUriResponse/MediaUri/Uri"), MOST_URI);
    g_autoptr(GUri) uri = text != NULL ? g_uri_parse(text, flags, NULL) : NULL;
    if (uri == NULL ||
        (strcmp(g_uri_get_scheme(uri), "rtsp") != 0 &&
         strcmp(g_uri_get_scheme(uri), "rtsps") != 0) ||
        g_uri_get_host(uri) == NULL || *g_uri_get_host(uri) == '\0')
        return;
    const char *query = g_uri_get_query(uri);
    profile->elsewhere = !is_its_host(camera, g_uri_get_host(uri));
    profile->uri =
        g_uri_join(flags, g_uri_get_scheme(uri), NULL, g_uri_get_host(uri), g_uri_get_port(uri),
                   g_uri_get_path(uri), query != NULL && has_secret(query) ? "***" : query, NULL);
}

/* One after the other; a camera that does not know what it is, or one stream's address, may know
 * the rest. */
static gboolean ask_profiles(Device *device, const Camera *camera, const char *service,
                             const SoapSetting *setting, GError **error)
{
    g_autoptr(xmlDoc) about = NULL, what = NULL, list = NULL;
    const xmlNode *body =
        soap_ask(service, "<GetDeviceInformation " DEVICE "/>", setting, &about, error);
    if (body == NULL)
        return FALSE;
    device_parse_information(device, body);
    body = soap_ask(service,
                    "<GetCapabilities " DEVICE "><Category>Media</Category></GetCapabilities>",
                    setting, &what, NULL);
    g_autofree char *media = device_parse_media(body, service);
    body = soap_ask(media, "<GetProfiles " MEDIA "/>", setting, &list, error);
    if (body == NULL)
        return FALSE;
    device_parse_profiles(device, body);
    for (guint i = 0; i < device->profiles->len; i++) {
        Profile *profile = device->profiles->pdata[i];
        g_autoptr(xmlDoc) one = NULL;
        g_autofree char *token = g_markup_escape_text(profile->token, -1);
        g_autofree char *question = g_strdup_printf(
            "<GetStreamUri " MEDIA "><StreamSetup><Stream " SCHEMA ">RTP-Unicast</Stream>"
            "<Transport " SCHEMA "><Protocol>RTSP</Protocol></Transport></StreamSetup>"
            "<ProfileToken>%s</ProfileToken></GetStreamUri>",
            token);
        body = soap_ask(media, question, setting, &one, NULL);
        device_parse_uri(profile, body, camera);
        if (g_cancellable_set_error_if_cancelled(setting->cancellable, error))
            return FALSE;
    }
    return TRUE;
}

gboolean device_ask(Device *device, const Camera *camera, const SoapSetting *setting,
                    GError **error)
{
    *device = (Device){NULL};
    g_autofree char *service = device_service(camera);
    SoapSetting own = *setting;
    g_autoptr(xmlDoc) clock = NULL;
    own.credential = NULL;
    const xmlNode *body =
        soap_ask(service, "<GetSystemDateAndTime " DEVICE "/>", &own, &clock, NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    own.ahead = device_parse_ahead(body, now);
    own.credential = setting->credential;
    return ask_profiles(device, camera, service, &own, error);
}
