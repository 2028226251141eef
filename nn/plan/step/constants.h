/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Constants that plans of the same weights share: packed weights, tables, zeros.
 *
 * What a constant is made of has an identity: a number that is the same for the same tensor, for
 * the same op over the same, and for the same packing of the same, and for nothing else. Names,
 * places in a graph and equal values mean nothing. So a plan finds what a sibling made of the same
 * weights, whatever else their graphs hold, and never takes what was made of others.
 *
 * Plans that were made from each other have one store; it holds nothing alive by itself. It is
 * locked while a plan is made. Bound tensors are not written to while plans of them exist.
 */
#pragma once

#include <glib.h>
#include <vedette/tensor.h>

typedef struct _VdtConstants VdtConstants;
typedef guint VdtIdentity; /* from 1; 0 is none */

VdtConstants *vdt_constants_new(void);
VdtConstants *vdt_constants_ref(VdtConstants *constants);
void vdt_constants_unref(VdtConstants *constants);

void vdt_constants_lock(VdtConstants *constants);
void vdt_constants_unlock(VdtConstants *constants);

/* With the lock held: the identity of a tensor. */
VdtIdentity vdt_identity_of_tensor(VdtConstants *constants, const VdtTensor *tensor);
/* With the lock held: of what @what makes of @of, as @n bytes of @options say. */
VdtIdentity vdt_identity_of(VdtConstants *constants, const char *what, gconstpointer options,
                            gsize n, const VdtIdentity *of, guint n_of);

/* Memory of a constant. Plans refer to it, and the last one frees it. */
typedef struct {
    gint ref_count; /* under the lock */
    VdtIdentity identity;
    gsize size;
    void *data;
} VdtBlob;

/* With the lock held: the memory of @identity, referred to; *fresh says that it was made now, and
 * is to be filled. NULL if there is no memory. */
VdtBlob *vdt_constants_get(VdtConstants *constants, VdtIdentity identity, gsize size,
                           gboolean *fresh);
/* With the lock held. */
void vdt_constants_drop(VdtConstants *constants, VdtBlob *blob);
