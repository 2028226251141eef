/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vedette/tensor.h>

#define LARGE (4 * 1024 * 1024) /* some huge pages of x86-64 lie within, wherever it begins */

void *vdt_pages_alloc(gsize size)
{
    gsize rounded, page = sysconf(_SC_PAGESIZE), begin;
    char *data;

    if (!g_size_checked_add(&rounded, MAX(size, 1), VDT_ALIGN - 1))
        return NULL;
    rounded = rounded / VDT_ALIGN * VDT_ALIGN;
    data = aligned_alloc(VDT_ALIGN, rounded);
    /* A product reads megabytes of weights once: with small pages it waits for page tables, too.
     * It is a hint; what does not fill a huge page stays in small ones. */
    if (data && rounded >= LARGE) {
        begin = (page - (guintptr)data % page) % page;
        madvise(data + begin, (rounded - begin) / page * page, MADV_HUGEPAGE);
    }
    return data;
}
