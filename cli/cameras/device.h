/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a camera says of itself to who has a password: what it is, and its streams. */
#pragma once

#include "answer.h"
#include "soap.h"

typedef struct {
    char *token, *name, *codec; /* or NULL, but for the token */
    guint width, height, rate;  /* 0: not known */
    char *uri;                  /* without secrets; NULL if it was not had */
    gboolean elsewhere;         /* the address is of another host than the camera */
} Profile;

typedef struct {
    char *manufacturer, *model, *firmware; /* or NULL */
    GPtrArray *profiles;                   /* of Profile */
} Device;

void device_clear(Device *device);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Device, device_clear)

/* Asks it, with the credential of @setting, whoever made its certificate if that says so. Only
 * hosts that its answers came from are told anything. */
gboolean device_ask(Device *device, const Camera *camera, const SoapSetting *setting,
                    GError **error);

/* Where its service is: as it says, if that is the host that it answered from. Caller frees. */
char *device_service(const Camera *camera);
/* @host, as addresses have it: IPv6 in brackets. Caller frees. */
char *device_host(const char *host);

/* Out of the bodies of answers. */
gint64 device_parse_ahead(const xmlNode *body, GDateTime *now);
void device_parse_information(Device *device, const xmlNode *body);
char *device_parse_media(const xmlNode *body, const char *service);
void device_parse_profiles(Device *device, const xmlNode *body);
void device_parse_uri(Profile *profile, const xmlNode *body, const Camera *camera);
