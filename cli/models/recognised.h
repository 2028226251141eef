/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which network a weight file is for, and the card that says so. */
#pragma once

#include "model.h"

typedef struct {
    const VdtModel *model;
    JsonObject *config;
    char *variant;
    gboolean published;          /* the variant has a configuration of its own */
    guint width, height, frames; /* of its input */
    gint64 classes;              /* 0 for a network without a head */
} Recognised;

void recognised_clear(Recognised *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Recognised, recognised_clear)

/* As an engine does it; @architecture and @variant, unless NULL, override what is seen. A @width of
 * 0 is the usual size. */
gboolean recognised_from(Recognised *r, VdtWeights *weights, const char *architecture,
                         const char *variant, guint width, guint height, GError **error);

/* Class names that the variant's data set has, as a path; NULL if there are none. Caller frees. */
char *recognised_published_labels(const Recognised *r);
/* What @weights say of themselves under one of @keys (NULL-terminated); NULL if nothing. */
const char *recognised_metadata(const VdtWeights *weights, const char *const *keys);
/* Class names that @weights carry, one a line; NULL if there are none. Caller frees. */
char *recognised_own_labels(const VdtWeights *weights);

/* What a card says that is not in the weights. */
typedef struct {
    const char *name, *title, *weights, *sha256, *licence, *origin;
    gboolean labels; /* labels.txt is beside it */
} CardTexts;
/* A whole card.json. Caller frees. */
char *recognised_card(const Recognised *r, const CardTexts *texts);
