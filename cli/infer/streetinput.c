/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "streetinput.h"

#include <street.h>
#include <string.h>

#include "config.h"
#include "data/streetclips.h"
#include "data/streettasks.h"

/* Clips of the held-out list that are drawn from when none is named. */
#define N_CLIPS 1000000

gboolean street_input_matches(const char *input)
{
    return strcmp(input, "street") == 0 || g_str_has_prefix(input, "street:");
}

/* The number of the clip that @input names. */
static gboolean find_clip(const char *input, guint64 *clip, GError **error)
{
    const char *what = input[6] == ':' ? input + 7 : NULL;
    guint64 rounds = N_CLIPS / VDT_STREET_N_ACTIONS;
    guint some = g_random_int_range(0, rounds);
    if (what == NULL) {
        *clip = g_random_int_range(0, N_CLIPS);
        return TRUE;
    }
    if (g_ascii_string_to_unsigned(what, 10, 0, G_MAXUINT32, clip, NULL))
        return TRUE;
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < VDT_STREET_N_ACTIONS; i++) {
        /* The list takes actions in turn. */
        *clip = (guint64)some * VDT_STREET_N_ACTIONS + i;
        if (strcmp(what, vdt_street_action_name(i)) == 0)
            return TRUE;
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", vdt_street_action_name(i));
    }
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                "%s: is neither a clip's number, from 0 to %u, nor one of the street's actions: %s",
                input, G_MAXUINT32, names->str);
    return FALSE;
}

void street_input_clear(StreetInput *street)
{
    g_clear_pointer(&street->truth, g_free);
}

/* The labels of those questions that have an answer. */
static char *name_answers(const ClipSet *set, const ClipInfo *info)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < set->n_groups; i++)
        if (info->answers[i] != CLIP_NO_ANSWER)
            g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "",
                                   set->labels[set->groups[i].first + info->answers[i]]);
    return g_string_free(text, FALSE);
}

static gboolean load_picture(const StreetTask *task, const VdtCard *card, guint64 number,
                             VdtTensor *to, StreetInput *street, GError **error)
{
    ClipFormat format = clip_format_for_card(card, FALSE);
    /* Without an encoder, or without GStreamer, all are as they were drawn. */
    g_autoptr(ClipSet) set = task->open(STREET_HELD_OUT_SEED, number, 1, 2, &format, NULL);
    if (set == NULL)
        set = task->open(STREET_HELD_OUT_SEED, number, 1, 0, &format, error);
    if (set == NULL)
        return FALSE;
    g_autofree guint8 *clip = g_malloc(clip_format_bytes(&format));
    if (!set->fill(set, 0, clip, NULL, error))
        return FALSE;
    VdtPicture picture = clip_format_picture(&format, clip, 0);
    vdt_clip_set_frame(to, 0, 0, &picture, card->mean, card->std);
    ClipInfo info = set->info(set, 0);
    *street = (StreetInput){TRUE, number, name_answers(set, &info),
                            info.textured ? "texture" : "street", info.coded};
    return TRUE;
}

gboolean street_input_load(const char *input, const VdtCard *card, VdtTensor *to,
                           StreetInput *street, GError **error)
{
    guint64 number;
    if (!find_clip(input, &number, error))
        return FALSE;
    if (street_task_of_card(card) != NULL)
        return load_picture(street_task_of_card(card), card, number, to, street, error);
    if (card->frames == 1) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "%s: a network that tells single pictures apart does not see the street's "
                    "actions; name a picture",
                    input);
        return FALSE;
    }
    ClipFormat format = clip_format_for_card(card, FALSE);
    /* Without an encoder, or without GStreamer, all are as they were drawn. */
    g_autoptr(ClipSet) set = street_clips_new(STREET_HELD_OUT_SEED, number, 1, 2, 0, &format, NULL);
    if (set == NULL)
        set = street_clips_new(STREET_HELD_OUT_SEED, number, 1, 0, 0, &format, error);
    if (set == NULL)
        return FALSE;
    g_autofree guint8 *clip = g_malloc(clip_format_bytes(&format));
    if (!set->fill(set, 0, clip, NULL, error))
        return FALSE;
    for (guint t = 0; t < format.frames; t++) {
        VdtPicture picture = clip_format_picture(&format, clip, t);
        vdt_clip_set_frame(to, 0, t, &picture, card->mean, card->std);
    }
    ClipInfo info = set->info(set, 0);
    *street = (StreetInput){TRUE, number, g_strdup(vdt_street_action_name(info.label)),
                            vdt_street_condition_name(info.condition), info.coded};
    return TRUE;
}
