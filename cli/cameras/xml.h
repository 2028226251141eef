/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * XML from strangers. Documents with a DOCTYPE are refused, so that there are no entities but
 * XML's own; nesting is limited; nothing is loaded. Elements are known by their local names, since
 * cameras use several versions of the same namespaces.
 */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

/* Free with xmlFreeDoc(). */
xmlDoc *xml_parse(const char *data, gsize n, GError **error);
/* The first element of that name inside @parent, and the next one beside @element; NULL if there is
 * none. @parent may be NULL. */
const xmlNode *xml_child(const xmlNode *parent, const char *name);
const xmlNode *xml_next(const xmlNode *element);
/* By way of "a/b/c". */
const xmlNode *xml_find(const xmlNode *parent, const char *path);
/* The text inside without blanks around it, on one line, control characters replaced; NULL if
 * @element is, or if it is empty or longer than @most bytes. Caller frees. */
char *xml_text(const xmlNode *element, gsize most);
/* Of an attribute, the same. */
char *xml_attribute(const xmlNode *element, const char *name, gsize most);
/* A whole number from 0 to @most in the element of that @path; 0 if there is none. */
guint xml_number(const xmlNode *parent, const char *path, guint most);
/* @text, which is changed, as one line without control characters. */
char *xml_one_line(char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
