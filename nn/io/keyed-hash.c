/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SipHash-1-3 (Aumasson and Bernstein). */
#include "keyed-hash.h"

#include <string.h>
#include <sys/random.h>

static guint64 key[2];

static void draw_key(void)
{
    static gsize drawn;

    if (!g_once_init_enter(&drawn))
        return;
    if (getrandom(key, sizeof key, GRND_NONBLOCK) != sizeof key) {
        /* Early in a boot, or where the call is filtered: what an outsider cannot know either. */
        key[0] = (guint64)g_get_monotonic_time() * 0x9e3779b97f4a7c15u;
        key[1] = (guint64)g_get_real_time() ^ (guint64)(guintptr)&drawn << 16 ^ (guintptr)key;
    }
    g_once_init_leave(&drawn, 1);
}

static inline guint64 rotate(guint64 x, guint by)
{
    return x << by | x >> (64 - by);
}

static inline void mix(guint64 v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32) + v[3];
    v[2] += v[1];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static guint hash(const char *data, gsize size)
{
    guint64 v[4], word, last = (guint64)size << 56;

    draw_key();
    v[0] = key[0] ^ 0x736f6d6570736575u;
    v[1] = key[1] ^ 0x646f72616e646f6du;
    v[2] = key[0] ^ 0x6c7967656e657261u;
    v[3] = key[1] ^ 0x7465646279746573u;
    for (; size >= sizeof word; data += sizeof word, size -= sizeof word) {
        memcpy(&word, data, sizeof word);
        v[3] ^= word;
        mix(v);
        v[0] ^= word;
    }
    for (gsize i = 0; i < size; i++)
        last |= (guint64)(guchar)data[i] << (8 * i);
    v[3] ^= last;
    mix(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (guint i = 0; i < 3; i++)
        mix(v);
    word = v[0] ^ v[1] ^ v[2] ^ v[3];
    return (guint)(word ^ word >> 32);
}

guint vdt_keyed_str_hash(gconstpointer text)
{
    return hash(text, strlen(text));
}

guint vdt_keyed_direct_hash(gconstpointer number)
{
    return hash((const char *)&number, sizeof number);
}
