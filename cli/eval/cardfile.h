/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a card's file says of its training, which is not needed to run it.
 */
#pragma once

#include <json-glib/json-glib.h>

typedef struct {
    gint64 seed, validation_seed; /* -1: not stated */
    gint64 world_version;         /* 0: not stated */
} CardRecord;

gboolean card_read_record(const char *path, CardRecord *record, GError **error);
/* Whether the card loads and can be written. */
gboolean card_check_scores(const char *path, GError **error);
/* Sets @table ("scores", "baselines") of the card's training to @scores, which is taken. */
gboolean card_write_scores(const char *path, const char *table, JsonObject *scores, GError **error);
