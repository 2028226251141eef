/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "ratelimit.h"

#define MOST_SESSIONS  256
#define MOST_ADDRESSES 4096
#define SECRET_BYTES   32

/* For one address: wrong tokens, and requests of any kind. */
#define FAILURES         10
#define FAILURE_INTERVAL (6 * G_USEC_PER_SEC)
#define REQUESTS         400
#define REQUEST_INTERVAL (G_USEC_PER_SEC / 100)

typedef struct {
    VdtRole role;
    char *name, *csrf;
    guint8 token[VDT_TOKEN_SUM_BYTES]; /* its sum */
    gint64 end;
} Session;

struct _VdtAuth {
    const VdtHttpSettings *settings; /* borrowed */
    GHashTable *sessions;            /* SHA-256 of the cookie's value, in hexadecimal, to Session */
    VdtLimits *failures, *requests;
};

static void session_free(gpointer data)
{
    Session *session = data;
    g_free(session->name);
    g_free(session->csrf);
    g_free(session);
}

VdtAuth *vdt_auth_new(void)
{
    VdtAuth *auth = g_new0(VdtAuth, 1);
    auth->sessions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, session_free);
    auth->failures = vdt_limits_new(FAILURES, FAILURE_INTERVAL, MOST_ADDRESSES);
    auth->requests = vdt_limits_new(REQUESTS, REQUEST_INTERVAL, MOST_ADDRESSES);
    return auth;
}

void vdt_auth_free(VdtAuth *auth)
{
    g_hash_table_unref(auth->sessions);
    vdt_limits_free(auth->failures);
    vdt_limits_free(auth->requests);
    g_free(auth);
}

static gboolean has_no_token(gpointer key, gpointer value, gpointer data)
{
    const Session *session = value;
    const VdtTokens *tokens = data;
    const char *name;
    return tokens == NULL || vdt_tokens_find_sum(tokens, session->token, &name) != session->role;
}

void vdt_auth_set(VdtAuth *auth, const VdtHttpSettings *settings)
{
    g_hash_table_foreach_remove(auth->sessions, has_no_token, settings->tokens);
    auth->settings = settings;
}

static char *random_text(void)
{
    guint8 bytes[SECRET_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return NULL;
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < sizeof bytes; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    return g_string_free(text, FALSE);
}

/* The sum is what is looked up, so that the time it takes says nothing of the cookie. */
static char *session_key(const char *cookie)
{
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, cookie, -1);
}

static char *cookie_of(const VdtHead *head)
{
    const char *text = vdt_head_get(head, "cookie");
    g_auto(GStrv) each = g_strsplit(text != NULL ? text : "", ";", 64);
    for (guint i = 0; each[i] != NULL; i++) {
        const char *one = g_strstrip(each[i]);
        if (g_str_has_prefix(one, VDT_AUTH_COOKIE "="))
            return g_strdup(one + strlen(VDT_AUTH_COOKIE "="));
    }
    return NULL;
}

static Session *session_of(VdtAuth *auth, const VdtHead *head, gint64 now)
{
    g_autofree char *cookie = cookie_of(head);
    if (cookie == NULL)
        return NULL;
    g_autofree char *key = session_key(cookie);
    Session *session = g_hash_table_lookup(auth->sessions, key);
    if (session != NULL && session->end <= now) {
        g_hash_table_remove(auth->sessions, key);
        return NULL;
    }
    return session;
}

/* A page of a foreign name that points here is what a Host of that name gives away; an address
 * cannot be pointed elsewhere. */
static gboolean is_own_host(const VdtAuth *auth, const char *host)
{
    gsize n;
    if (!vdt_guard_is_host(host, &n))
        return FALSE;
    g_autofree char *name = g_ascii_strdown(host, (gssize)n);
    return *name == '[' || g_hostname_is_ip_address(name) || strcmp(name, "localhost") == 0 ||
           g_strv_contains((const char *const *)auth->settings->hosts, name);
}

static gboolean is_same_origin(const char *origin, const char *host, gboolean tls)
{
    const char *scheme = tls ? "https://" : "http://";
    return host != NULL && g_str_has_prefix(origin, scheme) &&
           g_ascii_strcasecmp(origin + strlen(scheme), host) == 0;
}

static gboolean is_unsafe(const VdtHead *head)
{
    return strcmp(head->method, "GET") != 0 && strcmp(head->method, "HEAD") != 0;
}

/* What a proxy hands on comes from somewhere else. */
static gboolean is_forwarded(const VdtHead *head)
{
    return vdt_head_get(head, "forwarded") != NULL ||
           vdt_head_get(head, "x-forwarded-for") != NULL ||
           vdt_head_get(head, "x-real-ip") != NULL || vdt_head_get(head, "via") != NULL;
}

static gboolean refuse(VdtVerdict *verdict, guint status, const char *why)
{
    verdict->status = status;
    verdict->why = why;
    return FALSE;
}

static gboolean check_origin(const VdtAuth *auth, const VdtHead *head, const VdtPeer *peer,
                             VdtVerdict *verdict)
{
    const char *host = vdt_head_get(head, "host"), *origin = vdt_head_get(head, "origin"),
               *site = vdt_head_get(head, "sec-fetch-site");
    if (host != NULL && !is_own_host(auth, host))
        return refuse(verdict, 421,
                      "this service is not called so; [http] hosts= has the names that it has");
    if (origin != NULL && !is_same_origin(origin, host, peer->tls))
        return refuse(verdict, 403, "this comes from a page of somebody else");
    if (site != NULL && is_unsafe(head) && g_ascii_strcasecmp(site, "same-origin") != 0 &&
        g_ascii_strcasecmp(site, "none") != 0)
        return refuse(verdict, 403, "this comes from a page of somebody else");
    return TRUE;
}

static gboolean may_try(VdtAuth *auth, const VdtPeer *peer, gint64 now, VdtVerdict *verdict)
{
    if (vdt_limits_check(auth->failures, peer->address, now))
        return TRUE;
    verdict->retry = FAILURE_INTERVAL / G_USEC_PER_SEC;
    return refuse(verdict, 429, "there were too many wrong tokens from this address");
}

static gboolean check_token(VdtAuth *auth, const char *token, const VdtPeer *peer, gint64 now,
                            VdtVerdict *verdict)
{
    if (!may_try(auth, peer, now, verdict))
        return FALSE;
    if (auth->settings->tokens != NULL)
        verdict->role = vdt_tokens_find(auth->settings->tokens, token, &verdict->name);
    if (verdict->role != VDT_ROLE_NONE)
        return TRUE;
    vdt_limits_take(auth->failures, peer->address, now);
    return refuse(verdict, 401, "this token is none that is known here");
}

static gboolean find_role(VdtAuth *auth, const VdtHead *head, const VdtPeer *peer, gint64 now,
                          VdtVerdict *verdict)
{
    const char *authorization = vdt_head_get(head, "authorization");
    if (authorization != NULL) {
        if (g_ascii_strncasecmp(authorization, "Bearer ", 7) != 0)
            return refuse(verdict, 401, "expected Authorization: Bearer TOKEN");
        return check_token(auth, authorization + 7, peer, now, verdict);
    }
    const Session *session = session_of(auth, head, now);
    if (session == NULL) {
        if (peer->loopback && !is_forwarded(head))
            verdict->role = auth->settings->loopback;
        return TRUE;
    }
    const char *csrf = vdt_head_get(head, "x-csrf-token");
    verdict->role = session->role;
    verdict->name = session->name;
    verdict->csrf = session->csrf;
    if (is_unsafe(head) && (csrf == NULL || !vdt_secret_equal(csrf, session->csrf)))
        return refuse(verdict, 403, "expected the session's token as X-CSRF-Token");
    return TRUE;
}

VdtVerdict vdt_auth_judge(VdtAuth *auth, const VdtHead *head, const VdtPeer *peer, VdtRole needed,
                          gint64 now)
{
    VdtVerdict verdict = {.role = peer->role};
    if (!peer->is_unix) {
        if (!vdt_limits_take(auth->requests, peer->address, now)) {
            verdict.retry = 1;
            refuse(&verdict, 429, "there are too many requests from this address");
            return verdict;
        }
        /* what takes no role is answered whoever asks */
        if (!check_origin(auth, head, peer, &verdict) ||
            (needed > VDT_ROLE_NONE && !find_role(auth, head, peer, now, &verdict)))
            return verdict;
    }
    if (verdict.role >= needed)
        return verdict;
    if (verdict.name == NULL && !peer->is_unix)
        refuse(&verdict, 401, "this takes a token of [http] tokens-file, or the Unix socket");
    else
        refuse(&verdict, 403,
               needed == VDT_ROLE_CONTROL ? "this takes the role control"
                                          : "this takes the role read");
    return verdict;
}

static void forget_oldest(VdtAuth *auth)
{
    GHashTableIter iter;
    gpointer key, session, oldest = NULL;
    gint64 end = G_MAXINT64;
    g_hash_table_iter_init(&iter, auth->sessions);
    while (g_hash_table_iter_next(&iter, &key, &session))
        if (((Session *)session)->end < end) {
            end = ((Session *)session)->end;
            oldest = key;
        }
    g_hash_table_remove(auth->sessions, oldest);
}

char *vdt_auth_login(VdtAuth *auth, const char *token, const VdtPeer *peer, gint64 now,
                     VdtVerdict *verdict)
{
    *verdict = (VdtVerdict){0};
    if (!check_token(auth, token, peer, now, verdict))
        return NULL;
    g_autofree char *cookie = random_text(), *csrf = random_text();
    if (cookie == NULL || csrf == NULL) {
        refuse(verdict, 500, "there is no chance to be had");
        return NULL;
    }
    if (g_hash_table_size(auth->sessions) >= MOST_SESSIONS)
        forget_oldest(auth);
    Session *session = g_new(Session, 1);
    *session = (Session){.role = verdict->role,
                         .name = g_strdup(verdict->name),
                         .csrf = g_steal_pointer(&csrf),
                         .end = now + VDT_AUTH_AGE * (gint64)G_USEC_PER_SEC};
    vdt_token_sum(token, session->token);
    g_hash_table_insert(auth->sessions, session_key(cookie), session);
    verdict->csrf = session->csrf;
    return g_steal_pointer(&cookie);
}

void vdt_auth_logout(VdtAuth *auth, const VdtHead *head)
{
    g_autofree char *cookie = cookie_of(head);
    if (cookie == NULL)
        return;
    g_autofree char *key = session_key(cookie);
    g_hash_table_remove(auth->sessions, key);
}
