/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The folder of what is recorded: STREAM/YYYY-MM-DD/ID.SUFFIX, by the day, in UTC, that an event
 * began on; what is kept there, and for how long. Whatever else lies there is neither counted nor
 * touched, and links are not followed. Any thread, one sweep at a time; all of it may wait for the
 * disk.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _VdtSpace VdtSpace;

typedef struct {
    const char *folder; /* made if it is not there */
    guint64 least_free; /* bytes on its disk, below which nothing new is taken; 0 for any */
    gint64 most_age;    /* us, since a file was written; 0 for any */
    guint64 most_bytes; /* of all files together; 0 for any */
    /* Once when the disk has less than that, and once when it has a tenth more again; from whoever
     * looked. May be NULL. */
    void (*low)(gboolean is_low, guint64 free_bytes, gpointer data);
    /* After a sweep deleted a file, "STREAM/YYYY-MM-DD/ID.SUFFIX". May be NULL. */
    void (*gone)(const char *file, gpointer data);
    gpointer data;
} VdtSpaceSpec;

typedef struct {
    guint files; /* that are left */
    guint64 bytes;
    guint gone;
    guint64 gone_bytes;
} VdtSpaceSwept;

/* Takes the folder for itself, and removes what a process that was killed left unfinished. NULL
 * with a sentence, G_IO_ERROR; BUSY if another process has it. */
VdtSpace *vdt_space_open(const VdtSpaceSpec *spec, GError **error);
void vdt_space_free(VdtSpace *space);
/* Other limits, from the next look on; folder, functions and data stay. */
void vdt_space_set_limits(VdtSpace *space, const VdtSpaceSpec *spec);

/* The path, without suffix, for a file of an event that began at @utc, us; its folder is there
 * then. NULL with G_IO_ERROR: INVALID_FILENAME for names that are no names (letters, digits, -, _
 * and ., beginning with one of the first two, up to 200), NO_SPACE if the disk has too little.
 * Caller frees. */
char *vdt_space_make(VdtSpace *space, const char *stream, const char *id, gint64 utc,
                     GError **error);
/* Looks how much is free; TRUE if it is enough. */
gboolean vdt_space_check(VdtSpace *space, GError **error);
/* Deletes what is too old by @now (UTC, us), and then, oldest first, what is too much. FALSE with
 * the first error if something could not be deleted; the rest is. @swept may be NULL. */
gboolean vdt_space_sweep(VdtSpace *space, gint64 now, VdtSpaceSwept *swept, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtSpace, vdt_space_free)

G_END_DECLS
