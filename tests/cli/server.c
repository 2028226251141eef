/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "server.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    const Page *pages;
    int fd;
} Served;

static GMutex lock;
static GString *all; /* that was asked */

static gboolean say(int fd, const void *data, gsize n)
{
    for (const char *at = data; n > 0;) {
        gssize done = send(fd, at, n, MSG_NOSIGNAL);
        if (done <= 0)
            return FALSE;
        at += done;
        n -= done;
    }
    return TRUE;
}

static gboolean say_slowly(int fd, const Page *page)
{
    for (gsize at = 0; at < page->n; at += 1024) {
        if (!say(fd, (const char *)page->body + at, MIN(1024, page->n - at)))
            return FALSE;
        g_usleep(page->pause * 1000);
    }
    return TRUE;
}

static void answer(int fd, const Page *page)
{
    char rest[4096];
    if (page->head == NULL) { /* until the other side has enough of it */
        while (recv(fd, rest, sizeof rest, 0) > 0)
            continue;
        return;
    }
    if (!say(fd, page->head, strlen(page->head)) || !say(fd, "\r\n\r\n", 4))
        return;
    do {
        if (page->pause > 0 ? !say_slowly(fd, page) : !say(fd, page->body, page->n))
            return;
    } while (page->endless);
}

/* The bytes that are still to come of a question whose head is whole. */
static gsize rest_of(const GString *asked)
{
    const char *end = strstr(asked->str, "\r\n\r\n");
    g_autofree char *head = g_ascii_strdown(asked->str, end - asked->str);
    const char *length = strstr(head, "\r\ncontent-length:");
    gsize n = length != NULL ? strtoul(strchr(length, ':') + 1, NULL, 10) : 0;
    gsize have = asked->len - (end + 4 - asked->str);
    return n > have ? n - have : 0;
}

static void read_question(int fd, GString *asked)
{
    char some[1024];
    gssize n;
    while ((strstr(asked->str, "\r\n\r\n") == NULL || rest_of(asked) > 0) &&
           (n = recv(fd, some, sizeof some, 0)) > 0)
        g_string_append_len(asked, some, n);
    g_mutex_lock(&lock);
    if (all == NULL)
        all = g_string_new(NULL);
    g_string_append(all, asked->str);
    g_mutex_unlock(&lock);
}

char *server_asked(void)
{
    g_mutex_lock(&lock);
    char *text = g_strdup(all != NULL ? all->str : "");
    g_mutex_unlock(&lock);
    return text;
}

static gpointer serve_one(gpointer data)
{
    g_autofree Served *served = data;
    g_autoptr(GString) asked = g_string_new(NULL);
    read_question(served->fd, asked);
    for (const Page *page = served->pages; page->path != NULL; page++) {
        g_autofree char *line = g_strdup_printf(" %s HTTP/", page->path);
        if (strstr(asked->str, line) != NULL &&
            (page->holds == NULL || strstr(asked->str, page->holds) != NULL)) {
            answer(served->fd, page);
            break;
        }
    }
    close(served->fd);
    return NULL;
}

static gpointer serve(gpointer data)
{
    g_autofree Served *served = data;
    for (;;) {
        int fd = accept(served->fd, NULL, NULL);
        if (fd < 0)
            continue;
        Served *one = g_new0(Served, 1);
        *one = (Served){served->pages, fd};
        g_thread_unref(g_thread_new("answer", serve_one, one));
    }
    return NULL;
}

guint server_start(const char *at, const Page *pages)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    g_assert_cmpint(inet_pton(AF_INET, at, &address.sin_addr), ==, 1);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(fd, 16), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &size), ==, 0);
    Served *served = g_new0(Served, 1);
    *served = (Served){pages, fd};
    g_thread_unref(g_thread_new("server", serve, served));
    return ntohs(address.sin_port);
}
