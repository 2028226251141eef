/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette bench: how long a network takes, with made-up weights, since its time does not depend on
 * them. One JSON line on stdout; with --layers, where the time goes on stderr.
 */
#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <vedette/runtime.h>

#include "command.h"
#include "madeup.h"
#include "model.h"
#include "sizes.h"

#define WARM_UP_RUNS 3
#define MAX_RUNS     100000

typedef struct {
    CommonOptions common;
    char *arch, *variant, *size;
    int batch, runs, merge;
    gboolean layers;
} Options;

static void options_clear(Options *o)
{
    common_options_clear(&o->common);
    g_free(o->arch);
    g_free(o->variant);
    g_free(o->size);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static int compare_ns(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return (x > y) - (x < y);
}

static gint64 now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (gint64)t.tv_sec * G_GINT64_CONSTANT(1000000000) + t.tv_nsec;
}

typedef struct {
    const char *line; /* of vdt_plan_describe() */
    double ms;
} Layer;

static int compare_layers(gconstpointer a, gconstpointer b)
{
    double x = ((const Layer *)a)->ms, y = ((const Layer *)b)->ms;
    return (x < y) - (x > y);
}

/* The steps by the time they took, slowest first. */
static void print_layers(const VdtPlan *plan, const gint64 *step_ns, int runs)
{
    g_autofree char *text = vdt_plan_describe(plan);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint n = MIN(vdt_plan_get_n_steps(plan), g_strv_length(lines));
    g_autofree Layer *layers = g_new(Layer, n + 1);
    double total = 0;
    for (guint i = 0; i < n; i++) {
        layers[i] = (Layer){lines[i], step_ns[i] / 1e6 / runs};
        total += layers[i].ms;
    }
    qsort(layers, n, sizeof *layers, compare_layers);
    g_printerr("%9s %6s %8s  %s\n", "ms", "share", "GMAC/s", "step");
    for (guint i = 0; i < n; i++) {
        g_auto(GStrv) columns = g_strsplit(layers[i].line, "\t", 4);
        if (g_strv_length(columns) < 4)
            continue;
        double macs = g_ascii_strtod(columns[2], NULL);
        g_printerr("%9.3f %5.1f%% %8.1f  %s %s (%s)\n", layers[i].ms,
                   total > 0 ? 100 * layers[i].ms / total : 0,
                   layers[i].ms > 0 ? macs / layers[i].ms / 1e6 : 0, columns[0], columns[3],
                   columns[1]);
    }
    g_printerr("%9.3f 100.0%%           all %u steps\n", total, n);
}

static void print_result(const Options *o, const VdtPlan *plan, const gint64 *run_ns, guint64 macs)
{
    /* Nearest rank. */
    int last = o->runs - 1, p90 = (int)ceil(0.9 * o->runs) - 1;
    double median = (run_ns[last / 2] + run_ns[o->runs / 2]) / 2.0;
    guint n_steps = vdt_plan_get_n_steps(plan),
          n_reference = vdt_plan_count_steps(plan, "reference");
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);

    /* The names are those of a table, and need no escaping. */
    g_print("{\"arch\":\"%s\",\"variant\":\"%s\",\"threads\":%u,\"precision\":\"%s\",\"batch\":%d,"
            "\"merge\":%d,"
            "\"min_ms\":%.3f,\"median_ms\":%.3f,\"p90_ms\":%.3f,\"peak_rss_mb\":%.1f,"
            "\"macs\":%" G_GUINT64_FORMAT ",\"steps\":%u,\"reference_steps\":%u,"
            "\"reference_share\":%.3f}\n",
            o->arch, o->variant, vdt_threads_get(),
            o->common.precision != NULL ? o->common.precision : "f32", o->batch, MAX(o->merge, 0),
            run_ns[0] / 1e6, median / 1e6, run_ns[p90] / 1e6, usage.ru_maxrss / 1024.0, macs,
            n_steps, n_reference, (double)n_reference / MAX(n_steps, 1));
}

/* The graph of the variant that was asked for, at its size. */
static VdtGraph *make_graph(const Options *o, GError **error)
{
    if (!check_architecture(o->arch, o->variant, error))
        return NULL;
    const VdtModel *model = vdt_model_find(o->arch, NULL);
    const VdtVariant *variant = vdt_model_find_variant(model, o->variant, NULL);
    guint width = variant->bench_width, height = variant->bench_height;
    if (o->size != NULL && !parse_size(o->size, &width, &height)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--size is \"%s\", but must be WIDTHxHEIGHT with sides from 1 to 8192",
                    o->size);
        return NULL;
    }
    g_autoptr(JsonObject) config = vdt_variant_config(variant);
    VdtShape input = model->input_shape(config, o->batch, width, height);
    VdtBuild asked = vdt_model_ask(model, &input);
    asked.merge = o->merge;
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    if (!model->build(config, graph, &asked, error) || !vdt_graph_check(graph, error))
        return NULL;
    return g_steal_pointer(&graph);
}

static gboolean bench(const Options *o, VdtPrecision precision, GError **error)
{
    g_autoptr(VdtGraph) graph = make_graph(o, error);
    if (graph == NULL)
        return FALSE;
    VdtPlanOptions options = {VDT_PLAN_INFER, precision};
    g_autoptr(VdtWeights) weights = made_up_weights(graph, error);
    if (weights == NULL)
        return FALSE;
    g_autoptr(VdtPlan) plan = vdt_plan_new(graph, weights, &options, error);
    if (plan == NULL)
        return FALSE;
    g_clear_pointer(&weights, vdt_weights_unref);
    g_autoptr(VdtSession) session = vdt_session_new(plan, error);
    if (session == NULL)
        return FALSE;
    vdt_tensor_fill_uniform(vdt_session_get_input(session, 0), "input:bench", -2, 2);

    g_autofree gint64 *run_ns = g_new(gint64, o->runs);
    g_autofree gint64 *step_ns = g_new0(gint64, vdt_plan_get_n_steps(plan) + 1);
    for (int i = -WARM_UP_RUNS; i < o->runs; i++) {
        gint64 start = now_ns();
        gboolean ok = o->layers && i >= 0 ? vdt_session_run_timed(session, step_ns, error)
                                          : vdt_session_run(session, NULL, error);
        if (!ok)
            return FALSE;
        if (i >= 0)
            run_ns[i] = now_ns() - start;
    }
    qsort(run_ns, o->runs, sizeof *run_ns, compare_ns);
    if (o->layers)
        print_layers(plan, step_ns, o->runs);
    print_result(o, plan, run_ns, vdt_graph_count_macs(graph));
    return TRUE;
}

int command_bench(int argc, char **argv)
{
    g_auto(Options) o = {.batch = 1, .runs = 20, .merge = VDT_MERGE_CONFIGURED};
    const GOptionEntry entries[] = {
        {"arch", 0, 0, G_OPTION_ARG_STRING, &o.arch, "Architecture: squeezetime", "NAME"},
        {"variant", 0, 0, G_OPTION_ARG_STRING, &o.variant, "Its variant: r50-k400 ...", "NAME"},
        {"batch", 0, 0, G_OPTION_ARG_INT, &o.batch, "Clips or pictures in a run (1)", "N"},
        {"size", 0, 0, G_OPTION_ARG_STRING, &o.size, "Input size (the golden case's)", "WxH"},
        {"merge", 0, 0, G_OPTION_ARG_INT, &o.merge,
         "Tokens that each layer merges (none, as the variants were trained)", "R"},
        {"runs", 0, 0, G_OPTION_ARG_INT, &o.runs, "Runs that are timed (20)", "N"},
        {"layers", 0, 0, G_OPTION_ARG_NONE, &o.layers, "Print the time of each step, on stderr",
         NULL},
        {COMMON_THREADS(&o.common)},
        {COMMON_PRECISION(&o.common)},
        {COMMON_ISA(&o.common)},
        {NULL},
    };
    if (!parse_options("--arch NAME --variant NAME",
                       "Times a network with made-up weights; prints one line of JSON.", entries,
                       argc, argv, 0, 0, NULL))
        return EXIT_USAGE;
    if (o.arch == NULL || o.variant == NULL)
        return complain_usage("bench", "--arch and --variant are needed");
    if (o.batch < 1 || o.batch > 1024)
        return complain_usage("bench", "--batch is %d, but must be from 1 to 1024", o.batch);
    if (o.merge < VDT_MERGE_CONFIGURED)
        return complain_usage("bench", "--merge is %d, but must not be below 0", o.merge);
    if (o.runs < 1 || o.runs > MAX_RUNS)
        return complain_usage("bench", "--runs is %d, but must be from 1 to %d", o.runs, MAX_RUNS);
    g_autoptr(GError) error = NULL;
    VdtPrecision precision;
    if (!common_options_apply(&o.common, &precision, &error) || !bench(&o, precision, &error))
        return complain("bench", error, EXIT_FAILED);
    return EXIT_DONE;
}
