/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inferfolder.h"

#include <string.h>
#include <vedette/error.h>

#include "data/picturefolder.h"

gboolean infer_folder(const char *folder, InferFolderFunc func, gpointer data, GError **error)
{
    g_autoptr(GPtrArray) names = picture_names(folder, error);
    guint n_bad = 0;
    if (names == NULL)
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *stem = g_strndup(name, strrchr(name, '.') - name);
        g_autoptr(GError) mistake = NULL;
        if (func(data, path, stem, &mistake))
            continue;
        g_printerr("vedette infer: %s\n", mistake->message);
        n_bad++;
        if (g_error_matches(mistake, VDT_ERROR, VDT_ERROR_CANCELLED))
            break;
    }
    if (n_bad == 0)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "%s: %u of %u pictures failed", folder, n_bad,
                names->len);
    return FALSE;
}
