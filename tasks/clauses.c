/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clauses.h"

#include <string.h>

/* Bytes of a word that are looked at, with a mark at each end. */
#define MAX_WORD   48
#define SHORTEST   3
#define LONGEST    5
#define WORD_MARK  'w'
#define PAIR_MARK  'p'
/* Bytes that a letter may become. */
#define MAX_LETTER 4

/* Before these a clause begins, as letters are folded. */
static const char *const openers[] = {
    "aber",    "after",  "afterwards", "also",   "anschliessend", "and",    "ausserdem",
    "before",  "bevor",  "but",        "danach", "dann",          "except", "instead",
    "nachdem", "next",   "nur",        "only",   "ohne",          "or",     "oder",
    "plus",    "rather", "sondern",    "sowie",  "statt",         "then",   "und",
    "vorher",  "while",  "without",    "zuerst", "zuvor",
};

typedef struct {
    VdtClauseVisit visit;
    gpointer data;
    guint clause;
    gboolean has_words; /* the clause, other than openers */
    gboolean ends;      /* with the word before */
    guint32 before;     /* the word before in the clause, hashed; 0: none */
    char word[MAX_WORD];
    guint n;
    gsize at; /* in the text */
} Reader;

/* FNV-1a. */
static guint32 hash_bytes(guint32 hash, const char *bytes, guint n)
{
    for (guint i = 0; i < n; i++)
        hash = (hash ^ (guint8)bytes[i]) * 16777619u;
    return hash;
}

static guint32 hash_of(char mark, const char *bytes, guint n)
{
    return hash_bytes(hash_bytes(2166136261u, &mark, 1), bytes, n);
}

static void give(const Reader *reader, VdtClauseFeature feature)
{
    feature.clause = reader->clause;
    feature.at = reader->at;
    if (reader->clause < VDT_CLAUSES_MAX)
        reader->visit(&feature, reader->data);
}

static gboolean is_opener(const Reader *reader)
{
    for (guint i = 0; i < G_N_ELEMENTS(openers); i++)
        if (strlen(openers[i]) == reader->n && memcmp(openers[i], reader->word, reader->n) == 0)
            return TRUE;
    return FALSE;
}

static void give_pieces(const Reader *reader)
{
    char marked[MAX_WORD + 2];
    guint n = reader->n + 2, n_pieces = 0;

    marked[0] = '<';
    memcpy(marked + 1, reader->word, reader->n);
    marked[n - 1] = '>';
    for (guint length = SHORTEST; length <= MIN(LONGEST, n); length++)
        n_pieces += n - length + 1;
    for (guint length = SHORTEST; length <= MIN(LONGEST, n); length++)
        for (guint at = 0; at + length <= n; at++)
            give(reader, (VdtClauseFeature){.hash = hash_of('0' + length, marked + at, length),
                                            .is_piece = TRUE,
                                            .share = 1.0f / n_pieces});
}

static void end_word(Reader *reader)
{
    if (reader->n == 0)
        return;
    gboolean opens = is_opener(reader);
    if (reader->has_words && (reader->ends || opens)) {
        reader->clause++;
        reader->has_words = FALSE;
        reader->before = 0;
    }
    reader->ends = FALSE;
    reader->has_words |= !opens;

    guint32 word = hash_of(WORD_MARK, reader->word, reader->n);
    guint32 pair[] = {reader->before, word};
    give(reader, (VdtClauseFeature){.hash = word, .begins_word = TRUE, .share = 1});
    give(reader, (VdtClauseFeature){.hash = hash_of(PAIR_MARK, (const char *)pair, sizeof pair),
                                    .share = 1});
    give_pieces(reader);
    reader->before = word;
    reader->n = 0;
}

/* Returns how many bytes of @folded @c becomes. */
static guint fold(gunichar c, char *folded)
{
    static const struct {
        gunichar c;
        const char *as;
    } german[] = {{0xe4, "ae"}, {0xf6, "oe"}, {0xfc, "ue"}, {0xdf, "ss"}};
    gunichar base, mark;

    c = g_unichar_tolower(c);
    for (guint i = 0; i < G_N_ELEMENTS(german); i++)
        if (german[i].c == c) {
            memcpy(folded, german[i].as, 2);
            return 2;
        }
    while (g_unichar_decompose(c, &base, &mark))
        c = base;
    guint n = g_unichar_to_utf8(c, NULL);
    return n <= MAX_LETTER ? (guint)g_unichar_to_utf8(c, folded) : 0;
}

/* Of a letter and a mark behind it German has what it has of one letter. */
static void add_mark(Reader *reader, gunichar mark)
{
    if (mark == 0x308 && reader->n > 0 && reader->n < MAX_WORD &&
        strchr("aou", reader->word[reader->n - 1]) != NULL)
        reader->word[reader->n++] = 'e';
}

/* An apostrophe belongs to its word: don't is one. */
static gboolean is_apostrophe(gunichar c)
{
    return c == '\'' || c == 0x2019 || c == 0x2018 || c == '`' || c == 0xb4;
}

static gboolean ends_clause(gunichar c)
{
    return (c < 128 && c != 0 && strchr(",;:.!?()&+/\n", c) != NULL) || c == 0x2013 ||
           c == 0x2014 || c == 0x2026 || c == 0x3002 || c == 0x3001 || c == 0xff0c;
}

guint vdt_clauses_read(const char *text, gsize length, VdtClauseVisit visit, gpointer data)
{
    Reader reader = {.visit = visit, .data = data};
    gboolean any = FALSE;

    for (const char *at = text; at < text + length; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (is_apostrophe(c))
            continue;
        if (g_unichar_ismark(c)) {
            add_mark(&reader, c);
            continue;
        }
        if (!g_unichar_isalnum(c)) {
            end_word(&reader);
            reader.ends |= ends_clause(c);
            continue;
        }
        if (reader.n == 0)
            reader.at = at - text;
        char folded[MAX_LETTER];
        guint n = fold(c, folded);
        if (reader.n + n <= MAX_WORD)
            memcpy(reader.word + reader.n, folded, n);
        else
            n = 0;
        reader.n += n;
        any = TRUE;
    }
    end_word(&reader);
    return any ? reader.clause + 1 : 0;
}
