/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inferrestored.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config.h"
#include "inferfolder.h"
#include "mapfiles.h"
#include "streetinput.h"
#include "text.h"
#if HAVE_GST
#include "data/media.h"
#endif

static gboolean is_array(const char *path)
{
    return path != NULL && g_str_has_suffix(path, ".npy");
}

static gboolean is_film(const char *path)
{
    return path != NULL && film_is_named(path);
}

static gboolean is_folder(const RestoreRequest *request)
{
    return g_file_test(request->input, G_FILE_TEST_IS_DIR);
}

/* What a file may not be called, or NULL. */
static const char *find_wrong(const RestoreRequest *request, const char *path)
{
    if (is_folder(request))
        return picture_file_is_named(path) || is_film(path) || is_array(path)
                   ? "must be a folder, since the input is one"
                   : NULL;
    return picture_file_is_named(path) || is_film(path) ||
                   (is_array(path) && path == request->output)
               ? NULL
               : "must end in .png, .jpg or, of a whole video, in .mp4 or .mkv";
}

gboolean restore_request_check(const RestoreRequest *request, GError **error)
{
    const struct {
        const char *option, *path;
    } files[] = {{"--output", request->output}, {"--before-and-after", request->before_and_after}};
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        const char *wrong = files[i].path != NULL ? find_wrong(request, files[i].path) : NULL;
        if (wrong == NULL)
            continue;
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is \"%s\", but %s",
                    files[i].option, files[i].path, wrong);
        return FALSE;
    }
    const char *wrong = NULL;
    if (request->output == NULL && request->before_and_after == NULL)
        wrong = "a picture is restored, so --output or --before-and-after is needed";
    else if (request->output != NULL && request->before_and_after != NULL &&
             is_film(request->output) != is_film(request->before_and_after))
        wrong = "--output and --before-and-after are both films, or none is";
    else if (request->task != NULL && request->instruction != NULL)
        wrong = "--task and --instruction exclude each other";
    else if (request->estimator != NULL && g_strcmp0(request->task, VDT_ESTIMATOR_TASK) != 0)
        wrong = "--estimator belongs to --task " VDT_ESTIMATOR_TASK;
    else if (street_input_matches(request->input))
        wrong = "the street's pictures are not spoiled: name a picture, a video or a folder";
    if (wrong != NULL)
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, wrong);
    return wrong == NULL;
}

RestoredClock restored_clock_begin(void)
{
    return (RestoredClock){g_get_monotonic_time(), clock()};
}

void restored_clock_end(const RestoredClock *begin, RestoredAnswer *answer)
{
    answer->seconds += (g_get_monotonic_time() - begin->wall) / 1e6;
    answer->cpu_seconds += (double)(clock() - begin->cpu) / CLOCKS_PER_SEC;
}

static double get_peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024.0;
}

static void print_object(const Restoring *restoring, const RestoreRequest *request,
                         const RestoredAnswer *answer)
{
    const VdtCard *card = vdt_engine_get_card(restoring->engine);
    g_autoptr(JsonBuilder) b = json_builder_new();
    g_autofree char *input = json_name(request->input);
    const struct {
        const char *name, *value;
    } texts[] = {{"input", input},
                 {"model", card->name},
                 {"architecture", card->architecture},
                 {"variant", card->variant}};
    const struct {
        const char *name;
        guint value;
    } sizes[] = {{"width", answer->width},
                 {"height", answer->height},
                 {"output_width", answer->to_width},
                 {"output_height", answer->to_height}};
    json_builder_begin_object(b);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        json_builder_add_string_value(json_builder_set_member_name(b, texts[i].name),
                                      texts[i].value);
    json_builder_begin_array(json_builder_set_member_name(b, "tasks"));
    for (guint i = 0; i < restoring->n_done; i++)
        json_builder_add_string_value(b, restoring_get_done(restoring, i));
    json_builder_end_array(b);
    if (restoring->unchanged != NULL)
        json_builder_add_string_value(json_builder_set_member_name(b, "unchanged"),
                                      restoring->unchanged);
    json_builder_add_double_value(json_builder_set_member_name(b, "strength"), restoring->strength);
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
        json_builder_add_int_value(json_builder_set_member_name(b, sizes[i].name), sizes[i].value);
    if (answer->n_frames > 0) {
        json_builder_add_int_value(json_builder_set_member_name(b, "frames"), answer->n_frames);
        json_builder_add_int_value(json_builder_set_member_name(b, "restored_frames"),
                                   answer->n_restored);
        json_builder_add_int_value(json_builder_set_member_name(b, "pts_ns"), answer->first_pts);
        json_builder_add_int_value(json_builder_set_member_name(b, "duration_ns"),
                                   answer->last_pts - answer->first_pts);
    }
    json_builder_add_double_value(json_builder_set_member_name(b, "seconds"), answer->seconds);
    json_builder_add_double_value(json_builder_set_member_name(b, "cpu_seconds"),
                                  answer->cpu_seconds);
    json_builder_add_double_value(json_builder_set_member_name(b, "peak_rss_mb"), get_peak_mb());
    json_builder_end_object(b);
    g_autoptr(JsonNode) root = json_builder_get_root(b);
    g_autofree char *text = json_to_string(root, FALSE);
    print_json(text);
}

void restored_answer_print(const Restoring *restoring, const RestoreRequest *request,
                           const RestoredAnswer *answer)
{
    if (request->json) {
        print_object(restoring, request, answer);
        return;
    }
    g_print("%s, ", vdt_engine_get_card(restoring->engine)->name);
    for (guint i = 0; i < restoring->n_done; i++) {
        g_autofree char *name = printable(restoring_get_done(restoring, i));
        g_print("%s%s", i > 0 ? ", " : "", name);
    }
    if (restoring->unchanged != NULL)
        g_print("nothing is changed: %s", restoring->unchanged);
    g_print("; %ux%u", answer->width, answer->height);
    if (answer->to_width != answer->width || answer->to_height != answer->height)
        g_print(" to %ux%u", answer->to_width, answer->to_height);
    if (answer->n_frames > 0)
        g_print(", %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " pictures", answer->n_restored,
                answer->n_frames);
    g_print(", %.2f s, %.0f MB\n", answer->seconds, get_peak_mb());
}

#if HAVE_GST
typedef struct {
    Restoring *restoring;
    const RestoreRequest *request;
    RestoredAnswer answer;
    VdtTensor *planes; /* for .npy */
    VdtPicture after, halves;
    gboolean done;
} One;

static void one_clear(One *one)
{
    g_clear_pointer(&one->planes, vdt_tensor_unref);
    g_free(one->after.data);
    g_free(one->halves.data);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(One, one_clear)

/* Keeps what is not rounded. */
static gboolean keep_planes(One *one, const VdtPicture *picture, GError **error)
{
    Restored restored;
    if (!restoring_run(one->restoring, picture, one->restoring->strength, one->request->cancellable,
                       &restored, error))
        return FALSE;
    VdtShape shape = vdt_shape(1, 3, restored.height, restored.width);
    one->planes = vdt_tensor_new(VDT_F32, &shape, error);
    if (one->planes == NULL)
        return FALSE;
    memcpy(one->planes->data, restored.planes, one->planes->n_bytes);
    one->answer.to_width = restored.width;
    one->answer.to_height = restored.height;
    return TRUE;
}

static void show_progress(guint64 done, guint64 all, gpointer data)
{
    g_printerr("\rtile %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT "%s", done, all,
               done == all ? "\r\033[K" : "");
}

static gboolean restore_first(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts,
                              GError **error)
{
    One *one = data;
    const RestoreRequest *request = one->request;
    VdtPicture *halves = request->before_and_after != NULL ? &one->halves : NULL;
    one->answer.width = picture->width;
    one->answer.height = picture->height;
    if (!restoring_choose(one->restoring, picture, request->cancellable, error) ||
        !restoring_prepare(one->restoring, picture->width, picture->height, error))
        return FALSE;
    RestoredClock begin = restored_clock_begin();
    if (isatty(STDERR_FILENO))
        vdt_restorer_set_progress(one->restoring->restorer, show_progress, NULL);
    if (is_array(request->output) && !keep_planes(one, picture, error))
        return FALSE;
    if (!is_array(request->output) || halves != NULL) {
        if (!restoring_draw(one->restoring, picture, request->cancellable, &one->after, halves,
                            error))
            return FALSE;
        one->answer.to_width = one->after.width;
        one->answer.to_height = one->after.height;
    }
    restored_clock_end(&begin, &one->answer);
    one->done = TRUE;
    return FALSE;
}

static gboolean restore_picture(Restoring *restoring, const RestoreRequest *request, GError **error)
{
    g_auto(One) one = {.restoring = restoring, .request = request};
    if (!media_decode(request->input, restore_first, &one, error))
        return FALSE;
    if (!one.done) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: holds no picture", request->input);
        return FALSE;
    }
    restored_answer_print(restoring, request, &one.answer);
    fflush(stdout);
    if (one.planes != NULL && !vdt_npy_save(one.planes, request->output, error))
        return FALSE;
    if (one.planes == NULL && request->output != NULL &&
        !picture_file_save(request->output, &one.after, error))
        return FALSE;
    return request->before_and_after == NULL ||
           picture_file_save(request->before_and_after, &one.halves, error);
}
#else
static gboolean restore_picture(Restoring *restoring, const RestoreRequest *request, GError **error)
{
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "%s: this build has no GStreamer and reads .npy only", request->input);
    return FALSE;
}

gboolean infer_restored_video(Restoring *restoring, const RestoreRequest *request, GError **error)
{
    return restore_picture(restoring, request, error);
}
#endif

typedef struct {
    Restoring *restoring;
    const RestoreRequest *request;
} Folder;

static gboolean restore_one_of(gpointer data, const char *path, const char *stem, GError **error)
{
    const Folder *folder = data;
    RestoreRequest request = *folder->request;
    g_autofree char *file = g_strconcat(stem, ".png", NULL);
    g_autofree char *output =
        request.output != NULL ? g_build_filename(request.output, file, NULL) : NULL;
    g_autofree char *halves = request.before_and_after != NULL
                                  ? g_build_filename(request.before_and_after, file, NULL)
                                  : NULL;
    request.input = path;
    request.output = output;
    request.before_and_after = halves;
    return restore_picture(folder->restoring, &request, error);
}

static gboolean restore_folder(Restoring *restoring, const RestoreRequest *request, GError **error)
{
    Folder folder = {restoring, request};
    const char *const made[] = {request->output, request->before_and_after};
    for (guint i = 0; i < G_N_ELEMENTS(made); i++)
        if (made[i] != NULL && !map_pattern_prepare(made[i], error))
            return FALSE;
    return infer_folder(request->input, restore_one_of, &folder, error);
}

gboolean infer_restored(VdtEngine *engine, const RestoreRequest *request, GError **error)
{
    g_auto(Restoring) restoring = {NULL};
    if (!restore_request_check(request, error) ||
        !restoring_init(&restoring, engine, request, error))
        return FALSE;
    if (restoring.unchanged != NULL && request->json)
        g_printerr("vedette infer: nothing is changed: %s\n", restoring.unchanged);
    if (is_folder(request))
        return restore_folder(&restoring, request, error);
    return (is_film(request->output) || is_film(request->before_and_after)
                ? infer_restored_video
                : restore_picture)(&restoring, request, error);
}
