/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tokens out of a file that nobody else can read: a line each of role, name and token, or
 * "sha256:" and the token's SHA-256 in hexadecimal digits; # begins a comment. Only the sum is
 * kept.
 */
#pragma once

#include <sys/stat.h>

#include "peer.h"

#define VDT_TOKEN_LEAST     16 /* characters */
#define VDT_TOKEN_SUM_BYTES 32

typedef struct _VdtTokens VdtTokens;

VdtTokens *vdt_tokens_read(const char *file, GError **error);
VdtTokens *vdt_tokens_parse(const char *file, const char *text, GError **error);
void vdt_tokens_free(VdtTokens *tokens);
guint vdt_tokens_count(const VdtTokens *tokens);
/* The role of @token and, borrowed, its name; VDT_ROLE_NONE if it is none of them. Takes the same
 * time for every token of a length. */
VdtRole vdt_tokens_find(const VdtTokens *tokens, const char *token, const char **name);
/* The same by a token's SHA-256, which vdt_token_sum() makes. */
VdtRole vdt_tokens_find_sum(const VdtTokens *tokens, const guint8 sum[VDT_TOKEN_SUM_BYTES],
                            const char **name);
void vdt_token_sum(const char *token, guint8 sum[VDT_TOKEN_SUM_BYTES]);
/* Whether nobody but root or this user can use @file, which is as @s says, or it is a credential of
 * systemd's. */
gboolean vdt_secret_file_check(const char *file, const struct stat *s, GError **error);
/* Compares in a time that depends on the length of @a alone. */
gboolean vdt_secret_equal(const char *a, const char *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtTokens, vdt_tokens_free)
