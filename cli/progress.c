/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "progress.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "text.h"

#define TERMINAL_INTERVAL (G_USEC_PER_SEC / 5)
#define PLAIN_INTERVAL    (30 * G_USEC_PER_SEC)
/* Of a terminal that does not say how wide it is. */
#define USUAL_COLUMNS     80
/* The rate is that of about so long. */
#define MEMORY            (10.0 * G_USEC_PER_SEC)

struct _Progress {
    GMutex lock;
    gboolean terminal;
    gboolean line_open; /* on the terminal, to be written over */
    const char *doing, *unit;
    guint64 begun_with, done, total;
    gint64 begun, shown;
    /* for the rate */
    gint64 measured;
    guint64 measured_at;
    double rate; /* units per second; 0: not known yet */
    char *text;
};

Progress *progress_new(void)
{
    Progress *progress = g_new0(Progress, 1);
    g_mutex_init(&progress->lock);
    progress->terminal = isatty(STDERR_FILENO);
    return progress;
}

static void clear_line(Progress *progress)
{
    if (progress->line_open)
        g_printerr("\r\033[K");
    progress->line_open = FALSE;
}

void progress_free(Progress *progress)
{
    if (progress == NULL)
        return;
    clear_line(progress);
    g_mutex_clear(&progress->lock);
    g_free(progress->text);
    g_free(progress);
}

void progress_begin(Progress *progress, const char *doing, const char *unit, guint64 done,
                    guint64 total)
{
    g_mutex_lock(&progress->lock);
    clear_line(progress);
    progress->doing = doing;
    progress->unit = unit;
    progress->begun_with = progress->done = progress->measured_at = done;
    progress->total = total;
    progress->begun = progress->shown = progress->measured = g_get_monotonic_time();
    progress->rate = 0;
    g_clear_pointer(&progress->text, g_free);
    g_mutex_unlock(&progress->lock);
}

/* Follows changes of speed, but not every hiccup. */
static void measure(Progress *progress, gint64 now)
{
    double elapsed = now - progress->measured;
    if (elapsed < TERMINAL_INTERVAL || progress->done == progress->measured_at)
        return;
    double rate = (progress->done - progress->measured_at) * (double)G_USEC_PER_SEC / elapsed;
    double weight = progress->rate == 0 ? 1 : elapsed / (elapsed + MEMORY);
    progress->rate += weight * (rate - progress->rate);
    progress->measured = now;
    progress->measured_at = progress->done;
}

static void append_time(GString *line, double seconds)
{
    if (seconds >= 3600)
        g_string_append_printf(line, "%d h %02d min", (int)(seconds / 3600),
                               (int)(seconds / 60) % 60);
    else if (seconds >= 60)
        g_string_append_printf(line, "%d min %02d s", (int)(seconds / 60), (int)seconds % 60);
    else
        g_string_append_printf(line, "%d s", (int)seconds);
}

/* Of the terminal, which may have been resized. A line that is longer goes on in the next one, and
 * is not written over. */
static guint get_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        return size.ws_col;
    return USUAL_COLUMNS;
}

static void show(Progress *progress, gint64 now)
{
    measure(progress, now);
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_append_printf(line, "%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " %s (%d %%)",
                           progress->doing, progress->done, progress->total, progress->unit,
                           progress->total > 0 ? (int)(100 * progress->done / progress->total)
                                               : 100);
    if (progress->text != NULL)
        g_string_append_printf(line, ", %s", progress->text);
    if (progress->rate > 0) {
        g_string_append_printf(line, ", %.3g/s, ", progress->rate);
        append_time(line, (progress->total - progress->done) / progress->rate);
        g_string_append(line, " left");
    }
    g_autofree char *shown = progress->terminal ? text_cut(line->str, get_columns() - 1) : NULL;
    if (progress->terminal)
        g_printerr("\r%s\033[K", shown);
    else
        g_printerr("%s\n", line->str);
    progress->line_open = progress->terminal;
    progress->shown = now;
}

static void show_if_due(Progress *progress)
{
    gint64 now = g_get_monotonic_time();
    if (now - progress->shown >= (progress->terminal ? TERMINAL_INTERVAL : PLAIN_INTERVAL))
        show(progress, now);
}

void progress_update(Progress *progress, guint64 done, const char *text)
{
    g_mutex_lock(&progress->lock);
    progress->done = done;
    if (text != NULL) {
        g_free(progress->text);
        progress->text = g_strdup(text);
    }
    show_if_due(progress);
    g_mutex_unlock(&progress->lock);
}

void progress_count(Progress *progress)
{
    g_mutex_lock(&progress->lock);
    progress->done++;
    show_if_due(progress);
    g_mutex_unlock(&progress->lock);
}

void progress_end(Progress *progress)
{
    g_mutex_lock(&progress->lock);
    clear_line(progress);
    double seconds = (g_get_monotonic_time() - progress->begun) / (double)G_USEC_PER_SEC;
    guint64 n = progress->done - progress->begun_with;
    if (seconds >= 1 && n > 0) {
        g_autoptr(GString) line = g_string_new(NULL);
        g_string_append_printf(line, "%s: %" G_GUINT64_FORMAT " %s in ", progress->doing, n,
                               progress->unit);
        append_time(line, seconds);
        g_printerr("%s, %.3g/s\n", line->str, n / seconds);
    }
    g_mutex_unlock(&progress->lock);
}

void progress_say(Progress *progress, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_mutex_lock(&progress->lock);
    clear_line(progress);
    g_printerr("%s\n", text);
    g_mutex_unlock(&progress->lock);
}
