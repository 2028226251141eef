/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Zip archives: see .ZIP File Format Specification (APPNOTE.TXT), sections 4.3 to 4.5. */
#include "zip.h"
#include "io/byte-order.h"
#include "io/keyed-hash.h"

#include <string.h>

#define END_LENGTH       22
#define END64_LENGTH     56
#define LOCATOR_LENGTH   20
#define DIRECTORY_LENGTH 46
#define LOCAL_LENGTH     30

enum { METHOD_STORED = 0 };

typedef struct {
    char *name;
    guint flags, method;
    guint64 packed, unpacked, local;
} Entry;

struct _VdtZip {
    GBytes *bytes;
    const guchar *data;
    gsize size;
    const char *origin;
    gsize directory; /* where the central directory begins, and so where entries end */
    GArray *entries; /* of Entry */
    GHashTable *by_name;
};

typedef struct {
    guint64 offset, size, count;
} Directory;

static void clear_entry(gpointer data)
{
    g_free(((Entry *)data)->name);
}

static gboolean has_signature(const VdtZip *zip, gsize at, guint32 signature)
{
    return vdt_get_u32(zip->data + at) == signature;
}

/* The end record stands at the end of the file, before a comment of at most 64 KiB. */
static gboolean find_end(const VdtZip *zip, gsize *end, GError **error)
{
    for (gsize comment = 0; comment <= G_MAXUINT16 && comment + END_LENGTH <= zip->size;
         comment++) {
        *end = zip->size - END_LENGTH - comment;
        if (has_signature(zip, *end, 0x06054b50) && vdt_get_u16(zip->data + *end + 20) == comment)
            return TRUE;
    }
    return vdt_bad_file(error, zip->origin,
                        "is a zip archive without its end record, so probably cut short");
}

/* Finds the central directory; *limit is where it must end at the latest. */
static gboolean find_directory(const VdtZip *zip, Directory *directory, gsize *limit,
                               GError **error)
{
    const guchar *end;
    guint64 end64;

    if (!find_end(zip, limit, error))
        return FALSE;
    end = zip->data + *limit;
    *directory = (Directory){
        .offset = vdt_get_u32(end + 16),
        .size = vdt_get_u32(end + 12),
        .count = vdt_get_u16(end + 10),
    };
    if (*limit >= LOCATOR_LENGTH && has_signature(zip, *limit - LOCATOR_LENGTH, 0x07064b50)) {
        *limit -= LOCATOR_LENGTH;
        end64 = vdt_get_u64(zip->data + *limit + 8);
        if (*limit < END64_LENGTH || end64 > *limit - END64_LENGTH ||
            !has_signature(zip, end64, 0x06064b50))
            return vdt_bad_file(error, zip->origin, "has no zip64 end record where it says");
        *limit = end64;
        end = zip->data + end64;
        *directory = (Directory){
            .offset = vdt_get_u64(end + 48),
            .size = vdt_get_u64(end + 40),
            .count = vdt_get_u64(end + 32),
        };
    }
    if (directory->offset > *limit || directory->size > *limit - directory->offset)
        return vdt_bad_file(error, zip->origin,
                            "its zip directory of %" G_GUINT64_FORMAT " bytes at %" G_GUINT64_FORMAT
                            " lies outside the file",
                            directory->size, directory->offset);
    return TRUE;
}

/* Numbers that do not fit their 32 bits stand in a zip64 extra field, in fixed order. */
static gboolean read_zip64_extra(const guchar *extra, gsize length, Entry *entry)
{
    guint64 *fields[] = {&entry->unpacked, &entry->packed, &entry->local};

    while (length >= 4) {
        gsize field = vdt_get_u16(extra + 2);

        if (field > length - 4)
            return FALSE;
        if (vdt_get_u16(extra) == 1) {
            const guchar *at = extra + 4;

            for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
                if (*fields[i] != G_MAXUINT32)
                    continue;
                if (at + 8 > extra + 4 + field)
                    return FALSE;
                *fields[i] = vdt_get_u64(at);
                at += 8;
            }
            return TRUE;
        }
        extra += 4 + field;
        length -= 4 + field;
    }
    return TRUE;
}

/* Reads the entry at *at of the directory, which ends at @end, and moves on. */
static gboolean read_entry(VdtZip *zip, gsize *at, gsize end, GError **error)
{
    const guchar *record = zip->data + *at;
    gsize name_length, extra_length, length;
    Entry entry;

    if (end - *at < DIRECTORY_LENGTH || !has_signature(zip, *at, 0x02014b50))
        return vdt_bad_file(error, zip->origin,
                            "its zip directory is damaged at byte %" G_GSIZE_FORMAT, *at);
    name_length = vdt_get_u16(record + 28);
    extra_length = vdt_get_u16(record + 30);
    length = DIRECTORY_LENGTH + name_length + extra_length + vdt_get_u16(record + 32);
    if (end - *at < length)
        return vdt_bad_file(error, zip->origin,
                            "its zip directory is damaged at byte %" G_GSIZE_FORMAT, *at);
    entry = (Entry){
        .flags = vdt_get_u16(record + 8),
        .method = vdt_get_u16(record + 10),
        .packed = vdt_get_u32(record + 20),
        .unpacked = vdt_get_u32(record + 24),
        .local = vdt_get_u32(record + 42),
    };
    if (!read_zip64_extra(record + DIRECTORY_LENGTH + name_length, extra_length, &entry) ||
        memchr(record + DIRECTORY_LENGTH, '\0', name_length) != NULL)
        return vdt_bad_file(error, zip->origin,
                            "its zip directory is damaged at byte %" G_GSIZE_FORMAT, *at);
    entry.name = g_strndup((const char *)record + DIRECTORY_LENGTH, name_length);
    g_array_append_val(zip->entries, entry);
    if (!g_hash_table_insert(zip->by_name, entry.name, GUINT_TO_POINTER(zip->entries->len - 1)))
        return vdt_bad_file(error, zip->origin, "its zip directory lists '%s' twice", entry.name);
    *at += length;
    return TRUE;
}

VdtZip *vdt_zip_open(GBytes *bytes, const char *origin, GError **error)
{
    g_autoptr(VdtZip) zip = g_new0(VdtZip, 1);
    Directory directory;
    gsize limit = 0, at, end;

    zip->bytes = g_bytes_ref(bytes);
    zip->data = g_bytes_get_data(bytes, &zip->size);
    zip->origin = origin;
    zip->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    g_array_set_clear_func(zip->entries, clear_entry);
    zip->by_name = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    if (!find_directory(zip, &directory, &limit, error))
        return NULL;
    zip->directory = directory.offset;
    at = directory.offset;
    end = at + directory.size;
    for (guint64 i = 0; i < directory.count; i++) {
        if (!read_entry(zip, &at, end, error))
            return NULL;
    }
    if (at != end) {
        vdt_bad_file(error, origin,
                     "its zip directory has more than the %" G_GUINT64_FORMAT
                     " entries it announces",
                     directory.count);
        return NULL;
    }
    return g_steal_pointer(&zip);
}

void vdt_zip_free(VdtZip *zip)
{
    g_hash_table_unref(zip->by_name);
    g_array_unref(zip->entries);
    g_bytes_unref(zip->bytes);
    g_free(zip);
}

guint vdt_zip_get_n_entries(const VdtZip *zip)
{
    return zip->entries->len;
}

const char *vdt_zip_get_name(const VdtZip *zip, guint i)
{
    return g_array_index(zip->entries, Entry, i).name;
}

gboolean vdt_zip_has(const VdtZip *zip, const char *name)
{
    return g_hash_table_contains(zip->by_name, name);
}

/* Sets where the packed data of @entry begins, by way of its local header. */
static gboolean find_data(const VdtZip *zip, const Entry *entry, gsize *start, GError **error)
{
    gsize limit = zip->directory;
    gsize name_length = strlen(entry->name);
    const guchar *record;

    if (limit < LOCAL_LENGTH || entry->local > limit - LOCAL_LENGTH ||
        !has_signature(zip, entry->local, 0x04034b50))
        return vdt_bad_file(error, zip->origin,
                            "record '%s' is not at byte %" G_GUINT64_FORMAT
                            " as the zip directory says",
                            entry->name, entry->local);
    record = zip->data + entry->local;
    *start = entry->local + LOCAL_LENGTH + vdt_get_u16(record + 26) + vdt_get_u16(record + 28);
    if (*start > limit || entry->packed > limit - *start)
        return vdt_bad_file(error, zip->origin,
                            "record '%s' of %" G_GUINT64_FORMAT " bytes reaches beyond the file",
                            entry->name, entry->packed);
    if (vdt_get_u16(record + 26) != name_length ||
        memcmp(record + LOCAL_LENGTH, entry->name, name_length) != 0)
        return vdt_bad_file(error, zip->origin, "record '%s' has another name in its local header",
                            entry->name);
    return TRUE;
}

GBytes *vdt_zip_read(const VdtZip *zip, const char *name, GError **error)
{
    gpointer index;
    const Entry *entry;
    gsize start = 0;

    if (!g_hash_table_lookup_extended(zip->by_name, name, NULL, &index)) {
        vdt_bad_file(error, zip->origin, "has no record '%s'", name);
        return NULL;
    }
    entry = &g_array_index(zip->entries, Entry, GPOINTER_TO_UINT(index));
    if (!find_data(zip, entry, &start, error))
        return NULL;
    if ((entry->flags & 1) != 0) {
        vdt_unsupported_file(error, zip->origin, "record '%s' is encrypted", name);
        return NULL;
    }
    if (entry->method != METHOD_STORED) {
        vdt_unsupported_file(error, zip->origin,
                             "record '%s' is compressed (method %u), which PyTorch never does: "
                             "pack the archive again with stored records",
                             name, entry->method);
        return NULL;
    }
    if (entry->packed != entry->unpacked) {
        vdt_bad_file(error, zip->origin,
                     "record '%s' is stored, yet its sizes differ: %" G_GUINT64_FORMAT
                     " and %" G_GUINT64_FORMAT,
                     name, entry->packed, entry->unpacked);
        return NULL;
    }
    /* The checksum of stored records is left alone: PyTorch can be told not to write it, and
     * summing up gigabytes would undo what mapping the file gains. */
    return g_bytes_new_from_bytes(zip->bytes, start, entry->packed);
}
