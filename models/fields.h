/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a JSON object whose every value is checked: model cards and network configurations.
 *
 * The first mistake is kept as VDT_ERROR_MODEL, naming the object, the key and the limit; later
 * reads return their fallback, so that a caller looks at its error once, at the end. A key that is
 * absent or null has its fallback. Nothing here owns anything: the object outlives what is read.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <vedette/error.h>

typedef struct {
    JsonObject *object;
    const char *where; /* for messages: "configuration", "/path/card.json" */
    GError **error;    /* never NULL; shared with the objects inside */
} VdtFields;

/* Keeps a mistake found by the caller; returns FALSE. */
gboolean vdt_fields_fail(VdtFields *fields, const char *format, ...) G_GNUC_PRINTF(2, 3);

gboolean vdt_fields_has(const VdtFields *fields, const char *key);
/* For a key that has no fallback. */
void vdt_fields_require(VdtFields *fields, const char *key);

gint64 vdt_fields_int(VdtFields *fields, const char *key, gint64 fallback, gint64 min, gint64 max);
double vdt_fields_double(VdtFields *fields, const char *key, double fallback, double min,
                         double max);
/* UTF-8 of at most 4096 bytes without control characters. */
const char *vdt_fields_string(VdtFields *fields, const char *key, const char *fallback);
gboolean vdt_fields_bool(VdtFields *fields, const char *key, gboolean fallback);
/* Strings; NULL if absent. Free with g_strfreev(). */
char **vdt_fields_strings(VdtFields *fields, const char *key);
/* One of @names (NULL-terminated), as its index. */
guint vdt_fields_choice(VdtFields *fields, const char *key, guint fallback,
                        const char *const *names);
/* Exactly @n numbers; @values holds the fallback. */
void vdt_fields_ints(VdtFields *fields, const char *key, gint64 *values, guint n, gint64 min,
                     gint64 max);
void vdt_fields_doubles(VdtFields *fields, const char *key, double *values, guint n, double min,
                        double max);
/* An array of @n_rows arrays, row i of exactly @n[i] numbers, each stored @stride after the last.
 */
void vdt_fields_int_rows(VdtFields *fields, const char *key, gint64 *values, guint stride,
                         const gint64 *n, guint n_rows, gint64 min, gint64 max);
/* The keys of @object that are none of @known (NULL-terminated), separated by commas; NULL if there
 * are none. Keys inside other objects are "outer.inner"; "outer" means all that is in it. Caller
 * frees. */
char *vdt_fields_unknown(JsonObject *object, const char *const *known);
/* An object inside; an empty one if absent. @where is what messages about its keys name. */
VdtFields vdt_fields_object(VdtFields *fields, const char *key, const char *where);
/* How many objects there are in the array @key, @max at most; 0 if it is absent. */
guint vdt_fields_n_objects(VdtFields *fields, const char *key, guint max);
/* Object @i of those. */
VdtFields vdt_fields_object_at(VdtFields *fields, const char *key, guint i, const char *where);
