/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The values of a pickle. They lie in blocks: a single byte of a pickle can make one, and malloc()
 * would add a third. */
#include "values.h"

#include <string.h>

#define VALUES_IN_BLOCK 1024
#define MALLOC_LEAST    32 /* bytes that the smallest piece of memory takes */

static VdtPickleValue *get_value(const VdtPickle *pickle, guint i)
{
    VdtPickleValue *block = g_ptr_array_index(pickle->blocks, i / VALUES_IN_BLOCK);

    return &block[i % VALUES_IN_BLOCK];
}

VdtPickle *vdt_pickle_new(void)
{
    VdtPickle *pickle = g_new0(VdtPickle, 1);

    pickle->blocks = g_ptr_array_new_with_free_func(g_free);
    return pickle;
}

void vdt_pickle_free(VdtPickle *pickle)
{
    for (guint i = 0; i < pickle->n_values; i++)
        g_free(get_value(pickle, i)->items);
    g_ptr_array_unref(pickle->blocks);
    g_free(pickle);
}

VdtPickleValue *vdt_pickle_add(VdtPickle *pickle, VdtPickleKind kind)
{
    VdtPickleValue *value;

    if (pickle->n_values % VALUES_IN_BLOCK == 0)
        g_ptr_array_add(pickle->blocks, g_new0(VdtPickleValue, VALUES_IN_BLOCK));
    value = get_value(pickle, pickle->n_values++);
    value->kind = kind;
    pickle->spent += sizeof *value;
    return value;
}

void vdt_pickle_append(VdtPickle *pickle, VdtPickleValue *value, VdtPickleValue *item)
{
    if (value->n_items == value->room) {
        guint room = value->room == 0 ? 2 : value->room * 2;
        VdtPickleValue **items = g_try_renew(VdtPickleValue *, value->items, room);

        if (items == NULL) {
            pickle->no_memory = TRUE;
            return;
        }
        pickle->spent += MAX(value->room * sizeof item, MALLOC_LEAST);
        value->room = room;
        value->items = items;
    }
    value->items[value->n_items++] = item;
}

const VdtPickleValue *vdt_pickle_get_root(const VdtPickle *pickle)
{
    return pickle->root;
}

gsize vdt_pickle_get_length(const VdtPickle *pickle)
{
    return pickle->length;
}

guint vdt_pickle_get_n_values(const VdtPickle *pickle)
{
    return pickle->n_values;
}

const VdtPickleValue *vdt_pickle_get_value(const VdtPickle *pickle, guint i)
{
    return get_value(pickle, i);
}

gboolean vdt_pickle_is_text(const VdtPickleValue *value, const char *text)
{
    return value->kind == VDT_PICKLE_TEXT && value->length == strlen(text) &&
           memcmp(value->text, text, value->length) == 0;
}

gboolean vdt_pickle_is_global(const VdtPickleValue *value, const char *module, const char *name)
{
    return value->kind == VDT_PICKLE_GLOBAL && vdt_pickle_is_text(value->head, module) &&
           vdt_pickle_is_text(value->tail, name);
}
