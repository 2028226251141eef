/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files and folders of a configuration. */
#include "config.h"

#include <string.h>

#include "paths.h"
#include "publish.h"
#include "stream.h"
#include "values/folder.h"
#include "values/nearest.h"

#define SUFFIX       ".conf"
#define MOST_DROPINS 64 /* of one file */

static void named_free(gpointer data)
{
    VdtNamedConfig *named = data;
    vdt_options_free(named->values, vdt_named_groups[named->group].n_keys);
    g_free(named->name);
    g_free(named->label);
    g_free(named->file);
    g_free(named);
}

VdtConfig *vdt_config_ref(VdtConfig *config)
{
    g_atomic_int_inc(&config->ref_count);
    return config;
}

void vdt_config_unref(VdtConfig *config)
{
    if (config == NULL || !g_atomic_int_dec_and_test(&config->ref_count))
        return;
    for (guint i = 0; i < VDT_N_SERVICE_GROUPS; i++) {
        vdt_options_free(config->settings[i], vdt_service_groups[i].n_keys);
        g_free(config->secrets[i].user);
        g_free(config->secrets[i].password);
    }
    g_ptr_array_unref(config->named);
    g_ptr_array_unref(config->streams);
    g_ptr_array_unref(config->isolated);
    g_ptr_array_unref(config->templates);
    g_free(config->folder);
    g_free(config);
}

const VdtOption *vdt_config_get(const VdtConfig *config, guint group, guint key)
{
    return &config->settings[group][key];
}

const VdtStreamConfig *vdt_config_find(const VdtConfig *config, const char *name)
{
    for (guint i = 0; i < config->streams->len; i++) {
        const VdtStreamConfig *stream = config->streams->pdata[i];
        if (strcmp(stream->name, name) == 0)
            return stream;
    }
    return NULL;
}

/* Adds what @file holds to @inis. */
static void read_one(const char *file, GPtrArray *inis, VdtProblems *problems)
{
    gsize n;
    guint mode;
    g_autofree char *text = vdt_ini_read(file, &n, &mode, problems);
    if (text == NULL)
        return;
    VdtIni *ini = vdt_ini_parse(file, 1, text, n, problems);
    if (ini != NULL) {
        ini->open_to_others = (mode & 077) != 0;
        g_ptr_array_add(inis, ini);
    }
    explicit_bzero(text, n);
}

/* @file and the files in @file.d, an array of VdtIni. @file itself need not be there if
 * @optional. */
static GPtrArray *read_with_dropins(const char *file, gboolean optional, VdtProblems *problems)
{
    GPtrArray *inis = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_ini_free);
    g_autofree char *folder = g_strconcat(file, ".d", NULL);
    g_autoptr(GPtrArray) names = vdt_folder_list(folder, SUFFIX, problems);
    if (!optional || g_file_test(file, G_FILE_TEST_EXISTS))
        read_one(file, inis, problems);
    if (names->len > MOST_DROPINS)
        vdt_problems_add(problems, &(VdtSite){.file = folder}, "expected at most %d drop-ins",
                         MOST_DROPINS);
    for (guint i = 0; i < MIN(names->len, MOST_DROPINS); i++) {
        g_autofree char *dropin = g_build_filename(folder, names->pdata[i], NULL);
        read_one(dropin, inis, problems);
    }
    return inis;
}

static void add_unknown(const VdtSite *site, VdtProblems *problems)
{
    const char *names[VDT_N_SERVICE_GROUPS + VDT_N_NAMED_GROUPS + 1] = {NULL};
    for (guint i = 0; i < VDT_N_SERVICE_GROUPS; i++)
        names[i] = vdt_service_groups[i].name;
    for (guint i = 0; i < VDT_N_NAMED_GROUPS; i++)
        names[VDT_N_SERVICE_GROUPS + i] = vdt_named_groups[i].name;
    g_autofree char *kind = g_strndup(site->group, strcspn(site->group, " "));
    g_autofree char *meant = vdt_did_you_mean(kind, names);
    vdt_problems_add(problems, site, "there is no such group in this file%s",
                     meant != NULL ? meant : "");
}

/* FALSE if it is none of these groups. */
static gboolean read_named(VdtConfig *config, const VdtSettings *settings, const VdtSite *site,
                           VdtProblems *problems)
{
    g_auto(GStrv) words = g_strsplit(settings->name, " ", 2);
    guint group = vdt_named_group_find(words[0]);
    if (group == VDT_N_NAMED_GROUPS)
        return FALSE;
    if (words[1] == NULL || !vdt_is_name(words[1])) {
        vdt_problems_add(problems, site,
                         "expected [%s NAME], with a name of letters, digits, -, _ "
                         "and .",
                         words[0]);
        return TRUE;
    }
    if (config->named->len >= VDT_CONFIG_MOST_NAMED) {
        vdt_problems_add(problems, site, "expected at most %d groups with names",
                         VDT_CONFIG_MOST_NAMED);
        return TRUE;
    }
    VdtNamedConfig *named = g_new(VdtNamedConfig, 1);
    *named = (VdtNamedConfig){
        .group = group,
        .name = g_strdup(words[1]),
        .label = g_strdup(settings->name),
        .values = vdt_keys_parse(vdt_named_groups[group].keys, vdt_named_groups[group].n_keys,
                                 settings, site, problems),
        .file = g_strdup(settings->file),
        .line = settings->line,
    };
    g_ptr_array_add(config->named, named);
    return TRUE;
}

static int compare_named(gconstpointer a, gconstpointer b)
{
    const VdtNamedConfig *const *x = a, *const *y = b;
    return (*x)->group != (*y)->group ? ((*x)->group < (*y)->group ? -1 : 1)
                                      : strcmp((*x)->name, (*y)->name);
}

static void read_service(VdtConfig *config, const char *file, VdtProblems *problems)
{
    g_autoptr(GPtrArray) inis = read_with_dropins(file, TRUE, problems);
    g_autoptr(GPtrArray) groups = vdt_settings_merge(inis);
    const VdtSettings *found[VDT_N_SERVICE_GROUPS] = {NULL};
    for (guint i = 0; i < groups->len; i++) {
        const VdtSettings *settings = groups->pdata[i];
        VdtSite site = {settings->file, settings->line, settings->name, NULL, NULL};
        guint group = vdt_service_group_find(settings->name);
        if (group < VDT_N_SERVICE_GROUPS)
            found[group] = settings;
        else if (!read_named(config, settings, &site, problems))
            add_unknown(&site, problems);
    }
    for (guint i = 0; i < VDT_N_SERVICE_GROUPS; i++) {
        const VdtGroup *group = &vdt_service_groups[i];
        VdtSite site = {.file = file, .group = group->name};
        config->settings[i] = vdt_keys_parse(group->keys, group->n_keys, found[i], &site, problems);
    }
    vdt_config_read_publish(config, inis, problems);
    g_ptr_array_sort(config->named, compare_named);
}

static void read_stream(VdtConfig *config, const char *folder, const char *file_name,
                        VdtProblems *problems)
{
    g_autofree char *name = g_strndup(file_name, strlen(file_name) - strlen(SUFFIX));
    g_autofree char *file = g_build_filename(folder, file_name, NULL);
    if (!vdt_is_name(name)) {
        vdt_problems_add(problems, &(VdtSite){.file = file},
                         "expected a stream's name of letters, digits, -, _ and ., 64 at most");
        return;
    }
    g_autoptr(GPtrArray) inis = read_with_dropins(file, FALSE, problems);
    if (inis->len == 0)
        return;
    VdtStreamConfig *stream = vdt_stream_config_read(name, inis, config->templates, problems);
    if (stream != NULL)
        g_ptr_array_add(config->streams, stream);
}

static gboolean is_isolated(const VdtStreamConfig *stream)
{
    return stream->values[VDT_KEY_STREAM_ISOLATED].whole != 0;
}

static int compare_streams(gconstpointer a, gconstpointer b)
{
    const VdtStreamConfig *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* One alone: it has to be there, and to be left out by the process of all others. */
static void read_alone(VdtConfig *config, const char *folder, const char *name,
                       VdtProblems *problems)
{
    g_autofree char *file_name = g_strconcat(name, SUFFIX, NULL);
    g_autofree char *file = g_build_filename(folder, file_name, NULL);
    if (!vdt_is_name(name) || !g_file_test(file, G_FILE_TEST_EXISTS)) {
        vdt_problems_add(problems, &(VdtSite){.file = file}, "there is no such stream");
        return;
    }
    read_stream(config, folder, file_name, problems);
    const VdtStreamConfig *stream = vdt_config_find(config, name);
    if (stream != NULL && !is_isolated(stream))
        vdt_problems_add(problems, &(VdtSite){.file = file, .group = vdt_stream_group.name},
                         "expected isolated=yes in this group for a process of its own");
}

static void set_isolated_apart(VdtConfig *config)
{
    for (guint i = 0; i < config->streams->len;)
        if (is_isolated(config->streams->pdata[i]))
            g_ptr_array_add(config->isolated, g_ptr_array_steal_index(config->streams, i));
        else
            i++;
}

static void read_streams(VdtConfig *config, const char *wanted, VdtProblems *problems)
{
    g_autofree char *folder = g_build_filename(config->folder, "streams.d", NULL);
    if (wanted != NULL && *wanted != '\0') {
        read_alone(config, folder, wanted, problems);
        return;
    }
    g_autoptr(GPtrArray) names = vdt_folder_list(folder, SUFFIX, problems);
    g_autoptr(GPtrArray) dropins = vdt_folder_list(folder, SUFFIX ".d", problems);
    if (names->len > VDT_CONFIG_MOST_STREAMS)
        vdt_problems_add(problems, &(VdtSite){.file = folder}, "expected at most %d streams",
                         VDT_CONFIG_MOST_STREAMS);
    for (guint i = 0; i < MIN(names->len, VDT_CONFIG_MOST_STREAMS); i++)
        read_stream(config, folder, names->pdata[i], problems);
    g_ptr_array_sort(config->streams, compare_streams);
    for (guint i = 0; i < dropins->len; i++) {
        g_autofree char *of = g_strndup(dropins->pdata[i], strlen(dropins->pdata[i]) - 2);
        g_autofree char *file = g_build_filename(folder, of, NULL);
        g_autofree char *dropin = g_build_filename(folder, dropins->pdata[i], NULL);
        if (!g_file_test(file, G_FILE_TEST_EXISTS))
            vdt_problems_add(problems, &(VdtSite){.file = dropin},
                             "drop-ins for a stream that is not there: %s is missing", of);
    }
}

/* Streams that a profile names are there. */
static void check_profiles(const VdtConfig *config, VdtProblems *problems)
{
    g_autofree const char **names = g_new0(const char *, config->streams->len + 1);
    for (guint i = 0; i < config->streams->len; i++)
        names[i] = ((const VdtStreamConfig *)config->streams->pdata[i])->name;
    for (guint i = 0; i < config->named->len; i++) {
        const VdtNamedConfig *named = config->named->pdata[i];
        if (named->group != VDT_NAMED_PROFILE)
            continue;
        const VdtOption *streams = &named->values[VDT_KEY_PROFILE_STREAMS];
        VdtSite site = {streams->file, streams->line, named->label, "streams", streams->text};
        for (guint k = 0; streams->items != NULL && streams->items[k] != NULL; k++) {
            if (g_strv_contains(names, streams->items[k]))
                continue;
            g_autofree char *hint = vdt_did_you_mean(streams->items[k], names);
            vdt_problems_add(problems, &site, "there is no stream %s%s", streams->items[k],
                             hint != NULL ? hint : "");
        }
    }
}

static GPtrArray *load_templates(const char *folder, VdtProblems *problems)
{
    g_autofree char *own = g_build_filename(folder, "pipelines.d", NULL);
    g_auto(GStrv) shipped = vdt_get_data_dirs("pipelines");
    g_autoptr(GPtrArray) folders = g_ptr_array_new();
    g_ptr_array_add(folders, own);
    for (guint i = 0; shipped[i] != NULL; i++)
        g_ptr_array_add(folders, shipped[i]);
    g_ptr_array_add(folders, NULL);
    return vdt_templates_load((const char *const *)folders->pdata, problems);
}

VdtConfig *vdt_config_read(const char *where, const char *streams, VdtProblems *problems)
{
    gboolean is_folder = g_file_test(where, G_FILE_TEST_IS_DIR);
    if (!is_folder && !g_file_test(where, G_FILE_TEST_EXISTS)) {
        vdt_problems_add(problems, &(VdtSite){.file = where}, "there is no such file or folder");
        return NULL;
    }
    g_autofree char *file =
        is_folder ? g_build_filename(where, "vedette.conf", NULL) : g_strdup(where);
    g_autoptr(VdtConfig) config = g_new0(VdtConfig, 1);
    *config = (VdtConfig){
        .ref_count = 1,
        .folder = g_path_get_dirname(file),
        .named = g_ptr_array_new_with_free_func(named_free),
        .streams = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_stream_config_unref),
        .isolated = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_stream_config_unref),
    };
    config->templates = load_templates(config->folder, problems);
    read_service(config, file, problems);
    read_streams(config, streams, problems);
    if (streams == VDT_STREAMS_ALL || *streams == '\0')
        check_profiles(config, problems);
    if (streams != VDT_STREAMS_ALL && *streams == '\0')
        set_isolated_apart(config);
    return g_steal_pointer(&config);
}

VdtConfig *vdt_config_load(const char *where, VdtProblems *problems)
{
    guint before = vdt_problems_count(problems);
    g_autoptr(VdtConfig) config = vdt_config_read(where, VDT_STREAMS_ALL, problems);
    return vdt_problems_count(problems) == before ? g_steal_pointer(&config) : NULL;
}
