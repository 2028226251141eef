/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "estimator.h"

#include <string.h>

#include "analyzer/enginecontext.h"
#include "preprocess.h"
#include "scores.h"

/* A picture that may need something is left alone: what is restored without need gets worse. */
static const VdtAutoRestoreOptions careful = {
    .hysteresis = {.threshold = 0.6, .hysteresis = 0.2}, .begin_after = 2, .end_after = 3};

void vdt_estimator_free(VdtEstimator *estimator)
{
    if (!estimator)
        return;
    g_clear_pointer(&estimator->session, vdt_session_free);
    g_clear_pointer(&estimator->engine, vdt_engine_unref);
    g_free(estimator->scores);
    g_free(estimator);
}

static gboolean make_session(VdtEstimator *self, GError **error)
{
    const VdtCard *card = self->card;
    const VdtShape input = vdt_engine_get_input_shape(self->engine, 1, card->width, card->height);
    const VdtShape *out;

    self->session = vdt_engine_new_session(self->engine, &input, error);
    if (!self->session)
        return FALSE;
    out = &vdt_session_get_output(self->session, 0)->shape;
    if (input.n_dims == 4 && out->n_dims == 2 && out->dims[1] == card->n_labels) {
        self->n_classes = card->n_labels;
        self->scores = g_new0(double, self->n_classes);
        return TRUE;
    }
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                "%s: the network (%s) does not classify pictures into the card's %u labels",
                card->path ? card->path : card->name, card->variant, card->n_labels);
    return FALSE;
}

VdtEstimator *vdt_estimator_new(const char *model, const char *const *restorations, GError **error)
{
    g_autofree char *resolved =
        vdt_engine_resolve(model && *model ? model : VDT_ESTIMATOR_MODEL, error);
    const VdtEngineOptions options = {.model = resolved};
    g_autoptr(VdtEstimator) self = g_new0(VdtEstimator, 1);

    self->engine = resolved ? vdt_engine_get_shared(&options, error) : NULL;
    if (!self->engine) {
        g_prefix_error(error, "what says which restoration pictures need: ");
        return NULL;
    }
    self->card = vdt_engine_get_card(self->engine);
    if (!vdt_auto_restore_init(&self->going, &careful, self->card, restorations, error) ||
        !make_session(self, error))
        return NULL;
    return g_steal_pointer(&self);
}

VdtFrameTarget vdt_estimator_target(const VdtEstimator *self, const VdtFrameRegion *region)
{
    const VdtFramingProps props = {.framing = self->card->framing, .region = *region};

    return vdt_framing_props_target(&props, self->card, self->card->width, self->card->height);
}

gboolean vdt_estimator_look(VdtEstimator *self, guint8 *picture, int *going,
                            GCancellable *cancellable, GError **error)
{
    const VdtCard *card = self->card;
    const VdtPicture seen = {picture, card->width, card->height, (gsize)3 * card->width};

    vdt_clip_set_frame(vdt_session_get_input(self->session, 0), 0, 0, &seen, card->mean, card->std);
    if (!vdt_session_run(self->session, cancellable, error))
        return FALSE;
    memset(self->scores, 0, self->n_classes * sizeof *self->scores);
    vdt_scores_add(card, vdt_session_get_output(self->session, 0)->data, self->n_classes, 1,
                   self->scores);
    *going = vdt_auto_restore_follow(&self->going, self->scores);
    return TRUE;
}
