/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evaluation.h"

#include <street.h>
#include <string.h>

#include "cardfile.h"
#include "jsontext.h"
#include "model.h"

gboolean eval_wrong_model(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL, "%s", text);
    return FALSE;
}

gboolean eval_check_street(const EvalOptions *o, const VdtCard *card, guint n,
                           const char *(*name)(guint class), GError **error)
{
    if (card->labels == NULL || card->n_labels != n)
        return eval_wrong_model(error, "%s has %u classes with names, but the street has %u",
                                card->name, card->labels != NULL ? card->n_labels : 0, n);
    for (guint i = 0; i < n; i++)
        if (strcmp(card->labels[i], name(i)) != 0)
            return eval_wrong_model(error, "class %u of %s is \"%s\", but the street's is \"%s\"",
                                    i, card->name, card->labels[i], name(i));
    return eval_check_seed(o, card, error);
}

gboolean eval_check_seed(const EvalOptions *o, const VdtCard *card, GError **error)
{
    CardRecord record;
    if (card->path != NULL && !card_read_record(card->path, &record, error))
        return FALSE;
    if (card->path != NULL && (o->seed == record.seed || o->seed == record.validation_seed))
        return eval_wrong_model(
            error, "--seed is %" G_GINT64_FORMAT ", but by its card %s was %s on that street",
            o->seed, card->name, o->seed == record.seed ? "trained" : "validated");
    if (card->path != NULL && record.world_version > 0 &&
        record.world_version != VDT_STREET_VERSION)
        g_printerr("vedette eval: %s was trained on version %" G_GINT64_FORMAT
                   " of the street, this is version %d\n",
                   card->name, record.world_version, VDT_STREET_VERSION);
    return TRUE;
}

void eval_print_json(const EvalOptions *o, const VdtCard *card, JsonObject *scores)
{
    g_autoptr(JsonObject) object = scores;
    json_object_set_string_member(object, "model", card->name);
    json_object_set_string_member(object, "architecture", card->architecture);
    gboolean restored = vdt_model_find(card->architecture, NULL)->task == VDT_TASK_RESTORATION;
    if (o->first != NULL)
        json_object_set_string_member(object, "restored", restored_first_get_name(o->first));
    if (!restored)
        json_object_set_boolean_member(object, "one_frame", o->one_frame);
    if (o->street) {
        json_object_set_int_member(object, "seed", o->seed);
        json_object_set_int_member(object, "world_version", VDT_STREET_VERSION);
    } else {
        g_autofree char *data = json_name(o->data);
        json_object_set_string_member(object, "data", data);
        if (!restored && !json_object_has_member(object, "mode"))
            json_object_set_string_member(object, "views",
                                          o->views != NULL ? o->views : "one clip");
    }
    g_autofree char *text = json_text(object, FALSE);
    print_json(text);
}

gboolean eval_check_record(const EvalOptions *o, GError **error)
{
    return o->record == NULL || card_check_scores(o->record, error);
}

gboolean eval_record(const EvalOptions *o, JsonObject *scores, GError **error)
{
    if (o->street)
        json_object_set_int_member(scores, "seed", o->seed);
    if (o->record != NULL)
        return card_write_scores(o->record, o->one_frame ? "baselines" : "scores", scores, error);
    json_object_unref(scores);
    return TRUE;
}
