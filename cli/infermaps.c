/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "infermaps.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "config.h"
#include "mapfiles.h"
#include "maptally.h"
#include "palette.h"
#include "scores.h"
#include "streetdraw.h"
#include "streetinput.h"
#include "streetpictures.h"
#if HAVE_GST
#include "media.h"
#endif

/* The picture, what the network makes of it and, on the street, what is true of it. */
typedef struct {
    guint width, height;
    guint8 *rgb, *truth; /* truth: or NULL */
    guint16 *labels;
    guint64 number; /* of the street's picture */
    ClipInfo info;
} Seen;

static void seen_clear(Seen *seen)
{
    g_free(seen->rgb);
    g_free(seen->truth);
    g_free(seen->labels);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Seen, seen_clear)

#if HAVE_GST
/* The first picture, packed. */
static gboolean take(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts,
                     GError **error)
{
    Seen *seen = data;
    gsize row = (gsize)3 * picture->width;
    seen->width = picture->width;
    seen->height = picture->height;
    seen->rgb = g_malloc(row * picture->height);
    for (guint y = 0; y < picture->height; y++)
        memcpy(seen->rgb + y * row, picture->data + y * picture->stride, row);
    return FALSE;
}
#endif

static gboolean read_picture(const char *input, Seen *seen, GError **error)
{
#if HAVE_GST
    if (!media_decode(input, take, seen, error))
        return FALSE;
    if (seen->rgb == NULL)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: holds no picture", input);
    return seen->rgb != NULL;
#else
    g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                "%s: this build has no GStreamer and reads .npy only", input);
    return FALSE;
#endif
}

/* One of the pictures that `vedette eval` counts on. */
static gboolean draw_street(const char *input, Seen *seen, GError **error)
{
    seen->number = g_random_int_range(0, 1000000);
    if (input[6] == ':' &&
        !g_ascii_string_to_unsigned(input + 7, 10, 0, G_MAXUINT32, &seen->number, NULL)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "%s: a picture of the street has a number, from 0 to %u", input, G_MAXUINT32);
        return FALSE;
    }
    seen->width = STREET_PICTURE_WIDTH;
    seen->height = STREET_PICTURE_HEIGHT;
    ClipFormat format = {
        .width = seen->width, .height = seen->height, .frames = 1, .stored = 1, .mapped = TRUE};
    /* Without an encoder all are as they were drawn. */
    g_autoptr(ClipSet) set =
        street_pictures_new(STREET_HELD_OUT_SEED, seen->number, 1, 2, 0, &format, NULL);
    if (set == NULL)
        set = street_pictures_new(STREET_HELD_OUT_SEED, seen->number, 1, 0, 0, &format, error);
    if (set == NULL)
        return FALSE;
    street_pictures_ignore(set, STREET_LEAST_PIXELS);
    seen->rgb = g_malloc(clip_format_bytes(&format));
    if (!set->fill(set, 0, seen->rgb, NULL, error))
        return FALSE;
    seen->info = set->info(set, 0);
    seen->truth =
        g_memdup2(clip_format_classes(&format, seen->rgb), (gsize)seen->width * seen->height);
    return TRUE;
}

/* Mean IoU with the truth. */
static double get_iou(const VdtCard *card, const Seen *seen)
{
    g_autoptr(MapTally) tally = map_tally_new(card->labels, card->n_labels);
    map_tally_add(tally, &seen->info, seen->truth, seen->labels, (gsize)seen->width * seen->height,
                  0);
    return map_tally_get_mean_iou(tally);
}

static int by_share(gconstpointer a, gconstpointer b, gpointer data)
{
    const double *shares = data, x = shares[*(const guint *)a], y = shares[*(const guint *)b];
    return (x < y) - (x > y);
}

/* The classes that there are, the largest first. */
static void add_results(JsonBuilder *b, const VdtCard *card, const double *shares, guint n)
{
    g_autofree guint *order = g_new(guint, n);
    for (guint class = 0; class < n; class ++)
        order[class] = class;
    g_qsort_with_data(order, (int)n, sizeof *order, by_share, (gpointer)shares);
    for (guint i = 0; i < n && shares[order[i]] > 0; i++) {
        g_autofree char *label = label_of(card, order[i]);
        json_builder_begin_object(b);
        json_builder_add_string_value(json_builder_set_member_name(b, "label"), label);
        json_builder_add_int_value(json_builder_set_member_name(b, "class"), order[i]);
        json_builder_add_double_value(json_builder_set_member_name(b, "share"), shares[order[i]]);
        json_builder_end_object(b);
    }
}

static void print_json(const MapsRequest *request, const VdtCard *card, const MapsAnswer *answer)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    json_builder_begin_object(b);
    json_builder_add_string_value(json_builder_set_member_name(b, "input"), request->input);
    json_builder_add_string_value(json_builder_set_member_name(b, "model"), card->name);
    json_builder_add_string_value(json_builder_set_member_name(b, "architecture"),
                                  card->architecture);
    json_builder_add_string_value(json_builder_set_member_name(b, "variant"), card->variant);
    json_builder_add_string_value(json_builder_set_member_name(b, "mode"),
                                  vdt_segment_mode_names[request->mode]);
    json_builder_add_int_value(json_builder_set_member_name(b, "width"), answer->width);
    json_builder_add_int_value(json_builder_set_member_name(b, "height"), answer->height);
    if (answer->n_frames > 0)
        json_builder_add_int_value(json_builder_set_member_name(b, "frames"), answer->n_frames);
    if (answer->n_frames > 0 && answer->first_pts >= 0) {
        json_builder_add_int_value(json_builder_set_member_name(b, "pts_ns"), answer->first_pts);
        json_builder_add_int_value(json_builder_set_member_name(b, "duration_ns"),
                                   answer->last_pts - answer->first_pts);
    }
    if (answer->street) {
        json_builder_add_int_value(json_builder_set_member_name(b, "picture"), answer->number);
        json_builder_add_string_value(json_builder_set_member_name(b, "condition"),
                                      vdt_street_condition_name(answer->info->condition));
        json_builder_add_boolean_value(json_builder_set_member_name(b, "coded"),
                                       answer->info->coded);
        json_builder_add_double_value(json_builder_set_member_name(b, "miou"), answer->iou);
    }
    json_builder_begin_array(json_builder_set_member_name(b, "results"));
    add_results(b, card, answer->shares, answer->n);
    json_builder_end_array(b);
    json_builder_end_object(b);
    g_autoptr(JsonNode) root = json_builder_get_root(b);
    g_autofree char *text = json_to_string(root, FALSE);
    g_print("%s\n", text);
}

static void print_table(const VdtCard *card, const MapsAnswer *answer)
{
    gint64 winners[N_BEST + 1];
    g_print("%s, %ux%u", card->name, answer->width, answer->height);
    if (answer->n_frames > 0)
        g_print(", %" G_GINT64_FORMAT " pictures", answer->n_frames);
    if (answer->n_frames > 0 && answer->first_pts >= 0)
        g_print(", %.2f s to %.2f s", answer->first_pts / 1e9, answer->last_pts / 1e9);
    g_print("\n");
    if (answer->street)
        g_print("street:%" G_GUINT64_FORMAT ", %s%s: mean IoU %.1f %%\n", answer->number,
                vdt_street_condition_name(answer->info->condition),
                answer->info->coded ? ", coded" : "", 100 * answer->iou);
    guint best = best_scores(answer->shares, answer->n, winners);
    for (guint i = 0; i < best && answer->shares[winners[i]] > 0; i++) {
        g_autofree char *label = label_of(card, winners[i]);
        g_print("%7.4f  %s (%" G_GINT64_FORMAT ")\n", answer->shares[winners[i]], label,
                winners[i]);
    }
}

void maps_answer_print(const MapsRequest *request, const VdtCard *card, const MapsAnswer *answer)
{
    if (request->json)
        print_json(request, card, answer);
    else
        print_table(card, answer);
}

gboolean maps_request_check(const MapsRequest *request, gboolean *video, GError **error)
{
    const char *map = request->map, *overlay = request->overlay, *wrong = NULL;
    gboolean maps = map != NULL && (strchr(map, '%') != NULL || !g_str_has_suffix(map, ".png"));
    gboolean film = overlay != NULL && film_is_named(overlay);
    *video = maps || film;
    if (overlay != NULL && !film && !g_str_has_suffix(overlay, ".png"))
        wrong = "--overlay must end in .png or, of a video, in .mp4 or .mkv";
    else if (film && map != NULL && !maps)
        wrong = "of a video, --output is a folder, or a pattern like map-%06d.png";
    else if (maps && overlay != NULL && !film)
        wrong = "of a video, --overlay ends in .mp4 or .mkv";
    else if (*video && street_input_matches(request->input))
        wrong =
            "--input street is one picture: --output and --overlay must end in .png, without a %";
    if (wrong != NULL)
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, wrong);
    return wrong == NULL;
}

/* The network's answer must be to the street's question before it is held against the truth. */
static gboolean check_street(const VdtCard *card, const Seen *seen, GError **error)
{
    guint n = seen->truth != NULL ? VDT_STREET_N_CLASSES : 0;
    if (n > 0 && card->n_labels != n) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s has %u classes with names, but the street has %u", card->name,
                    card->n_labels, n);
        return FALSE;
    }
    for (guint i = 0; i < n; i++)
        if (strcmp(card->labels[i], vdt_street_class_name(i)) != 0) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                        "class %u of %s is \"%s\", but the street's is \"%s\"", i, card->name,
                        card->labels[i], vdt_street_class_name(i));
            return FALSE;
        }
    return TRUE;
}

gboolean infer_maps(VdtEngine *engine, const MapsRequest *request, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    gboolean street = street_input_matches(request->input), video;
    if (!maps_request_check(request, &video, error))
        return FALSE;
#if HAVE_GST
    if (video)
        return infer_maps_video(engine, request, error);
#endif
    g_auto(Seen) seen = {.info.condition = -1};
    if (!(street ? draw_street : read_picture)(request->input, &seen, error) ||
        !check_street(card, &seen, error))
        return FALSE;
    const gsize area = (gsize)seen.width * seen.height;
    VdtPicture picture = {seen.rgb, seen.width, seen.height, (gsize)3 * seen.width};
    seen.labels = g_new(guint16, area);
    if (!vdt_segment_picture(engine, request->mode, &picture, seen.labels, NULL, error))
        return FALSE;

    guint n = MAX(card->n_labels, 1);
    for (gsize i = 0; i < area; i++)
        n = MAX(n, seen.labels[i] + 1u);
    g_autofree double *shares = g_new0(double, n);
    for (gsize i = 0; i < area; i++)
        shares[seen.labels[i]] += 1.0 / area;
    g_autofree guint32 *colours = vdt_palette_load(card, n);
    if (request->map != NULL &&
        !map_file_save(request->map, seen.labels, seen.width, seen.height, colours, n, error))
        return FALSE;
    if (request->overlay != NULL) {
        map_draw_over(&picture, seen.labels, colours, request->opacity);
        if (!picture_file_save(request->overlay, &picture, error))
            return FALSE;
    }
    MapsAnswer answer = {.width = seen.width, .height = seen.height, .shares = shares, .n = n};
    if (seen.truth != NULL) {
        answer.street = TRUE;
        answer.number = seen.number;
        answer.info = &seen.info;
        answer.iou = get_iou(card, &seen);
    }
    maps_answer_print(request, card, &answer);
    return TRUE;
}
