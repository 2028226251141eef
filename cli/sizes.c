/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sizes.h"

#include <math.h>
#include <string.h>

gboolean parse_size(const char *text, guint *width, guint *height)
{
    char *end;
    guint64 w = g_ascii_strtoull(text, &end, 10);
    if (end == text || *end != 'x')
        return FALSE;
    const char *second = end + 1;
    guint64 h = g_ascii_strtoull(second, &end, 10);
    if (end == second || *end != '\0' || w < 1 || w > 8192 || h < 1 || h > 8192)
        return FALSE;
    *width = w;
    *height = h;
    return TRUE;
}

gboolean parse_bytes(const char *text, guint64 *bytes)
{
    static const char units[] = "KMGT";
    char *end;
    double value = g_ascii_strtod(text, &end);
    const char *unit = *end != '\0' ? strchr(units, g_ascii_toupper(*end)) : NULL;
    if (end == text || (*end != '\0' && (unit == NULL || end[1] != '\0')))
        return FALSE;
    double scaled = value * (unit != NULL ? pow(1024, unit - units + 1) : 1);
    if (!(scaled >= 1 && scaled <= 1e18))
        return FALSE;
    *bytes = scaled;
    return TRUE;
}
