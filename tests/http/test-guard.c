/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Heads, queries and bodies as bytes: what is let through, and what is not. */
#include <string.h>

#include "guard.h"
#include "jsonbody.h"
#include "media.h"
#include "query.h"
#include "ratelimit.h"

#define START "GET / HTTP/1.1\r\n"
#define HOST  "Host: a\r\n"
#define POST  "POST / HTTP/1.1\r\nHost: a\r\n"

static guint judge(const char *bytes, gsize n)
{
    VdtRefusal refusal = {0};
    gsize end = 0;
    switch (vdt_guard_scan(bytes, n, &end, &refusal)) {
    case VDT_GUARD_MORE:
        return 0;
    case VDT_GUARD_BAD:
        return refusal.status;
    case VDT_GUARD_WHOLE:
        break;
    }
    g_autoptr(VdtHead) head = vdt_guard_parse(bytes, end, &refusal);
    g_assert_true((head == NULL) == (refusal.status != 0));
    return head != NULL ? 200 : refusal.status;
}

/* 200: it may pass; 0: its end is not there. */
static const struct {
    guint status;
    const char *head;
} heads[] = {
    {200, START HOST "\r\n"},
    {200, START "Host: a.example:8787\r\n\r\n"},
    {200, START "Host: [::1]:8787\r\n\r\n"},
    {200, "GET / HTTP/1.0\r\n\r\n"},
    {200, "GET /a%20b?c=d&e=%C3%A9 HTTP/1.1\r\n" HOST "\r\n"},
    {200, POST "Content-Length: 5\r\n\r\n"},
    {200, POST "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"},
    {200, START HOST "X-A: 1\r\nX-A: 2\r\n\r\n"},
    {0, ""},
    {0, START HOST},
    {0, START HOST "\r"},
    /* which Host counts? */
    {400, START HOST HOST "\r\n"},
    {400, START HOST "host: b\r\n\r\n"},
    {400, START "Host: a, b\r\n\r\n"},
    {400, START "\r\n"},
    {400, START "Host:\r\n\r\n"},
    {400, START "Host: a b\r\n\r\n"},
    {400, START "Host: a@b\r\n\r\n"},
    {400, START "Host: a:0\r\n\r\n"},
    {400, START "Host: a:99999\r\n\r\n"},
    {400, START "Host: [::1\r\n\r\n"},
    {400, START "Host : a\r\n\r\n"},
    /* how long is the body? */
    {400, POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"},
    {400, POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"},
    {400, POST "Content-Length: 5, 5\r\n\r\n"},
    {400, POST "Content-Length: +5\r\n\r\n"},
    {400, POST "Content-Length: -5\r\n\r\n"},
    {400, POST "Content-Length: 0x5\r\n\r\n"},
    {400, POST "Content-Length: 5 6\r\n\r\n"},
    {400, POST "Content-Length:\r\n\r\n"},
    {400, POST "Content-Length: 99999999999999999999\r\n\r\n"},
    {413, POST "Content-Length: 262145\r\n\r\n"},
    {200, POST "Content-Length: 262144\r\n\r\n"},
    {400, POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"},
    {411, POST "Transfer-Encoding: chunked\r\n\r\n"},
    {411, POST "Transfer-Encoding: identity, chunked\r\n\r\n"},
    {400, POST "Transfer-Encoding : chunked\r\n\r\n"},
    {400, POST "Transfer-Encoding\r\n\r\n"},
    {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, START HOST "Content-Length: 5\r\n\r\n"},
    /* where does a line end? */
    {400, "GET / HTTP/1.1\nHost: a\n\n"},
    {400, START "Host: a\n\r\n"},
    {400, START HOST "X: b\rContent-Length: 5\r\n\r\n"},
    {400, START HOST "\n\r\n"},
    {400, START HOST " folded: b\r\n\r\n"},
    {400, START "X: b\r\n\tc\r\n" HOST "\r\n"},
    {400, "\r\n" START HOST "\r\n"},
    {400, "\r\n\r\n"},
    /* what is a request at all? */
    {400, "GET  / HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET / HTTP/1.1 \r\n" HOST "\r\n"},
    {400, " GET / HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /\r\n" HOST "\r\n"},
    {400, "get / HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET\t/ HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET http://a/ HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET * HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET a HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /a#b HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /a%00b HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /a%0 HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /a\\b HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n"},
    {505, "GET / HTTP/2.0\r\n" HOST "\r\n"},
    {505, "GET / HTTP/1.2\r\n" HOST "\r\n"},
    {505, "GET / HTTP/1.10\r\n" HOST "\r\n"},
    {400, "GET / FTP/1.1\r\n" HOST "\r\n"},
    {501, "TRACE / HTTP/1.1\r\n" HOST "\r\n"},
    {501, "CONNECT / HTTP/1.1\r\n" HOST "\r\n"},
    {400, START HOST ": b\r\n\r\n"},
    {400, START HOST "a b: c\r\n\r\n"},
    {400, START HOST "a\xc3\xa9: c\r\n\r\n"},
    {400, START HOST "a: \x01\r\n\r\n"},
    {400, START HOST "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"},
    {417, POST "Content-Length: 5\r\nExpect: more\r\n\r\n"},
    {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
};

static void test_heads(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(heads); i++) {
        guint status = judge(heads[i].head, strlen(heads[i].head));
        if (status != heads[i].status)
            g_error("%u where %u was expected for: %s", status, heads[i].status, heads[i].head);
    }
    g_assert_cmpuint(judge(START "Host: a\0b\r\n\r\n", 25), ==, 400);
}

/* However a peer cuts it into pieces, it is the same. */
static void test_pieces(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(heads); i++) {
        gsize n = strlen(heads[i].head), k = 0;
        guint status = 0;
        while (k <= n && status == 0)
            status = judge(heads[i].head, k++);
        g_assert_cmpuint(status, ==, heads[i].status);
    }
}

static void test_limits(void)
{
    g_autoptr(GString) text = g_string_new(START HOST);
    for (guint i = 0; i < 63; i++)
        g_string_append_printf(text, "x-%u: y\r\n", i);
    g_autofree char *most = g_strconcat(text->str, "\r\n", NULL),
                    *more = g_strconcat(text->str, "z: y\r\n\r\n", NULL);
    g_assert_cmpuint(judge(most, strlen(most)), ==, 200);
    g_assert_cmpuint(judge(more, strlen(more)), ==, 431);
    g_string_assign(text, START HOST "x: ");
    while (text->len < VDT_GUARD_MOST_HEAD - 4)
        g_string_append_c(text, 'y');
    g_string_append(text, "\r\n\r\n");
    g_assert_cmpuint(judge(text->str, text->len), ==, 200);
    g_string_insert_c(text, (gssize)text->len - 4, 'y');
    g_assert_cmpuint(judge(text->str, text->len), ==, 431);
}

static void test_queries(void)
{
    static const char *const bad[] = {"a=1&a=2", "a=%zz", "a=%0a", "=1", "a=%ff", "a=%"};
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) query = vdt_query_parse("a=b%20c+d&e=&f", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(g_hash_table_lookup(query, "a"), ==, "b c d");
    g_assert_cmpstr(g_hash_table_lookup(query, "e"), ==, "");
    g_assert_true(g_hash_table_contains(query, "f"));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) why = NULL;
        g_assert_null(vdt_query_parse(bad[i], &why));
        g_assert_nonnull(why);
    }
    g_autoptr(GString) many = g_string_new("x0=1");
    for (guint i = 1; i <= VDT_QUERY_MOST; i++)
        g_string_append_printf(many, "&x%u=1", i);
    g_assert_null(vdt_query_parse(many->str, &error));
}

static void test_times(void)
{
    static const struct {
        const char *text;
        gint64 us;
    } rows[] = {{"t=1970-01-01T00:00:01Z", 1000000},
                {"t=1970-01-01T01:00:01%2B01:00", 1000000},
                {"t=1.5", 1500000},
                {"x=1", 0},
                {"t=yesterday", -1},
                {"t=1e99", -1},
                {"t=-1", -1},
                {"t=", -1},
                {"t=1960-01-01T00:00:01Z", -1}};
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GHashTable) query = vdt_query_parse(rows[i].text, NULL);
        gint64 us;
        gboolean ok = vdt_query_get_time(query, "t", &us, &error);
        g_assert_true(ok == (rows[i].us >= 0));
        if (ok)
            g_assert_cmpint(us, ==, rows[i].us);
    }
}

static void test_ranges(void)
{
    static const struct {
        const char *text;
        VdtRange range;
        guint64 first, last;
    } rows[] = {{NULL, VDT_RANGE_NONE, 0, 0},
                {"bytes=0-9", VDT_RANGE_PART, 0, 9},
                {"bytes=90-", VDT_RANGE_PART, 90, 99},
                {"bytes=-10", VDT_RANGE_PART, 90, 99},
                {"bytes=-1000", VDT_RANGE_PART, 0, 99},
                {"bytes=50-1000", VDT_RANGE_PART, 50, 99},
                {"bytes=99-99", VDT_RANGE_PART, 99, 99},
                {"bytes=0-99999999999999999999", VDT_RANGE_PART, 0, 99},
                {"bytes=100-", VDT_RANGE_WRONG, 0, 0},
                {"bytes=99999999999999999999-", VDT_RANGE_WRONG, 0, 0},
                {"bytes=-0", VDT_RANGE_WRONG, 0, 0},
                {"bytes=9-0", VDT_RANGE_NONE, 0, 0},
                {"bytes=-", VDT_RANGE_NONE, 0, 0},
                {"bytes=0-1,5-6", VDT_RANGE_NONE, 0, 0},
                {"bytes=a-b", VDT_RANGE_NONE, 0, 0},
                {"lines=0-9", VDT_RANGE_NONE, 0, 0}};
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint64 first = 0, last = 0;
        g_assert_cmpint(vdt_media_range(rows[i].text, 100, &first, &last), ==, rows[i].range);
        g_assert_cmpuint(first, ==, rows[i].first);
        g_assert_cmpuint(last, ==, rows[i].last);
    }
    guint64 first, last;
    g_assert_cmpint(vdt_media_range("bytes=0-", 0, &first, &last), ==, VDT_RANGE_WRONG);
}

static void test_bodies(void)
{
    static const char *const bad[] = {"",        "[]",      "1",          "{",
                                      "{'a':1}", "{\"a\"}", "{\"a\":1}}", "{\"a\":\"\xff\"}",
                                      "{/**/}",  "null",    "{\"a\":nul}"};
    g_autoptr(GString) deep = g_string_new("{\"a\":"), wide = g_string_new("{\"a\":[1");
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(vdt_json_body_parse(bad[i], strlen(bad[i]), &error));
        g_assert_nonnull(error);
    }
    for (guint i = 0; i < 100000; i++)
        g_string_append_c(deep, '[');
    for (guint i = 0; i < VDT_JSON_MOST_VALUES; i++)
        g_string_append(wide, ",1");
    g_string_append(wide, "]}");
    g_assert_null(vdt_json_body_parse(deep->str, deep->len, NULL));
    g_assert_null(vdt_json_body_parse(wide->str, wide->len, NULL));
    static const char good[] = "{\"a\":{\"b\":\"/ ' \\\" {[\"}}";
    g_autoptr(JsonObject) object = vdt_json_body_parse(good, strlen(good), NULL);
    g_assert_nonnull(object);
}

static void test_ratelimit(void)
{
    VdtLimits *limits = vdt_limits_new(3, 1000, 4);
    for (guint i = 0; i < 3; i++)
        g_assert_true(vdt_limits_take(limits, "a", 10000));
    g_assert_false(vdt_limits_take(limits, "a", 10000));
    g_assert_false(vdt_limits_check(limits, "a", 10999));
    g_assert_true(vdt_limits_take(limits, "a", 11000));
    g_assert_false(vdt_limits_take(limits, "a", 11000));
    g_assert_true(vdt_limits_take(limits, "b", 11000));
    for (guint i = 0; i < 100; i++) {
        g_autofree char *name = g_strdup_printf("%u", i);
        g_assert_true(vdt_limits_take(limits, name, 11000));
        g_assert_cmpuint(vdt_limits_count(limits), <=, 4);
    }
    g_assert_false(vdt_limits_take(limits, "a", 11000)); /* the emptiest stays */
    vdt_limits_free(limits);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guard/heads", test_heads);
    g_test_add_func("/guard/pieces", test_pieces);
    g_test_add_func("/guard/limits", test_limits);
    g_test_add_func("/guard/queries", test_queries);
    g_test_add_func("/guard/times", test_times);
    g_test_add_func("/guard/ranges", test_ranges);
    g_test_add_func("/guard/bodies", test_bodies);
    g_test_add_func("/guard/ratelimit", test_ratelimit);
    return g_test_run();
}
