/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults.h"

typedef struct {
    char *name, *sentence;
    gint64 until;
} Fault;

struct _VdtFaults {
    GPtrArray *faults;
};

static void fault_free(gpointer data)
{
    Fault *fault = data;

    g_free(fault->name);
    g_free(fault->sentence);
    g_free(fault);
}

VdtFaults *vdt_faults_new(void)
{
    VdtFaults *faults = g_new(VdtFaults, 1);

    faults->faults = g_ptr_array_new_with_free_func(fault_free);
    return faults;
}

void vdt_faults_free(VdtFaults *faults)
{
    g_ptr_array_unref(faults->faults);
    g_free(faults);
}

static Fault *find(VdtFaults *faults, const char *name)
{
    for (guint i = 0; i < faults->faults->len; i++) {
        Fault *fault = faults->faults->pdata[i];

        if (g_str_equal(fault->name, name))
            return fault;
    }
    return NULL;
}

gboolean vdt_faults_set(VdtFaults *faults, const char *name, const char *sentence, gint64 until)
{
    Fault *fault = find(faults, name);
    gboolean same;

    if (!sentence)
        return fault && g_ptr_array_remove(faults->faults, fault);
    if (!fault) {
        fault = g_new0(Fault, 1);
        fault->name = g_strdup(name);
        g_ptr_array_add(faults->faults, fault);
    }
    fault->until = until;
    same = g_strcmp0(fault->sentence, sentence) == 0;
    if (!same) {
        g_free(fault->sentence);
        fault->sentence = g_strdup(sentence);
    }
    return !same;
}

gboolean vdt_faults_expire(VdtFaults *faults, gint64 now)
{
    const guint n = faults->faults->len;

    for (guint i = n; i > 0; i--)
        if (((Fault *)faults->faults->pdata[i - 1])->until <= now)
            g_ptr_array_remove_index(faults->faults, i - 1);
    return faults->faults->len != n;
}

char *vdt_faults_describe(const VdtFaults *faults)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < faults->faults->len; i++)
        g_string_append_printf(text, "%s%s", i ? "; " : "",
                               ((Fault *)faults->faults->pdata[i])->sentence);
    return text->len ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}
