/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Reading pickles without running them.
 *
 * Python's pickle format is a program for a small stack machine. This one builds inert values and
 * nothing else: where Python would import a name it notes the name, where Python would call
 * something it notes what would have been called and with what. What it means is for the reader of
 * the values to say, and a reader can only ask for what it knows.
 *
 * Values belong to their pickle. They may share and even contain each other, so a reader that
 * descends must bound its depth. Text points into the data given to vdt_pickle_parse(), which must
 * outlive the pickle.
 */
#pragma once

#include "io/file-error.h"

typedef enum {
    VDT_PICKLE_NONE,
    VDT_PICKLE_BOOL,       /**< integer */
    VDT_PICKLE_INT,        /**< integer */
    VDT_PICKLE_FLOAT,      /**< number */
    VDT_PICKLE_TEXT,       /**< text and length; str and bytes are not told apart */
    VDT_PICKLE_TUPLE,      /**< items */
    VDT_PICKLE_LIST,       /**< items */
    VDT_PICKLE_SET,        /**< items */
    VDT_PICKLE_DICT,       /**< items: key, value, key, value … */
    VDT_PICKLE_GLOBAL,     /**< head: module, tail: qualified name, both text */
    VDT_PICKLE_OBJECT,     /**< head: what makes it, tail: with which arguments; items as in a dict,
                                if some were set afterwards */
    VDT_PICKLE_PERSISTENT, /**< head: the id of something stored elsewhere */
    VDT_PICKLE_OPAQUE,     /**< something that has no use here, such as an integer beyond 64 bits */
} VdtPickleKind;

typedef struct _VdtPickleValue VdtPickleValue;
struct _VdtPickleValue {
    VdtPickleKind kind;
    guint n_items;
    guint room; /*< private >*/
    union {
        gint64 integer;
        double number;
        struct {
            const char *text; /* not terminated */
            gsize length;
        };
        struct {
            VdtPickleValue *head, *tail;
        };
    };
    VdtPickleValue **items;
};

typedef struct _VdtPickle VdtPickle;

/** Reads the pickle that @data begins with; there may be more behind it. Takes what its values need
 * out of @budget, bytes, and fails when there is nothing left. */
VdtPickle *vdt_pickle_parse(const guchar *data, gsize size, gsize *budget, const char *origin,
                            GError **error);
void vdt_pickle_free(VdtPickle *pickle);

const VdtPickleValue *vdt_pickle_get_root(const VdtPickle *pickle);
/** Bytes of data that the pickle took. */
gsize vdt_pickle_get_length(const VdtPickle *pickle);
/** All values in the order they were made, for whoever looks for one kind. */
guint vdt_pickle_get_n_values(const VdtPickle *pickle);
const VdtPickleValue *vdt_pickle_get_value(const VdtPickle *pickle, guint i);

gboolean vdt_pickle_is_text(const VdtPickleValue *value, const char *text);
gboolean vdt_pickle_is_global(const VdtPickleValue *value, const char *module, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtPickle, vdt_pickle_free)
