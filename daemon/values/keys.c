/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keys.h"

#include <string.h>

#include "nearest.h"

const char *vdt_reload_name(VdtReload reload)
{
    static const char *const names[] = {"live", "restart-stream", "restart-service"};
    return names[reload];
}

void vdt_settings_free(VdtSettings *settings)
{
    g_free(settings->name);
    g_array_unref(settings->settings);
    g_free(settings);
}

static VdtSettings *get_settings(GPtrArray *all, const VdtIni *ini, const VdtIniGroup *group)
{
    for (guint i = 0; i < all->len; i++) {
        VdtSettings *settings = all->pdata[i];
        if (strcmp(settings->name, group->name) == 0)
            return settings;
    }
    VdtSettings *settings = g_new0(VdtSettings, 1);
    *settings = (VdtSettings){g_strdup(group->name), ini->file, group->line,
                              g_array_new(FALSE, FALSE, sizeof(VdtSetting))};
    g_ptr_array_add(all, settings);
    return settings;
}

GPtrArray *vdt_settings_merge(GPtrArray *inis)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_settings_free);
    for (guint i = 0; i < inis->len; i++) {
        const VdtIni *ini = inis->pdata[i];
        for (guint g = 0; g < ini->groups->len; g++) {
            const VdtIniGroup *group = ini->groups->pdata[g];
            VdtSettings *settings = get_settings(all, ini, group);
            for (guint e = 0; e < group->entries->len; e++) {
                VdtSetting setting = {ini->file, group->entries->pdata[e]};
                VdtSetting *old = (VdtSetting *)vdt_settings_find(settings, setting.entry->key);
                if (old != NULL)
                    *old = setting;
                else
                    g_array_append_val(settings->settings, setting);
            }
        }
    }
    return all;
}

const VdtSetting *vdt_settings_find(const VdtSettings *settings, const char *key)
{
    for (guint i = 0; settings != NULL && i < settings->settings->len; i++) {
        const VdtSetting *setting = &g_array_index(settings->settings, VdtSetting, i);
        if (strcmp(setting->entry->key, key) == 0)
            return setting;
    }
    return NULL;
}

VdtSite vdt_setting_site(const VdtSettings *settings, const VdtSetting *setting)
{
    return (VdtSite){setting->file, setting->entry->line, settings->name, setting->entry->key,
                     setting->entry->value};
}

static const VdtKey *find_key(const VdtKey *keys, guint n, const char *name)
{
    for (guint i = 0; i < n; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static void find_unknown(const VdtKey *keys, guint n, const VdtSettings *settings,
                         VdtProblems *problems)
{
    g_autofree const char **names = g_new0(const char *, n + 1);
    for (guint i = 0; i < n; i++)
        names[i] = keys[i].name;
    for (guint i = 0; settings != NULL && i < settings->settings->len; i++) {
        const VdtSetting *setting = &g_array_index(settings->settings, VdtSetting, i);
        if (find_key(keys, n, setting->entry->key) != NULL)
            continue;
        VdtSite site = vdt_setting_site(settings, setting);
        site.value = NULL; /* it may be a "pasword" */
        g_autofree char *hint = vdt_did_you_mean(setting->entry->key, names);
        vdt_problems_add(problems, &site, "there is no such key%s", hint != NULL ? hint : "");
    }
}

VdtOption *vdt_keys_parse(const VdtKey *keys, guint n, const VdtSettings *settings,
                          const VdtSite *where, VdtProblems *problems)
{
    VdtOption *values = g_new0(VdtOption, MAX(n, 1));
    for (guint i = 0; i < n; i++) {
        const VdtSetting *setting = vdt_settings_find(settings, keys[i].name);
        VdtSite site = *where;
        site.key = keys[i].name;
        if (setting != NULL)
            site = vdt_setting_site(settings, setting);
        if (setting == NULL && keys[i].spec.unset == NULL) {
            g_autofree char *expected = vdt_option_expected(&keys[i].spec);
            vdt_problems_add(problems, &site, "is missing; expected %s", expected);
            continue;
        }
        g_autoptr(GError) error = NULL;
        if (!vdt_option_parse(&keys[i].spec, setting != NULL ? setting->entry->value : "",
                              &values[i], &error))
            vdt_problems_add(problems, &site, "%s", error->message);
        if (setting != NULL) {
            values[i].file = g_strdup(setting->file);
            values[i].line = setting->entry->line;
        }
    }
    find_unknown(keys, n, settings, problems);
    return values;
}

void vdt_options_free(VdtOption *values, guint n)
{
    for (guint i = 0; values != NULL && i < n; i++)
        vdt_option_clear(&values[i]);
    g_free(values);
}
