/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The readers of single formats, over bytes in memory.
 *
 * All of them take input from outside. Tensors point into @bytes where their alignment allows it
 * and then keep a reference to it; they are copied otherwise. @origin names the file in messages
 * and becomes the origin of the weights. Results are owned by the caller.
 */
#pragma once

#include "file-error.h"
#include "owned-file.h"
#include <vedette/weights.h>

/* Elements are used as they lie in the files, which are little endian. */
G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN);

/** Any weight file, recognised by its content. */
VdtWeights *vdt_weights_parse(GBytes *bytes, const char *origin, GError **error);

VdtWeights *vdt_safetensors_parse(GBytes *bytes, const char *origin, GError **error);
VdtWeights *vdt_pytorch_zip_parse(GBytes *bytes, const char *origin, GError **error);
VdtWeights *vdt_pytorch_legacy_parse(GBytes *bytes, const char *origin, GError **error);
VdtTensor *vdt_npy_parse(GBytes *bytes, const char *origin, GError **error);

/** TRUE if @bytes begin like the older kind of PyTorch file. */
gboolean vdt_pytorch_legacy_matches(GBytes *bytes);

/** An empty map that remembers where it comes from. @format is a static string. */
VdtWeights *vdt_weights_new_for_file(const char *origin, const char *format);

/** Keeps the name of a tensor that cannot be had. @reason is a sentence about the tensor. */
void vdt_weights_add_unread(VdtWeights *weights, const char *name, const char *reason);

/** Calls @func with every key and its text, in the order of the keys, until it returns TRUE. */
void vdt_weights_foreach_metadata(const VdtWeights *weights, GTraverseFunc func, gpointer data);

/** The same tensors under other names: those that @rename gives, which are the callee's to make, or
 * as they are where it says NULL. Where two have one name, the one that got it is kept. */
VdtWeights *vdt_weights_rename(const VdtWeights *weights,
                               char *(*rename)(const char *name, gconstpointer data),
                               gconstpointer data);

/** Hands over the file whose bytes were parsed, for vdt_weights_drop_pages(). */
void vdt_weights_set_file(VdtWeights *weights, VdtOwnedFile *file);

/** A tensor of the @n_bytes at @offset of @bytes, which the shape needs exactly: a view if the
 * place is aligned for the type, a copy if not. */
VdtTensor *vdt_tensor_from_bytes(VdtDType dtype, const VdtShape *shape, GBytes *bytes, gsize offset,
                                 GError **error);
