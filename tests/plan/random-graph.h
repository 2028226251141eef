/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random valid networks of all ops. */
#pragma once

#include "fixture.h"

/* A network that depends on @seed only. *text describes it, one line for each value; caller
 * frees. */
VdtGraph *random_graph(guint64 seed, char **text);
/* The same over @shift nodes more, which change nothing: a sibling whose nodes have other numbers.
 */
VdtGraph *random_graph_shifted(guint64 seed, guint shift, char **text);
