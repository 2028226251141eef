/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory that outlives runs and sessions. */
#include "state.h"

struct _VdtState {
    gint ref_count;
    gint in_use;
    VdtTensor *tensor;
};

VdtState *vdt_state_new(VdtDType dtype, const VdtShape *shape, GError **error)
{
    VdtTensor *tensor = vdt_tensor_new(dtype, shape, error);
    VdtState *state;

    if (!tensor)
        return NULL;
    state = g_new0(VdtState, 1);
    state->ref_count = 1;
    state->tensor = tensor;
    return state;
}

VdtState *vdt_state_ref(VdtState *state)
{
    g_atomic_int_inc(&state->ref_count);
    return state;
}

void vdt_state_unref(VdtState *state)
{
    if (!state || !g_atomic_int_dec_and_test(&state->ref_count))
        return;
    vdt_tensor_unref(state->tensor);
    g_free(state);
}

VdtTensor *vdt_state_get_tensor(VdtState *state)
{
    return state->tensor;
}

gboolean vdt_state_take(VdtState *state)
{
    return g_atomic_int_compare_and_exchange(&state->in_use, 0, 1);
}

void vdt_state_give_back(VdtState *state)
{
    g_atomic_int_set(&state->in_use, 0);
}
