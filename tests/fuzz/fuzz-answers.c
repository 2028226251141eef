/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What cameras, or whoever passes for one, say: answers to probes, and to questions by SOAP. */
#include <string.h>

#include "cameras/device.h"
#include "cameras/snippet.h"
#include "fuzz.h"

/* That the inputs of the corpus answer. */
#define ID "0d1c5f2a-5d2f-4c9e-9a61-0f4f0d8b2f11"

static void check_line(const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        g_assert_false(g_ascii_iscntrl(*text));
}

static void check_list(const GPtrArray *list, guint most)
{
    g_assert_cmpuint(list->len, <=, most);
    for (guint i = 0; i < list->len; i++)
        check_line(list->pdata[i]);
}

static void check_device(const Camera *camera, const uint8_t *data, size_t size)
{
    g_autoptr(xmlDoc) doc = xml_parse((const char *)data, size, NULL);
    const xmlNode *body = doc != NULL ? soap_body(doc, NULL) : NULL;
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(0);
    g_auto(Device) device = {NULL};
    if (body == NULL)
        return;
    device_parse_ahead(body, now);
    device_parse_information(&device, body);
    g_autofree char *service = device_service(camera);
    g_autofree char *media = device_parse_media(body, service);
    g_assert_nonnull(media);
    device_parse_profiles(&device, body);
    for (guint i = 0; i < device.profiles->len; i++) {
        Profile *profile = device.profiles->pdata[i];
        device_parse_uri(profile, body, camera);
        check_line(profile->uri);
        g_assert_true(profile->uri == NULL || strpbrk(profile->uri, " \n") == NULL);
    }
    g_autofree char *text = snippet_text(camera, &device, NULL);
    g_assert_nonnull(strstr(text, "\nsource=rtsp"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const ids[] = {ID, NULL};
    g_autoptr(GPtrArray) cameras = g_ptr_array_new_with_free_func(camera_free);
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    answer_take((const char *)data, size, "10.0.0.1", ids, cameras);
    g_assert_cmpuint(cameras->len, <=, 16);
    for (guint i = 0; i < cameras->len; i++) {
        const Camera *camera = cameras->pdata[i];
        check_line(camera->name);
        check_line(camera->hardware);
        check_line(camera->location);
        check_list(camera->scopes, 64);
        check_list(camera->services, 8);
        g_autofree char *name = snippet_name(camera, taken);
        g_assert_true(g_ascii_isalnum(*name));
        check_device(camera, data, size);
    }
    /* Those that answer to a question answer to no probe. */
    static const char some[] =
        "<e><Header><RelatesTo>" ID "</RelatesTo></Header><Body><ProbeMatches><ProbeMatch/>"
        "</ProbeMatches></Body></e>";
    g_autoptr(GPtrArray) one = g_ptr_array_new_with_free_func(camera_free);
    answer_take(some, strlen(some), "10.0.0.1", ids, one);
    check_device(one->pdata[0], data, size);
    return 0;
}
