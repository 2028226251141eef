/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clipnetwork.h"

void vdt_clip_network_clear(gpointer data)
{
    VdtClipNetwork *network = data;

    g_clear_pointer(&network->session, vdt_session_free);
    vdt_engine_unref(network->engine);
}

/* Detection backbones load as well, but what they compute is not scores. */
static gboolean has_classes(const VdtClipNetwork *network, GError **error)
{
    const VdtShape *scores = &vdt_session_get_output(network->session, 0)->shape;
    const VdtCard *card = network->card;

    if (card->n_groups > 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s: \"groups\" are for networks that classify pictures", card->path);
        return FALSE;
    }
    if (scores->n_dims == 2 && (!card->labels || scores->dims[1] == card->n_labels))
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                "%s: the network (%s) does not classify clips into the card's %u labels",
                card->path ? card->path : card->weights, card->variant, card->n_labels);
    return FALSE;
}

VdtClipNetwork *vdt_clip_network_new(VdtEngine *engine, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    const VdtShape input = vdt_engine_get_input_shape(engine, 1, card->width, card->height);
    VdtClipNetwork *network = g_atomic_rc_box_new0(VdtClipNetwork);

    network->engine = vdt_engine_ref(engine);
    network->card = card;
    network->session = vdt_engine_new_session(engine, &input, error);
    if (!network->session || !has_classes(network, error)) {
        g_atomic_rc_box_release_full(network, vdt_clip_network_clear);
        return NULL;
    }
    return network;
}
