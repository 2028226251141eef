/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "snippet.h"

#include <string.h>

#define MOST_NAME 40

/* The letters and digits of @text, with one "-" in the place of all else between them. */
static char *words_of(const char *text)
{
    GString *name = g_string_new(NULL);
    for (; *text != '\0' && name->len < MOST_NAME; text++) {
        if (g_ascii_isalnum(*text))
            g_string_append_c(name, g_ascii_tolower(*text));
        else if (name->len > 0 && name->str[name->len - 1] != '-')
            g_string_append_c(name, '-');
    }
    while (name->len > 0 && name->str[name->len - 1] == '-')
        g_string_truncate(name, name->len - 1);
    return g_string_free(name, FALSE);
}

char *snippet_name(const Camera *camera, GHashTable *taken)
{
    g_autofree char *own = words_of(camera->name != NULL ? camera->name : "");
    g_autofree char *host = words_of(camera->hosts->pdata[0]);
    g_autofree char *base =
        *own != '\0' ? g_steal_pointer(&own) : g_strconcat("camera-", host, NULL);
    char *name = g_strdup(base);
    for (guint i = 2; g_hash_table_contains(taken, name); i++) {
        g_free(name);
        name = g_strdup_printf("%s-%u", base, i);
    }
    g_hash_table_add(taken, g_strdup(name));
    return name;
}

/* The first stream that is where the camera is. */
static const char *known_uri(const Device *device)
{
    for (guint i = 0; device != NULL && device->profiles != NULL && i < device->profiles->len;
         i++) {
        const Profile *profile = device->profiles->pdata[i];
        if (profile->uri != NULL && !profile->elsewhere)
            return profile->uri;
    }
    return NULL;
}

char *snippet_text(const Camera *camera, const Device *device, const char *secret)
{
    const char *known = known_uri(device);
    g_autofree char *host = device_host(camera->hosts->pdata[0]);
    g_autofree char *guess = g_strdup_printf("rtsp://%s/", host);
    g_autofree char *own =
        secret != NULL ? g_strdup_printf("secret-file=%s\n", secret) : g_strdup("");
    return g_strdup_printf("[stream]\n%ssource=%s\n%s",
                           known != NULL ? ""
                                         : "# A guess: --credential-file asks the camera for the "
                                           "path of its streams (GetStreamUri).\n",
                           known != NULL ? known : guess, own);
}
