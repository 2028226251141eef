/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making model cards: from card.json, or from what an architecture says of a variant.
 *
 * A card belongs to whoever made it until an engine takes it; then nobody changes it any more.
 */
#pragma once

#include "model.h"

/* What is known without a file: the architecture's normalisation and the variant's sizes, those of
 * the architecture's first variant if @variant is not one of its own. */
VdtCard *vdt_card_new(const VdtModel *model, const char *variant);
/* *config is the card's "config" (the caller's), or NULL if it has none. */
VdtCard *vdt_card_load(const char *path, JsonObject **config, GError **error);
/* The keys of a card's file that nobody reads, separated by commas; NULL if there are none, or if
 * it does not load. Caller frees. */
char *vdt_card_find_unknown(const VdtCard *card);
void vdt_card_free(VdtCard *card);

/* Class names, one a line, as vdt_lines_load() takes them. */
char **vdt_labels_load(const char *path, GError **error);
gboolean vdt_card_load_labels(VdtCard *card, const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtCard, vdt_card_free)
