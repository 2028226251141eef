/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "discovery.h"

#include <json-glib/json-glib.h>

typedef struct {
    const char *component, *name, *title;
    const char *topic;    /* of its state, behind the service's prefix; %s is the stream */
    const char *template; /* %s is the stream */
    const char *device_class, *category, *icon;
    gboolean has_attributes; /* those of the status */
} Entity;

static const Entity entities[VDT_DISCOVERY_ENTITIES] = {
    {"binary_sensor", "connected", "Connected", "%s/status",
     "{{ 'ON' if value_json.state in ['live', 'degraded'] else 'OFF' }}", "connectivity",
     "diagnostic", NULL, FALSE},
    {"sensor", "state", "State", "%s/status", "{{ value_json.state }}", NULL, "diagnostic",
     "mdi:cctv", TRUE},
    /* Others' events leave it as it is. */
    {"sensor", "event", "Last event", "events",
     "{{ (value_json.label or value_json.what or value_json.type) if value_json.stream == '%s' and "
     "value_json.event == 'start' else this.state }}",
     NULL, NULL, "mdi:motion-sensor", FALSE},
};

/* Home Assistant takes letters, digits, - and _ in a topic; two names stay two. */
static char *escape(const char *name)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *c = name; *c != '\0'; c++)
        if (g_ascii_isalnum(*c) || *c == '-')
            g_string_append_c(out, *c);
        else
            g_string_append_printf(out, "_%02x", (guchar)*c);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

char *vdt_discovery_topic(const VdtDiscovery *discovery, const char *stream, guint entity)
{
    const Entity *e = &entities[entity];
    g_autofree char *node = escape(discovery->base), *object = escape(stream);
    return g_strdup_printf("%s/%s/%s/%s_%s/config", discovery->prefix, e->component, node, object,
                           e->name);
}

char *vdt_discovery_filter(const VdtDiscovery *discovery)
{
    g_autofree char *node = escape(discovery->base);
    return g_strdup_printf("%s/+/%s/+/config", discovery->prefix, node);
}

static void add(JsonBuilder *json, const char *key, const char *value)
{
    if (value == NULL)
        return;
    json_builder_set_member_name(json, key);
    json_builder_add_string_value(json, value);
}

/* @format has one %s at most. */
static void add_with(JsonBuilder *json, const char *key, const char *before, const char *format,
                     const char *stream)
{
    g_auto(GStrv) parts = g_strsplit(format, "%s", 2);
    g_autofree char *inner = g_strjoinv(stream, parts), *value = g_strconcat(before, inner, NULL);
    add(json, key, value);
}

static void add_device(JsonBuilder *json, const char *id, const char *stream)
{
    json_builder_set_member_name(json, "device");
    json_builder_begin_object(json);
    json_builder_set_member_name(json, "identifiers");
    json_builder_begin_array(json);
    json_builder_add_string_value(json, id);
    json_builder_end_array(json);
    add(json, "name", stream);
    add(json, "manufacturer", "Vedette");
    add(json, "model", "Stream");
    add(json, "sw_version", VDT_VERSION);
    json_builder_end_object(json);
    json_builder_set_member_name(json, "origin");
    json_builder_begin_object(json);
    add(json, "name", "Vedette");
    add(json, "sw_version", VDT_VERSION);
    json_builder_end_object(json);
}

char *vdt_discovery_payload(const VdtDiscovery *discovery, const char *stream, guint entity)
{
    const Entity *e = &entities[entity];
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autofree char *node = escape(discovery->base), *object = escape(stream),
                    *front = g_strconcat(discovery->base, "/", NULL),
                    *id = g_strconcat("vedette-", node, "-", object, NULL),
                    *unique = g_strconcat(id, "_", e->name, NULL);
    json_builder_begin_object(json);
    add(json, "name", e->title);
    add(json, "unique_id", unique);
    add_with(json, "state_topic", front, e->topic, stream);
    add_with(json, "value_template", "", e->template, stream);
    add(json, "device_class", e->device_class);
    add(json, "entity_category", e->category);
    add(json, "icon", e->icon);
    if (e->has_attributes)
        add_with(json, "json_attributes_topic", front, e->topic, stream);
    add_with(json, "availability_topic", front, "available", "");
    add(json, "payload_available", "online");
    add(json, "payload_not_available", "offline");
    add_device(json, id, stream);
    json_builder_end_object(json);
    g_autoptr(JsonNode) root = json_builder_get_root(json);
    return json_to_string(root, FALSE);
}
