/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How each stream is, and whether the service is armed, for whoever publishes that: each change of
 * a stream has a number, so that who was away learns only the newest of each. Any thread.
 */
#pragma once

#include <glib.h>

typedef struct _VdtBoard VdtBoard;

typedef struct {
    guint64 change;                /* rises with each change of any stream */
    gboolean removed;              /* it is no more */
    char *stream, *state, *reason; /* reason: NULL if there is none */
    gint64 time;                   /* UTC, us: since when */
} VdtNotice;

VdtBoard *vdt_board_new(void);
VdtBoard *vdt_board_ref(VdtBoard *board);
void vdt_board_unref(VdtBoard *board);
/* A stream, of which nothing is known yet. */
void vdt_board_add(VdtBoard *board, const char *stream);
/* FALSE if it was so already, or there is no such stream (any more). */
gboolean vdt_board_set(VdtBoard *board, const char *stream, const char *state, const char *reason);
void vdt_board_remove(VdtBoard *board, const char *stream);
gboolean vdt_board_has(VdtBoard *board, const char *stream);
/* Names of those that are not removed. Caller frees. */
GStrv vdt_board_list(VdtBoard *board);
/* The oldest notice whose change is larger than @after; NULL if there is none. Caller frees. */
VdtNotice *vdt_board_next(VdtBoard *board, guint64 after);
void vdt_notice_free(VdtNotice *notice);
/* Constant texts; NULL as long as it is not known. */
void vdt_board_set_arm(VdtBoard *board, const char *arm);
const char *vdt_board_get_arm(VdtBoard *board);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtNotice, vdt_notice_free)
