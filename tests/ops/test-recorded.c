/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What PyTorch 1.13.1 computes. The numbers were printed by
 *
 *     /usr/bin/python3 -c 'import torch; from torch.nn.functional import *
 *     def fill(k, *s): return torch.tensor([((i * 37 + k * 11) % 101 - 50) / 16
 *                                           for i in range(torch.Size(s).numel())]).reshape(s)
 *     print(EXPRESSION.flatten().tolist())'
 *
 * with the expression that stands with each of them, rounded to 8 digits.
 */
#include "cases.h"
#include "graph/node.h"
#include "reference.h"

#include <math.h>
#include <string.h>

#define MAX_VALUES 96

typedef struct {
    OpCase c;
    guint n;
    float y[MAX_VALUES];
    float labels[8]; /* instead of fill(1, ...), for ops that take labels */
} Recorded;

#define VALUES(...)                                                                                \
    sizeof((float[]){__VA_ARGS__}) / sizeof(float),                                                \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const Recorded recorded[] = {
    /* conv2d(fill(0, 1, 4, 5, 4), fill(1, 4, 2, 3, 3), fill(2, 4), stride=2, padding=1, groups=2)
     */
    {{"conv2d",
      {SHAPE(1, 4, 5, 4)},
      .p.conv2d = {.out = 4, .kernel = 3, .stride = 2, .pad = 1, .groups = 2, .bias = TRUE}},
     VALUES(-8.7226562f, -21.589844f, 5.28125f, -15.589844f, 1.5f, 10.960938f, 6.765625f,
            11.195312f, -12.460938f, 26.65625f, -7.4335938f, 12.242188f, -0.859375f, 12.242188f,
            -18.597656f, 12.097656f, -13.15625f, -4.9648438f, -5.2304688f, -6.4609375f, 12.777344f,
            5.3203125f, 17.625f, -6.6445312f)},
    /* conv2d(fill(0, 2, 1, 4, 4), fill(1, 2, 1, 3, 1), padding=(2, 0)) */
    {{"conv2d",
      {SHAPE(2, 1, 4, 4)},
      .p.conv2d = {.out = 2, .kernel = 3, .kernel_w = 1, .pad = 2, .pad_w = 0}},
     VALUES(-6.8359375f, -1.7773438f, 3.28125f, -5.46875f, -0.01953125f, 4.75f, -4.2890625f,
            1.2695312f, 13.65625f, -1.0195312f, -1.0976562f, -0.38671875f, -1.2539062f, -1.3320312f,
            -0.62109375f, -0.69921875f, -6.625f, 2.8359375f, -2.3007812f, 7.1601562f, 1.5234375f,
            -4.1132812f, 5.6367188f, 0, -8.7890625f, -2.2851562f, 4.21875f, -7.03125f, -2.0898438f,
            5.5703125f, -4.5234375f, -0.01953125f, 13.304688f, -0.98046875f, -0.66796875f,
            -3.5117188f, -0.04296875f, 0.26953125f, -2.5742188f, -2.2617188f, -5.296875f, 3.109375f,
            -3.0820312f, 5.3242188f, 1.1328125f, -3.0585938f, 4.1914062f, 0, 5.0585938f,
            -3.6914062f, 1.3671875f, 6.4257812f, -2.6132812f, 2.9453125f, -6.09375f, -1.3242188f,
            -1.4023438f, -0.69140625f, -0.76953125f, -1.6367188f, -0.92578125f, -1.0039062f,
            13.515625f, -1.1601562f, -4.3828125f, 5.078125f, -0.84765625f, -5.984375f, 3.65625f,
            -1.9804688f, -7.6171875f, 2.1328125f, 6.5039062f, -4.7460938f, 1.7578125f, 8.2617188f,
            -1.8320312f, 2.671875f, -7.421875f, 0.23828125f, 0.55078125f, -2.2929688f, -1.9804688f,
            1.4882812f, -1.3554688f, -1.0429688f, 13.867188f, -0.41796875f, -4.1484375f, 4.2578125f,
            1.2226562f, -4.96875f, 2.71875f, -1.4726562f, -5.6640625f, 1.5859375f)},
    /* conv2d(fill(0, 1, 2, 5, 5), fill(1, 2, 1, 2, 2), fill(2, 2), stride=2, groups=2) */
    {{"conv2d",
      {SHAPE(1, 2, 5, 5)},
      .p.conv2d = {.out = 2, .kernel = 2, .stride = 2, .groups = 2, .bias = TRUE}},
     VALUES(14.015625f, -9.1210938f, -8.1640625f, -5.2617188f, -4.6679688f, -6.9960938f,
            -8.4179688f, 10.953125f)},
    /* linear(fill(0, 2, 2, 5), fill(1, 3, 5), fill(2, 3)) */
    {{"linear", {SHAPE(2, 2, 5)}, .p.linear = {.out = 3}},
     VALUES(13.6875f, 1.71875f, -6.3046875f, -11.347656f, 2.0546875f, 19.402344f, -9.5546875f,
            2.7851562f, 19.070312f, -5.3945312f, -7.53125f, -5.7226562f)},
    /* batch_norm(fill(0, 2, 2, 2, 2), fill(3, 2), fill(4, 2).abs(), fill(1, 2), fill(2, 2)) */
    {{"batch_norm", {SHAPE(2, 2, 2, 2)}},
     VALUES(6.4595079f, -2.7450917f, -11.949692f, 3.9717784f, 0.69159096f, 0.48392287f, 0.84313256f,
            0.63546443f, -16.92515f, -1.0036809f, -10.208281f, 5.7131891f, 0.73087955f, 0.52321142f,
            0.88242114f, 0.67475301f)},
    /* max_pool2d(fill(0, 1, 2, 5, 6), 3, 2, 1) */
    {{"max_pool2d", {SHAPE(1, 2, 5, 6)}, .p.max_pool2d = {3, 2, 1}},
     VALUES(0.4375f, 2.75f, 2.125f, 2.9375f, 2.9375f, 2.3125f, 2.9375f, 2.9375f, 2.5f, 3.125f,
            2.6875f, 2.0625f, 2.875f, 2.875f, 2.25f, 2.875f, 2.875f, 2.4375f)},
    /* interpolate(fill(0, 1, 1, 3, 4), (5, 7), mode='bilinear', align_corners=False) */
    {{"resize_bilinear", {SHAPE(1, 1, 3, 4)}, .p.resize = {5, 7, FALSE}},
     VALUES(-3.125f, -2.2991071f, -0.97767848f, 0.34375027f, 1.2142853f, -1.0714293f, -2.5f,
            -1.9499999f, -1.1241069f, 0.19732158f, 0.25624996f, 0.044642597f, -0.7982145f,
            -1.3249999f, -0.18749982f, 0.63839298f, 1.9598213f, 0.12499957f, -1.7098211f,
            -0.38839254f, 0.43749979f, 1.5750003f, 1.0482142f, 0.20535685f, -0.0062500592f,
            -0.21785714f, -1.0607146f, -1.5875002f, 2.75f, 1.3214283f, -0.96428591f, -0.093749739f,
            0.77678525f, -1.5089293f, -2.9375f)},
    /* interpolate(fill(0, 1, 1, 3, 4), (5, 7), mode='bilinear', align_corners=True) */
    {{"resize_bilinear", {SHAPE(1, 1, 3, 4)}, .p.resize = {5, 7, TRUE}},
     VALUES(-3.125f, -1.96875f, -0.8125f, 0.34375f, 1.5f, -0.5f, -2.5f, -1.65625f, -0.5f, 0.65625f,
            0.234375f, -0.1875f, -0.609375f, -1.03125f, -0.1875f, 0.96875f, 2.125f, 0.125f, -1.875f,
            -0.71875f, 0.4375f, 1.28125f, 0.859375f, 0.4375f, 0.015625f, -0.40625f, -0.828125f,
            -1.25f, 2.75f, 0.75f, -1.25f, -0.09375f, 1.0625f, -0.9375f, -2.9375f)},
    /* interpolate(fill(0, 1, 1, 7, 6), (3, 4), mode='bilinear', align_corners=False) */
    {{"resize_bilinear", {SHAPE(1, 1, 7, 6)}, .p.resize = {3, 4, FALSE}},
     VALUES(-1.7135417f, 1.7552083f, -1.0885417f, -0.77604151f, 1.2031249f, -0.062500119f, 0.25f,
            -1.015625f, 0.96354228f, 1.2760414f, -1.5677085f, 0.32291728f)},
    /* interpolate(fill(0, 1, 1, 7, 6), (3, 1), mode='bilinear', align_corners=True) */
    {{"resize_bilinear", {SHAPE(1, 1, 7, 6)}, .p.resize = {3, 1, TRUE}},
     VALUES(-3.125f, 0.625f, -1.9375f)},
    /* adaptive_avg_pool2d(fill(0, 1, 3, 3, 5), 1) */
    {{"global_avg_pool", {SHAPE(1, 3, 3, 5)}}, VALUES(-0.40416667f, 0.19583334f, -0.045833334f)},
    /* sigmoid(fill(0, 8)) */
    {{"sigmoid", {SHAPE(8)}},
     VALUES(0.042087726f, 0.30735803f, 0.81757444f, 0.075858176f, 0.45326185f, 0.89330941f,
            0.13296424f, 0.60766321f)},
    /* batch_norm(fill(0, 2, 2, 2, 2), None, None, fill(1, 2), fill(2, 2), True) */
    {{"batch_norm_batch", {SHAPE(2, 2, 2, 2)}},
     VALUES(1.1477737f, -1.5752136f, -4.2982006f, 0.4118312f, 0.57059312f, 0.37096363f, 0.71626866f,
            0.51663917f, -5.7700858f, -1.0600538f, -3.783041f, 0.92699093f, 0.60836083f,
            0.40873137f, 0.75403643f, 0.55440694f)},
    /* cross_entropy(fill(0, 3, 4), torch.tensor([2, -100, 1]), label_smoothing=0.1) */
    {{"cross_entropy", {SHAPE(3, 4), SHAPE(3)}, .p.cross_entropy = {0.1}},
     VALUES(2.2326832f),
     {2, -100, 1}},
    /* cross_entropy(fill(0, 2, 3, 2, 2), torch.tensor([[[0, 2], [1, 1]], [[2, -100], [0, 1]]])) */
    {{"cross_entropy", {SHAPE(2, 3, 2, 2), SHAPE(2, 2, 2)}},
     VALUES(2.8469462f),
     {0, 2, 1, 1, 2, -100, 0, 1}},
    /* torch.matmul(fill(0, 2, 3, 4).transpose(1, 2), fill(1, 2, 3, 2)) * 0.5 */
    {{"matmul", {SHAPE(2, 3, 4), SHAPE(2, 3, 2)}, .p.matmul = {.transpose_a = TRUE, .scale = 0.5}},
     VALUES(4.2910156f, 4.2324219f, 3.0019531f, -3.6328125f, -3.6132812f, 3.0996094f, 2.7910156f,
            -4.3710938f, -3.8828125f, 0.19335938f, 2.5175781f, 0.017578125f, -1.9316406f,
            1.6171875f, -4.6054688f, -0.33398438f)},
    /* torch.matmul(fill(0, 2, 4), fill(1, 3, 4).transpose(0, 1)) */
    {{"matmul", {SHAPE(2, 4), SHAPE(3, 4)}, .p.matmul = {.transpose_b = TRUE}},
     VALUES(15.53125f, -8.4414062f, 17.691406f, -4.703125f, 8.6015625f, -4.921875f)},
    /* layer_norm(fill(0, 2, 3, 1, 1), (3, 1, 1), fill(1, 3, 1, 1), fill(2, 3, 1, 1)) */
    {{"layer_norm", {SHAPE(2, 3, 1, 1)}, .p.layer_norm = {SHAPE(3, 1, 1)}},
     VALUES(1.235311f, 0.5625f, 5.5541258f, 1.235311f, 0.5625f, 5.5541253f)},
    /* hardsigmoid(fill(0, 8)) */
    {{"hard_sigmoid", {SHAPE(8)}},
     VALUES(0, 0.36458334f, 0.75f, 0.083333336f, 0.46875f, 0.85416669f, 0.1875f, 0.57291669f)},
    /* gelu(fill(0, 8)) */
    {{"gelu", {SHAPE(8)}},
     VALUES(-0.0027784146f, -0.16920502f, 1.3997891f, -0.015524179f, -0.079806432f, 2.0893145f,
            -0.056993086f, 0.29274243f)},
    /* torch.softmax(fill(0, 2, 5), -1) */
    {{"softmax", {SHAPE(2, 5)}},
     VALUES(0.0074716471f, 0.07546097f, 0.76212877f, 0.013958876f, 0.14097965f, 0.32198226f,
            0.0058973106f, 0.059560731f, 0.60154206f, 0.011017627f)},
    /* adaptive_avg_pool2d(fill(0, 1, 1, 5, 7), (2, 3)) */
    {{"adaptive_avg_pool2d", {SHAPE(1, 1, 5, 7)}, .p.resize = {2, 3}},
     VALUES(-0.055555556f, -0.34027779f, 0.076388888f, 0.055555556f, 0.47222221f, 0.1875f)},
    /* interpolate(fill(0, 1, 1, 4, 5), (6, 3), mode='bicubic', align_corners=False) */
    {{"resize_bicubic", {SHAPE(1, 1, 4, 5)}, .p.resize = {6, 3}},
     VALUES(-2.8086863f, 1.5922312f, -1.2484497f, -0.79448766f, 1.0683594f, -0.40039074f,
            0.84585917f, 0.21122727f, 0.039315969f, -0.2268164f, -0.39872652f, -1.0333593f,
            0.21289051f, -1.2558595f, 0.60698855f, 1.0609483f, -1.7797308f, 2.6211855f)},
    /* torch.cat([fill(0, 2, 2, 2), fill(1, 2, 1, 2)], 1) */
    {{"concat", {SHAPE(2, 2, 2), SHAPE(2, 1, 2)}, .p.along = {1}},
     VALUES(-3.125f, -0.8125f, 1.5f, -2.5f, -2.4375f, -0.125f, -0.1875f, 2.125f, -1.875f, 0.4375f,
            2.1875f, -1.8125f)},
    /* fill(0, 2, 4, 2).narrow(1, 1, 2) */
    {{"slice", {SHAPE(2, 4, 2)}, .p.along = {1, 1, 2}},
     VALUES(1.5f, -2.5f, -0.1875f, 2.125f, 1.0625f, -2.9375f, -0.625f, 1.6875f)},
};

/* As fill() of the command above; a variance is the absolute value. */
static float *fill(const VdtNode *param, guint k)
{
    gint64 n = vdt_shape_elements(&param->shape);
    float *x = g_new(float, n);

    for (gint64 i = 0; i < n; i++) {
        x[i] = ((i * 37 + k * 11) % 101 - 50) / 16.0f;
        if (g_str_has_suffix(param->name, "running_var"))
            x[i] = fabsf(x[i]);
    }
    return x;
}

static void test_recorded(gconstpointer data)
{
    const Recorded *r = data;
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    const VdtNode *node = op_case_build(&r->c, graph);
    float y[MAX_VALUES], *x[VDT_MAX_INPUTS];

    g_assert_cmpint(vdt_shape_elements(&node->shape), ==, r->n);
    for (guint i = 0; i < node->n_inputs; i++)
        x[i] = fill(node->inputs[i], i);
    if (op_under_test(r->c.op)->labels)
        memcpy(x[1], r->labels, vdt_shape_elements(&r->c.x[1]) * sizeof(float));
    reference_forward_f32(node, (const float *const *)x, y);
    for (guint i = 0; i < r->n; i++)
        g_assert_cmpfloat_with_epsilon(y[i], r->y[i], 2e-6);
    for (guint i = 0; i < node->n_inputs; i++)
        g_free(x[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(recorded); i++) {
        g_autofree char *path = g_strdup_printf("/ops/recorded/%u-%s", i, recorded[i].c.op);

        g_test_add_data_func(path, &recorded[i], test_recorded);
    }
    return g_test_run();
}
