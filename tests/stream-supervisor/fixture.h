/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tests of streams share: cameras in processes of their own, streams, and what was seen of
 * them. Waits are long enough for a busy machine, and no longer than what they wait for takes. */
#pragma once

#include "stream/clock.h"
#include "stream/supervisor.h"

#include "peers.h"

/* A stream, and what came into its pipeline; any thread sees it. */
typedef struct {
    VdtStream *stream;
    const char *launch; /* of what stands behind; an element named "tap" is where frames are seen */
    gint builds;        /* atomic */
    gint fails;         /* atomic: this many times building it fails */
    gint deaf; /* atomic: its pipeline drops what follows, if 1 up to the next connection */
    gint done; /* atomic: nothing is called back any more */
    char *uri;

    GMutex lock;
    /* guarded */
    guint states[VDT_N_STREAM_STATES]; /* how often it was in each */
    GString *told;                     /* all reasons, a line each */
    guint messages;
    guint64 coded; /* frames that came out of the source */
    gint64 coded_last;
    gboolean coded_back; /* one whose time was before the others' */
    guint64 frames, breaks;
    guint torn; /* breaks that do not begin with a keyframe: what a connection lost */
    GstClockTime last, widest; /* PTS, and the widest step between two without a break */
    gboolean back;             /* a time that was not after the one before */
    GstCaps *caps;             /* of the newest frame */
    guint64 decoded;           /* pictures that came out of the decoder */
    int width;                 /* of the newest one */
} Seen;

void fixture_init(int *argc, char ***argv);
/* Runs the tests, waits for threads that hung, and takes GStreamer down, so that the leaks tracer
 * reports. */
int fixture_run(void);
/* Waits until no thread of a supervisor is left. */
void fixture_wait_threads(void);
/* Called where a pipeline is built, if set. */
extern void (*fixture_in_build)(void);

/* A film of a second in H.264, with pictures in another order than they are coded in. */
void fixture_film(const char *path, const char *muxer);
/* Times that a test can wait for. */
VdtStreamTimes fixture_times(void);
VdtSupervisor *fixture_supervisor(void);
/* Adds and starts a stream of the peer's camera, or, for NULL, of the elements @source. */
void seen_init(Seen *seen, VdtSupervisor *supervisor, const char *name, const Peer *peer,
               const char *source, const char *launch);
/* The same, of anything. The name and build of @spec are set here. */
void seen_init_spec(Seen *seen, VdtSupervisor *supervisor, const char *name, VdtStreamSpec *spec,
                    const char *launch);
void seen_clear(Seen *seen);

/* Parsed video, as it leaves a source. */
#define CODED                                                                                      \
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=64,height=48,framerate=15/1 ! "    \
    "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=5 ! h264parse ! "                 \
    "capsfilter caps=video/x-h264,stream-format=byte-stream,alignment=au"
#define DECODE "avdec_h264 name=tap ! fakesink sync=false name=sink"

/* Waits until it is in that state; how often it has been in it. */
void wait_state(Seen *seen, VdtStreamState state);
guint count_state(Seen *seen, VdtStreamState state);
/* Waits until it has been in it @n times. */
void wait_state_count(Seen *seen, VdtStreamState state, guint n);
/* Waits for @n more frames in the pipeline, or pictures out of its decoder. */
void wait_frames(Seen *seen, guint n);
void wait_pictures(Seen *seen, guint n);
guint64 get_connects(Seen *seen);
guint get_hanging(Seen *seen);
/* Whether a reason had this in it. */
gboolean was_told(Seen *seen, const char *text);
/* Frames came one after the other, without a gap, since the beginning. */
void check_untouched(Seen *seen, GstElement *pipeline);
/* Times only ever went on. */
void check_times(Seen *seen);

/* The stream that a test is about, and one that all is well with. */
typedef struct {
    VdtSupervisor *supervisor;
    Peer peer, good_peer; /* of cameras only */
    Seen seen, good;
    GstElement *good_pipeline;
    gboolean of_cameras;
} Pair;

/* With a good stream of elements; the test begins its own. */
void pair_init(Pair *pair);
/* With a good camera, and a peer for the test's; @options NULL: that does not serve yet. */
void pair_init_cameras(Pair *pair, const char *options);
/* Begins the test's stream of its peer, too. */
void pair_begin_cameras(Pair *pair, const char *options);
/* The good stream was not touched; stops the supervisor, which leaves @hanging threads. How long
 * that took, in s. */
double pair_stop(Pair *pair, guint hanging);
/* After stop, and once nothing need hang any more. */
void pair_clear(Pair *pair);
/* Both, if nothing hangs. */
void pair_end(Pair *pair);

/* Waits for what can be asked again and again, a minute at most. */
#define wait_until(condition)                                                                      \
    for (gint64 end = 0; !(condition);)                                                            \
    fixture_wait(&end, __FILE__, __LINE__, G_STRFUNC, #condition)

void fixture_wait(gint64 *end, const char *file, int line, const char *function,
                  const char *condition);
