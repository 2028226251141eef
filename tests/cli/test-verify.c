/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette verify, bench, and the command's manners. VEDETTE_SOAK=1 adds the plain plan for every
 * case, which takes minutes. */
#include <glib/gstdio.h>
#include <string.h>

#include "fixture.h"
#include <vedette/runtime.h>

static const char *const cases[] = {"r50-k400-224", "r50-k400-112-batch2", "r50-ava-128x96"};

/* Every case, at every instruction set that there is here. */
static void test_infer_plan(void)
{
    for (int isa = VDT_ISA_C; isa <= (int)vdt_isa_get_available(); isa++) {
        g_auto(Outcome) o = vedette("verify", "--isa", vdt_isa_name(isa), golden_case(cases[0]),
                                    golden_case(cases[1]), golden_case(cases[2]), NULL);
        if (o.status != 0)
            g_error("at %s: %s%s", vdt_isa_name(isa), o.out, o.err);
        g_auto(GStrv) lines = g_strsplit(o.out, "\n", -1);
        g_assert_cmpuint(g_strv_length(lines), ==, 4);
        for (guint i = 0; i < 3; i++)
            g_assert_true(g_str_has_suffix(lines[i], " ok"));
    }
}

static void test_trace_plan(void)
{
    gboolean soak = g_strcmp0(g_getenv("VEDETTE_SOAK"), "1") == 0;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (i != 2 && !soak)
            continue;
        g_auto(Outcome) o = vedette("verify", "--plan", "trace", golden_case(cases[i]), NULL);
        g_assert_cmpint(o.status, ==, 0);
        g_assert_nonnull(strstr(o.out, "block0.param rel_l2"));
        g_assert_nonnull(strstr(o.out, "layer4.chmean rel_l2"));
        g_assert_null(strstr(o.out, "diverge"));
    }
}

static const char *const segmentations[] = {"T-256x320-batch2", "T-512", "B-512"};
static const char *const transformers[] = {"deit_b-plain", "deit_b-r16-from0", "deit_ti-r8-from0"};
static const char *const restorations[] = {
    "reduced-derain-chop-100x130",
    "reduced-dn30-patch",
    "reduced-sr2-chop-60x48",
    "reduced-sr2-patch",
    "reduced-sr3-patch",
    "reduced-sr4-patch",
    "full-sr2-48",
    "full-dn30-48-batch2",
};

/* Logits, and the class of each pixel. The plain kernels take their time over the large ones. */
static void test_segmentation(void)
{
    gboolean soak = g_strcmp0(g_getenv("VEDETTE_SOAK"), "1") == 0;
    for (int isa = VDT_ISA_C; isa <= (int)vdt_isa_get_available(); isa++) {
        for (guint i = 0; i < G_N_ELEMENTS(segmentations); i++) {
            if (i > 0 && isa == VDT_ISA_C && !soak)
                continue;
            g_auto(Outcome) o = vedette("verify", "--isa", vdt_isa_name(isa),
                                        golden_case_of("cgrseg", segmentations[i]), NULL);
            if (o.status != 0)
                g_error("at %s: %s%s", vdt_isa_name(isa), o.out, o.err);
            g_assert_nonnull(strstr(o.out, " logits rel_l2 "));
            g_assert_nonnull(strstr(o.out, " argmax max_mismatch "));
        }
    }
    g_auto(Outcome) o =
        vedette("verify", "--plan", "trace", golden_case_of("cgrseg", segmentations[0]), NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_assert_nonnull(strstr(o.out, "context rel_l2"));
    g_assert_null(strstr(o.out, "diverge"));
}

/* Attention over tokens, which merge in two of the cases. */
static void test_transformers(void)
{
    for (int isa = VDT_ISA_C; isa <= (int)vdt_isa_get_available(); isa++)
        for (guint i = 0; i < G_N_ELEMENTS(transformers); i++) {
            g_auto(Outcome) o = vedette("verify", "--isa", vdt_isa_name(isa),
                                        golden_case_of("tocom", transformers[i]), NULL);
            if (o.status != 0)
                g_error("at %s: %s%s", vdt_isa_name(isa), o.out, o.err);
            g_assert_nonnull(strstr(o.out, " logits rel_l2 "));
        }
    for (guint i = 0; i < G_N_ELEMENTS(transformers); i++) {
        g_auto(Outcome) o =
            vedette("verify", "--plan", "trace", golden_case_of("tocom", transformers[i]), NULL);
        g_assert_cmpint(o.status, ==, 0);
        g_assert_nonnull(strstr(o.out, "patch_embed rel_l2"));
        g_assert_nonnull(strstr(o.out, "blocks.11 rel_l2"));
        g_assert_null(strstr(o.out, "diverge"));
        /* which tokens merge, to the last one */
        g_assert_true(i == 0 || strstr(o.out, "merge11.dst rel_l2 0\n") != NULL);
    }
}

static const char *const pyramids[] = {
    "slab_swin_t-224",
    "slab_swin-448",
    "swin-layernorm-224",
    "swin_prepbn-224",
    "swin_prepbn-144x112-batch2",
    "slab_pvt-64-batch2",
    "pvt_prepbn-64-batch2",
    "pvt_prepbn-96x128",
    "slab_cswin-64-batch2",
    "cswin_prepbn-64-batch2",
    "deit_t_prepbn-224",
    "slab_deit_t-224-batch2",
};

/* Those of the row slab: windows, stripes, smaller maps of keys, linear attention; and norms. */
static void test_pyramids(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(pyramids); i++) {
        const char *dir = golden_case_of("slab", pyramids[i]);
        for (int isa = VDT_ISA_C; isa <= (int)vdt_isa_get_available(); isa++) {
            g_auto(Outcome) o = vedette("verify", "--isa", vdt_isa_name(isa), dir, NULL);
            if (o.status != 0)
                g_error("at %s: %s%s", vdt_isa_name(isa), o.out, o.err);
            g_assert_nonnull(strstr(o.out, " logits rel_l2 "));
            g_assert_null(strstr(o.out, "its tensors decide"));
        }
        g_auto(Outcome) o = vedette("verify", "--plan", "trace", dir, NULL);
        g_assert_cmpint(o.status, ==, 0);
        g_assert_null(strstr(o.out, "diverge"));
    }
}

/* Tiles, and pictures that are cut into them. */
static void test_restoration(void)
{
    gboolean soak = g_strcmp0(g_getenv("VEDETTE_SOAK"), "1") == 0;
    for (guint i = 0; i < G_N_ELEMENTS(restorations); i++) {
        const char *dir = golden_case_of("ipt", restorations[i]);
        gboolean full = g_str_has_prefix(restorations[i], "full");
        for (int isa = full && !soak ? (int)vdt_isa_get_available() : VDT_ISA_C;
             isa <= (int)vdt_isa_get_available(); isa++) {
            g_auto(Outcome) o = vedette("verify", "--isa", vdt_isa_name(isa), dir, NULL);
            if (o.status != 0)
                g_error("at %s: %s%s", vdt_isa_name(isa), o.out, o.err);
            g_assert_nonnull(strstr(o.out, " image rel_l2 "));
        }
        if (full && !soak)
            continue;
        g_auto(Outcome) o = vedette("verify", "--plan", "trace", dir, NULL);
        g_assert_cmpint(o.status, ==, 0);
        g_assert_null(strstr(o.out, "diverge"));
        if (strstr(restorations[i], "chop") == NULL)
            g_assert_nonnull(strstr(o.out, "decoder rel_l2"));
    }
}

/* A dump holds what the case stores, in the case's types. */
static void test_dump_labels(void)
{
    const char *dump = in_folder("labels.safetensors");
    g_autofree char *path =
        g_build_filename(golden_case_of("cgrseg", segmentations[0]), "expect.safetensors", NULL);
    g_autoptr(GError) error = NULL;
    expect(0, NULL, "verify", "--dump", dump, golden_case_of("cgrseg", segmentations[0]), NULL);
    g_autoptr(VdtWeights) got = vdt_weights_load(dump, &error), want = NULL;
    g_assert_no_error(error);
    want = vdt_weights_load(path, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(vdt_weights_get_n_tensors(got), ==, 2);
    for (guint i = 0; i < 2; i++) {
        const char *name = i == 0 ? "logits" : "argmax";
        const VdtTensor *mine = vdt_weights_lookup(got, name);
        const VdtTensor *right = vdt_weights_lookup(want, name);
        g_assert_cmpint(mine->dtype, ==, right->dtype);
        g_assert_true(vdt_shape_equal(&mine->shape, &right->shape));
    }
}

static void test_threads(void)
{
    expect(0, NULL, "verify", "--threads", "1", golden_case(cases[1]), NULL);
    expect(0, NULL, "verify", "--threads", "3", golden_case(cases[1]), NULL);
}

/* Lower precision is only reported, until a bound is given. */
static void test_precision(void)
{
    const char *dir = golden_case(cases[1]);
    g_auto(Outcome) o = vedette("verify", "--precision", "bf16", dir, NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_assert_nonnull(strstr(o.out, "reported"));
    expect(0, NULL, "verify", "--precision", "bf16", "--bound", "0.05", dir, NULL);
    expect(1, NULL, "verify", "--precision", "bf16", "--bound", "1e-5", dir, NULL);
    expect(0, NULL, "verify", "--precision", "int8", "--bound", "0.05", dir, NULL);
    expect(1, NULL, "verify", "--precision", "int8", "--bound", "1e-3", dir, NULL);
    expect(2, "f32, bf16 or int8", "verify", "--precision", "int4", dir, NULL);
}

/* The dump holds the stored elements of the judged outputs, and is written when they fail too. */
static void test_dump(void)
{
    const char *dump = in_folder("dump.safetensors");
    for (int fail = 0; fail < 2; fail++) {
        g_autoptr(GError) error = NULL;
        g_remove(dump);
        expect(fail, NULL, "verify", "--dump", dump, golden_case(cases[2]), "--bound",
               fail ? "1e-12" : "1e-4", NULL);
        g_autoptr(VdtWeights) computed = vdt_weights_load(dump, &error);
        g_assert_no_error(error);
        g_autofree char *path = g_build_filename(golden_case(cases[2]), "expect.safetensors", NULL);
        g_autoptr(VdtWeights) expected = vdt_weights_load(path, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(vdt_weights_get_n_tensors(computed), ==, 1);
        VdtTensor *got = vdt_weights_lookup(computed, "features");
        VdtTensor *want = vdt_weights_lookup(expected, "features");
        g_assert_true(got->dtype == want->dtype && vdt_shape_equal(&got->shape, &want->shape));
        const float *g = got->data, *w = want->data;
        for (gint64 i = 0; i < vdt_shape_elements(&want->shape); i++)
            g_assert_cmpfloat_with_epsilon(g[i], w[i], 1e-3);
    }
}

/* A copy of a case with its text changed. */
static const char *changed_copy(const char *model, const char *name, const char *from,
                                const char *to)
{
    const char *dir = golden_case_of(model, name);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL, *expected = NULL;
    gsize size;
    g_autofree char *json = g_build_filename(dir, "case.json", NULL);
    g_autofree char *expect_path = g_build_filename(dir, "expect.safetensors", NULL);
    g_assert_true(g_file_get_contents(json, &text, NULL, &error));
    g_assert_true(g_file_get_contents(expect_path, &expected, &size, &error));
    g_autoptr(GString) changed = g_string_new(text);
    g_assert_cmpuint(g_string_replace(changed, from, to, 1), ==, 1);
    g_mkdir_with_parents(in_folder("changed"), 0700);
    g_assert_true(g_file_set_contents(in_folder("changed/case.json"), changed->str, -1, &error));
    g_assert_true(
        g_file_set_contents(in_folder("changed/expect.safetensors"), expected, size, &error));
    return in_folder("changed");
}

static const char *changed_case(const char *from, const char *to)
{
    return changed_copy("squeezetime", cases[2], from, to);
}

/* What a configuration leaves open, or says under names that are unknown here, the tensors say. An
 * intermediate that is not there, or is of another shape, is said to be so. */
static void test_open_configuration(void)
{
    static const struct {
        const char *from, *to;
        gboolean passes;
    } changes[] = {
        {"\"dims\": [", "\"widths\": [", TRUE},
        {"\"depths\": [", "\"blocks\": [", TRUE},
        {"\"attention\": \"linear\"", "\"kind\": \"sla\"", TRUE},
        {"\"depths\": [1, 2, 1, 1]", "\"depths\": [1, 2, 2, 1]", FALSE},
        {"\"norm\": \"linearnorm\"", "\"norm\": \"layernorm\"", FALSE},
    };
    const char *name = "slab_pvt-64-batch2";
    for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
        const char *dir = changed_copy("slab", name, changes[i].from, changes[i].to);
        g_auto(Outcome) o = vedette("verify", dir, NULL);
        g_assert_cmpint(o.status, ==, changes[i].passes ? 0 : 1);
        g_assert_true((strstr(o.out, "its tensors decide") != NULL) == changes[i].passes);
    }
    expect(0, NULL, "verify", "--plan", "trace",
           changed_copy("slab", name, "\"name\": \"block2.1\"", "\"name\": \"other\""), NULL);
    g_auto(Outcome) o = vedette(
        "verify", "--plan", "trace",
        changed_copy("slab", name, "\"full_shape\": [2, 64,", "\"full_shape\": [2, 65,"), NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_assert_nonnull(strstr(o.out, "of another shape here"));
}

/* Nothing is taken for granted: the configuration, the values and the lists all matter. */
static void test_wrong_cases(void)
{
    static const struct {
        const char *from, *to, *says;
    } changes[] = {
        {"\"spatial_stride\": [1, 2, 2, 1]", "\"spatial_stride\": [1, 2, 2, 2]", "downsample"},
        {"\"depth\": 50", "\"depth\": \"deep\"", "\"depth\""},
        {"\"model\": \"squeezetime\"", "\"model\": \"none\"", "none"},
        {"\"inputs\": [", "\"inputs\": [], \"x\": [", "0 inputs"},
        {"\"outputs\": [", "\"outputs\": [], \"x\": [", "no output"},
        {"\"outputs\": [", "\"outputs\": [3], \"x\": [", "not an object"},
        {"\"name\": \"features\"", "\"name\": \"other\"", "other"},
        {"[1, 128, 16, 8, 6]", "[1, 128, 16, 8, 7]", "[1,128,16,8,7]"},
        {"[1, 128, 16, 8, 6]", "[1, 128, 16, 8, 6], \"slice_step\": [0, 1, 1, 1, 1]", "slice_step"},
        {"[1, 128, 16, 8, 6]", "[1, 128, 16, 8, 6], \"slice_step\": [1, 2, 1, 1, 1]",
         "expect.safetensors"},
        {"[1, 128, 16, 8, 6]", "[1, 128, 16, 8, 6], \"reduce\": \"max\", \"dims\": [1]", "reduce"},
        {"[1, 128, 16, 8, 6]", "[1, 128, 16, 8, 6], \"reduce\": \"mean\", \"dims\": [9]", "dims"},
        {"\"config\": {", "\"config\": 5, \"x\": {", "config"},
        {"\"model\"", "\"model", "case.json"},
        {"\"model\": \"squeezetime\"", "\"model\": 5", "string \"model\""},
        {"\"name\": \"features\"", "\"name\": 5", "string \"name\""},
        {"\"inputs\": [", "\"inputs\": [{\"name\": \"x\", \"shape\": [33554433]}], \"x\": [",
         "limit of 33554432 elements"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(changes); i++)
        expect(1, changes[i].says, "verify", changed_case(changes[i].from, changes[i].to), NULL);

    /* Other values: the outputs differ, and only that is said. */
    g_auto(Outcome) o =
        vedette("verify",
                changed_case("\"lo\": -0.06, \"hi\": 0.06", "\"lo\": -0.06, \"hi\": 0.061"), NULL);
    g_assert_cmpint(o.status, ==, 1);
    g_assert_nonnull(strstr(o.out, "FAILED"));
    g_assert_cmpstr(o.err, ==, "");
    expect(1, "case.json", "verify", in_folder("nothing"), NULL);
}

static void test_bench(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(Outcome) o = vedette("bench", "--arch", "squeezetime", "--variant", "r50-k400", "--runs",
                                "2", "--layers", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonNode) node = json_from_string(o.out, &error);
    g_assert_no_error(error);
    JsonObject *result = json_node_get_object(node);
    g_assert_cmpstr(json_object_get_string_member(result, "arch"), ==, "squeezetime");
    g_assert_cmpstr(json_object_get_string_member(result, "variant"), ==, "r50-k400");
    g_assert_cmpstr(json_object_get_string_member(result, "precision"), ==, "f32");
    g_assert_cmpint(json_object_get_int_member(result, "batch"), ==, 1);
    g_assert_cmpint(json_object_get_int_member(result, "threads"), >=, 1);
    g_assert_cmpint(json_object_get_int_member(result, "macs"), ==, G_GINT64_CONSTANT(5482892032));
    g_assert_cmpfloat(json_object_get_double_member(result, "min_ms"), >, 0);
    g_assert_cmpfloat(json_object_get_double_member(result, "median_ms"), >=,
                      json_object_get_double_member(result, "min_ms"));
    g_assert_cmpfloat(json_object_get_double_member(result, "p90_ms"), >=,
                      json_object_get_double_member(result, "median_ms"));
    g_assert_cmpfloat(json_object_get_double_member(result, "peak_rss_mb"), >, 100);
    g_assert_nonnull(strstr(o.err, "layer4.2.conv2"));

    /* Of the tokens that are left, fewer and fewer. */
    g_auto(Outcome) merged = vedette("bench", "--arch", "tocom", "--variant", "deit_t", "--runs",
                                     "1", "--merge", "16", NULL);
    g_assert_cmpint(merged.status, ==, 0);
    g_assert_nonnull(strstr(merged.out, "\"merge\":16"));
    g_assert_nonnull(strstr(merged.out, "\"reference_steps\":0"));
    expect(1, "99 of 197 tokens cannot merge", "bench", "--arch", "tocom", "--variant", "deit_t",
           "--merge", "99", NULL);
    expect(2, "--merge", "bench", "--arch", "tocom", "--variant", "deit_t", "--merge", "-2", NULL);

    /* The golden case's size is the default. */
    g_auto(Outcome) ava = vedette("bench", "--arch", "squeezetime", "--variant", "r50-ava",
                                  "--runs", "1", "--threads", "1", NULL);
    g_assert_nonnull(strstr(ava.out, "\"macs\":1927909376"));
    g_assert_nonnull(strstr(ava.out, "\"threads\":1,"));
    g_auto(Outcome) batch =
        vedette("bench", "--arch", "squeezetime", "--variant", "r50-k400", "--size", "112x112",
                "--batch", "2", "--runs", "1", "--precision", "bf16", NULL);
    g_assert_nonnull(strstr(batch.out, "\"macs\":2641064448"));
    g_assert_nonnull(strstr(batch.out, "\"precision\":\"bf16\""));
}

/* Results that nobody gets are a failure. */
static void test_full(void)
{
    g_autofree char *line = g_strdup_printf("'%s' inspect '%s/expect.safetensors' > /dev/full",
                                            g_getenv("VEDETTE_EXE"), golden_case(cases[2]));
    const char *argv[] = {"sh", "-c", line, NULL};
    g_autofree char *says = NULL;
    int status = 0;
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               &says, &status, NULL));
    g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    g_assert_nonnull(strstr(says, "stdout"));
}

static void test_usage(void)
{
    static const char *const commands[] = {"infer", "verify", "bench", "inspect", "convert"};
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_auto(Outcome) o = vedette(commands[i], "--help", NULL);
        g_assert_cmpint(o.status, ==, 0);
        g_assert_nonnull(strstr(o.out, commands[i]));
        expect(2, NULL, commands[i], "--no-such-option", NULL);
        expect(2, commands[i], commands[i], NULL);
    }
    g_auto(Outcome) help = vedette("--help", NULL), version = vedette("--version", NULL);
    g_assert_cmpint(help.status, ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        g_assert_nonnull(strstr(help.out, commands[i]));
    g_assert_cmpint(version.status, ==, 0);
    g_assert_true(g_str_has_prefix(version.out, "vedette "));
    expect(2, "Usage", NULL, NULL);
    expect(2, "nosuch", "nosuch", NULL);

    const char *dir = golden_case(cases[1]);
    expect(2, "--plan", "verify", "--plan", "fast", dir, NULL);
    expect(2, "--isa", "verify", "--isa", "sse9", dir, NULL);
    expect(2, "--precision", "verify", "--precision", "f8", dir, NULL);
    expect(2, "--threads", "verify", "--threads", "-1", dir, NULL);
    expect(2, "--bound", "verify", "--bound", "-1", dir, NULL);
    expect(2, "--dump", "verify", "--dump", "x", dir, dir, NULL);
    expect(2, "--arch", "bench", "--variant", "r50-k400", NULL);
    expect(2, "--runs", "bench", "--arch", "a", "--variant", "b", "--runs", "0", NULL);
    expect(2, "--batch", "bench", "--arch", "a", "--variant", "b", "--batch", "0", NULL);
    expect(2, "--size", "bench", "--arch", "squeezetime", "--variant", "r50-k400", "--size", "224",
           NULL);
    expect(2, "--threads", "verify", "--threads", "0", dir, NULL);
    expect(2, "--threads", "verify", "--threads", "65", dir, NULL);
    expect(2, "r50-k600", "bench", "--arch", "squeezetime", "--variant", "b", NULL);
    expect(2, "--input", "infer", "--model", "m", NULL);
    expect(2, "--model", "infer", "--input", "m", NULL);
    expect(2, ".npy or .png", "infer", "--model", "m", "--input", "i", "--output", "o.gif", NULL);
    expect(2, "--views", "infer", "--model", "m", "--input", "i", "--views", "all", NULL);
    expect(2, "--views", "infer", "--model", "m", "--input", "i.npy", "--views", "test", NULL);
}

static gboolean is_listed(const char *model, const char *name)
{
    static const struct {
        const char *model;
        const char *const *names;
        guint n;
    } lists[] = {
        {"squeezetime", cases, G_N_ELEMENTS(cases)},
        {"cgrseg", segmentations, G_N_ELEMENTS(segmentations)},
        {"slab", pyramids, G_N_ELEMENTS(pyramids)},
        {"tocom", transformers, G_N_ELEMENTS(transformers)},
        {"ipt", restorations, G_N_ELEMENTS(restorations)},
    };

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint j = 0; g_str_equal(lists[i].model, model) && j < lists[i].n; j++)
            if (g_str_equal(lists[i].names[j], name))
                return TRUE;
    return FALSE;
}

/* A golden case that no test runs proves nothing. */
static void test_all_cases(void)
{
    const char *golden = golden_case_of("", "");
    g_autoptr(GDir) models = g_dir_open(golden, 0, NULL);
    const char *model, *name;
    guint n = 0;

    g_assert_nonnull(models);
    while ((model = g_dir_read_name(models)) != NULL) {
        g_autofree char *folder = g_build_filename(golden, model, NULL);
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
            g_autofree char *file = g_build_filename(folder, name, "case.json", NULL);
            if (!g_file_test(file, G_FILE_TEST_EXISTS))
                continue;
            if (!is_listed(model, name))
                g_error("no test verifies tests/golden/%s/%s: list it in this file", model, name);
            n++;
        }
    }
    g_assert_cmpuint(n, >=, 7);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/verify/all-cases", test_all_cases);
    g_test_add_func("/verify/infer-plan", test_infer_plan);
    g_test_add_func("/verify/trace-plan", test_trace_plan);
    g_test_add_func("/verify/segmentation", test_segmentation);
    g_test_add_func("/verify/transformer", test_transformers);
    g_test_add_func("/verify/pyramids", test_pyramids);
    g_test_add_func("/verify/open-configuration", test_open_configuration);
    g_test_add_func("/verify/restoration", test_restoration);
    g_test_add_func("/verify/dump-labels", test_dump_labels);
    g_test_add_func("/verify/threads", test_threads);
    g_test_add_func("/verify/precision", test_precision);
    g_test_add_func("/verify/dump", test_dump);
    g_test_add_func("/verify/wrong-cases", test_wrong_cases);
    g_test_add_func("/bench", test_bench);
    g_test_add_func("/full", test_full);
    g_test_add_func("/usage", test_usage);
    return fixture_close();
}
