/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals end a command that does not come to the moment in which it looks, too. */
#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interrupt.h"

static const int signals[] = {SIGTERM, SIGHUP, SIGINT};

/* A process that never looks. With @ignored it was started by somebody like nohup; what the test
 * itself was started to ignore, as a shell does with SIGINT for what runs behind it, is not. */
static pid_t start_deaf(int ignored)
{
    int ends[2];
    char byte;
    g_assert_cmpint(pipe(ends), ==, 0);
    pid_t child = fork();
    if (child == 0) {
        for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
            signal(signals[i], signals[i] == ignored ? SIG_IGN : SIG_DFL);
        interrupt_catch();
        _exit(write(ends[1], "", 1) == 1 ? pause() : 1);
    }
    close(ends[1]);
    g_assert_cmpint(read(ends[0], &byte, 1), ==, 1);
    close(ends[0]);
    return child;
}

static void check_end(pid_t child, int status_wanted, double most)
{
    gint64 start = g_get_monotonic_time();
    int status;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, status_wanted);
    g_assert_cmpfloat((double)(g_get_monotonic_time() - start), <, most * G_TIME_SPAN_SECOND);
}

static void test_patience(void)
{
    pid_t children[G_N_ELEMENTS(signals)];
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
        children[i] = start_deaf(0);
        kill(children[i], signals[i]);
    }
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
        check_end(children[i], 128 + signals[i], 10);
}

/* Who asks twice does not wait. */
static void test_twice(void)
{
    pid_t child = start_deaf(0);
    kill(child, SIGHUP);
    g_usleep(200000);
    kill(child, SIGTERM);
    check_end(child, 128 + SIGTERM, 5);
}

static void test_ignored(void)
{
    pid_t child = start_deaf(SIGHUP);
    kill(child, SIGHUP);
    g_usleep(200000);
    kill(child, SIGHUP);
    g_usleep(200000);
    g_assert_cmpint(waitpid(child, NULL, WNOHANG), ==, 0);
    kill(child, SIGTERM);
    g_usleep(200000);
    kill(child, SIGTERM);
    check_end(child, 128 + SIGTERM, 5);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/interrupt/patience", test_patience);
    g_test_add_func("/interrupt/twice", test_twice);
    g_test_add_func("/interrupt/ignored", test_ignored);
    return g_test_run();
}
