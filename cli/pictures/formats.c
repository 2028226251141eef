/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "looks.h"

#define MAGIC(text) .magic = text, .n_magic = sizeof(text) - 1

/* A new format is a row here: with a decoder of its own, or with how to look at its header. */
static const Format formats[] = {
    {"PNG", MAGIC("\x89PNG\r\n\x1a\n"), .decode = png_decode, .look = look_at_png},
    {"JPEG", MAGIC("\xff\xd8\xff"), .decode = jpeg_decode},
    /* LZW's longest code, of 12 bits, is 4096 pixels; BMP's run lengths are a byte each. */
    {"GIF", MAGIC("GIF8"), .look = look_at_gif, .pixels_of_byte = 2731},
    {"BMP", MAGIC("BM....\0\0\0\0"), .look = look_at_bmp, .element = "gdkpixbufdec",
     .pixels_of_byte = 255},
    {"WebP", MAGIC("RIFF....WEBP"), .look = look_at_webp},
    {"TIFF", MAGIC("II*\0"), .look = look_at_tiff, .element = "gdkpixbufdec"},
    {"TIFF", MAGIC("MM\0*"), .look = look_at_tiff, .element = "gdkpixbufdec"},
    {"Targa", NULL, 0, ".tga", .look = look_at_targa, .element = "gdkpixbufdec",
     .pixels_of_byte = 128},
    {"MP4", MAGIC("....ftyp"), .is_film = TRUE, .look = look_at_mp4},
    {"Matroska", MAGIC("\x1a\x45\xdf\xa3"), .is_film = TRUE, .look = look_at_matroska},
    {"AVI", MAGIC("RIFF....AVI "), .is_film = TRUE, .look = look_at_avi},
};

static gboolean begins_as(const Format *format, const guint8 *head, gsize n)
{
    gsize i = 0;

    if (format->magic == NULL)
        return FALSE;
    while (i < format->n_magic && i < n &&
           (format->magic[i] == '.' || head[i] == (guint8)format->magic[i]))
        i++;
    return i == format->n_magic;
}

const Format *format_find(const PictureSource *source)
{
    guint8 head[16];
    const Format *found = NULL;

    rewind(source->file);
    const gsize n = fread(head, 1, sizeof head, source->file);
    for (guint i = 0; i < G_N_ELEMENTS(formats) && found == NULL; i++)
        if (begins_as(&formats[i], head, n))
            found = &formats[i];
    g_autofree char *name = g_ascii_strdown(source->name, -1);
    for (guint i = 0; i < G_N_ELEMENTS(formats) && found == NULL; i++)
        if (formats[i].suffix != NULL && g_str_has_suffix(name, formats[i].suffix))
            found = &formats[i];
    rewind(source->file);
    return found;
}

gboolean format_check(const Format *format, const PictureSource *source, FormatLook *look,
                      char **note, GError **error)
{
    *look = format->look(source);
    *note = NULL;
    if (look->width > 0 && look->height > 0 &&
        !pixels_check_size(source->name, look->width, look->height, error))
        return FALSE;
    const guint64 area = (guint64)look->width * look->height;
    if (look->bytes > source->size)
        *note = g_strdup_printf("%s: is truncated: by its own word it has %" G_GUINT64_FORMAT
                                " bytes, but there are %" G_GUINT64_FORMAT,
                                source->name, look->bytes, source->size);
    else if (format->pixels_of_byte > 0 && area / format->pixels_of_byte > source->size)
        *note = g_strdup_printf("%s: is damaged: its %" G_GUINT64_FORMAT
                                " bytes cannot hold %ux%u pixels",
                                source->name, source->size, look->width, look->height);
    if (*note == NULL || format->is_film)
        return TRUE;
    g_set_error_literal(error, VDT_ERROR, VDT_ERROR_FORMAT, *note);
    g_clear_pointer(note, g_free);
    return FALSE;
}

static gboolean fail(const char *path, int code, GError **error)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: %s", path,
                g_strerror(code));
    return FALSE;
}

gboolean picture_source_open(const char *path, PictureSource *source, GError **error)
{
    struct stat status;
    /* Not blocking, so that a named pipe is refused rather than waited for. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return fail(path, errno, error);
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: is not a regular file", path);
        return FALSE;
    }
    *source = (PictureSource){path, fdopen(fd, "rb"), (guint64)status.st_size};
    return TRUE;
}

void picture_source_clear(PictureSource *source)
{
    g_clear_pointer(&source->file, fclose);
}
