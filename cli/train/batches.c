/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "batches.h"

#include <string.h>

#include "random.h"

struct _Batches {
    const Cache *cache;
    const Augment *augment;
    guint64 seed;
    guint batch, n_clips;

    /* of the thread */
    guint32 *order; /* of @order_epoch */
    guint64 order_epoch;
    guint64 step; /* that it makes next */

    GThread *thread;
    GMutex lock;
    GCond changed;
    gboolean ready; /* clips and labels hold a batch; guarded, as is what follows */
    gboolean stop;
    VdtTensor *clips, *labels;
};

guint64 batches_per_epoch(guint n_clips, guint batch)
{
    return n_clips / batch;
}

static void shuffle(Batches *batches, guint64 epoch)
{
    if (batches->order_epoch == epoch)
        return;
    for (guint i = 0; i < batches->n_clips; i++)
        batches->order[i] = i;
    guint64 state = random_seed3(batches->seed, epoch, G_GUINT64_CONSTANT(0x5348554646));
    for (guint i = batches->n_clips - 1; i > 0; i--) {
        guint j = random_next(&state) % (i + 1);
        guint32 swap = batches->order[i];
        batches->order[i] = batches->order[j];
        batches->order[j] = swap;
    }
    batches->order_epoch = epoch;
}

static void make(Batches *batches)
{
    guint64 per_epoch = batches_per_epoch(batches->n_clips, batches->batch);
    guint64 epoch = batches->step / per_epoch;
    guint first = batches->step % per_epoch * batches->batch;
    const ClipSet *set = cache_get_set(batches->cache);
    shuffle(batches, epoch);
    for (guint n = 0; n < batches->batch; n++) {
        guint clip = batches->order[first + n];
        augment_fill(batches->augment, cache_get(batches->cache, clip), epoch, clip, batches->clips,
                     n);
        ((float *)batches->labels->data)[n] = set->info(set, clip).label;
    }
    batches->step++;
}

static gpointer run(gpointer data)
{
    Batches *batches = data;
    g_mutex_lock(&batches->lock);
    while (!batches->stop) {
        if (batches->ready) {
            g_cond_wait(&batches->changed, &batches->lock);
            continue;
        }
        g_mutex_unlock(&batches->lock);
        make(batches);
        g_mutex_lock(&batches->lock);
        batches->ready = TRUE;
        g_cond_signal(&batches->changed);
    }
    g_mutex_unlock(&batches->lock);
    return NULL;
}

Batches *batches_new(const Cache *cache, const Augment *augment, guint64 seed, guint batch,
                     guint64 first, GError **error)
{
    const ClipSet *set = cache_get_set(cache);
    const ClipFormat *format = &set->format;
    VdtShape clips = vdt_shape(batch, 3, format->frames, format->height, format->width);
    VdtShape labels = vdt_shape(batch);
    Batches *batches = g_new0(Batches, 1);
    g_mutex_init(&batches->lock);
    g_cond_init(&batches->changed);
    batches->cache = cache;
    batches->augment = augment;
    batches->seed = seed;
    batches->batch = batch;
    batches->n_clips = clip_set_get_n_clips(set);
    batches->step = first;
    batches->order = g_new(guint32, batches->n_clips);
    batches->order_epoch = G_MAXUINT64;
    batches->clips = vdt_tensor_new(VDT_F32, &clips, error);
    batches->labels = batches->clips != NULL ? vdt_tensor_new(VDT_F32, &labels, error) : NULL;
    if (batches->labels == NULL) {
        batches_free(batches);
        return NULL;
    }
    batches->thread = g_thread_new("batches", run, batches);
    return batches;
}

void batches_free(Batches *batches)
{
    if (batches == NULL)
        return;
    if (batches->thread != NULL) {
        g_mutex_lock(&batches->lock);
        batches->stop = TRUE;
        g_cond_signal(&batches->changed);
        g_mutex_unlock(&batches->lock);
        g_thread_join(batches->thread);
    }
    g_clear_pointer(&batches->clips, vdt_tensor_unref);
    g_clear_pointer(&batches->labels, vdt_tensor_unref);
    g_mutex_clear(&batches->lock);
    g_cond_clear(&batches->changed);
    g_free(batches->order);
    g_free(batches);
}

void batches_take(Batches *batches, VdtTensor *clips, VdtTensor *labels)
{
    g_mutex_lock(&batches->lock);
    while (!batches->ready)
        g_cond_wait(&batches->changed, &batches->lock);
    memcpy(clips->data, batches->clips->data, batches->clips->n_bytes);
    memcpy(labels->data, batches->labels->data, batches->labels->n_bytes);
    batches->ready = FALSE;
    g_cond_signal(&batches->changed);
    g_mutex_unlock(&batches->lock);
}
