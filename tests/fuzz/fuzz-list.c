/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list of videos with their classes. */
#include <string.h>

#include "data/folderclips.h"
#include "fuzz.h"
#include "memfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_named_file("list.csv", data, size);
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) labels = folder_labels(path, &error);

    g_assert((labels == NULL) == (error != NULL));
    if (labels == NULL)
        return 0;
    /* Videos that are not there are a mistake of the list's. */
    VdtCard card = {.width = 8, .height = 8, .frames = 4, .frame_interval = 1, .window = 1};
    ClipFormat format = clip_format_for_card(&card, FALSE);
    g_autoptr(ClipSet) set = folder_clips_new(path, labels, 1, &card, &format, &error);
    g_assert((set == NULL) == (error != NULL));
    return 0;
}
