/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>
#include <vedette/error.h>

#define MOST_NESTING 32
#define MOST_BYTES   (1 << 20)
#define STRICT                                                                                     \
    (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA |               \
     XML_PARSE_COMPACT)

static void refuse(xmlParserCtxt *context, const char *why)
{
    context->_private = (char *)why;
    xmlStopParser(context);
}

static void on_doctype(void *data, const xmlChar *name, const xmlChar *id, const xmlChar *system)
{
    refuse(data, "has a DOCTYPE");
}

static void on_element(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                       int n_spaces, const xmlChar **spaces, int n_attributes, int n_defaulted,
                       const xmlChar **attributes)
{
    xmlParserCtxt *context = data;
    if (context->nodeNr >= MOST_NESTING)
        refuse(context, "nests more than 32 levels deep");
    else
        xmlSAX2StartElementNs(data, name, prefix, uri, n_spaces, spaces, n_attributes, n_defaulted,
                              attributes);
}

xmlDoc *xml_parse(const char *data, gsize n, GError **error)
{
    const char *wrong = n > MOST_BYTES ? "has more than 1 MiB" : NULL;
    xmlParserCtxt *context = wrong == NULL ? xmlNewParserCtxt() : NULL;
    xmlDoc *doc = NULL;
    if (context != NULL) {
        context->sax->internalSubset = on_doctype;
        context->sax->startElementNs = on_element;
        doc = xmlCtxtReadMemory(context, data, (int)n, NULL, NULL, STRICT);
        wrong = context->_private;
        xmlFreeParserCtxt(context);
    }
    if (doc != NULL && wrong == NULL && xmlDocGetRootElement(doc) != NULL)
        return doc;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "what it says %s",
                wrong != NULL ? wrong : "is no XML");
    xmlFreeDoc(doc);
    return NULL;
}

static const xmlNode *first_named(const xmlNode *node, const char *name, gsize n)
{
    for (; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE && strlen((const char *)node->name) == n &&
            strncmp((const char *)node->name, name, n) == 0)
            return node;
    return NULL;
}

const xmlNode *xml_child(const xmlNode *parent, const char *name)
{
    return parent != NULL ? first_named(parent->children, name, strlen(name)) : NULL;
}

const xmlNode *xml_next(const xmlNode *element)
{
    const char *name = (const char *)element->name;
    return first_named(element->next, name, strlen(name));
}

const xmlNode *xml_find(const xmlNode *parent, const char *path)
{
    while (parent != NULL && *path != '\0') {
        gsize n = strcspn(path, "/");
        parent = first_named(parent->children, path, n);
        path += n + (path[n] == '/');
    }
    return parent;
}

char *xml_one_line(char *text)
{
    for (char *at = text; *at != '\0'; at++)
        if (g_ascii_iscntrl(*at))
            *at = ' ';
    return g_strstrip(text);
}

/* Takes @content, which is libxml's. */
static char *take(xmlChar *content, gsize most)
{
    char *text = NULL;
    if (content != NULL && strlen((const char *)content) <= MOST_BYTES)
        text = xml_one_line(g_strdup((const char *)content));
    xmlFree(content);
    if (text != NULL && (*text == '\0' || strlen(text) > most || !g_utf8_validate(text, -1, NULL)))
        g_clear_pointer(&text, g_free);
    return text;
}

char *xml_text(const xmlNode *element, gsize most)
{
    return element != NULL ? take(xmlNodeGetContent((xmlNode *)element), most) : NULL;
}

char *xml_attribute(const xmlNode *element, const char *name, gsize most)
{
    return take(xmlGetProp((xmlNode *)element, (const xmlChar *)name), most);
}

guint xml_number(const xmlNode *parent, const char *path, guint most)
{
    guint64 number = 0;
    g_autofree char *text = xml_text(xml_find(parent, path), 16);
    if (text != NULL && g_ascii_string_to_unsigned(text, 10, 0, most, &number, NULL))
        return number;
    return 0;
}
