/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tests of the recorder share: films, encoded in memory; files, played to their end. */
#pragma once

#include "record/clip.h"

#include <gst/video/video.h>

#define FPS  15
/* When the first frame of each film is seen, UTC. */
#define DAWN G_GINT64_CONSTANT(1790000000000000)

/* Time of frame @n, us. */
#define frame_time(n) ((gint64)G_USEC_PER_SEC * (n) / FPS)

/* Encoded video as it leaves a source. */
typedef struct {
    GPtrArray *samples; /* of GstSample, in the order that they are decoded in */
    GArray *pictures;   /* of guint: a hash of each that a decoder makes of it, as they are shown */
} Film;

/* What is in a file. */
typedef struct {
    guint encoded, torn; /* frames; whether the first is no keyframe */
    GArray *pictures;    /* as a film's */
    gint64 first, last;  /* us, times of pictures */
    gint64 duration;     /* us, as it says itself */
    gint width;
} Played;

void fixture_init(int *argc, char ***argv);
/* Runs the tests and takes GStreamer down, so that the leaks tracer reports. */
int fixture_run(void);

/* A film of @frames frames; @encoder are elements that end in what leaves a source. */
Film *film_new(const char *encoder, guint frames);
/* Of another size, and another pattern. */
Film *film_new_of(const char *source, const char *encoder, guint frames);
void film_free(Film *film);
/* Pushes frames from @from up to before @to, of which the first is seen at @dawn. */
void film_push(const Film *film, VdtRing *ring, guint from, guint to, gint64 dawn);

#define PARSE_H264                                                                                 \
    "h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au"
#define PARSE_H265                                                                                 \
    "h265parse config-interval=-1 ! video/x-h265,stream-format=byte-stream,alignment=au"
/* A keyframe each second. */
#define H264                                                                                       \
    "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 option-string=scenecut=0 "     \
    "! " PARSE_H264

VdtRing *ring_new(void);
/* Plays a file to its end; fails the test if that cannot be done. */
void play(Played *played, const char *path);
void played_clear(Played *played);
/* Its pictures are those of the film from @from on. */
void check_pictures(const Played *played, const Film *film, guint from);

/* What a clip told when it was done. */
typedef struct {
    GMutex lock;
    GCond cond;
    /* guarded */
    gboolean is_done;
    char *path;
    VdtClipResult result;
    GError *error;
} Told;

/* A spec of @ring, told to @told, with times in frames. */
VdtClipSpec told_spec(Told *told, VdtRing *ring, const char *stem, int start, int end);
void told_wait(Told *told);
void told_clear(Told *told);

/* An empty folder; and it is removed with all that is in it. */
char *folder_new(void);
void folder_free(char *folder);
/* Names in a folder, those with a dot, too. Caller frees. */
GPtrArray *folder_list(const char *folder);
