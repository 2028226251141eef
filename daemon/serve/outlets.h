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
#include "serve.h"

typedef struct {
    const VdtTell *tell;
    char *folder; /* that things are kept in; NULL where nothing is */
    VdtLines *lines;
    guint64 lost; /* of these, as it was told */
    VdtHub *hub;
    VdtPolicy *policy;
    VdtSystem *system;
    /* NULL where nothing is kept: */
    VdtStore *store;
    VdtRecords *records;
    VdtPublisher *publisher; /* also of a stream alone */
} VdtOutlets;

/* A stream that runs alone is kept, and not published: there is one client of a broker. FALSE,
 * which was told, if what is in the state folder cannot be used. */
gboolean vdt_outlets_open(VdtOutlets *outlets, VdtConfig *config, const VdtServeOptions *options,
                          const VdtTell *tell);
/* Once streams are gone: what is still open ends. How many threads hang, for which all of it stays;
 * the process is to end then. */
guint vdt_outlets_close(VdtOutlets *outlets);
void vdt_outlets_reload(VdtOutlets *outlets, VdtConfig *config);
/* Arms or disarms the service until the configuration's key changes, and tells that. Any thread;
 * waits for the disk. */
gboolean vdt_outlets_set_arm(VdtOutlets *outlets, VdtArm arm, GError **error);
/* Once a second. */
void vdt_outlets_tick(VdtOutlets *outlets);
