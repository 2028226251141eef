/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "compensation.h"

#include <string.h>
#include <vedette/ops.h>

#include "data/random.h"

/* Those of arXiv 2408.06798. */
#define LEVELS 16

struct _Compensation {
    const VdtModel *model;
    JsonObject *plain, *compensated; /* configurations */
    VdtWeights *weights;             /* of both: the network's, and adapters as they are */
    CompensationOptions options;
    VdtTrainOptions train;
    guint most; /* level */

    VdtTensor *pictures;
    VdtPlan *teachers[LEVELS + 1]; /* those that were needed so far */

    VdtWeights *state; /* a trainer's checkpoint; NULL before the first step */
    guint64 step;
};

static gboolean is_adapter(const char *name)
{
    return strstr(name, "_tocom.") != NULL;
}

static VdtGraph *build(const Compensation *c, JsonObject *config, guint level, GError **error)
{
    VdtShape input =
        c->model->input_shape(config, c->options.batch, c->options.width, c->options.height);
    VdtBuild asked = vdt_model_ask(c->model, &input);
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    asked.merge = (int)level;
    if (!c->model->build(config, graph, &asked, error) || !vdt_graph_check(graph, error))
        return NULL;
    return g_steal_pointer(&graph);
}

/* As they are among @from. */
static void take_adapters(VdtWeights *to, const VdtWeights *from)
{
    for (guint i = 0; i < vdt_weights_get_n_tensors(from); i++) {
        const char *name = vdt_weights_get_name(from, i);
        if (is_adapter(name) && g_str_has_prefix(name, "blocks."))
            vdt_weights_insert(to, name, vdt_weights_get_tensor(from, i));
    }
}

static gboolean start_adapters(Compensation *c, GError **error)
{
    g_autoptr(VdtGraph) graph = build(c, c->compensated, 0, error);
    if (graph == NULL)
        return FALSE;
    g_autoptr(VdtWeights) random = vdt_weights_new_random(graph, c->options.seed);
    take_adapters(c->weights, random);
    return TRUE;
}

Compensation *compensation_new(const VdtModel *model, JsonObject *config, VdtWeights *weights,
                               const CompensationOptions *options, GError **error)
{
    VdtEngineLevels levels;
    if (model->merging == NULL || !model->merging->levels(config, &levels) || levels.most == 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "%s merges no tokens, for which a compensator could make up", model->name);
        return NULL;
    }
    g_autoptr(Compensation) c = g_new0(Compensation, 1);
    c->model = model;
    c->options = *options;
    c->train = (VdtTrainOptions){
        .kind = VDT_OPTIMIZER_ADAMW,
        .weight_decay = options->decay,
        .schedule = {.kind = VDT_SCHEDULE_COSINE, .rate = options->rate, .steps = options->steps}};
    c->most = MIN(levels.most, LEVELS);
    c->weights = vdt_weights_new();
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++)
        if (!is_adapter(vdt_weights_get_name(weights, i)))
            vdt_weights_insert(c->weights, vdt_weights_get_name(weights, i),
                               vdt_weights_get_tensor(weights, i));
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(node, config);
    g_autofree char *text = json_to_string(node, FALSE);
    g_autoptr(JsonNode) plain = json_from_string(text, NULL), with = json_from_string(text, NULL);
    c->plain = json_node_dup_object(plain);
    c->compensated = json_node_dup_object(with);
    json_object_remove_member(c->plain, "tocom");
    json_object_remove_member(c->plain, "r_tgt");
    json_object_remove_member(c->compensated, "r_tgt");
    JsonObject *adapters = json_object_new();
    json_object_set_int_member(adapters, "dim", options->columns * LEVELS);
    json_object_set_double_member(adapters, "scale", options->scale);
    json_object_set_object_member(c->compensated, "tocom", adapters);
    VdtShape shape = model->input_shape(config, options->batch, options->width, options->height);
    c->pictures = vdt_tensor_new(VDT_F32, &shape, error);
    if (c->pictures == NULL || !start_adapters(c, error))
        return NULL;
    return g_steal_pointer(&c);
}

void compensation_free(Compensation *c)
{
    if (c == NULL)
        return;
    for (guint i = 0; i <= LEVELS; i++)
        vdt_plan_unref(c->teachers[i]);
    g_clear_pointer(&c->pictures, vdt_tensor_unref);
    g_clear_pointer(&c->weights, vdt_weights_unref);
    g_clear_pointer(&c->state, vdt_weights_unref);
    g_clear_pointer(&c->plain, json_object_unref);
    g_clear_pointer(&c->compensated, json_object_unref);
    g_free(c);
}

VdtTensor *compensation_get_input(Compensation *c)
{
    return c->pictures;
}

static void fill(VdtTensor *to, const VdtTensor *from)
{
    memcpy(to->data, from->data, from->n_bytes);
}

/* What the network makes of the pictures at level @from; sets up @student with it. */
static gboolean ask_teacher(Compensation *c, guint from, VdtSession *student, GError **error)
{
    VdtPlan *sibling = NULL;
    for (guint i = 0; i <= LEVELS && sibling == NULL; i++)
        sibling = c->teachers[i];
    if (c->teachers[from] == NULL) {
        g_autoptr(VdtGraph) graph = build(c, c->plain, from, error);
        VdtPlanOptions options = {VDT_PLAN_INFER};
        c->teachers[from] = graph != NULL
                                ? vdt_plan_new_sharing(graph, c->weights, &options, sibling, error)
                                : NULL;
    }
    g_autoptr(VdtSession) teacher =
        c->teachers[from] != NULL ? vdt_session_new(c->teachers[from], error) : NULL;
    if (teacher == NULL)
        return FALSE;
    fill(vdt_session_get_input(teacher, 0), c->pictures);
    if (!vdt_session_run(teacher, NULL, error))
        return FALSE;
    fill(vdt_session_get_input(student, 0), c->pictures);
    fill(vdt_session_find_input(student, "targets"), vdt_session_get_output(teacher, 0));
    return TRUE;
}

/* The network at level @to, with what takes it there from level @from. A session for each step:
 * another pair of levels has other shapes. */
static VdtSession *new_student(Compensation *c, guint from, guint to, gboolean adapters,
                               GError **error)
{
    JsonObject *config = adapters ? c->compensated : c->plain;
    if (adapters)
        c->model->merging->set_trained(config, from);
    g_autoptr(VdtGraph) graph = build(c, config, to, error);
    if (graph == NULL)
        return NULL;
    VdtValue *logits = vdt_graph_find_output(graph, "logits");
    VdtShape shape = vdt_value_shape(logits);
    VdtValue *targets = vdt_input(graph, "targets", &shape);
    vdt_output(graph, "loss", vdt_kl_divergence(logits, targets));
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++)
        if (!is_adapter(vdt_graph_get_param(graph, i, NULL)))
            vdt_graph_freeze(graph, vdt_graph_get_param(graph, i, NULL));
    vdt_graph_freeze_norms(graph, "");
    VdtPlanOptions options = {VDT_PLAN_TRAIN};
    if (!vdt_graph_check(graph, error))
        return NULL;
    g_autoptr(VdtPlan) plan = vdt_plan_new(graph, c->weights, &options, error);
    return plan != NULL ? vdt_session_new(plan, error) : NULL;
}

/* A student at level @to with the pictures, and what its teacher makes of them at level @from. */
static VdtSession *new_lesson(Compensation *c, guint from, guint to, gboolean adapters,
                              GError **error)
{
    g_autoptr(VdtSession) student = new_student(c, from, to, adapters, error);
    return student != NULL && ask_teacher(c, from, student, error) ? g_steal_pointer(&student)
                                                                   : NULL;
}

gboolean compensation_measure(Compensation *c, guint from, guint to, gboolean adapters,
                              double *loss, GError **error)
{
    g_autoptr(VdtSession) student = new_lesson(c, from, to, adapters, error);
    if (student == NULL || !vdt_session_run(student, NULL, error))
        return FALSE;
    *loss = *(const float *)vdt_session_find_output(student, "loss")->data;
    return TRUE;
}

/* A trainer belongs to a session, and that to a pair of levels: its state goes on to the next. */
gboolean compensation_step(Compensation *c, double *loss, GError **error)
{
    guint64 random = random_seed3(c->options.seed, c->step, 0);
    guint from = (guint)(random_next(&random) % (c->most + 1));
    guint to = (guint)(random_next(&random) % c->most);
    to += to >= from;
    VdtTrainReport report;
    g_autoptr(VdtSession) student = new_lesson(c, from, to, TRUE, error);
    g_autoptr(VdtTrainer) trainer =
        student != NULL ? vdt_trainer_new(student, &c->train, error) : NULL;
    if (trainer == NULL || (c->state != NULL && !vdt_trainer_restore(trainer, c->state, error)) ||
        !vdt_trainer_step(trainer, NULL, &report, error))
        return FALSE;
    g_clear_pointer(&c->state, vdt_weights_unref);
    c->state = vdt_trainer_get_checkpoint(trainer);
    take_adapters(c->weights, c->state);
    c->step++;
    *loss = report.loss;
    return TRUE;
}

VdtWeights *compensation_get_adapters(const Compensation *c)
{
    VdtWeights *adapters = vdt_weights_new();
    take_adapters(adapters, c->weights);
    return adapters;
}
