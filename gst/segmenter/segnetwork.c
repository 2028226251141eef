/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segnetwork.h"

#include <string.h>

#include "palette.h"
#include "segmentation.h"

#define MULTIPLE 32

/* Sides that a network may be asked to have. */
#define LEAST_SIDE 32
#define MOST_SIDE  4096

static gboolean parse_side(const char *text, char end, const char **rest, guint *side)
{
    char *stop = NULL;
    guint64 value;

    if (!g_ascii_isdigit(*text))
        return FALSE;
    value = g_ascii_strtoull(text, &stop, 10);
    if (*stop != end || value < LEAST_SIDE || value > MOST_SIDE)
        return FALSE;
    *side = (guint)value;
    *rest = stop + 1;
    return TRUE;
}

/* "640x384", or "" or NULL for 0 x 0. */
static gboolean parse_size(const char *text, guint *width, guint *height)
{
    const char *rest;
    guint w = 0, h = 0;

    if (text && *text && !(parse_side(text, 'x', &rest, &w) && parse_side(rest, '\0', &rest, &h)))
        return FALSE;
    *width = w;
    *height = h;
    return TRUE;
}

void vdt_seg_size_install(GObjectClass *klass, guint id)
{
    g_object_class_install_property(
        klass, id,
        g_param_spec_string(
            "resolution", "Resolution",
            "WIDTHxHEIGHT of the network's picture; empty for the model's own", NULL,
            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING));
}

gboolean vdt_seg_size_set(VdtSegSize *size, const char *text, char **note)
{
    *note = NULL;
    if (!parse_size(text, &size->width, &size->height)) {
        *note =
            g_strdup_printf("The resolution stays as it was: \"%.40s\" is no WIDTHxHEIGHT of %d "
                            "to %d.",
                            text, LEAST_SIDE, MOST_SIDE);
        return FALSE;
    }
    g_free(size->text);
    size->text = g_strdup(text);
    return TRUE;
}

void vdt_seg_size_clear(VdtSegSize *size)
{
    g_free(size->text);
}

void vdt_seg_network_clear(gpointer data)
{
    VdtSegNetwork *network = data;

    g_clear_pointer(&network->session, vdt_session_free);
    g_free(network->colours);
    vdt_engine_unref(network->engine);
}

static gboolean make_session(VdtSegNetwork *network, GError **error)
{
    const VdtShape input =
        vdt_engine_get_input_shape(network->engine, 1, network->width, network->height);

    network->session = vdt_engine_new_session(network->engine, &input, error);
    return network->session != NULL;
}

static guint nearest(guint side)
{
    return MAX((side + MULTIPLE / 2) / MULTIPLE, 1) * MULTIPLE;
}

/* Networks with attention halve their maps evenly: they take multiples, others any size. */
static gboolean make_any_session(VdtSegNetwork *network, GstElement *element, GError **error)
{
    const guint width = network->width, height = network->height;
    g_autoptr(GError) refused = NULL;

    if (make_session(network, &refused))
        return TRUE;
    network->width = nearest(width);
    network->height = nearest(height);
    if (!g_error_matches(refused, VDT_ERROR, VDT_ERROR_SHAPE) ||
        (network->width == width && network->height == height)) {
        g_propagate_error(error, g_steal_pointer(&refused));
        return FALSE;
    }
    if (!make_session(network, error))
        return FALSE;
    GST_ELEMENT_WARNING(element, LIBRARY, SETTINGS,
                        ("The network cannot take pictures of %ux%u; it gets %ux%u.", width, height,
                         network->width, network->height),
                        ("%s", refused->message));
    return TRUE;
}

static gboolean has_map(VdtSegNetwork *network, GError **error)
{
    const VdtShape *out = &vdt_session_get_output(network->session, 0)->shape;
    const VdtCard *card = network->card;

    if (out->n_dims != 4) {
        g_autofree char *shape = vdt_shape_to_string(out);

        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s: the network (%s) answers with %s, not with a map of classes",
                    card->path ? card->path : card->weights, card->variant, shape);
        return FALSE;
    }
    network->n_classes = (guint)MIN(out->dims[1], G_MAXUINT);
    if (vdt_segmentation_check_classes(network->n_classes, error))
        return TRUE;
    g_prefix_error(error, "%s: ", card->path ? card->path : card->weights);
    return FALSE;
}

/* Classes that labels do not name go by their numbers, and labels of no class are of no use. */
static void check_labels(const VdtSegNetwork *network, GstElement *element)
{
    const VdtCard *card = network->card;

    if (card->labels && card->n_labels != network->n_classes)
        GST_ELEMENT_WARNING(element, LIBRARY, SETTINGS,
                            ("%s has %u labels, but the network has %u classes.", card->labels_path,
                             card->n_labels, network->n_classes),
                            ("classes without a label are called by their numbers"));
}

VdtSegNetwork *vdt_seg_network_new(GstElement *element, VdtEngine *engine, guint width,
                                   guint height, GError **error)
{
    VdtSegNetwork *network = g_atomic_rc_box_new0(VdtSegNetwork);

    network->engine = vdt_engine_ref(engine);
    network->card = vdt_engine_get_card(engine);
    network->width = width ? width : network->card->width;
    network->height = height ? height : network->card->height;
    if (!make_any_session(network, element, error) || !has_map(network, error)) {
        g_atomic_rc_box_release_full(network, vdt_seg_network_clear);
        return NULL;
    }
    check_labels(network, element);
    network->colours = vdt_palette_load(network->card, network->n_classes);
    return network;
}

const char *vdt_seg_network_label(const VdtSegNetwork *network, guint class, char number[16])
{
    if (network->card->labels && class < network->card->n_labels)
        return network->card->labels[class];
    g_snprintf(number, 16, "%u", class);
    return number;
}

/* The parts of @text between commas, without the space around them; empty ones are left out. */
static char **split(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; parts[i]; i++)
        if (*g_strstrip(parts[i]))
            g_strv_builder_add(builder, parts[i]);
    return g_strv_builder_end(builder);
}

/* Whether a label is @name, but for space around commas. */
static gboolean is_called(const char *label, const char *name)
{
    g_auto(GStrv) parts = NULL;
    g_autofree char *plain = NULL;

    if (!strchr(label, ','))
        return strcmp(label, name) == 0;
    parts = split(label);
    plain = g_strjoinv(", ", parts);
    return strcmp(plain, name) == 0;
}

/* A class by its label or number; -1 for none. */
static int find(const VdtSegNetwork *network, const char *name)
{
    guint64 number;

    for (guint c = 0; c < network->n_classes; c++) {
        char text[16];

        if (is_called(vdt_seg_network_label(network, c, text), name))
            return (int)c;
    }
    if (g_ascii_string_to_unsigned(name, 10, 0, network->n_classes - 1, &number, NULL))
        return (int)number;
    return -1;
}

/* The names from @from on, before @to, as one, if they are so many. */
static char *join(char **names, guint from, guint to)
{
    GString *text = g_string_new(names[from]);

    for (guint i = from + 1; i < to; i++)
        g_string_append_printf(text, ", %s", names[i]);
    return g_string_free(text, FALSE);
}

/* Commas in a label, at most. */
static guint most_commas(const VdtSegNetwork *network)
{
    guint most = 0;

    for (guint c = 0; network->card->labels && c < network->card->n_labels; c++) {
        guint n = 0;

        for (const char *at = network->card->labels[c]; (at = strchr(at, ',')); at++)
            n++;
        most = MAX(most, n);
    }
    return most;
}

/* The class that most of the names from @from on have together, since labels may have commas
 * ("door, double door"); *@to: behind the last of them, @most more than the first. -1 for none. */
static int find_longest(const VdtSegNetwork *network, char **names, guint from, guint most,
                        guint *to)
{
    for (*to = from + 1; most > 0 && names[*to]; most--)
        ++*to;
    for (; *to > from; --*to) {
        g_autofree char *name = join(names, from, *to);
        const int class = find(network, name);

        if (class >= 0)
            return class;
    }
    *to = from + 1;
    return -1;
}

gboolean *vdt_seg_network_find(const VdtSegNetwork *network, const char *names, char **unknown)
{
    g_auto(GStrv) list = split(names ? names : "");
    g_autoptr(GString) missing = g_string_new(NULL);
    gboolean *found = *list ? g_new0(gboolean, network->n_classes) : NULL;

    const guint most = most_commas(network);

    for (guint i = 0, next; list[i]; i = next) {
        const int class = find_longest(network, list, i, most, &next);

        if (class >= 0)
            found[class] = TRUE;
        else
            g_string_append_printf(missing, "%s%s", missing->len ? ", " : "", list[i]);
    }
    *unknown = missing->len ? g_string_free(g_steal_pointer(&missing), FALSE) : NULL;
    return found;
}
