/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys that a group may have, as a table, and values for them out of files.
 */
#pragma once

#include "ini.h"
#include "option.h"

/* What it takes until a change has effect; the larger one is the more disruptive. */
typedef enum {
    VDT_RELOAD_LIVE,    /* nothing */
    VDT_RELOAD_STREAM,  /* the stream is built anew */
    VDT_RELOAD_SERVICE, /* the service must be restarted */
} VdtReload;
const char *vdt_reload_name(VdtReload reload);

typedef struct {
    const char *name;
    VdtOptionSpec spec;
    VdtReload reload;
    const char *doc; /* sentences */
} VdtKey;

/* A key as files set it: the one that was read last counts. Borrowed. */
typedef struct {
    const char *file;
    const VdtIniEntry *entry;
} VdtSetting;

/* One group out of one or more files. */
typedef struct {
    char *name;
    const char *file; /* where it was first */
    guint line;
    GArray *settings; /* of VdtSetting */
} VdtSettings;

/* The groups of @inis, in the order in which they come first; later files win. Borrows from @inis.
 * A GPtrArray of VdtSettings. */
GPtrArray *vdt_settings_merge(GPtrArray *inis);
void vdt_settings_free(VdtSettings *settings);
const VdtSetting *vdt_settings_find(const VdtSettings *settings, const char *key);
VdtSite vdt_setting_site(const VdtSettings *settings, const VdtSetting *setting);

/* A value for each of @n keys. @settings may be NULL, if the group is nowhere: @where is what is
 * then said to lack a key. Keys that @keys has not are a problem, too. Free with
 * vdt_options_free().
 */
VdtOption *vdt_keys_parse(const VdtKey *keys, guint n, const VdtSettings *settings,
                          const VdtSite *where, VdtProblems *problems);
void vdt_options_free(VdtOption *values, guint n);
