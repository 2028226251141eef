/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions to a camera's service, by SOAP over HTTP. */
#pragma once

#include <gio/gio.h>

#include "credential.h"
#include "xml.h"

typedef struct {
    const Credential *credential; /* NULL: without */
    gint64 ahead;                 /* seconds that the camera's clock is ahead of ours */
    gboolean untrusted;           /* whoever made its certificate */
    GCancellable *cancellable;
} SoapSetting;

/* What stands in the place of @credential in a question that is asked at @created, in UTC: the
 * password's digest over it and @nonce, of 16 bytes. Caller frees. */
char *soap_token(const Credential *credential, const guint8 *nonce, const char *created);
/* Asks @question, the element inside the body. The answer's body, in *doc, which the caller frees;
 * NULL if there is none, or a fault. */
const xmlNode *soap_ask(const char *url, const char *question, const SoapSetting *setting,
                        xmlDoc **doc, GError **error);
/* The body of an answer, or the fault that it is. */
const xmlNode *soap_body(const xmlDoc *doc, GError **error);
