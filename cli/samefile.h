/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What would be read and written at once.
 */
#pragma once

#include <gio/gio.h>

/* TRUE unless @output is the regular file that @input names, by whatever path or file URI; @option
 * ("--output") is for the message. Either may be NULL. */
gboolean check_output(const char *option, const char *output, const char *input, GError **error);
/* Whether both paths are, or would be, one file or folder. Devices and pipes may be shared. */
gboolean same_file(const char *a, const char *b);
