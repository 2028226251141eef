/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys of what is recorded: of the service, and of a stream. See ../keytable.h. */
#pragma once

#define VDT_RECORDING_KEYS(X)                                                                      \
    X(RETENTION, "retention", DURATION, "1min", "3650d", NULL, "14d", LIVE,                        \
      "How long snapshots and clips are kept.")                                                    \
    X(MAX_SIZE, "max-size", BYTES, "1M", "1024T", NULL, "20G", LIVE,                               \
      "What all of them together may take; the oldest go.")                                        \
    X(MIN_FREE, "min-free", BYTES, "0", "1024T", NULL, "1G", LIVE,                                 \
      "What must be free on their disk; with less nothing more is recorded.")                      \
    X(SNAPSHOT_SIZE, "snapshot-size", INT, "16", "65500", NULL, "1280", LIVE,                      \
      "The longer side of a snapshot, in pixels, at most.")                                        \
    X(SNAPSHOT_QUALITY, "snapshot-quality", INT, "1", "100", NULL, "85", LIVE,                     \
      "How well a snapshot is kept.")                                                              \
    X(MAX_CLIPS, "max-clips", INT, "1", "64", NULL, "8", SERVICE,                                  \
      "Clips that are written at the same time, at most; others wait for their turn.")

#define VDT_RECORD_KEYS(X)                                                                         \
    X(KEEP, "keep", ENUM, NULL, NULL, "nothing snapshots clips", "clips", LIVE,                    \
      "What is kept of an event: nothing, a picture, or a picture and a clip.")                    \
    X(BEFORE, "before", DURATION, "0s", "2min", NULL, "5s", LIVE,                                  \
      "How long before an event its clip begins.")                                                 \
    X(AFTER, "after", DURATION, "0s", "10min", NULL, "5s", LIVE,                                   \
      "How long after an event its clip ends. Events that come until then share it.")              \
    X(MOST, "most", DURATION, "1s", "1h", NULL, "2min", LIVE, "How long a clip may become.")       \
    X(BUFFER, "buffer", BYTES, "1M", "1G", NULL, "16M", LIVE,                                      \
      "Memory for what comes before events. If that is full, clips begin later.")                  \
    X(SOURCE, "source", URI, NULL, NULL, NULL, "", STREAM,                                         \
      "Another source of the same camera, whose pictures are recorded, while those of [stream] "   \
      "are analysed: a camera's large stream, beside its small one.")                              \
    X(CREDENTIAL, "credential", NAME, NULL, NULL, NULL, "", STREAM,                                \
      "Its credential, as in [stream].")                                                           \
    X(SECRET_FILE, "secret-file", PATH, NULL, NULL, NULL, "", STREAM,                              \
      "The file of its user and password, as in [stream].")                                        \
    X(SOURCE_PIPELINE, "source-pipeline", NAME, NULL, NULL, NULL, "", STREAM,                      \
      "Its template, as in [stream].")
