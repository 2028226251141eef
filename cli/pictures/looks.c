/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "looks.h"

#include <string.h>

#include "exif.h"

/* Of a directory of fields. */
#define MOST_EXIF      (64 << 20)
/* Parts that a file is walked through by. */
#define MOST_PARTS     100000
#define MATROSKA_SIZED 8

gboolean source_read(const PictureSource *source, guint64 at, void *to, gsize n)
{
    return at < G_MAXINT64 && fseeko(source->file, (off_t)at, SEEK_SET) == 0 &&
           fread(to, 1, n, source->file) == n;
}

static guint32 little(const guint8 *at, guint n)
{
    guint32 value = 0;

    while (n-- > 0)
        value = value << 8 | at[n];
    return value;
}

static guint64 big(const guint8 *at, guint n)
{
    guint64 value = 0;

    for (guint i = 0; i < n; i++)
        value = value << 8 | at[i];
    return value;
}

/* Behind the blocks of at most 255 bytes from @at on, of which an empty one is the last. */
static guint64 skip_gif_blocks(const PictureSource *source, guint64 at)
{
    guint8 n;

    while (source_read(source, at, &n, 1)) {
        at += 1 + n;
        if (n == 0)
            break;
    }
    return at;
}

static guint64 gif_palette(guint8 flags)
{
    return flags & 0x80 ? G_GUINT64_CONSTANT(3) << ((flags & 7) + 1) : 0;
}

FormatLook look_at_png(const PictureSource *source)
{
    FormatLook look = {0, 0, 1, 0};
    guint8 head[24];

    if (source_read(source, 0, head, sizeof head) && memcmp(head + 12, "IHDR", 4) == 0) {
        look.width = big(head + 16, 4);
        look.height = big(head + 20, 4);
    }
    return look;
}

FormatLook look_at_gif(const PictureSource *source)
{
    FormatLook look = {0, 0, 1, 0};
    guint8 head[13], part[10];

    if (!source_read(source, 0, head, sizeof head))
        return (FormatLook){0, 0, 1, sizeof head};
    look.width = little(head + 6, 2);
    look.height = little(head + 8, 2);
    guint64 at = sizeof head + gif_palette(head[10]);
    while (source_read(source, at, part, 1) && part[0] != ';') {
        if (part[0] == '!') {
            at = skip_gif_blocks(source, at + 2);
        } else if (part[0] == ',' && source_read(source, at, part, sizeof part)) {
            look.width = MAX(look.width, little(part + 5, 2));
            look.height = MAX(look.height, little(part + 7, 2));
            at = skip_gif_blocks(source, at + sizeof part + gif_palette(part[9]) + 1);
        } else {
            return look;
        }
    }
    look.bytes = at + 1;
    return look;
}

FormatLook look_at_bmp(const PictureSource *source)
{
    FormatLook look = {0, 0, 1, 0};
    guint8 head[34];

    if (!source_read(source, 0, head, sizeof head))
        return (FormatLook){0, 0, 1, sizeof head};
    if (little(head + 14, 4) < 40) {
        look.width = little(head + 18, 2);
        look.height = little(head + 20, 2);
        return look;
    }
    const gint32 height = (gint32)little(head + 22, 4);
    look.width = little(head + 18, 4);
    look.height = height < 0 ? -(guint32)height : (guint32)height;
    if (little(head + 30, 4) == 0) /* not compressed */
        look.bytes = little(head + 10, 4) +
                     ((guint64)look.width * little(head + 28, 2) + 31) / 32 * 4 * look.height;
    return look;
}

static guint read_exif(const PictureSource *source, guint64 at, guint64 size, ExifTags *tags)
{
    const gsize n = MIN(size, MOST_EXIF);
    g_autofree guint8 *data = g_try_malloc(n);

    *tags = (ExifTags){0, 0, 1};
    if (data != NULL && source_read(source, at, data, n))
        *tags = exif_read(data, n);
    return tags->orientation;
}

FormatLook look_at_webp(const PictureSource *source)
{
    FormatLook look = {0, 0, 1, 0};
    ExifTags tags;
    guint8 head[12], part[18];

    if (!source_read(source, 0, head, sizeof head))
        return look;
    look.bytes = 8 + (guint64)little(head + 4, 4);
    guint64 at = sizeof head;
    for (guint i = 0; i < MOST_PARTS && source_read(source, at, part, 8); i++) {
        const guint64 size = little(part + 4, 4);
        if (memcmp(part, "EXIF", 4) == 0)
            look.orientation = read_exif(source, at + 8, MIN(size, source->size - at), &tags);
        if (look.width == 0 && source_read(source, at, part, sizeof part)) {
            if (memcmp(part, "VP8X", 4) == 0) {
                look.width = 1 + little(part + 12, 3);
                look.height = 1 + little(part + 15, 3);
            } else if (memcmp(part, "VP8 ", 4) == 0) {
                look.width = little(part + 14, 2) & 0x3fff;
                look.height = little(part + 16, 2) & 0x3fff;
            } else if (memcmp(part, "VP8L", 4) == 0) {
                look.width = 1 + (little(part + 9, 4) & 0x3fff);
                look.height = 1 + (little(part + 9, 4) >> 14 & 0x3fff);
            }
        }
        at += 8 + size + (size & 1);
    }
    return look;
}

FormatLook look_at_tiff(const PictureSource *source)
{
    ExifTags tags;

    read_exif(source, 0, source->size, &tags);
    return (FormatLook){tags.width, tags.height, tags.orientation, 0};
}

FormatLook look_at_targa(const PictureSource *source)
{
    FormatLook look = {0, 0, 1, 0};
    guint8 head[18];

    if (!source_read(source, 0, head, sizeof head))
        return (FormatLook){0, 0, 1, sizeof head};
    look.width = little(head + 12, 2);
    look.height = little(head + 14, 2);
    look.bytes = sizeof head + head[0] + little(head + 5, 2) * (guint64)((head[7] + 7) / 8);
    if (head[2] < 8) /* not by run lengths */
        look.bytes += (guint64)look.width * look.height * ((head[16] + 7) / 8);
    return look;
}

FormatLook look_at_mp4(const PictureSource *source)
{
    FormatLook look = {0, 0, 1, 0};
    guint8 box[16];

    for (guint i = 0; i < MOST_PARTS && source_read(source, look.bytes, box, 8); i++) {
        guint64 size = big(box, 4);
        if (size == 1 && source_read(source, look.bytes, box, sizeof box))
            size = big(box + 8, 8);
        if (size < 8 || size > G_MAXINT64) /* 0: up to the end, wherever that is */
            return look;
        look.bytes += size;
        if (look.bytes > source->size)
            break;
    }
    return look;
}

/* A number whose first byte says how long it is; 0 if that is not known. */
static guint64 matroska_size(const guint8 *at, guint *length)
{
    *length = at[0] == 0 ? 0 : __builtin_clz(at[0]) - 23;
    if (*length == 0)
        return 0;
    const guint64 most = (G_GUINT64_CONSTANT(1) << 7 * *length) - 1, size = big(at, *length) & most;
    return size == most ? 0 : size;
}

FormatLook look_at_matroska(const PictureSource *source)
{
    FormatLook look = {0, 0, 1, 0};
    guint8 head[4 + MATROSKA_SIZED];
    guint length;
    guint64 at = 0;

    if (!source_read(source, at, head, sizeof head))
        return look;
    at = 4 + matroska_size(head + 4, &length);
    at += length;
    if (!source_read(source, at, head, sizeof head) || memcmp(head, "\x18\x53\x80\x67", 4) != 0)
        return look;
    const guint64 size = matroska_size(head + 4, &length);
    if (size > 0 && size < G_MAXINT64)
        look.bytes = at + 4 + length + size;
    return look;
}

FormatLook look_at_avi(const PictureSource *source)
{
    FormatLook look = {0, 0, 1, 0};
    guint8 head[8];

    for (guint i = 0; i < MOST_PARTS && source_read(source, look.bytes, head, sizeof head); i++) {
        const guint64 size = little(head + 4, 4);
        if (memcmp(head, "RIFF", 4) != 0 || size == 0)
            break;
        look.bytes += 8 + size;
    }
    return look;
}
