/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "estimator.h"

#include <string.h>

#include "preprocess.h"
#include "scores.h"

/* A picture that may need something is left alone: what is restored without need gets worse. */
static const VdtHysteresis careful = {.threshold = 0.6, .hysteresis = 0.2};

struct _VdtEstimator {
    VdtEngine *engine;
    VdtSession *session;
    VdtAutoRestore answers;
    double *scores;
};

void vdt_estimator_free(VdtEstimator *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->session, vdt_session_free);
    g_clear_pointer(&self->engine, vdt_engine_unref);
    g_free(self->scores);
    g_free(self);
}

static gboolean make_session(VdtEstimator *self, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(self->engine);
    VdtShape input = vdt_engine_get_input_shape(self->engine, 1, card->width, card->height);
    self->session = vdt_engine_new_session(self->engine, &input, error);
    if (self->session == NULL)
        return FALSE;
    const VdtShape *output = &vdt_session_get_output(self->session, 0)->shape;
    if (input.n_dims == 4 && output->n_dims == 2 && output->dims[1] == card->n_labels) {
        self->scores = g_new(double, card->n_labels);
        return TRUE;
    }
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                "%s: the network (%s) does not classify pictures into the card's %u labels",
                card->path != NULL ? card->path : card->name, card->variant, card->n_labels);
    return FALSE;
}

VdtEstimator *vdt_estimator_new(VdtEngine *engine, const char *const *restorations, gboolean stream,
                                GError **error)
{
    const VdtAutoRestoreOptions options = {
        .hysteresis = careful, .begin_after = stream ? 2 : 1, .end_after = stream ? 3 : 1};
    g_autoptr(VdtEstimator) self = g_new0(VdtEstimator, 1);
    self->engine = vdt_engine_ref(engine);
    if (!vdt_auto_restore_init(&self->answers, &options, vdt_engine_get_card(engine), restorations,
                               error) ||
        !make_session(self, error))
        return NULL;
    return g_steal_pointer(&self);
}

const VdtCard *vdt_estimator_get_card(const VdtEstimator *self)
{
    return vdt_engine_get_card(self->engine);
}

const VdtAutoRestore *vdt_estimator_get_answers(const VdtEstimator *self)
{
    return &self->answers;
}

gboolean vdt_estimator_look(VdtEstimator *self, guint8 *picture, int *restoration,
                            GCancellable *cancellable, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(self->engine);
    const VdtPicture seen = {picture, card->width, card->height, (gsize)3 * card->width};
    vdt_clip_set_frame(vdt_session_get_input(self->session, 0), 0, 0, &seen, card->mean, card->std);
    if (!vdt_session_run(self->session, cancellable, error))
        return FALSE;
    memset(self->scores, 0, card->n_labels * sizeof *self->scores);
    vdt_scores_add(card, vdt_session_get_output(self->session, 0)->data, card->n_labels, 1,
                   self->scores);
    *restoration = vdt_auto_restore_follow(&self->answers, self->scores);
    return TRUE;
}

void vdt_estimator_reset(VdtEstimator *self)
{
    vdt_auto_restore_reset(&self->answers);
}
