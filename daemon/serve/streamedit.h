/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A change of one stream's file: looked at with all the rest of the configuration before anything
 * is written, written in one piece, and taken back. One thread.
 */
#pragma once

#include "http/service.h"

typedef struct _VdtStreamEdit VdtStreamEdit;

/* @act is one of ADD, CHANGE, REMOVE and VALIDATE; for the last, @name may be NULL. */
VdtStreamEdit *vdt_stream_edit_new(const char *where, VdtAct act, const char *name,
                                   const char *text);
/* Of a check that was no success, and of an undo, nothing stays. */
void vdt_stream_edit_free(VdtStreamEdit *edit);
/* 0 if all would be right with it; otherwise a status of HTTP and a sentence, which the caller
 * frees, and what is wrong in @problems. Takes as long as loading the models. */
guint vdt_stream_edit_check(VdtStreamEdit *edit, VdtProblems *problems, char **detail);
guint vdt_stream_edit_apply(VdtStreamEdit *edit, char **detail);
void vdt_stream_edit_undo(VdtStreamEdit *edit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtStreamEdit, vdt_stream_edit_free)
