/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A map of classes beside a picture, as training and evaluation read it. */
#include "data/picturefolder.h"
#include "fuzz.h"
#include "memfile.h"
#include "mendpng.h"

#define N_CLASSES 5

static gboolean load(gboolean zero_is_other)
{
    /* It would be told of one number that is no class's. */
    PictureFolder folder = {fuzz_folder(), "split", N_CLASSES, zero_is_other, .warned = TRUE};
    g_auto(LabelPng) map = {0};
    g_autoptr(GError) error = NULL;
    const gboolean ok = picture_folder_load_map(&folder, "picture.jpg", &map, &error);

    g_assert(ok == (error == NULL) && ok == (map.classes != NULL));
    if (!ok)
        return FALSE;
    g_assert(picture_folder_check_size("fuzz", map.width, map.height, &map, NULL));
    for (gsize i = 0; i < (gsize)map.width * map.height; i++)
        g_assert(map.classes[i] < N_CLASSES || map.classes[i] == PICTURE_NOTHING);
    return TRUE;
}

static void load_both(const guint8 *data, gsize size)
{
    fuzz_named_file("annotations/split/picture.png", data, size);
    if (load(FALSE))
        g_assert(load(TRUE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree guint8 *mended = fuzz_mend_png(data, size);

    load_both(data, size);
    if (mended != NULL)
        load_both(mended, size);
    return 0;
}
