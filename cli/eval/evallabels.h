/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often a network that classifies pictures is right. */
#pragma once

#include "evaluation.h"

/* On the street's pictures that are labelled as the network's classes are, question by question. */
gboolean eval_street_labels(const EvalOptions *o, VdtEngine *engine, GError **error);
