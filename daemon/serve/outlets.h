/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where events go: on standard output, into the store, to those who are told of them; what is
 * recorded of them; and what the system itself tells.
 */
#pragma once

#include "events/system.h"
#include "policy.h"
#include "publish/publisher.h"
#include "records.h"

typedef struct {
    const VdtTell *tell;
    VdtLines *lines;
    guint64 lost; /* of these, as it was told */
    VdtHub *hub;
    VdtPolicy *policy;
    VdtSystem *system;
    /* All of them NULL where nothing is kept: */
    VdtStore *store;
    VdtRecords *records;
    VdtPublisher *publisher;
} VdtOutlets;

/* @state is a folder, or NULL for systemd's, if there is one. FALSE, which was told, if what is
 * there cannot be used. */
gboolean vdt_outlets_open(VdtOutlets *outlets, VdtConfig *config, const char *state,
                          const VdtTell *tell);
/* Once streams are gone: what is still open ends. How many threads hang, for which all of it stays;
 * the process is to end then. */
guint vdt_outlets_close(VdtOutlets *outlets);
void vdt_outlets_reload(VdtOutlets *outlets, VdtConfig *config);
/* Once a second. */
void vdt_outlets_tick(VdtOutlets *outlets);
