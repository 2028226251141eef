/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often a network that classifies pictures is right. */
#pragma once

#include "evaluation.h"

/* On the street's pictures that are labelled as the network's classes are, or, if it answers
 * several questions, on a folder's; question by question. */
gboolean eval_labels(const EvalOptions *o, VdtEngine *engine, GError **error);
