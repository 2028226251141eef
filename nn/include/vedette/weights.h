/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Weight files: an ordered map from names to tensors.
 *
 * Loading recognises the format by content, not by name: .safetensors, and PyTorch files in the
 * zip container (1.6 and later) and the legacy one. A PyTorch file is read by an unpickler that can
 * build tensors and plain containers and nothing else; it never runs code. Dictionaries that
 * training programs wrap a state dict in ("state_dict", "model_state_dict" and so on), and the
 * prefix "module." that data-parallel training adds to every name, are peeled. What lies in other
 * dictionaries has names with a path, as in "generator.conv.weight". Files are input from outside:
 * a damaged or hostile one is VDT_ERROR_FORMAT, and nothing is allocated that the file's size does
 * not justify.
 *
 * Loading reads all of the file: what is done to it later changes no tensor. It stays open.
 *
 * A VdtWeights is reference counted and may be read by several threads at once.
 */
#pragma once

#include <vedette/tensor.h>

G_BEGIN_DECLS

typedef struct _VdtWeights VdtWeights;

VDT_API VdtWeights *vdt_weights_new(void);
VDT_API VdtWeights *vdt_weights_load(const char *path, GError **error);
VDT_API VdtWeights *vdt_weights_ref(VdtWeights *weights);
VDT_API void vdt_weights_unref(VdtWeights *weights);

/** Adds or replaces (a replaced tensor keeps its place); takes a reference of its own. */
VDT_API void vdt_weights_insert(VdtWeights *weights, const char *name, VdtTensor *tensor);
VDT_API guint vdt_weights_get_n_tensors(const VdtWeights *weights);
/** Name of tensor @i in file order; owned by @weights. */
VDT_API const char *vdt_weights_get_name(const VdtWeights *weights, guint i);
/** Tensor @i in file order; owned by @weights. */
VDT_API VdtTensor *vdt_weights_get_tensor(const VdtWeights *weights, guint i);
/** Tensor by name, or NULL; owned by @weights. */
VDT_API VdtTensor *vdt_weights_lookup(const VdtWeights *weights, const char *name);
/** Tensors that the file holds and that cannot be had, of types or kinds that are not supported: a
 * network that does not ask for them runs all the same. Name of the one of index @i, with what
 * stands in its way; both owned by @weights. */
VDT_API guint vdt_weights_get_n_unread(const VdtWeights *weights);
VDT_API const char *vdt_weights_get_unread(const VdtWeights *weights, guint i, const char **reason);
/** What stands in the way of the tensor of that name; NULL if it is none of these. */
VDT_API const char *vdt_weights_why_unread(const VdtWeights *weights, const char *name);
/** Path the weights were loaded from, for messages; "made-up weights" or the like if none. */
VDT_API const char *vdt_weights_get_origin(const VdtWeights *weights);
VDT_API void vdt_weights_set_origin(VdtWeights *weights, const char *origin);
/** "safetensors", "pytorch-zip", "pytorch-legacy", or "memory". */
VDT_API const char *vdt_weights_get_format(const VdtWeights *weights);

/** Free text that a .safetensors file carries beside its tensors ("__metadata__"), by key; NULL if
 * there is none. Owned by @weights. */
VDT_API const char *vdt_weights_get_metadata(const VdtWeights *weights, const char *key);
/** Sets it; written by vdt_weights_save_safetensors(). @value is UTF-8; NULL takes it away. */
VDT_API void vdt_weights_set_metadata(VdtWeights *weights, const char *key, const char *value);

/** Gives the memory of a file's tensors back to the system, but for tensors that somebody else
 * holds a reference to. To be called when plans have been made: they hold packed copies. The others
 * must not be read before vdt_weights_restore_pages(). */
VDT_API void vdt_weights_drop_pages(VdtWeights *weights);
/** Reads them again, from the file that was loaded even if another has its name by now. FALSE, with
 * VDT_ERROR_FORMAT, if somebody has written into that file meanwhile. Both take the weights for
 * themselves: no other thread may use them during a call. */
VDT_API gboolean vdt_weights_restore_pages(VdtWeights *weights, GError **error);

/** Writes a .safetensors file, atomically (a full disk leaves the old file). */
VDT_API gboolean vdt_weights_save_safetensors(const VdtWeights *weights, const char *path,
                                              GError **error);

/** One array in numpy's .npy format, versions 1 to 3, little endian; Fortran order is refused. */
VDT_API VdtTensor *vdt_npy_load(const char *path, GError **error);
VDT_API gboolean vdt_npy_save(const VdtTensor *tensor, const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtWeights, vdt_weights_unref)

G_END_DECLS
