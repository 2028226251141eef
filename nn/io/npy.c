/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * numpy's .npy: a magic number, a version, the length of a header, and the header, which is a
 * Python dictionary literal with exactly 'descr', 'fortran_order' and 'shape'.
 */
#include "atomic-file.h"
#include "formats.h"

#include <string.h>

#define MAGIC          "\x93NUMPY"
#define MAGIC_LENGTH   6
#define MAX_HEADER     65536 /* numpy itself refuses to parse more than 10000 */
#define DATA_ALIGNMENT 64

static const char *const descriptions[VDT_N_DTYPES] = {
    [VDT_F32] = "<f4", [VDT_F64] = "<f8", [VDT_F16] = "<f2", [VDT_I64] = "<i8",  [VDT_I32] = "<i4",
    [VDT_I16] = "<i2", [VDT_I8] = "|i1",  [VDT_U8] = "|u1",  [VDT_BOOL] = "|b1",
};

typedef struct {
    const char *origin;
    const char *at;
    const char *end;
} Header;

static gboolean take(Header *header, const char *wanted)
{
    gsize length = strlen(wanted);

    while (header->at < header->end && memchr(" \t\r\n", *header->at, 4) != NULL)
        header->at++;
    if ((gsize)(header->end - header->at) < length || memcmp(header->at, wanted, length) != 0)
        return FALSE;
    header->at += length;
    return TRUE;
}

/* A quoted string without escapes, into a buffer of 32 bytes. */
static gboolean take_string(Header *header, char text[32])
{
    char quote = take(header, "'") ? '\'' : take(header, "\"") ? '"' : '\0';
    gsize length;
    const char *close;

    if (quote == '\0')
        return FALSE;
    close = memchr(header->at, quote, (gsize)(header->end - header->at));
    if (close == NULL || close - header->at >= 32 ||
        memchr(header->at, '\\', (gsize)(close - header->at)) != NULL)
        return FALSE;
    length = (gsize)(close - header->at);
    memcpy(text, header->at, length);
    text[length] = '\0';
    header->at = close + 1;
    return TRUE;
}

static gboolean take_number(Header *header, gint64 *number)
{
    const char *first = header->at;

    *number = 0;
    for (; header->at < header->end && g_ascii_isdigit(*header->at); header->at++) {
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, *header->at - '0', number))
            return FALSE;
    }
    return header->at > first;
}

static gboolean take_shape(Header *header, VdtShape *shape, GError **error)
{
    if (!take(header, "("))
        return vdt_bad_file(error, header->origin, "the header's 'shape' is not a tuple");
    while (!take(header, ")")) {
        if (shape->n_dims == VDT_MAX_DIMS)
            return vdt_unsupported_file(error, header->origin, "has more than %d dimensions",
                                        VDT_MAX_DIMS);
        take(header, ""); /* blanks */
        if (!take_number(header, &shape->dims[shape->n_dims]))
            return vdt_bad_file(error, header->origin,
                                "dimension %u of 'shape' is not a whole number below 2^63",
                                shape->n_dims);
        shape->n_dims++;
        if (!take(header, ",")) {
            if (take(header, ")"))
                break;
            return vdt_bad_file(error, header->origin, "the header's 'shape' is not a tuple");
        }
    }
    return TRUE;
}

static gboolean take_dtype(Header *header, VdtDType *dtype, GError **error)
{
    char text[32];

    if (!take_string(header, text))
        return vdt_unsupported_file(error, header->origin,
                                    "the header's 'descr' is not one simple type");
    for (guint i = 0; i < VDT_N_DTYPES; i++) {
        if (descriptions[i] != NULL && strcmp(descriptions[i], text) == 0) {
            *dtype = (VdtDType)i;
            return TRUE;
        }
    }
    return vdt_unsupported_file(error, header->origin, "holds elements of the unknown type '%s'",
                                text);
}

static gboolean parse_header(Header *header, VdtDType *dtype, VdtShape *shape, GError **error)
{
    gboolean has_descr = FALSE, has_order = FALSE, has_shape = FALSE;
    char key[32];

    if (!take(header, "{"))
        return vdt_bad_file(error, header->origin, "the header is not a dictionary");
    while (!take(header, "}")) {
        if (!take_string(header, key) || !take(header, ":"))
            return vdt_bad_file(error, header->origin, "the header is not a dictionary");
        if (strcmp(key, "descr") == 0 && !has_descr) {
            has_descr = TRUE;
            if (!take_dtype(header, dtype, error))
                return FALSE;
        } else if (strcmp(key, "fortran_order") == 0 && !has_order) {
            has_order = TRUE;
            if (take(header, "True"))
                return vdt_unsupported_file(error, header->origin,
                                            "is in Fortran order; save a C-ordered copy");
            if (!take(header, "False"))
                return vdt_bad_file(error, header->origin, "'fortran_order' is not a boolean");
        } else if (strcmp(key, "shape") == 0 && !has_shape) {
            has_shape = TRUE;
            if (!take_shape(header, shape, error))
                return FALSE;
        } else {
            return vdt_bad_file(error, header->origin,
                                "the header has an unknown or repeated key '%s'", key);
        }
        if (!take(header, ",")) {
            if (take(header, "}"))
                break;
            return vdt_bad_file(error, header->origin, "the header is not a dictionary");
        }
    }
    take(header, ""); /* the padding */
    if (header->at != header->end || !has_descr || !has_order || !has_shape)
        return vdt_bad_file(error, header->origin,
                            "the header is not exactly 'descr', 'fortran_order' and 'shape'");
    return TRUE;
}

/* Sets where the header's text begins and ends. */
static gboolean find_header(const guchar *data, gsize size, const char *origin, gsize *start,
                            gsize *end, GError **error)
{
    gsize length;

    if (size < MAGIC_LENGTH + 4 || memcmp(data, MAGIC, MAGIC_LENGTH) != 0)
        return vdt_bad_file(error, origin, "is not a .npy file");
    if (data[6] < 1 || data[6] > 3)
        return vdt_unsupported_file(error, origin, "is of .npy version %u, known are 1 to 3",
                                    data[6]);
    *start = data[6] == 1 ? 10 : 12;
    if (size < *start)
        return vdt_bad_file(error, origin, "ends within its header");
    length = (gsize)data[8] | (gsize)data[9] << 8;
    if (data[6] > 1)
        length |= (gsize)data[10] << 16 | (gsize)data[11] << 24;
    if (length > MIN(size - *start, MAX_HEADER))
        return vdt_bad_file(error, origin,
                            "announces a header of %" G_GSIZE_FORMAT
                            " bytes, the limit is %" G_GSIZE_FORMAT,
                            length, MIN(size - *start, MAX_HEADER));
    *end = *start + length;
    return TRUE;
}

VdtTensor *vdt_npy_parse(GBytes *bytes, const char *origin, GError **error)
{
    gsize size, start = 0, end = 0, n_bytes;
    const char *data = g_bytes_get_data(bytes, &size);
    VdtShape shape = {0};
    VdtDType dtype = VDT_F32;
    Header header;

    if (!find_header((const guchar *)data, size, origin, &start, &end, error))
        return NULL;
    header = (Header){.origin = origin, .at = data + start, .end = data + end};
    if (!parse_header(&header, &dtype, &shape, error))
        return NULL;
    if (!vdt_dtype_row_bytes(vdt_dtype_get_row(dtype), &shape, &n_bytes, NULL) ||
        n_bytes != size - end) {
        g_autofree char *text = vdt_shape_to_string(&shape);

        vdt_bad_file(error, origin,
                     "an array of type %s and shape %s does not fit %" G_GSIZE_FORMAT
                     " bytes of data",
                     vdt_dtype_name(dtype), text, size - end);
        return NULL;
    }
    return vdt_tensor_from_bytes(dtype, &shape, bytes, end, error);
}

VdtTensor *vdt_npy_load(const char *path, GError **error)
{
    g_autoptr(VdtOwnedFile) file = vdt_owned_file_read(path, error);

    return file != NULL ? vdt_npy_parse(vdt_owned_file_get_bytes(file), path, error) : NULL;
}

gboolean vdt_npy_save(const VdtTensor *tensor, const char *path, GError **error)
{
    g_autoptr(GString) header = g_string_new(MAGIC "\x01");
    g_autoptr(VdtAtomicFile) file = NULL;
    gsize length;

    if (descriptions[tensor->dtype] == NULL)
        return vdt_unsupported_file(error, path, "numpy has no %s", vdt_dtype_name(tensor->dtype));
    g_string_append_len(header, "\0\0\0", 3); /* minor version; the length follows below */
    g_string_append_printf(header, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                           descriptions[tensor->dtype]);
    for (guint i = 0; i < tensor->shape.n_dims; i++)
        g_string_append_printf(header, i == 0 ? "%" G_GINT64_FORMAT "," : " %" G_GINT64_FORMAT ",",
                               tensor->shape.dims[i]);
    g_string_append(header, "), }");
    while (header->len % DATA_ALIGNMENT != DATA_ALIGNMENT - 1)
        g_string_append_c(header, ' ');
    g_string_append_c(header, '\n');
    length = header->len - 10;
    header->str[8] = (char)(length & 0xff);
    header->str[9] = (char)(length >> 8);

    file = vdt_atomic_file_new(path, error);
    return file != NULL && vdt_atomic_file_write(file, header->str, header->len, error) &&
           vdt_atomic_file_write(file, tensor->data, tensor->n_bytes, error) &&
           vdt_atomic_file_commit(file, error);
}
