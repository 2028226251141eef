/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What files say of themselves. */
#pragma once

#include "formats.h"

/* Reads @n bytes from @at on; FALSE if there are fewer. */
gboolean source_read(const PictureSource *source, guint64 at, void *to, gsize n);

FormatLook look_at_png(const PictureSource *source);
FormatLook look_at_gif(const PictureSource *source);
FormatLook look_at_bmp(const PictureSource *source);
FormatLook look_at_webp(const PictureSource *source);
FormatLook look_at_tiff(const PictureSource *source);
FormatLook look_at_targa(const PictureSource *source);
FormatLook look_at_mp4(const PictureSource *source);
FormatLook look_at_matroska(const PictureSource *source);
FormatLook look_at_avi(const PictureSource *source);
