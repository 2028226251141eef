/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How often something may happen for each of many names: a bucket each, that fills again. Keeps a
 * bounded number of names; one that is forgotten begins anew with a full bucket. One thread.
 */
#pragma once

#include <glib.h>

typedef struct _VdtLimits VdtLimits;

/* @burst at once, then one each @interval us; @most names. */
VdtLimits *vdt_limits_new(guint burst, gint64 interval, guint most);
void vdt_limits_free(VdtLimits *limits);
/* Takes one out of the bucket of @name at @now, in us; FALSE if it is empty. */
gboolean vdt_limits_take(VdtLimits *limits, const char *name, gint64 now);
/* Whether there is one in it, which stays. */
gboolean vdt_limits_check(VdtLimits *limits, const char *name, gint64 now);
guint vdt_limits_count(const VdtLimits *limits);
