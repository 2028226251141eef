/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of an analyser that its frames and results go by. Plain data. */
#pragma once

#include "enums.h"

G_BEGIN_DECLS

typedef struct {
    VdtAnalyzerMode mode;
    double interval, min_duration, max_delay; /* s */
    gboolean interval_set;                    /* by who uses the element */
    gboolean post_messages;
    VdtEventKinds post_events;
} VdtPace;

#define VDT_PACE_PROPS 6

void vdt_pace_init(VdtPace *pace);
/* Installs VDT_PACE_PROPS properties, with ids from @first on. */
void vdt_pace_install(GObjectClass *klass, guint first);
/* Property @id of those, counted from 0. FALSE if there is none. */
gboolean vdt_pace_set(VdtPace *pace, guint id, const GValue *value);
/* The interval that goes for as long as none was set; 0 for the property's default. */
void vdt_pace_suggest_interval(VdtPace *pace, double interval);
gboolean vdt_pace_get(const VdtPace *pace, guint id, GValue *value);

G_END_DECLS
