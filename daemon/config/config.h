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
#define VDT_CONFIG_MOST_ANALYSERS 8  /* of one stream */
#define VDT_CONFIG_MOST_NAMED     32 /* groups with names in vedette.conf */

/* [recognizer door]: what an element is called and which properties it has. */
typedef struct {
    const VdtGroup *group;
    char *name;  /* of the element, "recognizer-door"; "recognizer" for a group without a name */
    char *label; /* of the group, "recognizer door" */
    VdtOption *values; /* by VDT_KEY_RECOGNIZER_..., VDT_KEY_SEGMENTER_... */
    char *file;
    guint line;
} VdtAnalyserConfig;

typedef struct _VdtStreamConfig VdtStreamConfig;
struct _VdtStreamConfig {
    gint ref_count;
    char *name, *file;
    VdtOption *values; /* by VDT_KEY_STREAM_... */
    VdtOption *record; /* by VDT_KEY_RECORD_... */
    /* The source that is recorded, if that is another one: values, source, parameters and secret of
     * it; no analysers. */
    VdtStreamConfig *recorded;
    GPtrArray *analysers; /* of VdtAnalyserConfig */
    VdtTemplate *source, *frames;
    VdtKey *parameter_keys; /* of both templates; borrowed from them */
    VdtOption *parameters;  /* as many */
    guint n_parameters;
    char *user, *password;  /* of the source, or NULL; never shown */
    gboolean secret_unread; /* it is a credential, and this process is given none */
};

/* What a group's credential or secret-file holds; never shown. */
typedef struct {
    char *user;      /* NULL if it is one secret */
    char *password;  /* NULL if there is none */
    gboolean unread; /* it is a credential, and this process is given none */
} VdtSecret;

/* [profile night] */
typedef struct {
    guint group;       /* VDT_NAMED_... */
    char *name;        /* "night" */
    char *label;       /* "profile night" */
    VdtOption *values; /* by VDT_KEY_PROFILE_... */
    char *file;
    guint line;
} VdtNamedConfig;

typedef struct {
    gint ref_count;
    char *folder; /* that it was read from */
    /* by VDT_GROUP_..., then VDT_KEY_GROUP_... */
    VdtOption *settings[VDT_N_SERVICE_GROUPS];
    VdtSecret secrets[VDT_N_SERVICE_GROUPS]; /* of groups that have one */
    GPtrArray *named;                        /* of VdtNamedConfig, by group, then name */
    GPtrArray *streams;                      /* of VdtStreamConfig, by name */
    GPtrArray *isolated;  /* too: those that VDT_STREAMS_SHARED leaves to their own processes */
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
/* Borrowed. */
const VdtOption *vdt_config_get(const VdtConfig *config, guint group, guint key);
VdtConfig *vdt_config_ref(VdtConfig *config);
void vdt_config_unref(VdtConfig *config);
const VdtStreamConfig *vdt_config_find(const VdtConfig *config, const char *name);

/* Whether it is a classifier of what a segmenter finds; and which segmenter that is, the one of the
 * same name, else the first; NULL if there is none, or for other analysers. */
gboolean vdt_analyser_takes_boxes(const VdtAnalyserConfig *analyser);
const VdtAnalyserConfig *vdt_analyser_before(const VdtStreamConfig *stream,
                                             const VdtAnalyserConfig *analyser);
/* The model that it is to have: what its group names, or what is meant if that names none. */
const char *vdt_analyser_model(const VdtAnalyserConfig *analyser);

VdtStreamConfig *vdt_stream_config_ref(VdtStreamConfig *stream);
void vdt_stream_config_unref(VdtStreamConfig *stream);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtConfig, vdt_config_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtStreamConfig, vdt_stream_config_unref)
