/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "constants.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tensor/pages.h"

struct _VdtConstants {
    gint ref_count;
    pthread_mutex_t lock;
    GHashTable *identities; /* GBytes that say what it is, to the number */
    GHashTable *blobs;      /* identity to VdtBlob, which plans own */
};

VdtConstants *vdt_constants_new(void)
{
    VdtConstants *constants = g_new0(VdtConstants, 1);

    constants->ref_count = 1;
    pthread_mutex_init(&constants->lock, NULL);
    constants->identities =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    constants->blobs = g_hash_table_new(NULL, NULL);
    return constants;
}

VdtConstants *vdt_constants_ref(VdtConstants *constants)
{
    g_atomic_int_inc(&constants->ref_count);
    return constants;
}

void vdt_constants_unref(VdtConstants *constants)
{
    if (!g_atomic_int_dec_and_test(&constants->ref_count))
        return;
    g_hash_table_unref(constants->blobs);
    g_hash_table_unref(constants->identities);
    pthread_mutex_destroy(&constants->lock);
    g_free(constants);
}

void vdt_constants_lock(VdtConstants *constants)
{
    pthread_mutex_lock(&constants->lock);
}

void vdt_constants_unlock(VdtConstants *constants)
{
    pthread_mutex_unlock(&constants->lock);
}

VdtIdentity vdt_identity_of(VdtConstants *constants, const char *what, gconstpointer options,
                            gsize n, const VdtIdentity *of, guint n_of)
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    g_autoptr(GBytes) key = NULL;
    gpointer known;

    g_byte_array_append(text, (const guint8 *)what, strlen(what) + 1);
    g_byte_array_append(text, (const guint8 *)&n, sizeof n);
    g_byte_array_append(text, options, n);
    g_byte_array_append(text, (const guint8 *)of, n_of * sizeof *of);
    key = g_byte_array_free_to_bytes(g_steal_pointer(&text));
    known = g_hash_table_lookup(constants->identities, key);
    if (!known) {
        known = GUINT_TO_POINTER(g_hash_table_size(constants->identities) + 1);
        g_hash_table_insert(constants->identities, g_steal_pointer(&key), known);
    }
    return GPOINTER_TO_UINT(known);
}

VdtIdentity vdt_identity_of_tensor(VdtConstants *constants, const VdtTensor *tensor)
{
    return vdt_identity_of(constants, "tensor", &tensor->serial, sizeof tensor->serial, NULL, 0);
}

VdtBlob *vdt_constants_get(VdtConstants *constants, VdtIdentity identity, gsize size,
                           gboolean *fresh)
{
    VdtBlob *blob = g_hash_table_lookup(constants->blobs, GUINT_TO_POINTER(identity));
    void *data;

    *fresh = FALSE;
    if (blob) {
        g_assert(blob->size == size);
        blob->ref_count++;
        return blob;
    }
    data = vdt_pages_alloc(size);
    if (!data)
        return NULL;
    *fresh = TRUE;
    blob = g_new(VdtBlob, 1);
    *blob = (VdtBlob){1, identity, size, data};
    g_hash_table_insert(constants->blobs, GUINT_TO_POINTER(identity), blob);
    return blob;
}

void vdt_constants_drop(VdtConstants *constants, VdtBlob *blob)
{
    if (--blob->ref_count > 0)
        return;
    g_hash_table_remove(constants->blobs, GUINT_TO_POINTER(blob->identity));
    free(blob->data);
    g_free(blob);
}
