/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A camera as a stream of the service. */
#pragma once

#include "device.h"

/* A name for its file in streams.d, none of @taken, to which it is added. Caller frees. */
char *snippet_name(const Camera *camera, GHashTable *taken);
/* The file. @device, or NULL, says which addresses its streams have; @secret, or NULL, is the file
 * with user and password. Caller frees. */
char *snippet_text(const Camera *camera, const Device *device, const char *secret);
