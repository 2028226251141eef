/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every key of the configuration, once: a row here is the key in files, in the manual page, in the
 * sample, in --check-config, and its number VDT_KEY_GROUP_NAME in the code. A row says number,
 * name, type, min, max, choices, what it is if nobody says, what a change takes, and a sentence.
 *
 * A key is here only if something honours it. Keys of analysers are called as the properties of
 * their elements are, and have the same limits; tests/daemon/ compares them.
 */
#pragma once

#include "values/keys.h"

#define VDT_SERVICE_KEYS(X)                                                                        \
    X(THREADS, "threads", INT, "0", "64", NULL, "0", SERVICE,                                      \
      "Threads that run networks; 0 for as many as there are CPUs to use.")                        \
    X(MAX_CONNECTS, "max-connects", INT, "1", "256", NULL, "8", LIVE,                              \
      "Sources that are being connected to at the same time, at most; others wait for their "      \
      "turn.")                                                                                     \
    X(MEMORY_LIMIT, "memory-limit", BYTES, "16M", "1024T", NULL, "", LIVE,                         \
      "Memory that all streams together may need, as it is estimated before they start; more is "  \
      "refused. If unset, the limit of the control group, or the machine's memory.")

#define VDT_STREAM_KEYS(X)                                                                         \
    X(SOURCE, "source", URI, NULL, NULL, NULL, NULL, STREAM,                                       \
      "Where the pictures come from. User and password may stand in it only if nobody but the "    \
      "file's owner can read the file; better name a credential.")                                 \
    X(CREDENTIAL, "credential", NAME, NULL, NULL, NULL, "", STREAM,                                \
      "The systemd credential that holds user and password of the source, as USER:PASSWORD in "    \
      "one line: a file in /etc/vedette/credentials, or one that LoadCredential= names.")          \
    X(SECRET_FILE, "secret-file", PATH, NULL, NULL, NULL, "", STREAM,                              \
      "A file that holds user and password of the source in the same way. It belongs to root or "  \
      "to the service's user, and nobody else can read it.")                                       \
    X(SOURCE_PIPELINE, "source-pipeline", NAME, NULL, NULL, NULL, "", STREAM,                      \
      "The template that brings the pictures. If unset, the one whose schemes have the "           \
      "source's.")                                                                                 \
    X(PIPELINE, "pipeline", NAME, NULL, NULL, NULL, "analyse", STREAM,                             \
      "The template that decodes the pictures and hands them to the analysers.")                   \
    X(ISOLATED, "isolated", BOOL, NULL, NULL, NULL, "no", STREAM,                                  \
      "Whether the stream has a process of its own: vedette serve leaves it out, and "             \
      "vedette serve --stream NAME, as vedette@NAME.service has it, runs nothing else.")           \
    X(EXPECTED_SIZE, "expected-size", SIZE, NULL, NULL, NULL, "1920x1080", LIVE,                   \
      "The size of the pictures, which the estimate of memory goes by; another size works, too.")  \
    X(FIRST_FRAME_TIMEOUT, "first-frame-timeout", DURATION, "1s", "10min", NULL, "10s", LIVE,      \
      "How long it may take from connecting to the first picture.")                                \
    X(STALL_TIMEOUT, "stall-timeout", DURATION, "500ms", "10min", NULL, "3s", LIVE,                \
      "How long pictures may stay away until the stream counts as stalled.")                       \
    X(STALL_PATIENCE, "stall-patience", DURATION, "0s", "10min", NULL, "4s", LIVE,                 \
      "How long a stalled stream may take to go on before its source is connected to anew.")       \
    X(BACKOFF_MIN, "backoff-min", DURATION, "100ms", "1h", NULL, "500ms", LIVE,                    \
      "The longest pause after a first failed attempt; each further one doubles it.")              \
    X(BACKOFF_MAX, "backoff-max", DURATION, "100ms", "1d", NULL, "10s", LIVE,                      \
      "The longest pause between two attempts.")

#define VDT_RECOGNIZER_KEYS(X)                                                                     \
    X(MODEL, "model", MODEL, NULL, NULL, NULL, "", LIVE,                                           \
      "Name of an installed model, or path of a model card. If unset, the street model.")          \
    X(PRECISION, "precision", ENUM, NULL, NULL, "f32 bf16 int8", "f32", LIVE,                      \
      "Arithmetic of the network.")                                                                \
    X(INTERVAL, "interval", DURATION, "0s", "1h", NULL, "1s", LIVE,                                \
      "Time between two results; 0 for one for each new picture.")                                 \
    X(WINDOW, "window", DURATION, "0s", "1h", NULL, "0s", LIVE,                                    \
      "Time from the first to the last picture that the network sees; 0 for the model's own.")     \
    X(THRESHOLD, "threshold", FLOAT, "0", "1", NULL, "0.5", LIVE,                                  \
      "Score from which the best label starts an event.")                                          \
    X(HYSTERESIS, "hysteresis", FLOAT, "0", "1", NULL, "0.2", LIVE,                                \
      "How far below the threshold, or behind a better label, the score may fall before the "      \
      "event ends.")                                                                               \
    X(MIN_DURATION, "min-duration", DURATION, "0s", "1h", NULL, "0s", LIVE,                        \
      "Time that the same must be found for before an event starts, and be missing for before it " \
      "ends.")                                                                                     \
    X(TOP_K, "top-k", INT, "1", "1000", NULL, "5", LIVE, "Labels in a result, the best first.")    \
    X(FRAMING, "framing", ENUM, NULL, NULL, "model stretch crop fit", "model", LIVE,               \
      "How a picture is brought to the network's size.")                                           \
    X(REGION, "region", REGION, NULL, NULL, NULL, "", LIVE,                                        \
      "The part of the picture to look at. If unset, all of it.")

#define VDT_SEGMENTER_KEYS(X)                                                                      \
    X(MODEL, "model", MODEL, NULL, NULL, NULL, "", LIVE,                                           \
      "Name of an installed model, or path of a model card. If unset, the street model.")          \
    X(PRECISION, "precision", ENUM, NULL, NULL, "f32 bf16 int8", "f32", LIVE,                      \
      "Arithmetic of the network.")                                                                \
    X(RESOLUTION, "resolution", SIZE, NULL, NULL, NULL, "", LIVE,                                  \
      "Size of the network's picture. If unset, the model's own.")                                 \
    X(INTERVAL, "interval", DURATION, "0s", "1h", NULL, "1s", LIVE,                                \
      "Time between two results; 0 for one for each new picture.")                                 \
    X(MIN_DURATION, "min-duration", DURATION, "0s", "1h", NULL, "0s", LIVE,                        \
      "Time that a class must be in a zone for before it has come, and out of it before it has "   \
      "left.")                                                                                     \
    X(CLASSES, "classes", STRING, NULL, NULL, NULL, "", LIVE,                                      \
      "Labels or numbers of the classes to report, separated by commas. If unset, all.")           \
    X(MIN_AREA, "min-area", FLOAT, "0", "1", NULL, "0", LIVE,                                      \
      "Share of the picture from which a class is reported.")                                      \
    X(SMOOTHING, "smoothing", FLOAT, "0", "0.99", NULL, "0", LIVE,                                 \
      "How much of a result is what was found before.")                                            \
    X(ZONES, "zones", ZONES, NULL, NULL, NULL, "", LIVE,                                           \
      "Parts of the picture that classes come into and leave, in shares of it.")                   \
    X(ZONE_SHARE, "zone-share", FLOAT, "0.000001", "1", NULL, "0.05", LIVE,                        \
      "Share of a zone from which a class is in it.")                                              \
    X(ZONE_HYSTERESIS, "zone-hysteresis", FLOAT, "0", "1", NULL, "0.5", LIVE,                      \
      "How much of zone-share a class may lose until it has left.")                                \
    X(FRAMING, "framing", ENUM, NULL, NULL, "model stretch crop fit", "model", LIVE,               \
      "How a picture is brought to the network's size.")                                           \
    X(REGION, "region", REGION, NULL, NULL, NULL, "", LIVE,                                        \
      "The part of the picture to look at. If unset, all of it.")

#define VDT_SERVICE_NUMBER(id, ...)    VDT_KEY_SERVICE_##id,
#define VDT_STREAM_NUMBER(id, ...)     VDT_KEY_STREAM_##id,
#define VDT_RECOGNIZER_NUMBER(id, ...) VDT_KEY_RECOGNIZER_##id,
#define VDT_SEGMENTER_NUMBER(id, ...)  VDT_KEY_SEGMENTER_##id,
enum { VDT_SERVICE_KEYS(VDT_SERVICE_NUMBER) VDT_KEY_SERVICE_N_KEYS };
enum { VDT_STREAM_KEYS(VDT_STREAM_NUMBER) VDT_KEY_STREAM_N_KEYS };
enum { VDT_RECOGNIZER_KEYS(VDT_RECOGNIZER_NUMBER) VDT_KEY_RECOGNIZER_N_KEYS };
enum { VDT_SEGMENTER_KEYS(VDT_SEGMENTER_NUMBER) VDT_KEY_SEGMENTER_N_KEYS };

/* A group that files may have. */
typedef struct {
    const char *name;
    const char *doc;
    const char *factory;      /* of the element, for an analyser; NULL for others */
    const char *architecture; /* of its models, as factory */
    const VdtKey *keys;
    guint n_keys;
} VdtGroup;

extern const VdtGroup vdt_service_group, vdt_stream_group;
/* A stream may have any number of each: [recognizer], [recognizer door]. */
extern const VdtGroup vdt_analyser_groups[];
extern const guint vdt_n_analyser_groups;
#define VDT_PARAMETERS_GROUP "parameters"

/* The number of a key that the group has. */
guint vdt_group_find_key(const VdtGroup *group, const char *key);
/* The group of that kind, NULL if there is none. */
const VdtGroup *vdt_analyser_group_find(const char *kind);
