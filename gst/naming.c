/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "naming.h"

#include <string.h>

void vdt_element_name(GstElement *element, const char *factory)
{
    g_autofree char *name = gst_object_get_name(GST_OBJECT(element));
    const char *type = G_OBJECT_TYPE_NAME(element);
    const gsize length = strlen(type);
    g_autofree char *better = NULL;

    /* the type in small letters, and a number */
    if (!name || g_ascii_strncasecmp(name, type, length) != 0 || !g_ascii_isdigit(name[length]) ||
        strspn(name + length, "0123456789") != strlen(name + length))
        return;
    better = g_strconcat(factory, name + length, NULL);
    gst_object_set_name(GST_OBJECT(element), better);
}
