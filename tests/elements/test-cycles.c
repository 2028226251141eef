/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pipelines made, played and stopped, again and again: no object, no memory, no thread is left. */
#include "fixture.h"

#define WARM_UP    20
#define MORE_USED  (16 * 1024) /* bytes: the least that a cycle could leave is some hundred */
#define MORE_PAGES (1024 * 1024)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEEPS_MEMORY TRUE /* a sanitizer holds back what was freed */
#else
#define KEEPS_MEMORY FALSE
#endif

static guint n_threads(void)
{
    g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
    guint n = 0;

    while (g_dir_read_name(tasks))
        n++;
    return n;
}

/* The number of threads once those have gone that GLib keeps for a while: when it no longer falls,
 * or has come to @wanted. A thread that has yet to come back to its pool is kept after all, until
 * it is asked again. */
static guint n_threads_left(guint wanted)
{
    guint now = n_threads();

    for (guint still = 0; still < 20 && now > wanted; still++) {
        const guint before = now;

        g_thread_pool_stop_unused_threads();
        g_usleep(50000);
        now = n_threads();
        if (now != before)
            still = 0;
    }
    return now;
}

/* Stopped at the end of the stream, in its middle, before it has begun, or never played. */
static void cycle(guint i)
{
    static const char *const formats[] = {"NV12", "I420", "RGB"};
    static const char *const modes[] = {"exact", "live", "aligned", "live", "exact"};
    g_autofree char *card = fixture_model("tiny/card.json");
    g_autofree char *launch =
        g_strdup_printf("vedette-scenesrc num-buffers=20 is-live=%s ! videoconvert ! "
                        "video/x-raw, format=%s, width=96, height=64, framerate=50/1 ! "
                        "squeezetime-recognizer model=\"%s\" window=0.3 interval=0.04 mode=%s ! "
                        "vedette-overlay ! fakesink sync=%s",
                        i % 7 == 3 ? "true" : "false", formats[i % 3], card, modes[i / 5 % 5],
                        i % 7 == 3 ? "true" : "false");
    g_autoptr(GError) error = NULL;
    GstElement *pipeline = gst_parse_launch(launch, &error);

    g_assert_no_error(error);
    gst_element_set_state(pipeline, i % 5 == 4 ? GST_STATE_PAUSED : GST_STATE_PLAYING);
    if (i % 5 < 2)
        fixture_wait_eos(pipeline);
    else
        g_usleep(i % 5 * i % 11 * 1000);
    if (i % 13 == 12) /* and once more */
        gst_element_set_state(pipeline, GST_STATE_READY);
    if (i % 13 == 12)
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
}

static void test_cycles(void)
{
    const guint n = KEEPS_MEMORY ? 60 : g_getenv("VEDETTE_SOAK") ? 1000 : 200;
    guint threads;
    gsize used = 0, pages = 0;

    for (guint i = 0; i < WARM_UP; i++)
        cycle(i);
    threads = n_threads_left(0);
    for (guint i = WARM_UP; i < n; i++) {
        cycle(i);
        if (i == n / 2) {
            used = fixture_in_use();
            pages = fixture_resident();
        }
    }
    g_assert_cmpuint(n_threads_left(threads), <=, threads);
    g_test_message("%u cycles: %u threads; in use %.3f MB, %.3f after half of them; resident "
                   "%.2f MB, %.2f",
                   n, threads, (double)fixture_in_use() / 1e6, (double)used / 1e6,
                   (double)fixture_resident() / 1e6, (double)pages / 1e6);
    if (KEEPS_MEMORY)
        return;
    g_assert_cmpuint(fixture_in_use(), <, used + MORE_USED);
    g_assert_cmpuint(fixture_resident(), <, pages + MORE_PAGES);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/cycles", test_cycles);
    return fixture_run();
}
