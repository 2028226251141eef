/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Home Assistant is told of a stream, so that it adds it by itself: a device with three
 * entities. Plain text; any thread.
 */
#pragma once

#include <glib.h>

#define VDT_DISCOVERY_ENTITIES 3

typedef struct {
    const char *prefix; /* of Home Assistant's topics */
    const char *base;   /* of the service's */
} VdtDiscovery;

/* The topic of the @entity-th of @stream. Caller frees. */
char *vdt_discovery_topic(const VdtDiscovery *discovery, const char *stream, guint entity);
/* What is published there, retained. Caller frees. */
char *vdt_discovery_payload(const VdtDiscovery *discovery, const char *stream, guint entity);
/* What the topics of all streams of this service match. Caller frees. */
char *vdt_discovery_filter(const VdtDiscovery *discovery);
