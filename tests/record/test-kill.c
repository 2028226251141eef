/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A recorder that is killed while it writes: every file that has a name is whole, what has none is
 * gone at the next start. */
#include "fixture.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record/snapshot.h"
#include "record/space.h"

#define FRAMES 60
#define GROUP  15

/* What the one who is killed says on its stdout. */
#define READY   '!'
#define CLIP    'c'
#define PICTURE 'p'

/* --- who is killed --- */

typedef struct {
    VdtSpace *space;
    VdtRing *ring;
    VdtRecorder *recorder;
    VdtArtist *artist;
    VdtSnapshots *snapshots;
    guint ids;
} Child;

static void tell(char what)
{
    g_assert_cmpint(write(STDOUT_FILENO, &what, 1), ==, 1);
}

static void tell_snapshot(const VdtSnapshot *snapshot, const GError *error, gpointer data)
{
    g_assert_no_error(error);
    tell(PICTURE);
}

static void tell_clip(const VdtClipResult *result, const GError *error, gpointer data)
{
    g_assert_no_error(error);
    tell(CLIP);
}

/* An event at @time, with all that belongs to it. */
static void record(Child *child, gint64 time)
{
    g_autofree char *id = g_strdup_printf("event-%u", child->ids++);
    g_autoptr(GError) error = NULL;
    g_autofree char *stem = vdt_space_make(child->space, "front", id, time, &error);
    g_autofree char *picture = g_strconcat(stem, ".jpg", NULL);
    const VdtClipSpec spec = {.ring = child->ring,
                              .stem = stem,
                              .start = time,
                              .end = time + frame_time(5),
                              .before = frame_time(10),
                              .after = frame_time(5),
                              .most = 60 * G_USEC_PER_SEC,
                              .done = tell_clip};
    VdtRecording *clip;

    g_assert_no_error(error);
    /* that there are too many at once does not matter */
    clip = vdt_recording_begin(child->recorder, &spec, NULL);
    if (clip)
        vdt_recording_unref(clip);
    vdt_snapshots_take(child->snapshots, picture, &vdt_jpeg_options_default, tell_snapshot, NULL,
                       NULL);
}

static void show_picture(Child *child)
{
    GstVideoInfo info;
    GstBuffer *buffer;

    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, 640, 480);
    buffer = gst_buffer_new_allocate(NULL, info.size, NULL);
    for (gsize i = 0; i < info.size; i += 512)
        gst_buffer_memset(buffer, i, (guint8)g_random_int(), 512);
    vdt_snapshots_put(child->snapshots, buffer, &info, 0);
    gst_buffer_unref(buffer);
}

/* Writes as much as it can until it is killed. */
G_NORETURN static void write_on(const char *folder)
{
    Film *film = film_new(H264, FRAMES);
    g_autoptr(GError) error = NULL;
    Child child = {.space = vdt_space_open(&(VdtSpaceSpec){.folder = folder}, &error),
                   .ring = ring_new(),
                   .recorder = vdt_recorder_new(3, 3),
                   .artist = vdt_artist_new(8)};

    g_assert_no_error(error);
    child.snapshots = vdt_snapshots_new(child.artist);
    show_picture(&child);
    tell(READY);
    for (guint n = 0;; n++) {
        GstSample *sample = film->samples->pdata[n % FRAMES];
        GstBuffer *buffer = gst_buffer_copy(gst_sample_get_buffer(sample));

        GST_BUFFER_PTS(buffer) = (GstClockTime)frame_time(n) * GST_USECOND;
        GST_BUFFER_DTS(buffer) = GST_BUFFER_PTS(buffer);
        vdt_ring_push(child.ring, buffer, gst_sample_get_caps(sample), DAWN + frame_time(n));
        gst_buffer_unref(buffer);
        if (n % 8 == 0)
            record(&child, DAWN + frame_time(n));
        g_usleep(3000);
    }
}

/* --- who looks at what is left --- */

typedef struct {
    Film *film;
    char *folder;
    guint clips, pictures, parts;
} Seen;

static void check_clip(Seen *seen, const char *path)
{
    Played played;
    guint from = 0;

    play(&played, path);
    g_assert_false(played.torn);
    g_assert_cmpuint(played.encoded, ==, played.pictures->len);
    g_assert_cmpuint(played.encoded, >=, 5);
    while (from < FRAMES && g_array_index(played.pictures, guint, 0) !=
                                g_array_index(seen->film->pictures, guint, from))
        from += GROUP;
    g_assert_cmpuint(from, <, FRAMES);
    for (guint i = 0; i < played.pictures->len; i++)
        g_assert_cmphex(g_array_index(played.pictures, guint, i), ==,
                        g_array_index(seen->film->pictures, guint, (from + i) % FRAMES));
    played_clear(&played);
}

static void check_picture(const char *path)
{
    g_autofree char *data = NULL;
    g_autoptr(GError) error = NULL;
    gsize size;

    g_assert_true(g_file_get_contents(path, &data, &size, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(size, >, 1000);
    g_assert_cmpmem(data, 2, "\xff\xd8", 2);
    g_assert_cmpmem(data + size - 2, 2, "\xff\xd9", 2);
}

static void check_files(Seen *seen, const char *folder)
{
    g_autoptr(GPtrArray) names = folder_list(folder);

    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            check_files(seen, path);
        } else if (*name == '.') {
            seen->parts++;
        } else if (g_str_has_suffix(name, ".mp4")) {
            check_clip(seen, path);
            seen->clips++;
        } else {
            g_assert_true(g_str_has_suffix(name, ".jpg"));
            check_picture(path);
            seen->pictures++;
        }
    }
}

/* Until it has written so many, however long that takes it. */
static void wait_for_files(int out, int clips, int pictures)
{
    while (clips > 0 || pictures > 0) {
        char what;
        g_assert_cmpint(read(out, &what, 1), ==, 1);
        clips -= what == CLIP;
        pictures -= what == PICTURE;
    }
}

static void kill_once(Seen *seen)
{
    char *argv[] = {(char *)"/proc/self/exe", (char *)"--write", seen->folder, NULL};
    g_autoptr(GError) error = NULL;
    GPid pid;
    int out, status;
    char ready;

    g_assert_true(g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                           &pid, NULL, &out, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(read(out, &ready, 1), ==, 1);
    wait_for_files(out, g_test_rand_int_range(0, 4), g_test_rand_int_range(0, 4));
    g_usleep((gulong)g_test_rand_int_range(1000, 200000));
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(out);
}

static void test_kill(void)
{
    const guint times = g_getenv("VEDETTE_SOAK") ? 500 : 20;
    Seen seen = {.film = film_new(H264, FRAMES)};

    for (guint i = 0; i < times; i++) {
        g_autoptr(GError) error = NULL;
        guint parts;
        VdtSpace *space;

        seen.folder = folder_new();
        kill_once(&seen);
        check_files(&seen, seen.folder);
        space = vdt_space_open(&(VdtSpaceSpec){.folder = seen.folder}, &error);
        g_assert_no_error(error);
        parts = seen.parts;
        check_files(&seen, seen.folder);
        g_assert_cmpuint(seen.parts, ==, parts);
        vdt_space_free(space);
        folder_free(seen.folder);
    }
    g_test_message("%u clips and %u pictures were whole, %u files unfinished", seen.clips / 2,
                   seen.pictures / 2, seen.parts);
    g_assert_cmpuint(seen.clips, >, times);
    g_assert_cmpuint(seen.pictures, >, times);
    g_assert_cmpuint(seen.parts, >, times / 2);
    film_free(seen.film);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        gst_init(NULL, NULL);
        write_on(argv[2]);
    }
    fixture_init(&argc, &argv);
    g_test_add_func("/kill", test_kill);
    return fixture_run();
}
