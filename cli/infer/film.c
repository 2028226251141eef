/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "film.h"

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <string.h>

#include "data/gstreason.h"
#include "io/atomic-file.h"

/* Pictures that wait for the encoder. */
#define MAX_WAITING 4
/* An encoder that takes nothing for so long is stuck. */
#define MAX_SILENCE (60 * GST_SECOND)
#define POLL_TIME   (10 * GST_MSECOND)
/* Pictures a second, by which the last one is seen for a while; the others are until the next. */
#define USUAL_RATE  25

static const struct {
    const char *name, *line;
} encoders[] = {
    {"x264enc", "x264enc pass=quant quantizer=20 speed-preset=veryfast tune=zerolatency "
                "key-int-max=50"},
    {"openh264enc", "openh264enc rate-control=quality bitrate=4000000 gop-size=50"},
};

struct _Film {
    char *path;
    GstElement *pipeline;
    GstAppSrc *source;
    GstBus *bus;
    guint width, height; /* both even */
    VdtAtomicFile *file;
    gboolean finished;
};

static const char *find_encoder(GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(encoders); i++) {
        g_autoptr(GstElementFactory) factory = gst_element_factory_find(encoders[i].name);
        if (factory != NULL)
            return encoders[i].line;
    }
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "GStreamer has no H.264 encoder here: install gstreamer1.0-plugins-ugly (x264enc)");
    return NULL;
}

static gboolean fail(const Film *film, const char *text, GError **error)
{
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "%s: cannot be written: %s", film->path, text);
    return FALSE;
}

/* FALSE if there is a complaint within @time. *ended, unless NULL: whether the end has come. */
static gboolean look(const Film *film, GstClockTime time, gboolean *ended, GError **error)
{
    g_autoptr(GstMessage) message =
        gst_bus_timed_pop_filtered(film->bus, time, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
    if (message == NULL)
        return TRUE;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) {
        if (ended != NULL)
            *ended = TRUE;
        return TRUE;
    }
    g_autofree char *reason = gst_reason(message);
    return fail(film, reason, error);
}

static gboolean open_pipeline(Film *film, const int aspect[2], GError **error)
{
    const char *encoder = find_encoder(error);
    if (encoder == NULL)
        return FALSE;
    g_autofree char *line = g_strdup_printf(
        "appsrc name=source format=time ! videoconvert ! video/x-raw,format=I420 ! %s ! h264parse "
        "! %s ! fdsink fd=%d",
        encoder, g_str_has_suffix(film->path, ".mp4") ? "mp4mux" : "matroskamux",
        vdt_atomic_file_get_fd(film->file));
    film->pipeline = gst_parse_launch(line, error);
    if (film->pipeline == NULL)
        return FALSE;
    film->bus = gst_element_get_bus(film->pipeline);
    film->source = GST_APP_SRC(gst_bin_get_by_name(GST_BIN(film->pipeline), "source"));
    g_autoptr(GstCaps) caps = gst_caps_new_simple(
        "video/x-raw", "format", G_TYPE_STRING, "RGB", "width", G_TYPE_INT, (int)film->width,
        "height", G_TYPE_INT, (int)film->height, "framerate", GST_TYPE_FRACTION, USUAL_RATE, 1,
        "pixel-aspect-ratio", GST_TYPE_FRACTION, aspect[0], aspect[1], NULL);
    gst_app_src_set_caps(film->source, caps);
    if (gst_element_set_state(film->pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
        return TRUE;
    return look(film, 0, NULL, error) && fail(film, "the encoder does not start", error);
}

Film *film_new(const char *path, guint width, guint height, const int aspect[2], GError **error)
{
    if (!gst_init_check(NULL, NULL, error))
        return NULL;
    g_autoptr(Film) film = g_new0(Film, 1);
    film->path = g_strdup(path);
    film->width = width + width % 2;
    film->height = height + height % 2;
    film->file = vdt_atomic_file_new(path, error);
    return film->file != NULL && open_pipeline(film, aspect, error) ? g_steal_pointer(&film) : NULL;
}

/* Rows of packed RGB begin at multiples of four bytes. */
static GstBuffer *wrap(const Film *film, const VdtPicture *picture)
{
    gsize stride = GST_ROUND_UP_4((gsize)3 * film->width);
    guint8 *data = g_malloc0(stride * film->height);
    for (guint y = 0; y < film->height; y++) {
        const guint8 *from = picture->data + MIN(y, picture->height - 1) * picture->stride;
        memcpy(data + y * stride, from, (gsize)3 * picture->width);
        if (picture->width < film->width)
            memcpy(data + y * stride + 3 * picture->width, from + 3 * (picture->width - 1), 3);
    }
    return gst_buffer_new_wrapped(data, stride * film->height);
}

gboolean film_add(Film *film, const VdtPicture *picture, gint64 pts, GError **error)
{
    GstClockTime waited = 0;
    do {
        gboolean full = gst_app_src_get_current_level_buffers(film->source) >= MAX_WAITING;
        if (!look(film, full ? POLL_TIME : 0, NULL, error))
            return FALSE;
        if (!full)
            break;
        waited += POLL_TIME;
    } while (waited < MAX_SILENCE);
    GstBuffer *buffer = wrap(film, picture);
    GST_BUFFER_PTS(buffer) = pts;
    if (waited < MAX_SILENCE && gst_app_src_push_buffer(film->source, buffer) == GST_FLOW_OK)
        return TRUE;
    if (waited >= MAX_SILENCE)
        gst_buffer_unref(buffer);
    return look(film, 0, NULL, error) && fail(film, "the encoder takes no pictures", error);
}

gboolean film_finish(Film *film, GError **error)
{
    gst_app_src_end_of_stream(film->source);
    if (!look(film, MAX_SILENCE, &film->finished, error))
        return FALSE;
    if (!film->finished)
        return fail(film, "it does not end", error);
    return vdt_atomic_file_commit(film->file, error);
}

void film_free(Film *film)
{
    if (film == NULL)
        return;
    if (film->pipeline != NULL)
        gst_element_set_state(film->pipeline, GST_STATE_NULL);
    g_clear_pointer(&film->file, vdt_atomic_file_free);
    gst_clear_object(&film->source);
    gst_clear_object(&film->bus);
    gst_clear_object(&film->pipeline);
    g_free(film->path);
    g_free(film);
}
