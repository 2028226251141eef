/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * User and password, out of a file of their own: "USER:PASSWORD" in one line. Where @user is NULL
 * the line is one secret, which is *@password.
 */
#pragma once

#include <gio/gio.h>

/* The credential @name of $CREDENTIALS_DIRECTORY, given alone or as a file of the folder "cameras",
 * where it is called cameras_NAME. G_FILE_ERROR_NOENT if there is no such folder or credential.
 * Errors hold nothing of the secret. Caller frees. */
gboolean vdt_secret_from_credential(const char *name, char **user, char **password, GError **error);
/* A file of root or of this process's user that nobody else can read. */
gboolean vdt_secret_from_file(const char *file, char **user, char **password, GError **error);
