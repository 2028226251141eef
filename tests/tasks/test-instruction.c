/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instructions: what is read of a text, and what the weights that come with Vedette make of it. */
#include "instruction.h"

#include <math.h>
#include <string.h>

#include "clauses.h"
#include "instructionnet.h"

static VdtInstructions *reader;

static char *shipped(const char *name)
{
    return g_test_build_filename(G_TEST_DIST, "models", "ipt", "instructions", name, NULL);
}

/* "rain,dark", or "-" for nothing. */
static char *read_steps(const char *text, VdtInstructionAnswer *answer)
{
    g_autoptr(GError) error = NULL;
    VdtInstruction instruction;
    g_autoptr(GString) steps = g_string_new(NULL);

    g_assert_true(vdt_instruction_parse(reader, text, strlen(text), &instruction, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(instruction.n_steps, <=, VDT_INSTRUCTION_MAX_STEPS);
    g_assert_cmpint(instruction.answer == VDT_INSTRUCTION_KNOWN, ==, instruction.n_steps > 0);
    for (guint i = 0; i < instruction.n_steps; i++)
        g_string_append_printf(steps, "%s%s", i > 0 ? "," : "", instruction.steps[i]);
    if (answer != NULL)
        *answer = instruction.answer;
    return g_strdup(steps->len > 0 ? steps->str : "-");
}

typedef struct {
    guint32 sum;
    guint n, n_words;
    gsize at[VDT_CLAUSES_MAX]; /* first word of each clause */
} Seen;

static void see(const VdtClauseFeature *feature, gpointer data)
{
    Seen *seen = data;

    g_assert_cmpuint(feature->clause, <, VDT_CLAUSES_MAX);
    seen->sum += feature->hash * (feature->clause + 1);
    seen->n++;
    seen->n_words += feature->begins_word;
    if (feature->begins_word && seen->at[feature->clause] == G_MAXSIZE)
        seen->at[feature->clause] = feature->at;
}

static guint look_at(const char *text, Seen *seen)
{
    *seen = (Seen){0};
    for (guint i = 0; i < VDT_CLAUSES_MAX; i++)
        seen->at[i] = G_MAXSIZE;
    return vdt_clauses_read(text, strlen(text), see, seen);
}

static void test_clauses(void)
{
    static const struct {
        const char *text;
        guint n;
        gsize second; /* where the second one begins */
    } cases[] = {
        {"", 0, G_MAXSIZE},
        {" .,;! - ", 0, G_MAXSIZE},
        {"remove the rain", 1, G_MAXSIZE},
        {"remove the rain and brighten it", 2, 16},
        {"first, and then: rain", 2, 7}, /* "and then" is none of its own */
        {"and", 1, G_MAXSIZE},
        {"Regen entfernen, aber nicht den Nebel", 2, 17},
        {"denoise+sharpen", 2, 8},
        {"don't sharpen", 1, G_MAXSIZE},
        {"low-light", 1, G_MAXSIZE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Seen seen;
        g_assert_cmpuint(look_at(cases[i].text, &seen), ==, cases[i].n);
        g_assert_cmpuint(seen.at[1], ==, cases[i].second);
    }
}

/* However it is typed. */
static void test_folding(void)
{
    static const char *const same[][2] = {
        {"Schärfe das Bild", "schaerfe DAS bild"},
        {"VERGRÖSSERE GRÜN", "vergroessere gruen"},
        {"außerdem", "ausserdem"},
        {"Scha\xcc\x88rfe", "schärfe"},
        {"café", "cafe\xcc\x81"},
        {"don\xe2\x80\x99t", "don't"},
        {"dont", "don't"},
        {"rain\tand\r\n snow", "rain and snow"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(same); i++) {
        Seen a, b;
        g_assert_cmpuint(look_at(same[i][0], &a), ==, look_at(same[i][1], &b));
        g_assert_cmpuint(a.n, ==, b.n);
        g_assert_cmpuint(a.sum, ==, b.sum);
    }
    Seen a, b;
    look_at("rain snow", &a);
    look_at("snow rain", &b);
    g_assert_cmpuint(a.n, ==, b.n);
    g_assert_cmpuint(a.sum, !=, b.sum); /* pairs */
}

static void test_words(void)
{
    static const char *const texts[][2] = {
        {"remove the rain", "rain"},
        {"denoise", "noise"},
        {"make it brighter", "dark"},
        {"sharpen the image", "blur"},
        {"remove the fog", "haze"},
        {"get rid of the snow", "snow"},
        {"remove the rain and brighten it a bit", "rain,dark"},
        {"brighten the picture after removing the rain", "rain,dark"},
        {"entferne den Regen", "rain"},
        {"entferne den Regen und mach es heller", "rain,dark"},
        {"remove the rain and the rain drops", "rain"}, /* once */
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *steps = read_steps(texts[i][0], NULL);
        g_assert_cmpstr(steps, ==, texts[i][1]);
    }
}

static void test_nothing(void)
{
    static const struct {
        const char *text;
        VdtInstructionAnswer answer;
    } cases[] = {
        {"", VDT_INSTRUCTION_EMPTY},
        {" \n\t", VDT_INSTRUCTION_EMPTY},
        {"?!", VDT_INSTRUCTION_EMPTY},
        {"убери дождь", VDT_INSTRUCTION_FOREIGN},
        {"雨を消して", VDT_INSTRUCTION_FOREIGN},
        {"what time is it", VDT_INSTRUCTION_OTHER},
        {"don't remove the rain", VDT_INSTRUCTION_FORBIDDEN},
        {"remove the rain but don't remove the rain", VDT_INSTRUCTION_CONTRADICTION},
        {"remove the rain, the snow and the fog", VDT_INSTRUCTION_MANY},
        {"a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q", VDT_INSTRUCTION_LONG},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        VdtInstructionAnswer answer;
        g_autofree char *steps = read_steps(cases[i].text, &answer);
        g_assert_cmpstr(steps, ==, "-");
        g_assert_cmpint(answer, ==, cases[i].answer);
        g_assert_nonnull(strstr(vdt_instruction_explain(answer), "instruction"));
    }
}

static void test_bad(void)
{
    g_autofree char *longest = g_strnfill(VDT_INSTRUCTION_MAX_BYTES + 1, 'a');
    const struct {
        const char *text;
        gsize length;
        const char *message;
    } cases[] = {
        {longest, VDT_INSTRUCTION_MAX_BYTES + 1, "*4097*4096*"},
        {"rain\xff", 5, "*UTF-8*byte 4*"},
        {"rain\xc3", 5, "*UTF-8*byte 4*"},
        {"ra\0in", 5, "*UTF-8*byte 2*"},
        {"rain\x1b[0m", 8, "*U+001B*byte 4*"},
        {"rain\xc2\x85", 6, "*U+0085*byte 4*"},
    };
    VdtInstruction instruction;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(
            vdt_instruction_parse(reader, cases[i].text, cases[i].length, &instruction, &error));
        g_assert_error(error, VDT_ERROR, VDT_ERROR_FORMAT);
        g_assert_true(g_pattern_match_simple(cases[i].message, error->message));
        g_assert_cmpuint(instruction.n_steps, ==, 0);
    }
    g_assert_true(
        vdt_instruction_parse(reader, longest, VDT_INSTRUCTION_MAX_BYTES, &instruction, NULL));
    g_assert_cmpuint(instruction.n_steps, ==, 0);
}

/* What docs/instructions.md promises of phrases that were written by hand. */
static void test_phrases(void)
{
    g_autofree char *path = shipped("phrases.txt"), *text = NULL;
    guint n = 0, right = 0, nothing = 0, acted = 0;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        char *phrase = strchr(lines[i], '\t');
        if (*lines[i] == '#' || phrase == NULL)
            continue;
        *phrase++ = '\0';
        g_autofree char *steps = read_steps(phrase, NULL);
        gboolean is_right = strcmp(steps, lines[i]) == 0;
        n++;
        right += is_right;
        nothing += strcmp(lines[i], "-") == 0;
        acted += strcmp(lines[i], "-") == 0 && !is_right;
        if (!is_right)
            g_test_message("%s, not %s: %s", lines[i], steps, phrase);
    }
    g_test_message("%u of %u right, acted on %u of %u", right, n, acted, nothing);
    g_assert_cmpuint(n, >=, 150);
    g_assert_cmpuint(nothing, >=, 40);
    g_assert_cmpfloat(right, >=, 0.95 * n);
    g_assert_cmpfloat(acted, <=, 0.02 * nothing);
}

static VdtWeights *load(void)
{
    g_autofree char *path = shipped("weights.safetensors");
    g_autoptr(GError) error = NULL;
    VdtWeights *weights = vdt_weights_load(path, &error);

    g_assert_no_error(error);
    return weights;
}

static void refuse(VdtWeights *weights, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtInstructions) none = vdt_instructions_new(weights, &error);

    g_assert_null(none);
    g_assert_nonnull(error);
    if (!g_pattern_match_simple(message, error->message))
        g_error("\"%s\" is not %s", error->message, message);
}

static void test_weights(void)
{
    static const char *const tensors[] = {
        "embedding.weight", "hidden.weight", "hidden.bias", "kinds.weight",
        "forbids.bias",     "order.weight",  "pieces"};
    static const struct {
        const char *key, *value, *message;
    } metadata[] = {
        {"restorations", NULL, "*restorations*missing*"},
        {"restorations", "", "*restorations*1 to 16*"},
        {"restorations", "rain,,snow", "*restorations*"},
        {"restorations", "a,b,c,d,e,a", "*different*"},
        {"restorations", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "*1 to 16*"},
        {"restorations", "rain,snow", "*kinds.weight*3,32*"},
        {"sure", "2", "*sure*2*"},
        {"known", "x", "*known*x*"},
        {"known", "nan", "*known*nan*"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(tensors); i++) {
        g_autoptr(VdtWeights) weights = load();
        VdtShape shape = vdt_shape(3, 5);
        g_autoptr(VdtTensor) other = vdt_tensor_new(VDT_F32, &shape, NULL);
        g_autofree char *message = g_strdup_printf("*%s*", tensors[i]);
        vdt_weights_insert(weights, tensors[i], other);
        refuse(weights, message);
    }
    for (guint i = 0; i < G_N_ELEMENTS(metadata); i++) {
        g_autoptr(VdtWeights) weights = load();
        vdt_weights_set_metadata(weights, metadata[i].key, metadata[i].value);
        refuse(weights, metadata[i].message);
    }
    g_autoptr(VdtWeights) weights = load();
    VdtTensor *was = vdt_weights_lookup(weights, "order.bias");
    g_autoptr(VdtTensor) bias = vdt_tensor_convert(was, VDT_F32, NULL);
    ((float *)bias->data)[1] = NAN;
    vdt_weights_insert(weights, "order.bias", bias);
    refuse(weights, "*order.bias*finite*");
    g_autoptr(VdtWeights) empty = vdt_weights_new();
    refuse(empty, "*missing*");
}

/* Of 200 kB. */
static void test_size(void)
{
    g_autoptr(VdtWeights) weights = load();
    gsize bytes = 0;

    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++)
        bytes += vdt_weights_get_tensor(weights, i)->n_bytes;
    g_assert_cmpuint(bytes, <, 200000);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_test_init(&argc, &argv, NULL);
    g_autofree char *path = shipped("weights.safetensors");
    reader = vdt_instructions_load(path, &error);
    g_assert_no_error(error);
    g_test_add_func("/tasks/instruction/clauses", test_clauses);
    g_test_add_func("/tasks/instruction/folding", test_folding);
    g_test_add_func("/tasks/instruction/words", test_words);
    g_test_add_func("/tasks/instruction/nothing", test_nothing);
    g_test_add_func("/tasks/instruction/bad", test_bad);
    g_test_add_func("/tasks/instruction/phrases", test_phrases);
    g_test_add_func("/tasks/instruction/weights", test_weights);
    g_test_add_func("/tasks/instruction/size", test_size);
    int status = g_test_run();
    vdt_instructions_free(reader);
    return status;
}
