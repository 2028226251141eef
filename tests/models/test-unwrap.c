/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checkpoints as training programs leave them: names behind words that are none of the network's.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <vedette/engine.h>

#include "io/formats.h"
#include "paths.h"
#include "unwrap.h"

static char *folder; /* temporary, of this run */

static VdtWeights *street_weights(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *card = vdt_find_card("squeezetime-street", &error);
    g_assert_no_error(error);
    g_autofree char *dir = g_path_get_dirname(card);
    g_autofree char *path = g_build_filename(dir, "weights.safetensors", NULL);
    VdtWeights *weights = vdt_weights_load(path, &error);
    g_assert_no_error(error);
    return weights;
}

static VdtTensor *number(void)
{
    VdtShape scalar = {0};
    return vdt_tensor_new(VDT_I64, &scalar, NULL);
}

static char *prefixed(const char *name, gconstpointer prefix)
{
    return g_strconcat(prefix, name, NULL);
}

/* As when a part was compiled or spread by itself. */
static char *compiled_inside(const char *name, gconstpointer word)
{
    return g_str_has_prefix(name, "backbone.net.")
               ? g_strconcat("backbone.", word, "net.", name + strlen("backbone.net."), NULL)
               : NULL;
}

static void expect_same(VdtWeights *wrapped, const VdtWeights *plain)
{
    g_autoptr(VdtWeights) found = vdt_weights_unwrap(wrapped);
    for (guint i = 0; i < vdt_weights_get_n_tensors(plain); i++)
        if (vdt_weights_lookup(found, vdt_weights_get_name(plain, i)) !=
            vdt_weights_get_tensor(plain, i))
            g_error("%s", vdt_weights_get_name(found, 0));
}

static void test_prefixes(void)
{
    g_autoptr(VdtWeights) plain = street_weights();
    static const char *const prefixes[] = {"",
                                           "module.",
                                           "_orig_mod.",
                                           "model.",
                                           "state_dict.model.",
                                           "module._orig_mod.",
                                           "model._orig_mod.module.",
                                           "net.student."};
    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        g_autoptr(VdtWeights) wrapped = vdt_weights_rename(plain, prefixed, prefixes[i]);
        expect_same(wrapped, plain);
        /* What stands beside, as an average's counter does, changes nothing. */
        g_autoptr(VdtTensor) counter = number();
        vdt_weights_insert(wrapped, "n_averaged", counter);
        vdt_weights_insert(wrapped, "loss.weight", counter);
        expect_same(wrapped, plain);
    }
    g_autoptr(VdtWeights) inside = vdt_weights_rename(plain, compiled_inside, "_orig_mod.");
    expect_same(inside, plain);
    g_autoptr(VdtWeights) same = vdt_weights_unwrap(plain);
    g_assert_true(same == plain);
}

/* Of two networks in one file the first is taken. */
static void test_two(void)
{
    g_autoptr(VdtWeights) plain = street_weights();
    g_autoptr(VdtWeights) wrapped = vdt_weights_rename(plain, prefixed, "model.");
    for (guint i = 0; i < vdt_weights_get_n_tensors(plain); i++) {
        g_autofree char *name = g_strconcat("teacher.", vdt_weights_get_name(plain, i), NULL);
        g_autoptr(VdtTensor) other = number();
        vdt_weights_insert(wrapped, name, other);
    }
    expect_same(wrapped, plain);
}

/* What no network asks for is named, with what it is called. */
static void test_unknown(void)
{
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    g_autoptr(VdtTensor) tensor = number();
    static const char *const names[] = {"generator.a.weight", "generator.b.weight", "critic.a",
                                        "step"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        vdt_weights_insert(weights, names[i], tensor);
    g_autofree char *path = g_build_filename(folder, "unknown.safetensors", NULL);
    g_autoptr(GError) error = NULL;
    g_assert_true(vdt_weights_save_safetensors(weights, path, &error));
    g_assert_null(vdt_engine_new(&(VdtEngineOptions){.weights = path}, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_MODEL);
    g_assert_nonnull(strstr(error->message, "it holds 4 tensors: 2 below \"generator\", 1 below "
                                            "\"critic\", 1 called \"step\"; the first is "
                                            "\"generator.a.weight\""));
    g_unlink(path);
}

/* A tensor of a type that cannot be read is in nobody's way, unless it is asked for. */
static void test_unread(void)
{
    g_autoptr(VdtWeights) weights = street_weights();
    vdt_weights_add_unread(weights, "module.extra", "tensor 'module.extra' is odd");
    g_autoptr(VdtWeights) wrapped = vdt_weights_rename(weights, prefixed, "module.");
    g_autoptr(VdtWeights) found = vdt_weights_unwrap(wrapped);
    g_assert_cmpuint(vdt_weights_get_n_unread(found), ==, 1);
    g_assert_cmpstr(vdt_weights_why_unread(found, "extra"), ==, "tensor 'module.extra' is odd");
    g_assert_null(vdt_weights_why_unread(found, "module.extra"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("vedette-test-XXXXXX", NULL);
    g_assert_nonnull(folder);
    g_test_add_func("/unwrap/prefixes", test_prefixes);
    g_test_add_func("/unwrap/two", test_two);
    g_test_add_func("/unwrap/unknown", test_unknown);
    g_test_add_func("/unwrap/unread", test_unread);
    int status = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return status;
}
