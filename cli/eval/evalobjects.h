/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Evaluation of objects: whether they keep their numbers, cross lines and stay in zones as what is
 * on the street does. */
#pragma once

#include "evaluation.h"

gboolean eval_objects(const EvalOptions *o, VdtEngine *engine, GError **error);
