/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "streettasks.h"

#include <string.h>

#include "streetboxes.h"
#include "streetrestorations.h"
#include "streetscenes.h"

static const StreetTask *const tasks[] = {&street_scenes_task, &street_boxes_task,
                                          &street_restorations_task};

const StreetTask *street_task_find(const char *name, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tasks); i++) {
        if (strcmp(tasks[i]->name, name) == 0)
            return tasks[i];
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", tasks[i]->name);
    }
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                "pictures of the street are not about \"%s\", but about one of: %s", name,
                known->str);
    return NULL;
}

static gboolean is_of_card(const StreetTask *task, const VdtCard *card)
{
    if (card->labels == NULL || card->n_groups != task->n_groups ||
        !g_strv_equal((const char *const *)card->labels, task->labels))
        return FALSE;
    for (guint i = 0; i < task->n_groups; i++)
        if (card->groups[i].n_labels != task->groups[i].n_labels ||
            strcmp(card->groups[i].name, task->groups[i].name) != 0)
            return FALSE;
    return TRUE;
}

const StreetTask *street_task_of_card(const VdtCard *card)
{
    for (guint i = 0; i < G_N_ELEMENTS(tasks); i++)
        if (is_of_card(tasks[i], card))
            return tasks[i];
    return NULL;
}

void street_task_set(const StreetTask *task, ClipSet *set)
{
    set->labels = g_strdupv((char **)task->labels);
    set->n_labels = g_strv_length(set->labels);
    set->groups = task->groups;
    set->n_groups = task->n_groups;
}
