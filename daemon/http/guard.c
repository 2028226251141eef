/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guard.h"

#include <string.h>

#define MOST_LENGTH_DIGITS 15

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};

/* Of which a second one would leave open which counts. */
static const char *const singles[] = {"host",
                                      "content-length",
                                      "transfer-encoding",
                                      "content-type",
                                      "authorization",
                                      "cookie",
                                      "origin",
                                      "expect",
                                      "range",
                                      "if-range",
                                      "if-none-match",
                                      "x-csrf-token",
                                      "referer",
                                      "last-event-id",
                                      "sec-fetch-site",
                                      "if-modified-since"};

static gboolean refuse(VdtRefusal *refusal, guint status, const char *why)
{
    *refusal = (VdtRefusal){status, why};
    return FALSE;
}

VdtGuardFound vdt_guard_scan(const char *bytes, gsize n, gsize *end, VdtRefusal *refusal)
{
    for (gsize i = 0; i < n && i < VDT_GUARD_MOST_HEAD; i++) {
        guchar c = (guchar)bytes[i];
        const char *bad = NULL;
        if (c == '\n' && (i == 0 || bytes[i - 1] != '\r'))
            bad = "a line ends without a carriage return";
        else if (i > 0 && bytes[i - 1] == '\r' && c != '\n')
            bad = "a carriage return is not at the end of a line";
        else if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            bad = "there is a control character in the head";
        if (bad != NULL) {
            refuse(refusal, 400, bad);
            return VDT_GUARD_BAD;
        }
        if (c == '\n' && i >= 3 && bytes[i - 2] == '\n') {
            *end = i + 1;
            return VDT_GUARD_WHOLE;
        }
    }
    if (n < VDT_GUARD_MOST_HEAD)
        return VDT_GUARD_MORE;
    refuse(refusal, 431, "the head is longer than 16 KiB");
    return VDT_GUARD_BAD;
}

static gboolean is_token_char(char c)
{
    return g_ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static gboolean is_target(const char *text)
{
    static const char plain[] = "-._~!$&'()*+,;=:@/?";
    if (*text != '/')
        return FALSE;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '%') {
            if (!g_ascii_isxdigit(p[1]) || !g_ascii_isxdigit(p[2]) || (p[1] == '0' && p[2] == '0'))
                return FALSE;
        } else if (!g_ascii_isalnum(*p) && strchr(plain, *p) == NULL) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean is_port(const char *text)
{
    guint64 port;
    return strlen(text) <= 5 && g_ascii_isdigit(*text) &&
           g_ascii_string_to_unsigned(text, 10, 1, 65535, &port, NULL);
}

gboolean vdt_guard_is_host(const char *text, gsize *length)
{
    gsize n = 0;
    if (*text == '[') {
        n = strspn(text + 1, "0123456789abcdefABCDEF:.") + 1;
        g_autofree char *inner = g_strndup(text + 1, n - 1);
        if (text[n] != ']' || !g_hostname_is_ip_address(inner))
            return FALSE;
        n++;
    } else {
        while (g_ascii_isalnum(text[n]) || (text[n] != '\0' && strchr("-._", text[n]) != NULL))
            n++;
        if (n == 0 || n > 253)
            return FALSE;
    }
    if (length != NULL)
        *length = n;
    return text[n] == '\0' || (text[n] == ':' && is_port(text + n + 1));
}

static gboolean parse_request_line(VdtHead *head, const char *line, VdtRefusal *refusal)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 4);
    if (g_strv_length(words) != 3)
        return refuse(refusal, 400, "expected METHOD TARGET HTTP/1.1 in the first line");
    for (const char *p = words[0]; *p != '\0'; p++)
        if (!g_ascii_isupper(*p))
            return refuse(refusal, 400, "expected a method of capital letters");
    if (strcmp(words[2], "HTTP/1.1") != 0 && strcmp(words[2], "HTTP/1.0") != 0)
        return strncmp(words[2], "HTTP/", 5) == 0
                   ? refuse(refusal, 505, "expected HTTP/1.1 or HTTP/1.0")
                   : refuse(refusal, 400, "expected HTTP/1.1 at the end of the first line");
    if (!is_target(words[1]))
        return refuse(refusal, 400,
                      "expected a target that begins with /, of what URIs consist of");
    guint i = 0;
    while (i < G_N_ELEMENTS(methods) && strcmp(methods[i], words[0]) != 0)
        i++;
    if (i == G_N_ELEMENTS(methods))
        return refuse(refusal, 501, "expected one of the methods GET, HEAD, POST, PUT and DELETE");
    const char *question = strchr(words[1], '?');
    head->method = g_strdup(words[0]);
    head->path = question != NULL ? g_strndup(words[1], question - words[1]) : g_strdup(words[1]);
    head->query = question != NULL ? g_strdup(question + 1) : NULL;
    head->minor = words[2][7] == '1';
    return TRUE;
}

static void header_free(gpointer data)
{
    VdtHeader *header = data;
    g_free(header->name);
    g_free(header->value);
    g_free(header);
}

static gboolean add_header(VdtHead *head, const char *line, VdtRefusal *refusal)
{
    gsize n = 0;
    if (*line == ' ' || *line == '\t')
        return refuse(refusal, 400, "a header goes on in a second line");
    while (is_token_char(line[n]))
        n++;
    if (n == 0 || line[n] != ':')
        return refuse(refusal, 400, "expected NAME: VALUE in the lines of the head");
    if (head->headers->len >= VDT_GUARD_MOST_HEADERS)
        return refuse(refusal, 431, "there are more than 64 headers");
    VdtHeader *header = g_new(VdtHeader, 1);
    *header = (VdtHeader){g_ascii_strdown(line, (gssize)n), g_strdup(line + n + 1)};
    g_strstrip(header->value);
    gboolean is_second = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(singles); i++)
        is_second |=
            strcmp(singles[i], header->name) == 0 && vdt_head_get(head, header->name) != NULL;
    g_ptr_array_add(head->headers, header);
    return !is_second || refuse(refusal, 400, "a header that may be there once is there twice");
}

static gboolean check_host(const VdtHead *head, VdtRefusal *refusal)
{
    const char *host = vdt_head_get(head, "host");
    if (host == NULL)
        return head->minor == 0 || refuse(refusal, 400, "there is no Host");
    return vdt_guard_is_host(host, NULL) ||
           refuse(refusal, 400, "expected a name or an address, and perhaps a port, as Host");
}

static gboolean check_length(VdtHead *head, VdtRefusal *refusal)
{
    const char *length = vdt_head_get(head, "content-length"),
               *encoding = vdt_head_get(head, "transfer-encoding");
    guint64 n;
    if (encoding != NULL && length != NULL)
        return refuse(refusal, 400, "there are both Content-Length and Transfer-Encoding");
    if (encoding != NULL)
        return head->minor == 0
                   ? refuse(refusal, 400, "there is no Transfer-Encoding in HTTP/1.0")
                   : refuse(refusal, 411, "expected a Content-Length, and no Transfer-Encoding");
    if (length == NULL)
        return TRUE;
    if (*length == '\0' || strspn(length, "0123456789") != strlen(length) ||
        strlen(length) > MOST_LENGTH_DIGITS ||
        !g_ascii_string_to_unsigned(length, 10, 0, G_MAXUINT64, &n, NULL))
        return refuse(refusal, 400, "expected a whole number as Content-Length");
    if (n > 0 && (strcmp(head->method, "GET") == 0 || strcmp(head->method, "HEAD") == 0))
        return refuse(refusal, 400, "there is a body where none belongs");
    if (n > VDT_GUARD_MOST_BODY)
        return refuse(refusal, 413, "the body is longer than 256 KiB");
    head->body = n;
    return TRUE;
}

static gboolean check_expect(VdtHead *head, VdtRefusal *refusal)
{
    const char *expect = vdt_head_get(head, "expect");
    if (expect == NULL)
        return TRUE;
    if (g_ascii_strcasecmp(expect, "100-continue") != 0)
        return refuse(refusal, 417, "only 100-continue can be expected");
    head->expects = head->minor == 1 && head->body > 0;
    return TRUE;
}

VdtHead *vdt_guard_parse(const char *bytes, gsize end, VdtRefusal *refusal)
{
    g_autoptr(VdtHead) head = g_new0(VdtHead, 1);
    head->headers = g_ptr_array_new_with_free_func(header_free);
    g_autofree char *text = g_strndup(bytes, end - strlen("\r\n\r\n"));
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
    if (lines[0] == NULL) {
        refuse(refusal, 400, "the first line is empty");
        return NULL;
    }
    if (!parse_request_line(head, lines[0], refusal))
        return NULL;
    for (guint i = 1; lines[i] != NULL; i++)
        if (!add_header(head, lines[i], refusal))
            return NULL;
    if (!check_host(head, refusal) || !check_length(head, refusal) || !check_expect(head, refusal))
        return NULL;
    return g_steal_pointer(&head);
}

void vdt_head_free(VdtHead *head)
{
    if (head == NULL)
        return;
    g_ptr_array_unref(head->headers);
    g_free(head->method);
    g_free(head->path);
    g_free(head->query);
    g_free(head);
}

const char *vdt_head_get(const VdtHead *head, const char *name)
{
    for (guint i = 0; i < head->headers->len; i++) {
        const VdtHeader *header = head->headers->pdata[i];
        if (g_ascii_strcasecmp(header->name, name) == 0)
            return header->value;
    }
    return NULL;
}
