/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "estimating.h"

#include <math.h>

gboolean estimating_init(Estimating *self, const char *model, const char *const *restorations,
                         gboolean film, GError **error)
{
    const VdtEngineOptions options = {.model = model != NULL ? model : VDT_ESTIMATOR_MODEL};
    g_autoptr(VdtEngine) engine = vdt_engine_new(&options, error);
    *self = (Estimating){NULL};
    if (engine == NULL) {
        g_prefix_error(error, "what says which task pictures need: ");
        return FALSE;
    }
    self->estimator = vdt_estimator_new(engine, restorations, film, error);
    if (self->estimator == NULL)
        return FALSE;
    const VdtCard *card = vdt_estimator_get_card(self->estimator);
    self->pixels = g_malloc((gsize)3 * card->width * card->height);
    return TRUE;
}

void estimating_clear(Estimating *self)
{
    g_clear_pointer(&self->estimator, vdt_estimator_free);
    g_free(self->pixels);
}

gboolean estimating_look(Estimating *self, const VdtPicture *picture, int *restoration,
                         GCancellable *cancellable, GError **error)
{
    const VdtCard *card = vdt_estimator_get_card(self->estimator);
    VdtPicture seen = {self->pixels, card->width, card->height, (gsize)3 * card->width};
    VdtView view = vdt_view_for_framing(card->framing, picture->width, picture->height, seen.width,
                                        seen.height);
    guint8 margin[3];
    for (guint c = 0; c < 3; c++)
        margin[c] = CLAMP(lrintf(card->mean[c]), 0, 255);
    vdt_picture_resize(picture, &view, margin, &seen);
    return vdt_estimator_look(self->estimator, self->pixels, restoration, cancellable, error);
}
