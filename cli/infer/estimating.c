/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "estimating.h"

#include <math.h>
#include <string.h>

#include "scores.h"

/* A picture that may need something is left alone: what is restored without need gets worse. */
static const VdtHysteresis careful = {.threshold = 0.6, .hysteresis = 0.2};

static gboolean make_session(Estimating *self, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(self->engine);
    VdtShape input = vdt_engine_get_input_shape(self->engine, 1, card->width, card->height);
    self->session = vdt_engine_new_session(self->engine, &input, error);
    if (self->session == NULL)
        return FALSE;
    const VdtShape *output = &vdt_session_get_output(self->session, 0)->shape;
    if (input.n_dims == 4 && output->n_dims == 2 && output->dims[1] == card->n_labels) {
        self->scores = g_new(double, card->n_labels);
        self->pixels = g_malloc((gsize)3 * card->width * card->height);
        return TRUE;
    }
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL, "%s does not classify pictures", card->name);
    return FALSE;
}

gboolean estimating_init(Estimating *self, const char *model, const char *const *restorations,
                         gboolean film, GError **error)
{
    const VdtEngineOptions options = {.model = model != NULL ? model : ESTIMATING_MODEL};
    const VdtAutoRestoreOptions going = {
        .hysteresis = careful, .begin_after = film ? 2 : 1, .end_after = film ? 3 : 1};
    *self = (Estimating){.engine = vdt_engine_new(&options, error)};
    if (self->engine == NULL) {
        g_prefix_error(error, "what says which task pictures need: ");
        return FALSE;
    }
    return vdt_auto_restore_init(&self->going, &going, vdt_engine_get_card(self->engine),
                                 restorations, error) &&
           make_session(self, error);
}

void estimating_clear(Estimating *self)
{
    g_clear_pointer(&self->session, vdt_session_free);
    g_clear_pointer(&self->engine, vdt_engine_unref);
    g_free(self->scores);
    g_free(self->pixels);
}

gboolean estimating_look(Estimating *self, const VdtPicture *picture, int *restoration,
                         GCancellable *cancellable, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(self->engine);
    VdtPicture seen = {self->pixels, card->width, card->height, (gsize)3 * card->width};
    VdtView view = vdt_view_for_framing(card->framing, picture->width, picture->height, seen.width,
                                        seen.height);
    guint8 margin[3];
    for (guint c = 0; c < 3; c++)
        margin[c] = CLAMP(lrintf(card->mean[c]), 0, 255);
    vdt_picture_resize(picture, &view, margin, &seen);
    vdt_clip_set_frame(vdt_session_get_input(self->session, 0), 0, 0, &seen, card->mean, card->std);
    if (!vdt_session_run(self->session, cancellable, error))
        return FALSE;
    memset(self->scores, 0, card->n_labels * sizeof *self->scores);
    vdt_scores_add(card, vdt_session_get_output(self->session, 0)->data, card->n_labels, 1,
                   self->scores);
    *restoration = vdt_auto_restore_follow(&self->going, self->scores);
    return TRUE;
}
