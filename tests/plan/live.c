/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows that are not live: what is in them changes nothing of the live ones, and steps leave them
 * alone. A session's marks would prove nothing, since its memory is many values' in turn: so each
 * step runs by itself, over an arena where no two buffers share memory.
 */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "plan/step/layout.h"

#define MOST 16 /* rows, or pictures */

/* Names of kernels that work on all rows, whatever is in them. */
static const char *const all_rows[] = {"reference", "matmul", "outer", "pack", "permute"};

static VdtValue *linear(VdtScope s, VdtValue *x)
{
    return vdt_gelu(vdt_linear(vdt_in(s, "linear"), x, .out = 48));
}

static VdtValue *unlike(VdtScope s, VdtValue *x)
{
    return vdt_softmax(vdt_linear(vdt_in(s, "linear"), x, .out = 21));
}

static VdtValue *residual(VdtScope s, VdtValue *x)
{
    const gint64 width = vdt_value_dim(x, vdt_value_shape(x).n_dims - 1);
    const VdtShape norm = vdt_shape(width);
    VdtValue *y = vdt_layer_norm(vdt_in(s, "norm"), x, &norm);

    y = vdt_linear(vdt_in(s, "out"), linear(s, y), .out = (int)width);
    return vdt_add(y, x);
}

/* Whole vectors are views. */
static VdtValue *parts(VdtScope s, VdtValue *x)
{
    VdtValue *y = linear(s, x), *a = vdt_slice(y, 2, 16, 16), *b = vdt_slice(y, 2, 3, 16);

    y = vdt_concat((VdtValue *[]){a, b}, 2, 2);
    a = vdt_concat((VdtValue *[]){vdt_slice(a, 1, 1, 2), b}, 2, 1);
    return vdt_concat((VdtValue *[]){vdt_slice(y, 2, 0, 16), a}, 2, 1);
}

static VdtValue *heads(VdtScope s, VdtValue *x)
{
    VdtValue *all = vdt_linear(vdt_in(s, "qkv"), x, .out = 96), *part[3], *y;

    for (guint i = 0; i < 3; i++)
        part[i] = vdt_split_heads(vdt_slice(all, 2, 32 * i, 32), 2);
    y = vdt_softmax(vdt_matmul(part[0], part[1], .transpose_b = TRUE, .scale = 0.25));
    return vdt_linear(vdt_in(s, "proj"), vdt_join_heads(vdt_matmul(y, part[2])), .out = 20);
}

/* Apart, since the scores are seen. */
static VdtValue *scores(VdtScope s, VdtValue *x)
{
    return vdt_softmax(
        vdt_matmul(linear(s, x), vdt_relu(linear(vdt_in(s, "b"), x)), .transpose_b = TRUE));
}

static VdtValue *convolutions(VdtScope s, VdtValue *x)
{
    x = vdt_conv2d(vdt_in(s, "wide"), x, .out = 32, .kernel = 3, .pad = 1);
    x = vdt_relu(vdt_conv2d(vdt_in(s, "winograd"), x, .out = 32, .kernel = 3, .pad = 1));
    x = vdt_conv2d(vdt_in(s, "filter"), x, .out = 32, .kernel = 5, .pad = 2, .groups = 32);
    x = vdt_conv2d(vdt_in(s, "half"), x, .out = 20, .kernel = 3, .stride = 2, .pad = 1);
    return vdt_max_pool2d(x, .kernel = 2);
}

static VdtValue *pyramid(VdtScope s, VdtValue *x)
{
    VdtValue *y = vdt_conv2d(vdt_in(s, "wide"), x, .out = 32, .kernel = 1), *gate, *small;

    gate = vdt_sigmoid(vdt_global_avg_pool(y));
    small =
        vdt_conv2d(vdt_in(s, "small"), vdt_adaptive_avg_pool2d(y, 3, 3), .out = 16, .kernel = 1);
    y = vdt_concat((VdtValue *[]){vdt_mul(y, gate), vdt_resize_bilinear(small, 12, 12, FALSE)}, 2,
                   1);
    y = vdt_resize_bilinear(vdt_slice(y, 1, 5, 32), 17, 17, TRUE);
    y = vdt_conv2d(vdt_in(s, "behind"), y, .out = 24, .kernel = 1);
    return vdt_add(vdt_adaptive_avg_pool2d(y, 17, 1), vdt_adaptive_avg_pool2d(y, 1, 17));
}

static VdtValue *bands(VdtScope s, VdtValue *x)
{
    x = vdt_resize_bilinear(x, 48, 48, FALSE);
    x = vdt_conv2d(vdt_in(s, "up"), x, .out = 64, .kernel = 1);
    x = vdt_relu(
        vdt_conv2d(vdt_in(s, "filter"), x, .out = 64, .kernel = 3, .pad = 1, .groups = 64));
    return vdt_conv2d(vdt_in(s, "down"), x, .out = 16, .kernel = 1);
}

static VdtValue *context(VdtScope s, VdtValue *x)
{
    const VdtShape features = vdt_shape(MOST, 20, 144), classes = vdt_shape(MOST, 7, 144);
    VdtValue *y = vdt_conv2d(vdt_in(s, "scores"), x, .out = 7, .kernel = 1);

    x = vdt_conv2d(vdt_in(s, "features"), x, .out = 20, .kernel = 1);
    y = vdt_softmax(vdt_reshape(y, &classes));
    return vdt_matmul(vdt_reshape(x, &features), y, .transpose_b = TRUE);
}

/* Of rows [MOST,20], tokens [MOST,5,20] or pictures [MOST,3,12,12]. */
static const struct {
    const char *name;
    guint n_dims;
    VdtValue *(*add)(VdtScope s, VdtValue *x);
} networks[] = {
    {"linear", 2, linear},   {"unlike", 3, unlike},   {"rows", 2, residual},
    {"tokens", 3, residual}, {"parts", 3, parts},     {"heads", 3, heads},
    {"scores", 3, scores},   {"context", 4, context}, {"convolutions", 4, convolutions},
    {"pyramid", 4, pyramid}, {"bands", 4, bands},
};

static VdtGraph *network(guint which)
{
    VdtGraph *graph = vdt_graph_new();
    const VdtShape shapes[] = {vdt_shape(MOST, 20), vdt_shape(MOST, 5, 20),
                               vdt_shape(MOST, 3, 12, 12)};
    VdtValue *count = vdt_run_arg(graph, "count"), *x;

    x = vdt_input(graph, "x", &shapes[networks[which].n_dims - 2]);
    x = networks[which].add(vdt_scope(graph, "net"), vdt_live_rows(x, count));
    vdt_output(graph, "y", x);
    return graph;
}

static void set_inputs(VdtSession *session, gint64 count)
{
    g_autoptr(GError) error = NULL;

    fill_inputs(session, 1);
    g_assert_true(vdt_session_set_arg(session, "count", count, &error));
}

/* NaN in all inputs' rows but the first @count. */
static void spoil_rows(VdtSession *session, gint64 count)
{
    VdtTensor *x = vdt_session_find_input(session, "x");
    const gsize row = x->n_bytes / MOST;

    memset((char *)x->data + count * row, 0xff, (MOST - count) * row);
}

static gboolean leaves_rows(const VdtStep *step)
{
    for (guint i = 0; i < G_N_ELEMENTS(all_rows); i++)
        if (g_str_equal(step->kernel, all_rows[i]))
            return FALSE;
    /* By points first, and by pictures within. */
    return !g_str_equal(step->kernel, "winograd_input");
}

/* Whether what is behind the live rows of @memory is marked still. */
static void assert_marks(const VdtStep *step, guchar mark, const char *memory, gsize size,
                         gint64 count)
{
    const gsize row = size / MOST;

    for (gsize i = count * row; i < MOST * row; i++)
        if ((guchar)memory[i] != mark)
            g_error("%s of %s writes byte %" G_GSIZE_FORMAT " of row %" G_GSIZE_FORMAT
                    ", %" G_GINT64_FORMAT " being live",
                    step->kernel, step->label, i % row, i / row, count);
}

/* The count as @step may see it: who does not declare to read it finds that all are live. */
static gint32 count_for(const VdtStep *step, const VdtPlace *place, gint64 count)
{
    for (guint i = 0; i < VDT_MOST_READS; i++)
        if (step->reads[i].buffer == place->buffer)
            return (gint32)count;
    return MOST;
}

/* Runs the steps of @plan over @apart. What a step writes is marked before, by other bytes than
 * what it reads: it may copy those. */
static void run_marked(VdtPlan *plan, char *apart, gint64 count)
{
    const VdtPlace *place = &g_array_index(plan->inputs, VdtMap, 0).place;
    char *scratch = aligned_alloc(VDT_ALIGN, VDT_ALIGN_LANES(plan->scratch_size) + VDT_ALIGN);

    for (guint i = 0; i < plan->steps->len; i++) {
        const VdtStep *step = plan->steps->pdata[i];
        const VdtBuffer *written[VDT_MOST_WRITES];
        const guchar mark = (guchar)(7 * i + 3);
        guint n = 0;

        for (guint k = 0; k < VDT_MOST_WRITES; k++)
            if (step->writes[k].buffer)
                written[n++] = &g_array_index(plan->buffers, VdtBuffer, step->writes[k].buffer - 1);
        for (guint k = 0; k < n; k++)
            memset(apart + written[k]->offset, mark, written[k]->size);
        *(gint32 *)vdt_place_address(plan, place, apart) = count_for(step, place, count);
        for (guint item = 0; item < step->n_items; item++)
            step->run(step, apart, scratch, item);
        for (guint k = 0; k < n && leaves_rows(step); k++)
            assert_marks(step, mark, apart + written[k]->offset, written[k]->size, count);
    }
    free(scratch);
}

/* Lays all buffers behind each other; returns how much memory they take. */
static gsize lay_apart(VdtPlan *plan)
{
    gsize at = 0;

    for (guint i = 0; i < plan->buffers->len; i++) {
        VdtBuffer *buffer = &g_array_index(plan->buffers, VdtBuffer, i);

        buffer->offset = at;
        at += (buffer->size + VDT_ALIGN - 1) / VDT_ALIGN * VDT_ALIGN;
    }
    return at;
}

static void check_steps(VdtGraph *graph, VdtWeights *weights, VdtPrecision precision, gint64 count,
                        const VdtTensor *right)
{
    g_autoptr(VdtPlan) plan = make_plan(graph, weights, VDT_PLAN_INFER, precision);
    g_autoptr(VdtSession) session = make_session(plan);
    const gsize size = lay_apart(plan);
    char *apart = aligned_alloc(VDT_ALIGN, size);
    const VdtMap *output = &g_array_index(plan->outputs, VdtMap, 0);

    set_inputs(session, count);
    spoil_rows(session, count);
    for (guint i = 0; i < plan->inputs->len; i++) {
        const VdtTensor *input = vdt_session_get_input(session, i);

        memcpy(vdt_place_address(plan, &g_array_index(plan->inputs, VdtMap, i).place, apart),
               input->data, input->n_bytes);
    }
    run_marked(plan, apart, count);
    g_assert_cmpmem(vdt_place_address(plan, &output->place, apart), right->n_bytes / MOST * count,
                    right->data, right->n_bytes / MOST * count);
    free(apart);
}

static void check_network(guint which, VdtPrecision precision, gint64 count)
{
    const double limits[] = {1e-5, 5e-2, 5e-2};
    g_autoptr(VdtGraph) graph = network(which);
    g_autoptr(VdtWeights) weights = make_weights(graph, which);
    g_autoptr(VdtPlan) trace = make_plan(graph, weights, VDT_PLAN_TRACE, VDT_PRECISION_F32);
    g_autoptr(VdtSession) right = make_session(trace);

    set_inputs(right, count);
    run_session(right);
    for (VdtIsa isa = 0; isa <= vdt_isa_get_available(); isa++) {
        g_autoptr(VdtPlan) plan = NULL;
        g_autoptr(VdtSession) session = NULL;

        vdt_isa_limit(isa);
        g_test_message("%s, %d, %s, %d live", networks[which].name, precision, vdt_isa_name(isa),
                       (int)count);
        plan = make_plan(graph, weights, VDT_PLAN_INFER, precision);
        session = make_session(plan);
        for (guint run = 0; run < 2; run++) {
            set_inputs(session, count);
            spoil_rows(session, count);
            run_session(session);
            g_assert_cmpfloat(compare_outputs(session, right, NULL), <, limits[precision]);
        }
        check_steps(graph, weights, precision, count, vdt_session_get_output(session, 0));
    }
    vdt_isa_limit(vdt_isa_get_available());
}

static void test_networks(gconstpointer precision)
{
    const gint64 counts[] = {3, 0, MOST, 11};

    for (guint which = 0; which < G_N_ELEMENTS(networks); which++)
        for (guint i = 0; i < G_N_ELEMENTS(counts); i++)
            check_network(which, GPOINTER_TO_INT(precision), counts[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vdt_threads_set(2);
    g_test_add_data_func("/plan/live/f32", GINT_TO_POINTER(VDT_PRECISION_F32), test_networks);
    g_test_add_data_func("/plan/live/bf16", GINT_TO_POINTER(VDT_PRECISION_BF16), test_networks);
    g_test_add_data_func("/plan/live/int8", GINT_TO_POINTER(VDT_PRECISION_INT8), test_networks);
    return g_test_run();
}
