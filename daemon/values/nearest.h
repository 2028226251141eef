/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person may have meant. */
#pragma once

#include <glib.h>

/* "; did you mean latency?" for the name that is nearest to @text, NULL if none is near. Caller
 * frees. */
char *vdt_did_you_mean(const char *text, const char *const *names);
