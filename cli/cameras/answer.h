/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cameras, as they answer to a probe. */
#pragma once

#include <glib.h>

typedef struct {
    char *id;              /* of the device, the same in all of its answers */
    char *name, *hardware; /* as its scopes say; or NULL */
    char *location;
    GPtrArray *hosts;    /* addresses that its answers came from; the first is IPv4 if one is */
    GPtrArray *services; /* addresses of its service by HTTP, as it says */
    GPtrArray *scopes;
} Camera;

void camera_free(gpointer camera);

typedef enum {
    ANSWER_TAKEN,
    ANSWER_NOT_OURS, /* to somebody else's question, or no answer */
    ANSWER_BAD,      /* no XML, or such as nobody should send */
    ANSWER_TOO_MANY, /* there are as many cameras as are kept */
} AnswerKind;

/* Adds what a datagram from @host says to @cameras, of which there is one for each device. It must
 * answer one of the messages @ids (NULL-terminated, without a prefix). */
AnswerKind answer_take(const char *data, gsize n, const char *host, const char *const *ids,
                       GPtrArray *cameras);
