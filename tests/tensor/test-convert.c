/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Conversion between element types: exact values, ties, extremes. */
#include <vedette/tensor.h>

#include <math.h>
#include <string.h>

static VdtTensor *convert(VdtDType from, const void *data, guint n, VdtDType to)
{
    VdtShape shape = vdt_shape(n);
    g_autoptr(VdtTensor) tensor = vdt_tensor_new_for_data(from, &shape, data, NULL, NULL);
    g_autoptr(GError) error = NULL;
    VdtTensor *result = vdt_tensor_convert(tensor, to, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(result->dtype, ==, to);
    g_assert_true(vdt_shape_equal(&result->shape, &shape));
    return result;
}

static void assert_bits16(VdtDType from, const void *data, guint n, VdtDType to,
                          const guint16 *want)
{
    g_autoptr(VdtTensor) result = convert(from, data, n, to);

    for (guint i = 0; i < n; i++)
        g_assert_cmphex(((guint16 *)result->data)[i], ==, want[i]);
}

static void test_float_to_half(void)
{
    const float from[] = {0.0f,     -0.0f,    1.0f,         -2.5f,     65504.0f,       65519.0f,
                          65520.0f, 1e10f,    INFINITY,     -INFINITY, 0x1p-14f,       0x1p-24f,
                          0x1p-25f, 0x3p-26f, 0x1.ffcp-15f, 0x1p-60f,  0x1.0020000p0f, 0x1.006p0f};
    const guint16 want[] = {0x0000, 0x8000, 0x3c00, 0xc100, 0x7bff, 0x7bff, 0x7c00, 0x7c00, 0x7c00,
                            0xfc00, 0x0400, 0x0001, 0x0000, 0x0001, 0x0400, 0x0000, 0x3c00, 0x3c02};

    assert_bits16(VDT_F32, from, G_N_ELEMENTS(from), VDT_F16, want);
}

static void test_float_to_bfloat(void)
{
    const float from[] = {1.0f,          -2.5f,    0x1.01p0f,    0x1.03p0f,
                          0x1.010002p0f, INFINITY, 3.4028234e38f};
    const guint16 want[] = {0x3f80, 0xc020, 0x3f80, 0x3f82, 0x3f81, 0x7f80, 0x7f80};

    assert_bits16(VDT_F32, from, G_N_ELEMENTS(from), VDT_BF16, want);
}

/* Just above a tie by less than a float can tell: rounding twice would go down to even. */
static void test_one_rounding(void)
{
    const double from[] = {0x1.0100000000001p0, 0x1.0020000000001p0, 1e300, -0x1p-150};
    const guint16 bfloats[] = {0x3f81, 0x3f80, 0x7f80, 0x8000};
    const guint16 halves[] = {0x3c04, 0x3c01, 0x7c00, 0x8000};
    const gint64 integers[] = {(G_GINT64_CONSTANT(0x101) << 54) + 1,
                               -((G_GINT64_CONSTANT(0x101) << 54) + 1)};
    const guint16 wide[] = {0x5e81, 0xde81};

    assert_bits16(VDT_F64, from, G_N_ELEMENTS(from), VDT_BF16, bfloats);
    assert_bits16(VDT_F64, from, G_N_ELEMENTS(from), VDT_F16, halves);
    assert_bits16(VDT_I64, integers, G_N_ELEMENTS(integers), VDT_BF16, wide);
}

static void test_nan(void)
{
    const double from[] = {NAN};
    const VdtDType types[] = {VDT_F32, VDT_F16, VDT_BF16};

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(VdtTensor) narrow = convert(VDT_F64, from, 1, types[i]);
        g_autoptr(VdtTensor) back = convert(types[i], narrow->data, 1, VDT_F64);

        g_assert_true(isnan(*(double *)back->data));
    }
}

/* Every 16-bit number comes back from float32 as it was. */
static void test_round_trip(VdtDType dtype, guint16 infinity)
{
    g_autofree guint16 *from = g_new(guint16, 65536);
    guint n = 0;

    for (guint32 bits = 0; bits < 65536; bits++) {
        if ((bits & 0x7fff) <= infinity)
            from[n++] = (guint16)bits;
    }
    g_autoptr(VdtTensor) wide = convert(dtype, from, n, VDT_F32);
    g_autoptr(VdtTensor) back = convert(VDT_F32, wide->data, n, dtype);
    g_assert_cmpmem(back->data, back->n_bytes, from, n * sizeof *from);
}

static void test_half_round_trip(void)
{
    test_round_trip(VDT_F16, 0x7c00);
}

static void test_bfloat_round_trip(void)
{
    test_round_trip(VDT_BF16, 0x7f80);
}

static void test_integers(void)
{
    const gint64 i64[] = {0, -7, 16777217, 9007199254740993, G_MININT64, G_MAXINT64};
    const float floats[] = {0, -7, 16777216, 0x1p53f, -0x1p63f, 0x1p63f};
    const double doubles[] = {0, -7, 16777217, 0x1p53, -0x1p63, 0x1p63};
    const guint8 u8[] = {0, 128, 255};
    const float unsigned_floats[] = {0, 128, 255};
    const float signed_floats[] = {0, -128, -1};
    g_autoptr(VdtTensor) a = convert(VDT_I64, i64, 6, VDT_F32);
    g_autoptr(VdtTensor) b = convert(VDT_I64, i64, 6, VDT_F64);
    g_autoptr(VdtTensor) c = convert(VDT_U8, u8, 3, VDT_F32);
    g_autoptr(VdtTensor) d = convert(VDT_I8, u8, 3, VDT_F32);

    g_assert_cmpmem(a->data, a->n_bytes, floats, sizeof floats);
    g_assert_cmpmem(b->data, b->n_bytes, doubles, sizeof doubles);
    g_assert_cmpmem(c->data, c->n_bytes, unsigned_floats, sizeof unsigned_floats);
    g_assert_cmpmem(d->data, d->n_bytes, signed_floats, sizeof signed_floats);
}

static void test_copy(void)
{
    const gint16 from[] = {1, -2, 3};
    g_autoptr(VdtTensor) copy = convert(VDT_I16, from, 3, VDT_I16);
    g_autoptr(VdtTensor) empty = convert(VDT_F32, NULL, 0, VDT_F16);

    g_assert_true(copy->data != (const void *)from);
    g_assert_cmpmem(copy->data, copy->n_bytes, from, sizeof from);
    g_assert_cmpuint(empty->n_bytes, ==, 0);
}

static void test_refused(void)
{
    const struct {
        VdtDType from, to;
    } pairs[] = {{VDT_F32, VDT_I32}, {VDT_I32, VDT_I64}, {VDT_BOOL, VDT_F32}, {VDT_F32, VDT_BOOL}};
    VdtShape shape = vdt_shape(1);

    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(pairs[i].from, &shape, NULL);
        g_autoptr(GError) error = NULL;

        g_assert_null(vdt_tensor_convert(tensor, pairs[i].to, &error));
        g_assert_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/convert/float-to-half", test_float_to_half);
    g_test_add_func("/convert/float-to-bfloat", test_float_to_bfloat);
    g_test_add_func("/convert/one-rounding", test_one_rounding);
    g_test_add_func("/convert/nan", test_nan);
    g_test_add_func("/convert/half-round-trip", test_half_round_trip);
    g_test_add_func("/convert/bfloat-round-trip", test_bfloat_round_trip);
    g_test_add_func("/convert/integers", test_integers);
    g_test_add_func("/convert/copy", test_copy);
    g_test_add_func("/convert/refused", test_refused);
    return g_test_run();
}
