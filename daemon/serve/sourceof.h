/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the supervisor is told of a configured source. */
#pragma once

#include "config/config.h"
#include "stream/stream.h"

/* Borrows from @config, and *@shown, which the caller frees. */
VdtSourceSpec vdt_source_of(VdtStreamConfig *config, char **shown);
VdtStreamTimes vdt_times_of(const VdtStreamConfig *config);
/* Whether both are the same source, with the same secret. */
gboolean vdt_source_is_same(const VdtStreamConfig *a, const VdtStreamConfig *b);
