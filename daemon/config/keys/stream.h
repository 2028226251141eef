/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys of a stream. See ../keytable.h. */
#pragma once

#define VDT_STREAM_KEYS(X)                                                                         \
    X(SOURCE, "source", URI, NULL, NULL, NULL, NULL, STREAM,                                       \
      "Where the pictures come from. User and password may stand in it only if nobody but the "    \
      "file's owner can read the file; better name a credential.")                                 \
    X(CREDENTIAL, "credential", NAME, NULL, NULL, NULL, "", STREAM,                                \
      "The systemd credential, as of LoadCredential=, that holds user and password of the "        \
      "source, as USER:PASSWORD in one line.")                                                     \
    X(SECRET_FILE, "secret-file", PATH, NULL, NULL, NULL, "", STREAM,                              \
      "A file that holds user and password of the source in the same way. It belongs to root or "  \
      "to the service's user, and nobody else can read it.")                                       \
    X(SOURCE_PIPELINE, "source-pipeline", NAME, NULL, NULL, NULL, "", STREAM,                      \
      "The template that brings the pictures. If unset, the one whose schemes have the "           \
      "source's.")                                                                                 \
    X(PIPELINE, "pipeline", NAME, NULL, NULL, NULL, "analyse", STREAM,                             \
      "The template that decodes the pictures and hands them to the analysers.")                   \
    X(ISOLATED, "isolated", BOOL, NULL, NULL, NULL, "no", STREAM,                                  \
      "Whether the stream has a process of its own: vedette serve does not run it, but shows and " \
      "tells what vedette serve --stream NAME, as vedette@NAME.service has it, makes of it.")      \
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
