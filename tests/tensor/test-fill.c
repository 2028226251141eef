/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filling, against numbers that an independent program in Python computed by the same recipe. */
#include <vedette/tensor.h>

static VdtTensor *filled(VdtDType dtype, gint64 n, const char *name, double lo, double hi)
{
    VdtShape shape = vdt_shape(n);
    VdtTensor *tensor = vdt_tensor_new(dtype, &shape, NULL);

    vdt_tensor_fill_uniform(tensor, name, lo, hi);
    return tensor;
}

static void test_floats(void)
{
    const guint32 weight[] = {0xbb494033, 0x3d987b4d, 0x3d477ee3,
                              0x3d244133, 0xbd72b8ea, 0x3d7a4d4d};
    const guint32 bias[] = {0x3f2e4118, 0x3f2b02fc, 0x3effd020};
    g_autoptr(VdtTensor) a = filled(VDT_F32, 6, "fc.weight", -0.1, 0.1);
    g_autoptr(VdtTensor) b = filled(VDT_F32, 3, "stem.0.bias", 0.25, 1.25);

    g_assert_cmpmem(a->data, a->n_bytes, weight, sizeof weight);
    g_assert_cmpmem(b->data, b->n_bytes, bias, sizeof bias);
}

static void test_far_positions(void)
{
    g_autoptr(VdtTensor) tensor = filled(VDT_F32, 1024, "input:video", -2.0, 2.0);
    const guint32 *bits = tensor->data;

    g_assert_cmphex(bits[0], ==, 0x3f035dbc);
    g_assert_cmphex(bits[1], ==, 0xbf925aec);
    g_assert_cmphex(bits[2], ==, 0xbf263564);
    g_assert_cmphex(bits[600], ==, 0xbfb255c6);
    g_assert_cmphex(bits[1023], ==, 0x3e0d9d50);
}

static void test_integers(void)
{
    const gint64 ids[] = {13727, 1794, 18995, 28250, 15857, 1673};
    const gint32 small[] = {-1, 1, -1, -2, -5, -1};
    g_autoptr(VdtTensor) a = filled(VDT_I64, 6, "input:ids", 0, 32000);
    g_autoptr(VdtTensor) b = filled(VDT_I32, 6, "n", -5, 5);

    g_assert_cmpmem(a->data, a->n_bytes, ids, sizeof ids);
    g_assert_cmpmem(b->data, b->n_bytes, small, sizeof small);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fill/floats", test_floats);
    g_test_add_func("/fill/far-positions", test_far_positions);
    g_test_add_func("/fill/integers", test_integers);
    return g_test_run();
}
