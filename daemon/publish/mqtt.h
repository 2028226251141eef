/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events, and how streams are, for a broker of MQTT 3.1.1. docs/publishing.md has the topics.
 *
 * libmosquitto keeps what it is given while the broker is away, without a bound (its issue 2153):
 * so it is given something only while it is connected, no more than a window of what the broker has
 * not acknowledged, and each connection is a client of its own.
 */
#pragma once

#include "board.h"
#include "config/config.h"
#include "sink.h"

/* What it publishes besides events. */
typedef struct {
    VdtBoard *board; /* a reference is taken; call vdt_sink_wake() when it has changed */
    char *(*stats)(gpointer data); /* one line of JSON, which is freed; in the sink's thread */
    gpointer data;
} VdtMqttSources;

/* By [mqtt]; NULL if there is none, or its secret could not be read. */
VdtSink *vdt_mqtt_new(const VdtConfig *config, const VdtSinkOptions *options,
                      const VdtMqttSources *sources);
