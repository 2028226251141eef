/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ini.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "option.h"

#define BLANKS " \t\r\f" /* as g_ascii_isspace() */

static void entry_free(gpointer data)
{
    VdtIniEntry *entry = data;
    g_free(entry->key);
    g_free(entry->value);
    g_free(entry);
}

static void group_free(gpointer data)
{
    VdtIniGroup *group = data;
    g_ptr_array_unref(group->entries);
    g_free(group->name);
    g_free(group);
}

void vdt_ini_free(VdtIni *ini)
{
    if (ini == NULL)
        return;
    g_ptr_array_unref(ini->groups);
    g_free(ini->file);
    g_free(ini);
}

typedef struct {
    VdtIni *ini;
    VdtProblems *problems;
    VdtIniGroup *group; /* the one that lines belong to; NULL while they belong to none */
    gboolean skipping;  /* lines of a group that is wrong, which has been said */
    gboolean full;      /* no more is read */
    guint line;
} Reader;

static void wrong(Reader *r, const char *group, const char *key, const char *value,
                  const char *message)
{
    VdtSite site = {r->ini->file, r->line, group, key, value};
    vdt_problems_add(r->problems, &site, "%s", message);
}

static void begin_group(Reader *r, char *text)
{
    char *end = strchr(text, ']');
    const char *name = text + 1;
    r->group = NULL;
    r->skipping = TRUE;
    if (end == NULL || end[1 + strspn(end + 1, " \t\r")] != '\0') {
        wrong(r, NULL, NULL, NULL, "expected a group, [NAME], on a line of its own");
        return;
    }
    *end = '\0';
    gboolean is_plain = TRUE;
    for (const char *p = name; *p != '\0'; p++)
        is_plain &= !g_ascii_iscntrl(*p) && *p != '[';
    if (*name == '\0' || !is_plain || strlen(name) > VDT_OPTION_MOST_BYTES) {
        wrong(r, NULL, NULL, NULL, "expected a name in [ and ], without control characters");
        return;
    }
    for (guint i = 0; i < r->ini->groups->len; i++) {
        const VdtIniGroup *other = r->ini->groups->pdata[i];
        if (strcmp(other->name, name) == 0) {
            VdtSite site = {r->ini->file, r->line, name, NULL, NULL};
            vdt_problems_add(r->problems, &site, "this group is in line %u, too", other->line);
            return;
        }
    }
    if (r->ini->groups->len >= VDT_INI_MOST_GROUPS) {
        wrong(r, NULL, NULL, NULL, "too many groups: a file may have 64");
        r->full = TRUE;
        return;
    }
    VdtIniGroup *group = g_new0(VdtIniGroup, 1);
    *group = (VdtIniGroup){g_strdup(name), r->line, g_ptr_array_new_with_free_func(entry_free)};
    g_ptr_array_add(r->ini->groups, group);
    r->group = group;
    r->skipping = FALSE;
}

/* What \s, \n, \t, \r and \\ stand for. FALSE if there is another backslash. */
static gboolean unescape(char *text)
{
    static const char escapes[] = "s n\nt\tr\r\\\\";
    char *to = text;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p != '\\') {
            *to++ = *p;
            continue;
        }
        p++;
        guint i = 0;
        while (i < strlen(escapes) && escapes[i] != *p)
            i += 2;
        if (*p == '\0' || i >= strlen(escapes))
            return FALSE;
        *to++ = escapes[i + 1];
    }
    *to = '\0';
    return TRUE;
}

static gboolean is_key(const char *key)
{
    for (const char *p = key; *p != '\0'; p++)
        if (!g_ascii_isalnum(*p) && strchr("-_", *p) == NULL)
            return FALSE;
    return *key != '\0' && strlen(key) <= 64;
}

static void add_entry(Reader *r, char *text)
{
    char *equals = strchr(text, '=');
    const char *group = r->group != NULL ? r->group->name : NULL;
    if (equals == NULL) {
        /* The line is not repeated: it may be anything. */
        wrong(r, group, NULL, NULL, "expected [GROUP], KEY=VALUE or a comment, # in front");
        return;
    }
    *equals = '\0';
    const char *key = g_strchomp(text);
    char *value = g_strstrip(equals + 1);
    if (!is_key(key)) {
        wrong(r, group, NULL, NULL, "expected a key of letters, digits, - and _ before the =");
        return;
    }
    if (r->group == NULL) {
        wrong(r, NULL, key, value, "expected a group, [NAME], before the first key");
        return;
    }
    if (strlen(value) > VDT_OPTION_MOST_BYTES) {
        wrong(r, group, key, NULL, "expected a value of at most 32768 bytes");
        return;
    }
    for (guint i = 0; i < r->group->entries->len; i++) {
        const VdtIniEntry *other = r->group->entries->pdata[i];
        if (strcmp(other->key, key) == 0) {
            VdtSite site = {r->ini->file, r->line, group, key, value};
            vdt_problems_add(r->problems, &site, "this key is in line %u, too", other->line);
            return;
        }
    }
    if (r->group->entries->len >= VDT_INI_MOST_KEYS) {
        wrong(r, group, NULL, NULL, "too many keys: a group may have 128");
        r->full = TRUE;
        return;
    }
    if (!unescape(value)) {
        wrong(r, group, key, value,
              "expected \\s, \\n, \\t, \\r or \\\\ where there is a backslash");
        return;
    }
    VdtIniEntry *entry = g_new0(VdtIniEntry, 1);
    *entry = (VdtIniEntry){g_strdup(key), g_strdup(value), r->line};
    g_ptr_array_add(r->group->entries, entry);
}

VdtIni *vdt_ini_parse(const char *file, guint first_line, const char *text, gsize n,
                      VdtProblems *problems)
{
    VdtIni *ini = g_new0(VdtIni, 1);
    *ini = (VdtIni){.file = g_strdup(file), .groups = g_ptr_array_new_with_free_func(group_free)};
    Reader r = {.ini = ini, .problems = problems, .line = first_line};
    const char *bad;
    if (!g_utf8_validate(text, n, &bad)) {
        for (const char *p = text; p < bad; p++)
            r.line += *p == '\n';
        wrong(&r, NULL, NULL, NULL, "expected UTF-8 text");
        vdt_ini_free(ini);
        return NULL;
    }
    for (const char *at = text, *end = text + n; at < end && !r.full; r.line++) {
        const char *line_end = memchr(at, '\n', end - at);
        if (line_end == NULL)
            line_end = end;
        g_autofree char *line = g_strndup(at, line_end - at);
        char *start = line + strspn(line, BLANKS);
        at = line_end + 1;
        if (*start == '\0' || *start == '#')
            continue;
        if (*start == '[')
            begin_group(&r, start);
        else if (!r.skipping)
            add_entry(&r, start);
    }
    return ini;
}

static char *read_failed(const char *file, const char *why, VdtProblems *problems)
{
    vdt_problems_add(problems, &(VdtSite){.file = file}, "%s", why);
    return NULL;
}

char *vdt_ini_read(const char *file, gsize *n, guint *mode, VdtProblems *problems)
{
    struct stat s;
    /* A pipe would be waited for. */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return read_failed(file, g_strerror(errno), problems);
    g_autofree char *text = g_malloc(VDT_INI_MOST_BYTES + 2);
    gsize size = 0;
    gssize got = 0;
    gboolean is_file = fstat(fd, &s) == 0 && S_ISREG(s.st_mode);
    while (is_file && size <= VDT_INI_MOST_BYTES) {
        got = read(fd, text + size, VDT_INI_MOST_BYTES + 1 - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        size += got;
    }
    int code = errno;
    close(fd);
    if (!is_file)
        return read_failed(file, "expected a file", problems);
    if (got < 0)
        return read_failed(file, g_strerror(code), problems);
    if (size > VDT_INI_MOST_BYTES)
        return read_failed(file, "expected a file of at most 256 KiB", problems);
    text[size] = '\0';
    *n = size;
    if (mode != NULL)
        *mode = s.st_mode;
    return g_steal_pointer(&text);
}
