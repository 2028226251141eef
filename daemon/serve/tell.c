/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tell.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "values/mask.h"

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

void vdt_tell_open(VdtTell *tell)
{
    tell->lines = vdt_lines_new(STDERR_FILENO);
    tell->journal = is_journal(STDERR_FILENO);
}

void vdt_tell_close(VdtTell *tell)
{
    vdt_lines_free(tell->lines, LAST_WORDS);
    tell->lines = NULL;
}

void vdt_tell(const VdtTell *tell, VdtTellLevel level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *masked = vdt_mask(text);
    g_autofree char *valid = g_utf8_make_valid(masked, -1);
    for (char *c = valid; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    vdt_lines_put(tell->lines, tell->journal ? g_strdup_printf("<%d>%s", level, valid)
                                             : g_steal_pointer(&valid));
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
