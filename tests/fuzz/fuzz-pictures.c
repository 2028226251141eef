/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures and films, up to what GStreamer gets to see of them; maps of classes. */
#include <stdio.h>

#include "fuzz.h"
#include "mendpng.h"
#include "pictures/formats.h"

/* What is larger takes the time that others could be tried in. */
#define MOST_TURNED (1 << 22)

static void read_pixels(const PictureSource *source,
                        gboolean (*decode)(const PictureSource *, Pixels *, guint *, GError **))
{
    g_auto(Pixels) pixels = {0};
    g_autoptr(GError) error = NULL;
    guint orientation = 1;

    rewind(source->file);
    const gboolean ok = decode(source, &pixels, &orientation, &error);
    g_assert(ok == (error == NULL) && ok == (pixels.data != NULL));
    if (ok && (gsize)pixels.width * pixels.height < MOST_TURNED)
        g_assert(pixels_turn("fuzz", &pixels, orientation, NULL));
}

static void read_file(const guint8 *data, gsize size)
{
    g_auto(PictureSource) source = {"fuzz", fmemopen((void *)data, size, "rb"), size};
    const Format *format = format_find(&source);

    if (format != NULL && format->decode != NULL)
        read_pixels(&source, format->decode);
    if (format != NULL && format->look != NULL) {
        g_autoptr(GError) error = NULL;
        g_autofree char *note = NULL;
        FormatLook look;
        const gboolean ok = format_check(format, &source, &look, &note, &error);
        g_assert(ok == (error == NULL));
        g_assert(look.orientation >= 1 && look.orientation <= 8);
    }
    read_pixels(&source, png_decode_numbers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree guint8 *mended = fuzz_mend_png(data, size);

    /* An empty one cannot be opened in memory. */
    if (size > 0)
        read_file(data, size);
    if (mended != NULL)
        read_file(mended, size);
    return 0;
}
