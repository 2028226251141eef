/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "credential.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vedette/error.h>

#include "files.h"

#define MOST_BYTES 4096

static gboolean fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean fail(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    *error = g_error_new_valist(VDT_ERROR, VDT_ERROR_FORMAT, format, args);
    va_end(args);
    return FALSE;
}

gboolean credential_load(Credential *credential, const char *path, GError **error)
{
    struct stat s;
    char *text = NULL;
    gsize n;
    if (stat(path, &s) != 0)
        return fail(error, "%s: %s", path, g_strerror(errno));
    if ((s.st_mode & 077) != 0)
        return fail(error, "%s can be used by others than its owner (mode %04o): chmod 0600 it",
                    path, s.st_mode & 07777);
    if (s.st_uid != 0 && s.st_uid != geteuid())
        return fail(error, "%s belongs to user %u, neither to root nor to you", path, s.st_uid);
    if (!vdt_file_load(path, MOST_BYTES, &text, &n, error))
        return FALSE;
    if (n > 0 && text[n - 1] == '\n')
        text[--n] = '\0';
    char *colon = strchr(text, ':');
    gboolean good = colon != NULL && strlen(text) == n && strchr(text, '\n') == NULL &&
                    g_utf8_validate(text, n, NULL);
    if (good) {
        credential->user = g_strndup(text, colon - text);
        credential->password = g_strdup(colon + 1);
    }
    explicit_bzero(text, n);
    g_free(text);
    return good || fail(error, "%s: expected USER:PASSWORD in one line of UTF-8", path);
}

void credential_clear(Credential *credential)
{
    if (credential->password != NULL)
        explicit_bzero(credential->password, strlen(credential->password));
    g_clear_pointer(&credential->user, g_free);
    g_clear_pointer(&credential->password, g_free);
}
