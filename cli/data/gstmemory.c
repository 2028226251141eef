/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstmemory.h"

#include <string.h>

typedef struct {
    GstAllocator parent;
    gsize most;
} LimitedAllocator;

typedef struct {
    GstAllocatorClass parent;
} LimitedAllocatorClass;

GType limited_allocator_get_type(void);
G_DEFINE_TYPE(LimitedAllocator, limited_allocator, GST_TYPE_ALLOCATOR)

/* NULL is passed on as an error by those who asked. */
static GstMemory *alloc(GstAllocator *allocator, gsize size, GstAllocationParams *params)
{
    const LimitedAllocator *self = (LimitedAllocator *)allocator;
    /* Alignments are one less than a power of two. */
    const gsize align = params->align | gst_memory_alignment;
    const gsize inner = params->prefix + size + params->padding;
    if (size > self->most || inner > self->most + (1 << 20))
        return NULL;
    guint8 *data = g_try_malloc(inner + align);
    if (data == NULL)
        return NULL;
    const gsize skip = (align + 1 - ((gsize)data & align)) & align;
    /* What is beside the bytes is read by vectors, and may have been asked for as zeros. */
    memset(data + skip, 0, params->prefix);
    memset(data + skip + params->prefix + size, 0, params->padding);
    return gst_memory_new_wrapped(0, data + skip, inner, params->prefix, size, data, g_free);
}

static void limited_allocator_class_init(LimitedAllocatorClass *class)
{
    GST_ALLOCATOR_CLASS(class)->alloc = alloc;
}

static void limited_allocator_init(LimitedAllocator *self)
{
    GstAllocator *allocator = GST_ALLOCATOR(self);
    allocator->mem_type = "Limited";
    GST_OBJECT_FLAG_SET(self, GST_OBJECT_FLAG_MAY_BE_LEAKED);
}

void gst_memory_limit(gsize most)
{
    static gsize once = 0;
    if (!g_once_init_enter(&once))
        return;
    LimitedAllocator *allocator = g_object_new(limited_allocator_get_type(), NULL);
    gst_object_ref_sink(allocator);
    allocator->most = most;
    gst_allocator_set_default(GST_ALLOCATOR(allocator));
    g_once_init_leave(&once, 1);
}
