/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "autorestore.h"

#include <math.h>
#include <string.h>

static gboolean refuse(const VdtCard *card, const char *what, GError **error)
{
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL, "%s: %s",
                card->path != NULL ? card->path : card->name, what);
    return FALSE;
}

static int find(const char *const *names, const char *name)
{
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static const VdtCardGroup *find_question(const VdtCard *card)
{
    for (guint i = 0; i < card->n_groups; i++)
        if (strcmp(card->groups[i].name, VDT_AUTO_RESTORE_GROUP) == 0)
            return &card->groups[i];
    return NULL;
}

void vdt_auto_restore_reset(VdtAutoRestore *self)
{
    self->going = self->wanted = -1;
    self->agreed = 0;
}

gboolean vdt_auto_restore_init(VdtAutoRestore *self, const VdtAutoRestoreOptions *options,
                               const VdtCard *card, const char *const *restorations, GError **error)
{
    const VdtCardGroup *question = find_question(card);
    gboolean knows_clean = FALSE, can_do = FALSE;

    *self = (VdtAutoRestore){.options = *options};
    vdt_auto_restore_reset(self);
    if (question == NULL || card->labels == NULL)
        return refuse(card, "the network is not asked \"" VDT_AUTO_RESTORE_GROUP "\"", error);
    if (question->n_labels > VDT_AUTO_RESTORE_MAX)
        return refuse(card,
                      "\"" VDT_AUTO_RESTORE_GROUP
                      "\" has more than " G_STRINGIFY(VDT_AUTO_RESTORE_MAX) " answers",
                      error);
    self->first = question->first;
    self->n_classes = question->n_labels;
    for (guint i = 0; i < self->n_classes; i++) {
        const char *label = card->labels[self->first + i];
        gboolean is_clean = strcmp(label, VDT_AUTO_RESTORE_CLEAN) == 0;
        self->restorations[i] = is_clean ? -1 : find(restorations, label);
        self->background[i] = self->restorations[i] < 0;
        knows_clean |= is_clean;
        can_do |= self->restorations[i] >= 0;
    }
    if (!knows_clean)
        return refuse(card, "no class is called \"" VDT_AUTO_RESTORE_CLEAN "\"", error);
    return can_do || refuse(card, "none of its classes is what the restorer can do", error);
}

int vdt_auto_restore_follow(VdtAutoRestore *self, const double *scores)
{
    const double *own = scores + self->first;
    gboolean are_numbers = TRUE;

    for (guint i = 0; i < self->n_classes; i++)
        are_numbers &= isfinite(own[i]) != 0;
    int wanted = are_numbers ? vdt_hysteresis_follow(&self->options.hysteresis, own,
                                                     self->n_classes, self->background, self->going)
                             : self->going;
    self->agreed = wanted == self->wanted ? MIN(self->agreed + 1, G_MAXUINT - 1) : 1;
    self->wanted = wanted;
    if (self->agreed >= (wanted >= 0 ? self->options.begin_after : self->options.end_after))
        self->going = wanted;
    return self->going >= 0 ? self->restorations[self->going] : -1;
}
