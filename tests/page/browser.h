/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A real browser without a window: Chromium, told what to do by the DevTools protocol over a
 * WebSocket. Whatever goes wrong ends the test, with what the page's console said. One thread.
 */
#pragma once

#include <glib.h>

typedef struct _Browser Browser;

/* Where it is installed, or NULL. Caller frees. */
char *browser_find(void);
/* @folder is for its own files, and may be removed once it ended. */
Browser *browser_new(const char *folder);
void browser_free(Browser *browser);

void browser_open(Browser *browser, const char *address);
/* As on a phone, or not; dark, or not. */
void browser_set_view(Browser *browser, guint width, guint height, gboolean dark);
/* What JavaScript's @expression, or the promise that it is, comes to, as text. Caller frees. */
char *browser_ask(Browser *browser, const char *expression);
/* Waits until it is true, for 30 s at most. */
void browser_wait(Browser *browser, const char *expression);
/* Presses a key: "Tab", "Enter", "Escape". */
void browser_press(Browser *browser, const char *key);
void browser_picture(Browser *browser, const char *file);
/* Messages of the console that say an error, or of exceptions; a line each. */
const char *browser_get_errors(Browser *browser);
