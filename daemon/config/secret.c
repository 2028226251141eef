/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_BYTES 4096
#define FOLDER     "cameras" /* LoadCredential=cameras:/etc/vedette/credentials */

static gboolean fail(GError **error, int code, const char *format, ...) G_GNUC_PRINTF(3, 4);
static gboolean fail(GError **error, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    *error = g_error_new_valist(G_FILE_ERROR, (gint)g_file_error_from_errno(code), format, args);
    va_end(args);
    return FALSE;
}

static gboolean parse(const char *file, char *text, gsize n, char **user, char **password,
                      GError **error)
{
    text[n] = '\0';
    if (n > 0 && text[n - 1] == '\n')
        text[--n] = '\0';
    char *colon = strchr(text, ':');
    if (n == 0 || n >= MOST_BYTES || strlen(text) != n || (user != NULL && colon == NULL) ||
        !g_utf8_validate(text, n, NULL) || strchr(text, '\n') != NULL)
        return fail(error, EINVAL, "%s: expected %s in one line of UTF-8", file,
                    user != NULL ? "USER:PASSWORD" : "the secret");
    if (user != NULL)
        *user = g_strndup(text, colon - text);
    *password = g_strdup(user != NULL ? colon + 1 : text);
    return TRUE;
}

static gboolean read_secret(const char *file, gboolean check_owner, char **user, char **password,
                            GError **error)
{
    char text[MOST_BYTES + 1];
    struct stat s;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail(error, errno, "%s: %s", file, g_strerror(errno));
    gboolean ok = FALSE;
    if (fstat(fd, &s) != 0)
        fail(error, errno, "%s: %s", file, g_strerror(errno));
    else if (!S_ISREG(s.st_mode))
        fail(error, EINVAL, "%s: expected a file", file);
    else if (check_owner && (s.st_mode & 077) != 0)
        fail(error, EPERM, "%s can be used by others than its owner (mode %04o): chmod 0600 it",
             file, s.st_mode & 07777);
    else if (check_owner && s.st_uid != 0 && s.st_uid != geteuid())
        fail(error, EPERM, "%s belongs to user %u, neither to root nor to user %u, who reads it",
             file, s.st_uid, geteuid());
    else {
        gssize n = read(fd, text, MOST_BYTES);
        ok = n < 0 ? fail(error, errno, "%s: %s", file, g_strerror(errno))
                   : parse(file, text, n, user, password, error);
    }
    close(fd);
    explicit_bzero(text, sizeof text);
    return ok;
}

gboolean vdt_secret_from_file(const char *file, char **user, char **password, GError **error)
{
    return read_secret(file, TRUE, user, password, error);
}

gboolean vdt_secret_from_credential(const char *name, char **user, char **password, GError **error)
{
    const char *folder = g_getenv("CREDENTIALS_DIRECTORY");
    if (folder == NULL)
        return fail(error, ENOENT, "this process is given no credentials");
    g_autofree char *file = g_build_filename(folder, name, NULL);
    /* What a folder of credentials was loaded by stands in front of the names of its files. */
    g_autofree char *other = g_strconcat(folder, G_DIR_SEPARATOR_S FOLDER "_", name, NULL);
    gboolean is_other = !g_file_test(file, G_FILE_TEST_EXISTS);
    if (is_other && !g_file_test(other, G_FILE_TEST_EXISTS))
        return fail(error, ENOENT, "there is neither %s nor %s", file, other);
    /* systemd sees to its mode, by access control lists. */
    return read_secret(is_other ? other : file, FALSE, user, password, error);
}
