/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restorestream.h"

#include <math.h>

#include "frame/planes.h"
#include "originalpad.h"
#include "secondpad.h"

#define GST_CAT_DEFAULT vdt_ipt_restorer_debug

/* --- The worker's thread -------------------------------------------------------------------- */

/* What a picture needs; but nothing that would make it larger, as caps cannot follow that. */
static gboolean look(VdtRestoreNetwork *network, VdtRestoreWork *work, GCancellable *cancellable,
                     GError **error)
{
    if (!vdt_estimator_look(network->estimator, work->look->data, &work->going, cancellable, error))
        return FALSE;
    if (work->going >= 0 && network->automatic) {
        const guint scale = vdt_restore_network_scale(network, (guint)work->going, error);

        if (scale == 0)
            return FALSE;
        if (scale > 1)
            work->going = -1;
    }
    work->done = TRUE;
    return TRUE;
}

gboolean vdt_ipt_restorer_run(VdtIptRestorer *self, VdtJob *job, GCancellable *cancellable,
                              GError **error)
{
    VdtRestoreNetwork *network = job->network;
    VdtRestoreWork *work = job->work;
    VdtRestorer *restorer =
        work->squares ? network->restorers->squares : network->restorers->restorer;
    gsize n;

    if (work->looks)
        return look(network, work, cancellable, error) &&
               (vdt_worker_publish(job, NULL, vdt_job_took(job)), TRUE);
    if (work->strength > 0 && !vdt_restore_work_prepare(work, restorer, error))
        return FALSE;
    if (!vdt_restore_work_is_wanted(work))
        return TRUE;
    if (!vdt_restore_work_gather(work, &self->gather, error) ||
        !vdt_restore_work_run(work, restorer, cancellable, error))
        return FALSE;
    n = (gsize)3 * work->width * work->height;
    n *= (gsize)vdt_restore_steps_scale(&work->steps) * vdt_restore_steps_scale(&work->steps);
    work->valid = vdt_worker_check(&self->worker, work->result.floats, n);
    vdt_worker_publish(job, NULL, (GstClockTime)work->took * GST_USECOND);
    return TRUE;
}

/* --- The streaming thread: networks --------------------------------------------------------- */

void vdt_ipt_restorer_reset_stream(VdtIptRestorer *self)
{
    self->fresh = TRUE;
    self->going = -1;
    self->looked = GST_CLOCK_TIME_NONE;
    GST_OBJECT_LOCK(self);
    self->earliest = GST_CLOCK_TIME_NONE;
    GST_OBJECT_UNLOCK(self);
}

static void tell_quality(VdtIptRestorer *self)
{
    const VdtQuality *quality = &self->quality;
    double size;

    vdt_quality_asks(quality, 0, &size);
    GST_OBJECT_LOCK(self);
    self->size = quality->passes ? 0 : size;
    self->size_changes = quality->elastic.changes + quality->changes;
    GST_OBJECT_UNLOCK(self);
}

void vdt_ipt_restorer_follow(VdtIptRestorer *self)
{
    const gboolean other = vdt_worker_adopt(&self->worker);
    const VdtRestoreNetwork *network = self->worker.network;
    guint scale, before;

    GST_OBJECT_LOCK(self);
    self->now = self->props;
    scale = self->now.mode == VDT_RESTORE_NEVER ? 1 : vdt_restore_steps_scale(&network->steps);
    before = self->scale;
    self->scale = scale;
    GST_OBJECT_UNLOCK(self);
    self->fresh |= other;
    if (other || before != scale || self->quality.elastic.n_levels == 0) {
        self->going = -1;
        self->looked = GST_CLOCK_TIME_NONE;
        vdt_quality_init(&self->quality, scale == 1);
        tell_quality(self);
    }
    if (before != scale)
        gst_base_transform_reconfigure_src(GST_BASE_TRANSFORM(self));
}

/* --- The streaming thread: a frame ---------------------------------------------------------- */

VdtSpan vdt_ipt_restorer_span(VdtIptRestorer *self, GstBuffer *buffer)
{
    const GstSegment *segment = &GST_BASE_TRANSFORM(self)->segment;
    const GstClockTime pts = GST_BUFFER_PTS(buffer);
    VdtSpan span = {pts, pts, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, segment->rate < 0};

    if (segment->format != GST_FORMAT_TIME)
        return span;
    span.stream_time = gst_segment_to_stream_time(segment, GST_FORMAT_TIME, pts);
    span.running_time = gst_segment_to_running_time(segment, GST_FORMAT_TIME, pts);
    return span;
}

/* Has the worker do what was asked, in @most µs (0: any) from when the network began with it. */
static VdtRestoreWaited work(VdtIptRestorer *self, GstBuffer *in, gint64 most)
{
    const VdtSpan span = vdt_ipt_restorer_span(self, in);
    VdtRestoreWaited waited;

    vdt_worker_put(&self->worker, vdt_restore_work_ref(self->work), &span);
    waited = vdt_restore_work_wait(self->work, most);
    if (waited == VDT_WAIT_SLOW) {
        /* what runs is this; whatever comes of it until it ends counts */
        vdt_worker_forget(&self->worker);
        waited = vdt_restore_work_wait(self->work, 0);
        if (waited == VDT_WAIT_DONE && !self->work->done)
            waited = VDT_WAIT_SLOW;
    }
    if (waited != VDT_WAIT_DONE)
        self->fresh = TRUE; /* nobody knows how far it came */
    if (waited == VDT_WAIT_PREPARES || waited == VDT_WAIT_SHUT) {
        g_clear_pointer(&self->behind, vdt_restore_work_unref);
        self->behind = g_steal_pointer(&self->work);
    }
    return waited;
}

/* Whether the worker is busy with what nobody waits for any more: preparations, mostly. */
static gboolean is_behind(VdtIptRestorer *self)
{
    if (self->behind && vdt_restore_work_is_released(self->behind))
        g_clear_pointer(&self->behind, vdt_restore_work_unref);
    return self->behind != NULL;
}

static gboolean begin_work(VdtIptRestorer *self, const VdtRestoreSteps *steps, guint width,
                           guint height)
{
    if (!self->work)
        self->work = vdt_restore_work_new(&self->wait);
    if (vdt_restore_work_begin(self->work, steps, width, height))
        return TRUE;
    GST_ELEMENT_ERROR(self, RESOURCE, NO_SPACE_LEFT,
                      ("There is no memory for a frame of %u x %u in floats.", width, height),
                      (NULL));
    return FALSE;
}

/* The picture that the estimator looks at. */
static VdtFrameTarget target_of(const VdtEstimator *estimator, const VdtFrameRegion *region)
{
    const VdtCard *card = vdt_estimator_get_card(estimator);
    const VdtFramingProps props = {.framing = VDT_FRAMING_OF_MODEL, .region = *region};

    return vdt_framing_props_target(&props, card, card->width, card->height);
}

/* Asks the estimator, if it is time for that. */
static GstFlowReturn estimate(VdtIptRestorer *self, GstBuffer *in, const VdtRestoreProps *props)
{
    VdtRestoreNetwork *network = self->worker.network;
    const GstClockTime now = vdt_ipt_restorer_span(self, in).running_time;
    const VdtRestoreSteps none = {0};
    VdtFrameTarget target;

    if (!network->estimator || (props->budget > 0 && is_behind(self)) ||
        (GST_CLOCK_TIME_IS_VALID(self->looked) && GST_CLOCK_TIME_IS_VALID(now) &&
         now >= self->looked && now - self->looked < props->interval * GST_SECOND))
        return GST_FLOW_OK;
    if (!begin_work(self, &none, 1, 1))
        return GST_FLOW_ERROR;
    target = target_of(network->estimator, &props->wanted.region);
    g_byte_array_set_size(self->work->look, 3 * target.width * target.height);
    if (!vdt_frame_map_buffer(&self->map, &self->in, in, &target, self->work->look->data))
        return GST_FLOW_OK;
    self->work->looks = TRUE;
    self->looked = now;
    if (work(self, in, 0) == VDT_WAIT_SHUT)
        return GST_FLOW_FLUSHING;
    if (!self->work->done)
        return GST_FLOW_ERROR; /* the worker said why */
    self->going = self->work->going;
    return GST_FLOW_OK;
}

/* What is to be done with a frame, by the network and what the estimator said. */
static VdtRestoreEnd choose(VdtIptRestorer *self, VdtRestoreSteps *steps)
{
    const VdtRestoreNetwork *network = self->worker.network;

    *steps = network->steps;
    if (network->automatic)
        *steps = (VdtRestoreSteps){self->going >= 0, {(guint)MAX(self->going, 0)}, {1}};
    if (steps->n == 0)
        return network->automatic ? VDT_RESTORE_CLEAN : VDT_RESTORE_NO_TASK;
    if (!network->estimator || network->automatic || self->is_still)
        return VDT_RESTORE_DONE;
    for (guint i = 0; i < steps->n; i++)
        if (self->going == (int)steps->restoration[i])
            return VDT_RESTORE_DONE;
    return VDT_RESTORE_CLEAN;
}

static gboolean take_still(VdtIptRestorer *self)
{
    gboolean still;

    GST_OBJECT_LOCK(self);
    still = self->still;
    self->still = FALSE;
    GST_OBJECT_UNLOCK(self);
    return still;
}

/* Whether downstream has no use for a frame that comes any later; or, of a live stream with a
 * budget, whether it comes later than what a frame may take. */
static gboolean is_late(VdtIptRestorer *self, GstBuffer *in, const VdtRestoreProps *props)
{
    const GstClockTime due = vdt_ipt_restorer_span(self, in).running_time;
    const GstClockTime now = gst_element_get_current_running_time(GST_ELEMENT(self));
    GstClockTime earliest, upstream;
    gboolean live;

    GST_OBJECT_LOCK(self);
    earliest = self->earliest;
    upstream = self->upstream;
    live = self->live;
    GST_OBJECT_UNLOCK(self);
    if (!GST_CLOCK_TIME_IS_VALID(due))
        return FALSE;
    if (GST_CLOCK_TIME_IS_VALID(earliest) && due < earliest)
        return TRUE;
    return live && props->budget > 0 && GST_CLOCK_TIME_IS_VALID(now) &&
           GST_STATE(self) == GST_STATE_PLAYING &&
           (double)now > (double)(due + upstream) +
                             VDT_QUALITY_PATIENCE * props->budget * (double)GST_MSECOND;
}

/* What becomes of @in, if nothing is in the way. */
static VdtRestoreEnd decide(VdtIptRestorer *self, GstBuffer *in, const VdtRestoreProps *props,
                            VdtRestored *restored)
{
    const gboolean larger = restored->scale > 1;
    VdtRestoreEnd end;

    if (props->mode == VDT_RESTORE_NEVER || props->strength == 0)
        return VDT_RESTORE_OFF;
    if (GST_BUFFER_FLAG_IS_SET(in, GST_BUFFER_FLAG_GAP))
        return VDT_RESTORE_GAP;
    self->is_still = take_still(self);
    if (props->mode == VDT_RESTORE_ON_DEMAND && !self->is_still)
        return VDT_RESTORE_NOT_ASKED;
    end = choose(self, &restored->steps);
    if (end != VDT_RESTORE_DONE)
        return end;
    if (!vdt_restore_areas_find(&self->areas, &props->wanted, &self->in, in, larger))
        return VDT_RESTORE_NO_BOXES;
    if (self->is_still)
        return VDT_RESTORE_DONE;
    if (is_late(self, in, props))
        return VDT_RESTORE_LATE;
    if (props->budget > 0 &&
        (is_behind(self) || !vdt_quality_asks(&self->quality, self->arrived, &restored->size)))
        return VDT_RESTORE_NO_TIME;
    return VDT_RESTORE_DONE;
}

/* Reads what is to be restored. */
static gboolean read_part(VdtIptRestorer *self, GstBuffer *in, const GstVideoRectangle *part)
{
    GstVideoFrame frame;

    if (!gst_video_frame_map(&frame, &self->in, in,
                             GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
        GST_WARNING_OBJECT(self, "cannot read %" GST_PTR_FORMAT, in);
        return FALSE;
    }
    vdt_planes_read(&frame, part, self->work->picture.floats);
    gst_video_frame_unmap(&frame);
    return TRUE;
}

static void note_quality(VdtIptRestorer *self, const VdtRestoreProps *props, gint64 took)
{
    if (props->budget <= 0 || self->is_still)
        return;
    vdt_quality_note(&self->quality, took, (gint64)MAX(props->budget * 1000, 1),
                     g_get_monotonic_time());
    tell_quality(self);
}

/* Boxes move, and what is gathered has to be of the same place. */
static void ask_gathering(VdtIptRestorer *self, const VdtRestoreProps *props)
{
    const GstVideoRectangle *part = &self->areas.part;
    VdtRestoreWork *work = self->work;

    work->gather = props->wanted.what == VDT_RESTORE_FRAME && props->gather > 1 ? props->gather : 0;
    work->fresh = self->fresh || work->gather != self->most || part->x != self->part.x ||
                  part->y != self->part.y || part->w != self->part.w || part->h != self->part.h;
    self->fresh = FALSE;
    self->part = *part;
    self->most = work->gather;
}

static GstFlowReturn restore(VdtIptRestorer *self, GstBuffer *in, const VdtRestoreProps *props,
                             VdtRestored *restored)
{
    const gint64 begin = g_get_monotonic_time();
    gint64 most = 0;

    if (!begin_work(self, &restored->steps, (guint)self->areas.part.w, (guint)self->areas.part.h))
        return GST_FLOW_ERROR;
    if (!read_part(self, in, &self->areas.part)) {
        restored->end = VDT_RESTORE_UNREADABLE;
        return GST_FLOW_OK;
    }
    vdt_restore_areas_ask(&self->areas, self->work);
    self->work->strength = restored->strength;
    self->work->size = restored->size;
    ask_gathering(self, props);
    self->spent = g_get_monotonic_time() - begin;
    if (props->budget > 0 && !self->is_still)
        most = (gint64)MAX(VDT_QUALITY_PATIENCE * props->budget * 1000, 1);
    switch (work(self, in, most)) {
    case VDT_WAIT_SHUT:
        return GST_FLOW_FLUSHING;
    case VDT_WAIT_SLOW:
        note_quality(self, props, most);
        restored->end = VDT_RESTORE_NO_TIME;
        return GST_FLOW_OK;
    case VDT_WAIT_PREPARES:
        restored->end = VDT_RESTORE_NO_TIME;
        return GST_FLOW_OK;
    case VDT_WAIT_DONE:
        break;
    }
    if (!self->work->done)
        return GST_FLOW_ERROR; /* the worker said why */
    self->spent += self->work->took;
    restored->gather = self->work->gather;
    restored->gathered = self->work->gathered;
    if (!self->work->valid)
        restored->end = VDT_RESTORE_INVALID;
    return GST_FLOW_OK;
}

/* A frame that is to get larger, though nothing is restored. */
static GstFlowReturn enlarge(VdtIptRestorer *self, GstBuffer *in, VdtRestored *restored)
{
    const VdtRestoreNetwork *network = self->worker.network;
    const GstVideoRectangle all = {0, 0, GST_VIDEO_INFO_WIDTH(&self->in),
                                   GST_VIDEO_INFO_HEIGHT(&self->in)};

    if (!begin_work(self, &network->steps, (guint)all.w, (guint)all.h))
        return GST_FLOW_ERROR;
    if (!read_part(self, in, &all)) {
        GST_ELEMENT_ERROR(self, STREAM, FORMAT, ("A frame cannot be read."), (NULL));
        return GST_FLOW_ERROR;
    }
    self->work->strength = 0;
    if (work(self, in, 0) == VDT_WAIT_SHUT)
        return GST_FLOW_FLUSHING;
    return self->work->done ? GST_FLOW_OK : GST_FLOW_ERROR;
}

static void push_original(VdtIptRestorer *self, GstBuffer *in)
{
    g_autoptr(GstPad) pad = vdt_second_pad_get(GST_ELEMENT(self), &self->original);

    if (pad)
        vdt_original_pad_push(pad, GST_ELEMENT(self), in);
}

/* Whether frames that go out are as large as was negotiated. */
static gboolean is_negotiated(const VdtIptRestorer *self)
{
    const int scale = (int)self->scale;

    return GST_VIDEO_INFO_WIDTH(&self->out) == scale * GST_VIDEO_INFO_WIDTH(&self->in) &&
           GST_VIDEO_INFO_HEIGHT(&self->out) == scale * GST_VIDEO_INFO_HEIGHT(&self->in);
}

GstFlowReturn vdt_ipt_restorer_begin(VdtIptRestorer *self, GstBuffer *in)
{
    const VdtRestoreProps *props = &self->now;
    VdtRestored *restored = &self->restored;
    GstFlowReturn flow = GST_FLOW_OK;

    self->arrived = g_get_monotonic_time();
    self->begin = vdt_stats_thread_time();
    self->spent = 0;
    self->is_still = FALSE;
    *restored = (VdtRestored){.network = self->worker.network,
                              .scale = self->scale,
                              .strength = props->strength,
                              .size = 1,
                              .info = &self->in};
    if (!is_negotiated(self))
        return GST_FLOW_NOT_NEGOTIATED;
    push_original(self, in);
    if (props->mode != VDT_RESTORE_NEVER)
        flow = estimate(self, in, props);
    if (flow == GST_FLOW_OK)
        restored->end = decide(self, in, props, restored);
    if (flow == GST_FLOW_OK && restored->end == VDT_RESTORE_DONE)
        flow = restore(self, in, props, restored);
    if (flow == GST_FLOW_OK && restored->end != VDT_RESTORE_DONE && restored->scale > 1)
        flow = enlarge(self, in, restored);
    return flow;
}

static gboolean is_all(const VdtIptRestorer *self)
{
    const GstVideoRectangle *r = &g_array_index(self->areas.found, GstVideoRectangle, 0);

    return self->areas.found->len == 1 && r->w == GST_VIDEO_INFO_WIDTH(&self->in) &&
           r->h == GST_VIDEO_INFO_HEIGHT(&self->in);
}

/* Pixels. FALSE if they cannot be written. */
static gboolean write_frame(VdtIptRestorer *self, GstBuffer *out)
{
    const VdtRestored *restored = &self->restored;
    GstVideoFrame frame;

    /* memory that others hold is copied by this, and no other */
    if (!gst_video_frame_map(&frame, &self->out, out,
                             (restored->scale > 1 ? GST_MAP_WRITE : GST_MAP_READWRITE) |
                                 GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
        GST_WARNING_OBJECT(self, "cannot write %" GST_PTR_FORMAT, out);
        return FALSE;
    }
    if (restored->scale > 1)
        vdt_planes_write(&frame, self->work->result.floats);
    for (guint i = 0; restored->scale == 1 && i < self->areas.inside->len; i++)
        vdt_planes_add(&frame, &self->areas.part, self->work->result.floats,
                       &g_array_index(self->areas.inside, GstVideoRectangle, i));
    gst_video_frame_unmap(&frame);
    return TRUE;
}

static void note_latency(VdtIptRestorer *self, GstClockTime took)
{
    const gint64 now = g_get_monotonic_time();
    gboolean changed;

    GST_OBJECT_LOCK(self);
    changed = vdt_latency_note(&self->latency, took, now);
    GST_OBJECT_UNLOCK(self);
    if (changed)
        gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
}

/* The frame that was asked for. */
static void tell_still(VdtIptRestorer *self, GstBuffer *in)
{
    const VdtSpan span = vdt_ipt_restorer_span(self, in);
    GstStructure *s =
        gst_structure_new("ipt-restorer", "event", G_TYPE_STRING, "still", "timestamp",
                          G_TYPE_UINT64, span.start, "stream-time", G_TYPE_UINT64, span.stream_time,
                          "running-time", G_TYPE_UINT64, span.running_time, NULL);

    vdt_restored_describe(&self->restored, s);
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_element(GST_OBJECT(self), s));
}

GstFlowReturn vdt_ipt_restorer_finish(VdtIptRestorer *self, GstBuffer *out)
{
    const gint64 begin = g_get_monotonic_time();
    VdtRestored *restored = &self->restored;
    const VdtSpan span = vdt_ipt_restorer_span(self, out);

    if ((restored->end == VDT_RESTORE_DONE || restored->scale > 1) && !write_frame(self, out)) {
        if (restored->scale > 1)
            return GST_FLOW_ERROR;
        restored->end = VDT_RESTORE_UNREADABLE;
    }
    if (restored->end == VDT_RESTORE_DONE) {
        const gint64 now = g_get_monotonic_time();

        restored->areas = is_all(self) ? NULL : &self->areas;
        note_quality(self, &self->now, self->spent + now - begin);
        GST_BUFFER_FLAG_UNSET(out, GST_BUFFER_FLAG_GAP);
    }
    if (restored->end == VDT_RESTORE_UNREADABLE)
        vdt_worker_count_unseen(&self->worker);
    if (restored->end == VDT_RESTORE_NO_TIME || restored->end == VDT_RESTORE_LATE)
        vdt_worker_count_skip(&self->worker, &span);
    GST_OBJECT_LOCK(self);
    vdt_restore_counts_add(&self->counts, restored);
    GST_OBJECT_UNLOCK(self);
    {
        g_autofree char *name = gst_object_get_name(GST_OBJECT(self));

        vdt_restored_attach(restored, out, name);
    }
    if (self->is_still)
        tell_still(self, out);
    else if (restored->end == VDT_RESTORE_DONE || restored->end == VDT_RESTORE_OFF)
        note_latency(self, (GstClockTime)(g_get_monotonic_time() - self->arrived) * GST_USECOND);
    return vdt_worker_count_frame(&self->worker, self->begin) ? GST_FLOW_OK : GST_FLOW_ERROR;
}
