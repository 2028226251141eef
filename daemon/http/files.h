/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of data/ that are part of the program. */
#pragma once

#include <gio/gio.h>

/* NULL if there is no such file. Caller unrefs. */
GBytes *vdt_http_file(const char *name);
