/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the database is made of, and how an older one becomes that. */
#pragma once

#include "db.h"

#define VDT_SCHEMA_VERSION 3

typedef enum {
    VDT_SCHEMA_READY,
    VDT_SCHEMA_NEWER,   /* a newer Vedette wrote it */
    VDT_SCHEMA_DAMAGED, /* it is none of ours, or broken */
    VDT_SCHEMA_FAILED,  /* not now: the disk is full, another process has it locked */
} VdtSchemaState;

/* Sets @db, which writes, in @folder, up, and brings it to this version, in one transaction or,
 * once
 * @db that is not ready is freed, not at all. *@why says why it is not; to free. */
VdtSchemaState vdt_schema_prepare(VdtDb *db, const char *folder, char **why);
