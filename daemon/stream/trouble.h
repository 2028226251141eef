/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an error of a source is: which event of the table, and how it is said. */
#pragma once

#include <glib.h>

#include "states.h"

G_BEGIN_DECLS

/* By the error's domain and code: REFUSED, AUTH, UNTRUSTED, NOT_FOUND, UNSUPPORTED or LOST. */
VdtStreamEvent vdt_trouble_classify(const GError *error);
/* A sentence for an operator, without addresses or secrets; of @error, which may be NULL, it has
 * the message. Caller frees. */
char *vdt_trouble_describe(VdtStreamEvent event, const GError *error);

G_END_DECLS
