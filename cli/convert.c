/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette convert: weight files to .safetensors, arrays to .npy, in another precision if wanted, or
 * with norms folded.
 */
#include <string.h>
#include <vedette/weights.h>

#include "command.h"
#include "files.h"
#include "fold.h"
#include "golden.h"
#include "samefile.h"
#include "unwrap.h"

static gboolean is_float(VdtDType dtype)
{
    return dtype == VDT_F32 || dtype == VDT_F64 || dtype == VDT_F16 || dtype == VDT_BF16;
}

/* Precisions by the names that the other commands use. */
static gboolean parse_precision(const char *name, VdtDType *dtype)
{
    static const struct {
        const char *name;
        VdtDType dtype;
    } precisions[] = {{"f32", VDT_F32}, {"f16", VDT_F16}, {"bf16", VDT_BF16}};

    for (guint i = 0; i < G_N_ELEMENTS(precisions); i++) {
        if (strcmp(name, precisions[i].name) == 0) {
            *dtype = precisions[i].dtype;
            return TRUE;
        }
    }
    return FALSE;
}

/* The tensor itself, or a converted one if it is of a float type and @dtype is given. */
static VdtTensor *convert_tensor(VdtTensor *tensor, const VdtDType *dtype, GError **error)
{
    if (dtype == NULL || *dtype == tensor->dtype || !is_float(tensor->dtype))
        return vdt_tensor_ref(tensor);
    return vdt_tensor_convert(tensor, *dtype, error);
}

static gboolean convert_array(const char *from, const char *to, const VdtDType *dtype,
                              GError **error)
{
    g_autoptr(VdtTensor) tensor = vdt_npy_load(from, error);
    g_autoptr(VdtTensor) converted = tensor != NULL ? convert_tensor(tensor, dtype, error) : NULL;

    return converted != NULL && vdt_npy_save(converted, to, error);
}

/* The weights of a file, or those that a golden case describes. */
static VdtWeights *load(const char *from, GError **error)
{
    g_autofree char *case_path = g_build_filename(from, "case.json", NULL);
    g_autoptr(JsonObject) golden_case = NULL;

    if (!g_file_test(from, G_FILE_TEST_IS_DIR))
        return vdt_weights_load(from, error);
    golden_case = vdt_json_load(case_path, GOLDEN_MAX_BYTES, error);
    return golden_case != NULL ? golden_weights(golden_case, NULL, error) : NULL;
}

static gboolean convert_weights(const char *from, const char *to, const VdtDType *dtype,
                                gboolean fold, GError **error)
{
    g_autoptr(VdtWeights) weights = load(from, error);
    g_autoptr(VdtWeights) converted = vdt_weights_new();

    if (weights == NULL)
        return FALSE;
    if (vdt_weights_get_n_unread(weights) > 0) { /* which would be lost without a word */
        const char *reason;

        vdt_weights_get_unread(weights, 0, &reason);
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED, "%s: %s", from, reason);
        return FALSE;
    }
    if (fold) {
        g_autoptr(VdtWeights) unwrapped = vdt_weights_unwrap(weights);
        VdtWeights *folded = vdt_weights_fold(unwrapped, error);

        if (folded == NULL)
            return FALSE;
        vdt_weights_unref(weights);
        weights = folded;
    }
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        g_autoptr(VdtTensor) tensor =
            convert_tensor(vdt_weights_get_tensor(weights, i), dtype, error);

        if (tensor == NULL)
            return FALSE;
        vdt_weights_insert(converted, vdt_weights_get_name(weights, i), tensor);
    }
    return vdt_weights_save_safetensors(converted, to, error);
}

int command_convert(int argc, char **argv)
{
    g_autofree char *precision = NULL;
    gboolean fold = FALSE;
    const GOptionEntry entries[] = {
        {"fold", 0, 0, G_OPTION_ARG_NONE, &fold,
         "Move norms that a trained network does not need into the layers beside them", NULL},
        {"dtype", 0, 0, G_OPTION_ARG_STRING, &precision,
         "Type of all tensors that are of a float type: f32, f16 or bf16 (as they are)", "TYPE"},
        {NULL},
    };
    g_auto(GStrv) files = NULL;
    g_autoptr(GError) error = NULL;
    VdtDType dtype;
    gboolean done;

    if (!parse_options("IN OUT",
                       "Writes a weight file, or the weights of a golden case (a folder with\n"
                       "case.json), as .safetensors; writes an array in .npy as .npy.",
                       entries, argc, argv, 2, 2, &files))
        return EXIT_USAGE;
    if (precision != NULL && !parse_precision(precision, &dtype))
        return complain_usage("convert", "--dtype is \"%s\", but must be f32, f16 or bf16",
                              precision);
    if (!check_output("OUT", files[1], files[0], &error))
        return complain("convert", error, EXIT_FAILED);
    if (fold && !g_str_has_suffix(files[1], ".safetensors"))
        return complain_usage("convert",
                              "--fold writes weights, but OUT is \"%s\" and does not end in "
                              ".safetensors",
                              files[1]);
    if (g_str_has_suffix(files[1], ".npy"))
        done = convert_array(files[0], files[1], precision != NULL ? &dtype : NULL, &error);
    else if (g_str_has_suffix(files[1], ".safetensors"))
        done = convert_weights(files[0], files[1], precision != NULL ? &dtype : NULL, fold, &error);
    else
        return complain_usage("convert", "OUT is \"%s\", but must end in .safetensors or .npy",
                              files[1]);
    return done ? EXIT_DONE : complain("convert", error, EXIT_FAILED);
}
