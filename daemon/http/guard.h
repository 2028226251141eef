/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The head of a request, read strictly: what two readers could take for two different requests is
 * refused. No other parser sees a byte of what a peer sent: head and body are taken apart here, and
 * what goes on to libsoup is written anew from that. Knows bytes only.
 */
#pragma once

#include <gio/gio.h>

#define VDT_GUARD_MOST_HEAD    16384 /* bytes, with the empty line */
#define VDT_GUARD_MOST_HEADERS 64
#define VDT_GUARD_MOST_BODY    (256 * 1024)

typedef struct {
    char *name, *value; /* value without blanks around it */
} VdtHeader;

typedef struct {
    char *method;       /* one of GET HEAD POST PUT DELETE */
    char *path, *query; /* as sent, percent signs and all; query is NULL where there is none */
    guint minor;        /* HTTP/1.0 or HTTP/1.1 */
    GPtrArray *headers; /* of VdtHeader */
    gsize body;         /* bytes that follow */
    gboolean expects;   /* 100-continue */
} VdtHead;

typedef enum {
    VDT_GUARD_MORE, /* the end is not there yet */
    VDT_GUARD_WHOLE,
    VDT_GUARD_BAD,
} VdtGuardFound;

/* Why a request is refused. */
typedef struct {
    guint status;    /* of HTTP */
    const char *why; /* a sentence's end, that repeats nothing of the request */
} VdtRefusal;

/* Looks for the end of a head in the first @n bytes; *@end is behind its empty line. */
VdtGuardFound vdt_guard_scan(const char *bytes, gsize n, gsize *end, VdtRefusal *refusal);
/* NULL, and why, if it is no head that is allowed. */
VdtHead *vdt_guard_parse(const char *bytes, gsize end, VdtRefusal *refusal);
void vdt_head_free(VdtHead *head);
/* The value of the header, whatever case its name has; NULL if there is none. Borrowed. */
const char *vdt_head_get(const VdtHead *head, const char *name);
/* Whether @text may be a Host: a name, an IPv4 or a bracketed IPv6 address, and a port. *@length,
 * which may be NULL, is that of it without the port. */
gboolean vdt_guard_is_host(const char *text, gsize *length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtHead, vdt_head_free)
