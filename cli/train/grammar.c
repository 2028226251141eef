/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar.h"

#include <string.h>

#include "data/random.h"
#include "io/keyed-hash.h"

#define MAX_BYTES   (1 << 20) /* of the file */
#define MAX_DEPTH   12
#define MAX_NUMBERS 8
#define HELD_OUT    0.25 /* share of what is held out, where there is some */
#define FOREIGN     0.1  /* share of texts */
#define STRANGE     0.2  /* share with a word that nobody knows */
#define SLIPS       0.15 /* share of those that are learned from */

/* A text between two bars. */
typedef struct {
    char *text;
    gboolean held_out;
} Choice;

struct _Grammar {
    GHashTable *rules; /* name to GPtrArray of Choice */
    char **restorations, **languages;
    guint n, n_held_out;
};

typedef struct {
    const Grammar *grammar;
    guint64 state;
    gboolean held_out;
    guint n_held_out;                /* texts of rules that were taken */
    const char *language;            /* or NULL */
    guint restoration;               /* of the slot that is written */
    guint restorations[MAX_NUMBERS]; /* by a slot's number */
    Sentence *sentence;
} Writer;

static void choice_free(gpointer data)
{
    Choice *choice = data;
    g_free(choice->text);
    g_free(choice);
}

static void choices_free(gpointer data)
{
    g_ptr_array_unref(data);
}

void grammar_free(Grammar *grammar)
{
    if (grammar == NULL)
        return;
    g_hash_table_unref(grammar->rules);
    g_strfreev(grammar->restorations);
    g_strfreev(grammar->languages);
    g_free(grammar);
}

void sentence_clear(Sentence *sentence)
{
    if (sentence->text != NULL)
        g_string_free(sentence->text, TRUE);
    if (sentence->slots != NULL)
        g_array_unref(sentence->slots);
    *sentence = (Sentence){NULL};
}

static void add_choices(Grammar *grammar, GPtrArray *rule, const char *line, gboolean goes_on)
{
    g_auto(GStrv) texts = g_strsplit(line, "|", -1);

    for (guint i = 0; texts[i] != NULL; i++) {
        char *text = g_strstrip(texts[i]);
        gboolean held_out = *text == '~';
        /* Between bars may be nothing, too; but a bar may stand at the end of a line or at the
         * beginning of the next. */
        if (*text == '\0' && (texts[i + 1] == NULL || (goes_on && i == 0)))
            continue;
        Choice *choice = g_new(Choice, 1);
        *choice = (Choice){g_strdup(text + held_out), held_out};
        g_ptr_array_add(rule, choice);
        grammar->n++;
        grammar->n_held_out += held_out;
    }
}

static gboolean read_lines(Grammar *grammar, const char *path, char *text, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GPtrArray *rule = NULL;

    for (guint i = 0; lines[i] != NULL; i++) {
        char *comment = strchr(lines[i], '#'), *value = lines[i];
        gboolean goes_on = g_ascii_isspace(*lines[i]);
        if (comment != NULL)
            *comment = '\0';
        if (lines[i][strspn(lines[i], " \t\r")] == '\0')
            continue;
        if (!goes_on) {
            value = strchr(lines[i], '=');
            if (value == NULL) {
                g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                            "%s, line %u: neither \"name = texts\" nor the continuation of one",
                            path, i + 1);
                return FALSE;
            }
            *value++ = '\0';
            char *name = g_strstrip(lines[i]);
            rule = g_hash_table_lookup(grammar->rules, name);
            if (rule == NULL) {
                rule = g_ptr_array_new_with_free_func(choice_free);
                g_hash_table_insert(grammar->rules, g_strdup(name), rule);
            }
        }
        if (rule != NULL)
            add_choices(grammar, rule, value, goes_on);
    }
    return TRUE;
}

/* The rules of that name, of which there are at most four. */
static guint find_rules(const Grammar *grammar, const char *name, const char *restoration,
                        const char *language, GPtrArray **rules)
{
    g_autofree char *both = g_strdup_printf("%s.%s.%s", name, restoration, language);
    g_autofree char *one = g_strdup_printf("%s.%s", name, restoration);
    g_autofree char *other = g_strdup_printf("%s.%s", name, language);
    const char *names[] = {name, one, other, both};
    guint n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if ((rules[n] = g_hash_table_lookup(grammar->rules, names[i])) != NULL)
            n++;
    return n;
}

static char **list_of(const Grammar *grammar, const char *name)
{
    GPtrArray *rule = g_hash_table_lookup(grammar->rules, name);
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();

    for (guint i = 0; rule != NULL && i < rule->len; i++)
        g_strv_builder_add(list, ((Choice *)rule->pdata[i])->text);
    return g_strv_builder_end(list);
}

/* "<ask:1:late>", from its bracket on: what stands in it. Returns what follows, or NULL. */
static const char *read_name(const char *at, char **name, guint *number, int *order)
{
    const char *end = strchr(at, '>');
    if (end == NULL)
        return NULL;
    g_autofree char *inner = g_strndup(at + 1, end - at - 1);
    g_auto(GStrv) parts = g_strsplit(inner, ":", 3);
    guint n = g_strv_length(parts);
    guint64 value = 0;
    if (n == 0 ||
        (n > 1 && !g_ascii_string_to_unsigned(parts[1], 10, 1, MAX_NUMBERS, &value, NULL)))
        return NULL;
    *number = value;
    *order = n < 3                            ? 0
             : strcmp(parts[2], "early") == 0 ? -1
             : strcmp(parts[2], "late") == 0  ? 1
                                              : 2;
    if (*order == 2)
        return NULL;
    *name = g_strdup(parts[0]);
    return end + 1;
}

static gboolean check_rules(const Grammar *grammar, const char *path, const char *name,
                            const char *restoration, const char *language, guint depth,
                            GError **error)
{
    GPtrArray *rules[4];
    guint n = find_rules(grammar, name, restoration, language, rules), n_learned = 0;

    if (depth > MAX_DEPTH) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: rule \"%s\" is more than %d rules deep", path, name, MAX_DEPTH);
        return FALSE;
    }
    for (guint i = 0; i < n; i++)
        for (guint k = 0; k < rules[i]->len; k++) {
            const Choice *choice = rules[i]->pdata[k];
            n_learned += !choice->held_out;
            for (const char *at = strchr(choice->text, '<'); at != NULL;) {
                g_autofree char *below = NULL;
                guint number;
                int order;
                const char *next = read_name(at, &below, &number, &order);
                if (next == NULL) {
                    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                                "%s: rule \"%s\" has \"%s\", which is no name of a rule", path,
                                name, at);
                    return FALSE;
                }
                if (!check_rules(grammar, path, below, restoration, language, depth + 1, error))
                    return FALSE;
                at = strchr(next, '<');
            }
        }
    if (n_learned > 0)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                "%s: rule \"%s\" has no text to learn from, for %s, in %s", path, name, restoration,
                language);
    return FALSE;
}

Grammar *grammar_load(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize length;
    if (!g_file_get_contents(path, &text, &length, error))
        return NULL;
    if (length > MAX_BYTES || !g_utf8_validate_len(text, length, NULL)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: is not UTF-8 of at most %d bytes",
                    path, MAX_BYTES);
        return NULL;
    }
    g_autoptr(Grammar) grammar = g_new0(Grammar, 1);
    grammar->rules = g_hash_table_new_full(vdt_keyed_str_hash, g_str_equal, g_free, choices_free);
    if (!read_lines(grammar, path, text, error))
        return NULL;
    grammar->restorations = list_of(grammar, "restorations");
    grammar->languages = list_of(grammar, "languages");
    guint n = g_strv_length(grammar->restorations);
    if (n < 3 || n > MAX_NUMBERS || grammar->languages[0] == NULL) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: \"restorations\" must list 3 to %d names, and \"languages\" some", path,
                    MAX_NUMBERS);
        return NULL;
    }
    for (guint i = 0; i < n; i++)
        for (guint k = 0; grammar->languages[k] != NULL; k++)
            if (!check_rules(grammar, path, "start", grammar->restorations[i],
                             grammar->languages[k], 0, error) ||
                !check_rules(grammar, path, "foreign", grammar->restorations[i],
                             grammar->languages[k], 0, error))
                return NULL;
    return g_steal_pointer(&grammar);
}

const char *const *grammar_get_restorations(const Grammar *grammar)
{
    return (const char *const *)grammar->restorations;
}

void grammar_count(const Grammar *grammar, guint *n, guint *n_held_out)
{
    *n = grammar->n;
    *n_held_out = grammar->n_held_out;
}

static guint draw(Writer *writer, guint n)
{
    return random_next(&writer->state) % n;
}

static const char *choose(Writer *writer, const char *name)
{
    GPtrArray *rules[4];
    guint n_rules =
        find_rules(writer->grammar, name, writer->grammar->restorations[writer->restoration],
                   writer->language, rules);
    guint n[2] = {0};

    for (guint i = 0; i < n_rules; i++)
        for (guint k = 0; k < rules[i]->len; k++)
            n[((Choice *)rules[i]->pdata[k])->held_out]++;
    gboolean wanted = writer->held_out && n[1] > 0 && random_double(&writer->state) < HELD_OUT;
    writer->n_held_out += wanted;
    guint drawn = draw(writer, n[wanted]);
    for (guint i = 0; i < n_rules; i++)
        for (guint k = 0; k < rules[i]->len; k++) {
            const Choice *choice = rules[i]->pdata[k];
            if (choice->held_out == wanted && drawn-- == 0)
                return choice->text;
        }
    g_assert_not_reached(); /* grammar_load() has looked */
}

static void write_rule(Writer *writer, const char *name)
{
    GString *out = writer->sentence->text;

    for (const char *at = choose(writer, name); *at != '\0';) {
        if (*at != '<') {
            g_string_append_c(out, *at++);
            continue;
        }
        g_autofree char *below = NULL;
        SentenceSlot slot = {.from = out->len};
        at = read_name(at, &below, &slot.number, &slot.order);
        if (slot.number > 0) {
            slot.restoration = writer->restoration = writer->restorations[slot.number - 1];
            slot.forbids = g_str_has_prefix(below, "forbid");
        }
        write_rule(writer, below);
        slot.to = out->len;
        if (slot.number > 0)
            g_array_append_val(writer->sentence->slots, slot);
    }
}

/* One letter is missing, twice there, another, or has changed places with the next. */
static void slip(Writer *writer)
{
    GString *text = writer->sentence->text;
    gsize at = draw(writer, text->len - 1);
    gssize moved = 0;

    if (!g_ascii_isalpha(text->str[at]) || !g_ascii_isalpha(text->str[at + 1]))
        return;
    char letter = text->str[at];
    switch (draw(writer, 4)) {
    case 0:
        text->str[at] = text->str[at + 1];
        text->str[at + 1] = letter;
        break;
    case 1:
        g_string_insert_c(text, at, letter);
        moved = 1;
        break;
    case 2:
        text->str[at] = 'a' + draw(writer, 26);
        break;
    default:
        g_string_erase(text, at, 1);
        moved = -1;
    }
    for (guint i = 0; i < writer->sentence->slots->len; i++) {
        SentenceSlot *slot = &g_array_index(writer->sentence->slots, SentenceSlot, i);
        slot->from += slot->from > at ? moved : 0;
        slot->to += slot->to > at ? moved : 0;
    }
}

/* A word that nobody knows, between two others. */
static void insert_word(Writer *writer)
{
    GString *text = writer->sentence->text;
    char word[10] = "";
    guint n = 2 + draw(writer, 7);
    const char *blank = strchr(text->str + draw(writer, text->len), ' ');

    if (blank == NULL)
        return;
    gsize at = blank - text->str;
    word[0] = ' ';
    for (guint i = 1; i < n; i++)
        word[i] = 'a' + draw(writer, 26);
    g_string_insert_len(text, at, word, n);
    for (guint i = 0; i < writer->sentence->slots->len; i++) {
        SentenceSlot *slot = &g_array_index(writer->sentence->slots, SentenceSlot, i);
        slot->from += slot->from > at ? n : 0;
        slot->to += slot->to > at ? n : 0;
    }
}

/* Words of no language. */
static void write_gibberish(Writer *writer)
{
    for (guint n = 1 + draw(writer, 4); n > 0; n--) {
        for (guint k = 2 + draw(writer, 7); k > 0; k--)
            g_string_append_c(writer->sentence->text, 'a' + draw(writer, 26));
        g_string_append_c(writer->sentence->text, ' ');
    }
}

static void write_sentence(Writer *writer)
{
    const Grammar *grammar = writer->grammar;
    Sentence *sentence = writer->sentence;
    guint n = g_strv_length(grammar->restorations);

    g_string_truncate(sentence->text, 0);
    g_array_set_size(sentence->slots, 0);
    writer->language = grammar->languages[draw(writer, g_strv_length(grammar->languages))];
    for (guint i = 0; i < MAX_NUMBERS; i++)
        writer->restorations[i] = i % n;
    for (guint i = n - 1; i > 0; i--) {
        guint k = draw(writer, i + 1), kept = writer->restorations[i];
        writer->restorations[i] = writer->restorations[k];
        writer->restorations[k] = kept;
    }
    writer->restoration = writer->restorations[0];
    double kind = random_double(&writer->state);
    sentence->is_known = kind >= FOREIGN;
    if (kind < FOREIGN / 4 && !writer->held_out)
        write_gibberish(writer);
    else
        write_rule(writer, sentence->is_known ? "start" : "foreign");
}

void grammar_write(const Grammar *grammar, guint64 seed, gboolean held_out, Sentence *sentence)
{
    Writer writer = {grammar, random_mix(seed), held_out, .sentence = sentence};

    if (sentence->text == NULL) {
        sentence->text = g_string_new(NULL);
        sentence->slots = g_array_new(FALSE, FALSE, sizeof(SentenceSlot));
    }
    do
        write_sentence(&writer);
    while (held_out && writer.n_held_out == 0 && grammar->n_held_out > 0);
    double spoilt = held_out || sentence->text->len < 2 ? 1 : random_double(&writer.state);
    for (guint i = spoilt < SLIPS ? 1 + draw(&writer, 2) : 0; i > 0 && sentence->text->len > 1; i--)
        slip(&writer);
    if (spoilt >= SLIPS && spoilt < SLIPS + STRANGE)
        insert_word(&writer);
    sentence->is_known &= spoilt >= SLIPS + STRANGE;
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    const SentenceSlot *p = a, *q = b;
    return p->number < q->number ? -1 : p->number > q->number;
}

void sentence_get_steps(const Sentence *sentence, guint steps[VDT_INSTRUCTION_MAX_STEPS],
                        guint *n_steps)
{
    g_autoptr(GArray) slots = g_array_copy(sentence->slots);
    guint asked = 0, forbidden = 0;

    *n_steps = 0;
    g_array_sort(slots, compare_numbers);
    for (guint i = 0; i < slots->len; i++) {
        const SentenceSlot *slot = &g_array_index(slots, SentenceSlot, i);
        guint bit = 1u << slot->restoration;
        if (slot->forbids)
            forbidden |= bit;
        else if (!(asked & bit) && (*n_steps)++ < VDT_INSTRUCTION_MAX_STEPS)
            steps[*n_steps - 1] = slot->restoration;
        if (!slot->forbids)
            asked |= bit;
    }
    if (*n_steps > VDT_INSTRUCTION_MAX_STEPS || (asked & forbidden))
        *n_steps = 0;
}
