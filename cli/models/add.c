/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette models add: a weight file, from here or by HTTP, becomes a model: its network is
 * recognised, class names and licence are asked for, it runs once, and only then it is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "card.h"
#include "fetch.h"
#include "interrupt.h"
#include "io/atomic-file.h"
#include "models.h"
#include "paths.h"
#include "question.h"
#include "recognised.h"
#include "sink.h"
#include "sizes.h"
#include "trial.h"
#include "workplace.h"

#define MOST_BYTES (G_GUINT64_CONSTANT(4) << 30)
#define PATIENCE   30 /* seconds */
#define RUNS       5
#define MOST_NAME  64
#define NOT_STATED "not stated"

typedef struct {
    CommonOptions common;
    char *name, *sha256, *labels, *licence, *origin, *title, *folder, *arch, *variant, *size, *most;
    gboolean accept, system, link;
} Options;

static void options_clear(Options *o)
{
    common_options_clear(&o->common);
    g_free(o->name);
    g_free(o->sha256);
    g_free(o->labels);
    g_free(o->licence);
    g_free(o->origin);
    g_free(o->title);
    g_free(o->folder);
    g_free(o->arch);
    g_free(o->variant);
    g_free(o->size);
    g_free(o->most);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* One addition. */
typedef struct {
    const Options *o;
    const char *source; /* file or URL */
    gboolean is_url;
    char *root; /* the folder of models */
    guint64 most;
    guint width, height;
    GCancellable *cancellable;
    Workplace place;
    Recognised network;
    char *file; /* the weights' name in the folder */
    char *hash, *name, *licence, *origin;
    guint64 bytes;
} Adding;

static void adding_clear(Adding *a)
{
    workplace_clear(&a->place);
    recognised_clear(&a->network);
    g_free(a->root);
    g_free(a->file);
    g_free(a->hash);
    g_free(a->name);
    g_free(a->licence);
    g_free(a->origin);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Adding, adding_clear)

static gboolean fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean fail(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    *error = g_error_new_valist(VDT_ERROR, VDT_ERROR_FAILED, format, args);
    va_end(args);
    return FALSE;
}

/* What stands against @name as that of a new model; a name that ends in .json would be a path. */
static const char *check_name(const char *name)
{
    if (!g_ascii_isalnum(*name))
        return "must begin with a letter or digit";
    if (strlen(name) > MOST_NAME)
        return "has more than 64 characters";
    for (const char *at = name; *at != '\0'; at++)
        if (!g_ascii_isalnum(*at) && strchr("-_.", *at) == NULL)
            return "may only have letters, digits, - _ and .";
    return g_str_has_suffix(name, ".json") ? "must not end in .json" : NULL;
}

static gboolean check_free(const char *root, const char *name, GError **error)
{
    struct stat s;
    g_autofree char *to = g_build_filename(root, name, NULL);
    return lstat(to, &s) != 0 ||
           fail(error, "%s is there already: remove it, or give another --name", to);
}

/* Text of a card. */
static gboolean check_text(const char *option, const char *text, GError **error)
{
    if (text == NULL)
        return TRUE;
    gboolean control = FALSE;
    for (const char *at = text; *at != '\0'; at++)
        control = control || g_ascii_iscntrl(*at);
    if (*text != '\0' && strlen(text) <= 1024 && !control && g_utf8_validate(text, -1, NULL))
        return TRUE;
    return fail(error, "%s must be UTF-8 of 1 to 1024 bytes without control characters", option);
}

/* A hard link: a card's files stay in its folder. */
static gboolean link_file(const char *from, const char *to, GError **error)
{
    g_autofree char *real = g_canonicalize_filename(from, NULL);
    if (linkat(AT_FDCWD, real, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0)
        return TRUE;
    if (errno == EXDEV)
        return fail(error, "%s: lies on another file system than %s, so it cannot be linked", from,
                    to);
    return fail(error, "%s: cannot link it: %s", from, g_strerror(errno));
}

/* Brings the weights to @to, and sets their hash. */
static gboolean obtain(Adding *a, const char *to, GError **error)
{
    g_autoptr(Progress) progress = progress_new();
    const FetchLimits limits = {a->most, PATIENCE};
    if (a->is_url)
        a->hash = fetch_url(a->source, to, &limits, progress, a->cancellable, error);
    else if (!a->o->link)
        a->hash = sink_copy(a->source, to, a->most, a->cancellable, error);
    else if (link_file(a->source, to, error))
        a->hash = sink_hash(to, a->cancellable, error);
    return a->hash != NULL;
}

static gboolean check_hash(Adding *a, GError **error)
{
    if (a->o->sha256 != NULL && g_ascii_strcasecmp(a->o->sha256, a->hash) != 0)
        return fail(error, "its SHA-256 is %s, not %s", a->hash, a->o->sha256);
    if (a->o->sha256 != NULL || !a->is_url)
        return TRUE;
    g_autofree char *shown = fetch_shown(a->source);
    g_printerr("SHA-256 of %s:\n%s\n", shown, a->hash);
    if (question_agree(a->cancellable, error, "Is that the hash that its authors state?"))
        return TRUE;
    return *error == NULL && fail(error, "its hash was not confirmed");
}

/* The name of the weight file in the folder, which does not follow from names outside. */
static const char *file_name(const VdtWeights *weights)
{
    return strcmp(vdt_weights_get_format(weights), "safetensors") == 0 ? "weights.safetensors"
                                                                       : "weights.pth";
}

/* Class names of a file, checked and written as they should be. */
static gboolean take_labels(Adding *a, const char *from, GError **error)
{
    g_auto(GStrv) labels = vdt_labels_load(from, error);
    if (labels == NULL)
        return FALSE;
    if (a->network.classes > 0 && g_strv_length(labels) != a->network.classes)
        return fail(error,
                    "%s has %u labels, but the network tells %" G_GINT64_FORMAT " classes apart",
                    from, g_strv_length(labels), a->network.classes);
    g_autofree char *joined = g_strjoinv("\n", labels);
    g_autofree char *text = g_strconcat(joined, "\n", NULL);
    g_autofree char *to = workplace_file(&a->place, "labels.txt");
    return vdt_file_save(to, text, -1, error);
}

/* Where class names come from: what was given, the data set of the variant, the weight file, or
 * whoever sits there. */
static gboolean find_labels(Adding *a, const VdtWeights *weights, gboolean *own, GError **error)
{
    g_autofree char *published = recognised_published_labels(&a->network);
    g_autofree char *carried = recognised_own_labels(weights);
    *own = TRUE;
    if (a->o->labels != NULL)
        return take_labels(a, a->o->labels, error);
    if (published != NULL || a->network.classes == 0) {
        *own = FALSE;
        return TRUE;
    }
    if (carried != NULL) {
        g_autofree char *file = workplace_file(&a->place, "carried.txt");
        gboolean ok = vdt_file_save(file, carried, -1, error) && take_labels(a, file, error);
        g_unlink(file);
        return ok;
    }
    if (!question_possible())
        return fail(error,
                    "the network tells %" G_GINT64_FORMAT " classes apart, whose names are not "
                    "known: --labels names a file with one a line",
                    a->network.classes);
    g_autofree char *path = question_ask(
        a->cancellable, error,
        "File with the names of the %" G_GINT64_FORMAT " classes, one a line:", a->network.classes);
    return path != NULL && take_labels(a, path, error);
}

static void find_licence(Adding *a, const VdtWeights *weights)
{
    static const char *const keys[] = {"licence", "license", NULL};
    const char *carried = recognised_metadata(weights, keys);
    g_autoptr(GError) mistake = NULL;
    if (a->o->licence != NULL)
        a->licence = g_strdup(a->o->licence);
    else if (carried != NULL && check_text("", carried, &mistake))
        a->licence = g_strdup(carried);
    else
        a->licence = g_strdup(NOT_STATED);
}

static gboolean accept_licence(Adding *a, GError **error)
{
    g_autofree char *shown = printable(a->licence), *origin = printable(a->origin);
    g_printerr("licence: %s%s\norigin: %s\n", shown,
               a->o->licence != NULL                 ? " (as --licence says)"
               : strcmp(a->licence, NOT_STATED) == 0 ? " by the file or by --licence"
                                                     : " (as the file says)",
               origin);
    if (a->o->accept || question_agree(a->cancellable, error, "Do you accept this licence?"))
        return TRUE;
    return *error == NULL && fail(error, "its licence was not accepted");
}

static gboolean write_card(Adding *a, gboolean labels, GError **error)
{
    const CardTexts texts = {.name = a->name,
                             .title = a->o->title,
                             .weights = a->file,
                             .sha256 = a->hash,
                             .licence = a->licence,
                             .origin = a->origin,
                             .labels = labels};
    g_autofree char *text = recognised_card(&a->network, &texts);
    g_autofree char *path = workplace_file(&a->place, "card.json");
    return vdt_file_save(path, text, -1, error);
}

/* Runs it as it will be run: by its card. */
static gboolean try(Adding *a, Trial *trial, GError **error)
{
    g_autofree char *card = workplace_file(&a->place, "card.json");
    const VdtEngineOptions options = {.model = card};
    g_autoptr(VdtEngine) engine = vdt_engine_new(&options, error);
    if (engine == NULL)
        return FALSE;
    const char *unused = vdt_engine_get_unused(engine);
    if (unused != NULL) {
        g_autofree char *names = printable(unused);
        g_printerr("vedette models add: the network does not use these tensors:\n%s\n", names);
    }
    return trial_run(engine, RUNS, a->cancellable, trial, error);
}

static void print_result(const Adding *a, const Trial *trial)
{
    const Recognised *r = &a->network;
    g_autofree char *folder = g_build_filename(a->root, a->name, NULL);
    g_autofree char *shown = printable(folder), *licence = printable(a->licence);
    g_autofree char *input =
        r->frames > 1
            ? g_strdup_printf("a clip of %u pictures of %ux%u", r->frames, r->width, r->height)
            : g_strdup_printf("a picture of %ux%u", r->width, r->height);
    printf("%s: %s\n  %s %s, %.1f MB, licence %s, sha256 %s\n"
           "  %s takes %.1f ms (median of %u, f32, %u threads), %.0f MB of memory at most\n",
           a->name, shown, r->model->name, r->variant, a->bytes / 1e6, licence, a->hash, input,
           trial->median_ms, trial->runs, vdt_threads_get(), trial->peak_mb);
}

/* That another is found by this name, or none. */
static void tell_hidden(const Adding *a)
{
    g_autofree char *card = g_build_filename(a->root, a->name, "card.json", NULL);
    g_autofree char *found = vdt_find_card(a->name, NULL);
    struct stat here, there;
    if (found != NULL && stat(card, &here) == 0 && stat(found, &there) == 0 &&
        here.st_ino == there.st_ino && here.st_dev == there.st_dev)
        return;
    g_autofree char *shown = printable(found != NULL ? found : card);
    if (found != NULL)
        g_printerr("vedette models add: the name %s means %s still, which is found first\n",
                   a->name, shown);
    else
        g_printerr("vedette models add: models are not looked for in that folder: name %s, or put "
                   "the folder into VEDETTE_MODEL_PATH\n",
                   shown);
}

static char *find_origin(const Adding *a)
{
    if (a->o->origin != NULL)
        return g_strdup(a->o->origin);
    if (a->is_url)
        return fetch_shown(a->source);
    g_autofree char *base = g_path_get_basename(a->source);
    g_autofree char *name = json_name(base);
    g_autofree char *shown = printable(name);
    return g_strdup_printf("the file %s", g_strdelimit(shown, "\n", ' '));
}

static gboolean add(Adding *a, Trial *trial, GError **error)
{
    struct stat s;
    gboolean labels = FALSE;
    if (a->o->name != NULL && !check_free(a->root, a->o->name, error))
        return FALSE;
    if (!workplace_open(&a->place, a->root, error))
        return FALSE;
    g_autofree char *raw = workplace_file(&a->place, "weights");
    if (!obtain(a, raw, error) || !check_hash(a, error))
        return FALSE;
    g_autoptr(VdtWeights) weights = vdt_weights_load(raw, error);
    if (weights == NULL || !recognised_from(&a->network, weights, a->o->arch, a->o->variant,
                                            a->width, a->height, error))
        return FALSE;
    a->file = g_strdup(file_name(weights));
    g_autofree char *file = workplace_file(&a->place, a->file);
    if (g_rename(raw, file) != 0 || stat(file, &s) != 0)
        return fail(error, "%s: %s", file, g_strerror(errno));
    a->bytes = s.st_size;
    a->name = a->o->name != NULL
                  ? g_strdup(a->o->name)
                  : g_strconcat(a->network.model->name, "-", a->network.variant, NULL);
    a->origin = find_origin(a);
    find_licence(a, weights);
    g_printerr("%s %s\n", a->network.model->name, a->network.variant);
    if (!check_free(a->root, a->name, error) || !find_labels(a, weights, &labels, error) ||
        !accept_licence(a, error))
        return FALSE;
    g_clear_pointer(&weights, vdt_weights_unref);
    return write_card(a, labels, error) && try(a, trial, error) &&
           !(g_cancellable_is_cancelled(a->cancellable) && fail(error, "interrupted")) &&
           workplace_publish(&a->place, a->name, error);
}

static gboolean is_hash(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

/* EXIT_DONE if the options can be acted on. */
static int check_options(const Options *o, Adding *a, const char *command)
{
    g_autoptr(GError) error = NULL;
    const char *wrong = o->name != NULL ? check_name(o->name) : NULL;
    if (wrong != NULL)
        return complain_usage(command, "--name is \"%s\", but it %s", o->name, wrong);
    if (o->sha256 != NULL && !is_hash(o->sha256))
        return complain_usage(command, "--sha256 is \"%s\", but must be 64 hexadecimal digits",
                              o->sha256);
    if (o->folder != NULL && o->system)
        return complain_usage(command, "--folder and --system exclude each other");
    if (a->is_url && !fetch_check_url(a->source, &error))
        return complain_usage(command, "%s", error->message);
    if (a->is_url && o->link)
        return complain_usage(command, "--link needs a file, not a URL");
    if (o->size != NULL && !parse_size(o->size, &a->width, &a->height))
        return complain_usage(
            command, "--size is \"%s\", but must be WIDTHxHEIGHT with sides from 1 to 8192",
            o->size);
    if (o->most != NULL && !parse_bytes(o->most, &a->most))
        return complain_usage(command, "--max-size is \"%s\", but must be like 500M or 4G",
                              o->most);
    if (!check_text("--licence", o->licence, &error) ||
        !check_text("--origin", o->origin, &error) || !check_text("--title", o->title, &error))
        return complain_usage(command, "%s", error->message);
    if (o->variant != NULL && o->arch == NULL)
        return complain_usage(command, "--variant needs --arch");
    if (o->arch != NULL && !check_architecture(o->arch, o->variant, &error))
        return complain(command, error, EXIT_USAGE);
    if (a->is_url && o->sha256 == NULL && !question_possible())
        return complain_usage(command, "of a URL --sha256 is needed where nobody can be asked");
    if (!o->accept && !question_possible())
        return complain_usage(command, "--accept-licence is needed where nobody can be asked");
    return EXIT_DONE;
}

static char *find_root(const Options *o)
{
    if (o->system)
        return g_strdup(VDT_SYSTEM_MODELS);
    if (o->folder != NULL)
        return g_canonicalize_filename(o->folder, NULL);
    return g_build_filename(g_get_user_data_dir(), "vedette", "models", NULL);
}

int models_add(int argc, char **argv)
{
    const char *command = argv[0];
    g_auto(Options) o = {.accept = FALSE};
    const GOptionEntry entries[] = {
        {HEADING("What it is")},
        {"name", 0, 0, G_OPTION_ARG_STRING, &o.name,
         "What it will be called (architecture and variant)", "NAME"},
        {"sha256", 0, 0, G_OPTION_ARG_STRING, &o.sha256,
         "Hash that the weights must have; of a URL it is asked for otherwise", "HEX"},
        {"labels", 0, 0, G_OPTION_ARG_FILENAME, &o.labels,
         "Class names, one a line (those of the variant's data set, or of the file)", "FILE"},
        {"licence", 0, 0, G_OPTION_ARG_STRING, &o.licence,
         "Licence of the weights (as the file says)", "SPDX"},
        {"accept-licence", 0, 0, G_OPTION_ARG_NONE, &o.accept, "Do not ask whether it is accepted",
         NULL},
        {"origin", 0, 0, G_OPTION_ARG_STRING, &o.origin, "Who made it, from what (the address)",
         "TEXT"},
        {"title", 0, 0, G_OPTION_ARG_STRING, &o.title, "A line for people", "TEXT"},
        {"arch", 0, 0, G_OPTION_ARG_STRING, &o.arch, "Architecture, if it is not recognised",
         "NAME"},
        {"variant", 0, 0, G_OPTION_ARG_STRING, &o.variant, "Its variant, if it is not recognised",
         "NAME"},
        {"size", 0, 0, G_OPTION_ARG_STRING, &o.size, "Pictures that it takes (as the variant does)",
         "WxH"},
        {HEADING("Where it goes")},
        {"folder", 0, 0, G_OPTION_ARG_FILENAME, &o.folder,
         "Folder of models (vedette/models in XDG_DATA_HOME)", "DIR"},
        {"system", 0, 0, G_OPTION_ARG_NONE, &o.system,
         "For all users: " VDT_SYSTEM_MODELS "; as root", NULL},
        {"link", 0, 0, G_OPTION_ARG_NONE, &o.link, "Link the file (hard) instead of copying it",
         NULL},
        {"max-size", 0, 0, G_OPTION_ARG_STRING, &o.most,
         "Most bytes that the weights may have (4G)", "SIZE"},
        {HEADING("The machine")},
        {COMMON_THREADS(&o.common)},
        {COMMON_ISA(&o.common)},
        {NULL},
    };
    g_auto(GStrv) rest = NULL;
    if (!parse_options("FILE|URL",
                       "Makes a model of a weight file: recognises its network, asks for class "
                       "names and licence where they are not known, runs it, and says what that "
                       "costs here.",
                       entries, argc, argv, 1, 1, &rest))
        return EXIT_USAGE;
    g_auto(Adding) a = {.o = &o, .source = rest[0], .most = MOST_BYTES, .place = {.lock = -1}};
    a.is_url = fetch_is_url(rest[0]);
    int status = check_options(&o, &a, command);
    if (status != EXIT_DONE)
        return status;
    if (o.system && geteuid() != 0)
        return complain_usage(command, "--system writes " VDT_SYSTEM_MODELS ", as root only");
    if (o.system) /* services read it */
        umask(022);
    a.root = find_root(&o);
    a.cancellable = interrupt_catch();
    g_autoptr(GError) error = NULL;
    Trial trial;
    VdtPrecision precision;
    if (!common_options_apply(&o.common, &precision, &error) || !add(&a, &trial, &error))
        return complain(command, error, EXIT_FAILED);
    print_result(&a, &trial);
    tell_hidden(&a);
    return EXIT_DONE;
}
