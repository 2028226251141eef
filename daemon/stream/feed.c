/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feed.h"

#include "clock.h"
#include "timeline.h"

/* What may wait before the pipeline: more than this, and it is too slow. */
#define MOST_TIME   (2 * GST_SECOND)
#define MOST_BYTES  (32 * 1024 * 1024)
#define MOST_FRAMES 300

/* Where no keyframe came for so long, what has parameters before it is one: where columns are
 * refreshed one after the other, which h265parse says of nothing. */
#define KEYLESS (10 * (gint64)GST_SECOND)

struct _VdtFeed {
    GMutex lock;
    /* all of it guarded */
    void (*notify)(gpointer data);
    gpointer data;
    VdtFeedTap tap;
    gpointer tap_data;
    VdtFeedNews news;
    gboolean asked;
    GstAppSrc *sink;
    gint64 base;   /* of the sink */
    GstCaps *caps; /* that the sink was given */
    GQuark codec;  /* that the sink began with; 0 for none */
    guint opening;
    gboolean open;
    gint64 last_key;            /* of the source; before the first, since it was opened */
    gboolean needs_key, breaks; /* before and at the next frame that passes */
    VdtTimeline timeline;
    VdtFeedCounts counts;
};

VdtFeed *vdt_feed_new(void (*notify)(gpointer data), gpointer data)
{
    VdtFeed *feed = g_atomic_rc_box_new0(VdtFeed);

    g_mutex_init(&feed->lock);
    feed->notify = notify;
    feed->data = data;
    vdt_timeline_init(&feed->timeline);
    return feed;
}

VdtFeed *vdt_feed_ref(VdtFeed *feed)
{
    return g_atomic_rc_box_acquire(feed);
}

static void feed_clear(gpointer data)
{
    VdtFeed *feed = data;

    gst_clear_object(&feed->sink);
    gst_clear_caps(&feed->caps);
    g_mutex_clear(&feed->lock);
}

void vdt_feed_unref(VdtFeed *feed)
{
    g_atomic_rc_box_release_full(feed, feed_clear);
}

void vdt_feed_silence(VdtFeed *feed)
{
    g_mutex_lock(&feed->lock);
    feed->notify = NULL;
    g_mutex_unlock(&feed->lock);
}

void vdt_feed_set_tap(VdtFeed *feed, VdtFeedTap tap, gpointer data)
{
    g_mutex_lock(&feed->lock);
    feed->tap = tap;
    feed->tap_data = data;
    g_mutex_unlock(&feed->lock);
}

void vdt_feed_set_sink(VdtFeed *feed, GstAppSrc *sink, gint64 base)
{
    GstAppSrc *old;

    g_mutex_lock(&feed->lock);
    old = feed->sink;
    feed->sink = sink ? gst_object_ref(sink) : NULL;
    feed->base = base;
    feed->codec = 0;
    feed->needs_key = feed->breaks = TRUE;
    gst_clear_caps(&feed->caps);
    vdt_timeline_init(&feed->timeline);
    g_mutex_unlock(&feed->lock);
    if (old)
        gst_object_unref(old);
}

guint vdt_feed_open(VdtFeed *feed, gint64 base, gint64 slack)
{
    guint opening;

    g_mutex_lock(&feed->lock);
    opening = ++feed->opening;
    feed->last_key = vdt_clock_now();
    feed->open = feed->asked = feed->needs_key = feed->breaks = TRUE;
    feed->news = 0;
    vdt_timeline_begin(&feed->timeline, base - feed->base, slack);
    g_mutex_unlock(&feed->lock);
    return opening;
}

void vdt_feed_close(VdtFeed *feed)
{
    g_mutex_lock(&feed->lock);
    feed->open = FALSE;
    feed->news = 0;
    g_mutex_unlock(&feed->lock);
}

void vdt_feed_ask(VdtFeed *feed)
{
    g_mutex_lock(&feed->lock);
    feed->asked = TRUE;
    g_mutex_unlock(&feed->lock);
}

static void tell(VdtFeed *feed, VdtFeedNews news)
{
    feed->news |= news;
    if (feed->notify)
        feed->notify(feed->data);
}

VdtFeedNews vdt_feed_take_news(VdtFeed *feed)
{
    VdtFeedNews news;

    g_mutex_lock(&feed->lock);
    news = feed->news;
    feed->news = 0;
    g_mutex_unlock(&feed->lock);
    return news;
}

/* FALSE if this is another codec than the one that the pipeline was begun with. */
static gboolean check_codec(VdtFeed *feed, GstCaps *caps)
{
    const GQuark codec = gst_structure_get_name_id(gst_caps_get_structure(caps, 0));

    if (feed->codec == 0)
        feed->codec = codec;
    return feed->codec == codec;
}

static gboolean has_room(VdtFeed *feed)
{
    /* once it was full, it is given the time to become half empty */
    const guint part = feed->counts.last_drop && feed->needs_key ? 2 : 1;

    return gst_app_src_get_current_level_time(feed->sink) <= MOST_TIME / part &&
           gst_app_src_get_current_level_bytes(feed->sink) <= MOST_BYTES / part &&
           gst_app_src_get_current_level_buffers(feed->sink) <= MOST_FRAMES / part;
}

static gint64 running_time(const GstSegment *segment, GstClockTime time)
{
    guint64 value;

    if (!GST_CLOCK_TIME_IS_VALID(time) || segment->format != GST_FORMAT_TIME ||
        gst_segment_to_running_time_full(segment, GST_FORMAT_TIME, time, &value) <= 0)
        return -1;
    return (gint64)value;
}

static gboolean is_beginning(VdtFeed *feed, GstBuffer *buffer, gint64 now)
{
    if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT))
        return GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_HEADER) &&
               now - feed->last_key > KEYLESS;
    feed->last_key = now;
    return TRUE;
}

/* A copy with other times, of both or none. */
static GstBuffer *timed(GstBuffer *buffer, gint64 pts, gint64 dts, gint64 base, gboolean breaks,
                        gboolean is_key)
{
    GstBuffer *copy = gst_buffer_copy(buffer);

    GST_BUFFER_PTS(copy) = pts < 0 ? GST_CLOCK_TIME_NONE : (GstClockTime)(pts + base);
    GST_BUFFER_DTS(copy) = dts < 0 ? GST_CLOCK_TIME_NONE : (GstClockTime)(dts + base);
    if (breaks)
        GST_BUFFER_FLAG_SET(copy, GST_BUFFER_FLAG_DISCONT);
    if (is_key)
        GST_BUFFER_FLAG_UNSET(copy, GST_BUFFER_FLAG_DELTA_UNIT);
    return copy;
}

static void tap(VdtFeed *feed, GstBuffer *buffer, GstCaps *caps, gint64 pts, gint64 dts,
                gboolean breaks, gboolean is_key)
{
    g_autoptr(GstBuffer) copy =
        feed->tap ? timed(buffer, pts, dts, feed->base, breaks, is_key) : NULL;

    if (copy)
        feed->tap(copy, caps, feed->tap_data);
}

static void pass(VdtFeed *feed, GstBuffer *buffer, GstCaps *caps, gint64 pts, gint64 dts,
                 gboolean is_key)
{
    if (!feed->caps || !gst_caps_is_equal(caps, feed->caps)) {
        gst_caps_replace(&feed->caps, caps);
        gst_app_src_set_caps(feed->sink, caps);
    }
    feed->counts.breaks += feed->breaks;
    feed->counts.passed++;
    gst_app_src_push_buffer(feed->sink, timed(buffer, pts, dts, 0, feed->breaks, is_key));
    feed->breaks = feed->needs_key = FALSE;
}

static void drop(VdtFeed *feed, gint64 now)
{
    feed->counts.dropped++;
    feed->counts.last_drop = now;
    feed->needs_key = feed->breaks = TRUE;
}

/* To whoever wants it. */
static void hand_over(VdtFeed *feed, GstSample *sample, gint64 now)
{
    GstBuffer *buffer = gst_sample_get_buffer(sample);
    GstCaps *caps = gst_sample_get_caps(sample);
    const GstSegment *segment = gst_sample_get_segment(sample);
    const gboolean is_key = is_beginning(feed, buffer, now);
    gint64 pts = running_time(segment, GST_BUFFER_PTS(buffer));
    gint64 dts = running_time(segment, GST_BUFFER_DTS(buffer));
    const gboolean breaks = vdt_timeline_map(&feed->timeline, &pts, &dts, now - feed->base) ||
                            GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT);

    feed->breaks |= breaks;
    tap(feed, buffer, caps, pts, dts, breaks, is_key);
    if (!has_room(feed))
        drop(feed, now);
    else if (is_key || !feed->needs_key)
        pass(feed, buffer, caps, pts, dts, is_key);
}

gboolean vdt_feed_push(VdtFeed *feed, guint opening, GstSample *sample)
{
    const gint64 now = vdt_clock_now();
    gboolean wanted;

    g_mutex_lock(&feed->lock);
    wanted = feed->open && opening == feed->opening;
    if (wanted) {
        feed->counts.frames++;
        feed->counts.bytes += gst_buffer_get_size(gst_sample_get_buffer(sample));
        feed->counts.last_frame = now;
        if (feed->asked)
            tell(feed, VDT_FEED_FRAME);
        feed->asked = FALSE;
    }
    if (wanted && feed->sink && !check_codec(feed, gst_sample_get_caps(sample))) {
        tell(feed, VDT_FEED_RECODED);
        feed->open = wanted = FALSE;
    } else if (wanted && feed->sink) {
        hand_over(feed, sample, now);
    }
    g_mutex_unlock(&feed->lock);
    return wanted;
}

void vdt_feed_get(VdtFeed *feed, VdtFeedCounts *counts)
{
    g_mutex_lock(&feed->lock);
    *counts = feed->counts;
    counts->waiting = feed->sink ? (guint)gst_app_src_get_current_level_buffers(feed->sink) : 0;
    g_mutex_unlock(&feed->lock);
}

char *vdt_feed_get_codec(VdtFeed *feed)
{
    char *codec;

    g_mutex_lock(&feed->lock);
    codec = feed->codec ? g_strdup(g_quark_to_string(feed->codec)) : NULL;
    g_mutex_unlock(&feed->lock);
    return codec;
}
