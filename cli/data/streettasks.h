/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can be learned of the street's pictures, by name: sets of one frame whose labels answer
 * several questions.
 */
#pragma once

#include "clipset.h"

typedef struct {
    const char *name;          /* "scene" */
    const char *title;         /* for a card */
    const char *const *labels; /* NULL-terminated, by group */
    const VdtCardGroup *groups;
    guint n_groups;
    const char *const *background; /* labels that nobody has to be told of; or NULL */
    guint size;                    /* usual sides of what a network sees */
    const char *config;            /* of the usual network, a small one */
    int alarms;                    /* the group whose labels, but the first, are alarms; -1: none */
    /* Pictures @first to @first + @n of those that belong to @seed; one in @coded (0: none) went
     * through H.264. */
    ClipSet *(*open)(guint64 seed, guint64 first, guint n, guint coded, const ClipFormat *format,
                     GError **error);
} StreetTask;

/* VDT_ERROR_MODEL lists those there are. */
const StreetTask *street_task_find(const char *name, GError **error);
/* The one whose labels and groups those of a card are; NULL if there is none. */
const StreetTask *street_task_of_card(const VdtCard *card);
/* For their makers: gives @set the labels and the groups. */
void street_task_set(const StreetTask *task, ClipSet *set);
