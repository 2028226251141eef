/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hub, and what it hands out: "start a; end a:stopped". */
#pragma once

#include "events/hub.h"

typedef struct {
    VdtHub *hub;
    GPtrArray *events; /* of VdtEvent, since the last look */
} Heard;

void heard_open(Heard *heard);
/* Ends the hub, if it still is there. */
void heard_close(Heard *heard);
/* What was handed out since the last look: phase, id, and the audience if not everybody. */
void heard_expect(Heard *heard, const char *expected);
/* By what, label, stream and reason, as the system's own events are told apart. */
void heard_expect_system(Heard *heard, const char *expected);

/* An event of an analyser of stream "front". */
VdtEvent *fixture_event(const char *phase, const char *id);
