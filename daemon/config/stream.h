/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config.h"

/* A stream out of its file and drop-ins (@inis, of VdtIni). NULL after problems. */
VdtStreamConfig *vdt_stream_config_read(const char *name, GPtrArray *inis, GPtrArray *templates,
                                        VdtProblems *problems);
