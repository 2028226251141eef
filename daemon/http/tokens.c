/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_BYTES  65536
#define MOST_TOKENS 256
#define SUM_BYTES   VDT_TOKEN_SUM_BYTES
#define SUM_PREFIX  "sha256:"

typedef struct {
    VdtRole role;
    char *name;
    guint8 sum[SUM_BYTES];
} Token;

struct _VdtTokens {
    GArray *list; /* of Token */
};

static gboolean fail(GError **error, int code, const char *format, ...) G_GNUC_PRINTF(3, 4);
static gboolean fail(GError **error, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_propagate_error(
        error, g_error_new_valist(G_FILE_ERROR, (gint)g_file_error_from_errno(code), format, args));
    va_end(args);
    return FALSE;
}

void vdt_token_sum(const char *token, guint8 sum[SUM_BYTES])
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize n = SUM_BYTES;
    g_checksum_update(checksum, (const guchar *)token, (gssize)strlen(token));
    g_checksum_get_digest(checksum, sum, &n);
}

static gboolean parse_sum(const char *text, guint8 sum[SUM_BYTES])
{
    if (strlen(text) != 2 * SUM_BYTES)
        return FALSE;
    for (guint i = 0; i < SUM_BYTES; i++) {
        if (!g_ascii_isxdigit(text[2 * i]) || !g_ascii_isxdigit(text[2 * i + 1]))
            return FALSE;
        sum[i] = (guint8)(g_ascii_xdigit_value(text[2 * i]) * 16 +
                          g_ascii_xdigit_value(text[2 * i + 1]));
    }
    return TRUE;
}

static gboolean is_token(const char *text)
{
    gsize n = strlen(text);
    for (const char *p = text; *p != '\0'; p++)
        if (*p <= ' ' || *p > '~')
            return FALSE;
    return n >= VDT_TOKEN_LEAST && n <= 512;
}

static gboolean is_label(const char *text)
{
    gsize n = strlen(text);
    for (const char *p = text; *p != '\0'; p++)
        if (!g_ascii_isalnum(*p) && strchr("-_.", *p) == NULL)
            return FALSE;
    return n > 0 && n <= 64;
}

/* Nothing of a line is repeated in an error: any of its words may be the secret. */
static gboolean parse_line(VdtTokens *tokens, const char *file, guint number, const char *line,
                           GError **error)
{
    g_auto(GStrv) split = g_strsplit_set(line, " \t\r", -1);
    const char *words[4] = {NULL};
    guint n = 0;
    Token token = {VDT_ROLE_NONE};
    for (guint i = 0; split[i] != NULL; i++)
        if (*split[i] != '\0' && n++ < G_N_ELEMENTS(words))
            words[n - 1] = split[i];
    if (n == 0 || *words[0] == '#')
        return TRUE;
    if (n != 3 || !vdt_role_from_name(words[0], &token.role) || token.role == VDT_ROLE_NONE ||
        !is_label(words[1]))
        return fail(error, EINVAL,
                    "%s:%u: expected a role (metrics, read or control), a name and a token", file,
                    number);
    if (g_str_has_prefix(words[2], SUM_PREFIX)) {
        if (!parse_sum(words[2] + strlen(SUM_PREFIX), token.sum))
            return fail(error, EINVAL, "%s:%u: expected 64 hexadecimal digits behind sha256:", file,
                        number);
    } else if (is_token(words[2])) {
        vdt_token_sum(words[2], token.sum);
    } else {
        return fail(
            error, EINVAL,
            "%s:%u: expected a token of %d to 512 characters of ASCII; openssl rand -hex 32 "
            "makes one",
            file, number, VDT_TOKEN_LEAST);
    }
    if (tokens->list->len >= MOST_TOKENS)
        return fail(error, EINVAL, "%s: expected at most %d tokens", file, MOST_TOKENS);
    token.name = g_strdup(words[1]);
    g_array_append_val(tokens->list, token);
    return TRUE;
}

static void token_clear(gpointer data)
{
    g_free(((Token *)data)->name);
}

VdtTokens *vdt_tokens_parse(const char *file, const char *text, GError **error)
{
    g_autoptr(VdtTokens) tokens = g_new(VdtTokens, 1);
    tokens->list = g_array_new(FALSE, FALSE, sizeof(Token));
    g_array_set_clear_func(tokens->list, token_clear);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        gboolean ok = parse_line(tokens, file, i + 1, lines[i], error);
        explicit_bzero(lines[i], strlen(lines[i]));
        if (!ok)
            return NULL;
    }
    if (tokens->list->len == 0) {
        fail(error, EINVAL, "%s: expected a line ROLE NAME TOKEN at least", file);
        return NULL;
    }
    return g_steal_pointer(&tokens);
}

/* systemd sees to the modes of these, by access control lists. */
static gboolean is_credential(const char *file)
{
    const char *folder = g_getenv("CREDENTIALS_DIRECTORY");
    return folder != NULL && g_str_has_prefix(file, folder) && file[strlen(folder)] == '/' &&
           strstr(file, "/../") == NULL;
}

gboolean vdt_secret_file_check(const char *file, const struct stat *s, GError **error)
{
    if (!S_ISREG(s->st_mode))
        return fail(error, EINVAL, "%s: expected a file", file);
    if (is_credential(file))
        return TRUE;
    if ((s->st_mode & 077) != 0)
        return fail(error, EPERM,
                    "%s can be used by others than its owner (mode %04o): chmod 0600 it", file,
                    s->st_mode & 07777);
    return s->st_uid == 0 || s->st_uid == geteuid() ||
           fail(error, EPERM, "%s belongs to user %u, neither to root nor to user %u, who reads it",
                file, s->st_uid, geteuid());
}

VdtTokens *vdt_tokens_read(const char *file, GError **error)
{
    g_autofree char *text = g_malloc0(MOST_BYTES + 1);
    VdtTokens *tokens = NULL;
    struct stat s;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &s) != 0)
        fail(error, errno, "%s: %s", file, g_strerror(errno));
    else if (vdt_secret_file_check(file, &s, error)) {
        gssize n = read(fd, text, MOST_BYTES);
        if (n < 0)
            fail(error, errno, "%s: %s", file, g_strerror(errno));
        else if (n == MOST_BYTES || strlen(text) != (gsize)n)
            fail(error, EINVAL, "%s: expected text of less than 64 KiB", file);
        else
            tokens = vdt_tokens_parse(file, text, error);
    }
    if (fd >= 0)
        close(fd);
    explicit_bzero(text, MOST_BYTES);
    return tokens;
}

void vdt_tokens_free(VdtTokens *tokens)
{
    if (tokens == NULL)
        return;
    g_array_unref(tokens->list);
    g_free(tokens);
}

guint vdt_tokens_count(const VdtTokens *tokens)
{
    return tokens->list->len;
}

static guint8 differ(const guint8 *a, const guint8 *b, gsize n)
{
    volatile guint8 all = 0;
    for (gsize i = 0; i < n; i++)
        all |= a[i] ^ b[i];
    return all;
}

VdtRole vdt_tokens_find(const VdtTokens *tokens, const char *token, const char **name)
{
    guint8 sum[SUM_BYTES];
    vdt_token_sum(token, sum);
    return vdt_tokens_find_sum(tokens, sum, name);
}

VdtRole vdt_tokens_find_sum(const VdtTokens *tokens, const guint8 sum[SUM_BYTES], const char **name)
{
    VdtRole role = VDT_ROLE_NONE;
    for (guint i = 0; i < tokens->list->len; i++) {
        const Token *each = &g_array_index(tokens->list, Token, i);
        if (differ(sum, each->sum, SUM_BYTES) == 0) {
            role = each->role;
            *name = each->name;
        }
    }
    return role;
}

gboolean vdt_secret_equal(const char *a, const char *b)
{
    guint8 x[SUM_BYTES], y[SUM_BYTES];
    vdt_token_sum(a, x);
    vdt_token_sum(b, y);
    return differ(x, y, SUM_BYTES) == 0;
}
