/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* .npy: headers as numpy writes them, and others. */
#include "io/formats.h"
#include <glib/gstdio.h>
#include <string.h>

static GBytes *make_file(guint version, const char *header, gsize n_data)
{
    GByteArray *file = g_byte_array_new();
    gsize length = strlen(header);
    const guchar start[] = {0x93,
                            'N',
                            'U',
                            'M',
                            'P',
                            'Y',
                            (guchar)version,
                            0,
                            (guchar)(length & 0xff),
                            (guchar)(length >> 8),
                            0,
                            0};

    g_byte_array_append(file, start, version == 1 ? 10 : 12);
    g_byte_array_append(file, (const guchar *)header, (guint)length);
    for (gsize i = 0; i < n_data; i++)
        g_byte_array_append(file, (const guchar *)"\x01", 1);
    return g_byte_array_free_to_bytes(file);
}

#define HEADER(descr, order, shape)                                                                \
    "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }   \n"

static void test_accepted(void)
{
    const struct {
        guint version;
        const char *header;
        gsize n_data;
        VdtDType dtype;
        VdtShape shape;
    } cases[] = {
        {1, HEADER("'<f4'", "False", "(2, 3)"), 24, VDT_F32, vdt_shape(2, 3)},
        {2, HEADER("'<f8'", "False", "(2,)"), 16, VDT_F64, vdt_shape(2)},
        {3, HEADER("'<f2'", "False", "()"), 2, VDT_F16, vdt_shape_from(NULL, 0)},
        {1, HEADER("'|b1'", "False", "(0, 5)"), 0, VDT_BOOL, vdt_shape(0, 5)},
        {1, HEADER("'|u1'", "False", "(3,)"), 3, VDT_U8, vdt_shape(3)},
        {1, HEADER("'|i1'", "False", "(3,)"), 3, VDT_I8, vdt_shape(3)},
        {1, HEADER("'<i2'", "False", "(3,)"), 6, VDT_I16, vdt_shape(3)},
        {1, HEADER("'<i4'", "False", "(3,)"), 12, VDT_I32, vdt_shape(3)},
        {1, "{\"shape\":(1,1),\"fortran_order\":False,\"descr\":\"<i8\"}", 8, VDT_I64,
         vdt_shape(1, 1)},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bytes = make_file(cases[i].version, cases[i].header, cases[i].n_data);
        g_autoptr(GError) error = NULL;
        g_autoptr(VdtTensor) tensor = vdt_npy_parse(bytes, "array", &error);

        g_assert_no_error(error);
        g_assert_cmpuint(tensor->dtype, ==, cases[i].dtype);
        g_assert_true(vdt_shape_equal(&tensor->shape, &cases[i].shape));
        g_assert_cmpuint(tensor->n_bytes, ==, cases[i].n_data);
    }
}

static void test_refused(void)
{
    const struct {
        guint version;
        const char *header;
        gsize n_data;
        VdtError code;
    } cases[] = {
        {0, HEADER("'<f4'", "False", "(1,)"), 4, VDT_ERROR_UNSUPPORTED},
        {4, HEADER("'<f4'", "False", "(1,)"), 4, VDT_ERROR_UNSUPPORTED},
        {1, HEADER("'<f4'", "True", "(2, 2)"), 16, VDT_ERROR_UNSUPPORTED},
        {1, HEADER("'>f4'", "False", "(1,)"), 4, VDT_ERROR_UNSUPPORTED},
        {1, HEADER("'<c8'", "False", "(1,)"), 8, VDT_ERROR_UNSUPPORTED},
        {1, HEADER("[('a', '<f4')]", "False", "(1,)"), 4, VDT_ERROR_UNSUPPORTED},
        {1, HEADER("'<f4'", "False", "(1,1,1,1,1,1,1,1,1)"), 4, VDT_ERROR_UNSUPPORTED},
        {1, HEADER("'<f4'", "Maybe", "(1,)"), 4, VDT_ERROR_FORMAT},
        {1, HEADER("'<f4'", "False", "(-1,)"), 4, VDT_ERROR_FORMAT},
        {1, HEADER("'<f4'", "False", "[1]"), 4, VDT_ERROR_FORMAT},
        {1, HEADER("'<f4'", "False", "(1,,)"), 4, VDT_ERROR_FORMAT},
        {1, HEADER("'<f4'", "False", "(99999999999999999999,)"), 4, VDT_ERROR_FORMAT},
        {1, HEADER("'<f4'", "False", "(4611686018427387904, 4)"), 4, VDT_ERROR_FORMAT},
        {1, HEADER("'<f4'", "False", "(2,)"), 7, VDT_ERROR_FORMAT},
        {1, HEADER("'<f4'", "False", "(2,)"), 9, VDT_ERROR_FORMAT},
        {1, "{'descr': '<f4', 'shape': (1,)}", 4, VDT_ERROR_FORMAT},
        {1, "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 4,
         VDT_ERROR_FORMAT},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", 4, VDT_ERROR_FORMAT},
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)", 4, VDT_ERROR_FORMAT},
        {1, "{'a-key-that-is-longer-than-any-that-we-know': 1}", 4, VDT_ERROR_FORMAT},
        {1, "", 0, VDT_ERROR_FORMAT},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bytes = make_file(cases[i].version, cases[i].header, cases[i].n_data);
        g_autoptr(GError) error = NULL;

        g_assert_null(vdt_npy_parse(bytes, "array", &error));
        g_assert_error(error, VDT_ERROR, (gint)cases[i].code);
        g_test_message("%s", error->message);
    }
}

static void test_truncation(void)
{
    g_autoptr(GBytes) whole = make_file(2, HEADER("'<f4'", "False", "(2, 3)"), 24);

    for (gsize cut = 0; cut < g_bytes_get_size(whole); cut++) {
        /* A block of its own, so that a sanitizer sees every overrun. */
        g_autoptr(GBytes) bytes = g_bytes_new(g_bytes_get_data(whole, NULL), cut);
        g_autoptr(GError) error = NULL;

        g_assert_null(vdt_npy_parse(bytes, "array", &error));
        g_assert_error(error, VDT_ERROR, VDT_ERROR_FORMAT);
    }
}

static void test_round_trip(void)
{
    VdtShape shapes[] = {vdt_shape_from(NULL, 0), vdt_shape(5), vdt_shape(2, 3),
                         vdt_shape(2, 0, 1)};
    g_autofree char *folder = g_dir_make_tmp("vedette-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "a.npy", NULL);

    for (guint i = 0; i < VDT_N_DTYPES * G_N_ELEMENTS(shapes); i++) {
        VdtDType dtype = (VdtDType)(i / G_N_ELEMENTS(shapes));
        g_autoptr(VdtTensor) tensor =
            vdt_tensor_new(dtype, &shapes[i % G_N_ELEMENTS(shapes)], NULL);
        g_autoptr(VdtTensor) back = NULL;
        g_autoptr(GError) error = NULL;

        vdt_tensor_fill_uniform(tensor, "values", 0, 100);
        if (!vdt_npy_save(tensor, path, &error)) {
            g_assert_cmpuint(dtype, ==, VDT_BF16);
            g_assert_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED);
            continue;
        }
        back = vdt_npy_load(path, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(back->dtype, ==, dtype);
        g_assert_true(vdt_shape_equal(&back->shape, &tensor->shape));
        g_assert_cmpmem(back->data, back->n_bytes, tensor->data, tensor->n_bytes);
    }
    g_unlink(path);
    g_rmdir(folder);
}

/* Laid out as numpy does it: a trailing comma, blanks up to a multiple of 64, a line end. */
static void test_as_numpy(void)
{
    const char *want = "\x93NUMPY\x01\x00\x76\x00{'descr': '<i2', 'fortran_order': False, "
                       "'shape': (3,), }";
    const gint16 values[] = {0, 1, 2};
    VdtShape shape = vdt_shape(3);
    g_autofree char *folder = g_dir_make_tmp("vedette-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "a.npy", NULL);
    g_autoptr(VdtTensor) tensor = vdt_tensor_new_for_data(VDT_I16, &shape, values, NULL, NULL);
    g_autofree char *contents = NULL;
    gsize size;

    g_assert_true(vdt_npy_save(tensor, path, NULL));
    g_assert_true(g_file_get_contents(path, &contents, &size, NULL));
    g_assert_cmpuint(size, ==, 128 + sizeof values);
    g_assert_cmpmem(contents, 10, want, 10);
    g_assert_true(g_str_has_prefix(contents + 10, want + 10));
    g_assert_cmpint(contents[127], ==, '\n');
    g_assert_cmpmem(contents + 128, sizeof values, values, sizeof values);
    g_unlink(path);
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/npy/accepted", test_accepted);
    g_test_add_func("/npy/refused", test_refused);
    g_test_add_func("/npy/truncation", test_truncation);
    g_test_add_func("/npy/round-trip", test_round_trip);
    g_test_add_func("/npy/as-numpy", test_as_numpy);
    return g_test_run();
}
