/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "question.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <vedette/error.h>

#include "text.h"

#define MOST_BYTES 4096

gboolean question_possible(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* Waits for input; signals are taken by a thread, which triggers @cancellable. */
static gboolean wait_for_input(GCancellable *cancellable)
{
    GPollFD fds[2] = {{.fd = STDIN_FILENO, .events = G_IO_IN}};
    guint n = 1;
    if (cancellable != NULL && g_cancellable_make_pollfd(cancellable, &fds[1]))
        n = 2;
    int ready;
    do
        ready = g_poll(fds, n, -1);
    while (ready < 0 && errno == EINTR);
    if (n == 2)
        g_cancellable_release_fd(cancellable);
    return ready > 0 && !g_cancellable_is_cancelled(cancellable);
}

static char *ask(GCancellable *cancellable, GError **error, const char *text)
{
    char line[MOST_BYTES];
    g_autofree char *shown = printable(text);
    g_printerr("%s ", shown);
    gssize n = wait_for_input(cancellable) ? read(STDIN_FILENO, line, sizeof line - 1) : 0;
    if (n <= 0) {
        g_printerr("\n");
        g_set_error(error, VDT_ERROR, VDT_ERROR_CANCELLED, "there was no answer");
        return NULL;
    }
    line[n] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return g_strdup(g_strstrip(line));
}

char *question_ask(GCancellable *cancellable, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return ask(cancellable, error, text);
}

gboolean question_agree(GCancellable *cancellable, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *whole = g_strconcat(text, " [y/N]", NULL);
    g_autofree char *answer = ask(cancellable, error, whole);
    return answer != NULL &&
           (g_ascii_strcasecmp(answer, "y") == 0 || g_ascii_strcasecmp(answer, "yes") == 0);
}
