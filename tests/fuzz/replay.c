/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drives a fuzz target without libFuzzer, as an ordinary test: every file of the folders given as
 * arguments, then mutations of them from a fixed seed, until the time is up.
 */
#include <glib.h>

#include "fuzz.h"

#define SEED            20240607
#define SECONDS         3
#define MUTATIONS       4000 /* of each file at most */
#define MAX_EDITS       8
#define BIGGEST_MUTATED (32 * 1024)

typedef struct {
    char *path;
    char *data;
    gsize size;
} Input;

static void clear_input(gpointer data)
{
    Input *input = data;

    g_free(input->path);
    g_free(input->data);
}

static int compare_paths(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(((const Input *)a)->path, ((const Input *)b)->path);
}

/* Sorted, since the order of a folder is not the same everywhere. */
static GArray *load_folders(char **folders)
{
    GArray *inputs = g_array_new(FALSE, TRUE, sizeof(Input));

    g_array_set_clear_func(inputs, clear_input);
    for (; *folders != NULL; folders++) {
        g_autoptr(GDir) dir = g_dir_open(*folders, 0, NULL);
        const char *name;

        g_assert_nonnull(dir);
        while ((name = g_dir_read_name(dir)) != NULL) {
            Input input = {.path = g_build_filename(*folders, name, NULL)};

            g_assert_true(g_file_get_contents(input.path, &input.data, &input.size, NULL));
            g_array_append_val(inputs, input);
        }
    }
    g_array_sort(inputs, compare_paths);
    return inputs;
}

/* Flips bits, sets bytes to extremes, copies stretches over others; may cut the end off. */
static gsize mutate(guint8 *data, gsize size, GRand *random)
{
    static const guint8 extremes[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    gint edits = g_rand_int_range(random, 1, MAX_EDITS + 1);

    for (gint i = 0; i < edits; i++) {
        gsize at = (gsize)g_rand_int_range(random, 0, (gint)size);
        gsize from = (gsize)g_rand_int_range(random, 0, (gint)size);
        gsize length = MIN(16, size - MAX(at, from));

        switch (g_rand_int_range(random, 0, 3)) {
        case 0:
            data[at] ^= (guint8)(1 << g_rand_int_range(random, 0, 8));
            break;
        case 1:
            data[at] = extremes[g_rand_int_range(random, 0, G_N_ELEMENTS(extremes))];
            break;
        default:
            for (gsize k = 0; k < length; k++)
                data[at + k] = data[from + k];
        }
    }
    return g_rand_int_range(random, 0, 4) == 0 ? (gsize)g_rand_int_range(random, 0, (gint)size)
                                               : size;
}

static guint run_mutations(const GArray *inputs)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
    gint64 end = g_get_monotonic_time() + SECONDS * G_TIME_SPAN_SECOND;
    guint n = 0;

    for (guint round = 0; round < MUTATIONS; round++) {
        for (guint i = 0; i < inputs->len; i++) {
            const Input *input = &g_array_index(inputs, Input, i);
            g_autofree guint8 *copy = NULL;

            if (input->size == 0 || input->size > BIGGEST_MUTATED)
                continue;
            if (g_get_monotonic_time() > end)
                return n;
            copy = g_memdup2(input->data, input->size);
            LLVMFuzzerTestOneInput(copy, mutate(copy, input->size, random));
            n++;
        }
    }
    return n;
}

static GArray *corpus;

static void test_corpus(void)
{
    g_assert_cmpuint(corpus->len, >, 0);
    for (guint i = 0; i < corpus->len; i++) {
        const Input *input = &g_array_index(corpus, Input, i);

        g_test_message("%s", input->path);
        LLVMFuzzerTestOneInput((const uint8_t *)input->data, input->size);
    }
}

static void test_mutations(void)
{
    g_test_message("%u mutations", run_mutations(corpus));
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    corpus = load_folders(argv + 1);
    g_test_add_func("/fuzz/corpus", test_corpus);
    g_test_add_func("/fuzz/mutations", test_mutations);
    status = g_test_run();
    g_array_unref(corpus);
    return status;
}
