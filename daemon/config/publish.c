/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish.h"

#include <string.h>

#include "secret.h"
#include "values/mask.h"

#define MOST_TOPIC 128 /* bytes of a prefix */

static void add(VdtConfig *config, guint group, guint key, const char *message,
                VdtProblems *problems)
{
    const VdtOption *value = &config->settings[group][key];
    const VdtGroup *g = &vdt_service_groups[group];
    VdtSite site = {value->file, value->line, g->name, g->keys[key].name, value->text};
    vdt_problems_add(problems, &site, "%s", message);
}

static void read_secret(VdtConfig *config, guint group, guint credential_key, guint file_key,
                        gboolean is_pair, VdtProblems *problems)
{
    VdtSecret *secret = &config->secrets[group];
    const char *credential = config->settings[group][credential_key].text,
               *file = config->settings[group][file_key].text;
    g_autoptr(GError) error = NULL;
    char **user = is_pair ? &secret->user : NULL;
    if (credential != NULL && file != NULL)
        add(config, group, file_key, "expected a credential or a secret-file, not both", problems);
    else if (credential != NULL && g_getenv("CREDENTIALS_DIRECTORY") == NULL)
        secret->unread = TRUE;
    else if (credential != NULL &&
             !vdt_secret_from_credential(credential, user, &secret->password, &error))
        add(config, group, credential_key, error->message, problems);
    else if (file != NULL && !vdt_secret_from_file(file, user, &secret->password, &error))
        add(config, group, file_key, error->message, problems);
}

static void check_topic(VdtConfig *config, guint key, VdtProblems *problems)
{
    const char *text = config->settings[VDT_GROUP_MQTT][key].text;
    if (text == NULL)
        return;
    if (strlen(text) > MOST_TOPIC || strpbrk(text, "+#$ ") != NULL || *text == '/' ||
        g_str_has_suffix(text, "/"))
        add(config, VDT_GROUP_MQTT, key,
            "expected the beginning of a topic, of 128 bytes at most, without +, #, $, blanks, or "
            "/ at either end",
            problems);
}

static void check_host(VdtConfig *config, VdtProblems *problems)
{
    const char *host = config->settings[VDT_GROUP_MQTT][VDT_KEY_MQTT_HOST].text;
    if (host != NULL && strpbrk(host, "/@ ") != NULL)
        add(config, VDT_GROUP_MQTT, VDT_KEY_MQTT_HOST,
            "expected a name or an address alone; user and password are a credential's", problems);
}

/* An address by which one may post is as good as a password. */
static gboolean is_open_to_others(const GPtrArray *inis, const char *file)
{
    for (guint i = 0; i < inis->len; i++) {
        const VdtIni *ini = inis->pdata[i];
        if (g_strcmp0(ini->file, file) == 0)
            return ini->open_to_others;
    }
    return FALSE;
}

static void check_url(VdtConfig *config, const GPtrArray *inis, VdtProblems *problems)
{
    const VdtOption *url = &config->settings[VDT_GROUP_WEBHOOK][VDT_KEY_WEBHOOK_URL];
    if (url->text == NULL)
        return;
    g_autoptr(GUri) uri = g_uri_parse(url->text, G_URI_FLAGS_ENCODED, NULL);
    const char *scheme = uri != NULL ? g_uri_get_scheme(uri) : NULL;
    if (uri == NULL || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) ||
        g_uri_get_host(uri) == NULL || *g_uri_get_host(uri) == '\0')
        add(config, VDT_GROUP_WEBHOOK, VDT_KEY_WEBHOOK_URL, "expected http://HOST or https://HOST",
            problems);
    else if (url->user != NULL)
        add(config, VDT_GROUP_WEBHOOK, VDT_KEY_WEBHOOK_URL, "expected no user and password in it",
            problems);
    else if (vdt_has_secret_query(url->text) && is_open_to_others(inis, url->file))
        add(config, VDT_GROUP_WEBHOOK, VDT_KEY_WEBHOOK_URL,
            "holds a password in a file that others can read: chmod 0600 the file", problems);
}

void vdt_config_read_publish(VdtConfig *config, const GPtrArray *inis, VdtProblems *problems)
{
    check_host(config, problems);
    check_topic(config, VDT_KEY_MQTT_PREFIX, problems);
    check_topic(config, VDT_KEY_MQTT_DISCOVERY_PREFIX, problems);
    check_url(config, inis, problems);
    read_secret(config, VDT_GROUP_MQTT, VDT_KEY_MQTT_CREDENTIAL, VDT_KEY_MQTT_SECRET_FILE, TRUE,
                problems);
    read_secret(config, VDT_GROUP_WEBHOOK, VDT_KEY_WEBHOOK_CREDENTIAL, VDT_KEY_WEBHOOK_SECRET_FILE,
                FALSE, problems);
}
