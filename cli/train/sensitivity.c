/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sensitivity.h"

#include <math.h>
#include <string.h>
#include <vedette/train.h>

#include "data/pairs.h"
#include "io/atomic-file.h"
#include "restoration.h"
#include "singular.h"

#define BATCHES 8   /* of each task */
#define ENERGY  0.9 /* of a bias, which its rank is to keep */

/* A layer's weights, as a matrix: what each task's loss wants of them. */
typedef struct {
    const char *name;
    guint param;
    gsize rows, columns;
    double *gradients[SPOIL_N_KINDS]; /* means over batches */
    double apart, rank;
} Layer;

static void layer_free(gpointer data)
{
    Layer *layer = data;
    for (guint i = 0; i < SPOIL_N_KINDS; i++)
        g_free(layer->gradients[i]);
    g_free(layer);
}

/* Matrices of a product; tables and what stands for each channel are none. */
static GPtrArray *find_layers(VdtSession *session)
{
    VdtGraph *graph = vdt_session_get_graph(session);
    GPtrArray *layers = g_ptr_array_new_with_free_func(layer_free);
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        if (!vdt_graph_is_trained(graph, i) || !g_str_has_suffix(name, ".weight") ||
            shape.n_dims < 2 || shape.dims[1] == 1)
            continue;
        Layer *layer = g_new0(Layer, 1);
        *layer = (Layer){.name = name, .param = i, .rows = shape.dims[0]};
        layer->columns = vdt_shape_elements(&shape) / layer->rows;
        for (guint k = 0; k < SPOIL_N_KINDS; k++)
            layer->gradients[k] = g_new0(double, layer->rows * layer->columns);
        g_ptr_array_add(layers, layer);
    }
    return layers;
}

static gboolean add_gradients(Training *training, VdtSession *session, SpoilKind kind,
                              GPtrArray *layers, GError **error)
{
    g_autoptr(Pairs) pairs =
        pairs_new(training->cache, training->o->seed, training->o->batch, 1u << kind);
    g_autofree gint32 *kinds = g_new(gint32, training->o->batch);
    for (guint batch = 0; batch < BATCHES; batch++) {
        pairs_fill(pairs, batch, vdt_session_find_input(session, "image"),
                   vdt_session_find_input(session, "target"), kinds);
        if (!vdt_session_run(session, training->cancellable, error))
            return FALSE;
        for (guint i = 0; i < layers->len; i++) {
            Layer *layer = layers->pdata[i];
            const float *from = vdt_session_get_gradient(session, layer->param)->data;
            for (gsize k = 0; k < layer->rows * layer->columns; k++)
                layer->gradients[kind][k] += from[k] / (double)BATCHES;
        }
    }
    return TRUE;
}

/* The rank that keeps most of what @bias [rows][columns] is. */
static guint rank_of(const Layer *layer, const double *bias)
{
    gboolean turned = layer->columns < layer->rows;
    gsize n = MIN(layer->rows, layer->columns), width = MAX(layer->rows, layer->columns);
    g_autofree double *rows = g_new(double, n *width);
    for (gsize i = 0; i < n; i++)
        for (gsize k = 0; k < width; k++)
            rows[i * width + k] =
                turned ? bias[k * layer->columns + i] : bias[i * layer->columns + k];
    g_autofree double *squares = singular_squares(rows, n, width);
    double all = 0, kept = 0;
    for (gsize i = 0; i < n; i++)
        all += squares[i];
    guint rank = 0;
    while (rank < n && kept < ENERGY * all)
        kept += squares[rank++];
    return rank;
}

/* Of all that the tasks want, the share that is not what they want together; and the mean rank of
 * that. */
static void measure(Layer *layer)
{
    const gsize n = layer->rows * layer->columns;
    g_autofree double *bias = g_new(double, n), *mean = g_new0(double, n);
    double all = 0, together = 0;
    for (gsize k = 0; k < n; k++) {
        for (guint i = 0; i < SPOIL_N_KINDS; i++) {
            mean[k] += layer->gradients[i][k] / SPOIL_N_KINDS;
            all += pow(layer->gradients[i][k], 2) / SPOIL_N_KINDS;
        }
        together += mean[k] * mean[k];
    }
    layer->apart = all > 0 ? 1 - together / all : 0;
    for (guint i = 0; i < SPOIL_N_KINDS; i++) {
        for (gsize k = 0; k < n; k++)
            bias[k] = layer->gradients[i][k] - mean[k];
        layer->rank += rank_of(layer, bias) / (double)SPOIL_N_KINDS;
    }
}

static int by_apart(gconstpointer a, gconstpointer b)
{
    const Layer *x = *(Layer *const *)a, *y = *(Layer *const *)b;
    return (x->apart < y->apart) - (x->apart > y->apart);
}

static gboolean report(const Training *training, GPtrArray *layers, GError **error)
{
    g_autoptr(GString) text = g_string_new("layer\trows\tcolumns\tapart\trank\n");
    g_autofree char *path = training_output_path(training, "sensitivity.tsv");
    g_ptr_array_sort(layers, by_apart);
    g_print("%-32s %9s %7s %5s\n", "layer", "matrix", "apart", "rank");
    for (guint i = 0; i < layers->len; i++) {
        const Layer *layer = layers->pdata[i];
        g_autofree char *size =
            g_strdup_printf("%" G_GSIZE_FORMAT "x%" G_GSIZE_FORMAT, layer->rows, layer->columns);
        g_print("%-32s %9s %5.1f %% %5.1f\n", layer->name, size, 100 * layer->apart, layer->rank);
        g_string_append_printf(text, "%s\t%" G_GSIZE_FORMAT "\t%" G_GSIZE_FORMAT "\t%.4f\t%.2f\n",
                               layer->name, layer->rows, layer->columns, layer->apart, layer->rank);
    }
    return vdt_file_save(path, text->str, -1, error);
}

gboolean training_find_sensitive(Training *training, GError **error)
{
    const TrainOptions *o = training->o;
    const VdtCard *card = training->card;
    guint width = o->crop_width > 0 ? o->crop_width : card->width;
    guint height = o->crop_width > 0 ? o->crop_height : card->height;
    g_autoptr(VdtGraph) graph =
        network_graph(&training->network, o->batch, width, height, TRUE, error);
    if (graph == NULL)
        return FALSE;
    VdtPlanOptions options = {.kind = VDT_PLAN_TRAIN};
    g_autoptr(VdtPlan) plan = vdt_plan_new(graph, training->weights, &options, error);
    g_autoptr(VdtSession) session = plan != NULL ? vdt_session_new(plan, error) : NULL;
    if (session == NULL)
        return FALSE;
    g_autoptr(GPtrArray) layers = find_layers(session);
    progress_begin(training->progress, "looking at gradients", "tasks", 0, SPOIL_N_KINDS);
    gboolean ok = TRUE;
    for (guint kind = 0; kind < SPOIL_N_KINDS && ok; kind++) {
        ok = add_gradients(training, session, kind, layers, error);
        progress_update(training->progress, kind + 1, NULL);
    }
    progress_end(training->progress);
    for (guint i = 0; i < layers->len && ok; i++)
        measure(layers->pdata[i]);
    return ok && report(training, layers, error);
}
