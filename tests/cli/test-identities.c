/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who goes with whom, and how well numbers are kept. */
#include "score/assignment.h"
#include "score/identities.h"

static guint worth_of(const guint *worth, guint rows, guint columns, const guint *columns_of)
{
    guint sum = 0;

    for (guint i = 0; i < rows; i++)
        if (columns_of[i] != G_MAXUINT)
            sum += worth[i * columns + columns_of[i]];
    return sum;
}

/* Each row takes each column that is left, or none. */
static guint try_all(const guint *worth, guint rows, guint columns, guint used)
{
    guint best;

    if (rows == 0)
        return 0;
    best = try_all(worth + columns, rows - 1, columns, used);
    for (guint k = 0; k < columns; k++)
        if (!(used & 1u << k))
            best =
                MAX(best, worth[k] + try_all(worth + columns, rows - 1, columns, used | 1u << k));
    return best;
}

static void check_assignment(const guint *worth, guint rows, guint columns)
{
    g_autofree guint *found = assign_best(worth, rows, columns);
    guint used = 0, assigned = 0;

    for (guint i = 0; i < rows; i++) {
        if (found[i] == G_MAXUINT)
            continue;
        g_assert_cmpuint(found[i], <, columns);
        g_assert_false(used & 1u << found[i]);
        used |= 1u << found[i];
        assigned++;
    }
    g_assert_cmpuint(assigned, ==, MIN(rows, columns));
    g_assert_cmpuint(worth_of(worth, rows, columns, found), ==, try_all(worth, rows, columns, 0));
}

static void test_assignment(void)
{
    static const int most[] = {1, 2, 5, 100, 500000000};
    /* whoever takes the best first gets 10 + 0, not 9 + 9 */
    static const guint greedy[] = {10, 9, 9, 0};
    g_autoptr(GRand) rand = g_rand_new_with_seed(10);
    guint worth[6 * 7];

    check_assignment(greedy, 2, 2);
    for (guint rows = 0; rows <= 6; rows++)
        for (guint columns = 0; columns <= 7; columns++)
            for (guint i = 0; i < (rows == 6 ? 5 : 20); i++) {
                for (guint k = 0; k < rows * columns; k++)
                    worth[k] = (guint)g_rand_int_range(rand, 0, most[i % G_N_ELEMENTS(most)]);
                check_assignment(worth, rows, columns);
            }
}

typedef struct {
    Identities *identities;
    GArray *truths, *answers;
} Stream;

static void stream_init(Stream *stream)
{
    *stream = (Stream){identities_new(), g_array_new(FALSE, FALSE, sizeof(IdentityBox)),
                       g_array_new(FALSE, FALSE, sizeof(IdentityBox))};
}

static void stream_clear(Stream *stream)
{
    identities_free(stream->identities);
    g_array_unref(stream->truths);
    g_array_unref(stream->answers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stream, stream_clear)

/* A box at one of many places that are apart, moved by a share of its size. */
static void put(GArray *boxes, guint64 id, guint place, double moved, gboolean ignored)
{
    const double x = 2 * place + moved;
    const IdentityBox box = {id, 1, {x, 0, x + 1, 1}, ignored};

    g_array_append_val(boxes, box);
}

static void add(Stream *stream)
{
    identities_add(stream->identities, stream->truths, stream->answers);
    g_array_set_size(stream->truths, 0);
    g_array_set_size(stream->answers, 0);
}

static double end(Stream *stream)
{
    IdentityCounts counts = {0};

    identities_end(stream->identities, &counts);
    return identity_f1(&counts);
}

static void assert_f1(Stream *stream, double expected)
{
    g_assert_cmpfloat_with_epsilon(end(stream), expected, 1e-9);
}

static void test_perfect(void)
{
    g_auto(Stream) stream = {0};

    stream_init(&stream);
    for (guint i = 0; i < 10; i++) {
        for (guint k = 0; k < 5; k++) {
            /* numbers of one are not those of the other, and may be large */
            put(stream.truths, 1000 + k, k, 0, FALSE);
            put(stream.answers, G_MAXUINT64 - k, k, 0.2, FALSE);
        }
        add(&stream);
    }
    assert_f1(&stream, 1);
}

/* Half the time each has the other's number, or one of its own. */
static void test_swap(void)
{
    for (guint fresh = 0; fresh < 2; fresh++) {
        g_auto(Stream) stream = {0};

        stream_init(&stream);
        for (guint i = 0; i < 10; i++) {
            const gboolean later = i >= 5;

            for (guint k = 0; k < 2; k++) {
                put(stream.truths, k, k, 0, FALSE);
                put(stream.answers, !later ? k : fresh ? k + 2 : 1 - k, k, 0, FALSE);
            }
            add(&stream);
        }
        assert_f1(&stream, 0.5);
    }
}

/* One is found in 6 of 10 frames, and so is something that is not there. */
static void test_missed(void)
{
    g_auto(Stream) stream = {0};
    IdentityCounts counts = {0};

    stream_init(&stream);
    for (guint i = 0; i < 10; i++) {
        put(stream.truths, 1, 0, 0, FALSE);
        if (i < 6) {
            put(stream.answers, 1, 0, 0, FALSE);
            put(stream.answers, 2, 5, 0, FALSE);
        }
        add(&stream);
    }
    identities_end(stream.identities, &counts);
    g_assert_cmpuint(counts.right, ==, 6);
    g_assert_cmpuint(counts.truths, ==, 10);
    g_assert_cmpuint(counts.answers, ==, 12);
    g_assert_cmpfloat_with_epsilon(identity_f1(&counts), 12.0 / 22, 1e-9);
}

/* Whether who does not count is found or not is all the same; what is somewhere else is wrong, and
 * so is what should have found somebody who counts. */
static void test_ignored(void)
{
    static const struct {
        gboolean found, wrong, near;
        double f1;
    } cases[] = {{FALSE, FALSE, FALSE, 1},
                 {TRUE, FALSE, FALSE, 1},
                 {FALSE, TRUE, FALSE, 2.0 / 3},
                 {TRUE, TRUE, FALSE, 2.0 / 3},
                 {TRUE, FALSE, TRUE, 2.0 / 3}};

    for (guint c = 0; c < G_N_ELEMENTS(cases); c++) {
        g_auto(Stream) stream = {0};

        stream_init(&stream);
        for (guint i = 0; i < 4; i++) {
            put(stream.truths, 1, 0, 0, FALSE);
            put(stream.answers, 1, 0, 0, FALSE);
            put(stream.truths, 2, 3, 0, TRUE);
            if (cases[c].found)
                put(stream.answers, 2, cases[c].near ? 0 : 3, cases[c].near ? 0.3 : 0.1, FALSE);
            if (cases[c].wrong)
                put(stream.answers, 3, 6, 0, FALSE);
            add(&stream);
        }
        assert_f1(&stream, cases[c].f1);
    }
}

/* An overlap of half is enough; of another kind nothing is. */
static void test_right(void)
{
    static const struct {
        double moved, f1;
        guint kind;
    } cases[] = {{0.32, 1, 1}, {0.34, 0, 1}, {-0.32, 1, 1}, {0, 0, 2}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Stream) stream = {0};

        stream_init(&stream);
        put(stream.truths, 1, 0, 0, FALSE);
        put(stream.answers, 1, 0, cases[i].moved, FALSE);
        g_array_index(stream.answers, IdentityBox, 0).kind = cases[i].kind;
        add(&stream);
        assert_f1(&stream, cases[i].f1);
    }
}

static void test_empty(void)
{
    g_auto(Stream) stream = {0};

    stream_init(&stream);
    assert_f1(&stream, 0);
    add(&stream);
    assert_f1(&stream, 0);
    put(stream.truths, 1, 0, 0, FALSE);
    add(&stream);
    assert_f1(&stream, 0);
    put(stream.answers, 1, 0, 0, FALSE);
    add(&stream);
    assert_f1(&stream, 0);
}

/* Numbers of one stream are others in the next; what was right adds up. */
static void test_streams(void)
{
    g_auto(Stream) stream = {0};
    IdentityCounts counts = {0};

    stream_init(&stream);
    for (guint n = 0; n < 2; n++) {
        for (guint i = 0; i < 3; i++) {
            put(stream.truths, 1, 0, 0, FALSE);
            put(stream.answers, 7 + n, 0, 0, FALSE);
            add(&stream);
        }
        identities_end(stream.identities, &counts);
    }
    g_assert_cmpuint(counts.right, ==, 6);
    g_assert_cmpuint(counts.truths, ==, 6);
    g_assert_cmpuint(counts.answers, ==, 6);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/assignment", test_assignment);
    g_test_add_func("/identities/perfect", test_perfect);
    g_test_add_func("/identities/swap", test_swap);
    g_test_add_func("/identities/missed", test_missed);
    g_test_add_func("/identities/ignored", test_ignored);
    g_test_add_func("/identities/right", test_right);
    g_test_add_func("/identities/empty", test_empty);
    g_test_add_func("/identities/streams", test_streams);
    return g_test_run();
}
