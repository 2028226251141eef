/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A configuration, read and found to be right: service, streams, templates. It never changes; a
 * reload makes another one, and what differs is in diff.h. Any thread may hold a reference.
 */
#pragma once

#include "config/keytable.h"
#include "pipeline/template.h"

#define VDT_CONFIG_FOLDER         "/etc/vedette"
#define VDT_CONFIG_MOST_STREAMS   256
#define VDT_CONFIG_MOST_ANALYSERS 8 /* of one stream */

/* [recognizer door]: what an element is called and which properties it has. */
typedef struct {
    const VdtGroup *group;
    char *name;  /* of the element, "recognizer-door"; "recognizer" for a group without a name */
    char *label; /* of the group, "recognizer door" */
    VdtOption *values; /* by VDT_KEY_RECOGNIZER_..., VDT_KEY_SEGMENTER_... */
    char *file;
    guint line;
} VdtAnalyserConfig;

typedef struct {
    gint ref_count;
    char *name, *file;
    VdtOption *values;    /* by VDT_KEY_STREAM_... */
    GPtrArray *analysers; /* of VdtAnalyserConfig */
    VdtTemplate *source, *frames;
    VdtKey *parameter_keys; /* of both templates; borrowed from them */
    VdtOption *parameters;  /* as many */
    guint n_parameters;
    char *user, *password;  /* of the source, or NULL; never shown */
    gboolean secret_unread; /* it is a credential, and this process is given none */
} VdtStreamConfig;

typedef struct {
    gint ref_count;
    char *folder;         /* that it was read from */
    VdtOption *service;   /* by VDT_KEY_SERVICE_... */
    GPtrArray *streams;   /* of VdtStreamConfig, by name */
    GPtrArray *templates; /* of VdtTemplate */
} VdtConfig;

/* Which streams of a configuration a process is about: these, or the name of one alone. */
#define VDT_STREAMS_ALL    NULL
#define VDT_STREAMS_SHARED "" /* all that do not have a process of their own */

/*
 * Reads what @where names: a folder with vedette.conf, streams.d and pipelines.d in it, or a file
 * that stands for vedette.conf, beside streams.d and pipelines.d. NULL if anything is wrong, all of
 * which is then in @problems.
 */
VdtConfig *vdt_config_load(const char *where, VdtProblems *problems);
/* The same, but what could be read is there whatever is wrong with the rest: to find what else is
 * wrong. NULL if there is nothing. Has the @streams that are wanted; for one alone nobody looks at
 * files of others. */
VdtConfig *vdt_config_read(const char *where, const char *streams, VdtProblems *problems);
VdtConfig *vdt_config_ref(VdtConfig *config);
void vdt_config_unref(VdtConfig *config);
const VdtStreamConfig *vdt_config_find(const VdtConfig *config, const char *name);

VdtStreamConfig *vdt_stream_config_ref(VdtStreamConfig *stream);
void vdt_stream_config_unref(VdtStreamConfig *stream);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtConfig, vdt_config_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtStreamConfig, vdt_stream_config_unref)
