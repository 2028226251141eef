/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "files.h"

#include "http-resource.h"

GBytes *vdt_http_file(const char *name)
{
    g_autofree char *path = g_strconcat("/vedette/http/", name, NULL);
    return g_resource_lookup_data(vdt_http_get_resource(), path, G_RESOURCE_LOOKUP_FLAGS_NONE,
                                  NULL);
}
