/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much memory a configuration will need: an estimate, which is meant to be too high rather than
 * too low. Weights are counted once for all streams that share them, everything else for each
 * stream.
 */
#pragma once

#include "config/config.h"

/* Weights that analysers share. */
typedef struct {
    char *label; /* "squeezetime-street bf16" */
    guint64 bytes;
    guint n_users;
} VdtModelNeed;

typedef struct {
    char *stream;
    guint64 sessions; /* what networks compute in, and the pictures that wait for them */
    guint64 frames;   /* decoded and not yet given back, at the expected size */
    guint64 rest;     /* packets on their way, threads, elements */
} VdtStreamNeed;

typedef struct {
    guint64 base;       /* of a service without streams */
    GPtrArray *models;  /* of VdtModelNeed */
    GPtrArray *streams; /* of VdtStreamNeed, as in the configuration */
    guint64 total, limit;
    const char *limited_by; /* "memory-limit", "the control group", "the machine" */
} VdtMemoryNeed;

/* Loads each model once, to see what it takes: that makes this as slow as a start. NULL after
 * problems: models that cannot be had, and memory that is not there. */
VdtMemoryNeed *vdt_memory_estimate(const VdtConfig *config, VdtProblems *problems);
void vdt_memory_need_free(VdtMemoryNeed *need);
guint64 vdt_stream_need_total(const VdtStreamNeed *need);

/* The lowest memory.max of control group @group (as /proc/self/cgroup has it) and those above it,
 * under @root, usually /sys/fs/cgroup; 0 for none. */
guint64 vdt_cgroup_memory_limit(const char *root, const char *group);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtMemoryNeed, vdt_memory_need_free)
