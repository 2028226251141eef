/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "learnwords.h"

#include <string.h>
#include <vedette/ops.h>
#include <vedette/train.h>

#include "data/random.h"
#include "instructionnet.h"

/* Rows of the network's input: clauses of a step, their texts, and one that is empty. */
#define CLAUSES 128
#define TEXTS   CLAUSES
#define EMPTY   (CLAUSES + TEXTS)
#define ROWS    (EMPTY + 1)
#define NONE    -1 /* a label that is not looked at */
#define WIDTH   VDT_INSTRUCTION_WIDTH
/* What it takes to act: the sureness of a clause, and the share of a text's words' pieces that were
 * learned. */
#define SURE    "0.6"
#define KNOWN   "0.6"

typedef struct {
    const Grammar *grammar;
    guint64 seed, drawn; /* sentences */
    guint n_restorations;
    Sentence sentence;
    guint8 *pieces; /* that were learned */

    /* of the session */
    float *features, *kinds, *forbids, *order; /* [ROWS, buckets], and a label for each clause */
    gint32 *seen;                              /* [CLAUSES, 4]: rows of features */

    /* of the sentence that is added */
    guint first, text; /* its rows */
    guint words[VDT_CLAUSES_MAX], n_words;
    int slots[VDT_CLAUSES_MAX]; /* which slot a clause belongs to, or NONE */
    gboolean is_mixed;          /* a clause belongs to two */
} Filler;

static VdtValue *layer(VdtGraph *graph, const char *name, VdtValue *x, gint64 out)
{
    gint64 in = vdt_value_dim(x, 1);
    VdtShape matrix = vdt_shape(out, in), vector = vdt_shape(out);
    VdtScope scope = vdt_scope(graph, name);
    VdtValue *weight = vdt_param_with(scope, "weight", &matrix, (VdtStart){0, 1 / sqrt(in)});
    /* Not 0: behind a table of nothing ReLU would have no slope. */
    VdtValue *bias = vdt_param_with(scope, "bias", &vector, (VdtStart){0, 0.3});

    return vdt_linear_by(x, weight, bias);
}

static VdtValue *loss_of(VdtGraph *graph, const char *name, VdtValue *x, gint64 out)
{
    VdtShape labels = vdt_shape(CLAUSES);
    g_autofree char *input = g_strconcat(name, " label", NULL);

    return vdt_cross_entropy(layer(graph, name, x, out), vdt_input(graph, input, &labels),
                             .label_smoothing = 0.02);
}

static VdtGraph *build(guint n_restorations)
{
    VdtGraph *graph = vdt_graph_new();
    VdtShape features = vdt_shape(ROWS, VDT_INSTRUCTION_BUCKETS), seen = vdt_shape(CLAUSES, 4);
    VdtShape table = vdt_shape(WIDTH, VDT_INSTRUCTION_BUCKETS),
             flat = vdt_shape(CLAUSES, 4 * WIDTH);
    VdtValue *x = vdt_input(graph, "features", &features);
    /* From nothing: what was never seen stays nothing. */
    VdtValue *rows =
        vdt_param_with(vdt_scope(graph, "embedding"), "weight", &table, (VdtStart){0, 0});

    x = vdt_linear_by(x, rows, NULL);
    x = vdt_gather_rows(x, vdt_input_typed(graph, "seen", VDT_I32, &seen));
    x = vdt_reshape(x, &flat);
    x = vdt_relu(layer(graph, "hidden", x, VDT_INSTRUCTION_HIDDEN));
    VdtValue *loss = loss_of(graph, "kinds", x, n_restorations + 1);
    loss = vdt_add(loss, loss_of(graph, "forbids", x, 2));
    loss = vdt_add(loss, loss_of(graph, "order", x, 3));
    vdt_output(graph, "loss", loss);
    return graph;
}

static int find_slot(const Sentence *sentence, gsize at)
{
    for (guint i = 0; i < sentence->slots->len; i++) {
        const SentenceSlot *slot = &g_array_index(sentence->slots, SentenceSlot, i);
        if (at >= slot->from && at < slot->to)
            return (int)i;
    }
    return NONE;
}

/* Which clauses belong to which slots. */
static void assign(const VdtClauseFeature *feature, gpointer data)
{
    Filler *filler = data;

    if (!feature->begins_word)
        return;
    int slot = find_slot(&filler->sentence, feature->at), *has = &filler->slots[feature->clause];
    filler->is_mixed |= slot != NONE && *has != NONE && slot != *has;
    if (slot != NONE)
        *has = slot;
    filler->words[feature->clause]++;
    filler->n_words++;
}

static void add_feature(const VdtClauseFeature *feature, gpointer data)
{
    Filler *filler = data;
    guint bucket = vdt_instruction_row(feature);
    float weight = vdt_instruction_weight(feature);
    float *clause =
              filler->features + (gsize)(filler->first + feature->clause) * VDT_INSTRUCTION_BUCKETS,
          *text = filler->features + (gsize)filler->text * VDT_INSTRUCTION_BUCKETS;

    clause[bucket] += weight * vdt_instruction_scale(filler->words[feature->clause]);
    text[bucket] += weight * vdt_instruction_scale(filler->n_words);
    if (feature->is_piece && filler->sentence.is_known) {
        guint bit = feature->hash % VDT_INSTRUCTION_PIECES;
        filler->pieces[bit / 8] |= 1 << bit % 8;
    }
}

/* The next sentence, if it fits into @room clauses; returns how many it has, 0 if it does not. */
static guint add_sentence(Filler *filler, guint room)
{
    const Sentence *sentence = &filler->sentence;

    grammar_write(filler->grammar, random_seed3(filler->seed, 0x696e7374, filler->drawn++), FALSE,
                  &filler->sentence);
    for (guint i = 0; i < VDT_CLAUSES_MAX; i++) {
        filler->slots[i] = NONE;
        filler->words[i] = 0;
    }
    filler->n_words = 0;
    filler->is_mixed = FALSE;
    guint n = vdt_clauses_read(sentence->text->str, sentence->text->len, assign, filler);
    if (n == 0 || n > MIN(room, VDT_CLAUSES_MAX) || filler->is_mixed)
        return 0;
    vdt_clauses_read(sentence->text->str, sentence->text->len, add_feature, filler);
    for (guint i = 0; i < n; i++) {
        guint row = filler->first + i;
        const SentenceSlot *slot =
            filler->slots[i] != NONE
                ? &g_array_index(sentence->slots, SentenceSlot, filler->slots[i])
                : NULL;
        filler->kinds[row] = slot != NULL ? slot->restoration : filler->n_restorations;
        filler->forbids[row] = slot != NULL ? slot->forbids : NONE;
        filler->order[row] = slot != NULL && !slot->forbids ? slot->order + 1 : NONE;
        gint32 *seen = filler->seen + 4 * row;
        seen[0] = i > 0 ? (gint32)row - 1 : EMPTY;
        seen[1] = row;
        seen[2] = i + 1 < n ? (gint32)row + 1 : EMPTY;
        seen[3] = filler->text;
    }
    return n;
}

static void fill(Filler *filler)
{
    memset(filler->features, 0, sizeof(float) * ROWS * VDT_INSTRUCTION_BUCKETS);
    filler->first = 0;
    filler->text = CLAUSES;
    while (filler->first < CLAUSES) {
        guint n = add_sentence(filler, CLAUSES - filler->first);
        filler->first += n;
        filler->text += n > 0;
    }
}

static VdtWeights *stored(const Filler *filler, VdtWeights *trained, GError **error)
{
    g_autoptr(VdtWeights) result = vdt_weights_new();
    VdtShape shape = vdt_shape(VDT_INSTRUCTION_PIECES / 8);
    g_autofree char *names = g_strjoinv(",", (char **)grammar_get_restorations(filler->grammar));

    for (guint i = 0; i < vdt_weights_get_n_tensors(trained); i++) {
        VdtTensor *tensor = vdt_weights_get_tensor(trained, i);
        g_autoptr(VdtTensor) kept =
            vdt_tensor_convert(tensor, tensor->shape.n_dims >= 2 ? VDT_F16 : VDT_F32, error);
        if (kept == NULL)
            return NULL;
        vdt_weights_insert(result, vdt_weights_get_name(trained, i), kept);
    }
    g_autoptr(VdtTensor) pieces = vdt_tensor_new(VDT_U8, &shape, error);
    if (pieces == NULL)
        return NULL;
    memcpy(pieces->data, filler->pieces, pieces->n_bytes);
    vdt_weights_insert(result, "pieces", pieces);
    vdt_weights_set_metadata(result, VDT_INSTRUCTION_RESTORATIONS, names);
    vdt_weights_set_metadata(result, VDT_INSTRUCTION_SURE, SURE);
    vdt_weights_set_metadata(result, VDT_INSTRUCTION_KNOWN_SHARE, KNOWN);
    return g_steal_pointer(&result);
}

static gboolean learn(Filler *filler, VdtTrainer *trainer, const LearnWords *options,
                      Progress *progress, GCancellable *cancellable, GError **error)
{
    double loss = 0;

    progress_begin(progress, "learning", "steps", 0, options->steps);
    for (guint64 step = 0; step < options->steps; step++) {
        VdtTrainReport report;
        fill(filler);
        if (!vdt_trainer_step(trainer, cancellable, &report, error))
            return FALSE;
        loss += (report.loss - loss) / (step < 100 ? step + 1 : 100);
        g_autofree char *text = g_strdup_printf("loss %.4f", loss);
        progress_update(progress, step + 1, text);
    }
    progress_end(progress);
    return TRUE;
}

VdtWeights *learn_words(const Grammar *grammar, const LearnWords *options, Progress *progress,
                        GCancellable *cancellable, GError **error)
{
    const VdtPlanOptions train = {.kind = VDT_PLAN_TRAIN};
    const VdtTrainOptions how = {
        .kind = VDT_OPTIMIZER_ADAMW,
        .weight_decay = 0.01,
        .max_norm = 5,
        .average = 0.998,
        .schedule = {.kind = VDT_SCHEDULE_COSINE, .rate = options->rate, .steps = options->steps}};
    guint n = g_strv_length((char **)grammar_get_restorations(grammar));
    g_autofree guint8 *pieces = g_malloc0(VDT_INSTRUCTION_PIECES / 8);
    g_autoptr(VdtGraph) graph = build(n);
    if (!vdt_graph_check(graph, error))
        return NULL;
    g_autoptr(VdtWeights) start = vdt_weights_new_random(graph, options->seed);
    g_autoptr(VdtPlan) plan = vdt_plan_new(graph, start, &train, error);
    g_autoptr(VdtSession) session = plan != NULL ? vdt_session_new(plan, error) : NULL;
    g_autoptr(VdtTrainer) trainer = session != NULL ? vdt_trainer_new(session, &how, error) : NULL;
    if (trainer == NULL)
        return NULL;
    Filler filler = {.grammar = grammar,
                     .seed = options->seed,
                     .n_restorations = n,
                     .pieces = pieces,
                     .features = vdt_session_find_input(session, "features")->data,
                     .seen = vdt_session_find_input(session, "seen")->data,
                     .kinds = vdt_session_find_input(session, "kinds label")->data,
                     .forbids = vdt_session_find_input(session, "forbids label")->data,
                     .order = vdt_session_find_input(session, "order label")->data};
    g_autoptr(VdtWeights) weights = NULL;
    if (learn(&filler, trainer, options, progress, cancellable, error)) {
        g_autoptr(VdtWeights) trained = vdt_trainer_get_weights(trainer, TRUE);
        weights = stored(&filler, trained, error);
    }
    sentence_clear(&filler.sentence);
    return g_steal_pointer(&weights);
}
