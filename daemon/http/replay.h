/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream that is read from memory and written to somewhere else. */
#pragma once

#include <gio/gio.h>

#define VDT_TYPE_REPLAY (vdt_replay_get_type())
G_DECLARE_FINAL_TYPE(VdtReplay, vdt_replay, VDT, REPLAY, GIOStream)

/* @closed is called once: when it is closed, or goes. */
GIOStream *vdt_replay_new(GBytes *input, GOutputStream *output, GDestroyNotify closed,
                          gpointer data);
