/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lines.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

struct _VdtLines {
    int fd;
    VdtLinesWrite write;
    GThread *thread;
    GMutex lock;
    GCond cond;
    GQueue waiting; /* guarded, as is what follows */
    guint64 lost;
    gboolean closing, done;
};

static gboolean write_whole(int fd, const char *text, gsize size)
{
    while (size > 0) {
        gssize n = write(fd, text, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return FALSE;
        text += n;
        size -= (gsize)n;
    }
    return TRUE;
}

gboolean vdt_lines_write(int fd, char *line, gsize size)
{
    line[size] = '\n'; /* in one piece, in the place of its end */
    return write_whole(fd, line, size + 1);
}

static char *next(VdtLines *lines)
{
    while (g_queue_is_empty(&lines->waiting) && !lines->closing)
        g_cond_wait(&lines->cond, &lines->lock);
    return g_queue_pop_head(&lines->waiting);
}

static gpointer run(gpointer data)
{
    VdtLines *lines = data;
    char *text;
    sigset_t broken;
    /* who reads may go away: that loses lines, and is not the end of the process */
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken, NULL);
    g_mutex_lock(&lines->lock);
    while ((text = next(lines)) != NULL) {
        g_mutex_unlock(&lines->lock);
        gboolean written = lines->write(lines->fd, text, strlen(text));
        g_free(text);
        g_mutex_lock(&lines->lock);
        lines->lost += !written;
    }
    lines->done = TRUE;
    g_cond_broadcast(&lines->cond);
    g_mutex_unlock(&lines->lock);
    return NULL;
}

VdtLines *vdt_lines_new(int fd)
{
    return vdt_lines_new_by(vdt_lines_write, fd);
}

VdtLines *vdt_lines_new_by(VdtLinesWrite write, int fd)
{
    VdtLines *lines = g_new0(VdtLines, 1);
    lines->fd = fd;
    lines->write = write;
    g_mutex_init(&lines->lock);
    g_cond_init(&lines->cond);
    lines->thread = g_thread_new("vdt-lines", run, lines);
    return lines;
}

void vdt_lines_put(VdtLines *lines, char *line)
{
    g_mutex_lock(&lines->lock);
    gboolean full = lines->waiting.length >= VDT_LINES_MOST;
    if (full)
        lines->lost++;
    else
        g_queue_push_tail(&lines->waiting, line);
    g_cond_broadcast(&lines->cond);
    g_mutex_unlock(&lines->lock);
    if (full)
        g_free(line);
}

guint64 vdt_lines_get_lost(VdtLines *lines)
{
    g_mutex_lock(&lines->lock);
    guint64 lost = lines->lost;
    g_mutex_unlock(&lines->lock);
    return lost;
}

void vdt_lines_free(VdtLines *lines, gint64 limit)
{
    gint64 end = g_get_monotonic_time() + limit;
    g_mutex_lock(&lines->lock);
    lines->closing = TRUE;
    g_cond_broadcast(&lines->cond);
    while (!lines->done && g_cond_wait_until(&lines->cond, &lines->lock, end))
        continue;
    gboolean done = lines->done;
    g_mutex_unlock(&lines->lock);
    if (!done)
        return;
    g_thread_join(lines->thread);
    g_mutex_clear(&lines->lock);
    g_cond_clear(&lines->cond);
    g_free(lines);
}
