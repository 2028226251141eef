/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tokens, sessions, origins and peers: who may do what; and what is not safe to listen on. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth.h"

#define READER  "0123456789abcdef-read"
#define BOSS    "0123456789abcdef-control"
#define SCRAPER "0123456789abcdef-metrics"

static char *folder;

static VdtTokens *tokens(void)
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, BOSS, -1);
    g_autofree char *text =
        g_strdup_printf("read viewer " READER "\ncontrol boss sha256:%s\nmetrics p " SCRAPER, sum);
    g_autoptr(GError) error = NULL;
    VdtTokens *made = vdt_tokens_parse("tokens", text, &error);
    g_assert_no_error(error);
    return made;
}

typedef struct {
    VdtHttpSettings settings;
    VdtAuth *auth;
    gint64 now;
} Fixture;

static void fixture_init(Fixture *f)
{
    static char *hosts[] = {(char *)"camera.example", NULL};
    *f = (Fixture){.settings = {.tokens = tokens(), .hosts = hosts, .loopback = VDT_ROLE_METRICS},
                   .auth = vdt_auth_new(),
                   .now = 1000 * G_USEC_PER_SEC};
    vdt_auth_set(f->auth, &f->settings);
}

static void fixture_clear(Fixture *f)
{
    vdt_auth_free(f->auth);
    vdt_tokens_free(f->settings.tokens);
}

static VdtHead *head_of(const char *method, const char *headers)
{
    VdtRefusal refusal;
    g_autofree char *text = g_strdup_printf("%s / HTTP/1.1\r\n%s\r\n", method, headers);
    VdtHead *head = vdt_guard_parse(text, strlen(text), &refusal);
    g_assert_nonnull(head);
    return head;
}

static guint judge(Fixture *f, const char *method, const char *headers, const VdtPeer *peer,
                   VdtRole needed)
{
    g_autoptr(VdtHead) head = head_of(method, headers);
    f->now += G_USEC_PER_SEC;
    return vdt_auth_judge(f->auth, head, peer, needed, f->now).status;
}

static const VdtPeer near = {.address = (char *)"127.0.0.1", .loopback = TRUE},
                     far = {.address = (char *)"192.0.2.7", .tls = TRUE};

#define LOCAL "Host: localhost:8787\r\n"
#define OWN   "Host: camera.example\r\n"
#define TOKEN "Authorization: Bearer "

static void test_matrix(void)
{
    static const struct {
        const char *method, *headers;
        const VdtPeer *peer;
        guint status[VDT_N_ROLES]; /* where that role is needed */
    } rows[] = {
        {"GET", LOCAL, &near, {0, 0, 401, 401}},
        {"GET", OWN, &far, {0, 401, 401, 401}},
        {"GET", OWN TOKEN SCRAPER "\r\n", &far, {0, 0, 403, 403}},
        {"GET", OWN TOKEN READER "\r\n", &far, {0, 0, 0, 403}},
        {"GET", OWN TOKEN BOSS "\r\n", &far, {0, 0, 0, 0}},
        {"POST", OWN TOKEN BOSS "\r\n", &far, {0, 0, 0, 0}},
        {"GET", OWN "authorization: bearer " BOSS "\r\n", &far, {0, 0, 0, 0}},
        {"GET", OWN "Authorization: Basic " BOSS "\r\n", &far, {0, 401, 401, 401}},
        /* a proxy on this machine */
        {"GET", LOCAL "X-Forwarded-For: 192.0.2.1\r\n", &near, {0, 401, 401, 401}},
        {"GET", LOCAL "Forwarded: for=192.0.2.1\r\n", &near, {0, 401, 401, 401}},
        /* a name that somebody else pointed here */
        {"GET", "Host: evil.example\r\n", &near, {421, 421, 421, 421}},
        {"GET", "Host: evil.example\r\n" TOKEN BOSS "\r\n", &far, {421, 421, 421, 421}},
        {"GET", "Host: localhost.evil.example\r\n", &near, {421, 421, 421, 421}},
        {"GET", "Host: [::1]:8787\r\n", &near, {0, 0, 401, 401}},
        {"GET", "Host: 127.0.0.1\r\n", &near, {0, 0, 401, 401}},
        {"GET", "Host: CAMERA.example:443\r\n" TOKEN BOSS "\r\n", &far, {0, 0, 0, 0}},
        /* pages of others */
        {"POST", OWN TOKEN BOSS "\r\nOrigin: https://evil.example\r\n", &far, {403, 403, 403, 403}},
        {"POST",
         OWN TOKEN BOSS "\r\nOrigin: http://camera.example\r\n",
         &far,
         {403, 403, 403, 403}},
        {"POST", OWN TOKEN BOSS "\r\nOrigin: null\r\n", &far, {403, 403, 403, 403}},
        {"POST", OWN TOKEN BOSS "\r\nOrigin: https://camera.example\r\n", &far, {0, 0, 0, 0}},
        {"POST", OWN TOKEN BOSS "\r\nSec-Fetch-Site: cross-site\r\n", &far, {403, 403, 403, 403}},
        {"POST", OWN TOKEN BOSS "\r\nSec-Fetch-Site: same-origin\r\n", &far, {0, 0, 0, 0}},
        {"GET", LOCAL "Origin: http://evil.example\r\n", &near, {403, 403, 403, 403}},
        {"GET", LOCAL "Origin: http://localhost:8787\r\n", &near, {0, 0, 401, 401}},
    };
    Fixture f;
    fixture_init(&f);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        for (guint role = 0; role < VDT_N_ROLES; role++) {
            guint status = judge(&f, rows[i].method, rows[i].headers, rows[i].peer, role);
            if (status != rows[i].status[role])
                g_error("%u where %u was expected, for role %s: %s", status, rows[i].status[role],
                        vdt_role_name(role), rows[i].headers);
        }
    fixture_clear(&f);
}

/* What others on this machine may do; pages of others and who comes through a proxy have none of
 * it, whatever it is. */
static void test_loopback(void)
{
    Fixture f;
    fixture_init(&f);
    for (guint given = 0; given < VDT_N_ROLES; given++) {
        f.settings.loopback = given;
        for (guint needed = 0; needed < VDT_N_ROLES; needed++) {
            guint status = needed <= given ? 0 : 401, without = needed == 0 ? 0 : 401;
            static const char origin[] = LOCAL "Origin: http://localhost:8787\r\n";
            g_assert_cmpuint(judge(&f, "POST", LOCAL, &near, needed), ==, status);
            g_assert_cmpuint(judge(&f, "POST", origin, &near, needed), ==, status);
            g_assert_cmpuint(judge(&f, "POST", LOCAL "Via: x\r\n", &near, needed), ==, without);
            g_assert_cmpuint(judge(&f, "POST", OWN, &far, needed), ==, without);
            g_assert_cmpuint(
                judge(&f, "POST", LOCAL "Origin: http://localhost:80\r\n", &near, needed), ==, 403);
            g_assert_cmpuint(
                judge(&f, "POST", LOCAL "Sec-Fetch-Site: same-site\r\n", &near, needed), ==, 403);
        }
    }
    fixture_clear(&f);
}

static void test_wrong_tokens(void)
{
    Fixture f;
    fixture_init(&f);
    static const char wrong[] = OWN TOKEN "0123456789abcdef-wrong\r\n",
                      right[] = OWN TOKEN BOSS "\r\n";
    g_autoptr(VdtHead) bad = head_of("GET", wrong), good = head_of("GET", right);
    for (guint i = 0; i < 10; i++)
        g_assert_cmpuint(vdt_auth_judge(f.auth, bad, &far, VDT_ROLE_READ, f.now).status, ==, 401);
    VdtVerdict verdict = vdt_auth_judge(f.auth, bad, &far, VDT_ROLE_READ, f.now);
    g_assert_cmpuint(verdict.status, ==, 429);
    g_assert_cmpuint(verdict.retry, >, 0);
    /* who guesses does not learn that it was right; others are not held up */
    g_assert_cmpuint(vdt_auth_judge(f.auth, good, &far, VDT_ROLE_READ, f.now).status, ==, 429);
    g_assert_cmpuint(vdt_auth_judge(f.auth, good, &near, VDT_ROLE_READ, f.now).status, ==, 0);
    f.now += 7 * G_USEC_PER_SEC;
    g_assert_cmpuint(vdt_auth_judge(f.auth, good, &far, VDT_ROLE_READ, f.now).status, ==, 0);
    fixture_clear(&f);
}

static void test_many_requests(void)
{
    Fixture f;
    fixture_init(&f);
    g_autoptr(VdtHead) head = head_of("GET", LOCAL);
    guint served = 0;
    for (guint i = 0; i < 1000; i++)
        served += vdt_auth_judge(f.auth, head, &near, VDT_ROLE_NONE, f.now).status == 0;
    g_assert_cmpuint(served, ==, 400);
    fixture_clear(&f);
}

static void test_session(void)
{
    Fixture f;
    VdtVerdict verdict;
    fixture_init(&f);
    g_assert_null(vdt_auth_login(f.auth, "0123456789abcdef-wrong", &far, f.now, &verdict));
    g_assert_cmpuint(verdict.status, ==, 401);
    g_autofree char *cookie = vdt_auth_login(f.auth, BOSS, &far, f.now, &verdict);
    g_autofree char *csrf = g_strdup(verdict.csrf);
    g_assert_nonnull(cookie);
    g_assert_cmpuint(strlen(cookie), ==, 64);
    g_autofree char *with = g_strdup_printf(OWN "Cookie: a=b; vedette=%s\r\n", cookie),
                    *both = g_strdup_printf("%sX-CSRF-Token: %s\r\n", with, csrf),
                    *wrong = g_strdup_printf("%sX-CSRF-Token: %s\r\n", with, cookie);
    g_assert_cmpuint(judge(&f, "GET", with, &far, VDT_ROLE_CONTROL), ==, 0);
    g_assert_cmpuint(judge(&f, "POST", with, &far, VDT_ROLE_CONTROL), ==, 403);
    g_assert_cmpuint(judge(&f, "POST", wrong, &far, VDT_ROLE_CONTROL), ==, 403);
    g_assert_cmpuint(judge(&f, "POST", both, &far, VDT_ROLE_CONTROL), ==, 0);
    f.now += (gint64)VDT_AUTH_AGE * G_USEC_PER_SEC;
    g_assert_cmpuint(judge(&f, "GET", with, &far, VDT_ROLE_CONTROL), ==, 401);
    /* ended, and with other tokens */
    g_autofree char *second = vdt_auth_login(f.auth, BOSS, &far, f.now, &verdict);
    g_autofree char *again = g_strdup_printf(OWN "Cookie: vedette=%s\r\n", second);
    g_autoptr(VdtHead) head = head_of("GET", again);
    g_assert_cmpuint(judge(&f, "GET", again, &far, VDT_ROLE_CONTROL), ==, 0);
    vdt_auth_logout(f.auth, head);
    g_assert_cmpuint(judge(&f, "GET", again, &far, VDT_ROLE_CONTROL), ==, 401);
    g_autofree char *third = vdt_auth_login(f.auth, BOSS, &far, f.now, &verdict);
    g_autofree char *last = g_strdup_printf(OWN "Cookie: vedette=%s\r\n", third);
    vdt_auth_set(f.auth, &f.settings);
    g_assert_cmpuint(judge(&f, "GET", last, &far, VDT_ROLE_CONTROL), ==, 0);
    VdtTokens *before = f.settings.tokens;
    f.settings.tokens = vdt_tokens_parse("tokens", "read boss " BOSS "\n", NULL);
    vdt_auth_set(f.auth, &f.settings);
    g_assert_cmpuint(judge(&f, "GET", last, &far, VDT_ROLE_READ), ==, 401);
    vdt_tokens_free(before);
    fixture_clear(&f);
}

/* However many log in, memory is bounded, and the newest counts. */
static void test_many_sessions(void)
{
    Fixture f;
    VdtVerdict verdict;
    fixture_init(&f);
    g_autofree char *first = vdt_auth_login(f.auth, READER, &far, f.now, &verdict), *last = NULL;
    for (guint i = 0; i < 300; i++) {
        g_free(last);
        last = vdt_auth_login(f.auth, READER, &far, ++f.now, &verdict);
    }
    g_autofree char *old = g_strdup_printf(OWN "Cookie: vedette=%s\r\n", first),
                    *new = g_strdup_printf(OWN "Cookie: vedette=%s\r\n", last);
    g_assert_cmpuint(judge(&f, "GET", old, &far, VDT_ROLE_READ), ==, 401);
    g_assert_cmpuint(judge(&f, "GET", new, &far, VDT_ROLE_READ), ==, 0);
    fixture_clear(&f);
}

static void test_unix(void)
{
    static const gid_t groups[] = {5, 6, 7};
    static const struct {
        uid_t uid;
        gid_t gid, group;
        VdtRole role;
    } rows[] = {{0, 1, -1, VDT_ROLE_CONTROL},  {1000, 1, -1, VDT_ROLE_CONTROL},
                {1001, 1, -1, VDT_ROLE_NONE},  {1001, 1, 8, VDT_ROLE_NONE},
                {1001, 1, 6, VDT_ROLE_READ},   {1001, 8, 8, VDT_ROLE_READ},
                {1001, -1, -1, VDT_ROLE_NONE}, {0, 1, 8, VDT_ROLE_CONTROL}};
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(
            vdt_peer_unix_role(rows[i].uid, 1000, rows[i].gid, groups, 3, rows[i].group), ==,
            rows[i].role);
}

static void test_tokens(void)
{
    static const char *const bad[] = {
        "",
        "# nothing",
        "read viewer",
        "read viewer short",
        "write viewer 0123456789abcdef",
        "none viewer 0123456789abcdef",
        "read viewer 0123456789abcdef more",
        "read vie/wer 0123456789abcdef",
        "read viewer sha256:0123",
        "read viewer sha256:zz23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    };
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(vdt_tokens_parse("tokens", bad[i], &error));
        g_assert_nonnull(error);
        g_assert_null(strstr(error->message, "0123456789abcdef"));
    }
    g_autoptr(VdtTokens) made = tokens();
    const char *name = NULL;
    g_assert_cmpuint(vdt_tokens_count(made), ==, 3);
    g_assert_cmpint(vdt_tokens_find(made, BOSS, &name), ==, VDT_ROLE_CONTROL);
    g_assert_cmpstr(name, ==, "boss");
    g_assert_cmpint(vdt_tokens_find(made, BOSS "x", &name), ==, VDT_ROLE_NONE);
    g_assert_cmpint(vdt_tokens_find(made, "", &name), ==, VDT_ROLE_NONE);
    g_assert_true(vdt_secret_equal("a", "a"));
    g_assert_false(vdt_secret_equal("a", "ab"));
}

static char *path_of(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void write_file(const char *name, const char *text, guint mode)
{
    g_autofree char *path = path_of(name);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(g_chmod(path, (int)mode), ==, 0);
}

static void test_files(void)
{
    static const struct {
        guint mode;
        gboolean ok;
    } rows[] = {{0600, TRUE}, {0400, TRUE}, {0640, FALSE}, {0604, FALSE}, {0620, FALSE}};
    g_autofree char *path = path_of("tokens");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        write_file("tokens", "read viewer 0123456789abcdef\n", rows[i].mode);
        g_autoptr(VdtTokens) made = vdt_tokens_read(path, &error);
        g_assert_true((made != NULL) == rows[i].ok);
        g_assert_true((error == NULL) == rows[i].ok);
        g_unlink(path);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(vdt_tokens_read(folder, &error));
    g_assert_nonnull(error);
}

/* One problem that begins so, or none for NULL. */
static void check_settings(const char *lines, const char *expected)
{
    g_autofree char *text = g_strdup_printf("[http]\n%s", lines);
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    write_file("vedette.conf", text, 0644);
    g_autoptr(VdtConfig) config = vdt_config_read(folder, VDT_STREAMS_ALL, problems);
    g_autoptr(VdtHttpSettings) settings = vdt_http_settings_new(config, problems);
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < problems->list->len; i++) {
        const VdtProblem *problem = problems->list->pdata[i];
        g_string_append_printf(all, "%s: %s\n", problem->key, problem->message);
    }
    if (expected == NULL ? all->len > 0 : strstr(all->str, expected) == NULL)
        g_error("expected for %s: %s\nbut there is: %s", lines, expected, all->str);
    g_assert_true((settings != NULL) == (expected == NULL));
}

static void test_settings(void)
{
    static const char *const bad[] = {"localhost:80",  "127.0.0.1", "127.0.0.1:0", "::1:80",
                                      "[127.0.0.1]:1", "1.2.3.4:x", "[::1]80",     "all"};
    g_autofree char *tokens_file = path_of("tokens"), *pem = path_of("pem");
    write_file("tokens", "read viewer 0123456789abcdef\n", 0600);
    write_file("pem", "this is no certificate\n", 0600);
    check_settings("", NULL);
    check_settings("listen=none\n", NULL);
    check_settings("listen=127.0.0.1:1 [::1]:2  127.0.0.2:3\n", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *lines = g_strdup_printf("listen=%s\n", bad[i]);
        check_settings(lines, "listen: expected up to 16");
    }
    check_settings("listen=0.0.0.0:8787\n", "listen: others than this machine can reach it, which "
                                            "takes a tokens-file");
    check_settings("listen=[::]:8787\n", "which takes a certificate-file");
    g_autofree char *only = g_strdup_printf("listen=192.0.2.1:1\ntokens-file=%s\n", tokens_file);
    check_settings(only, "which takes a certificate-file");
    g_autofree char *none = g_strdup_printf("certificate-file=%s\n", pem);
    check_settings(none, "key-file: expected certificate-file and key-file");
    g_autofree char *wrong = g_strdup_printf("certificate-file=%s\nkey-file=%s\n", pem, pem);
    check_settings(wrong, "certificate-file: expected a certificate as PEM");
    check_settings("socket-group=there-is-no-such-group\n", "socket-group: there is no such group");
    check_settings("tokens-file=/nonexistent/tokens\n", "tokens-file: /nonexistent/tokens: ");
    g_chmod(tokens_file, 0644);
    g_autofree char *open = g_strdup_printf("tokens-file=%s\n", tokens_file);
    check_settings(open, "can be used by others than its owner");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("vedette-auth-XXXXXX", NULL);
    g_assert_nonnull(folder);
    g_test_add_func("/auth/matrix", test_matrix);
    g_test_add_func("/auth/loopback", test_loopback);
    g_test_add_func("/auth/wrong-tokens", test_wrong_tokens);
    g_test_add_func("/auth/many-requests", test_many_requests);
    g_test_add_func("/auth/session", test_session);
    g_test_add_func("/auth/many-sessions", test_many_sessions);
    g_test_add_func("/auth/unix", test_unix);
    g_test_add_func("/auth/tokens", test_tokens);
    g_test_add_func("/auth/files", test_files);
    g_test_add_func("/auth/settings", test_settings);
    int status = g_test_run();
    static const char *const files[] = {"tokens", "pem", "vedette.conf"};
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = path_of(files[i]);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
    return status;
}
