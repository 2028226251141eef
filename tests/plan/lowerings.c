/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans forget no op: each has a row that lowers it, in INFER and in TRAIN. What has none is named
 * here, and may not be named if it has. That random networks have all ops, equal.c looks after. */
#include "ops/table.h"
#include "plan/infer/lowering.h"
#include "plan/train/account.h"

/* They make no steps: a run begins with them. */
#define LEAVES &vdt_op_input, &vdt_op_state, &vdt_op_param

/* By their reference kernels, unless they are folded away; batch_norm_batch, progress_training and
 * losses are for training. */
static const VdtOp *const not_in_infer[] = {
    LEAVES,
    &vdt_op_batch_norm_batch,
    &vdt_op_progress_training,
    &vdt_op_resize_bicubic,
    &vdt_op_distance_bias,
    &vdt_op_window_bias,
    &vdt_op_expand,
    &vdt_op_top_k,
    &vdt_op_cross_entropy,
    &vdt_op_kl_divergence,
    &vdt_op_charbonnier,
};

/* By their reference kernels; batch_norm_batch and progress_training are what those of batch_norm
 * and progress compute here. */
static const VdtOp *const not_in_train[] = {
    LEAVES,
    &vdt_op_batch_norm_batch,
    &vdt_op_progress_training,
    &vdt_op_hard_sigmoid,
    &vdt_op_resize_bicubic,
    &vdt_op_distance_bias,
    &vdt_op_windows,
    &vdt_op_window_bias,
    &vdt_op_pixel_shuffle,
    &vdt_op_gather_rows,
    &vdt_op_top_k,
    &vdt_op_match_tokens,
    &vdt_op_merge_tokens,
    &vdt_op_merge_sizes,
    &vdt_op_log,
    &vdt_op_kl_divergence,
    &vdt_op_charbonnier,
    &vdt_op_result,
    &vdt_op_write_rows,
    &vdt_op_live_rows,
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

#define FILE_OF(name)       &VDT_LOWERINGS_OF(name),
#define TRAIN_FILE_OF(name) &VDT_TRAIN_LOWERINGS_OF(name),
static const VdtLowerings *const infer_files[] = {VDT_LOWERING_FILES(FILE_OF)};
static const VdtTrainLowerings *const train_files[] = {VDT_TRAIN_LOWERING_FILES(TRAIN_FILE_OF)};

/* Tables of either kind have rows of either kind, with an op in each. */
#define HAS_ROW(name, files)                                                                       \
    static gboolean name(const VdtOp *op)                                                          \
    {                                                                                              \
        for (guint i = 0; i < G_N_ELEMENTS(files); i++)                                            \
            for (guint j = 0; j < files[i]->n_rows; j++)                                           \
                if (files[i]->rows[j].op == op)                                                    \
                    return TRUE;                                                                   \
        return FALSE;                                                                              \
    }
HAS_ROW(has_infer_row, infer_files)
HAS_ROW(has_train_row, train_files)

static void test_infer(void)
{
    check("INFER's lowerings", has_infer_row, not_in_infer, G_N_ELEMENTS(not_in_infer));
}

static void test_train(void)
{
    check("TRAIN's lowerings", has_train_row, not_in_train, G_N_ELEMENTS(not_in_train));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/lowerings/infer", test_infer);
    g_test_add_func("/plan/lowerings/train", test_train);
    return g_test_run();
}
