/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What outlives a run: states that several sessions share, and who may use them when. */
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "fixture.h"
#include "runtime/pool.h"

#define ROWS  16
#define WIDTH 24

static void assert_text(const GError *error, const char *text)
{
    g_assert_nonnull(error);
    if (!strstr(error->message, text))
        g_error("'%s' does not have '%s' in it", error->message, text);
}

static VdtState *make_state(const VdtShape *shape)
{
    g_autoptr(GError) error = NULL;
    VdtState *state = vdt_state_new(VDT_F32, shape, &error);

    g_assert_no_error(error);
    return state;
}

static void set_state(VdtSession *session, const char *name, VdtState *state)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(vdt_session_set_state(session, name, state, &error));
    g_assert_no_error(error);
}

static void set_arg(VdtSession *session, const char *name, gint64 value)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(vdt_session_set_arg(session, name, value, &error));
    g_assert_no_error(error);
}

static float *data_of(VdtState *state)
{
    return vdt_state_get_tensor(state)->data;
}

/* Plans of one kind for one graph. */
typedef struct {
    VdtPlanKind kind;
    VdtPrecision precision;
} Kind;

static const Kind kinds[] = {
    {VDT_PLAN_INFER, VDT_PRECISION_F32},
    {VDT_PLAN_INFER, VDT_PRECISION_BF16},
    {VDT_PLAN_TRACE, VDT_PRECISION_F32},
    {VDT_PLAN_TRAIN, VDT_PRECISION_F32},
};

static VdtSession *session_of(VdtGraph *graph, VdtWeights *weights, const Kind *kind)
{
    g_autoptr(VdtPlan) plan = make_plan(graph, weights, kind->kind, kind->precision);

    return make_session(plan);
}

/* Writes @n projected rows to a cache and nothing else; TRAIN needs a loss to have a plan at all.
 */
static VdtGraph *writer(gint64 n, const Kind *kind)
{
    VdtGraph *graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "net");
    VdtShape rows = vdt_shape(n, WIDTH), cache = vdt_shape(ROWS, WIDTH), labels = vdt_shape(n);
    VdtValue *x = vdt_input(graph, "x", &rows);

    x = vdt_linear(vdt_in(s, "project"), x, .out = WIDTH);
    vdt_write_rows(vdt_state(graph, "cache", &cache), x, vdt_run_arg(graph, "at"));
    if (kind->kind == VDT_PLAN_TRAIN)
        vdt_output(graph, "loss", vdt_cross_entropy(x, vdt_input(graph, "labels", &labels)));
    return graph;
}

/* What the cache's rows say to a query. */
static VdtGraph *reader(const Kind *kind)
{
    VdtGraph *graph = vdt_graph_new();
    VdtShape query = vdt_shape(1, WIDTH), cache = vdt_shape(ROWS, WIDTH), labels = vdt_shape(1);
    VdtValue *y = vdt_matmul(vdt_input(graph, "q", &query), vdt_state(graph, "cache", &cache),
                             .transpose_b = TRUE);

    vdt_output(graph, "y", y);
    if (kind->kind == VDT_PLAN_TRAIN)
        vdt_output(graph, "loss", vdt_cross_entropy(y, vdt_input(graph, "labels", &labels)));
    return graph;
}

/* One plan writes a prompt, another a row more, a third reads, all over one state. */
static void test_cache(void)
{
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
        const double limit = kinds[k].precision == VDT_PRECISION_BF16 ? 0.2 : 1e-4;
        g_autoptr(VdtGraph) many = writer(5, &kinds[k]), one = writer(1, &kinds[k]);
        g_autoptr(VdtGraph) read = reader(&kinds[k]);
        g_autoptr(VdtWeights) weights = make_weights(many, 1), none = vdt_weights_new();
        g_autoptr(VdtSession) prompt = session_of(many, weights, &kinds[k]);
        g_autoptr(VdtSession) token = session_of(one, weights, &kinds[k]);
        g_autoptr(VdtSession) query = session_of(read, none, &kinds[k]);
        VdtShape shape = vdt_shape(ROWS, WIDTH);
        g_autoptr(VdtState) state = make_state(&shape);
        const float *w = vdt_weights_lookup(weights, "net.project.weight")->data;
        const float *bias = vdt_weights_lookup(weights, "net.project.bias")->data;
        double right[ROWS][WIDTH] = {0};

        set_state(prompt, "cache", state);
        set_state(token, "cache", state);
        set_state(query, "cache", state);
        for (guint i = 0; i < 2; i++) {
            VdtSession *session = i == 0 ? prompt : token;
            const guint first = i == 0 ? 3 : 8, n = i == 0 ? 5 : 1;
            const float *x = vdt_session_get_input(session, 0)->data;

            fill_inputs(session, 2 + i);
            set_arg(session, "at", first);
            for (guint row = 0; row < n; row++)
                for (guint c = 0; c < WIDTH; c++) {
                    right[first + row][c] = bias[c];
                    for (guint j = 0; j < WIDTH; j++)
                        right[first + row][c] += (double)x[row * WIDTH + j] * w[c * WIDTH + j];
                }
            run_session(session);
        }
        for (guint i = 0; i < ROWS * WIDTH; i++)
            g_assert_cmpfloat_with_epsilon(data_of(state)[i], right[i / WIDTH][i % WIDTH],
                                           limit / 5);
        fill_inputs(query, 4);
        {
            g_autofree float *q =
                g_memdup2(vdt_session_find_input(query, "q")->data, WIDTH * sizeof(float));

            run_session(query);
            for (guint row = 0; row < ROWS; row++) {
                double sum = 0;

                for (guint c = 0; c < WIDTH; c++)
                    sum += q[c] * right[row][c];
                g_assert_cmpfloat_with_epsilon(
                    ((const float *)vdt_session_find_output(query, "y")->data)[row], sum, limit);
            }
        }
    }
}

/* A state that is an output, before and after two writes, and a sum over each of the three.
 * Whatever order steps run in, each sees its own: values are values. */
static VdtGraph *versions(void)
{
    VdtGraph *graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "net");
    VdtShape shape = vdt_shape(ROWS, WIDTH), rows = vdt_shape(2, WIDTH);
    VdtShape flat = vdt_shape(1, ROWS * WIDTH);
    VdtValue *at = vdt_run_arg(graph, "at"), *x = vdt_input(graph, "x", &rows), *v[3], *y[3];

    v[0] = vdt_state(graph, "s", &shape);
    v[1] = vdt_write_rows(v[0], x, at);
    v[2] = vdt_write_rows(v[1], vdt_relu(x), vdt_run_arg(graph, "later"));
    for (guint i = 3; i-- > 0;) {
        g_autofree char *name = g_strdup_printf("state%u", i);

        vdt_output(graph, name, v[i]);
        y[i] = vdt_linear(vdt_in(s, "%u", i), vdt_reshape(v[i], &flat), .out = 20);
    }
    /* The product of the first runs where the last sum stands. */
    vdt_output(graph, "y", vdt_relu(vdt_add(y[0], vdt_add(y[1], y[2]))));
    return graph;
}

static void test_versions(void)
{
    g_autoptr(VdtGraph) graph = versions();
    g_autoptr(VdtWeights) weights = make_weights(graph, 5);
    VdtShape shape = vdt_shape(ROWS, WIDTH);

    for (VdtIsa isa = 0; isa <= vdt_isa_get_available(); isa++) {
        g_autoptr(VdtSession) right = NULL, session = NULL;
        g_autoptr(VdtState) a = make_state(&shape), b = make_state(&shape);

        vdt_isa_limit(isa);
        right = session_of(graph, weights, &kinds[2]);
        session = session_of(graph, weights, &kinds[0]);
        set_state(right, "s", a);
        set_state(session, "s", b);
        for (guint run = 0; run < 3; run++) {
            for (guint i = 0; i < 2; i++) {
                fill_inputs(i ? session : right, run);
                set_arg(i ? session : right, "at", 3 * run);
                set_arg(i ? session : right, "later", 3 * run + 1);
                run_session(i ? session : right);
            }
            g_assert_cmpfloat(compare_outputs(session, right, NULL), <, 1e-5);
            g_assert_cmpmem(data_of(a), ROWS * WIDTH * sizeof(float), data_of(b),
                            ROWS * WIDTH * sizeof(float));
        }
        g_assert_cmpfloat(data_of(a)[7 * WIDTH + 1], >=, 0);
        g_assert_cmpfloat(data_of(a)[9 * WIDTH], ==, 0);
    }
    vdt_isa_limit(vdt_isa_get_available());
}

/* A state that is read and then set anew: a sum over runs. */
static void test_recurrence(void)
{
    for (guint k = 0; k < 3; k++) {
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        g_autoptr(VdtWeights) weights = vdt_weights_new();
        g_autoptr(VdtSession) session = NULL;
        VdtShape shape = vdt_shape(1, WIDTH);
        g_autoptr(VdtState) state = make_state(&shape);
        VdtValue *sum = vdt_state(graph, "sum", &shape);

        vdt_write_rows(sum, vdt_add(sum, vdt_input(graph, "x", &shape)), vdt_run_arg(graph, "at"));
        session = session_of(graph, weights, &kinds[k]);
        set_state(session, "sum", state);
        for (guint run = 0; run < 4; run++) {
            for (guint i = 0; i < WIDTH; i++)
                ((float *)vdt_session_find_input(session, "x")->data)[i] = (float)i;
            run_session(session);
        }
        for (guint i = 0; i < WIDTH; i++)
            g_assert_cmpfloat(data_of(state)[i], ==, 4 * i);
    }
}

static void test_refused(void)
{
    const Kind *kind = &kinds[0];
    g_autoptr(VdtGraph) graph = writer(5, kind);
    g_autoptr(VdtWeights) weights = make_weights(graph, 6);
    g_autoptr(VdtSession) session = session_of(graph, weights, kind);
    VdtShape shape = vdt_shape(ROWS, WIDTH), small = vdt_shape(ROWS - 1, WIDTH);
    VdtShape huge = vdt_shape(-1, WIDTH);
    g_autoptr(VdtState) state = make_state(&shape), other = make_state(&small);
    g_autoptr(VdtState) integers = vdt_state_new(VDT_I32, &shape, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(vdt_state_new(VDT_F32, &huge, &error));
    g_clear_error(&error);
    g_assert_false(vdt_session_run(session, NULL, &error));
    assert_text(error, "the state \"cache\" is not set");
    g_clear_error(&error);
    g_assert_false(vdt_session_set_state(session, "cache", other, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_SHAPE);
    assert_text(error, "\"cache\" is [16,24] of float32 in the network, not [15,24] of float32");
    g_clear_error(&error);
    g_assert_false(vdt_session_set_state(session, "cache", integers, &error));
    assert_text(error, "not [16,24] of int32");
    g_clear_error(&error);
    g_assert_false(vdt_session_set_state(session, "cash", state, &error));
    assert_text(error, "no state \"cash\"");
    g_clear_error(&error);
    g_assert_false(vdt_session_run(session, NULL, NULL));
    set_state(session, "cache", state);
    set_state(session, "cache", state);
    set_arg(session, "at", ROWS - 5);
    fill_inputs(session, 6);
    set_arg(session, "at", ROWS - 5);
    run_session(session);

    g_assert_false(vdt_session_set_arg(session, "at", ROWS - 4, &error));
    assert_text(error, "\"at\" is 12, which is not from 0 to 11");
    g_clear_error(&error);
    g_assert_false(vdt_session_set_arg(session, "at", G_MAXINT64, &error));
    g_clear_error(&error);
    g_assert_false(vdt_session_set_arg(session, "x", 0, &error));
    assert_text(error, "no argument \"x\"");
    g_clear_error(&error);
    *(gint32 *)vdt_session_find_input(session, "at")->data = -1;
    g_assert_false(vdt_session_run(session, NULL, &error));
    assert_text(error, "\"at\" is -1, which is not from 0 to 11");
    set_arg(session, "at", 0);
    run_session(session);
}

static void assert_no_graph(VdtGraph *graph, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(vdt_graph_check(graph, &error));
    assert_text(error, text);
    vdt_graph_unref(graph);
}

static void test_graph_mistakes(void)
{
    VdtShape shape = vdt_shape(4, 3), wide = vdt_shape(4, 5), many = vdt_shape(5, 3);

    for (guint i = 0; i < 7; i++) {
        VdtGraph *graph = vdt_graph_new();
        VdtValue *state = vdt_state(graph, "s", &shape), *at = vdt_run_arg(graph, "at");
        VdtValue *x = vdt_input(graph, "x", &shape);

        if (i == 0) {
            vdt_state(graph, "s", &wide);
            assert_no_graph(graph, "s: two states have this name");
        } else if (i == 1) {
            vdt_write_rows(state, x, at);
            vdt_write_rows(state, x, at);
            assert_no_graph(graph, "s: write_rows: it is written twice");
        } else if (i == 2) {
            vdt_write_rows(x, x, at);
            assert_no_graph(graph, "what is written to is not a state");
        } else if (i == 3) {
            vdt_write_rows(state, vdt_input(graph, "w", &wide), at);
            assert_no_graph(graph, "[4,5] are not rows of [4,3]");
        } else if (i == 4) {
            vdt_write_rows(state, vdt_input(graph, "w", &many), at);
            assert_no_graph(graph, "[5,3] are not rows of [4,3]");
        } else if (i == 5) {
            vdt_write_rows(state, x, x);
            assert_no_graph(graph, "input 2 is float32, not int32");
        } else {
            vdt_write_rows(state, x, vdt_top_k(x, 1).indices);
            assert_no_graph(graph, "the position is not an argument of the run");
        }
    }
}

/* Two names for the same memory would be two values in one. */
static void test_one_name(void)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    g_autoptr(VdtSession) session = NULL;
    VdtShape shape = vdt_shape(1, WIDTH);
    g_autoptr(VdtState) state = make_state(&shape), other = make_state(&shape);
    g_autoptr(GError) error = NULL;

    vdt_output(graph, "y", vdt_add(vdt_state(graph, "a", &shape), vdt_state(graph, "b", &shape)));
    session = session_of(graph, weights, &kinds[0]);
    set_state(session, "a", state);
    g_assert_false(vdt_session_set_state(session, "b", state, &error));
    assert_text(error, "\"b\" cannot be the same as \"a\"");
    g_clear_error(&error);
    g_assert_false(vdt_session_run(session, NULL, &error));
    assert_text(error, "\"b\" is not set");
    set_state(session, "b", other);
    data_of(state)[3] = 1;
    data_of(other)[3] = 2;
    run_session(session);
    g_assert_cmpfloat(((const float *)vdt_session_get_output(session, 0)->data)[3], ==, 3);
    /* The session has a reference of its own. */
    g_clear_pointer(&other, vdt_state_unref);
    run_session(session);
    g_assert_cmpfloat(((const float *)vdt_session_get_output(session, 0)->data)[3], ==, 3);
}

/* Who is cancelled has the states for a moment, too. */
static void *run_in_thread(void *session)
{
    while (!vdt_session_run(session, NULL, NULL))
        continue;
    return NULL;
}

/* A run that waits for its turn has its states; another that wants them is told. */
static void test_in_use(void)
{
    const Kind *kind = &kinds[0];
    g_autoptr(VdtGraph) graph = writer(5, kind), read = reader(kind);
    g_autoptr(VdtWeights) weights = make_weights(graph, 7), none = vdt_weights_new();
    g_autoptr(VdtSession) first = session_of(graph, weights, kind);
    g_autoptr(VdtSession) second = session_of(read, none, kind);
    VdtShape shape = vdt_shape(ROWS, WIDTH);
    g_autoptr(VdtState) state = make_state(&shape);
    g_autoptr(GCancellable) cancelled = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    gboolean refused = FALSE;
    pthread_t thread;

    g_cancellable_cancel(cancelled);
    set_state(first, "cache", state);
    set_state(second, "cache", state);
    vdt_pool_begin(1, NULL, NULL);
    g_assert_cmpint(pthread_create(&thread, NULL, run_in_thread, first), ==, 0);
    /* Until the thread has begun, the second is only cancelled. */
    while (!refused) {
        g_assert_false(vdt_session_run(second, cancelled, &error));
        refused = !g_error_matches(error, VDT_ERROR, VDT_ERROR_CANCELLED);
        if (refused)
            assert_text(error, "the state \"cache\" is in use by another run");
        g_clear_error(&error);
    }
    vdt_pool_end();
    pthread_join(thread, NULL);
    run_session(second);
    run_session(first);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vdt_threads_set(2);
    g_test_add_func("/plan/states/cache", test_cache);
    g_test_add_func("/plan/states/versions", test_versions);
    g_test_add_func("/plan/states/recurrence", test_recurrence);
    g_test_add_func("/plan/states/refused", test_refused);
    g_test_add_func("/plan/states/graph-mistakes", test_graph_mistakes);
    g_test_add_func("/plan/states/one-name", test_one_name);
    g_test_add_func("/plan/states/in-use", test_in_use);
    return g_test_run();
}
