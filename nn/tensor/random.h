/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random bits that follow from a name and a position alone, the same in every program and on any
 * number of threads: FNV-1a and splitmix64.
 */
#pragma once

#include <glib.h>

/* Well-mixed bits of @z. */
static inline guint64 vdt_random_mix(guint64 z)
{
    z = (z ^ z >> 30) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* The stream that goes by @name. */
static inline guint64 vdt_random_stream(const char *name)
{
    guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325);

    for (; *name != '\0'; name++)
        hash = (hash ^ (guchar)*name) * G_GUINT64_CONSTANT(0x100000001b3);
    return hash;
}

/* The bits at position @i of a stream. */
static inline guint64 vdt_random_bits(guint64 stream, guint64 i)
{
    return vdt_random_mix(stream + (i + 1) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15));
}
