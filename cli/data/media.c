/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media.h"

#include <errno.h>
#include <fcntl.h>
#include <gst/gst.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gstdecode.h"
#include "pictures/formats.h"

/* Of what is kept of a pipe. */
#define MOST_SPOOLED (G_GUINT64_CONSTANT(4) << 30)
/* Of a URI that is a file by itself, bytes. */
#define MOST_NAMED   60

struct _Media {
    char *input;
    char *uri;
    PictureSource source; /* its file is NULL for what GStreamer has to fetch */
    const Format *format; /* NULL: not known, or not looked at */
    FormatLook look;
    char *note; /* on what is wrong with a film, until it was said */
    GstDecoded decoded;
};

void media_free(Media *media)
{
    if (media == NULL)
        return;
    picture_source_clear(&media->source);
    g_free(media->input);
    g_free(media->uri);
    g_free(media->note);
    g_free(media);
}

static gboolean fail(const char *input, int code, GError **error)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: %s", input,
                code == ENOENT ? "there is no such file" : g_strerror(code));
    return FALSE;
}

/* Copies until the end of @from; FALSE with errno, which is EFBIG past the limit. */
static gboolean copy(int from, int to)
{
    guint64 n_all = 0;
    char buffer[1 << 16];

    for (;;) {
        ssize_t n = read(from, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        if ((n_all += n) > MOST_SPOOLED) {
            errno = EFBIG;
            return FALSE;
        }
        for (ssize_t done = 0; done < n;) {
            ssize_t more = write(to, buffer + done, n - done);
            if (more == 0)
                errno = ENOSPC;
            if (more == 0 || (more < 0 && errno != EINTR))
                return FALSE;
            done += MAX(more, 0);
        }
    }
}

/* A file without a name; -1 if that fails. */
static int open_unnamed(GError **error)
{
    g_autofree char *name = NULL;
    const int fd = g_file_open_tmp("vedette-XXXXXX", &name, error);

    if (fd >= 0)
        unlink(name);
    return fd;
}

/* One that has what comes out of a pipe; -1 if that fails. */
static int spool(const char *input, int pipe, GError **error)
{
    const int fd = open_unnamed(error);

    if (fd < 0)
        return -1;
    if (copy(pipe, fd))
        return fd;
    if (errno == EFBIG)
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "%s: more than %" G_GUINT64_FORMAT " bytes came through the pipe", input,
                    MOST_SPOOLED);
    else
        fail(input, errno, error);
    close(fd);
    return -1;
}

static int open_path(const char *input, const char *path, struct stat *status, GError **error)
{
    const char *wrong = NULL;

    if (stat(path, status) != 0) {
        fail(input, errno, error);
        return -1;
    }
    if (S_ISDIR(status->st_mode))
        wrong = "is a folder; name a file";
    else if (!S_ISREG(status->st_mode) && !S_ISFIFO(status->st_mode) && !S_ISSOCK(status->st_mode))
        wrong = "is a device; use the GStreamer element for those";
    if (wrong != NULL) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED, "%s: %s", input, wrong);
        return -1;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail(input, errno, error);
        return -1;
    }
    if (!S_ISREG(status->st_mode)) {
        const int pipe = fd;
        fd = spool(input, pipe, error);
        close(pipe);
        if (fd >= 0)
            fstat(fd, status);
    }
    return fd;
}

static void name_by_number(Media *media, int fd)
{
    g_free(media->uri);
    media->uri = g_strdup_printf("file:///proc/self/fd/%d", fd);
}

/* What kind of file it is, and whether that can be right. */
static gboolean look_at(Media *media, GError **error)
{
    media->format = format_find(&media->source);
    return media->format == NULL || media->format->look == NULL ||
           format_check(media->format, &media->source, &media->look, &media->note, error);
}

static gboolean open_file(Media *media, const char *path, GError **error)
{
    struct stat status;
    const int fd = open_path(media->input, path, &status, error);

    if (fd < 0)
        return FALSE;
    media->source = (PictureSource){media->input, fdopen(fd, "rb"), (guint64)status.st_size};
    if (status.st_nlink == 0) /* what came through a pipe */
        name_by_number(media, fd);
    else if ((media->uri = gst_filename_to_uri(path, error)) == NULL)
        return FALSE;
    return look_at(media, error);
}

/* What it is called in messages, which would be as long as the picture that a URI may hold. */
static char *name_of(const char *input)
{
    const gboolean holds = g_ascii_strncasecmp(input, "data:", 5) == 0;

    return holds && strlen(input) > MOST_NAMED ? g_strdup_printf("%.*s...", MOST_NAMED, input)
                                               : g_strdup(input);
}

Media *media_open(const char *input, GError **error)
{
    g_autoptr(Media) media = g_new0(Media, 1);
    media->input = name_of(input);
    media->look.orientation = 1;
    media->decoded = GST_DECODED_INIT;
    g_autofree char *path = NULL;
    if (!gst_uri_is_valid(input))
        path = g_strdup(input);
    else if (g_ascii_strncasecmp(input, "file:", 5) == 0 &&
             (path = g_filename_from_uri(input, NULL, error)) == NULL)
        return NULL;
    if (path == NULL)
        media->uri = g_strdup(input);
    else if (!open_file(media, path, error))
        return NULL;
    return g_steal_pointer(&media);
}

/* A picture that is decoded here. */
static gboolean show(Media *media, MediaFunc func, gpointer data, GError **error)
{
    g_auto(Pixels) pixels = {0};
    guint orientation = 1;
    g_autoptr(GError) mistake = NULL;

    rewind(media->source.file);
    if (!media->format->decode(&media->source, &pixels, &orientation, error) ||
        !pixels_turn(media->input, &pixels, orientation, error))
        return FALSE;
    const VdtPicture picture = {pixels.data, pixels.width, pixels.height, (gsize)3 * pixels.width};
    func(data, 0, &picture, -1, &mistake);
    if (mistake == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&mistake));
    return FALSE;
}

/* Brings a picture here that lies elsewhere, so that it is looked at like others. */
static gboolean fetch(Media *media, GError **error)
{
    const int fd = open_unnamed(error);
    struct stat status;

    if (fd < 0)
        return FALSE;
    media->source = (PictureSource){media->input, fdopen(fd, "w+b"), 0};
    if (!gst_fetch(media->uri, media->input, media->source.file, MOST_SPOOLED, error) ||
        fflush(media->source.file) != 0 || fstat(fd, &status) != 0) {
        picture_source_clear(&media->source);
        return FALSE;
    }
    media->source.size = status.st_size;
    name_by_number(media, fd);
    return look_at(media, error);
}

static gboolean play(Media *media, MediaFunc func, gpointer data, GError **error)
{
    const GstDecodeRequest request = {
        .input = media->input,
        .uri = media->uri,
        .decoder = media->format != NULL ? media->format->element : NULL,
        .orientation = media->look.orientation,
        .elsewhere = media->source.file == NULL,
        .func = func,
        .data = data,
    };

    if (media->format != NULL && media->format->decode != NULL)
        return show(media, func, data, error);
    if (media->note != NULL) {
        g_printerr("vedette: %s\n", media->note);
        media->decoded.warned = TRUE;
    }
    g_clear_pointer(&media->note, g_free);
    return gst_decode(&request, &media->decoded, error);
}

gboolean media_play(Media *media, MediaFunc func, gpointer data, GError **error)
{
    const gboolean elsewhere = media->source.file == NULL;

    if (!play(media, func, data, error))
        return FALSE;
    return !(elsewhere && media->decoded.still) ||
           (fetch(media, error) && play(media, func, data, error));
}

void media_get_pixel_aspect(const Media *media, int *width, int *height)
{
    *width = media->decoded.aspect_width;
    *height = media->decoded.aspect_height;
}

gboolean media_decode(const char *input, MediaFunc func, gpointer data, GError **error)
{
    g_autoptr(Media) media = media_open(input, error);
    return media != NULL && media_play(media, func, data, error);
}
