/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections that only read, for one caller each at a time. Any thread. */
#pragma once

#include "db.h"
#include "store.h"

typedef struct {
    GMutex lock;
    char *path;
    GQueue idle; /* of VdtDb */
    guint generation;
    gboolean suspect; /* one of them found the database damaged */
} VdtReaders;

void vdt_readers_init(VdtReaders *readers, const char *path);
void vdt_readers_clear(VdtReaders *readers);
/* Another file is there: what is open is not used again. */
void vdt_readers_renew(VdtReaders *readers);
/* NULL after an error. Give it back. */
VdtDb *vdt_readers_take(VdtReaders *readers, GError **error);
void vdt_readers_give(VdtReaders *readers, VdtDb *db);
/* What went wrong with @db. */
void vdt_readers_fail(VdtReaders *readers, const VdtDb *db, GError **error);
/* Whether one found it damaged, since this was asked the last time. */
gboolean vdt_readers_take_suspicion(VdtReaders *readers);
