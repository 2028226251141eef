/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans forget no op: each has a row that lowers it, in INFER and in TRAIN, and occurs in the
 * random networks that hold plans against references. What does not is named here, and may not be
 * named if it does.
 */
#include "ops/table.h"
#include "plan/infer/lowering.h"
#include "plan/train/account.h"
#include "random-graph.h"

#define N_GRAPHS 400

/* They make no steps: a run begins with them. */
#define LEAVES &vdt_op_input, &vdt_op_state, &vdt_op_param

/* By their reference kernels, unless they are folded away; batch_norm_batch and cross_entropy are
 * for training. */
static const VdtOp *const not_in_infer[] = {
    LEAVES,
    &vdt_op_batch_norm_batch,
    &vdt_op_resize_bicubic,
    &vdt_op_distance_bias,
    &vdt_op_expand,
    &vdt_op_top_k,
    &vdt_op_cross_entropy,
};

/* By their reference kernels; batch_norm_batch is what those of batch_norm compute here. */
static const VdtOp *const not_in_train[] = {
    LEAVES,
    &vdt_op_batch_norm_batch,
    &vdt_op_hard_sigmoid,
    &vdt_op_resize_bicubic,
    &vdt_op_distance_bias,
    &vdt_op_gather_rows,
    &vdt_op_top_k,
    &vdt_op_result,
    &vdt_op_write_rows,
    &vdt_op_live_rows,
};

/* Of numbers of rows, or with a state: in states.c and values.c. For training: in training.c and
 * the suite train. distance_bias is of parameters alone, and folded. */
static const VdtOp *const not_in_random_networks[] = {
    &vdt_op_state,   &vdt_op_batch_norm_batch, &vdt_op_distance_bias, &vdt_op_gather_rows,
    &vdt_op_top_k,   &vdt_op_result,           &vdt_op_write_rows,    &vdt_op_live_rows,
    &vdt_op_dropout, &vdt_op_cross_entropy,
};

#define ROW(name) &vdt_op_##name,
static const VdtOp *const ops[] = {VDT_OPS(ROW)};
#undef ROW

static void check(const char *where, gboolean (*has)(const VdtOp *op), const VdtOp *const *excused,
                  guint n_excused)
{
    for (guint i = 0; i < G_N_ELEMENTS(ops); i++) {
        gboolean found = has(ops[i]), named = FALSE;

        for (guint j = 0; j < n_excused; j++)
            named |= excused[j] == ops[i];
        if (found == named)
            g_test_fail_printf("%s %s %s", ops[i]->name,
                               found ? "is excused, though it is in" : "is forgotten in", where);
    }
}

static gboolean has_infer_row(const VdtOp *op)
{
#define FILE_OF(name) &VDT_LOWERINGS_OF(name),
    static const VdtLowerings *const files[] = {VDT_LOWERING_FILES(FILE_OF)};
#undef FILE_OF

    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        for (guint j = 0; j < files[i]->n_rows; j++)
            if (files[i]->rows[j].op == op)
                return TRUE;
    return FALSE;
}

static gboolean has_train_row(const VdtOp *op)
{
#define FILE_OF(name) &VDT_TRAIN_LOWERINGS_OF(name),
    static const VdtTrainLowerings *const files[] = {VDT_TRAIN_LOWERING_FILES(FILE_OF)};
#undef FILE_OF

    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        for (guint j = 0; j < files[i]->n_rows; j++)
            if (files[i]->rows[j].op == op)
                return TRUE;
    return FALSE;
}

static GHashTable *random_ops; /* a set */

static gboolean is_in_random_networks(const VdtOp *op)
{
    return g_hash_table_contains(random_ops, op);
}

static void test_infer(void)
{
    check("INFER's lowerings", has_infer_row, not_in_infer, G_N_ELEMENTS(not_in_infer));
}

static void test_train(void)
{
    check("TRAIN's lowerings", has_train_row, not_in_train, G_N_ELEMENTS(not_in_train));
}

static void test_random_networks(void)
{
    random_ops = g_hash_table_new(NULL, NULL);
    for (guint64 seed = 1; seed <= N_GRAPHS; seed++) {
        g_autofree char *text = NULL;
        g_autoptr(VdtGraph) graph = random_graph(seed, &text);

        for (guint i = 0; i < graph->nodes->len; i++)
            g_hash_table_add(random_ops, (gpointer)((VdtNode *)graph->nodes->pdata[i])->op);
    }
    check("tests/plan/random-graph.c", is_in_random_networks, not_in_random_networks,
          G_N_ELEMENTS(not_in_random_networks));
    g_hash_table_unref(random_ops);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/lowerings/infer", test_infer);
    g_test_add_func("/plan/lowerings/train", test_train);
    g_test_add_func("/plan/lowerings/random-networks", test_random_networks);
    return g_test_run();
}
