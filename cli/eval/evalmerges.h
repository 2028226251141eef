/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What merging tokens costs a network, and what it saves: a line for each level. */
#pragma once

#include "evaluation.h"

/* Prints share of right answers, share of tokens that are left, and time of a picture, for each of
 * @o's levels; on the street's pictures, or a folder's. */
gboolean eval_merges(const EvalOptions *o, VdtEngine *engine, GError **error);
