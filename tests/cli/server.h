/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A server of HTTP on this machine that says what it is told to, true or not.
 */
#pragma once

#include <glib.h>

typedef struct {
    const char *path; /* that is asked for */
    const char *head; /* the whole head of the answer, without the blank line; NULL: no answer */
    const void *body;
    gsize n;
    gboolean endless;  /* the body again and again */
    guint pause;       /* milliseconds after each KiB */
    const char *holds; /* what the question must have in it; NULL: nothing */
} Page;

/* Serves @pages, whose last one has no path, at @address for as long as the program lives. Its
 * port.
 */
guint server_start(const char *address, const Page *pages);
/* All that servers were asked so far, heads and bodies. Caller frees. */
char *server_asked(void);
