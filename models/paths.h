/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where models and shared data lie.
 *
 * Data directories hold models/NAME/card.json and labels/NAME.txt. They are those of
 * VEDETTE_DATA_DIR (separated by colons), then share/vedette beside the library or program that
 * this code is in, so that an installation can be moved, then the one it was configured for.
 */
#pragma once

#include <vedette/error.h>

#define VDT_SYSTEM_MODELS "/var/lib/vedette/models"

/* The folders that vdt_find_card() looks for names in, in that order, whether they are there or
 * not. The first *n_own are people's; behind them are those of the data directories, which packages
 * fill. Caller frees. */
char **vdt_get_model_dirs(guint *n_own);
/* Whether @name can be looked for there: one component of a path, not hidden. */
gboolean vdt_is_model_name(const char *name);

/* The card of @model: a path (of a card or its folder; it has a slash or ends in .json), or a name
 * to look for in VEDETTE_MODEL_PATH, $XDG_DATA_HOME/vedette/models, /var/lib/vedette/models, then
 * the data directories. The error lists the places. Caller frees. */
char *vdt_find_card(const char *model, GError **error);

/* The folders @below, "labels", of the data directories, whether they are there or not, in the
 * order in which they are to be searched. Caller frees. */
char **vdt_get_data_dirs(const char *below);

/* The label file of that name among the data directories, or NULL. Caller frees. */
char *vdt_find_labels(const char *name);
