/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keytable.h"

#include <string.h>

#define ROW(id, name, type, min, max, choices, unset, reload, doc)                                 \
    {name, {VDT_OPTION_##type, min, max, choices, unset}, VDT_RELOAD_##reload, doc},

static const VdtKey service_keys[] = {VDT_SERVICE_KEYS(ROW)};
static const VdtKey recording_keys[] = {VDT_RECORDING_KEYS(ROW)};
static const VdtKey record_keys[] = {VDT_RECORD_KEYS(ROW)};
static const VdtKey http_keys[] = {VDT_HTTP_KEYS(ROW)};
static const VdtKey mqtt_keys[] = {VDT_MQTT_KEYS(ROW)};
static const VdtKey webhook_keys[] = {VDT_WEBHOOK_KEYS(ROW)};
static const VdtKey file_keys[] = {VDT_FILE_KEYS(ROW)};
static const VdtKey events_keys[] = {VDT_EVENTS_KEYS(ROW)};
static const VdtKey profile_keys[] = {VDT_PROFILE_KEYS(ROW)};
static const VdtKey stream_keys[] = {VDT_STREAM_KEYS(ROW)};
static const VdtKey recognizer_keys[] = {VDT_RECOGNIZER_KEYS(ROW)};
static const VdtKey segmenter_keys[] = {VDT_SEGMENTER_KEYS(ROW)};
static const VdtKey classifier_keys[] = {VDT_CLASSIFIER_KEYS(ROW)};

static const char *const squeezetime[] = {"squeezetime", NULL}, *const cgrseg[] = {"cgrseg", NULL},
                         *const classifiers[] = {"slab", "tocom", NULL};

const VdtGroup vdt_service_groups[] = {
    [VDT_GROUP_SERVICE] = {"service", "The service as a whole.", NULL, NULL, service_keys,
                           VDT_KEY_SERVICE_N_KEYS},
    [VDT_GROUP_RECORDING] = {"recording", "Snapshots and clips of events, of all streams.", NULL,
                             NULL, recording_keys, VDT_KEY_RECORDING_N_KEYS},
    [VDT_GROUP_HTTP] = {"http", "The programming interface, see docs/api.md, and who may use it.",
                        NULL, NULL, http_keys, VDT_KEY_HTTP_N_KEYS},
    [VDT_GROUP_MQTT] = {"mqtt", "A broker that is told what happens.", NULL, NULL, mqtt_keys,
                        VDT_KEY_MQTT_N_KEYS},
    [VDT_GROUP_WEBHOOK] = {"webhook", "A server that is told what happens.", NULL, NULL,
                           webhook_keys, VDT_KEY_WEBHOOK_N_KEYS},
    [VDT_GROUP_FILE] = {"file", "A file that is told what happens.", NULL, NULL, file_keys,
                        VDT_KEY_FILE_N_KEYS},
    [VDT_GROUP_EVENTS] = {"events", "Which events there are, and for how long they are kept.", NULL,
                          NULL, events_keys, VDT_KEY_EVENTS_N_KEYS},
};
const VdtGroup vdt_named_groups[] = {
    [VDT_NAMED_PROFILE] = {"profile",
                           "Who is told of which events, and when. If there is no profile, "
                           "everybody is told of all; if there are some, what none of them lets "
                           "through is kept, and told to nobody.",
                           NULL, NULL, profile_keys, VDT_KEY_PROFILE_N_KEYS},
};
const VdtGroup vdt_stream_group = {
    "stream", "The stream that the file is about.", NULL, NULL, stream_keys, VDT_KEY_STREAM_N_KEYS};
const VdtGroup vdt_record_group = {"record",    "What is recorded of the stream's events.",
                                   NULL,        NULL,
                                   record_keys, VDT_KEY_RECORD_N_KEYS};
const VdtGroup vdt_analyser_groups[] = {
    [VDT_ANALYSER_RECOGNIZER] = {"recognizer", "Names actions: the element squeezetime-recognizer.",
                                 "squeezetime-recognizer", squeezetime, recognizer_keys,
                                 VDT_KEY_RECOGNIZER_N_KEYS, "squeezetime-street"},
    [VDT_ANALYSER_SEGMENTER] = {"segmenter",
                                "Gives a class to every pixel: the element cgrseg-segmenter.",
                                "cgrseg-segmenter", cgrseg, segmenter_keys,
                                VDT_KEY_SEGMENTER_N_KEYS, "cgrseg-street"},
    [VDT_ANALYSER_CLASSIFIER] =
        {"classifier",
         "Says what a picture, parts of it, or objects in it show: the element slab-classifier.",
         "slab-classifier", classifiers, classifier_keys, VDT_KEY_CLASSIFIER_N_KEYS, "slab-scene"},
};
const guint vdt_n_analyser_groups = G_N_ELEMENTS(vdt_analyser_groups);

guint vdt_service_group_find(const char *name)
{
    guint i = 0;
    while (i < VDT_N_SERVICE_GROUPS && strcmp(vdt_service_groups[i].name, name) != 0)
        i++;
    return i;
}

guint vdt_named_group_find(const char *kind)
{
    guint i = 0;
    while (i < VDT_N_NAMED_GROUPS && strcmp(vdt_named_groups[i].name, kind) != 0)
        i++;
    return i;
}

const VdtGroup *vdt_analyser_group_find(const char *kind)
{
    for (guint i = 0; i < vdt_n_analyser_groups; i++)
        if (strcmp(vdt_analyser_groups[i].name, kind) == 0)
            return &vdt_analyser_groups[i];
    return NULL;
}

guint vdt_group_find_key(const VdtGroup *group, const char *key)
{
    for (guint i = 0; i < group->n_keys; i++)
        if (strcmp(group->keys[i].name, key) == 0)
            return i;
    g_assert_not_reached();
}
