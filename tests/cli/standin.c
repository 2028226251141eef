/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "standin.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GROUP   "239.255.255.250"
#define GROUP_6 "ff02::c"
#define PORT    3702

typedef struct {
    const StandIn *camera;
    int ears, mouth;
} Running;

static int open_ears(const char *interface)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1, off = 0;
    struct sockaddr_in group = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    struct ip_mreqn member = {.imr_ifindex = (int)if_nametoindex(interface)};
    inet_pton(AF_INET, GROUP, &group.sin_addr);
    member.imr_multiaddr = group.sin_addr;
    g_assert_cmpint(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), ==, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&group, sizeof group), ==, 0);
    g_assert_cmpint(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof off), ==, 0);
    g_assert_cmpint(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof member), ==, 0);
    return fd;
}

/* Ears and mouth in one. */
static int open_v6(const char *interface)
{
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
    struct ipv6_mreq member = {.ipv6mr_interface = if_nametoindex(interface)};
    inet_pton(AF_INET6, GROUP_6, &member.ipv6mr_multiaddr);
    g_assert_cmpint(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on), ==, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&any, sizeof any), ==, 0);
    g_assert_cmpint(setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &member, sizeof member), ==,
                    0);
    return fd;
}

static int open_mouth(const char *address)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in own = {.sin_family = AF_INET};
    inet_pton(AF_INET, address, &own.sin_addr);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&own, sizeof own), ==, 0);
    return fd;
}

/* What is between "uuid:" and the next tag. */
static char *id_of(const char *question)
{
    const char *id = strstr(question, "MessageID>uuid:");
    id = id != NULL ? id + strlen("MessageID>uuid:") : "";
    return g_strndup(id, strcspn(id, "<"));
}

static void answer(const Running *r, const char *question, const struct sockaddr *to,
                   socklen_t size)
{
    g_autofree char *id = id_of(question), *filler = g_strnfill(r->camera->n_long, 'x');
    for (const char *const *says = r->camera->says; *says != NULL; says++) {
        g_autoptr(GString) text = g_string_new(*says);
        g_string_replace(text, "%ID%", id, 0);
        g_string_replace(text, "%LONG%", filler, 0);
        sendto(r->mouth, text->str, text->len, 0, to, size);
    }
}

static gpointer run(gpointer data)
{
    Running *r = data;
    char question[8192];
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    gssize n;
    while ((n = recvfrom(r->ears, question, sizeof question - 1, 0, (struct sockaddr *)&from,
                         &size)) >= 0) {
        question[n] = '\0';
        answer(r, question, (struct sockaddr *)&from, size);
        size = sizeof from;
    }
    return NULL;
}

void standin_start(const StandIn *cameras)
{
    for (; cameras->interface != NULL; cameras++) {
        Running *r = g_new0(Running, 1);
        *r = (Running){.camera = cameras};
        if (cameras->address == NULL) {
            r->ears = r->mouth = open_v6(cameras->interface);
        } else {
            r->ears = open_ears(cameras->interface);
            r->mouth = open_mouth(cameras->address);
        }
        g_thread_unref(g_thread_new("camera", run, r));
    }
}
