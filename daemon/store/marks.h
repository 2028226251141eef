/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far readers of the journal have come, in memory and in the database. The caller locks, where
 * nothing else is said. */
#pragma once

#include "db.h"

typedef struct {
    GHashTable *all; /* reader to Mark */
} VdtMarks;

void vdt_marks_init(VdtMarks *marks);
void vdt_marks_clear(VdtMarks *marks);
/* What the database has is added to what is there. */
int vdt_marks_load(VdtMarks *marks, VdtDb *db);
/* A reader that is new is at @last. */
guint64 vdt_marks_get(VdtMarks *marks, const char *reader, guint64 last);
void vdt_marks_set(VdtMarks *marks, const char *reader, guint64 seq);
void vdt_marks_forget(VdtMarks *marks, const char *reader);
guint64 vdt_marks_get_lost(VdtMarks *marks, const char *reader);
/* The journal begins at @first: what was before is lost to those who are not that far. */
void vdt_marks_trim(VdtMarks *marks, guint64 first);
/* All are to be written again, into a new database. */
void vdt_marks_touch(VdtMarks *marks);
gboolean vdt_marks_are_dirty(const VdtMarks *marks);

/* What is to be written, as a copy of its own that needs no lock; NULL if there is nothing. */
typedef struct _VdtMarksChange VdtMarksChange;
VdtMarksChange *vdt_marks_take(VdtMarks *marks);
int vdt_marks_write(const VdtMarksChange *change, VdtDb *db);
/* It is on disk, or it has to be tried again. Frees @change, which may be NULL. */
void vdt_marks_done(VdtMarks *marks, VdtMarksChange *change, gboolean written);
