/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tell.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "values/mask.h"

#ifdef HAVE_SYSTEMD
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#endif

#define LAST_WORDS 50000 /* us */

/* $JOURNAL_STREAM says which file that is, and a child may have another one for stderr. */
static gboolean is_journal(int fd)
{
    const char *text = g_getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat s;
    return text != NULL && sscanf(text, "%llu:%llu", &device, &inode) == 2 && fstat(fd, &s) == 0 &&
           s.st_dev == device && s.st_ino == inode;
}

static gboolean is_socket(int fd)
{
    struct stat s;
    return fstat(fd, &s) == 0 && S_ISSOCK(s.st_mode);
}

/* A line that has fields is "<PRIORITY>MESSAGE\nSTREAM\nSTATE". */
static gboolean write_told(int fd, char *line, gsize size)
{
#ifdef HAVE_SYSTEMD
    char *stream = strchr(line, '\n');
    if (stream != NULL) {
        char *state = strchr(stream + 1, '\n');
        size = (gsize)(stream - line);
        *stream++ = *state++ = '\0';
        if (sd_journal_send("MESSAGE=%s", line + 3, "PRIORITY=%c", line[1],
                            "SYSLOG_IDENTIFIER=vedette", "STREAM=%s", stream, "STATE=%s", state,
                            NULL) == 0)
            return TRUE;
    }
#endif
    return vdt_lines_write(fd, line, size);
}

void vdt_tell_open(VdtTell *tell)
{
    tell->lines = vdt_lines_new_by(write_told, STDERR_FILENO);
    tell->journal = is_journal(STDERR_FILENO);
#ifdef HAVE_SYSTEMD
    tell->fields = tell->journal && is_socket(STDERR_FILENO);
#endif
}

void vdt_tell_close(VdtTell *tell)
{
    vdt_lines_free(tell->lines, LAST_WORDS);
    tell->lines = NULL;
}

/* @fields are what follows the message, or "". */
static void put(const VdtTell *tell, VdtTellLevel level, const char *fields, const char *format,
                va_list args) G_GNUC_PRINTF(4, 0);
static void put(const VdtTell *tell, VdtTellLevel level, const char *fields, const char *format,
                va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    g_autofree char *masked = vdt_mask(text);
    g_autofree char *valid = g_utf8_make_valid(masked, -1);
    for (char *c = valid; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    vdt_lines_put(tell->lines, tell->journal ? g_strdup_printf("<%d>%s%s", level, valid, fields)
                                             : g_steal_pointer(&valid));
}

void vdt_tell(const VdtTell *tell, VdtTellLevel level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put(tell, level, "", format, args);
    va_end(args);
}

void vdt_tell_state(const VdtTell *tell, VdtTellLevel level, const char *stream, const char *state,
                    const char *format, ...)
{
    va_list args;
    g_autofree char *fields =
        tell->fields ? g_strdup_printf("\n%s\n%s", stream, state) : g_strdup("");
    va_start(args, format);
    put(tell, level, fields, format, args);
    va_end(args);
}

void vdt_tell_problems(const VdtTell *tell, const VdtProblems *problems)
{
    for (guint i = 0; i < problems->list->len; i++) {
        g_autofree char *text = vdt_problem_show(problems->list->pdata[i]);
        vdt_tell(tell, VDT_TELL_ERROR, "%s", text);
    }
    if (problems->n_more > 0)
        vdt_tell(tell, VDT_TELL_ERROR, "and %u more", problems->n_more);
}
