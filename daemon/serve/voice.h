/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is told of a stream: its states, what its analysers find, and how its camera is. All
 * of it in the supervisor's thread.
 */
#pragma once

#include "outlets.h"
#include "stream/stream.h"

/* Tells the state, unless it says the same as *@said, which it replaces. */
void vdt_voice_tell_state(const VdtTell *tell, const char *name, const VdtStreamInfo *info,
                          char **said);

typedef struct {
    VdtOutlets *outlets; /* outlives it */
    char *stream, *said;
    guint64 builds; /* whose events are open */
    gboolean away;
} VdtVoice;

void vdt_voice_init(VdtVoice *voice, VdtOutlets *outlets, const char *stream);
void vdt_voice_clear(VdtVoice *voice);
void vdt_voice_changed(VdtVoice *voice, VdtStream *stream);
void vdt_voice_message(VdtVoice *voice, VdtStream *stream, GstMessage *message);
/* It is the last that is heard of the stream. */
void vdt_voice_end(VdtVoice *voice);
