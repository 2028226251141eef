/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a trainer gives away, and how it goes on from there. */
#include "copy.h"
#include "io/keyed-hash.h"
#include "trainer-private.h"
#include "update.h"
#include <math.h>

/* Enough to see the pattern. */
#define MOST_LISTED 20
/* Key of the metadata; there only if something is frozen. */
#define FROZEN      "frozen"

const char *vdt_optimizer_kind_name(VdtOptimizerKind kind)
{
    return kind == VDT_OPTIMIZER_ADAMW ? "adamw" : "sgd";
}

const char *vdt_optimizer_state_prefix(const VdtTrainOptions *options, guint i)
{
    if (vdt_optimizer_count_states(options) == 1)
        return "optimizer.";
    return i == 0 ? "optimizer1." : "optimizer2.";
}

/* Everything a checkpoint has of one parameter. Called with the name and the trainer's tensor. */
typedef void (*VisitFunc)(const char *name, VdtTensor *tensor, gpointer data);

static void visit_as(const char *prefix, const VdtTrainerParam *p, VdtTensor *tensor,
                     VisitFunc func, gpointer data)
{
    g_autofree char *name = g_strconcat(prefix, p->name, NULL);

    if (tensor)
        func(name, tensor, data);
}

static void visit_all(VdtTrainer *t, VisitFunc func, gpointer data)
{
    for (guint i = 0; i < t->n_params; i++)
        visit_as("", &t->params[i], t->params[i].value, func, data);
    for (guint k = 0; k < vdt_optimizer_count_states(&t->options); k++)
        for (guint i = 0; i < t->n_params; i++)
            visit_as(vdt_optimizer_state_prefix(&t->options, k), &t->params[i],
                     t->params[i].state[k], func, data);
    for (guint i = 0; i < t->n_params; i++)
        visit_as("average.", &t->params[i], t->params[i].average, func, data);
}

static void insert_copy(const char *name, VdtTensor *tensor, gpointer data)
{
    g_autoptr(VdtTensor) copy = vdt_tensor_copy_f32(tensor);

    vdt_weights_insert(data, name, copy);
}

VdtWeights *vdt_trainer_get_weights(VdtTrainer *trainer, gboolean averaged)
{
    VdtWeights *weights = vdt_weights_new();

    for (guint i = 0; i < trainer->n_params; i++) {
        const VdtTrainerParam *p = &trainer->params[i];

        insert_copy(p->name, averaged && p->average ? p->average : p->value, weights);
    }
    vdt_weights_set_origin(weights, "trained weights");
    return weights;
}

/* The names of what is frozen, one on a line; NULL if nothing is. */
static char *list_frozen(const VdtTrainer *trainer)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 0; i < trainer->n_params; i++)
        if (trainer->params[i].frozen)
            g_string_append_printf(list, "%s%s", list->len > 0 ? "\n" : "",
                                   trainer->params[i].name);
    return list->len > 0 ? g_strdup(list->str) : NULL;
}

VdtWeights *vdt_trainer_get_checkpoint(VdtTrainer *trainer)
{
    VdtWeights *checkpoint = vdt_weights_new();
    g_autofree char *frozen = list_frozen(trainer);
    g_autofree char *step = g_strdup_printf("%" G_GUINT64_FORMAT, trainer->step);

    visit_all(trainer, insert_copy, checkpoint);
    vdt_weights_set_metadata(checkpoint, "step", step);
    vdt_weights_set_metadata(checkpoint, "optimizer",
                             vdt_optimizer_kind_name(trainer->options.kind));
    if (frozen)
        vdt_weights_set_metadata(checkpoint, FROZEN, frozen);
    vdt_weights_set_origin(checkpoint, "checkpoint");
    return checkpoint;
}

typedef struct {
    const VdtWeights *checkpoint;
    GHashTable *known; /* names that belong there */
    GString *list;
    guint count;
} Mistakes;

static void add_mistake(Mistakes *m, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_mistake(Mistakes *m, const char *format, ...)
{
    va_list args;

    if (m->count++ >= MOST_LISTED)
        return;
    g_string_append(m->list, m->list->len > 0 ? ", " : "");
    va_start(args, format);
    g_string_append_vprintf(m->list, format, args);
    va_end(args);
}

static void check_tensor(const char *name, VdtTensor *ours, gpointer data)
{
    Mistakes *m = data;
    const VdtTensor *theirs = vdt_weights_lookup(m->checkpoint, name);

    g_hash_table_add(m->known, g_strdup(name));
    if (!theirs) {
        add_mistake(m, "%s is missing", name);
    } else if (!vdt_shape_equal(&theirs->shape, &ours->shape)) {
        g_autofree char *found = vdt_shape_to_string(&theirs->shape);
        g_autofree char *wanted = vdt_shape_to_string(&ours->shape);

        add_mistake(m, "%s is %s, not %s", name, found, wanted);
    } else if (theirs->dtype != VDT_F32) {
        add_mistake(m, "%s is %s, not float32", name, vdt_dtype_name(theirs->dtype));
    } else if (!isfinite(vdt_update_square(theirs->n_bytes / sizeof(float), theirs->data))) {
        add_mistake(m, "%s is not finite", name);
    }
}

static void copy_back(const char *name, VdtTensor *ours, gpointer data)
{
    memcpy(ours->data, vdt_weights_lookup(data, name)->data, ours->n_bytes);
}

/* What was frozen has no state to go on with, what is frozen none to put one into. TRUE if that is
 * the same. */
static gboolean check_frozen(const VdtTrainer *trainer, Mistakes *m)
{
    const char *text = vdt_weights_get_metadata(m->checkpoint, FROZEN);
    /* Behind one more than there may be, the rest is one name that is none. */
    g_auto(GStrv) names = g_strsplit(text ? text : "", "\n", (gint)trainer->n_params + 1);
    g_autoptr(GHashTable) there = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    guint before = m->count;

    for (guint i = 0; names[i]; i++)
        g_hash_table_add(there, names[i]);
    for (guint i = 0; i < trainer->n_params; i++) {
        const VdtTrainerParam *p = &trainer->params[i];
        gboolean was = g_hash_table_remove(there, p->name);

        if (was != p->frozen)
            add_mistake(m, "%s is frozen %s", p->name, was ? "there, not here" : "here, not there");
    }
    for (guint i = 0; names[i]; i++)
        if (g_hash_table_contains(there, names[i]))
            add_mistake(m, "%.200s, frozen there, is no parameter here", names[i]);
    return m->count == before;
}

static gboolean say_mistakes(const Mistakes *m, GError **error)
{
    if (m->count > MOST_LISTED)
        g_string_append_printf(m->list, " and %u more", m->count - MOST_LISTED);
    g_set_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS, "%s is not of this training: %s",
                vdt_weights_get_origin(m->checkpoint), m->list->str);
    return FALSE;
}

gboolean vdt_trainer_restore(VdtTrainer *trainer, const VdtWeights *checkpoint, GError **error)
{
    g_autoptr(GHashTable) known =
        g_hash_table_new_full(vdt_keyed_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GString) list = g_string_new(NULL);
    Mistakes m = {checkpoint, known, list, 0};
    const char *kind = vdt_weights_get_metadata(checkpoint, "optimizer");
    const char *wanted = vdt_optimizer_kind_name(trainer->options.kind);
    const char *step_text = vdt_weights_get_metadata(checkpoint, "step");
    guint64 step = 0;

    if (g_strcmp0(kind, wanted) != 0)
        add_mistake(&m, "its optimizer is %.200s, not %s", kind ? kind : "not stated", wanted);
    if (!step_text || !g_ascii_string_to_unsigned(step_text, 10, 0, G_MAXINT64, &step, NULL))
        add_mistake(&m, "its step is %s%.200s", step_text ? "no number: " : "not stated",
                    step_text ? step_text : "");
    /* In a checkpoint, tensors that are missing or superfluous for that reason only hide it. */
    if (!check_frozen(trainer, &m) && step_text)
        return say_mistakes(&m, error);
    visit_all(trainer, check_tensor, &m);
    for (guint i = 0; i < vdt_weights_get_n_tensors(checkpoint); i++) {
        const char *name = vdt_weights_get_name(checkpoint, i);

        if (!g_hash_table_contains(known, name))
            add_mistake(&m, "%.200s does not belong there", name);
    }
    if (m.count > 0)
        return say_mistakes(&m, error);
    visit_all(trainer, copy_back, (gpointer)checkpoint);
    trainer->step = step;
    return TRUE;
}
