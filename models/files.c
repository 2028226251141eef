/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_NESTING 64
/* Of one object. Its table has a hash that everybody knows, so that members can be made to take
 * quadratic time; a card's scores have two for each class. */
#define MAX_MEMBERS 4096

static gboolean file_error(const char *path, const char *what, GError **error)
{
    int code = errno;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: cannot %s: %s", path, what,
                g_strerror(code));
    return FALSE;
}

static gboolean load_open(int fd, const char *path, gsize limit, char **text, gsize *size,
                          GError **error)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return file_error(path, "look at it", error);
    if (!S_ISREG(status.st_mode)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is not a regular file", path);
        return FALSE;
    }
    if (status.st_size < 0 || (gsize)status.st_size > limit) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s has %" G_GINT64_FORMAT " bytes, the limit is %" G_GSIZE_FORMAT, path,
                    (gint64)status.st_size, limit);
        return FALSE;
    }
    g_autofree char *memory = g_try_malloc(status.st_size + 1);
    gsize have = 0;
    if (memory == NULL) {
        errno = ENOMEM;
        return file_error(path, "read it", error);
    }
    while (have < (gsize)status.st_size) {
        ssize_t n = read(fd, memory + have, status.st_size - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return file_error(path, "read it", error);
        if (n == 0) /* it was cut while being read */
            break;
        have += n;
    }
    memory[have] = '\0';
    *size = have;
    *text = g_steal_pointer(&memory);
    return TRUE;
}

gboolean vdt_file_load(const char *path, gsize limit, char **text, gsize *size, GError **error)
{
    /* Not blocking, so that a named pipe is refused rather than waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return file_error(path, "open it", error);
    gboolean ok = load_open(fd, path, limit, text, size, error);
    close(fd);
    return ok;
}

#define UTF8_MARK "\xef\xbb\xbf"

static gboolean is_utf16(const char *text, gsize size)
{
    return size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
}

/* The number of the line in which @at is. */
static guint line_of(const char *text, const char *at)
{
    guint line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

/* The lines of a text of @size bytes in one block: each in one of its own takes ten times as much
 * as a short one has. NULL if there are more than @most. */
static char **split(const char *text, gsize size, guint most)
{
    const guint n = size > 0 ? line_of(text, text + size) : 0;
    if (n > most)
        return NULL;
    char **lines = g_malloc((n + 1) * sizeof *lines + size + 1);
    char *line = memcpy(lines + n + 1, text, size + 1);
    for (guint i = 0; i < n; i++) {
        char *end = line + strcspn(line, "\n");
        lines[i] = line;
        line = end + 1;
        *end = '\0';
        if (end > lines[i] && end[-1] == '\r')
            end[-1] = '\0';
    }
    lines[n] = NULL;
    return lines;
}

char **vdt_lines_load(const char *path, gsize limit, guint most, GError **error)
{
    g_autofree char *bytes = NULL, *converted = NULL;
    const char *bad;
    gsize size;
    if (!vdt_file_load(path, limit, &bytes, &size, error))
        return NULL;
    if (is_utf16(bytes, size)) {
        converted = g_convert(bytes, size, "UTF-8", "UTF-16", NULL, &size, error);
        if (converted == NULL) {
            g_prefix_error(error, "%s: ", path);
            return NULL;
        }
    }
    char *text = converted != NULL ? converted : bytes;
    if (g_str_has_prefix(text, UTF8_MARK)) {
        text += strlen(UTF8_MARK);
        size -= strlen(UTF8_MARK);
    }
    if (!g_utf8_validate(text, size, &bad)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: line %u is not UTF-8", path,
                    line_of(text, bad));
        return NULL;
    }
    g_strchomp(text);
    if (strchr(text, '\n') == NULL)
        g_strdelimit(text, "\r", '\n');
    char **lines = split(text, strlen(text), most);
    if (lines == NULL)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: has more than %u lines", path, most);
    return lines;
}

/* Looks at the brackets and colons outside strings. The parser also takes comments and single
 * quotes, which are not JSON and in which brackets could hide. */
static const char *check_shape(const char *text, gsize size)
{
    guint depth = 0, members[MAX_NESTING + 1] = {0};
    gboolean in_string = FALSE;
    for (gsize i = 0; i < size; i++) {
        char c = text[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '/' || c == '#' || c == '\''))
            return "is not JSON: there is a comment or a single quote";
        else if (!in_string && (c == '[' || c == '{') && ++depth > MAX_NESTING)
            return "nests more than 64 levels deep";
        else if (!in_string && (c == '[' || c == '{'))
            members[depth] = 0;
        else if (!in_string && c == ':' && ++members[depth] > MAX_MEMBERS)
            return "has an object of more than 4096 members";
        else if (!in_string && (c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return NULL;
}

JsonObject *vdt_json_load(const char *path, gsize limit, GError **error)
{
    g_autofree char *bytes = NULL;
    gsize size;
    if (!vdt_file_load(path, limit, &bytes, &size, error))
        return NULL;
    const char *wrong = NULL, *text = bytes;
    if (g_str_has_prefix(text, UTF8_MARK)) {
        text += strlen(UTF8_MARK);
        size -= strlen(UTF8_MARK);
    }
    if (!g_utf8_validate(text, size, NULL))
        wrong = "is not UTF-8";
    else
        wrong = check_shape(text, size);
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) mistake = NULL;
    if (wrong == NULL && !json_parser_load_from_data(parser, text, size, &mistake))
        wrong = mistake->message;
    JsonNode *root = wrong == NULL ? json_parser_get_root(parser) : NULL;
    if (wrong == NULL && (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)))
        wrong = "does not hold an object";
    if (wrong != NULL) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL, "%s: %s", path, wrong);
        return NULL;
    }
    return json_node_dup_object(root);
}
