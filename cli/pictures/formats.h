/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The formats of pictures and films, told apart by how their files begin.
 */
#pragma once

#include "decoders.h"

/* What a file says of itself, before anything is decoded. */
typedef struct {
    guint32 width, height; /* 0: not known */
    guint orientation;     /* EXIF's */
    guint64 bytes;         /* that the file has, by its own word; 0: not known */
} FormatLook;

typedef struct {
    const char *name;
    const char *magic; /* how the file begins; a dot stands for any byte */
    guint8 n_magic;
    const char *suffix; /* of the name, where nothing else tells the format */
    gboolean is_film;
    guint pixels_of_byte; /* no more than this many, however well they are coded; 0: not known */
    /* GStreamer's element for it, where uridecodebin takes another, or none; or NULL. */
    const char *element;
    /* NULL: GStreamer decodes it, and look() says what is to be known before. */
    gboolean (*decode)(const PictureSource *source, Pixels *pixels, guint *orientation,
                       GError **error);
    FormatLook (*look)(const PictureSource *source);
} Format;

/* NULL if the file begins as none that is known. Leaves the source at its beginning. */
const Format *format_find(const PictureSource *source);
/* Refuses pictures that are too large, or truncated; of a film *@note says so, to be freed, and
 * NULL if nothing is wrong. Fills @look with what is known. */
gboolean format_check(const Format *format, const PictureSource *source, FormatLook *look,
                      char **note, GError **error);

/* Opens a regular file; @path, which is the source's name, is kept by the caller. */
gboolean picture_source_open(const char *path, PictureSource *source, GError **error);
void picture_source_clear(PictureSource *source);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PictureSource, picture_source_clear)
