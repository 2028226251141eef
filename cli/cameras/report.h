/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was found, for people and for programs. */
#pragma once

#include <json-glib/json-glib.h>

#include "device.h"

typedef struct {
    const Camera *camera;
    Device device;
    gboolean asked; /* @device is filled */
    char *wrong;    /* why it would not say what it is; or NULL */
    char *name;     /* of the stream */
    char *conf;     /* its file */
} Reported;

void report_print(const Reported *reported);
JsonObject *report_object(const Reported *reported);
