/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Half an hour with 16 cameras away, of which half refuse and half are silent: nothing grows. */
#include <gio/gio.h>

#include "fixture.h"

#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#define N      16
#define SETTLE (5 * 60) /* s; until all has been needed once */
#define SOAK   (30 * 60)

typedef struct {
    guint threads, files;
    double mib;
} Usage;

static guint count_entries(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint n = 0;

    while (g_dir_read_name(dir))
        n++;
    return n;
}

static Usage get_usage(void)
{
    g_autofree char *text = NULL;
    Usage usage;
    g_auto(GStrv) pages = NULL;

    malloc_trim(0);
    g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
    pages = g_strsplit(text, " ", -1);
    usage.mib = (double)g_ascii_strtoull(pages[1], NULL, 10) * (double)sysconf(_SC_PAGESIZE) /
                (1024 * 1024);
    usage.threads = count_entries("/proc/self/task");
    usage.files = count_entries("/proc/self/fd");
    return usage;
}

/* What is under way comes and goes: the least of a minute counts. */
static Usage least_usage(void)
{
    Usage least = get_usage();

    for (guint i = 0; i < 60; i++) {
        const Usage usage = get_usage();

        least.threads = MIN(least.threads, usage.threads);
        least.files = MIN(least.files, usage.files);
        least.mib = MIN(least.mib, usage.mib);
        g_usleep(G_USEC_PER_SEC);
    }
    return least;
}

static guint64 count_connects(Seen *seen)
{
    guint64 n = 0;

    for (guint i = 0; i < N; i++)
        n += get_connects(&seen[i]);
    return n;
}

static void test_away(void)
{
    VdtSupervisor *supervisor;
    Peer peers[N];
    Seen seen[N];
    Usage before, after;

    if (!g_getenv("VEDETTE_SOAK")) {
        g_test_skip("half an hour: with VEDETTE_SOAK");
        return;
    }
    supervisor = fixture_supervisor();
    for (guint i = 0; i < N; i++) {
        g_autofree char *name = g_strdup_printf("camera-%u", i);
        g_autofree char *uri = NULL;
        VdtStreamSpec spec = {.times = vdt_stream_times_default};

        peer_init(&peers[i]);
        if (i % 2) /* accepted by the kernel, and never looked at */
            g_assert_cmpint(listen(peers[i].socket, 1000), ==, 0);
        uri = g_strdup_printf("rtsp://127.0.0.1:%u/camera", peers[i].port);
        spec.source = (VdtSourceSpec){.uri = uri, .latency = 100, .timeout = 5 * VDT_SECOND};
        seen_init_spec(&seen[i], supervisor, name, &spec, DECODE);
    }
    g_usleep(SETTLE * G_USEC_PER_SEC);
    before = least_usage();
    g_test_message("after %d min: %u threads, %u files, %.1f MiB, %" G_GUINT64_FORMAT " attempts",
                   SETTLE / 60, before.threads, before.files, before.mib, count_connects(seen));
    g_usleep((SOAK - SETTLE) * G_USEC_PER_SEC);
    after = least_usage();
    g_test_message("after %d min: %u threads, %u files, %.1f MiB, %" G_GUINT64_FORMAT " attempts",
                   SOAK / 60, after.threads, after.files, after.mib, count_connects(seen));
    /* how many attempts are under way is chance */
    g_assert_cmpuint(after.threads, <=, before.threads + N);
    g_assert_cmpuint(after.files, <=, before.files + 4 * N);
    g_assert_cmpfloat(after.mib, <, before.mib + 4);
    g_assert_cmpuint(vdt_supervisor_free(supervisor), ==, 0);
    for (guint i = 0; i < N; i++) {
        seen_clear(&seen[i]);
        peer_clear(&peers[i]);
    }
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/soak/away", test_away);
    return fixture_run();
}
