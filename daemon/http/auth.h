/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who may do what. A token comes as "Authorization: Bearer TOKEN", or once in a form, for a session
 * that a cookie keeps; whoever comes through the Unix socket is known to the kernel. One thread.
 */
#pragma once

#include "guard.h"
#include "settings.h"

#define VDT_AUTH_COOKIE "vedette"
#define VDT_AUTH_AGE    (12 * 3600) /* s, of a session */

typedef struct _VdtAuth VdtAuth;

typedef struct {
    guint status; /* 0: may go on */
    const char *why;
    guint retry;      /* s, of 429 */
    VdtRole role;     /* that was found */
    const char *name; /* of the token, or NULL; good until the next call */
    const char *csrf; /* of the session, or NULL; as name */
} VdtVerdict;

VdtAuth *vdt_auth_new(void);
void vdt_auth_free(VdtAuth *auth);
/* Tokens, hosts and loopback of @settings count from now on, which are borrowed. Sessions of tokens
 * that are no more end. */
void vdt_auth_set(VdtAuth *auth, const VdtHttpSettings *settings);

/* Whether @head, from @peer, may do what takes @needed. @now is in us, and does not go back. */
VdtVerdict vdt_auth_judge(VdtAuth *auth, const VdtHead *head, const VdtPeer *peer, VdtRole needed,
                          gint64 now);
/* Begins a session for @token. The value of the cookie, or NULL if it is no token; caller frees. */
char *vdt_auth_login(VdtAuth *auth, const char *token, const VdtPeer *peer, gint64 now,
                     VdtVerdict *verdict);
/* Ends the session of @head's cookie, if there is one. */
void vdt_auth_logout(VdtAuth *auth, const VdtHead *head);
