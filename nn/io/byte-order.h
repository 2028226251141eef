/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Little-endian numbers at any address. */
#pragma once

#include <glib.h>

static inline guint16 vdt_get_u16(const guchar *at)
{
    return (guint16)(at[0] | at[1] << 8);
}

static inline guint32 vdt_get_u32(const guchar *at)
{
    return vdt_get_u16(at) | (guint32)vdt_get_u16(at + 2) << 16;
}

static inline guint64 vdt_get_u64(const guchar *at)
{
    return vdt_get_u32(at) | (guint64)vdt_get_u32(at + 4) << 32;
}
