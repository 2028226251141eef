/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report.h"

#include <stdio.h>

#include "text.h"

/* "    address   10.0.0.1". */
static void print_line(const char *what, const char *text)
{
    g_autofree char *shown = printable(text);
    printf("    %-9s %s\n", what, shown);
}

static void print_list(const char *what, const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++)
        print_line(i == 0 ? what : "", list->pdata[i]);
}

static void print_profile(const Profile *profile)
{
    g_autoptr(GString) line = g_string_new(profile->name != NULL ? profile->name : profile->token);
    if (profile->codec != NULL)
        g_string_append_printf(line, ", %s", profile->codec);
    if (profile->width > 0 && profile->height > 0)
        g_string_append_printf(line, ", %ux%u", profile->width, profile->height);
    if (profile->rate > 0)
        g_string_append_printf(line, ", %u/s", profile->rate);
    g_string_append_printf(line, ", %s%s", profile->uri != NULL ? profile->uri : "no address",
                           profile->elsewhere ? " (of another host)" : "");
    print_line("profile", line->str);
}

static void print_device(const Device *device)
{
    g_autofree char *text = g_strdup_printf(
        "%s %s, firmware %s", device->manufacturer != NULL ? device->manufacturer : "-",
        device->model != NULL ? device->model : "-",
        device->firmware != NULL ? device->firmware : "-");
    print_line("device", text);
    for (guint i = 0; device->profiles != NULL && i < device->profiles->len; i++)
        print_profile(device->profiles->pdata[i]);
}

void report_print(const Reported *r)
{
    const Camera *camera = r->camera;
    g_autofree char *name =
        printable(camera->name != NULL ? camera->name : camera->hosts->pdata[0]);
    g_autofree char *hardware = camera->hardware != NULL ? printable(camera->hardware) : NULL;
    printf("%s%s%s%s\n", name, hardware != NULL ? " (" : "", hardware != NULL ? hardware : "",
           hardware != NULL ? ")" : "");
    print_list("address", camera->hosts);
    print_list("service", camera->services);
    print_list("scope", camera->scopes);
    if (r->asked)
        print_device(&r->device);
    if (r->wrong != NULL)
        print_line("problem", r->wrong);
    printf("\n    streams.d/%s.conf:\n", r->name);
    g_auto(GStrv) lines = g_strsplit(r->conf, "\n", -1);
    for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
        g_autofree char *shown = printable(lines[i]);
        printf("        %s\n", shown);
    }
    putchar('\n');
}

static void set_text(JsonObject *object, const char *member, const char *text)
{
    if (text != NULL)
        json_object_set_string_member(object, member, text);
}

static void set_list(JsonObject *object, const char *member, const GPtrArray *list)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; i < list->len; i++)
        json_array_add_string_element(array, list->pdata[i]);
    json_object_set_array_member(object, member, array);
}

static void set_number(JsonObject *object, const char *member, guint value)
{
    if (value > 0)
        json_object_set_int_member(object, member, value);
}

static JsonArray *profiles(const Device *device)
{
    JsonArray *array = json_array_new();
    for (guint i = 0; device->profiles != NULL && i < device->profiles->len; i++) {
        const Profile *profile = device->profiles->pdata[i];
        JsonObject *object = json_object_new();
        set_text(object, "token", profile->token);
        set_text(object, "name", profile->name);
        set_text(object, "codec", profile->codec);
        set_number(object, "width", profile->width);
        set_number(object, "height", profile->height);
        set_number(object, "rate", profile->rate);
        set_text(object, "uri", profile->uri);
        if (profile->uri != NULL)
            json_object_set_boolean_member(object, "elsewhere", profile->elsewhere);
        json_array_add_object_element(array, object);
    }
    return array;
}

JsonObject *report_object(const Reported *r)
{
    JsonObject *object = json_object_new();
    set_text(object, "id", r->camera->id);
    set_text(object, "name", r->camera->name);
    set_text(object, "hardware", r->camera->hardware);
    set_text(object, "location", r->camera->location);
    set_list(object, "addresses", r->camera->hosts);
    set_list(object, "services", r->camera->services);
    set_list(object, "scopes", r->camera->scopes);
    if (r->asked) {
        set_text(object, "manufacturer", r->device.manufacturer);
        set_text(object, "model", r->device.model);
        set_text(object, "firmware", r->device.firmware);
        json_object_set_array_member(object, "profiles", profiles(&r->device));
    }
    set_text(object, "problem", r->wrong);
    set_text(object, "stream", r->name);
    g_autofree char *conf = json_name(r->conf); /* the secret's file may be called anything */
    set_text(object, "conf", conf);
    return object;
}
