/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config.h"

/* What no row of a table can say of [mqtt], [webhook] and [file], after their keys were read out of
 * @inis, of VdtIni; and their secrets. */
void vdt_config_read_publish(VdtConfig *config, const GPtrArray *inis, VdtProblems *problems);
