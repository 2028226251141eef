/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "batches.h"

#include "random.h"
#include "runtime/pool.h"

struct _Batches {
    const Cache *cache;
    const Augment *augment;
    guint64 seed;
    guint batch, n_clips;
    guint32 *order; /* of @order_epoch */
    guint64 order_epoch;
};

guint64 batches_per_epoch(guint n_clips, guint batch)
{
    return n_clips / batch;
}

Batches *batches_new(const Cache *cache, const Augment *augment, guint64 seed, guint batch)
{
    Batches *batches = g_new0(Batches, 1);
    batches->cache = cache;
    batches->augment = augment;
    batches->seed = seed;
    batches->batch = batch;
    batches->n_clips = clip_set_get_n_clips(cache_get_set(cache));
    batches->order = g_new(guint32, batches->n_clips);
    batches->order_epoch = G_MAXUINT64;
    return batches;
}

void batches_free(Batches *batches)
{
    if (batches == NULL)
        return;
    g_free(batches->order);
    g_free(batches);
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

typedef struct {
    const Batches *batches;
    guint64 epoch;
    const guint32 *chosen; /* of all clips, those of the batch */
    VdtTensor *clips;
    float *labels;
} Filling;

static void fill_clip(gconstpointer job, guint n, guint worker)
{
    const Filling *filling = job;
    const Batches *batches = filling->batches;
    const ClipSet *set = cache_get_set(batches->cache);
    guint clip = filling->chosen[n];
    const VdtShape *shape = &filling->clips->shape;
    gint64 width = shape->dims[shape->n_dims - 1], height = shape->dims[shape->n_dims - 2];
    gboolean cropped = height != set->format.height || width != set->format.width;
    ClipFocus focus = {0};
    if (cropped && set->focus != NULL)
        focus = set->focus(set, clip);
    float *labels = filling->labels + n * (set->format.mapped ? height * width : 1);
    augment_fill(batches->augment, cache_get(batches->cache, clip), &focus, filling->epoch, clip,
                 filling->clips, n, labels);
    if (set->format.mapped)
        return;
    ClipInfo info = set->info(set, clip);
    if (set->n_groups == 0)
        *labels = info.label;
    for (guint i = 0; i < set->n_groups; i++)
        filling->labels[i * shape->dims[0] + n] =
            info.answers[i] != CLIP_NO_ANSWER ? info.answers[i] : -1;
}

void batches_fill(Batches *batches, guint64 step, VdtTensor *clips, VdtTensor *labels)
{
    guint64 per_epoch = batches_per_epoch(batches->n_clips, batches->batch);
    guint64 epoch = step / per_epoch;
    shuffle(batches, epoch);
    Filling filling = {batches, epoch, batches->order + step % per_epoch * batches->batch, clips,
                       labels->data};
    vdt_pool_begin(VDT_MAX_WORKERS, NULL, NULL);
    vdt_pool_run(fill_clip, &filling, MIN(batches->batch, clips->shape.dims[0]));
    vdt_pool_end();
}
