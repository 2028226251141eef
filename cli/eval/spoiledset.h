/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The street with something that spoils its pictures, and with a network that restores them before
 * another one looks: --spoil and --restore, which say whether that helps.
 */
#pragma once

#include "data/clipset.h"
#include "evaluation.h"

/* FALSE, with G_OPTION_ERROR, if these options do not go with the others. */
gboolean eval_check_spoil(const EvalOptions *o, GError **error);
/*
 * @set, which is taken, as o->spoil and o->restore have it; the same if they are not there. Each
 * item is spoiled as strongly as pairs_strength() says, all pictures of a clip alike. NULL, too, if
 * @set is.
 */
ClipSet *eval_spoil_set(const EvalOptions *o, ClipSet *set, GError **error);
/* Adds what was done to what is printed. */
void eval_add_spoil(const EvalOptions *o, JsonObject *scores);
