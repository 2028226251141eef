/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette eval, for networks that give a class to each pixel. */
#pragma once

#include "evaluation.h"

gboolean eval_maps(const EvalOptions *o, VdtEngine *engine, GError **error);
