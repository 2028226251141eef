/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapsanswer.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <street.h>
#include <string.h>

#include "mapfiles.h"
#include "scores.h"
#include "streetinput.h"
#include "text.h"

typedef struct {
    guint class;
    double share;
} ClassShare;

/* The largest first; of equals, the one that the model names first. */
static int by_share(gconstpointer a, gconstpointer b)
{
    const ClassShare *x = a, *y = b;
    if (x->share != y->share)
        return x->share < y->share ? 1 : -1;
    return x->class < y->class ? -1 : x->class > y->class;
}

/* The classes that there are, the largest first. */
static void add_results(JsonBuilder *b, const VdtCard *card, const double *shares, guint n)
{
    g_autofree ClassShare *order = g_new(ClassShare, n);
    for (guint class = 0; class < n; class ++)
        order[class] = (ClassShare){class, shares[class]};
    qsort(order, n, sizeof *order, by_share);
    for (guint i = 0; i < n && order[i].share > 0; i++) {
        g_autofree char *label = vdt_scores_label(card, order[i].class);
        json_builder_begin_object(b);
        json_builder_add_string_value(json_builder_set_member_name(b, "label"), label);
        json_builder_add_int_value(json_builder_set_member_name(b, "class"), order[i].class);
        json_builder_add_double_value(json_builder_set_member_name(b, "share"), order[i].share);
        json_builder_end_object(b);
    }
}

static void print_object(const MapsRequest *request, const VdtCard *card, const MapsAnswer *answer)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    json_builder_begin_object(b);
    g_autofree char *input = json_name(request->input);
    json_builder_add_string_value(json_builder_set_member_name(b, "input"), input);
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
    print_json(text);
}

static void print_table(const VdtCard *card, const MapsAnswer *answer)
{
    gint64 winners[VDT_SCORES_BEST];
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
    guint best = vdt_scores_best(answer->shares, answer->n, winners);
    for (guint i = 0; i < best && answer->shares[winners[i]] > 0; i++) {
        g_autofree char *label = vdt_scores_label(card, winners[i]);
        g_print("%7.4f  %s (%" G_GINT64_FORMAT ")\n", answer->shares[winners[i]], label,
                winners[i]);
    }
}

void maps_answer_print(const MapsRequest *request, const VdtCard *card, const MapsAnswer *answer)
{
    if (request->json)
        print_object(request, card, answer);
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
