/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Types, shapes and the life of a tensor. */
#include <vedette/tensor.h>

static void test_dtypes(void)
{
    for (guint i = 0; i < VDT_N_DTYPES; i++) {
        VdtDType dtype;

        g_assert_true(vdt_dtype_from_name(vdt_dtype_name((VdtDType)i), &dtype));
        g_assert_cmpuint(dtype, ==, i);
        g_assert_cmpuint(vdt_dtype_size(dtype), >=, 1);
    }
    g_assert_cmpstr(vdt_dtype_name(VDT_BF16), ==, "bfloat16");
    g_assert_cmpuint(vdt_dtype_size(VDT_BF16), ==, 2);
    g_assert_cmpuint(vdt_dtype_size(VDT_I64), ==, 8);
    g_assert_cmpuint(vdt_dtype_get_row(VDT_F16)->block_elements, ==, 1);
}

/* Elements that share bytes: the row is all that is known of such a type. */
static void test_blocks(void)
{
    static const VdtDTypeRow four_bits = {"q4_0", 32, 18}, super = {"q6_k", 256, 210};
    static const struct {
        const VdtDTypeRow *row;
        VdtShape shape;
        gssize bytes; /* -1: refused */
    } cases[] = {
        {&four_bits, {2, {3, 64}}, 108},
        {&four_bits, {1, {32}}, 18},
        {&four_bits, {2, {0, 32}}, 0},
        {&four_bits, {2, {32, 0}}, 0},
        {&four_bits, {2, {64, 48}}, -1}, /* as many elements as 96 blocks, but none may wrap */
        {&four_bits, {0, {0}}, -1},
        {&four_bits, {1, {-32}}, -1},
        {&four_bits, {3, {G_MAXINT64 / 64, 2, 32}}, G_MAXINT64 / 64 * 36},
        {&four_bits, {3, {G_MAXINT64 / 32, 2, 32}}, -1},
        {&super, {2, {2, 512}}, 840},
        {&super, {2, {2, 128}}, -1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        gsize bytes = 0;
        gboolean ok = vdt_dtype_row_bytes(cases[i].row, &cases[i].shape, &bytes, &error);

        g_assert_cmpint(ok, ==, cases[i].bytes >= 0);
        if (ok)
            g_assert_cmpuint(bytes, ==, cases[i].bytes);
        else
            g_assert_error(error, VDT_ERROR, VDT_ERROR_SHAPE);
        if (i == 4)
            g_assert_cmpstr(error->message, ==,
                            "shape [64,48] is not valid for q4_0: the last dimension is no "
                            "multiple of 32");
    }
}

static void test_unknown_dtype(void)
{
    VdtDType dtype;

    g_assert_false(vdt_dtype_from_name("complex64", &dtype));
    g_assert_false(vdt_dtype_from_name("", &dtype));
}

static void assert_shape(VdtShape shape, const char *text, gint64 elements)
{
    g_autofree char *got = vdt_shape_to_string(&shape);

    g_assert_cmpstr(got, ==, text);
    g_assert_cmpint(vdt_shape_elements(&shape), ==, elements);
}

static void test_shapes(void)
{
    gint64 dims[VDT_MAX_DIMS + 1] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    VdtShape a = vdt_shape(2, 3), b = vdt_shape(2, 3), c = vdt_shape(2, 3, 1);

    assert_shape(vdt_shape(1, 3, 224, 224), "[1,3,224,224]", 150528);
    assert_shape(vdt_shape_from(NULL, 0), "[]", 1);
    assert_shape(vdt_shape(5, 0), "[5,0]", 0);
    assert_shape(vdt_shape(5, -1), "[5,-1]", -1);
    assert_shape(vdt_shape(0, -1), "[0,-1]", -1);
    assert_shape(vdt_shape(G_MAXINT64, 2), "[9223372036854775807,2]", -1);
    assert_shape(vdt_shape(G_MAXINT64, 2, 0), "[9223372036854775807,2,0]", 0);
    assert_shape(vdt_shape_from(dims, VDT_MAX_DIMS + 1), "[-1]", -1);
    g_assert_true(vdt_shape_equal(&a, &b));
    g_assert_false(vdt_shape_equal(&a, &c));
}

static void test_new(void)
{
    VdtShape shapes[] = {vdt_shape(3, 5), vdt_shape_from(NULL, 0), vdt_shape(0, 4)};
    gsize bytes[] = {30, 2, 0};

    for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F16, &shapes[i], &error);

        g_assert_no_error(error);
        g_assert_cmpuint(tensor->n_bytes, ==, bytes[i]);
        g_assert_cmpuint((guintptr)tensor->data % VDT_ALIGN, ==, 0);
        for (gsize at = 0; at < tensor->n_bytes; at++)
            g_assert_cmpuint(((guchar *)tensor->data)[at], ==, 0);
    }
}

static void test_impossible(void)
{
    VdtShape shapes[] = {vdt_shape(-1), vdt_shape(G_MAXINT64, 2), vdt_shape(G_MAXINT64 / 2)};

    for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(vdt_tensor_new(VDT_F64, &shapes[i], &error));
        g_assert_error(error, VDT_ERROR, VDT_ERROR_SHAPE);
    }
}

static void test_no_memory(void)
{
    VdtShape shape = vdt_shape(G_GINT64_CONSTANT(1) << 50);
    g_autoptr(GError) error = NULL;

#ifdef __SANITIZE_ADDRESS__
    g_test_skip("the address sanitizer stops the program instead");
    return;
#endif
    g_assert_null(vdt_tensor_new(VDT_F32, &shape, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_FAILED);
}

static void count(gpointer owner)
{
    ++*(int *)owner;
}

static void test_foreign_memory(void)
{
    float data[6] = {1, 2, 3, 4, 5, 6};
    VdtShape shape = vdt_shape(2, 3);
    int released = 0;
    VdtTensor *tensor = vdt_tensor_new_for_data(VDT_F32, &shape, data, count, &released);

    g_assert_true(tensor->data == data);
    g_assert_cmpuint(tensor->n_bytes, ==, sizeof data);
    g_assert_true(vdt_tensor_ref(tensor) == tensor);
    vdt_tensor_unref(tensor);
    g_assert_cmpint(released, ==, 0);
    vdt_tensor_unref(tensor);
    g_assert_cmpint(released, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tensor/dtypes", test_dtypes);
    g_test_add_func("/tensor/blocks", test_blocks);
    g_test_add_func("/tensor/unknown-dtype", test_unknown_dtype);
    g_test_add_func("/tensor/shapes", test_shapes);
    g_test_add_func("/tensor/new", test_new);
    g_test_add_func("/tensor/impossible", test_impossible);
    g_test_add_func("/tensor/no-memory", test_no_memory);
    g_test_add_func("/tensor/foreign-memory", test_foreign_memory);
    return g_test_run();
}
