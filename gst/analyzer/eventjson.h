/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an analyser's message tells of an event, as the fields of a line of JSON, or as that line.
 */
#pragma once

#include <gst/gst.h>

#include "eventline.h"

G_BEGIN_DECLS

/*
 * The fields of an element message that an analyser posted; FALSE for any other message. They
 * borrow from @message and from @stream, the caller's name for the stream. The time is now.
 */
gboolean vdt_event_from_message(GstMessage *message, const char *stream, VdtEventLine *line);

/* The line of such a message, NULL for any other. @time is when it happened, NULL for now. Caller
 * frees. */
char *vdt_event_to_json(GstMessage *message, const char *stream, GDateTime *time);

G_END_DECLS
