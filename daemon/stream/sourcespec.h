/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which source a stream has. Plain data. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef enum {
    VDT_SOURCE_TCP,
    VDT_SOURCE_UDP,
    VDT_SOURCE_MULTICAST,
} VdtSourceTransport;

/* Makes a bin with a source pad "src" for coded video, floating; in a thread that may wait. */
typedef GstElement *(*VdtSourceBuild)(gpointer data, GError **error);

/* One of uri, launch and build. */
typedef struct {
    const char *uri;    /* rtsp, rtsps, rtspt, http, https or file; no user in it */
    const char *launch; /* elements of gst-launch that end in a pad with video */
    VdtSourceBuild build;
    gpointer build_data; /* a reference each, by these, which may be NULL */
    gpointer (*build_ref)(gpointer data);
    GDestroyNotify build_unref;
    const char *shown; /* how launch and build are called where an address is shown, or NULL */

    const char *user, *password;  /* of uri: both, or NULL */
    VdtSourceTransport transport; /* of uri, RTSP */
    gint64 timeout;               /* of uri: without any data on a connection, in ns */
    guint latency; /* by which frames may come late, in ms; of RTSP for packets too */
} VdtSourceSpec;

/* Whether such a source could be: one of the three, a known scheme, no secrets in the address.
 * G_IO_ERROR_INVALID_ARGUMENT, with a sentence that shows none either. */
gboolean vdt_source_check(const VdtSourceSpec *spec, GError **error);
/* A copy, and its end; passwords are wiped. */
VdtSourceSpec *vdt_source_spec_copy(const VdtSourceSpec *spec);
void vdt_source_spec_free(VdtSourceSpec *spec);
/* The address as it may be shown: without what follows a '?'. Caller frees. */
char *vdt_source_describe(const VdtSourceSpec *spec);
gboolean vdt_source_is_rtsp(const VdtSourceSpec *spec);
/* Whether it comes as fast as it can be read, and has to be slowed down to its own time. */
gboolean vdt_source_is_file(const VdtSourceSpec *spec);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtSourceSpec, vdt_source_spec_free)

G_END_DECLS
