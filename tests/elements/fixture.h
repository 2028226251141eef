/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the element tests share: streams of frames, waiting, messages and metas. */
#pragma once

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

/* Initialises GStreamer and GLib's tests, and registers the elements. */
void fixture_init(int *argc, char ***argv);
/* Runs the tests, then takes GStreamer down, so that the leaks tracer reports. */
int fixture_run(void);

/* Bytes of the heap that are in use, and of the process's memory. Exact where the environment is
 * `heap_env` of meson.build. */
gsize fixture_in_use(void);
gsize fixture_resident(void);

/* Path of a file in the folder of generated models: "tiny/card.json". Caller frees. */
char *fixture_model(const char *name);

/* Makes the numbers of a tensor as large as floats are, in a safetensors file's bytes: eight for
 * the size of the header, that, and numbers. What is no number would be refused. */
void fixture_damage(char *bytes, gsize size, const char *layer, const char *tensor);
/* A copy of one of these, beside it, whose logits are no numbers, since the weights of the layer
 * that gives them are damaged; its card. Caller frees. */
char *fixture_damaged_model(const char *model, const char *layer);

/* Makes a model of the colours of `classes` that says what pictures need: red ones rain, green ones
 * dark, blue ones are clean; its card. Caller frees. */
char *fixture_estimator(void);

/* A harness around @element (taken), a filter or a source, with a bus of its own. */
GstHarness *fixture_harness(GstElement *element);
GstBus *fixture_bus(GstHarness *h);
void fixture_harness_free(GstHarness *h);

/* A gray frame for the harness's caps; PTS may be GST_CLOCK_TIME_NONE. */
GstBuffer *fixture_frame(const char *caps, GstClockTime pts);
/* Pushes @n frames from @from, @step apart, and drops what comes out. */
void fixture_push(GstHarness *h, const char *caps, GstClockTime from, GstClockTime step, guint n);

/* Number of messages of that type on the bus, taken off it; the last one if wanted. */
guint fixture_count(GstBus *bus, GstMessageType type, GstMessage **last);
/* The element messages on the bus, taken off it, as "start one, update one, end one". */
char *fixture_events(GstBus *bus);
/* Text of the next error or warning on the bus, or NULL; with its code. */
char *fixture_error(GstBus *bus, GstMessageType type, int *code);

/* Text of the next warning, once there is one; NULL after 10 seconds. */
char *fixture_wait_warning(GstBus *bus);

/* The meta that @element (NULL for any) left on @buffer, or NULL. */
const GstStructure *fixture_meta(GstBuffer *buffer, const char *element);
/* A field of the element's statistics. */
guint64 fixture_stat(GstElement *element, const char *field);
/* All results of the analyser in the harness were no numbers: that was said, once, and counted, and
 * nothing else was told. */
void fixture_check_no_numbers(GstHarness *h);
/* Waits until a field of the statistics is at least @value, 10 seconds at most. */
void fixture_wait_stat(GstElement *element, const char *field, guint64 value);

/* Waits until the pipeline that plays has come to its end; 30 seconds at most. */
void fixture_wait_eos(GstElement *pipeline);
/* A probe for buffers on a pad of the pipeline's element of that name. */
void fixture_add_probe(GstElement *pipeline, const char *name, const char *pad,
                       GstPadProbeCallback probe, gpointer data);

/* Appends @s, taken, to @array, which is made one of GStreamer's if it is nothing so far. */
void fixture_append(GValue *array, GstStructure *s);
/* A person as the field `objects` of a segmenter's metas has it, seen for a second, at rest, with a
 * path of one place. The caller's. */
GstStructure *fixture_object(guint id, double x, double y, double width, double height);

#define CAPS_SMALL "video/x-raw, format=I420, width=64, height=48, framerate=30/1"
