/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "records.h"

#include <gst/video/video.h>
#include <string.h>

#include "build/parts.h"
#include "events/hub.h"
#include "record/clip.h"
#include "record/snapshot.h"
#include "stream/clock.h"

#define MOST_WAITING  256   /* clips, snapshots, and events whose turn it is not yet */
#define RING_BUFFERS  10000 /* time and bytes bound it before */
#define EARLIER       (3 * G_USEC_PER_SEC) /* by as much an event may be told late */
#define SWEEP_SECONDS 60

struct _VdtRecords {
    const VdtTell *tell;
    VdtStore *store;
    char *folder;
    VdtSpace *space;
    VdtRecorder *recorder;
    VdtArtist *artist;
    GAsyncQueue *jobs; /* of Job */
    GThread *thread;
    guint told; /* atomic: kinds of errors */
    GMutex lock;
    /* guarded */
    VdtJpegOptions jpeg;
    GHashTable *recordists; /* by name */
};

/* Events whose clips would overlap. */
typedef struct {
    VdtRecordist *recordist;
    VdtRecording *recording;
    /* guarded by the recordist */
    GPtrArray *ids;
    GHashTable *open; /* of these, what goes on */
    gint64 end;       /* the latest one */
} Clip;

struct _VdtRecordist {
    VdtRecords *records;
    VdtSnapshots *snapshots;
    char *name;
    guint told; /* atomic: kinds of errors */
    gint coded; /* atomic: what comes can be kept as it is */
    GMutex lock;
    /* guarded */
    VdtRing *ring; /* of these limits */
    VdtRingLimits limits;
    guint keep;
    gint64 before, after, most;
    Clip *clip; /* the newest, until it takes nothing more */
};

enum { KEEP_NOTHING, KEEP_SNAPSHOTS, KEEP_CLIPS };

/* --- the service's --- */

/* Of a stream, or of the service. Once for each kind of error, until one is recorded again. */
static void tell_trouble(VdtRecords *records, VdtRecordist *recordist, const GError *error)
{
    guint kind = 1u << MIN((guint)error->code, 31);
    const char *who = recordist != NULL ? recordist->name : "the service";
    guint *told = recordist != NULL ? &recordist->told : &records->told;
    if (g_atomic_int_or(told, kind) & kind)
        return;
    vdt_tell(records->tell, VDT_TELL_WARNING, "%s: not recorded: %s", who, error->message);
}

static void on_low(gboolean is_low, guint64 free_bytes, gpointer data)
{
    VdtRecords *records = data;
    g_autofree char *size = vdt_bytes_show(free_bytes);
    if (is_low)
        vdt_tell(records->tell, VDT_TELL_ERROR,
                 "nothing is recorded any more, since no more than %s are free on the disk", size);
    else
        vdt_tell(records->tell, VDT_TELL_NOTICE, "there is room on the disk again: %s", size);
}

/* Several events may have it. */
static void on_gone(const char *file, gpointer data)
{
    VdtRecords *records = data;
    g_autofree char *path = g_build_filename(records->folder, file, NULL);
    gboolean is_snapshot = g_str_has_suffix(file, ".jpg");
    vdt_store_detach(records->store, is_snapshot ? VDT_ATTACH_SNAPSHOT : VDT_ATTACH_CLIP, path);
}

static gint64 whole(const VdtConfig *config, guint key)
{
    return vdt_config_get(config, VDT_GROUP_RECORDING, key)->whole;
}

static VdtSpaceSpec space_of(VdtRecords *records, const VdtConfig *config, const char *folder)
{
    return (VdtSpaceSpec){.folder = folder,
                          .least_free = (guint64)whole(config, VDT_KEY_RECORDING_MIN_FREE),
                          .most_age = whole(config, VDT_KEY_RECORDING_RETENTION),
                          .most_bytes = (guint64)whole(config, VDT_KEY_RECORDING_MAX_SIZE),
                          .low = on_low,
                          .gone = on_gone,
                          .data = records};
}

static void set_jpeg(VdtRecords *records, const VdtConfig *config)
{
    g_mutex_lock(&records->lock);
    records->jpeg = (VdtJpegOptions){(guint)whole(config, VDT_KEY_RECORDING_SNAPSHOT_SIZE),
                                     (guint)whole(config, VDT_KEY_RECORDING_SNAPSHOT_QUALITY)};
    g_mutex_unlock(&records->lock);
}

void vdt_records_set_config(VdtRecords *records, const VdtConfig *config)
{
    VdtSpaceSpec spec = space_of(records, config, NULL);
    vdt_space_set_limits(records->space, &spec);
    set_jpeg(records, config);
}

/* --- clips --- */

static void clip_free(gpointer data)
{
    Clip *clip = data;
    vdt_recording_unref(clip->recording);
    g_ptr_array_unref(clip->ids);
    g_hash_table_unref(clip->open);
    vdt_recordist_unref(clip->recordist);
    g_free(clip);
}

static void on_clip(const VdtClipResult *result, const GError *error, gpointer data)
{
    Clip *clip = data;
    VdtRecordist *recordist = clip->recordist;
    VdtRecords *records = recordist->records;
    g_mutex_lock(&recordist->lock);
    if (recordist->clip == clip)
        recordist->clip = NULL;
    g_mutex_unlock(&recordist->lock);
    if (error != NULL) {
        if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) /* no frame came yet */
            tell_trouble(records, recordist, error);
        return;
    }
    g_atomic_int_set(&recordist->told, 0);
    for (guint i = 0; i < clip->ids->len; i++)
        vdt_store_attach(records->store, clip->ids->pdata[i], VDT_ATTACH_CLIP, result->path);
}

/* With the lock. */
static gboolean join_clip(VdtRecordist *recordist, const VdtEvent *event)
{
    Clip *clip = recordist->clip;
    if (clip == NULL || clip->recording == NULL ||
        !vdt_recording_set_end(clip->recording, event->time) || /* is it long enough? */
        !vdt_recording_set_end(clip->recording, G_MAXINT64))
        return FALSE;
    g_ptr_array_add(clip->ids, g_strdup(event->id));
    g_hash_table_add(clip->open, g_strdup(event->id));
    return TRUE;
}

static void begin_clip(VdtRecordist *recordist, const VdtEvent *event, const char *stem)
{
    g_autoptr(GError) error = NULL;
    Clip *clip = g_new0(Clip, 1);
    *clip = (Clip){.recordist = vdt_recordist_ref(recordist),
                   .ids = g_ptr_array_new_with_free_func(g_free),
                   .open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    g_ptr_array_add(clip->ids, g_strdup(event->id));
    g_hash_table_add(clip->open, g_strdup(event->id));
    g_mutex_lock(&recordist->lock);
    VdtClipSpec spec = {.ring = recordist->ring,
                        .stem = stem,
                        .start = event->time,
                        .end = G_MAXINT64,
                        .before = recordist->before,
                        .after = recordist->after,
                        .most = recordist->most,
                        .done = on_clip,
                        .data = clip,
                        .data_free = clip_free};
    VdtRecording *recording = vdt_recording_begin(recordist->records->recorder, &spec, &error);
    if (recording != NULL) {
        clip->recording = recording;
        recordist->clip = clip;
    }
    g_mutex_unlock(&recordist->lock);
    if (recording == NULL) {
        tell_trouble(recordist->records, recordist, error);
        g_ptr_array_unref(clip->ids);
        g_hash_table_unref(clip->open);
        vdt_recordist_unref(clip->recordist);
        g_free(clip);
    }
}

static void end_event(VdtRecordist *recordist, const VdtEvent *event)
{
    g_mutex_lock(&recordist->lock);
    Clip *clip = recordist->clip;
    if (clip != NULL && g_hash_table_remove(clip->open, event->id)) {
        clip->end = MAX(clip->end, event->time);
        if (g_hash_table_size(clip->open) == 0)
            vdt_recording_set_end(clip->recording, clip->end);
    }
    g_mutex_unlock(&recordist->lock);
}

/* --- snapshots --- */

typedef struct {
    VdtRecordist *recordist;
    char *id;
} Picture;

static void on_picture(const VdtSnapshot *snapshot, const GError *error, gpointer data)
{
    Picture *picture = data;
    VdtRecords *records = picture->recordist->records;
    if (snapshot != NULL)
        vdt_store_attach(records->store, picture->id, VDT_ATTACH_SNAPSHOT, snapshot->path);
    else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) /* no frame came yet */
        tell_trouble(records, picture->recordist, error);
    vdt_recordist_unref(picture->recordist);
    g_free(picture->id);
    g_free(picture);
}

static void take_picture(VdtRecordist *recordist, const VdtEvent *event, const char *stem)
{
    VdtRecords *records = recordist->records;
    g_autofree char *path = g_strconcat(stem, ".jpg", NULL);
    g_autoptr(GError) error = NULL;
    Picture *picture = g_new(Picture, 1);
    *picture = (Picture){vdt_recordist_ref(recordist), g_strdup(event->id)};
    g_mutex_lock(&records->lock);
    VdtJpegOptions options = records->jpeg;
    g_mutex_unlock(&records->lock);
    if (!vdt_snapshots_take(recordist->snapshots, path, &options, on_picture, picture, &error))
        on_picture(NULL, error, picture);
}

/* --- events, in a thread that may wait for the disk --- */

typedef struct {
    VdtRecordist *recordist; /* NULL: the end */
    VdtEvent *event;
} Job;

static void job_free(Job *job)
{
    g_clear_pointer(&job->recordist, vdt_recordist_unref);
    g_clear_pointer(&job->event, vdt_event_unref);
    g_free(job);
}

static void start_event(VdtRecordist *recordist, const VdtEvent *event)
{
    g_autoptr(GError) error = NULL;
    g_mutex_lock(&recordist->lock);
    guint keep = recordist->keep;
    gboolean joined = keep == KEEP_CLIPS && join_clip(recordist, event);
    g_mutex_unlock(&recordist->lock);
    if (keep == KEEP_NOTHING)
        return;
    g_autofree char *stem =
        vdt_space_make(recordist->records->space, recordist->name, event->id, event->time, &error);
    if (stem == NULL) {
        if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE)) /* on_low() says it */
            tell_trouble(recordist->records, recordist, error);
        return;
    }
    take_picture(recordist, event, stem);
    if (keep == KEEP_CLIPS && !joined && g_atomic_int_get(&recordist->coded))
        begin_clip(recordist, event, stem);
}

static void sweep(VdtRecords *records)
{
    g_autoptr(GError) error = NULL;
    if (!vdt_space_sweep(records->space, g_get_real_time(), NULL, &error))
        tell_trouble(records, NULL, error);
    vdt_space_check(records->space, NULL);
}

static gpointer run(gpointer data)
{
    VdtRecords *records = data;
    gint64 next = 0;
    for (;;) {
        gint64 now = g_get_monotonic_time();
        if (now >= next) {
            sweep(records);
            next = now + SWEEP_SECONDS * G_USEC_PER_SEC;
        }
        Job *job = g_async_queue_timeout_pop(records->jobs, (guint64)(next - now));
        if (job == NULL)
            continue;
        gboolean ends = job->recordist == NULL;
        if (!ends && job->event->phase == VDT_PHASE_START)
            start_event(job->recordist, job->event);
        else if (!ends)
            end_event(job->recordist, job->event);
        job_free(job);
        if (ends)
            return NULL;
    }
}

/* The recordist of @event's stream, with a reference; NULL if nothing is recorded of it. */
static VdtRecordist *find_recordist(VdtRecords *records, const VdtEvent *event)
{
    /* of a camera that is away there are no pictures */
    if (event->phase == VDT_PHASE_UPDATE || event->stream == NULL ||
        (strcmp(event->type, VDT_EVENT_SYSTEM) == 0 && g_strcmp0(event->what, "camera") == 0))
        return NULL;
    g_mutex_lock(&records->lock);
    VdtRecordist *recordist = g_hash_table_lookup(records->recordists, event->stream);
    if (recordist != NULL)
        vdt_recordist_ref(recordist);
    g_mutex_unlock(&records->lock);
    return recordist;
}

void vdt_records_take_event(VdtRecords *records, VdtEvent *event)
{
    VdtRecordist *recordist = find_recordist(records, event);
    if (recordist == NULL)
        return;
    /* an end is never left out, or its clip would be as long as it may */
    if (event->phase == VDT_PHASE_START && g_async_queue_length(records->jobs) > MOST_WAITING) {
        g_autoptr(GError) error =
            g_error_new_literal(G_IO_ERROR, G_IO_ERROR_BUSY, "too many events at once");
        tell_trouble(records, recordist, error);
        vdt_recordist_unref(recordist);
        return;
    }
    Job *job = g_new(Job, 1);
    *job = (Job){recordist, vdt_event_ref(event)};
    g_async_queue_push(records->jobs, job);
}

/* --- life --- */

VdtRecords *vdt_records_new(const VdtConfig *config, const char *folder, const VdtTell *tell,
                            VdtStore *store, GError **error)
{
    VdtRecords *records = g_new0(VdtRecords, 1);
    records->tell = tell;
    records->store = store;
    records->folder = g_strdup(folder);
    g_mutex_init(&records->lock);
    VdtSpaceSpec spec = space_of(records, config, folder);
    records->space = vdt_space_open(&spec, error);
    if (records->space == NULL) {
        g_mutex_clear(&records->lock);
        g_free(records->folder);
        g_free(records);
        return NULL;
    }
    set_jpeg(records, config);
    records->recorder =
        vdt_recorder_new((guint)whole(config, VDT_KEY_RECORDING_MAX_CLIPS), MOST_WAITING);
    records->artist = vdt_artist_new(MOST_WAITING);
    records->jobs = g_async_queue_new();
    records->recordists = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, vdt_recordist_unref);
    records->thread = g_thread_new("vdt-records", run, records);
    return records;
}

guint vdt_records_free(VdtRecords *records, gint64 wait)
{
    gint64 end = g_get_monotonic_time() + wait;
    g_async_queue_push(records->jobs, g_new0(Job, 1));
    g_thread_join(records->thread);
    guint hanging = vdt_recorder_free(records->recorder, wait);
    hanging += vdt_artist_free(records->artist, MAX(end - g_get_monotonic_time(), 0));
    if (hanging > 0)
        return hanging;
    g_async_queue_unref(records->jobs);
    g_hash_table_unref(records->recordists);
    vdt_space_free(records->space);
    g_mutex_clear(&records->lock);
    g_free(records->folder);
    g_free(records);
    return 0;
}

VdtRecordist *vdt_recordist_new(VdtRecords *records, const VdtStreamConfig *config)
{
    VdtRecordist *recordist = g_atomic_rc_box_new0(VdtRecordist);
    recordist->records = records;
    recordist->name = g_strdup(config->name);
    recordist->snapshots = vdt_snapshots_new(records->artist);
    g_mutex_init(&recordist->lock);
    vdt_recordist_set_config(recordist, config);
    g_mutex_lock(&records->lock);
    g_hash_table_replace(records->recordists, recordist->name, vdt_recordist_ref(recordist));
    g_mutex_unlock(&records->lock);
    return recordist;
}

void vdt_recordist_close(VdtRecordist *recordist)
{
    VdtRecords *records = recordist->records;
    VdtRecordist *own = NULL;
    g_mutex_lock(&records->lock);
    if (g_hash_table_lookup(records->recordists, recordist->name) == recordist &&
        g_hash_table_steal_extended(records->recordists, recordist->name, NULL, (gpointer *)&own))
        vdt_recordist_unref(own);
    g_mutex_unlock(&records->lock);
    vdt_recordist_unref(recordist);
}

guint vdt_records_count(VdtRecords *records)
{
    return vdt_recorder_count(records->recorder);
}

void vdt_recordist_get_kept(VdtRecordist *recordist, guint64 *bytes, gint64 *time)
{
    VdtRingCounts counts = {0};
    g_mutex_lock(&recordist->lock);
    if (recordist->ring != NULL)
        vdt_ring_get(recordist->ring, &counts);
    g_mutex_unlock(&recordist->lock);
    *bytes = counts.bytes;
    *time = counts.time;
}

VdtRecordist *vdt_recordist_ref(VdtRecordist *recordist)
{
    return g_atomic_rc_box_acquire(recordist);
}

static void recordist_clear(gpointer data)
{
    VdtRecordist *recordist = data;
    g_clear_pointer(&recordist->ring, vdt_ring_unref);
    vdt_snapshots_unref(recordist->snapshots);
    g_mutex_clear(&recordist->lock);
    g_free(recordist->name);
}

void vdt_recordist_unref(gpointer recordist)
{
    g_atomic_rc_box_release_full(recordist, recordist_clear);
}

/* With the lock. A ring with other limits begins empty; clips go on with the one that they have. */
static void set_ring(VdtRecordist *recordist, gsize bytes)
{
    gboolean wanted = recordist->keep == KEEP_CLIPS;
    gint64 time = recordist->before + EARLIER;
    if (wanted && recordist->ring != NULL && recordist->limits.time == time &&
        recordist->limits.bytes == bytes)
        return;
    g_clear_pointer(&recordist->ring, vdt_ring_unref);
    recordist->limits = (VdtRingLimits){time, bytes, RING_BUFFERS};
    if (wanted)
        recordist->ring = vdt_ring_new(&recordist->limits);
}

void vdt_recordist_set_config(VdtRecordist *recordist, const VdtStreamConfig *config)
{
    const VdtOption *record = config->record;
    const char *keep = record[VDT_KEY_RECORD_KEEP].text;
    g_mutex_lock(&recordist->lock);
    recordist->keep = strcmp(keep, "clips") == 0       ? KEEP_CLIPS
                      : strcmp(keep, "snapshots") == 0 ? KEEP_SNAPSHOTS
                                                       : KEEP_NOTHING;
    recordist->before = record[VDT_KEY_RECORD_BEFORE].whole;
    recordist->after = record[VDT_KEY_RECORD_AFTER].whole;
    recordist->most = record[VDT_KEY_RECORD_MOST].whole;
    set_ring(recordist, (gsize)record[VDT_KEY_RECORD_BUFFER].whole);
    g_mutex_unlock(&recordist->lock);
}

static gint64 utc_of(gint64 clock_time)
{
    return g_get_real_time() - (vdt_clock_now() - clock_time) / 1000;
}

void vdt_recordist_take_coded(GstBuffer *buffer, GstCaps *caps, gpointer data)
{
    VdtRecordist *recordist = data;
    GstClockTime time =
        GST_BUFFER_PTS_IS_VALID(buffer) ? GST_BUFFER_PTS(buffer) : GST_BUFFER_DTS(buffer);
    /* nothing is coded to be kept: of what was not, there are snapshots */
    gboolean coded = !gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw");
    g_atomic_int_set(&recordist->coded, coded);
    g_mutex_lock(&recordist->lock);
    if (recordist->ring != NULL && coded && GST_CLOCK_TIME_IS_VALID(time))
        vdt_ring_push(recordist->ring, buffer, caps, utc_of((gint64)time));
    g_mutex_unlock(&recordist->lock);
}

/* --- decoded frames --- */

typedef struct {
    VdtSnapshots *snapshots;
    GstVideoInfo info;
    gboolean known;
} Watch;

static void watch_free(gpointer data)
{
    Watch *watch = data;
    vdt_snapshots_flush(watch->snapshots);
    vdt_snapshots_unref(watch->snapshots);
    g_free(watch);
}

static GstPadProbeReturn on_frame(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Watch *watch = data;
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
        if (watch->known)
            vdt_snapshots_put(watch->snapshots, GST_PAD_PROBE_INFO_BUFFER(info), &watch->info,
                              g_get_real_time());
        return GST_PAD_PROBE_OK;
    }
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
        GstCaps *caps;
        gst_event_parse_caps(event, &caps);
        watch->known = gst_video_info_from_caps(&watch->info, caps);
    } else if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) {
        vdt_snapshots_flush(watch->snapshots);
    }
    return GST_PAD_PROBE_OK;
}

void vdt_recordist_watch(VdtRecordist *recordist, GstElement *analysis)
{
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(analysis), VDT_PART_WATCH);
    g_autoptr(GstPad) pad = gst_element_get_static_pad(sink, "sink");
    Watch *watch = g_new0(Watch, 1);
    watch->snapshots = vdt_snapshots_ref(recordist->snapshots);
    gst_pad_add_probe(pad,
                      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                          GST_PAD_PROBE_TYPE_EVENT_FLUSH,
                      on_frame, watch, watch_free);
}
