/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures that are restored before a network is asked about them: whether that helps it.
 */
#pragma once

#include <vedette/engine.h>

#include "data/clipset.h"

typedef struct _RestoredFirst RestoredFirst;

/* By the card or installed model @model, with the task that its card calls @task; NULL: its usual
 * one. */
RestoredFirst *restored_first_new(const char *model, const char *task, VdtPrecision precision,
                                  GError **error);
void restored_first_free(RestoredFirst *first);
/* Who restores, and what. */
const char *restored_first_get_name(const RestoredFirst *first);
/* Has pictures go through it before they are brought to @format, which it must outlive. */
void restored_first_apply(RestoredFirst *first, ClipFormat *format);
/* FALSE if one of them could not be restored. */
gboolean restored_first_check(RestoredFirst *first, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(RestoredFirst, restored_first_free)
