/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What fails beside the frames, by name. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _VdtFaults VdtFaults;

VdtFaults *vdt_faults_new(void);
void vdt_faults_free(VdtFaults *faults);
/* Fails until @until, G_MAXINT64 for until told otherwise; a NULL sentence ends it. TRUE if what
 * describe() says is another thing now. */
gboolean vdt_faults_set(VdtFaults *faults, const char *name, const char *sentence, gint64 until);
/* Ends what is over at @now. TRUE as above. */
gboolean vdt_faults_expire(VdtFaults *faults, gint64 now);
/* All sentences in one, the oldest first; NULL if nothing fails. Caller frees. */
char *vdt_faults_describe(const VdtFaults *faults);

G_END_DECLS
