/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stopping a training and going on with it. */
#include <glib/gstdio.h>
#include <string.h>
#include <vedette/runtime.h>

#include "io/atomic-file.h"
#include "io/keyed-hash.h"
#include "jsontext.h"
#include "training.h"

#define MAX_SECONDS 1e9
/* Of what describes a training. */
#define MAX_LINES   4096
/* Keys of the metadata that are the command's own. */
#define DESCRIPTION "vedette.training"
#define MACHINE     "vedette.machine"
#define SECONDS     "vedette.seconds"
#define CURVE       "vedette.curve"

static char *checkpoint_path(const Training *training)
{
    return training_output_path(training, "checkpoint.safetensors");
}

/* Adds the lines of a set's key; its first line says what kind it is. */
static void append_set(GString *text, const char *prefix, const ClipSet *set)
{
    if (set == NULL)
        return;
    g_auto(GStrv) lines = g_strsplit(set->key, "\n", -1);
    g_string_append_printf(text, "%s: %s\n%s clips: %u\n", prefix, lines[0], prefix,
                           clip_set_get_n_clips(set));
    for (guint i = 1; lines[i] != NULL && *lines[i] != '\0'; i++)
        g_string_append_printf(text, "%s %s\n", prefix, lines[i]);
}

char *training_describe(const Training *training)
{
    const TrainOptions *o = training->o;
    const AugmentOptions *a = &o->augmentation;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "architecture: %s\n", training->network.model->name);
    g_autoptr(GList) keys = json_object_get_members(training->network.config);
    for (GList *l = keys; l != NULL; l = l->next) {
        g_autofree char *value =
            json_to_string(json_object_get_member(training->network.config, l->data), FALSE);
        g_string_append_printf(text, "config %s: %s\n", (char *)l->data, value);
    }
    append_set(text, "data", training->set);
    g_autofree char *labels = g_strjoinv(", ", training->card->labels);
    g_string_append_printf(text, "labels: %s\n", labels);
    g_string_append_printf(text, "start: %s\n",
                           training->start_identity != NULL ? training->start_identity : "random");
    g_string_append_printf(text,
                           "seed: %" G_GINT64_FORMAT "\nbatch: %d\nsteps: %" G_GUINT64_FORMAT "\n",
                           o->seed, o->batch, training->steps);
    g_string_append_printf(text,
                           "optimizer: %d, momentum %.9g, decay %.9g, vectors %d, clip %.9g, "
                           "average %.9g, backbone %.9g\n",
                           o->optimizer_kind, o->momentum, o->decay, o->decay_vectors != FALSE,
                           o->clip, o->average, o->backbone_rate);
    g_string_append_printf(
        text, "schedule: %d, rate %.9g, warmup %.9g, final %.9g, gamma %.9g, %s\n",
        o->schedule_kind, o->rate, o->warmup_steps > 0 ? (double)o->warmup_steps : o->warmup,
        o->final_rate, o->gamma, o->milestones != NULL ? o->milestones : "-");
    g_string_append_printf(text, "crop: %ux%u for %" G_GUINT64_FORMAT " steps\n", o->crop_width,
                           o->crop_height, training->crop_steps);
    g_string_append_printf(text, "loss: label smoothing %.9g, dropout %.9g\n", o->label_smoothing,
                           o->dropout);
    if (o->freeze_norms)
        g_string_append(text, "norms: frozen in the backbone\n");
    g_string_append_printf(text,
                           "augmentation: flip %.9g, scale %.9g, shift %.9g, light %.9g, colour "
                           "%.9g, noise %.9g\n",
                           a->flip, a->scale, a->shift, a->light, a->colour, a->noise);
    return g_string_free(text, FALSE);
}

/* What the last bits depend on. */
static char *describe_machine(void)
{
    return g_strdup_printf("%s, %u threads", vdt_isa_name(vdt_isa_get()), vdt_threads_get());
}

gboolean training_save_checkpoint(Training *training, GError **error)
{
    g_autoptr(VdtWeights) checkpoint = vdt_trainer_get_checkpoint(training->trainer);
    g_autofree char *description = training_describe(training), *machine = describe_machine();
    g_autofree char *curve = curve_to_text(training->curve), *path = checkpoint_path(training);
    g_autofree char *seconds = g_strdup_printf("%.1f", training_get_seconds(training));
    vdt_weights_set_metadata(checkpoint, DESCRIPTION, description);
    vdt_weights_set_metadata(checkpoint, MACHINE, machine);
    vdt_weights_set_metadata(checkpoint, SECONDS, seconds);
    vdt_weights_set_metadata(checkpoint, CURVE, curve);
    return vdt_weights_save_safetensors(checkpoint, path, error) &&
           training_save_curve(training, error);
}

/* "name: value" lines by name. The strings are those of @text, which is changed. */
static GHashTable *parse_lines(char **lines)
{
    GHashTable *table = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    for (guint i = 0; lines[i] != NULL; i++) {
        char *colon = strstr(lines[i], ": ");
        if (colon == NULL)
            continue;
        *colon = '\0';
        g_hash_table_insert(table, lines[i], colon + 2);
    }
    return table;
}

/* Lists lines that are not the same in both, by their names; NULL if there are none. */
static char *list_differences(const char *old, const char *new)
{
    g_auto(GStrv) old_lines = g_strsplit(old, "\n", MAX_LINES);
    g_auto(GStrv) new_lines = g_strsplit(new, "\n", MAX_LINES);
    g_autoptr(GHashTable) before = parse_lines(old_lines), now = parse_lines(new_lines);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; old_lines[i] != NULL; i++) {
        const char *was = g_hash_table_lookup(before, old_lines[i]);
        const char *is = g_hash_table_lookup(now, old_lines[i]);
        if (was != NULL && g_strcmp0(was, is) != 0)
            g_string_append_printf(text, "\n%s: %s there, %s here", old_lines[i], was,
                                   is != NULL ? is : "not stated");
    }
    for (guint i = 0; new_lines[i] != NULL; i++)
        if (g_hash_table_contains(now, new_lines[i]) &&
            !g_hash_table_contains(before, new_lines[i]))
            g_string_append_printf(text, "\n%s: not stated there, %s here", new_lines[i],
                                   (char *)g_hash_table_lookup(now, new_lines[i]));
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

static gboolean check_same(const Training *training, const VdtWeights *checkpoint, const char *path,
                           GError **error)
{
    const char *old = vdt_weights_get_metadata(checkpoint, DESCRIPTION);
    if (old == NULL) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: is no checkpoint of a training", path);
        return FALSE;
    }
    g_autofree char *new = training_describe(training), *differ = list_differences(old, new);
    if (differ == NULL)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                "%s: is of another training; use the same options, or --overwrite. What differs:%s",
                path, differ);
    return FALSE;
}

/* Files that were being written when a run was killed. */
static void remove_leftovers(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;)
        if (g_pattern_match_simple(VDT_ATOMIC_FILE_LEFTOVERS, name)) {
            g_autofree char *path = g_build_filename(folder, name, NULL);
            g_unlink(path);
        }
}

gboolean training_check_output(const Training *training, GError **error)
{
    const TrainOptions *o = training->o;
    g_autofree char *path = checkpoint_path(training);
    remove_leftovers(o->output);
    if (o->overwrite)
        return TRUE;
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        if (o->resume)
            return TRUE;
        g_set_error(
            error, VDT_ERROR, VDT_ERROR_FAILED,
            "%s: there is a training already: --resume goes on with it, --overwrite begins anew",
            path);
        return FALSE;
    }
    /* Labels alone are what a training leaves that never began. */
    static const char *const parts[] = {"card.json", "weights.safetensors"};
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *part = training_output_path(training, parts[i]);
        if (!g_file_test(part, G_FILE_TEST_EXISTS))
            continue;
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "%s: the folder holds a model already; --overwrite puts what is trained in its "
                    "place",
                    part);
        return FALSE;
    }
    return TRUE;
}

gboolean training_restore(Training *training, GError **error)
{
    g_autofree char *path = checkpoint_path(training), *machine = describe_machine();
    if (!training->o->resume || !g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    g_autoptr(VdtWeights) checkpoint = vdt_weights_load(path, error);
    if (checkpoint == NULL || !check_same(training, checkpoint, path, error) ||
        !vdt_trainer_restore(training->trainer, checkpoint, error))
        return FALSE;
    if (vdt_trainer_get_step(training->trainer) > training->steps) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: its step is %" G_GUINT64_FORMAT
                    ", but this training has %" G_GUINT64_FORMAT,
                    path, vdt_trainer_get_step(training->trainer), training->steps);
        return FALSE;
    }
    const char *curve = vdt_weights_get_metadata(checkpoint, CURVE);
    const char *seconds = vdt_weights_get_metadata(checkpoint, SECONDS);
    if (curve == NULL ||
        !curve_parse(training->curve, curve, vdt_trainer_get_step(training->trainer))) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: its loss curve is damaged", path);
        return FALSE;
    }
    training->seconds_before = seconds != NULL ? g_ascii_strtod(seconds, NULL) : -1;
    if (!(training->seconds_before >= 0 && training->seconds_before <= MAX_SECONDS)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: its time of training is \"%s\", but must be 0 to %.0f seconds", path,
                    seconds != NULL ? seconds : "", MAX_SECONDS);
        return FALSE;
    }
    const char *before = vdt_weights_get_metadata(checkpoint, MACHINE);
    if (g_strcmp0(before, machine) != 0)
        progress_say(training->progress,
                     "The checkpoint was made with %s, this is %s: the last bits may differ.",
                     before != NULL ? before : "unknown kernels", machine);
    return TRUE;
}
