/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading .safetensors: 8 bytes of header length, a JSON object that gives each tensor its type,
 * shape and place, then the data, which the tensors must cover without holes or overlap.
 */
#include "formats.h"
#include "json-cursor.h"

#include <string.h>

/* As in the reference implementation; the largest published models need about 1 MB. */
#define MAX_HEADER   (100 * 1000 * 1000)
/* Pairs take much more memory than text; programs leave some dozens. */
#define MAX_METADATA 65536

typedef struct {
    GBytes *bytes;
    const char *origin;
    gsize data_start, data_size;
    VdtJsonCursor cursor;
    GString *name; /* of the tensor or the metadata being read */
    GString *text; /* scratch */
    GString *type; /* of the tensor being read, as it is written */
    GArray *spans;
    VdtWeights *weights;
} Reader;

static const struct {
    const char *name;
    VdtDType dtype;
} dtypes[] = {
    {"F32", VDT_F32}, {"F64", VDT_F64}, {"F16", VDT_F16}, {"BF16", VDT_BF16}, {"I64", VDT_I64},
    {"I32", VDT_I32}, {"I16", VDT_I16}, {"I8", VDT_I8},   {"U8", VDT_U8},     {"BOOL", VDT_BOOL},
};

static gboolean bad_json(Reader *reader, const char *wanted, GError **error)
{
    return vdt_bad_file(error, reader->origin, "the header has no %s at its byte %" G_GSIZE_FORMAT,
                        wanted, (gsize)(reader->cursor.at - reader->cursor.start));
}

/* VDT_N_DTYPES if the type is none of ours. */
static gboolean read_dtype(Reader *reader, VdtDType *dtype, GError **error)
{
    *dtype = VDT_N_DTYPES;
    if (!vdt_json_take_string(&reader->cursor, reader->type))
        return bad_json(reader, "type name", error);
    for (guint i = 0; i < G_N_ELEMENTS(dtypes); i++)
        if (strcmp(dtypes[i].name, reader->type->str) == 0)
            *dtype = dtypes[i].dtype;
    return TRUE;
}

/* An array of whole numbers, of which the first @max are kept. */
static gboolean read_numbers(Reader *reader, gint64 *numbers, guint max, guint *count,
                             GError **error)
{
    *count = 0;
    if (!vdt_json_take(&reader->cursor, '['))
        return bad_json(reader, "array", error);
    if (vdt_json_take(&reader->cursor, ']'))
        return TRUE;
    do {
        gint64 number;

        if (!vdt_json_take_number(&reader->cursor, &number))
            return bad_json(reader, "whole number from 0 to 2^63-1", error);
        if (*count < max)
            numbers[*count] = number;
        ++*count;
    } while (vdt_json_take(&reader->cursor, ','));
    return vdt_json_take(&reader->cursor, ']') || bad_json(reader, "']'", error);
}

typedef struct {
    gboolean has_dtype, has_shape, has_offsets;
    VdtDType dtype;
    VdtShape shape;
    gint64 offsets[2];
} Entry;

static gboolean read_field(Reader *reader, Entry *entry, GError **error)
{
    const char *field;
    guint count;

    if (!vdt_json_take_string(&reader->cursor, reader->text) ||
        !vdt_json_take(&reader->cursor, ':'))
        return bad_json(reader, "field", error);
    field = reader->text->str;
    if (strcmp(field, "dtype") == 0 && !entry->has_dtype) {
        entry->has_dtype = TRUE;
        return read_dtype(reader, &entry->dtype, error);
    }
    if (strcmp(field, "shape") == 0 && !entry->has_shape) {
        entry->has_shape = TRUE;
        return read_numbers(reader, entry->shape.dims, VDT_MAX_DIMS, &entry->shape.n_dims, error);
    }
    if (strcmp(field, "data_offsets") == 0 && !entry->has_offsets) {
        entry->has_offsets = TRUE;
        if (!read_numbers(reader, entry->offsets, 2, &count, error))
            return FALSE;
        return count == 2 ||
               vdt_bad_file(error, reader->origin, "'data_offsets' of tensor '%s' has not 2 values",
                            reader->name->str);
    }
    return vdt_bad_file(error, reader->origin, "tensor '%s' has an unknown or repeated field '%s'",
                        reader->name->str, field);
}

/* One that cannot be had does not stand in the way of others. TRUE if it is one. */
static gboolean is_unread(Reader *reader, const Entry *entry)
{
    g_autofree char *reason = NULL;

    if (entry->dtype == VDT_N_DTYPES)
        reason = g_strdup_printf("tensor '%s' has the unknown type '%s'", reader->name->str,
                                 reader->type->str);
    else if (entry->shape.n_dims > VDT_MAX_DIMS)
        reason = g_strdup_printf("tensor '%s' has %u dimensions, the limit is %d",
                                 reader->name->str, entry->shape.n_dims, VDT_MAX_DIMS);
    if (reason != NULL)
        vdt_weights_add_unread(reader->weights, reader->name->str, reason);
    return reason != NULL;
}

static gboolean add_tensor(Reader *reader, const Entry *entry, GError **error)
{
    const char *name = reader->name->str;
    g_autoptr(VdtTensor) tensor = NULL;
    g_autoptr(GError) wrong = NULL;
    VdtSpan span;
    gsize n_bytes;

    if (!entry->has_dtype || !entry->has_shape || !entry->has_offsets)
        return vdt_bad_file(error, reader->origin, "tensor '%s' has no %s", name,
                            !entry->has_dtype   ? "dtype"
                            : !entry->has_shape ? "shape"
                                                : "data_offsets");
    if (vdt_weights_lookup(reader->weights, name) != NULL)
        return vdt_bad_file(error, reader->origin, "tensor '%s' is there twice", name);
    span = (VdtSpan){(gsize)entry->offsets[0], (gsize)entry->offsets[1]};
    if (span.begin > span.end || span.end > reader->data_size)
        return vdt_bad_file(error, reader->origin,
                            "tensor '%s' lies at %" G_GSIZE_FORMAT " to %" G_GSIZE_FORMAT
                            " of %" G_GSIZE_FORMAT " bytes of data",
                            name, span.begin, span.end, reader->data_size);
    g_array_append_val(reader->spans, span);
    if (is_unread(reader, entry))
        return TRUE;
    if (!vdt_dtype_row_bytes(vdt_dtype_get_row(entry->dtype), &entry->shape, &n_bytes, &wrong))
        return vdt_bad_file(error, reader->origin,
                            "tensor '%s' does not fit its %" G_GSIZE_FORMAT " bytes: %s", name,
                            span.end - span.begin, wrong->message);
    if (n_bytes != span.end - span.begin) {
        g_autofree char *shape = vdt_shape_to_string(&entry->shape);

        return vdt_bad_file(error, reader->origin,
                            "tensor '%s' of type %s and shape %s does not fit its %" G_GSIZE_FORMAT
                            " bytes",
                            name, vdt_dtype_name(entry->dtype), shape, span.end - span.begin);
    }
    tensor = vdt_tensor_from_bytes(entry->dtype, &entry->shape, reader->bytes,
                                   reader->data_start + span.begin, error);
    if (tensor == NULL)
        return FALSE;
    vdt_weights_insert(reader->weights, name, tensor);
    return TRUE;
}

static gboolean read_tensor(Reader *reader, GError **error)
{
    Entry entry = {0};

    if (!vdt_json_take(&reader->cursor, '{'))
        return bad_json(reader, "object", error);
    do {
        if (!read_field(reader, &entry, error))
            return FALSE;
    } while (vdt_json_take(&reader->cursor, ','));
    if (!vdt_json_take(&reader->cursor, '}'))
        return bad_json(reader, "'}'", error);
    return add_tensor(reader, &entry, error);
}

/* Free text that programs leave for each other. */
static gboolean read_metadata(Reader *reader, GError **error)
{
    VdtJsonCursor *cursor = &reader->cursor;
    guint n = 0;

    if (!vdt_json_take(cursor, '{'))
        return bad_json(reader, "object", error);
    if (vdt_json_take(cursor, '}'))
        return TRUE;
    do {
        if (!vdt_json_take_string(cursor, reader->name) || !vdt_json_take(cursor, ':') ||
            !vdt_json_take_string(cursor, reader->text))
            return bad_json(reader, "pair of strings", error);
        if (vdt_weights_get_metadata(reader->weights, reader->name->str) != NULL)
            return vdt_bad_file(error, reader->origin, "metadata '%s' is there twice",
                                reader->name->str);
        if (++n > MAX_METADATA)
            return vdt_bad_file(error, reader->origin, "has more than %d pairs of metadata",
                                MAX_METADATA);
        vdt_weights_set_metadata(reader->weights, reader->name->str, reader->text->str);
    } while (vdt_json_take(cursor, ','));
    return vdt_json_take(cursor, '}') || bad_json(reader, "'}'", error);
}

static gboolean read_header(Reader *reader, GError **error)
{
    if (!vdt_json_take(&reader->cursor, '{'))
        return bad_json(reader, "object", error);
    if (!vdt_json_take(&reader->cursor, '}')) {
        do {
            if (!vdt_json_take_string(&reader->cursor, reader->name) ||
                !vdt_json_take(&reader->cursor, ':'))
                return bad_json(reader, "tensor name", error);
            if (strcmp(reader->name->str, "__metadata__") == 0 ? !read_metadata(reader, error)
                                                               : !read_tensor(reader, error))
                return FALSE;
        } while (vdt_json_take(&reader->cursor, ','));
        if (!vdt_json_take(&reader->cursor, '}'))
            return bad_json(reader, "'}'", error);
    }
    return vdt_json_at_end(&reader->cursor) || bad_json(reader, "end", error);
}

static int compare_spans(gconstpointer a, gconstpointer b)
{
    const VdtSpan *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static gboolean check_cover(Reader *reader, GError **error)
{
    gsize at = 0;

    g_array_sort(reader->spans, compare_spans);
    for (guint i = 0; i < reader->spans->len; i++) {
        const VdtSpan *span = &g_array_index(reader->spans, VdtSpan, i);

        if (span->begin != at)
            return vdt_bad_file(error, reader->origin,
                                "tensors overlap or leave a hole at byte %" G_GSIZE_FORMAT
                                " of the data",
                                MIN(at, span->begin));
        at = span->end;
    }
    return at == reader->data_size ||
           vdt_bad_file(error, reader->origin,
                        "the tensors fill %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " bytes of data",
                        at, reader->data_size);
}

VdtWeights *vdt_safetensors_parse(GBytes *bytes, const char *origin, GError **error)
{
    g_autoptr(GString) name = g_string_new(NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) type = g_string_new(NULL);
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(VdtSpan));
    g_autoptr(VdtWeights) weights = vdt_weights_new_for_file(origin, "safetensors");
    Reader reader = {.bytes = bytes,
                     .origin = origin,
                     .name = name,
                     .text = text,
                     .type = type,
                     .spans = spans,
                     .weights = weights};
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    guint64 header;

    if (size < sizeof header) {
        vdt_bad_file(error, origin, "has %" G_GSIZE_FORMAT " bytes, less than a header's length",
                     size);
        return NULL;
    }
    memcpy(&header, data, sizeof header);
    if (header > MIN(size - sizeof header, MAX_HEADER)) {
        vdt_bad_file(error, origin,
                     "announces a header of %" G_GUINT64_FORMAT
                     " bytes, the limit is %" G_GSIZE_FORMAT,
                     header, MIN(size - sizeof header, MAX_HEADER));
        return NULL;
    }
    reader.data_start = sizeof header + header;
    reader.data_size = size - reader.data_start;
    reader.cursor =
        (VdtJsonCursor){data + sizeof header, data + sizeof header, data + reader.data_start};
    if (!read_header(&reader, error) || !check_cover(&reader, error))
        return NULL;
    return g_steal_pointer(&weights);
}
