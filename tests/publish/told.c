/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "told.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const VdtSinkTimes told_times = {
    .away = {50000000, 200000000},
    .refused = {100000000, 200000000},
    .connect = G_USEC_PER_SEC,
    .answer = G_USEC_PER_SEC,
    .stop = G_USEC_PER_SEC,
};
Told told;

/* A sanitizer makes allocations slow, of which reading the machine's certificates takes many. */
gint64 told_deadline(double seconds)
{
    return g_get_monotonic_time() + (gint64)(seconds * FIXTURE_SLOWER * G_USEC_PER_SEC);
}

void told_wait(gint64 until, const char *condition)
{
    if (g_get_monotonic_time() >= until)
        g_error("not in time: %s", condition);
    g_usleep(2000);
}

VdtStore *told_open(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_strdup(fixture_path("store"));
    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    VdtStore *store = vdt_store_open(folder, NULL, &error);
    g_assert_no_error(error);
    return store;
}

VdtConfig *told_config(const char *streams, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_auto(GStrv) names = g_strsplit(streams, " ", -1);
    g_autofree char *old = g_strdup_printf("rm -rf '%s'", fixture_path("config"));
    g_assert_cmpint(system(old), ==, 0);
    fixture_add("config/vedette.conf", text);
    for (guint i = 0; names[i] != NULL && *names[i] != '\0'; i++) {
        g_autofree char *file = g_strdup_printf("config/streams.d/%s.conf", names[i]);
        fixture_add(file, "[stream]\nsource=street:///\n");
    }
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autofree char *folder = g_strdup(fixture_path("config"));
    VdtConfig *config = vdt_config_load(folder, problems);
    for (guint i = 0; i < problems->list->len; i++) {
        g_autofree char *shown = vdt_problem_show(problems->list->pdata[i]);
        g_test_message("%s", shown);
    }
    g_assert_nonnull(config);
    return config;
}

void told_put_full(VdtStore *store, const char *stream, const char *type, const char *phase,
                   guint number, guint audience)
{
    g_autofree char *id = g_strdup_printf("%s-%u", stream, number);
    g_autofree char *label = g_strdup_printf("%u", number);
    VdtEventLine line = vdt_event_line_now();
    line.type = type;
    line.event = phase;
    line.id = id;
    line.stream = stream;
    line.element = "test";
    line.label = label;
    line.score = 0.5;
    g_autoptr(VdtEvent) event = vdt_event_address(vdt_event_new(&line), audience);
    vdt_store_put(store, event);
}

void told_put(VdtStore *store, const char *stream, guint number)
{
    told_put_full(store, stream, "action", "start", number, VDT_TO_ALL);
}

static void on_tell(int level, const char *text, gpointer data)
{
    g_mutex_lock(&told.lock);
    if (told.said == NULL)
        told.said = g_string_new(NULL);
    g_string_append_printf(told.said, "%s\n", text);
    g_test_message("%s", text);
    g_mutex_unlock(&told.lock);
}

gboolean told_said(const char *text)
{
    g_mutex_lock(&told.lock);
    gboolean found = told.said != NULL && strstr(told.said->str, text) != NULL;
    g_mutex_unlock(&told.lock);
    return found;
}

VdtPublisher *told_publish(VdtConfig *config, VdtStore *store)
{
    VdtPublisherOptions options = {.tell = on_tell, .times = &told_times};
    g_mutex_lock(&told.lock);
    if (told.said != NULL)
        g_string_truncate(told.said, 0);
    g_mutex_unlock(&told.lock);
    return vdt_publisher_new(config, store, &options);
}

VdtSinkInfo *told_info(VdtPublisher *publisher, const char *name)
{
    g_autoptr(GPtrArray) all = vdt_publisher_get_info(publisher);
    for (guint i = 0; i < all->len; i++) {
        const VdtSinkInfo *info = all->pdata[i];
        if (strcmp(info->name, name) == 0)
            return vdt_sink_info_copy(info);
    }
    return NULL;
}

guint64 told_sent(VdtPublisher *publisher, const char *name)
{
    g_autoptr(VdtSinkInfo) info = told_info(publisher, name);
    return info != NULL ? info->sent : 0;
}

guint64 told_pending(VdtPublisher *publisher, const char *name)
{
    g_autoptr(VdtSinkInfo) info = told_info(publisher, name);
    return info != NULL ? info->pending : 0;
}

VdtSinkState told_state(VdtPublisher *publisher, const char *name)
{
    g_autoptr(VdtSinkInfo) info = told_info(publisher, name);
    g_assert_nonnull(info);
    return info->state;
}

gsize told_memory(void)
{
    unsigned long size, resident;
    FILE *file = fopen("/proc/self/statm", "r");
    g_assert_nonnull(file);
    g_assert_cmpint(fscanf(file, "%lu %lu", &size, &resident), ==, 2);
    fclose(file);
    return resident * (gsize)sysconf(_SC_PAGESIZE);
}

gboolean told_certify(void)
{
    g_autofree char *openssl = g_find_program_in_path("openssl");
    if (openssl == NULL)
        return FALSE;
    g_autofree char *command = g_strdup_printf(
        "cd '%s' && exec 2>certify.log && "
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=test' -keyout ca.key -out "
        "ca.pem && "
        "openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout key.pem -out req.pem && "
        "printf 'subjectAltName=DNS:localhost' > san && "
        "openssl x509 -req -in req.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
        "-extfile san -out cert.pem && chmod 644 key.pem",
        fixture_path(""));
    g_assert_cmpint(system(command), ==, 0);
    return TRUE;
}
