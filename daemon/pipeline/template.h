/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Templates of pipelines: files that pipelines/README.md describes.
 */
#pragma once

#include "values/keys.h"

#define VDT_TEMPLATE_SUFFIX ".pipeline"

/* A part of a template: words of gst-launch-1.0 with ${values} among them. */
typedef struct {
    char *name; /* "source", "frames", "each recognizer" */
    char *text;
    guint line; /* of its first line */
} VdtSection;

/* Immutable once loaded. */
typedef struct {
    gint ref_count;
    char *name, *file, *summary;
    char *content;         /* of the file: another content is another template */
    char **schemes;        /* of URIs that it is for; NULL if it is no source's */
    GPtrArray *parameters; /* of VdtKey */
    GPtrArray *sections;   /* of VdtSection */
} VdtTemplate;

/* Reads @text; NULL after problems. */
VdtTemplate *vdt_template_parse(const char *name, const char *file, const char *text, gsize n,
                                VdtProblems *problems);
VdtTemplate *vdt_template_ref(VdtTemplate *t);
void vdt_template_unref(VdtTemplate *t);
const VdtSection *vdt_template_find(const VdtTemplate *t, const char *section);

/* All templates of some folders: a GPtrArray of VdtTemplate. Of two with one name it is the one in
 * the folder that comes first. Folders that are not there are left out. */
GPtrArray *vdt_templates_load(const char *const *folders, VdtProblems *problems);
VdtTemplate *vdt_templates_find(GPtrArray *templates, const char *name);
/* The one whose sources have this scheme. */
VdtTemplate *vdt_templates_for_scheme(GPtrArray *templates, const char *scheme);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtTemplate, vdt_template_unref)
