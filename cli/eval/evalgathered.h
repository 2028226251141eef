/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette eval ipt --street --gather N: whether it helps a network that restores to be given the
 * mean of a still camera's frames (gather.h), in the picture and where something moves.
 */
#pragma once

#include "evaluation.h"

gboolean eval_gathered(const EvalOptions *o, VdtEngine *engine, GError **error);
