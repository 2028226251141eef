/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Linked with --wrap=aligned_alloc. */
#include <stdlib.h>
#include <string.h>

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    void *memory = __real_aligned_alloc(alignment, size);

    if (memory)
        memset(memory, 0xff, size); /* a NaN as float and as bfloat16 */
    return memory;
}
