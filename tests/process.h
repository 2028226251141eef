/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tests that start programs have in common. */
#pragma once

#include <gio/gio.h>

/* A port of 127.0.0.1 that was nobody's a moment ago. */
guint16 process_find_port(void);
/* A GSpawnChildSetupFunc: a test that fails leaves nothing behind that runs. */
void process_die_with_parent(gpointer data);
