/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "maskpad.h"

#include <string.h>

#include "analyzer/vdtanalyzer.h"
#include "secondpad.h"

typedef struct {
    GMutex pushing;     /* held by whoever pushes, who may wait for frames to pass */
    GstClockTime end;   /* of what the stream has told of: its last mask or gap; NONE before */
    GstClockTime given; /* PTS of the last mask; NONE before */

    GMutex lock;                 /* guards what follows */
    gboolean news;               /* it has changed since a gap was looked for */
    GstSegment segment;          /* of the frames that passed */
    GstClockTime passed, oldest; /* how far they did, or NONE; of the oldest work under way then */
} Stream;

static Stream *stream_of(GstPad *pad)
{
    return gst_pad_get_element_private(pad);
}

static void free_stream(gpointer data, GObject *pad)
{
    Stream *stream = data;

    g_mutex_clear(&stream->pushing);
    g_mutex_clear(&stream->lock);
    g_free(stream);
}

GstPad *vdt_mask_pad_new(GstPadTemplate *templ)
{
    Stream *stream = g_new0(Stream, 1);
    GstPad *pad = vdt_second_pad_new(templ);

    g_mutex_init(&stream->pushing);
    g_mutex_init(&stream->lock);
    stream->end = stream->given = stream->passed = GST_CLOCK_TIME_NONE;
    gst_pad_set_element_private(pad, stream);
    g_object_weak_ref(G_OBJECT(pad), free_stream, stream);
    return pad;
}

static gboolean has(GstPad *pad, GstEventType type)
{
    g_autoptr(GstEvent) event = gst_pad_get_sticky_event(pad, type, 0);

    return event != NULL;
}

static void start_stream(GstPad *pad, GstElement *element)
{
    g_autoptr(GstEvent) main =
        gst_pad_get_sticky_event(GST_BASE_TRANSFORM_SINK_PAD(element), GST_EVENT_STREAM_START, 0);

    vdt_second_pad_start(pad, element, "mask", GST_STREAM_FLAG_SPARSE, main);
}

static void set_caps(GstPad *pad, const VdtMaskOf *of)
{
    const GstVideoInfo *info = of->info;
    g_autoptr(GstCaps) before = gst_pad_get_current_caps(pad), caps = NULL;
    int par_n = 1, par_d = 1;

    /* stretched over the frame, it is as wide */
    if (!gst_util_fraction_multiply(GST_VIDEO_INFO_WIDTH(info), GST_VIDEO_INFO_HEIGHT(info),
                                    GST_VIDEO_INFO_PAR_N(info), GST_VIDEO_INFO_PAR_D(info), &par_n,
                                    &par_d) ||
        !gst_util_fraction_multiply(par_n, par_d, (int)of->height, (int)of->width, &par_n, &par_d))
        par_n = par_d = 1;
    caps = gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "GRAY8", "width", G_TYPE_INT,
                               (int)of->width, "height", G_TYPE_INT, (int)of->height, "framerate",
                               GST_TYPE_FRACTION, 0, 1, "pixel-aspect-ratio", GST_TYPE_FRACTION,
                               par_n, par_d, NULL);
    if (!before || !gst_caps_is_equal(before, caps))
        gst_pad_push_event(pad, gst_event_new_caps(caps));
}

static gboolean is_in(GstPad *pad, const GstSegment *segment)
{
    g_autoptr(GstEvent) event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
    const GstSegment *before = NULL;

    if (event)
        gst_event_parse_segment(event, &before);
    /* the position is the main stream's, and moves */
    return before && before->rate == segment->rate && before->start == segment->start &&
           before->stop == segment->stop && before->base == segment->base &&
           before->offset == segment->offset && before->time == segment->time;
}

/* Times of another one are no earlier or later than those before. */
static void set_segment(GstPad *pad, const GstSegment *segment)
{
    if (segment->format != GST_FORMAT_TIME || is_in(pad, segment))
        return;
    gst_pad_push_event(pad, gst_event_new_segment(segment));
    stream_of(pad)->end = stream_of(pad)->given = GST_CLOCK_TIME_NONE;
}

/* Masks lie as the frames do. */
static void push_orientation(GstPad *pad, GstElement *element)
{
    GstPad *sink = GST_BASE_TRANSFORM_SINK_PAD(element);
    GstEvent *event;

    for (guint i = 0; (event = gst_pad_get_sticky_event(sink, GST_EVENT_TAG, i)); i++) {
        g_autofree char *how = NULL;
        GstTagList *tags;

        gst_event_parse_tag(event, &tags);
        if (gst_tag_list_get_string(tags, GST_TAG_IMAGE_ORIENTATION, &how))
            gst_pad_push_event(
                pad, gst_event_new_tag(gst_tag_list_new(GST_TAG_IMAGE_ORIENTATION, how, NULL)));
        gst_event_unref(event);
    }
}

/* Whatever is to be known before anything comes. */
static void begin(GstPad *pad, GstElement *element, const VdtMaskOf *of)
{
    if (!has(pad, GST_EVENT_STREAM_START))
        start_stream(pad, element);
    set_caps(pad, of);
    set_segment(pad, of->segment);
    if (!has(pad, GST_EVENT_TAG))
        push_orientation(pad, element);
}

GstClockTime vdt_mask_frame_duration(const GstVideoInfo *info, GstBuffer *frame)
{
    const int fps_n = GST_VIDEO_INFO_FPS_N(info), fps_d = GST_VIDEO_INFO_FPS_D(info);

    if (GST_BUFFER_DURATION_IS_VALID(frame))
        return GST_BUFFER_DURATION(frame);
    return fps_n > 0 && fps_d > 0 ? gst_util_uint64_scale_int(GST_SECOND, fps_d, fps_n)
                                  : GST_CLOCK_TIME_NONE;
}

/* Tells that there will be no mask of frames that passed before the oldest work under way, or
 * before the next one where a mask has been given of that. Another segment begins with its first
 * mask, or with a frame, @enters. */
static void push_gap(GstPad *pad, GstElement *element, gboolean enters)
{
    Stream *stream = stream_of(pad);
    GstClockTime passed, oldest, from, until;
    GstSegment segment;

    g_mutex_lock(&stream->lock);
    stream->news = FALSE;
    segment = stream->segment;
    passed = stream->passed;
    oldest = stream->oldest;
    g_mutex_unlock(&stream->lock);
    if (!GST_CLOCK_TIME_IS_VALID(passed) || (!enters && !is_in(pad, &segment)))
        return;
    set_segment(pad, &segment);
    if (GST_CLOCK_TIME_IS_VALID(stream->given) && oldest <= stream->given)
        oldest = vdt_worker_get_next(vdt_analyzer_get_worker(VDT_ANALYZER(element)));
    until = MIN(passed, oldest); /* NONE is the largest */
    from = GST_CLOCK_TIME_IS_VALID(stream->end) ? stream->end : MIN(segment.start, until);
    /* The first may be of no length: a sink begins with it, and the frames beside it go on. */
    if (from > until || (from == until && GST_CLOCK_TIME_IS_VALID(stream->end)))
        return;
    gst_pad_push_event(pad, gst_event_new_gap(from, until - from));
    stream->end = until;
}

static gboolean has_news(Stream *stream)
{
    gboolean news;

    g_mutex_lock(&stream->lock);
    news = stream->news;
    g_mutex_unlock(&stream->lock);
    return news;
}

/* Whoever pushes meanwhile may wait for the frame that this thread brings, and tells himself when
 * he is done. */
static void tell_gap(GstPad *pad, GstElement *element, const VdtMaskOf *of)
{
    Stream *stream = stream_of(pad);

    while (has_news(stream) && g_mutex_trylock(&stream->pushing)) {
        if (of && !has(pad, GST_EVENT_SEGMENT))
            begin(pad, element, of);
        push_gap(pad, element, of != NULL);
        g_mutex_unlock(&stream->pushing);
    }
}

void vdt_mask_pad_skip(GstPad *pad, GstElement *element, const VdtMaskOf *of, GstClockTime end,
                       GstClockTime oldest)
{
    Stream *stream = stream_of(pad);

    /* gaps are told forwards */
    if (!gst_pad_is_linked(pad) || of->segment->rate < 0)
        return;
    g_mutex_lock(&stream->lock);
    stream->news = TRUE;
    stream->segment = *of->segment;
    stream->passed = end;
    stream->oldest = oldest;
    g_mutex_unlock(&stream->lock);
    tell_gap(pad, element, of);
}

/* What breaks the stream off may have done away with the work that a mask was to come of. Nobody
 * would say so until the next frame, which may wait for the mask's sink to begin. */
static void catch_up(GstPad *pad, GstElement *element, GstClockTime oldest)
{
    Stream *stream = stream_of(pad);

    g_mutex_lock(&stream->lock);
    stream->news = GST_CLOCK_TIME_IS_VALID(stream->passed) && gst_pad_is_linked(pad);
    stream->oldest = oldest;
    g_mutex_unlock(&stream->lock);
    tell_gap(pad, element, NULL);
}

/* The map as rows that begin at multiples of four bytes, which everybody can read; the same memory
 * if they do. */
static GstBuffer *picture_of(GstBuffer *map, guint width, guint height)
{
    const gsize stride = GST_ROUND_UP_4(width);
    GstBuffer *picture;
    GstMapInfo from, to;

    if (stride == width)
        return gst_buffer_copy_region(map, GST_BUFFER_COPY_MEMORY, 0, (gssize)(stride * height));
    picture = gst_buffer_new_allocate(NULL, stride * height, NULL);
    if (!gst_buffer_map(map, &from, GST_MAP_READ)) {
        gst_buffer_unref(picture);
        return NULL;
    }
    if (gst_buffer_map(picture, &to, GST_MAP_WRITE)) {
        for (guint y = 0; y < height; y++) {
            memcpy(to.data + y * stride, from.data + (gsize)y * width, width);
            memset(to.data + y * stride + width, 0, stride - width);
        }
        gst_buffer_unmap(picture, &to);
    }
    gst_buffer_unmap(map, &from);
    return picture;
}

void vdt_mask_pad_push(GstPad *pad, GstElement *element, const VdtMaskOf *of, GstBuffer *map,
                       GstClockTime pts, GstClockTime duration)
{
    Stream *stream = stream_of(pad);
    GstBuffer *picture;

    if (!gst_pad_is_linked(pad))
        return;
    picture = picture_of(map, of->width, of->height);
    if (!picture)
        return;
    GST_BUFFER_PTS(picture) = pts;
    g_mutex_lock(&stream->pushing);
    begin(pad, element, of);
    stream->given = pts;
    stream->end = GST_CLOCK_TIME_IS_VALID(duration) ? pts + duration : pts;
    /* whatever comes of it */
    gst_pad_push(pad, picture);
    /* frames that have passed may wait in a mixer, and the next one behind them */
    if (of->segment->rate > 0)
        push_gap(pad, element, FALSE);
    g_mutex_unlock(&stream->pushing);
    tell_gap(pad, element, NULL);
}

static void end_stream(GstPad *pad, GstElement *element)
{
    if (!has(pad, GST_EVENT_STREAM_START))
        start_stream(pad, element);
    if (has(pad, GST_EVENT_CAPS))
        set_segment(pad, &GST_BASE_TRANSFORM(element)->segment);
    gst_pad_push_event(pad, gst_event_new_eos());
}

static void forget(Stream *stream)
{
    g_mutex_lock(&stream->lock);
    stream->news = FALSE;
    stream->passed = GST_CLOCK_TIME_NONE;
    g_mutex_unlock(&stream->lock);
    stream->end = stream->given = GST_CLOCK_TIME_NONE;
}

static void tell(GstPad *pad, GstElement *element, GstEventType type, gboolean reset_time)
{
    Stream *stream = stream_of(pad);

    g_mutex_lock(&stream->pushing);
    if (type == GST_EVENT_FLUSH_STOP || type == GST_EVENT_STREAM_START)
        forget(stream);
    if (type == GST_EVENT_FLUSH_STOP)
        gst_pad_push_event(pad, gst_event_new_flush_stop(reset_time));
    else if (type == GST_EVENT_STREAM_START)
        start_stream(pad, element);
    else if (type == GST_EVENT_TAG && has(pad, GST_EVENT_SEGMENT))
        push_orientation(pad, element);
    else if (type == GST_EVENT_EOS)
        end_stream(pad, element);
    g_mutex_unlock(&stream->pushing);
    tell_gap(pad, element, NULL);
}

gboolean vdt_mask_pad_handle(GstPad *pad, GstBaseTransform *element, GstEvent *event,
                             gboolean (*handle)(GstBaseTransform *, GstEvent *),
                             GstClockTime (*get_oldest)(GstBaseTransform *))
{
    const gboolean in_order = GST_EVENT_IS_SERIALIZED(event);
    const GstEventType type = GST_EVENT_TYPE(event);
    gboolean reset_time = TRUE, done;

    if (type == GST_EVENT_FLUSH_STOP)
        gst_event_parse_flush_stop(event, &reset_time);
    /* first, and without the lock: whoever has it may wait in what is behind the pad */
    if (pad && type == GST_EVENT_FLUSH_START)
        gst_pad_push_event(pad, gst_event_new_flush_start());
    done = handle(element, event);
    if (pad && in_order && type != GST_EVENT_FLUSH_STOP)
        catch_up(pad, GST_ELEMENT(element), get_oldest(element));
    if (pad && type != GST_EVENT_FLUSH_START)
        tell(pad, GST_ELEMENT(element), type, reset_time);
    return done;
}
