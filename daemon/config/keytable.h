/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every key of the configuration, once: a row in keys/ is the key in files, in the manual page, in
 * the sample, in --check-config, and its number VDT_KEY_GROUP_NAME in the code. A row says number,
 * name, type, min, max, choices, what it is if nobody says, what a change takes, and a sentence.
 *
 * A key is here only if something honours it. Keys of analysers are called as the properties of
 * their elements are, and have the same limits; tests/daemon/ compares them.
 */
#pragma once

#include "keys/analysers.h"
#include "keys/events.h"
#include "keys/http.h"
#include "keys/publish.h"
#include "keys/record.h"
#include "keys/service.h"
#include "keys/stream.h"
#include "values/keys.h"

#define VDT_SERVICE_NUMBER(id, ...)    VDT_KEY_SERVICE_##id,
#define VDT_RECORDING_NUMBER(id, ...)  VDT_KEY_RECORDING_##id,
#define VDT_RECORD_NUMBER(id, ...)     VDT_KEY_RECORD_##id,
#define VDT_HTTP_NUMBER(id, ...)       VDT_KEY_HTTP_##id,
#define VDT_EVENTS_NUMBER(id, ...)     VDT_KEY_EVENTS_##id,
#define VDT_PROFILE_NUMBER(id, ...)    VDT_KEY_PROFILE_##id,
#define VDT_STREAM_NUMBER(id, ...)     VDT_KEY_STREAM_##id,
#define VDT_MQTT_NUMBER(id, ...)       VDT_KEY_MQTT_##id,
#define VDT_WEBHOOK_NUMBER(id, ...)    VDT_KEY_WEBHOOK_##id,
#define VDT_FILE_NUMBER(id, ...)       VDT_KEY_FILE_##id,
#define VDT_RECOGNIZER_NUMBER(id, ...) VDT_KEY_RECOGNIZER_##id,
#define VDT_SEGMENTER_NUMBER(id, ...)  VDT_KEY_SEGMENTER_##id,
#define VDT_CLASSIFIER_NUMBER(id, ...) VDT_KEY_CLASSIFIER_##id,
enum { VDT_SERVICE_KEYS(VDT_SERVICE_NUMBER) VDT_KEY_SERVICE_N_KEYS };
enum { VDT_RECORDING_KEYS(VDT_RECORDING_NUMBER) VDT_KEY_RECORDING_N_KEYS };
enum { VDT_RECORD_KEYS(VDT_RECORD_NUMBER) VDT_KEY_RECORD_N_KEYS };
enum { VDT_HTTP_KEYS(VDT_HTTP_NUMBER) VDT_KEY_HTTP_N_KEYS };
enum { VDT_EVENTS_KEYS(VDT_EVENTS_NUMBER) VDT_KEY_EVENTS_N_KEYS };
enum { VDT_PROFILE_KEYS(VDT_PROFILE_NUMBER) VDT_KEY_PROFILE_N_KEYS };
enum { VDT_STREAM_KEYS(VDT_STREAM_NUMBER) VDT_KEY_STREAM_N_KEYS };
enum { VDT_MQTT_KEYS(VDT_MQTT_NUMBER) VDT_KEY_MQTT_N_KEYS };
enum { VDT_WEBHOOK_KEYS(VDT_WEBHOOK_NUMBER) VDT_KEY_WEBHOOK_N_KEYS };
enum { VDT_FILE_KEYS(VDT_FILE_NUMBER) VDT_KEY_FILE_N_KEYS };
enum { VDT_RECOGNIZER_KEYS(VDT_RECOGNIZER_NUMBER) VDT_KEY_RECOGNIZER_N_KEYS };
enum { VDT_SEGMENTER_KEYS(VDT_SEGMENTER_NUMBER) VDT_KEY_SEGMENTER_N_KEYS };
enum { VDT_CLASSIFIER_KEYS(VDT_CLASSIFIER_NUMBER) VDT_KEY_CLASSIFIER_N_KEYS };

/* A group that files may have. */
typedef struct {
    const char *name;
    const char *doc;
    const char *factory;              /* of the element, for an analyser; NULL for others */
    const char *const *architectures; /* of its models, as factory; NULL-terminated */
    const VdtKey *keys;
    guint n_keys;
    const char *usual; /* the model that is meant if none is named, as factory */
} VdtGroup;

/* Groups of vedette.conf. */
enum {
    VDT_GROUP_SERVICE,
    VDT_GROUP_HTTP,
    VDT_GROUP_EVENTS,
    VDT_GROUP_RECORDING,
    VDT_GROUP_MQTT,
    VDT_GROUP_WEBHOOK,
    VDT_GROUP_FILE,
    VDT_N_SERVICE_GROUPS
};
extern const VdtGroup vdt_service_groups[VDT_N_SERVICE_GROUPS];
/* Of these it may have any number, told apart by a name: [profile night]. */
enum { VDT_NAMED_PROFILE, VDT_N_NAMED_GROUPS };
extern const VdtGroup vdt_named_groups[VDT_N_NAMED_GROUPS];
extern const VdtGroup vdt_stream_group, vdt_record_group;
/* A stream may have any number of each: [recognizer], [recognizer door]. */
enum { VDT_ANALYSER_RECOGNIZER, VDT_ANALYSER_SEGMENTER, VDT_ANALYSER_CLASSIFIER };
extern const VdtGroup vdt_analyser_groups[];
extern const guint vdt_n_analyser_groups;
#define VDT_PARAMETERS_GROUP "parameters"

/* The number of a key that the group has. */
guint vdt_group_find_key(const VdtGroup *group, const char *key);
/* The group of vedette.conf that is called so; VDT_N_SERVICE_GROUPS if there is none. */
guint vdt_service_group_find(const char *name);
/* The number of the one that is called so before its name; VDT_N_NAMED_GROUPS if there is none. */
guint vdt_named_group_find(const char *kind);
/* The group of that kind, NULL if there is none. */
const VdtGroup *vdt_analyser_group_find(const char *kind);
