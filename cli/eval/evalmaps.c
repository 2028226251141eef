/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evalmaps.h"

#include <street.h>

#include "config.h"
#if HAVE_GST
#include "evalfolder.h"
#endif
#include "data/streetpictures.h"
#include "score/maptally.h"
#include "score/predictmaps.h"

static const char *class_name(guint class)
{
    return vdt_street_class_name(class);
}

/* A session for one picture's logits of the right number. */
static VdtSession *open_session(VdtEngine *engine, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    VdtShape input = vdt_engine_get_input_shape(engine, 1, card->width, card->height);
    g_autoptr(VdtSession) session = vdt_engine_new_session(engine, &input, error);
    if (session == NULL)
        return NULL;
    const VdtShape *logits = &vdt_session_get_output(session, 0)->shape;
    if (logits->n_dims == 4 && logits->dims[1] == card->n_labels)
        return g_steal_pointer(&session);
    g_autofree char *shape = vdt_shape_to_string(logits);
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                "%s answers with %s, not with maps of %u classes", card->name, shape,
                card->n_labels);
    return NULL;
}

static ClipSet *open_street(const EvalOptions *o, const VdtCard *card, GError **error)
{
    ClipFormat format = clip_format_for_card(card, FALSE);
    format.width = STREET_PICTURE_WIDTH;
    format.height = STREET_PICTURE_HEIGHT;
    format.framing = VDT_FRAMING_STRETCH;
    format.mapped = TRUE;
    restored_first_apply(o->first, &format);
    ClipSet *set = street_pictures_new(o->seed, 0, o->clips, o->coded, o->endless, &format, error);
    if (set != NULL)
        street_pictures_ignore(set, STREET_LEAST_PIXELS);
    return set;
}

#if HAVE_GST
static gboolean eval_folder(const EvalOptions *o, VdtEngine *engine, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    if (card->n_labels == 0 || card->n_labels > 255) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s has %u classes with names, but maps are evaluated of 1 to 255", card->name,
                    card->n_labels);
        return FALSE;
    }
    g_autoptr(MapTally) tally = map_tally_new(card->labels, card->n_labels);
    g_autoptr(Progress) progress = progress_new();
    FolderMaps maps = {.engine = engine,
                       .folder = o->data,
                       .split = o->split != NULL ? o->split : "validation",
                       .mode = vdt_segment_mode_of(o->mode, card),
                       .zero_is_other = o->zero_is_other || card->zero_is_other,
                       .progress = progress,
                       .tally = tally};
    if (!eval_folder_maps(&maps, error))
        return FALSE;
    if (!o->json) {
        map_tally_print(tally);
    } else {
        JsonObject *scores = map_tally_to_json(tally);
        json_object_remove_member(scores, "loss"); /* is not known here */
        json_object_set_string_member(scores, "mode", vdt_segment_mode_names[maps.mode]);
        eval_print_json(o, card, scores);
    }
    return eval_record(o, map_tally_to_scores(tally), error);
}
#else
static gboolean eval_folder(const EvalOptions *o, VdtEngine *engine, GError **error)
{
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "%s: this build has no GStreamer and reads no pictures", o->data);
    return FALSE;
}
#endif

gboolean eval_maps(const EvalOptions *o, VdtEngine *engine, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    if (o->answers != NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--answers is for clips; a map has an answer for each pixel");
        return FALSE;
    }
    if (!eval_check_record(o, error))
        return FALSE;
    if (!o->street)
        return eval_folder(o, engine, error);
    if (!eval_check_street(o, card, VDT_STREET_N_CLASSES, class_name, error))
        return FALSE;
    g_autoptr(VdtSession) session = open_session(engine, error);
    g_autoptr(ClipSet) set = session != NULL ? open_street(o, card, error) : NULL;
    if (set == NULL)
        return FALSE;
    g_autoptr(MapTally) tally = map_tally_new(card->labels, card->n_labels);
    g_autoptr(Progress) progress = progress_new();
    MapPrediction prediction = {
        .session = session, .card = card, .set = set, .progress = progress, .tally = tally};
    progress_begin(progress, "evaluating", "pictures", 0, clip_set_get_n_clips(set));
    gboolean ok = predict_maps(&prediction, error);
    progress_end(progress);
    if (!ok || !restored_first_check(o->first, error))
        return FALSE;
    if (o->json)
        eval_print_json(o, card, map_tally_to_json(tally));
    else
        map_tally_print(tally);
    return eval_record(o, map_tally_to_scores(tally), error);
}
