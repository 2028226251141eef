/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A folder that appears whole or not at all: it is hidden beside its future self until it is
 * complete. What a killed process left is removed by the next one.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *root; /* the folder of models */
    char *path; /* where to write; NULL once it is published */
    int lock;
} Workplace;

/* Makes @root, too, if it is missing. */
gboolean workplace_open(Workplace *place, const char *root, GError **error);
/* A file in it. Caller frees. */
char *workplace_file(const Workplace *place, const char *name);
/* Gives the folder its name, which nothing may have yet. */
gboolean workplace_publish(Workplace *place, const char *name, GError **error);
/* Removes what was not published. */
void workplace_clear(Workplace *place);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Workplace, workplace_clear)
