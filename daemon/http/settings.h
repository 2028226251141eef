/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The group [http], read and found to be safe: where to listen, for whom, with what certificate. */
#pragma once

#include "config/config.h"
#include "tokens.h"

typedef struct {
    GPtrArray *addresses;         /* of GSocketAddress */
    char *socket;                 /* path, or NULL */
    gid_t group;                  /* -1 for none */
    char *tokens_file;            /* or NULL */
    VdtTokens *tokens;            /* or NULL */
    GTlsCertificate *certificate; /* or NULL */
    char **hosts;                 /* lower case */
    VdtRole loopback;
    guint most; /* connections */
} VdtHttpSettings;

/* NULL after problems. What is open to others than this machine has tokens and a certificate. */
VdtHttpSettings *vdt_http_settings_new(const VdtConfig *config, VdtProblems *problems);
/* Of a process that is asked only by its Unix socket, at @path, by root and the service's user. */
VdtHttpSettings *vdt_http_settings_new_unix(const VdtConfig *config, const char *path);
void vdt_http_settings_free(VdtHttpSettings *settings);
/* "127.0.0.1:8787" or "[::1]:8787", without names; NULL if it is neither. */
GSocketAddress *vdt_http_address_parse(const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtHttpSettings, vdt_http_settings_free)
