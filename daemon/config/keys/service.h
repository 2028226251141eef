/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys of vedette.conf. See ../keytable.h. */
#pragma once

#define VDT_SERVICE_KEYS(X)                                                                        \
    X(THREADS, "threads", INT, "0", "64", NULL, "0", SERVICE,                                      \
      "Threads that run networks; 0 for as many as there are CPUs to use.")                        \
    X(MAX_CONNECTS, "max-connects", INT, "1", "256", NULL, "8", LIVE,                              \
      "Sources that are being connected to at the same time, at most; others wait for their "      \
      "turn.")                                                                                     \
    X(MEMORY_LIMIT, "memory-limit", BYTES, "16M", "1024T", NULL, "", LIVE,                         \
      "Memory that all streams together may need, as it is estimated before they start; more is "  \
      "refused. If unset, the limit of the control group, or the machine's memory.")
