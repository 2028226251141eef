/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys of [events] and [profile NAME]. See ../keytable.h. */
#pragma once

#define VDT_EVENTS_KEYS(X)                                                                         \
    X(RETENTION, "retention", DURATION, "1h", "3650d", NULL, "30d", LIVE,                          \
      "How long an event is kept after it ended.")                                                 \
    X(MAX_EVENTS, "max-events", INT, "100", "100000000", NULL, "1000000", LIVE,                    \
      "Events that are kept, at most; of more, the oldest go first.")                              \
    X(MAX_SIZE, "max-size", BYTES, "1M", "1T", NULL, "1G", LIVE,                                   \
      "Size of the database of events, at most; for more, the oldest go first.")                   \
    X(SPOOL_LINES, "spool-lines", INT, "100", "100000000", NULL, "100000", LIVE,                   \
      "Lines that are kept for those who are told of events and cannot be reached, at most.")      \
    X(SPOOL_AGE, "spool-age", DURATION, "1min", "3650d", NULL, "7d", LIVE,                         \
      "How long such a line is kept.")                                                             \
    X(ARM, "arm", ENUM, NULL, NULL, "auto armed disarmed", "auto", LIVE,                           \
      "Whether profiles go by their schedules (auto), hold always, or do not hold: then only "     \
      "profiles with even-disarmed=yes do.")                                                       \
    X(TIMEZONE, "timezone", TIMEZONE, NULL, NULL, NULL, "", LIVE,                                  \
      "The time zone of schedules. If unset, the machine's.")                                      \
    X(LOST_AFTER, "lost-after", DURATION, "0s", "1h", NULL, "10s", LIVE,                           \
      "How long a camera may bring no pictures until that is an event.")                           \
    X(MIN_FREE, "min-free", BYTES, "0", "1024T", NULL, "256M", LIVE,                               \
      "Free space on the disk of the state folder below which that is an event.")                  \
    X(WATCH_VIEW, "watch-view", BOOL, NULL, NULL, NULL, "yes", LIVE,                               \
      "Whether it is an event that a camera is covered or moved.")

#define VDT_PROFILE_KEYS(X)                                                                        \
    X(STREAMS, "streams", LIST, NULL, NULL, NULL, "", LIVE,                                        \
      "Streams whose events are meant. If unset, all, and the service's own.")                     \
    X(TYPES, "types", LIST, NULL, NULL, NULL, "", LIVE,                                            \
      "Types of events that are meant: action, segmentation, system. If unset, all.")              \
    X(LABELS, "labels", STRING, NULL, NULL, NULL, "", LIVE,                                        \
      "Labels that are meant, separated by commas. If unset, all.")                                \
    X(SCHEDULE, "schedule", SCHEDULE, NULL, NULL, NULL, "", LIVE,                                  \
      "When the profile holds. If unset, always.")                                                 \
    X(EVEN_DISARMED, "even-disarmed", BOOL, NULL, NULL, NULL, "no", LIVE,                          \
      "Whether it holds while the service is disarmed, too.")                                      \
    X(TELL, "tell", LIST, NULL, NULL, "mqtt webhook file page none", "mqtt; webhook; file; page",  \
      LIVE, "Who is told of what is meant while the profile holds.")
