/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Figures in Prometheus' text format, version 0.0.4. Counters begin anew with the service, those of
 * analysers with each pipeline, as Prometheus expects of a restart.
 */
#pragma once

#include "request.h"

/* All families. Caller frees. */
char *vdt_metrics_write(const VdtHttpShared *shared);
/* A label's value between quotes: backslash, quote and line end are escaped. */
void vdt_metrics_escape(GString *out, const char *value);
