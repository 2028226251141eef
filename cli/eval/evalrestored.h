/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette eval, for networks that restore: how near to the true pictures they come. */
#pragma once

#include "evaluation.h"

gboolean eval_restored(const EvalOptions *o, VdtEngine *engine, GError **error);
