/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a part of a template to words for gst_parse_launch().
 *
 * ${name} becomes the value of that name, written by its type. No value can end the word that it
 * stands in, or begin another: numbers, names and choices have no character that means anything;
 * text stands in double quotes, as the whole value of a property, and has no double quote and no
 * backslash, which no value of a configuration has.
 *
 * ${name:form} is for types with several: durations must say s, ms, us or ns, sizes may say width
 * or height, URIs may say path.
 */
#pragma once

#include "template.h"

typedef struct {
    const char *name;
    const VdtOptionSpec *spec;
    const VdtOption *value;
    const char *words; /* in the place of both: as they are */
} VdtBinding;

/* With @shown secrets are blotted out: for people, not for GStreamer. @scope: of VdtBinding. Caller
 * frees. The error names file and line. */
char *vdt_template_expand(const VdtTemplate *t, const VdtSection *section, GArray *scope,
                          gboolean shown, GError **error);
/* All values that are set, as properties called as their keys: model="x" threshold=0.5. Durations
 * are in seconds. Caller frees. */
char *vdt_template_expand_properties(const VdtKey *keys, guint n, const VdtOption *values);
/* A value as a property that is not in a description takes it, by gst_util_set_object_arg().
 * Durations are in seconds. Caller frees. */
char *vdt_template_expand_property(const VdtOptionSpec *spec, const VdtOption *value);
