/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Tensors: a type, a shape and contiguous memory.
 *
 * Dimensions are in PyTorch's order (the last one varies fastest): pictures are [N,C,H,W], clips
 * [N,C,T,H,W], matrices of linear layers [out,in]. A tensor is reference counted; the count is
 * atomic, the contents are not guarded: share tensors that nobody writes to.
 */
#pragma once

#include <vedette/error.h>

G_BEGIN_DECLS

#define VDT_MAX_DIMS 8
/** Alignment in bytes of memory that Vedette allocates for tensors. */
#define VDT_ALIGN    64

typedef enum {
    VDT_F32,
    VDT_F64,
    VDT_F16,
    VDT_BF16,
    VDT_I64,
    VDT_I32,
    VDT_I16,
    VDT_I8,
    VDT_U8,
    VDT_BOOL,
    VDT_N_DTYPES,
} VdtDType;

/** Name as PyTorch and numpy spell it: "float32", "bfloat16", "int64" … */
VDT_API const char *vdt_dtype_name(VdtDType dtype);
/** Reverse of vdt_dtype_name(). Returns FALSE for an unknown name. */
VDT_API gboolean vdt_dtype_from_name(const char *name, VdtDType *dtype);
/** Bytes of a block: of one element, for types whose elements stand alone. */
VDT_API gsize vdt_dtype_size(VdtDType dtype);

/** A shape; n_dims 0 is a scalar (one element). Plain data, copied by value. */
typedef struct {
    guint n_dims;
    gint64 dims[VDT_MAX_DIMS];
} VdtShape;

/** vdt_shape(1, 3, 224, 224) */
#define vdt_shape(...)                                                                             \
    vdt_shape_from((const gint64[]){__VA_ARGS__},                                                  \
                   sizeof((const gint64[]){__VA_ARGS__}) / sizeof(gint64))
VDT_API VdtShape vdt_shape_from(const gint64 *dims, guint n_dims);
VDT_API gboolean vdt_shape_equal(const VdtShape *a, const VdtShape *b);
/** Number of elements, or -1 if a dimension is negative or the product passes G_MAXINT64. */
VDT_API gint64 vdt_shape_elements(const VdtShape *shape);
/** "[1,3,224,224]"; caller frees. */
VDT_API char *vdt_shape_to_string(const VdtShape *shape);

/** How a type lies in memory: so many elements, neighbours in the last dimension, in so many bytes.
 * A block of one element is the usual case; 32 in 18 bytes are 4 bits each and a scale. */
typedef struct {
    const char *name;
    gsize block_elements, block_bytes;
} VdtDTypeRow;

/** The row of @dtype, which is static. */
VDT_API const VdtDTypeRow *vdt_dtype_get_row(VdtDType dtype);
/** Bytes of a tensor of that type. FALSE, with VDT_ERROR_SHAPE, if the shape is not valid, the
 * product is too large, or the last dimension is no multiple of a block. */
VDT_API gboolean vdt_dtype_row_bytes(const VdtDTypeRow *row, const VdtShape *shape, gsize *n_bytes,
                                     GError **error);

/**
 * VdtTensor: fields are read-only for users; data may be written by whoever made the tensor.
 */
typedef struct {
    VdtDType dtype;
    VdtShape shape;
    gsize n_bytes;
    void *data;
    /*< private >*/
    gint ref_count;
    guint64 serial; /* of this tensor alone in the process's life */
    GDestroyNotify owner_unref;
    gpointer owner;
} VdtTensor;

/** A new tensor with zeroed memory of its own, aligned to VDT_ALIGN. Returns NULL and sets @error
 * if the shape is not valid or the memory cannot be had. */
VDT_API VdtTensor *vdt_tensor_new(VdtDType dtype, const VdtShape *shape, GError **error);
/** A tensor over @data of somebody else; @owner_unref(@owner) is called when the last reference
 * goes. @data holds exactly the shape's bytes. @data is not written through by the library. */
VDT_API VdtTensor *vdt_tensor_new_for_data(VdtDType dtype, const VdtShape *shape, const void *data,
                                           GDestroyNotify owner_unref, gpointer owner);
VDT_API VdtTensor *vdt_tensor_ref(VdtTensor *tensor);
VDT_API void vdt_tensor_unref(VdtTensor *tensor);
/** A copy converted to @dtype (float types among each other, integers to floats; anything else is
 * VDT_ERROR_UNSUPPORTED). Rounds to nearest, ties to even. */
VDT_API VdtTensor *vdt_tensor_convert(const VdtTensor *tensor, VdtDType dtype, GError **error);

/**
 * Fills with values that depend on @name and the position only, uniform in [lo, hi): FNV-1a of the
 * name, splitmix64 of the position, 24 bits to [0,1), lo + u (hi - lo) in double, rounded once.
 * Integer types get lo + floor(u (hi - lo)). Every program that follows this recipe gets the same
 * bits; recorded reference outputs rely on it.
 */
VDT_API void vdt_tensor_fill_uniform(VdtTensor *tensor, const char *name, double lo, double hi);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtTensor, vdt_tensor_unref)

G_END_DECLS
