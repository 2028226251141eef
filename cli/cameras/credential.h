/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* User and password out of a file, as the service's secret-file has them. */
#pragma once

#include <glib.h>

typedef struct {
    char *user, *password;
} Credential;

/* USER:PASSWORD in one line of a file that nobody but its owner may use. */
gboolean credential_load(Credential *credential, const char *path, GError **error);
void credential_clear(Credential *credential);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Credential, credential_clear)
