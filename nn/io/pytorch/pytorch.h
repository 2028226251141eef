/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What the two kinds of PyTorch files have in common: tensors described by a pickle, and numbered
 * storages beside it.
 *
 * A tensor is a strided view of a storage. One that lies contiguous and aligned in the file stays
 * there; others are copied, and all that one file makes, values of its pickles, tensors and
 * copies, comes out of a budget, vdt_pytorch_budget(), so that no description can make it grow.
 */
#pragma once

#include "io/formats.h"
#include "pickle.h"

typedef struct {
    const char *origin;
    const char *format;   /* as vdt_weights_get_format() tells it */
    gsize budget;         /* bytes that may still be allocated */
    GHashTable *storages; /* key to GBytes, those known so far */
    /* Gets a storage that is not in the table yet; NULL if the table has all of them. */
    GBytes *(*read_storage)(gpointer container, const char *key, GError **error);
    gpointer container;
} VdtPytorchFile;

/** What a pickle says about a storage. */
typedef struct {
    const VdtPickleValue *type_name;
    VdtDType dtype;     /* VDT_N_DTYPES if it is none of ours */
    gsize element_size; /* 0 if the type is unknown altogether */
    char *key;
    gint64 n_elements;
    gint64 view_start, view_elements; /* the part that tensors see; older files have such parts */
} VdtPytorchStorage;

/** 6 bytes for each byte of the file, and 32 MiB: enough for buffers that were saved expanded and
 * for the state of an optimiser, and no bomb. */
gsize vdt_pytorch_budget(gsize file_size);

/** FALSE if @value is not the persistent id of a storage. The key is to be freed. It has at most
 * 255 bytes (PyTorch counts): any number of tensors may name one key. */
gboolean vdt_pytorch_storage_init(VdtPytorchStorage *storage, const VdtPickleValue *value);

/** The value of a key that is text in a dict or an OrderedDict; NULL if there is none, or if
 * @dict is something else. */
const VdtPickleValue *vdt_pytorch_lookup(const VdtPickleValue *dict, const char *key);

/** The tensors of the state dict that @root is or wraps. */
VdtWeights *vdt_pytorch_collect(VdtPytorchFile *file, const VdtPickleValue *root, GError **error);

/** The tensor that @value describes, a call of torch._utils._rebuild_tensor_v2 or the like.
 * @name is for messages. vdt_pytorch_is_tensor() must hold. */
VdtTensor *vdt_pytorch_make_tensor(VdtPytorchFile *file, const VdtPickleValue *value,
                                   const char *name, GError **error);

/** TRUE if @value is a tensor, be it of a kind that vdt_pytorch_make_tensor() refuses. */
gboolean vdt_pytorch_is_tensor(const VdtPickleValue *value);
