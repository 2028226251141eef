/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection that writes, and the file that it writes to: opened, set aside, opened again. One
 * thread at a time. */
#pragma once

#include "db.h"
#include "marks.h"
#include "store.h"

typedef struct {
    const VdtStoreOptions *options;
    char *folder, *path;
    VdtDb *db;           /* NULL while it cannot be opened */
    int lock;            /* that no other process has */
    gboolean ended_open; /* what the last process left */
    gboolean damaged;    /* one was set aside */
    guint generation;    /* rises with each other file */
    guint64 first, last; /* of the journal */
    guint64 n_events;
    char *trouble; /* why it could not be written the last time; NULL if it could */
} VdtWriter;

/* FALSE if it never will be; what may be better later is @trouble. */
gboolean vdt_writer_open(VdtWriter *writer, const char *folder, const VdtStoreOptions *options,
                         GError **error);
void vdt_writer_close(VdtWriter *writer);
/* All of it or, with @trouble, nothing; *@refused is how many of @ops (VdtOp) the database will
 * never take. */
gboolean vdt_writer_write(VdtWriter *writer, const GPtrArray *ops, const VdtMarksChange *marks,
                          guint *refused);
/* A step; whether there is more to do. */
gboolean vdt_writer_trim(VdtWriter *writer, const VdtStoreLimits *limits);
/* Looks whether the file is still in its place. */
void vdt_writer_check_place(VdtWriter *writer);
/* Looks whether it is damaged all through, and sets it aside if it is. */
void vdt_writer_check_health(VdtWriter *writer);
