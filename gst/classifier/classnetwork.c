/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "classnetwork.h"

#include <string.h>

#include "preprocess.h"

/* Levels that there are at most, and the share of tokens that the cheapest is to come near: below,
 * too little is left to see. */
#define LEVELS      5
#define LEAST_SHARE 0.4

static const guint batches[VDT_CLASS_BATCHES] = {1, 4, 16};

void vdt_class_network_clear(gpointer data)
{
    VdtClassNetwork *network = data;

    for (guint i = 0; i < VDT_CLASS_BATCHES; i++)
        for (guint level = 0; level < VDT_ELASTIC_LEVELS; level++)
            g_clear_pointer(&network->sessions[i][level], vdt_session_free);
    vdt_engine_unref(network->engine);
}

static gboolean make_session(VdtClassNetwork *network, guint size, guint level, GError **error)
{
    const VdtCard *card = network->card;
    const VdtSessionOptions options = {.merges = level > 0, .merge = network->merge[level]};
    const VdtShape input =
        vdt_engine_get_input_shape(network->engine, batches[size], card->width, card->height);

    network->sessions[size][level] =
        vdt_engine_new_session_with(network->engine, &input, &options, error);
    return network->sessions[size][level] != NULL;
}

/* Networks without a head load as well, but what they compute is not scores. */
static gboolean has_classes(VdtClassNetwork *network, GError **error)
{
    const VdtShape *in = &vdt_session_get_input(network->sessions[0][0], 0)->shape;
    const VdtShape *out = &vdt_session_get_output(network->sessions[0][0], 0)->shape;
    const VdtCard *card = network->card;

    if (in->n_dims == 4 && out->n_dims == 2 && (!card->labels || out->dims[1] == card->n_labels)) {
        network->n_classes = (guint)out->dims[1];
        return TRUE;
    }
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                "%s: the network (%s) does not classify pictures into the card's %u labels",
                card->path ? card->path : card->weights, card->variant, card->n_labels);
    return FALSE;
}

/* Levels whose shares of tokens are about evenly apart. */
static void find_levels(VdtClassNetwork *network)
{
    VdtEngineLevels levels;
    gboolean merges = vdt_engine_get_levels(network->engine, &levels);
    const double usual = vdt_engine_get_kept(network->engine, levels.usual);
    guint n = 1;

    network->merge[0] = levels.usual;
    network->kept[0] = usual;
    for (guint merge = levels.usual + 1; merges && merge <= levels.most && n < LEVELS; merge++) {
        const double kept = vdt_engine_get_kept(network->engine, merge);

        if (kept < LEAST_SHARE)
            break;
        if (kept > usual - (usual - LEAST_SHARE) * n / LEVELS && merge < levels.most)
            continue;
        network->merge[n] = merge;
        network->kept[n++] = kept;
    }
    network->n_levels = n;
}

guint vdt_class_network_count_levels(const VdtClassNetwork *network, double least)
{
    guint n = 1;

    while (n < network->n_levels && network->kept[n] >= least)
        n++;
    return n;
}

VdtClassNetwork *vdt_class_network_new(VdtEngine *engine, VdtClassify what, GError **error)
{
    VdtClassNetwork *network = g_atomic_rc_box_new0(VdtClassNetwork);

    network->engine = vdt_engine_ref(engine);
    network->card = vdt_engine_get_card(engine);
    network->what = what;
    network->n_sizes = VDT_CLASS_BATCHES;
    find_levels(network);
    if (!make_session(network, 0, 0, error) || !has_classes(network, error)) {
        g_atomic_rc_box_release_full(network, vdt_class_network_clear);
        return NULL;
    }
    return network;
}

gsize vdt_class_network_picture_bytes(const VdtClassNetwork *network)
{
    return (gsize)3 * network->card->width * network->card->height;
}

/* The size of the batch for the next of @n pictures: the largest that they fill by three quarters,
 * since what stays empty is computed, too. */
static guint choose_size(const VdtClassNetwork *network, guint n)
{
    guint size = network->n_sizes - 1;

    while (size > 0 && 4 * n < 3 * batches[size])
        size--;
    return size;
}

/* Finds the size of the batch for the next of @n pictures, for which there then is a session. One
 * that cannot be had, for want of memory, is not asked for again. */
static gboolean find_size(VdtClassNetwork *network, guint level, guint n, guint *size,
                          GError **error)
{
    *size = choose_size(network, n);
    while (*size > 0 && !network->sessions[*size][level] &&
           !make_session(network, *size, level, NULL)) {
        network->n_sizes = *size;
        *size = choose_size(network, n);
    }
    return network->sessions[*size][level] || make_session(network, *size, level, error);
}

gboolean vdt_class_network_run(VdtClassNetwork *network, guint level, guint8 *pictures, guint n,
                               float *logits, GCancellable *cancellable, GError **error)
{
    const VdtCard *card = network->card;
    const gsize bytes = vdt_class_network_picture_bytes(network);
    VdtPicture picture = {pictures, card->width, card->height, (gsize)3 * card->width};

    for (guint done = 0, now; done < n; done += now) {
        VdtSession *session;
        guint size;

        if (!find_size(network, level, n - done, &size, error))
            return FALSE;
        session = network->sessions[size][level];
        now = MIN(batches[size], n - done);
        for (guint i = 0; i < now; i++, picture.data += bytes)
            vdt_clip_set_frame(vdt_session_get_input(session, 0), i, 0, &picture, card->mean,
                               card->std);
        if (!vdt_session_run(session, cancellable, error))
            return FALSE;
        memcpy(logits + (gsize)done * network->n_classes, vdt_session_get_output(session, 0)->data,
               (gsize)now * network->n_classes * sizeof *logits);
    }
    return TRUE;
}
