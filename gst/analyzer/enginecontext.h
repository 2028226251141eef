/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where an element's engine comes from: the application, by GstContext, or the process's own. */
#pragma once

#include <gst/gst.h>
#include <vedette/engine.h>

G_BEGIN_DECLS

/* Context that hands in an engine: field "engine", boxed VDT_TYPE_ENGINE. */
#define VDT_ENGINE_CONTEXT "vedette.engine"

/* The engine that @context hands in, the caller's; NULL if it is about something else. */
VdtEngine *vdt_engine_from_context(GstContext *context);

/* Has somebody set @element's context, if anybody can: asks its neighbours, then the bus. */
void vdt_engine_ask(GstElement *element);

/* The model that @name means, as a shell or a file chooser gives it: a name, a path, which may
 * begin with "~/", or a file's URI. The caller's; NULL with @error set for a URI that is no file's.
 */
char *vdt_engine_resolve(const char *name, GError **error);

/*
 * An engine of one of @architectures (NULL-terminated) for @name, see above; NULL or "" for @usual,
 * or, if that is NULL, for the street model of the first architecture. It is @handed, which may be
 * NULL, if that is of such an architecture and
 * @name does not name another one, whatever its precision, else the one that the process shares.
 */
VdtEngine *vdt_engine_find(const char *const *architectures, const char *usual, const char *name,
                           VdtPrecision precision, VdtEngine *handed, GError **error);

/* Posts as an error or a warning of @element what is wrong with its model. */
void vdt_engine_complain(GstElement *element, GstMessageType type, const GError *error);

G_END_DECLS
