/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a pickled description of a PyTorch tensor to the tensor. */
#include "pytorch.h"

#include <string.h>

/* A parameter holds a tensor, a tensor with attributes too; nobody nests them deeper. */
#define MAX_WRAPPERS 8
#define MAX_KEY      255
/* What a tensor takes besides its elements: itself, its entry and its place in tables. */
#define TENSOR_BYTES 320

static const struct {
    const char *name;
    VdtDType dtype;
    gsize size; /* of an element, if it has no type here */
} storage_types[] = {
    {"FloatStorage", VDT_F32},
    {"DoubleStorage", VDT_F64},
    {"HalfStorage", VDT_F16},
    {"BFloat16Storage", VDT_BF16},
    {"LongStorage", VDT_I64},
    {"IntStorage", VDT_I32},
    {"ShortStorage", VDT_I16},
    {"CharStorage", VDT_I8},
    {"ByteStorage", VDT_U8},
    {"BoolStorage", VDT_BOOL},
    /* Known only to be skipped where storages stand one behind the other. */
    {"ComplexFloatStorage", VDT_N_DTYPES, 8},
    {"ComplexDoubleStorage", VDT_N_DTYPES, 16},
    {"QInt8Storage", VDT_N_DTYPES, 1},
    {"QUInt8Storage", VDT_N_DTYPES, 1},
    {"QInt32Storage", VDT_N_DTYPES, 4},
};

gsize vdt_pytorch_budget(gsize file_size)
{
    gsize budget;

    return g_size_checked_mul(&budget, file_size, 6) &&
                   g_size_checked_add(&budget, budget, 32 * 1024 * 1024)
               ? budget
               : G_MAXSIZE;
}

static gboolean is_storage_type(const VdtPickleValue *value, const char *name)
{
    return vdt_pickle_is_global(value, "torch", name) ||
           vdt_pickle_is_global(value, "torch.cuda", name);
}

gboolean vdt_pytorch_storage_init(VdtPytorchStorage *storage, const VdtPickleValue *value)
{
    const VdtPickleValue *id = value->kind == VDT_PICKLE_PERSISTENT ? value->head : NULL;
    const VdtPickleValue *view;

    if (id == NULL || id->kind != VDT_PICKLE_TUPLE || id->n_items < 5 ||
        !vdt_pickle_is_text(id->items[0], "storage") || id->items[1]->kind != VDT_PICKLE_GLOBAL ||
        id->items[2]->kind != VDT_PICKLE_TEXT || id->items[2]->length > MAX_KEY ||
        id->items[4]->kind != VDT_PICKLE_INT)
        return FALSE;
    *storage = (VdtPytorchStorage){
        .type_name = id->items[1]->tail,
        .dtype = VDT_N_DTYPES,
        .n_elements = id->items[4]->integer,
        .view_elements = id->items[4]->integer,
    };
    for (guint i = 0; i < G_N_ELEMENTS(storage_types); i++) {
        if (is_storage_type(id->items[1], storage_types[i].name)) {
            storage->dtype = storage_types[i].dtype;
            storage->element_size = storage->dtype < VDT_N_DTYPES ? vdt_dtype_size(storage->dtype)
                                                                  : storage_types[i].size;
        }
    }
    view = id->n_items > 5 ? id->items[5] : NULL;
    if (view != NULL && view->kind == VDT_PICKLE_TUPLE) {
        if (view->n_items != 3 || view->items[1]->kind != VDT_PICKLE_INT ||
            view->items[2]->kind != VDT_PICKLE_INT)
            return FALSE;
        storage->view_start = view->items[1]->integer;
        storage->view_elements = view->items[2]->integer;
    }
    if (storage->n_elements < 0 || storage->view_start < 0 || storage->view_elements < 0 ||
        storage->view_start > storage->n_elements ||
        storage->view_elements > storage->n_elements - storage->view_start)
        return FALSE;
    storage->key = g_strndup(id->items[2]->text, id->items[2]->length);
    return TRUE;
}

/* The bytes of a storage, whose length is that which the pickle declares; owned by @file. */
static GBytes *find_storage(VdtPytorchFile *file, const VdtPytorchStorage *storage, GError **error)
{
    GBytes *bytes = g_hash_table_lookup(file->storages, storage->key);
    gsize declared;

    if (bytes == NULL && file->read_storage != NULL) {
        bytes = file->read_storage(file->container, storage->key, error);
        if (bytes == NULL)
            return NULL;
        g_hash_table_insert(file->storages, g_strdup(storage->key), bytes);
    }
    if (bytes == NULL) {
        vdt_bad_file(error, file->origin, "has no storage '%s'", storage->key);
        return NULL;
    }
    if (!g_size_checked_mul(&declared, (gsize)storage->n_elements, storage->element_size) ||
        declared != g_bytes_get_size(bytes)) {
        vdt_bad_file(error, file->origin,
                     "storage '%s' has %" G_GSIZE_FORMAT " bytes, declared are %" G_GINT64_FORMAT
                     " elements of %" G_GSIZE_FORMAT " bytes",
                     storage->key, g_bytes_get_size(bytes), storage->n_elements,
                     storage->element_size);
        return NULL;
    }
    return bytes;
}

/* --- Strided views -------------------------------------------------------------------------- */

typedef struct {
    VdtShape shape;
    gint64 strides[VDT_MAX_DIMS]; /* in elements; 0 where it does not matter */
    gint64 start;
    gint64 elements;
} View;

static gboolean read_view(VdtPytorchFile *file, const VdtPickleValue *args, const char *name,
                          View *view, GError **error)
{
    const VdtPickleValue *shape = args->items[2], *strides = args->items[3];

    if (args->items[1]->kind != VDT_PICKLE_INT || shape->kind != VDT_PICKLE_TUPLE ||
        strides->kind != VDT_PICKLE_TUPLE || shape->n_items != strides->n_items)
        return vdt_bad_file(error, file->origin, "tensor '%s' has no proper shape and strides",
                            name);
    if (shape->n_items > VDT_MAX_DIMS)
        return vdt_unsupported_file(error, file->origin,
                                    "tensor '%s' has %u dimensions, the limit is %d", name,
                                    shape->n_items, VDT_MAX_DIMS);
    *view = (View){.shape.n_dims = shape->n_items, .start = args->items[1]->integer};
    for (guint i = 0; i < shape->n_items; i++) {
        if (shape->items[i]->kind != VDT_PICKLE_INT || strides->items[i]->kind != VDT_PICKLE_INT)
            return vdt_bad_file(error, file->origin, "tensor '%s' has no proper shape and strides",
                                name);
        view->shape.dims[i] = shape->items[i]->integer;
        if (strides->items[i]->integer < 0)
            return vdt_bad_file(error, file->origin,
                                "tensor '%s' has the negative stride %" G_GINT64_FORMAT, name,
                                strides->items[i]->integer);
        if (view->shape.dims[i] > 1)
            view->strides[i] = strides->items[i]->integer;
    }
    view->elements = vdt_shape_elements(&view->shape);
    if (view->elements < 0) {
        g_autofree char *text = vdt_shape_to_string(&view->shape);

        return vdt_bad_file(error, file->origin, "tensor '%s' has the impossible shape %s", name,
                            text);
    }
    return TRUE;
}

/* TRUE if all elements lie within the @available elements of the storage. */
static gboolean view_fits(const View *view, gint64 available)
{
    gint64 last = view->start;

    if (view->start < 0)
        return FALSE;
    if (view->elements == 0)
        return TRUE;
    for (guint i = 0; i < view->shape.n_dims; i++) {
        gint64 extent;

        if (__builtin_mul_overflow(view->shape.dims[i] - 1, view->strides[i], &extent) ||
            __builtin_add_overflow(last, extent, &last))
            return FALSE;
    }
    return last < available;
}

static gboolean view_is_contiguous(const View *view)
{
    gint64 expected = 1;

    for (guint i = view->shape.n_dims; i-- > 0;) {
        if (view->shape.dims[i] != 1 && view->strides[i] != expected)
            return FALSE;
        expected *= view->shape.dims[i];
    }
    return TRUE;
}

/* Copies element by element, counting through the dimensions like an odometer. */
static void gather(const View *view, const char *from, VdtTensor *tensor)
{
    gsize size = vdt_dtype_size(tensor->dtype);
    char *to = tensor->data;
    gint64 index[VDT_MAX_DIMS] = {0};
    gint64 at = 0;

    for (gint64 n = 0; n < view->elements; n++) {
        memcpy(to, from + (gsize)at * size, size);
        to += size;
        for (guint i = view->shape.n_dims; i-- > 0;) {
            at += view->strides[i];
            if (++index[i] < view->shape.dims[i])
                break;
            at -= view->strides[i] * view->shape.dims[i];
            index[i] = 0;
        }
    }
}

static gboolean spend(VdtPytorchFile *file, gint64 elements, gsize size, const char *name,
                      GError **error)
{
    if ((guint64)elements > file->budget / size)
        return vdt_bad_file(error, file->origin,
                            "tensor '%s' has %" G_GINT64_FORMAT " elements of %" G_GSIZE_FORMAT
                            " bytes, the limit for a file of this size is %" G_GSIZE_FORMAT
                            " bytes more",
                            name, elements, size, file->budget);
    file->budget -= (gsize)elements * size;
    return TRUE;
}

static VdtTensor *materialise(VdtPytorchFile *file, const VdtPytorchStorage *storage,
                              const View *view, GBytes *bytes, const char *name, GError **error)
{
    gsize size = storage->element_size;
    gsize start = (gsize)(storage->view_start + view->start) * size;
    const char *from = (const char *)g_bytes_get_data(bytes, NULL) + start;
    gboolean contiguous = view_is_contiguous(view);
    VdtTensor *tensor;

    if (!(contiguous && (guintptr)from % size == 0) &&
        !spend(file, view->elements, size, name, error))
        return NULL;
    if (contiguous)
        return vdt_tensor_from_bytes(storage->dtype, &view->shape, bytes, start, error);
    tensor = vdt_tensor_new(storage->dtype, &view->shape, error);
    if (tensor != NULL)
        gather(view, from, tensor);
    return tensor;
}

/* --- Descriptions --------------------------------------------------------------------------- */

static gboolean is_rebuild(const VdtPickleValue *function, const char *name)
{
    return vdt_pickle_is_global(function, "torch._utils", name) ||
           vdt_pickle_is_global(function, "torch._tensor", name) ||
           vdt_pickle_is_global(function, "torch.tensor", name);
}

/* Looks through parameters and attributes at the call that makes the tensor itself. */
static gboolean find_call(const VdtPickleValue *value, const VdtPickleValue **function,
                          const VdtPickleValue **args)
{
    if (value->kind != VDT_PICKLE_OBJECT || value->tail->kind != VDT_PICKLE_TUPLE)
        return FALSE;
    *function = value->head;
    *args = value->tail;
    for (guint i = 0; i < MAX_WRAPPERS; i++) {
        if ((is_rebuild(*function, "_rebuild_parameter") ||
             is_rebuild(*function, "_rebuild_parameter_with_state")) &&
            (*args)->n_items > 0 && (*args)->items[0]->kind == VDT_PICKLE_OBJECT &&
            (*args)->items[0]->tail->kind == VDT_PICKLE_TUPLE) {
            *function = (*args)->items[0]->head;
            *args = (*args)->items[0]->tail;
        } else if ((is_rebuild(*function, "_rebuild_from_type_v2") ||
                    is_rebuild(*function, "_rebuild_from_type")) &&
                   (*args)->n_items > 2 && (*args)->items[2]->kind == VDT_PICKLE_TUPLE) {
            *function = (*args)->items[0];
            *args = (*args)->items[2];
        } else {
            break;
        }
    }
    return TRUE;
}

gboolean vdt_pytorch_is_tensor(const VdtPickleValue *value)
{
    const VdtPickleValue *function, *args;

    if (!find_call(value, &function, &args) || function->kind != VDT_PICKLE_GLOBAL)
        return FALSE;
    return function->tail->length > 9 && memcmp(function->tail->text, "_rebuild_", 9) == 0 &&
           function->head->length >= 6 && memcmp(function->head->text, "torch.", 6) == 0;
}

/* A complex tensor's lazy conjugation and the like, which stand in a dictionary at the end. */
static gboolean has_lazy_bits(const VdtPickleValue *args)
{
    return args->n_items > 6 && args->items[6]->kind != VDT_PICKLE_NONE &&
           (args->items[6]->kind != VDT_PICKLE_DICT || args->items[6]->n_items > 0);
}

VdtTensor *vdt_pytorch_make_tensor(VdtPytorchFile *file, const VdtPickleValue *value,
                                   const char *name, GError **error)
{
    const VdtPickleValue *function, *args;
    VdtPytorchStorage storage;
    g_autofree char *key = NULL;
    GBytes *bytes;
    View view;

    if (!find_call(value, &function, &args))
        g_return_val_if_reached(NULL);
    if (!(is_rebuild(function, "_rebuild_tensor_v2") || is_rebuild(function, "_rebuild_tensor")) ||
        has_lazy_bits(args)) {
        vdt_unsupported_file(error, file->origin, "tensor '%s' is of a special kind (%.*s)", name,
                             (int)MIN(function->tail->length, 80), function->tail->text);
        return NULL;
    }
    if (!spend(file, 1, TENSOR_BYTES, name, error))
        return NULL;
    if (args->n_items < 4 || !vdt_pytorch_storage_init(&storage, args->items[0])) {
        vdt_bad_file(error, file->origin, "tensor '%s' has no proper storage", name);
        return NULL;
    }
    key = storage.key;
    if (storage.dtype == VDT_N_DTYPES) {
        vdt_unsupported_file(error, file->origin, "tensor '%s' has elements of %.*s", name,
                             (int)MIN(storage.type_name->length, 80), storage.type_name->text);
        return NULL;
    }
    bytes = find_storage(file, &storage, error);
    if (bytes == NULL || !read_view(file, args, name, &view, error))
        return NULL;
    if (!view_fits(&view, storage.view_elements)) {
        g_autofree char *shape = vdt_shape_to_string(&view.shape);

        vdt_bad_file(error, file->origin,
                     "tensor '%s' of shape %s reaches beyond the %" G_GINT64_FORMAT
                     " elements of storage '%s'",
                     name, shape, storage.view_elements, storage.key);
        return NULL;
    }
    if (view.elements == 0)
        return vdt_tensor_new(storage.dtype, &view.shape, error);
    return materialise(file, &storage, &view, bytes, name, error);
}
