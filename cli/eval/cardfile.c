/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cardfile.h"

#include "card.h"
#include "files.h"
#include "io/atomic-file.h"
#include "jsontext.h"

#define MAX_CARD_BYTES (256 << 10)

/* The "training" of a card that is known to be well formed; NULL if it has none. */
static JsonObject *find_training(JsonObject *card)
{
    return json_object_has_member(card, "training") &&
                   JSON_NODE_HOLDS_OBJECT(json_object_get_member(card, "training"))
               ? json_object_get_object_member(card, "training")
               : NULL;
}

gboolean card_read_record(const char *path, CardRecord *record, GError **error)
{
    *record = (CardRecord){-1, -1, 0};
    g_autoptr(JsonObject) card = vdt_json_load(path, MAX_CARD_BYTES, error);
    if (card == NULL)
        return FALSE;
    JsonObject *training = find_training(card);
    if (training == NULL)
        return TRUE;
    record->seed = json_object_get_int_member_with_default(training, "seed", -1);
    record->validation_seed =
        json_object_get_int_member_with_default(training, "validation_seed", -1);
    record->world_version = json_object_get_int_member_with_default(training, "world_version", 0);
    return TRUE;
}

gboolean card_check_scores(const char *path, GError **error)
{
    g_autoptr(JsonObject) config = NULL;
    g_autoptr(VdtCard) card = vdt_card_load(path, &config, error);
    return card != NULL && vdt_file_check(path, error);
}

/* A card that does not load is not touched. */
gboolean card_write_scores(const char *path, const char *table, JsonObject *scores, GError **error)
{
    g_autoptr(JsonObject) taken = scores, config = NULL;
    g_autoptr(VdtCard) checked = vdt_card_load(path, &config, error);
    g_autoptr(JsonObject) card =
        checked != NULL ? vdt_json_load(path, MAX_CARD_BYTES, error) : NULL;
    if (card == NULL)
        return FALSE;
    if (find_training(card) == NULL)
        json_object_set_object_member(card, "training", json_object_new());
    json_object_set_object_member(find_training(card), table, g_steal_pointer(&taken));
    g_autofree char *text = json_text(card, TRUE);
    g_autofree char *lines = g_strconcat(text, "\n", NULL);
    return vdt_file_save(path, lines, -1, error);
}
