/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The models that names stand for. */
#pragma once

#include <vedette/card.h>

typedef struct {
    char *name;         /* by which it is asked for: that of its folder */
    char *folder;       /* with the card in it */
    gboolean installed; /* in a data directory, which packages fill */
    char *shadowed_by;  /* the folder of the model that has this name instead; or NULL */
    VdtCard *card;      /* NULL if it cannot be had */
    char *dtype;        /* of most bytes of the weights; NULL if these cannot be had */
    guint64 bytes;      /* of the weight file; 0 if there is none */
    char *wrong;        /* what it lacks; NULL if it is complete */
} FoundModel;

/* All of them, in the order in which they are searched, names in order within a folder; only those
 * called @name unless that is NULL. Cards are not looked at. */
GPtrArray *found_models(const char *name);
/* Reads its card and weights, and sets what is known of them. */
void found_model_look(FoundModel *model);
