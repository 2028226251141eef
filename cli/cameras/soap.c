/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "soap.h"

#include <string.h>
#include <sys/random.h>
#include <vedette/error.h>

#include "http.h"

#define PATIENCE   5 /* seconds */
#define MOST_BYTES (1 << 20)
#define MOST_TIME  (15 * G_TIME_SPAN_SECOND)
#define N_NONCE    16

char *soap_token(const Credential *credential, const guint8 *nonce, const char *created)
{
    guint8 digest[20];
    gsize n = sizeof digest;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
    g_checksum_update(sum, nonce, N_NONCE);
    g_checksum_update(sum, (const guchar *)created, strlen(created));
    g_checksum_update(sum, (const guchar *)credential->password, strlen(credential->password));
    g_checksum_get_digest(sum, digest, &n);
    g_autofree char *digest_text = g_base64_encode(digest, n);
    g_autofree char *nonce_text = g_base64_encode(nonce, N_NONCE);
    g_autofree char *user = g_markup_escape_text(credential->user, -1);
    return g_strdup_printf(
        "<s:Security xmlns:s=\"http://docs.oasis-open.org/wss/2004/01/"
        "oasis-200401-wss-wssecurity-secext-1.0.xsd\" e:mustUnderstand=\"true\">"
        "<s:UsernameToken><s:Username>%s</s:Username>"
        "<s:Password Type=\"http://docs.oasis-open.org/wss/2004/01/"
        "oasis-200401-wss-username-token-profile-1.0#PasswordDigest\">%s</s:Password>"
        "<s:Nonce EncodingType=\"http://docs.oasis-open.org/wss/2004/01/"
        "oasis-200401-wss-soap-message-security-1.0#Base64Binary\">%s</s:Nonce>"
        "<u:Created xmlns:u=\"http://docs.oasis-open.org/wss/2004/01/"
        "oasis-200401-wss-wssecurity-utility-1.0.xsd\">%s</u:Created>"
        "</s:UsernameToken></s:Security>",
        user, digest_text, nonce_text, created);
}

static char *envelope(const char *question, const SoapSetting *setting)
{
    guint8 nonce[N_NONCE];
    g_autofree char *token = g_strdup("");
    if (setting->credential != NULL && getrandom(nonce, sizeof nonce, 0) == sizeof nonce) {
        g_autoptr(GDateTime) now = g_date_time_new_now_utc();
        g_autoptr(GDateTime) there = g_date_time_add_seconds(now, (double)setting->ahead);
        g_autofree char *created = g_date_time_format(there, "%Y-%m-%dT%H:%M:%SZ");
        g_free(token);
        token = soap_token(setting->credential, nonce, created);
    }
    return g_strdup_printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
                           "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\">"
                           "<e:Header>%s</e:Header><e:Body>%s</e:Body></e:Envelope>",
                           token, question);
}

/* All of the body, which may come slowly, but not for ever. */
static GString *read_all(GInputStream *body, GCancellable *cancellable, GError **error)
{
    char block[4096];
    g_autoptr(GString) text = g_string_new(NULL);
    const gint64 end = g_get_monotonic_time() + MOST_TIME;
    gssize n;
    while ((n = http_read(body, block, sizeof block, PATIENCE, cancellable, error)) > 0) {
        g_string_append_len(text, block, n);
        if (text->len > MOST_BYTES || g_get_monotonic_time() > end) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                        "its answer has more than 1 MiB, or takes more than 15 s");
            return NULL;
        }
    }
    return n == 0 ? g_steal_pointer(&text) : NULL;
}

const xmlNode *soap_body(const xmlDoc *doc, GError **error)
{
    const xmlNode *body = xml_child(xmlDocGetRootElement((xmlDoc *)doc), "Body");
    const xmlNode *fault = xml_child(body, "Fault");
    if (body != NULL && fault == NULL)
        return body;
    g_autofree char *reason = xml_text(xml_find(fault, "Reason/Text"), 256);
    if (reason == NULL)
        reason = xml_text(xml_child(fault, "faultstring"), 256);
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "it refuses: %s",
                reason != NULL ? reason
                : body != NULL ? "without a reason"
                               : "with no answer");
    return NULL;
}

/* 400 and 500 come with a fault that says more. */
static gboolean may_say_more(guint status)
{
    return status == 200 || status == 400 || status == 500;
}

/* HTTP's own digest, which some cameras want instead. Basic would be the password itself, and is
 * not known to the session. */
static gboolean on_authenticate(SoupMessage *message, SoupAuth *auth, gboolean again, gpointer data)
{
    const Credential *credential = data;
    if (!again)
        soup_auth_authenticate(auth, credential->user, credential->password);
    return !again;
}

static gboolean on_certificate(SoupMessage *message, GTlsCertificate *certificate,
                               GTlsCertificateFlags wrong, gpointer setting)
{
    return ((const SoapSetting *)setting)->untrusted;
}

const xmlNode *soap_ask(const char *url, const char *question, const SoapSetting *setting,
                        xmlDoc **doc, GError **error)
{
    *doc = NULL;
    g_autoptr(SoupSession) session = http_session();
    g_autoptr(SoupMessage) message = soup_message_new("POST", url);
    if (message == NULL) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "its address is none");
        return NULL;
    }
    if (setting->credential != NULL) {
        soup_session_add_feature_by_type(session, SOUP_TYPE_AUTH_MANAGER);
        soup_session_add_feature_by_type(session, SOUP_TYPE_AUTH_DIGEST);
        g_signal_connect(message, "authenticate", G_CALLBACK(on_authenticate),
                         (gpointer)setting->credential);
    }
    g_signal_connect(message, "accept-certificate", G_CALLBACK(on_certificate), (gpointer)setting);
    g_autofree char *text = envelope(question, setting);
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    soup_message_add_flags(message, SOUP_MESSAGE_NO_REDIRECT);
    soup_message_set_request_body_from_bytes(message, "application/soap+xml; charset=utf-8", bytes);
    g_autoptr(GError) why = NULL;
    g_autoptr(GInputStream) body =
        http_send(session, message, PATIENCE, setting->cancellable, &why);
    g_autoptr(GString) answer = body != NULL ? read_all(body, setting->cancellable, &why) : NULL;
    guint status = soup_message_get_status(message);
    soup_session_abort(session);
    if (answer == NULL && g_error_matches(why, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "nobody vouches for its certificate; --untrusted asks it all the same");
        return NULL;
    }
    if (answer == NULL) {
        g_propagate_error(error, g_steal_pointer(&why));
        return NULL;
    }
    if (status == 401)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "it refuses user and password");
    else if (!may_say_more(status))
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "it answers with status %u", status);
    else
        *doc = xml_parse(answer->str, answer->len, error);
    return *doc != NULL ? soap_body(*doc, error) : NULL;
}
