/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What two configurations have not in common.
 */
#pragma once

#include "config.h"

typedef enum {
    VDT_CHANGE_ADDED,
    VDT_CHANGE_REMOVED,
    VDT_CHANGE_CHANGED,
    VDT_CHANGE_SAME
} VdtChange;
const char *vdt_change_name(VdtChange change);

typedef struct {
    char *stream; /* NULL for the service */
    VdtChange change;
    VdtReload reload; /* of CHANGED: the most that one of its keys takes */
    GStrv keys;       /* of CHANGED: "stream.source", "recognizer door.threshold", "[segmenter]" */
} VdtDifference;

/* Keys of the service, "service.threads", that differ and take a restart; empty if there are none.
 * Caller frees. */
GStrv vdt_config_diff_restart(const VdtConfig *running, const VdtConfig *now);
/* One VdtDifference for the service, then one for each stream of either, by name; those with
 * processes of their own first: one that is moved has two. */
GPtrArray *vdt_config_diff(const VdtConfig *before, const VdtConfig *after);
