/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restoredfirst.h"

#include "restore.h"

struct _RestoredFirst {
    VdtEngine *engine;
    VdtRestorer *restorer;
    guint restoration;
    char *name; /* of the model and its task */
    GMutex lock;
    /* guarded, as is the restorer */
    GError *error;
};

RestoredFirst *restored_first_new(const char *model, const char *task, VdtPrecision precision,
                                  GError **error)
{
    const VdtEngineOptions options = {.model = model, .precision = precision};
    const VdtRestorerOptions usual = {0};
    g_autoptr(RestoredFirst) first = g_new0(RestoredFirst, 1);
    g_mutex_init(&first->lock);
    first->engine = vdt_engine_new(&options, error);
    if (first->engine == NULL)
        return NULL;
    const VdtCard *card = vdt_engine_get_card(first->engine);
    first->restorer = vdt_restorer_new(first->engine, &usual, error);
    if (first->restorer == NULL)
        return NULL;
    vdt_restorer_get_restorations(first->restorer, &first->restoration);
    if (task != NULL && !vdt_restorer_find(first->restorer, task, &first->restoration, error))
        return NULL;
    guint scale = vdt_restorer_get_scale(first->restorer, first->restoration, error);
    if (scale > 1)
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s makes pictures larger, which is nothing that a network is asked after",
                    card->name);
    if (scale != 1)
        return NULL;
    const char *const *names = vdt_restorer_get_restorations(first->restorer, NULL);
    first->name = g_strdup_printf("%s, %s", card->name, names[first->restoration]);
    return g_steal_pointer(&first);
}

void restored_first_free(RestoredFirst *first)
{
    if (first == NULL)
        return;
    g_clear_pointer(&first->restorer, vdt_restorer_free);
    g_clear_pointer(&first->engine, vdt_engine_unref);
    g_clear_error(&first->error);
    g_free(first->name);
    g_mutex_clear(&first->lock);
    g_free(first);
}

const char *restored_first_get_name(const RestoredFirst *first)
{
    return first->name;
}

static void restore(gpointer data, const VdtPicture *from, VdtPicture *to)
{
    RestoredFirst *first = data;
    const gsize n = (gsize)3 * from->width * from->height;
    g_autofree float *picture = g_new(float, n), *result = g_new0(float, n);
    const VdtRestoreRequest request = {first->restoration, 1, NULL};
    vdt_restore_from_picture(from, picture);
    g_mutex_lock(&first->lock);
    if (first->error == NULL)
        vdt_restorer_run(first->restorer, &request, picture, from->width, from->height, result,
                         NULL, &first->error);
    g_mutex_unlock(&first->lock);
    vdt_restore_to_picture(result, to);
}

void restored_first_apply(RestoredFirst *first, ClipFormat *format)
{
    if (first != NULL)
        format->change = (ClipChange){restore, first, first->name};
}

gboolean restored_first_check(RestoredFirst *first, GError **error)
{
    if (first == NULL || first->error == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&first->error));
    return FALSE;
}
