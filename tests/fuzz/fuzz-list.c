/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list of videos with their classes. */
#include <string.h>

#include "data/folderclips.h"
#include "fuzz.h"
#include "memfile.h"

/* Classes are as many as the highest number says, up to 100,000: what has thousands takes the time
 * that a hundred others could be tried in. */
static gboolean has_thousands(const guint8 *data, gsize size)
{
    guint digits = 0;

    for (gsize i = 0; i < size && digits != 4; i++)
        digits = g_ascii_isdigit(data[i]) ? digits + 1 : 0;
    return digits == 4;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (has_thousands(data, size))
        return 0;
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
