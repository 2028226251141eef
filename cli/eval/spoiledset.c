/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spoiledset.h"

#include "data/pairs.h"
#include "data/random.h"
#include "restore.h"

typedef struct {
    ClipSet set;
    ClipSet *base;
    gboolean spoils;
    SpoilKind kind;
    guint64 seed;
    GMutex lock; /* of the restorer */
    VdtRestorer *restorer;
    guint restoration;
} SpoiledSet;

static ClipInfo info(const ClipSet *set, guint clip)
{
    const SpoiledSet *self = (const SpoiledSet *)set;
    return self->base->info(self->base, clip);
}

static gboolean restore(SpoiledSet *self, const float *from, VdtPicture *picture, float *to,
                        GCancellable *cancellable, GError **error)
{
    const VdtRestoreRequest request = {self->restoration, 1, NULL};
    g_mutex_lock(&self->lock);
    gboolean ok = vdt_restorer_run(self->restorer, &request, from, picture->width, picture->height,
                                   to, cancellable, error);
    g_mutex_unlock(&self->lock);
    return ok;
}

static gboolean fill(const ClipSet *set, guint item, guint8 *clips, GCancellable *cancellable,
                     GError **error)
{
    SpoiledSet *self = (SpoiledSet *)set;
    const ClipFormat *format = &set->format;
    gsize n = (gsize)3 * format->width * format->height;
    if (!self->base->fill(self->base, item, clips, cancellable, error))
        return FALSE;
    g_autofree float *planes = g_new(float, n), *restored = g_new(float, n);
    Spoil spoil = {.kind = self->kind,
                   .strength = pairs_strength(item),
                   .seed = random_seed3(self->seed, item, self->kind)};
    for (guint i = 0; i < set->group; i++)
        for (guint k = 0; k < format->stored; k++) {
            VdtPicture picture = clip_format_picture(format, clips + i * clip_format_bytes(format),
                                                     clip_format_frame_of(format, k));
            vdt_restore_from_picture(&picture, planes);
            spoil.moment = k;
            if (self->spoils)
                spoil_apply(&spoil, planes, picture.width, picture.height);
            if (self->restorer != NULL &&
                !restore(self, planes, &picture, restored, cancellable, error))
                return FALSE;
            vdt_restore_to_picture(self->restorer != NULL ? restored : planes, &picture);
        }
    return TRUE;
}

static void finalize(ClipSet *set)
{
    SpoiledSet *self = (SpoiledSet *)set;
    vdt_restorer_free(self->restorer);
    clip_set_free(self->base);
    g_mutex_clear(&self->lock);
}

gboolean eval_check_spoil(const EvalOptions *o, GError **error)
{
    SpoilKind kind;
    const char *wrong = NULL;
    if (o->spoil == NULL && o->restore == NULL)
        return TRUE;
    if (o->spoil != NULL && !spoil_find(o->spoil, &kind, error))
        return FALSE;
    if (!o->street)
        wrong = "--spoil and --restore belong to --street";
    else if (o->objects || o->baselines || o->n_merges > 1 || o->record != NULL)
        wrong = "--spoil and --restore go with none of --objects, --baselines, --record and "
                "several numbers of --merge";
    else if (o->spoil == NULL && o->restoration == NULL)
        wrong = "without --spoil, --task says what --restore undoes";
    if (wrong != NULL)
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, wrong);
    return wrong == NULL;
}

/* The restorer, and what it does: what is named, or what undoes the spoiling. */
static gboolean open_restorer(SpoiledSet *self, const EvalOptions *o, GError **error)
{
    g_autoptr(VdtEngine) engine = vdt_engine_new(&(VdtEngineOptions){.model = o->restore}, error);
    self->restorer =
        engine != NULL ? vdt_restorer_new(engine, &(VdtRestorerOptions){0}, error) : NULL;
    if (self->restorer == NULL ||
        !vdt_restorer_find(self->restorer, o->restoration != NULL ? o->restoration : o->spoil,
                           &self->restoration, error))
        return FALSE;
    guint scale = vdt_restorer_get_scale(self->restorer, self->restoration, error);
    if (scale > 1)
        return eval_wrong_model(error, "%s enlarges pictures, which --restore must not",
                                vdt_engine_get_card(engine)->name);
    return scale == 1;
}

ClipSet *eval_spoil_set(const EvalOptions *o, ClipSet *set, GError **error)
{
    if (set == NULL || (o->spoil == NULL && o->restore == NULL))
        return set;
    SpoiledSet *self = g_new0(SpoiledSet, 1);
    self->base = set;
    self->set = *set;
    self->set.labels = g_strdupv(set->labels);
    self->set.key =
        g_strdup_printf("%sspoiled: %s\nrestored: %s\n", set->key,
                        o->spoil != NULL ? o->spoil : "-", o->restore != NULL ? o->restore : "-");
    self->set.info = info;
    self->set.focus = NULL;
    self->set.fill = fill;
    self->set.finalize = finalize;
    self->spoils = o->spoil != NULL && spoil_find(o->spoil, &self->kind, NULL);
    self->seed = o->seed;
    g_mutex_init(&self->lock);
    if (o->restore == NULL || open_restorer(self, o, error))
        return &self->set;
    clip_set_free(&self->set);
    return NULL;
}

void eval_add_spoil(const EvalOptions *o, JsonObject *scores)
{
    if (o->spoil != NULL)
        json_object_set_string_member(scores, "spoil", o->spoil);
    if (o->restore == NULL)
        return;
    g_autofree char *model = json_name(o->restore);
    json_object_set_string_member(scores, "restore", model);
    json_object_set_string_member(scores, "restored_task",
                                  o->restoration != NULL ? o->restoration : o->spoil);
}
