/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two pipelines: what stands behind a source, which begins with an entry that never ends, and the
 * one that a source is in, which hands its frames to a feed. Both go by the clock of clock.h.
 */
#pragma once

#include "feed.h"
#include "source.h"

G_BEGIN_DECLS

/* An element with a sink pad "sink" for parsed video. In any thread. */
typedef GstElement *(*VdtStreamBuild)(const char *stream, gpointer data, GError **error);

/* That element from a description as of gst-launch, which begins with what takes the video. */
GstElement *vdt_pipeline_parse(const char *launch, GError **error);

/* Builds it, has it play, and returns it; it may take its time. @latency in ns is what frames are
 * late by when they come. */
GstElement *vdt_pipeline_new(const char *stream, VdtStreamBuild build, gpointer data,
                             gint64 latency, GError **error);
/* Where its frames go in; no reference. */
GstAppSrc *vdt_pipeline_get_entry(GstElement *pipeline);
/* Frames that came to the end of it, at all its sinks together. FALSE if none of them counts. */
gboolean vdt_pipeline_count_output(GstElement *pipeline, guint64 *frames);

/* A pipeline with the source of @spec, whose frames are told to @feed as of @opening, and whose
 * time 0 is @base. Not yet playing. */
GstElement *vdt_pipeline_new_source(const VdtSourceSpec *spec, VdtFeed *feed, guint opening,
                                    gint64 base, GError **error);
/* Has one play. FALSE with the error that it told. */
gboolean vdt_pipeline_play(GstElement *pipeline, GError **error);

G_END_DECLS
