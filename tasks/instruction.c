/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "instruction.h"

#include <math.h>
#include <string.h>
#include <vedette/card.h>

#include "clauses.h"
#include "instructionnet.h"

#define SHIPPED   "instructions/weights.safetensors"
#define MAX_KINDS (VDT_INSTRUCTION_MAX_RESTORATIONS + 1)

struct _VdtInstructions {
    char **steps;
    guint n_steps;
    double sure, known; /* what it takes to act: of a clause, and of a text's words */
    float *embedding;   /* [VDT_INSTRUCTION_BUCKETS, VDT_INSTRUCTION_WIDTH] */
    float *hidden,
        *kinds; /* [hidden, 4 widths], [kinds, hidden], each row with its bias behind it */
    float *forbids, *order;
    guint8 *pieces; /* a bit for each piece of a word that was learned, by its hash */
};

/* What is said of a clause. */
typedef struct {
    guint kind, next; /* the likeliest, and the one after; n_steps: nothing */
    double sureness;
    gboolean forbids;
    int order; /* before, with, after what is in the text's order */
} Clause;

typedef struct {
    const VdtInstructions *self;
    float sums[VDT_CLAUSES_MAX][VDT_INSTRUCTION_WIDTH], whole[VDT_INSTRUCTION_WIDTH];
    guint words[VDT_CLAUSES_MAX], n_words;
    double known; /* words, by the share of their pieces */
} Sums;

void vdt_instructions_free(VdtInstructions *self)
{
    if (self == NULL)
        return;
    g_strfreev(self->steps);
    g_free(self->embedding);
    g_free(self->hidden);
    g_free(self->kinds);
    g_free(self->forbids);
    g_free(self->order);
    g_free(self->pieces);
    g_free(self);
}

static VdtTensor *find(const VdtWeights *weights, const char *name, const VdtShape *shape,
                       GError **error)
{
    VdtTensor *tensor = vdt_weights_lookup(weights, name);
    if (tensor != NULL && vdt_shape_equal(&tensor->shape, shape))
        return tensor;
    g_autofree char *wanted = vdt_shape_to_string(shape);
    g_autofree char *is =
        tensor != NULL ? vdt_shape_to_string(&tensor->shape) : g_strdup("missing");
    g_set_error(
        error, VDT_ERROR, VDT_ERROR_WEIGHTS,
        "%s: tensor \"%s\" is %s, but must be %s; vedette train instructions makes such files",
        vdt_weights_get_origin(weights), name, is, wanted);
    return NULL;
}

/* The same as finite floats; a new reference. */
static VdtTensor *find_floats(const VdtWeights *weights, const char *name, const VdtShape *shape,
                              GError **error)
{
    VdtTensor *tensor = find(weights, name, shape, error);
    g_autoptr(VdtTensor) floats =
        tensor != NULL ? vdt_tensor_convert(tensor, VDT_F32, error) : NULL;
    if (floats == NULL)
        return NULL;
    for (gint64 i = 0; i < vdt_shape_elements(shape); i++)
        if (!isfinite(((const float *)floats->data)[i])) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS, "%s: tensor \"%s\" is not finite",
                        vdt_weights_get_origin(weights), name);
            return NULL;
        }
    return g_steal_pointer(&floats);
}

/* A layer's rows, each with its bias behind it; NULL if it is not there. */
static float *load_layer(const VdtWeights *weights, const char *name, guint out, guint in,
                         GError **error)
{
    g_autofree char *weight = g_strconcat(name, ".weight", NULL);
    g_autofree char *bias = g_strconcat(name, ".bias", NULL);
    VdtShape matrix = vdt_shape(out, in), vector = vdt_shape(out);
    g_autoptr(VdtTensor) w = find_floats(weights, weight, &matrix, error);
    g_autoptr(VdtTensor) b = w != NULL ? find_floats(weights, bias, &vector, error) : NULL;
    if (b == NULL)
        return NULL;
    float *rows = g_new(float, (gsize)out *(in + 1));
    for (guint i = 0; i < out; i++) {
        memcpy(rows + (gsize)i * (in + 1), (const float *)w->data + (gsize)i * in,
               in * sizeof *rows);
        rows[(gsize)i * (in + 1) + in] = ((const float *)b->data)[i];
    }
    return rows;
}

/* Turned, so that a feature's numbers are neighbours. */
static float *load_embedding(const VdtWeights *weights, GError **error)
{
    const guint width = VDT_INSTRUCTION_WIDTH, n = VDT_INSTRUCTION_BUCKETS;
    VdtShape shape = vdt_shape(width, n);
    g_autoptr(VdtTensor) floats = find_floats(weights, "embedding.weight", &shape, error);
    if (floats == NULL)
        return NULL;
    float *rows = g_new(float, (gsize)n *width);
    for (guint i = 0; i < n; i++)
        for (guint k = 0; k < width; k++)
            rows[i * width + k] = ((const float *)floats->data)[(gsize)k * n + i];
    return rows;
}

static guint8 *load_pieces(const VdtWeights *weights, GError **error)
{
    VdtShape shape = vdt_shape(VDT_INSTRUCTION_PIECES / 8);
    VdtTensor *tensor = find(weights, "pieces", &shape, error);
    if (tensor != NULL && tensor->dtype == VDT_U8)
        return g_memdup2(tensor->data, tensor->n_bytes);
    if (tensor != NULL)
        g_set_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS, "%s: tensor \"pieces\" is not uint8",
                    vdt_weights_get_origin(weights));
    return NULL;
}

/* A share that stands in the metadata. */
static gboolean load_share(const VdtWeights *weights, const char *key, double *share,
                           GError **error)
{
    const char *text = vdt_weights_get_metadata(weights, key);
    char *end = NULL;
    *share = text != NULL ? g_ascii_strtod(text, &end) : -1;
    if (text != NULL && end != text && *end == '\0' && *share >= 0 && *share <= 1)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                "%s: metadata \"%s\" is %s, but must be a number from 0 to 1",
                vdt_weights_get_origin(weights), key, text != NULL ? text : "missing");
    return FALSE;
}

static gboolean load_steps(VdtInstructions *self, const VdtWeights *weights, GError **error)
{
    const char *text = vdt_weights_get_metadata(weights, VDT_INSTRUCTION_RESTORATIONS);
    gboolean ok = text != NULL;
    self->steps = g_strsplit(text != NULL ? text : "", ",", VDT_INSTRUCTION_MAX_RESTORATIONS + 1);
    self->n_steps = g_strv_length(self->steps);
    for (guint i = 0; i < self->n_steps; i++) {
        ok &= *self->steps[i] != '\0';
        for (guint k = 0; k < i; k++)
            ok &= strcmp(self->steps[i], self->steps[k]) != 0;
    }
    if (ok && self->n_steps >= 1 && self->n_steps <= VDT_INSTRUCTION_MAX_RESTORATIONS)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                "%s: metadata \"%s\" is %s%s%s, but must be 1 to %d different names, "
                "separated by commas",
                vdt_weights_get_origin(weights), VDT_INSTRUCTION_RESTORATIONS,
                text != NULL ? "\"" : "", text != NULL ? text : "missing", text != NULL ? "\"" : "",
                VDT_INSTRUCTION_MAX_RESTORATIONS);
    return FALSE;
}

VdtInstructions *vdt_instructions_new(const VdtWeights *weights, GError **error)
{
    const guint hidden = VDT_INSTRUCTION_HIDDEN;
    g_autoptr(VdtInstructions) self = g_new0(VdtInstructions, 1);

    if (!load_steps(self, weights, error) ||
        !load_share(weights, VDT_INSTRUCTION_SURE, &self->sure, error) ||
        !load_share(weights, VDT_INSTRUCTION_KNOWN_SHARE, &self->known, error))
        return NULL;
    if ((self->embedding = load_embedding(weights, error)) == NULL ||
        (self->hidden = load_layer(weights, "hidden", hidden, 4 * VDT_INSTRUCTION_WIDTH, error)) ==
            NULL ||
        (self->kinds = load_layer(weights, "kinds", self->n_steps + 1, hidden, error)) == NULL ||
        (self->forbids = load_layer(weights, "forbids", 2, hidden, error)) == NULL ||
        (self->order = load_layer(weights, "order", 3, hidden, error)) == NULL ||
        (self->pieces = load_pieces(weights, error)) == NULL)
        return NULL;
    return g_steal_pointer(&self);
}

VdtInstructions *vdt_instructions_load(const char *path, GError **error)
{
    g_autofree char *file = path != NULL ? g_strdup(path) : vdt_find_data(SHIPPED, error);
    g_autoptr(VdtWeights) weights = file != NULL ? vdt_weights_load(file, error) : NULL;
    return weights != NULL ? vdt_instructions_new(weights, error) : NULL;
}

const char *const *vdt_instructions_get_steps(const VdtInstructions *self)
{
    return (const char *const *)self->steps;
}

static void sum_up(const VdtClauseFeature *feature, gpointer data)
{
    Sums *sums = data;
    const VdtInstructions *self = sums->self;
    const float *row = self->embedding + vdt_instruction_row(feature) * VDT_INSTRUCTION_WIDTH;
    float weight = vdt_instruction_weight(feature);

    for (guint k = 0; k < VDT_INSTRUCTION_WIDTH; k++) {
        sums->sums[feature->clause][k] += weight * row[k];
        sums->whole[k] += weight * row[k];
    }
    if (feature->is_piece) {
        guint bit = feature->hash % VDT_INSTRUCTION_PIECES;
        sums->known += (self->pieces[bit / 8] >> bit % 8 & 1) * feature->share;
    } else if (feature->begins_word) {
        sums->words[feature->clause]++;
        sums->n_words++;
    }
}

/* @rows, each with its bias behind it, times @x. */
static void apply(const float *rows, guint out, guint in, const float *x, float *y)
{
    for (guint i = 0; i < out; i++, rows += in + 1) {
        y[i] = rows[in];
        for (guint k = 0; k < in; k++)
            y[i] += rows[k] * x[k];
    }
}

static guint best_of(const float *x, guint n)
{
    guint best = 0;

    for (guint i = 1; i < n; i++)
        if (x[i] > x[best])
            best = i;
    return best;
}

static Clause judge(const Sums *sums, guint i, guint n)
{
    const VdtInstructions *self = sums->self;
    const guint width = VDT_INSTRUCTION_WIDTH;
    const int seen[] = {(int)i - 1, (int)i, (int)i + 1};
    float x[4 * VDT_INSTRUCTION_WIDTH] = {0}, hidden[VDT_INSTRUCTION_HIDDEN], kinds[MAX_KINDS];
    float forbids[2], order[3];

    for (guint part = 0; part < 3; part++)
        for (guint k = 0; k < width && seen[part] >= 0 && seen[part] < (int)n; k++)
            x[part * width + k] =
                sums->sums[seen[part]][k] * vdt_instruction_scale(sums->words[seen[part]]);
    for (guint k = 0; k < width; k++)
        x[3 * width + k] = sums->whole[k] * vdt_instruction_scale(sums->n_words);
    apply(self->hidden, VDT_INSTRUCTION_HIDDEN, 4 * width, x, hidden);
    for (guint k = 0; k < VDT_INSTRUCTION_HIDDEN; k++)
        hidden[k] = MAX(hidden[k], 0);
    apply(self->kinds, self->n_steps + 1, VDT_INSTRUCTION_HIDDEN, hidden, kinds);
    apply(self->forbids, 2, VDT_INSTRUCTION_HIDDEN, hidden, forbids);
    apply(self->order, 3, VDT_INSTRUCTION_HIDDEN, hidden, order);

    guint kind = best_of(kinds, self->n_steps + 1);
    guint next = kind > 0 ? 0 : 1;
    for (guint k = 0; k <= self->n_steps; k++)
        if (k != kind && kinds[k] > kinds[next])
            next = k;
    double sum = 0, against = 1 / (1 + exp(-fabs((double)forbids[1] - forbids[0])));
    for (guint k = 0; k <= self->n_steps; k++)
        sum += exp((double)kinds[k] - kinds[kind]);
    return (Clause){.kind = kind,
                    .next = next,
                    .sureness = MIN(1 / sum, kind < self->n_steps ? against : 1),
                    .forbids = forbids[1] > forbids[0],
                    .order = (int)best_of(order, 3) - 1};
}

/* Whether what a clause may be about would change nothing: that is what others ask for surely. */
static gboolean is_harmless(const VdtInstructions *self, const Clause *clause, guint asked)
{
    guint may_be = 1u << clause->kind | 1u << clause->next;

    return clause->sureness >= self->sure ||
           (!clause->forbids && (may_be & ~(asked | 1u << self->n_steps)) == 0);
}

/* From what is said of the clauses to what is done. */
static void decide(const VdtInstructions *self, const Clause *clauses, guint n,
                   VdtInstruction *instruction)
{
    guint asked = 0, surely = 0, forbidden = 0; /* sets of steps */
    gboolean unsure = FALSE;

    for (guint i = 0; i < n; i++) {
        if (clauses[i].kind < self->n_steps && clauses[i].forbids)
            forbidden |= 1u << clauses[i].kind;
        else if (clauses[i].kind < self->n_steps)
            asked |= 1u << clauses[i].kind;
        if (clauses[i].kind < self->n_steps && !clauses[i].forbids &&
            clauses[i].sureness >= self->sure)
            surely |= 1u << clauses[i].kind;
    }
    for (guint i = 0; i < n; i++)
        unsure |= !is_harmless(self, &clauses[i], surely);
    for (int order = -1; order <= 1; order++)
        for (guint i = 0; i < n; i++) {
            guint bit = 1u << clauses[i].kind;
            if (clauses[i].order != order || clauses[i].forbids || !(asked & bit))
                continue;
            asked &= ~bit;
            if (instruction->n_steps < VDT_INSTRUCTION_MAX_STEPS)
                instruction->steps[instruction->n_steps] = self->steps[clauses[i].kind];
            instruction->n_steps++;
            instruction->sureness = MIN(instruction->sureness, clauses[i].sureness);
            if (forbidden & bit)
                instruction->answer = VDT_INSTRUCTION_CONTRADICTION;
        }
    if (unsure)
        instruction->answer = VDT_INSTRUCTION_UNSURE;
    else if (instruction->n_steps == 0)
        instruction->answer = forbidden != 0 ? VDT_INSTRUCTION_FORBIDDEN : VDT_INSTRUCTION_OTHER;
    else if (instruction->n_steps > VDT_INSTRUCTION_MAX_STEPS)
        instruction->answer = VDT_INSTRUCTION_MANY;
}

static gboolean check(const char *text, gsize length, GError **error)
{
    const char *end;

    if (length > VDT_INSTRUCTION_MAX_BYTES) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "the instruction is %" G_GSIZE_FORMAT " bytes long, but at most %d are read",
                    length, VDT_INSTRUCTION_MAX_BYTES);
        return FALSE;
    }
    if (!g_utf8_validate_len(text, length, &end)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "the instruction is not UTF-8 from byte %" G_GSIZE_FORMAT " on",
                    (gsize)(end - text));
        return FALSE;
    }
    for (const char *at = text; at < text + length; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (g_unichar_iscntrl(c) && c != '\t' && c != '\n' && c != '\r') {
            g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                        "the instruction has a control character, U+%04X, at byte %" G_GSIZE_FORMAT,
                        c, (gsize)(at - text));
            return FALSE;
        }
    }
    return TRUE;
}

gboolean vdt_instruction_parse(const VdtInstructions *self, const char *text, gsize length,
                               VdtInstruction *instruction, GError **error)
{
    Sums sums = {.self = self};
    Clause clauses[VDT_CLAUSES_MAX];

    *instruction = (VdtInstruction){.answer = VDT_INSTRUCTION_KNOWN, .sureness = 1};
    if (!check(text, length, error))
        return FALSE;
    guint n = vdt_clauses_read(text, length, sum_up, &sums);
    if (n == 0)
        instruction->answer = VDT_INSTRUCTION_EMPTY;
    else if (n > VDT_CLAUSES_MAX)
        instruction->answer = VDT_INSTRUCTION_LONG;
    else if (sums.known < self->known * sums.n_words)
        instruction->answer = VDT_INSTRUCTION_FOREIGN;
    if (instruction->answer == VDT_INSTRUCTION_KNOWN) {
        for (guint i = 0; i < n; i++)
            clauses[i] = judge(&sums, i, n);
        decide(self, clauses, n, instruction);
    }
    if (instruction->answer != VDT_INSTRUCTION_KNOWN)
        *instruction = (VdtInstruction){.answer = instruction->answer};
    return TRUE;
}

const char *vdt_instruction_explain(VdtInstructionAnswer answer)
{
    static const char *const texts[] = {
        [VDT_INSTRUCTION_KNOWN] = "it is known what the instruction asks for",
        [VDT_INSTRUCTION_EMPTY] = "the instruction has no words",
        [VDT_INSTRUCTION_FOREIGN] = "the instruction is not in English or German",
        [VDT_INSTRUCTION_LONG] = "the instruction says too many things",
        [VDT_INSTRUCTION_OTHER] = "the instruction asks for nothing that can be restored",
        [VDT_INSTRUCTION_UNSURE] = "it is not clear what the instruction asks for",
        [VDT_INSTRUCTION_FORBIDDEN] = "the instruction says only what is not to be done",
        [VDT_INSTRUCTION_CONTRADICTION] = "the instruction asks for what it forbids",
        [VDT_INSTRUCTION_MANY] = "the instruction asks for more than two things",
    };

    return (guint)answer < G_N_ELEMENTS(texts) ? texts[answer] : "it is not known why";
}
