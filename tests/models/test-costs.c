/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the worst files cost that somebody could think of: processor time at most a second for each
 * 10 MB, memory at most 8 times the file and 64 MB. Each is generated, loaded in a process of its
 * own, and may be refused: that must not cost more either. The table is among the messages; with
 * VEDETTE_SOAK=1 files have 20 MB.
 */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vedette/engine.h>

#include "card.h"

#ifdef __OPTIMIZE__
#define OPTIMISED 1
#else
#define OPTIMISED 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static char *folder;

/* --- Bytes ---------------------------------------------------------------------------------- */

static void put(GByteArray *to, const void *data, gsize n)
{
    g_byte_array_append(to, data, (guint)n);
}

static void put_text(GByteArray *to, const char *text)
{
    put(to, text, strlen(text));
}

static void put_le(GByteArray *to, guint64 number, guint width)
{
    for (guint i = 0; i < width; i++)
        put(to, &(guint8){i < sizeof number ? (guint8)(number >> (8 * i)) : 0}, 1);
}

static void put_printf(GByteArray *to, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void put_printf(GByteArray *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    put_text(to, text);
}

/* As a BINUNICODE. */
static void put_unicode(GByteArray *to, const char *text)
{
    put_text(to, "X");
    put_le(to, strlen(text), 4);
    put_text(to, text);
}

static char *repeat(char c, gsize n)
{
    char *text = g_malloc(n + 1);
    memset(text, c, n);
    text[n] = '\0';
    return text;
}

/* One of 2^16 names that have all the same hash to GLib. */
static char *collide(guint i)
{
    GString *name = g_string_new(NULL);
    for (guint bit = 0; bit < 16; bit++)
        g_string_append(name, i >> bit & 1 ? "Ez" : "FY");
    return g_string_free(name, FALSE);
}

/* --- Files ---------------------------------------------------------------------------------- */

typedef struct {
    GByteArray *records, *directory;
    guint n;
} Zip;

static void add_record(Zip *zip, const char *name, const void *data, gsize size)
{
    gsize at = zip->records->len;
    put_text(zip->records, "PK\003\004");
    for (guint i = 0; i < 14; i++)
        put_le(zip->records, 0, 1);
    put_le(zip->records, size, 4);
    put_le(zip->records, size, 4);
    put_le(zip->records, strlen(name), 2);
    put_le(zip->records, 0, 2);
    put_text(zip->records, name);
    put(zip->records, data, size);
    put_text(zip->directory, "PK\001\002");
    for (guint i = 0; i < 16; i++)
        put_le(zip->directory, 0, 1);
    put_le(zip->directory, size, 4);
    put_le(zip->directory, size, 4);
    put_le(zip->directory, strlen(name), 2);
    for (guint i = 0; i < 12; i++)
        put_le(zip->directory, 0, 1);
    put_le(zip->directory, at, 4);
    put_text(zip->directory, name);
    zip->n++;
}

static GByteArray *finish_zip(Zip *zip)
{
    gsize at = zip->records->len, end;
    put(zip->records, zip->directory->data, zip->directory->len);
    end = zip->records->len;
    put_text(zip->records, "PK\006\006"); /* zip64: more than 65535 records */
    put_le(zip->records, 44, 8);
    put_le(zip->records, 0, 12);
    put_le(zip->records, zip->n, 8);
    put_le(zip->records, zip->n, 8);
    put_le(zip->records, zip->directory->len, 8);
    put_le(zip->records, at, 8);
    put_text(zip->records, "PK\006\007");
    put_le(zip->records, 0, 4);
    put_le(zip->records, end, 8);
    put_le(zip->records, 1, 4);
    put_text(zip->records, "PK\005\006");
    for (guint i = 0; i < 18; i++)
        put_le(zip->records, i >= 4 && i < 16 ? 0xff : 0, 1);
    g_byte_array_unref(zip->directory);
    return zip->records;
}

/* A PyTorch file of this pickle and one storage of one element, which has a name. */
static GByteArray *zip_of(const GByteArray *pickle, const char *key)
{
    g_autofree char *name = g_strconcat("a/data/", key, NULL);
    Zip zip = {g_byte_array_new(), g_byte_array_new(), 0};
    add_record(&zip, "a/data.pkl", pickle->data, pickle->len);
    add_record(&zip, name, "\0\0\200?", 4);
    return finish_zip(&zip);
}

static void put_storage(GByteArray *to, const char *key)
{
    put_text(to, "(");
    put_unicode(to, "storage");
    put_text(to, "ctorch\nFloatStorage\n");
    put_unicode(to, key);
    put_unicode(to, "cpu");
    put_text(to, "K\001NtQ");
}

/* The storage is on the stack. @shape and @strides are opcodes. */
static void put_tensor(GByteArray *to, const char *key, const char *shape, const char *strides)
{
    put_text(to, "ctorch._utils\n_rebuild_tensor_v2\n(");
    put_storage(to, key);
    put(to, "K\0", 2);
    put_text(to, shape);
    put_text(to, strides);
    put_text(to, "\211}tR");
}

static GByteArray *safetensors_of(GByteArray *header, gsize n_data)
{
    GByteArray *file = g_byte_array_new();
    put_le(file, header->len, 8);
    put(file, header->data, header->len);
    for (gsize i = 0; i < n_data; i++)
        put_le(file, 0, 1);
    g_byte_array_unref(header);
    return file;
}

/* --- Worst cases of about @size bytes ------------------------------------------------------- */

static GByteArray *names_that_collide(gsize size)
{
    GByteArray *header = g_byte_array_new();
    for (guint i = 0; header->len < size && i < 65536; i++) {
        g_autofree char *name = collide(i);
        put_printf(header, "%s\"%s\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
                   i > 0 ? "," : "{", name);
    }
    put_text(header, "}");
    return safetensors_of(header, 0);
}

/* First words that may be no part of names, as often as they are tried. */
static GByteArray *words_to_take_away(gsize size)
{
    GByteArray *header = g_byte_array_new();
    for (guint i = 0; header->len < size; i++)
        put_printf(header,
                   "%s\"%x.%x.%x.%x.%x\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
                   i > 0 ? "," : "{", i & 3, i >> 2 & 3, i >> 4 & 3, i >> 6 & 3, i);
    put_text(header, "}");
    return safetensors_of(header, 0);
}

static GByteArray *empty_tensors(gsize size)
{
    GByteArray *header = g_byte_array_new();
    for (guint i = 0; header->len < size; i++)
        put_printf(header, "%s\"%x\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
                   i > 0 ? "," : "{", i);
    put_text(header, "}");
    return safetensors_of(header, 0);
}

/* Words that may all be wrappers, over and over. */
static GByteArray *wrapped_names_of(gsize size, guint most)
{
    GByteArray *header = g_byte_array_new();
    for (guint i = 0; header->len < size && i < most; i++)
        put_printf(header,
                   "%s\"%c.%c.%c.%c.module.%x\":{\"dtype\":\"U8\",\"shape\":[0],"
                   "\"data_offsets\":[0,0]}",
                   i > 0 ? "," : "{", 'a' + (i & 3), 'a' + (i >> 2 & 3), 'a' + (i >> 4 & 3),
                   'a' + (i >> 6 & 3), i);
    put_text(header, "}");
    return safetensors_of(header, 0);
}

static GByteArray *wrapped_names(gsize size)
{
    return wrapped_names_of(size, G_MAXUINT);
}

/* As many as are looked through. */
static GByteArray *fewer_wrapped_names(gsize size)
{
    return wrapped_names_of(size, 16384);
}

/* None of them is where its type may lie, so each is copied. */
static GByteArray *crooked_tensors(gsize size)
{
    GByteArray *header = g_byte_array_new();
    guint n = 0;
    put_text(header, "{\"u\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}");
    for (; header->len + 8 * n < size; n++)
        put_printf(header, ",\"%x\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[%u,%u]}", n,
                   8 * n + 1, 8 * n + 9);
    put_text(header, "}");
    while (header->len % 8 != 0)
        put_text(header, " ");
    return safetensors_of(header, 8 * n + 1);
}

static GByteArray *metadata(gsize size)
{
    GByteArray *header = g_byte_array_new();
    put_text(header, "{\"__metadata__\":");
    for (guint i = 0; header->len < size; i++)
        put_printf(header, "%s\"%x\":\"\"", i > 0 ? "," : "{", i);
    put_text(header, "}}");
    return safetensors_of(header, 0);
}

static GByteArray *one_name_many_times(gsize size)
{
    g_autoptr(GByteArray) pickle = g_byte_array_new();
    g_autofree char *name = repeat('n', size / 2);
    put_text(pickle, "\200\002");
    put_unicode(pickle, name);
    put(pickle, "q\0000", 3);
    put_tensor(pickle, "0", "K\001\205", "K\001\205");
    put_text(pickle, "q\0010}(");
    while (pickle->len < size)
        put(pickle, "h\000h\001", 4);
    put_text(pickle, "u.");
    return zip_of(pickle, "0");
}

static GByteArray *many_names_of_one_tensor(gsize size)
{
    g_autoptr(GByteArray) pickle = g_byte_array_new();
    put_text(pickle, "\200\002");
    put_tensor(pickle, "0", "K\001\205", "K\001\205");
    put_text(pickle, "q\0010}(");
    for (guint i = 0; pickle->len < size; i++) {
        put_text(pickle, "U");
        put_le(pickle, 3, 1);
        put_le(pickle, 0x202020 + (i & 63) + (i >> 6 & 63) * 256u + (i >> 12 & 63) * 65536u, 3);
        put_text(pickle, "h\001");
    }
    put_text(pickle, "u.");
    return zip_of(pickle, "0");
}

/* Every tensor is a value of its own, of one storage with a long key. */
static GByteArray *one_key_many_times(gsize size)
{
    g_autoptr(GByteArray) pickle = g_byte_array_new();
    g_autofree char *key = repeat('9', 200);
    put_text(pickle, "\200\002ctorch._utils\n_rebuild_tensor_v2\nq\0010");
    put_storage(pickle, key);
    put_text(pickle, "q\0020K\001\205q\0030}(");
    for (guint i = 0; pickle->len < size; i++) {
        put_text(pickle, "U");
        put_le(pickle, 3, 1);
        put_le(pickle, 0x202020 + (i & 63) + (i >> 6 & 63) * 256u + (i >> 12 & 63) * 65536u, 3);
        put(pickle, "h\001(h\002K\000h\003h\003\211}tR", 15);
    }
    put_text(pickle, "u.");
    return zip_of(pickle, key);
}

static GByteArray *long_key(gsize size)
{
    g_autoptr(GByteArray) pickle = g_byte_array_new();
    g_autofree char *key = repeat('9', 60000);
    put_text(pickle, "\200\002ctorch._utils\n_rebuild_tensor_v2\nq\0010");
    put_storage(pickle, key);
    put_text(pickle, "q\0020K\001\205q\0030}(");
    for (guint i = 0; pickle->len < size; i++) {
        put_text(pickle, "U");
        put_le(pickle, 3, 1);
        put_le(pickle, 0x202020 + i, 3);
        put(pickle, "h\001(h\002K\000h\003h\003\211}tR", 15);
    }
    put_text(pickle, "u.");
    return zip_of(pickle, key);
}

static GByteArray *expanded(gsize size)
{
    g_autoptr(GByteArray) pickle = g_byte_array_new();
    put_text(pickle, "\200\002}(");
    for (guint i = 0; pickle->len < size; i++) {
        g_autofree char *name = g_strdup_printf("%x", i);
        put_unicode(pickle, name);
        put_tensor(pickle, "0", "M\377\377\205", "K\001K\000\2060K\000\205");
    }
    put_text(pickle, "u.");
    return zip_of(pickle, "0");
}

/* @opcodes over and over, then a state dict. */
static GByteArray *stack_of(gsize size, const char *opcodes)
{
    g_autoptr(GByteArray) pickle = g_byte_array_new();
    put_text(pickle, "\200\002");
    while (pickle->len < size)
        put_text(pickle, opcodes);
    put_text(pickle, "}(");
    put_unicode(pickle, "w");
    put_tensor(pickle, "0", "K\001\205", "K\001\205");
    put_text(pickle, "u.");
    return zip_of(pickle, "0");
}

static GByteArray *tuples(gsize size)
{
    return stack_of(size, ")");
}

static GByteArray *nested_tuples(gsize size)
{
    return stack_of(size, ")\205\205\205\205");
}

static GByteArray *lists_of_one(gsize size)
{
    return stack_of(size, "]Na");
}

static GByteArray *nothings(gsize size)
{
    return stack_of(size, "N");
}

static GByteArray *marks(gsize size)
{
    return stack_of(size, "(");
}

static GByteArray *dictionaries(gsize size)
{
    return stack_of(size, "}");
}

/* The older format has three more pickles before the one that counts, and one behind it. */
static GByteArray *five_pickles(gsize size)
{
    GByteArray *file = g_byte_array_new();
    g_autofree char *filler = repeat(')', size / 5);
    const char magic[] = "\212\012\154\374\234\106\371\040\152\250\120\031";
    put_text(file, "\200\002");
    put_text(file, magic);
    put_text(file, "0");
    put_text(file, filler);
    put_text(file, magic);
    put_text(file, ".\200\002");
    put_text(file, filler);
    put_text(file, "M\351\003.\200\002");
    put_text(file, filler);
    put_text(file, "}(");
    put_unicode(file, "little_endian");
    put_text(file, "\210u.\200\002");
    put_text(file, filler);
    put_text(file, "}(");
    put_unicode(file, "w");
    put_tensor(file, "0", "K\001\205", "K\001\205");
    put_text(file, "u.\200\002");
    put_text(file, filler);
    put_text(file, "](");
    put_unicode(file, "0");
    put_text(file, "e.");
    put_le(file, 1, 8);
    put_text(file, "abcd");
    return file;
}

/* Numbers under which values are remembered that differ in their upper halves alone. */
static GByteArray *memo_that_collides(gsize size)
{
    g_autoptr(GByteArray) pickle = g_byte_array_new();
    put_text(pickle, "\200\002}");
    for (guint64 i = 0; pickle->len < size; i++)
        put_printf(pickle, "p%" G_GUINT64_FORMAT "\n", i << 32);
    put_text(pickle, "(");
    put_unicode(pickle, "w");
    put_tensor(pickle, "0", "K\001\205", "K\001\205");
    put_text(pickle, "u.");
    return zip_of(pickle, "0");
}

static GByteArray *memo(gsize size)
{
    g_autoptr(GByteArray) pickle = g_byte_array_new();
    put_text(pickle, "\200\004");
    for (guint i = 0; pickle->len < size; i++)
        put_text(pickle, "]\2240");
    put_text(pickle, "}.");
    return zip_of(pickle, "0");
}

static GByteArray *records(gsize size)
{
    Zip zip = {g_byte_array_new(), g_byte_array_new(), 0};
    for (guint i = 0; zip.records->len + zip.directory->len < size; i++) {
        g_autofree char *name = i < 65536 ? collide(i) : g_strdup_printf("%x", i);
        add_record(&zip, name, "", 0);
    }
    return finish_zip(&zip);
}

/* Cards have at most 256 KiB, labels 16 MB. */
static GByteArray *card_of(const char *more)
{
    GByteArray *file = g_byte_array_new();
    put_text(file, "{\"schema\": 1, \"name\": \"n\", \"architecture\": \"squeezetime\", "
                   "\"variant\": \"r50-k400\", \"weights\": \"w\", \"licence\": \"l\", "
                   "\"origin\": \"o\", ");
    put_text(file, more);
    return file;
}

static GByteArray *card_that_collides(gsize size)
{
    GByteArray *file = card_of("\"training\": {\"scores\": ");
    for (guint i = 0; file->len < 250000; i++) {
        g_autofree char *name = collide(i);
        put_printf(file, "%s\"%s\":1", i > 0 ? "," : "{", name);
    }
    put_text(file, "}}}");
    return file;
}

/* Less than the limit for one object, and as many objects as there is room for. */
static GByteArray *card_of_objects(gsize size)
{
    GByteArray *file = card_of("\"config\": {\"a\": ");
    for (guint n = 0; file->len < 120000; n++) {
        put_text(file, n > 0 ? "," : "[");
        for (guint i = 0; i < 3500; i++) {
            g_autofree char *name = collide(i);
            put_printf(file, "%s\"%s\":1", i > 0 ? "," : "{", name);
        }
        put_text(file, "}");
    }
    put_text(file, "]}}");
    return file;
}

static GByteArray *card_of_values(gsize size)
{
    GByteArray *file = card_of("\"config\": {\"a\": [[]");
    while (file->len < 250000)
        put_text(file, ",[]");
    put_text(file, "]}}");
    return file;
}

static GByteArray *backgrounds(gsize size)
{
    g_autofree char *labels = g_build_filename(folder, "labels.txt", NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    GByteArray *file = card_of("\"labels\": \"labels.txt\", \"background\": ");
    for (guint i = 0; i < 100000; i++)
        g_string_append_printf(text, "%05u\n", i);
    g_assert_true(g_file_set_contents(labels, text->str, (gssize)text->len, NULL));
    for (guint i = 0; file->len < 250000; i++)
        put_printf(file, "%s\"99999\"", i > 0 ? "," : "[");
    put_text(file, "]}");
    return file;
}

static GByteArray *labels_of_a_letter(gsize size)
{
    GByteArray *file = g_byte_array_new();
    while (file->len < MIN(size, 16000000))
        put_text(file, "a\n");
    return file;
}

typedef enum { WEIGHTS, CARD, LABELS } Kind;

static const struct {
    const char *name;
    GByteArray *(*make)(gsize size);
    Kind kind;
} cases[] = {
    {"names-that-collide", names_that_collide},
    {"words-to-take-away", words_to_take_away},
    {"empty-tensors", empty_tensors},
    {"wrapped-names", wrapped_names},
    {"fewer-wrapped-names", fewer_wrapped_names},
    {"crooked-tensors", crooked_tensors},
    {"metadata", metadata},
    {"one-name-many-times", one_name_many_times},
    {"many-names-of-one-tensor", many_names_of_one_tensor},
    {"one-key-many-times", one_key_many_times},
    {"long-key", long_key},
    {"expanded", expanded},
    {"tuples", tuples},
    {"nested-tuples", nested_tuples},
    {"lists-of-one", lists_of_one},
    {"nothings", nothings},
    {"marks", marks},
    {"dictionaries", dictionaries},
    {"five-pickles", five_pickles},
    {"memo", memo},
    {"memo-that-collides", memo_that_collides},
    {"records", records},
    {"card-that-collides", card_that_collides, CARD},
    {"card-of-objects", card_of_objects, CARD},
    {"card-of-values", card_of_values, CARD},
    {"backgrounds", backgrounds, CARD},
    {"labels-of-a-letter", labels_of_a_letter, LABELS},
};

/* --- Measuring ------------------------------------------------------------------------------ */

typedef struct {
    double seconds;
    gsize bytes; /* of memory, beyond what the process had */
    char said[160];
} Cost;

/* Bytes of the process's memory, "VmRSS:" or the most so far, "VmHWM:". */
static gsize memory(const char *line)
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents("/proc/self/status", &text, NULL, NULL));
    const char *found = strstr(text, line);
    return found != NULL ? 1024 * g_ascii_strtoull(found + strlen(line), NULL, 10) : 0;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void load(const char *path, Kind kind, Cost *cost)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) config = NULL;
    gsize before = memory("VmRSS:");
    FILE *reset = fopen("/proc/self/clear_refs", "w");
    if (reset != NULL) {
        fputs("5", reset);
        fclose(reset);
    }
    double start = now();
    if (kind == CARD) {
        vdt_card_free(vdt_card_load(path, &config, &error));
    } else if (kind == LABELS) {
        g_strfreev(vdt_labels_load(path, &error));
    } else {
        const VdtEngineOptions options = {.weights = path};
        VdtEngine *engine = vdt_engine_new(&options, &error);
        g_assert_true((engine == NULL) == (error != NULL));
        vdt_engine_unref(engine);
    }
    cost->seconds = now() - start;
    cost->bytes = memory("VmHWM:") - before;
    g_strlcpy(cost->said, error != NULL ? error->message + strlen(path) : ": loaded",
              sizeof cost->said);
}

/* In a process of its own, since memory that was freed is not always given back. */
static Cost measure(const char *path, Kind kind)
{
    Cost cost = {0};
    int ends[2], status;
    g_assert_cmpint(pipe(ends), ==, 0);
    pid_t child = fork();
    if (child == 0) {
        load(path, kind, &cost);
        _exit(write(ends[1], &cost, sizeof cost) == sizeof cost ? 0 : 1);
    }
    close(ends[1]);
    gboolean told = read(ends[0], &cost, sizeof cost) == sizeof cost;
    close(ends[0]);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(told && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return cost;
}

static void test_cost(gconstpointer data)
{
    const guint i = GPOINTER_TO_UINT(data);
    g_autofree char *path = g_build_filename(folder, "worst", NULL);
    gsize size = g_getenv("VEDETTE_SOAK") != NULL ? 20000000 : 4000000;
    g_autoptr(GByteArray) file = cases[i].make(size);
    gsize length = file->len;
    g_assert_true(g_file_set_contents(path, (char *)file->data, (gssize)length, NULL));
    Cost cost = measure(path, cases[i].kind);
    g_unlink(path);
    g_test_message("%-24s %5.1f MB %6.2f s %6.1f MB of memory, %4.1f times the file%s",
                   cases[i].name, (double)length / 1e6, cost.seconds, (double)cost.bytes / 1e6,
                   (double)cost.bytes / (double)length, cost.said);
    if (SANITIZED)
        return;
    g_assert_cmpuint(cost.bytes, <=, 8 * length + 64000000);
    if (OPTIMISED) /* with a tenth of a second for what takes no longer with the size */
        g_assert_cmpfloat(cost.seconds, <=, (double)length / 1e7 + 0.1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("vedette-costs-XXXXXX", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strconcat("/costs/", cases[i].name, NULL);
        g_test_add_data_func(name, GUINT_TO_POINTER(i), test_cost);
    }
    int status = g_test_run();
    g_autofree char *labels = g_build_filename(folder, "labels.txt", NULL);
    g_unlink(labels);
    g_rmdir(folder);
    g_free(folder);
    return status;
}
