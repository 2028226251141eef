/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "browser.h"

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../process.h"

#define LIMIT (30 * G_USEC_PER_SEC)

struct _Browser {
    GSubprocess *process;
    SoupSession *session;
    SoupWebsocketConnection *socket;
    gint64 id;
    JsonObject *answer; /* to @id */
    GString *errors;
};

char *browser_find(void)
{
    char *path = g_find_program_in_path("chromium");
    return path != NULL ? path : g_find_program_in_path("google-chrome");
}

/* --- the connection --- */

static void note_error(Browser *b, JsonObject *params)
{
    JsonNode *node = json_node_init_object(json_node_alloc(), params);
    g_autofree char *text = json_to_string(node, FALSE);
    json_node_unref(node);
    g_string_append_printf(b->errors, "%s\n", text);
}

static void on_text(SoupWebsocketConnection *socket, int type, GBytes *bytes, gpointer data)
{
    Browser *b = data;
    gsize n;
    const char *text = g_bytes_get_data(bytes, &n);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    json_parser_load_from_data(parser, text, (gssize)n, &error);
    g_assert_no_error(error);
    JsonObject *object = json_node_get_object(json_parser_get_root(parser));
    if (json_object_get_int_member_with_default(object, "id", 0) == b->id && b->answer == NULL)
        b->answer = json_object_ref(object);
    const char *method = json_object_get_string_member_with_default(object, "method", "");
    if (strcmp(method, "Runtime.exceptionThrown") == 0)
        note_error(b, json_object_get_object_member(object, "params"));
    if (strcmp(method, "Log.entryAdded") == 0) {
        JsonObject *params = json_object_get_object_member(object, "params"),
                   *entry = json_object_get_object_member(params, "entry");
        if (strcmp(json_object_get_string_member(entry, "level"), "error") == 0)
            note_error(b, params);
    }
}

/* The answer's result. Caller unrefs. */
static JsonObject *call(Browser *b, const char *method, JsonObject *params)
{
    g_autoptr(JsonObject) request = json_object_new();
    gint64 end = g_get_monotonic_time() + LIMIT;
    json_object_set_int_member(request, "id", ++b->id);
    json_object_set_string_member(request, "method", method);
    json_object_set_object_member(request, "params", params != NULL ? params : json_object_new());
    JsonNode *node = json_node_init_object(json_node_alloc(), request);
    g_autofree char *text = json_to_string(node, FALSE);
    json_node_unref(node);
    soup_websocket_connection_send_text(b->socket, text);
    while (b->answer == NULL) {
        if (g_get_monotonic_time() > end)
            g_error("the browser does not answer %s", text);
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(2000);
    }
    g_autoptr(JsonObject) answer = g_steal_pointer(&b->answer);
    if (!json_object_has_member(answer, "result"))
        g_error("the browser refuses %s", text);
    return json_object_ref(json_object_get_object_member(answer, "result"));
}

static void tell(Browser *b, const char *method, JsonObject *params)
{
    g_autoptr(JsonObject) result = call(b, method, params);
}

static JsonObject *params_of(const char *name, const char *value)
{
    JsonObject *params = json_object_new();
    json_object_set_string_member(params, name, value);
    return params;
}

/* --- life --- */

/* The port that it chose, out of the file that it writes. */
static char *wait_port(const char *folder)
{
    g_autofree char *file = g_build_filename(folder, "DevToolsActivePort", NULL);
    gint64 end = g_get_monotonic_time() + 2 * LIMIT;
    for (;;) {
        char *text = NULL;
        if (g_file_get_contents(file, &text, NULL, NULL) && strchr(text, '\n') != NULL) {
            *strchr(text, '\n') = '\0';
            return text;
        }
        g_free(text);
        if (g_get_monotonic_time() > end)
            g_error("the browser does not start");
        g_usleep(20000);
    }
}

static void on_connected(GObject *source, GAsyncResult *result, gpointer data)
{
    Browser *b = data;
    g_autoptr(GError) error = NULL;
    b->socket = soup_session_websocket_connect_finish(SOUP_SESSION(source), result, &error);
    g_assert_no_error(error);
}

/* The address of its page's WebSocket. */
static char *find_page(Browser *b, const char *port)
{
    g_autofree char *address = g_strdup_printf("http://127.0.0.1:%s/json/list", port);
    g_autoptr(SoupMessage) message = soup_message_new("GET", address);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = soup_session_send_and_read(b->session, message, NULL, &error);
    g_assert_no_error(error);
    gsize n;
    const char *text = g_bytes_get_data(bytes, &n);
    g_autoptr(JsonParser) parser = json_parser_new();
    json_parser_load_from_data(parser, text, (gssize)n, &error);
    g_assert_no_error(error);
    JsonArray *pages = json_node_get_array(json_parser_get_root(parser));
    for (guint i = 0; i < json_array_get_length(pages); i++) {
        JsonObject *page = json_array_get_object_element(pages, i);
        if (strcmp(json_object_get_string_member(page, "type"), "page") == 0)
            return g_strdup(json_object_get_string_member(page, "webSocketDebuggerUrl"));
    }
    g_error("the browser has no page");
}

Browser *browser_new(const char *folder)
{
    g_autofree char *program = browser_find(),
                    *profile = g_strconcat("--user-data-dir=", folder, NULL);
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
    g_autoptr(GError) error = NULL;
    Browser *b = g_new0(Browser, 1);
    b->errors = g_string_new(NULL);
    b->session = soup_session_new();
    g_subprocess_launcher_set_child_setup(launcher, process_die_with_parent, NULL, NULL);
    b->process = g_subprocess_launcher_spawn(
        launcher, &error, program, "--headless=new", "--no-sandbox", "--disable-gpu",
        "--no-first-run", "--no-proxy-server", "--disable-background-networking", "--lang=en-GB",
        "--remote-debugging-port=0", "--remote-allow-origins=*", "--hide-scrollbars", profile,
        "about:blank", NULL);
    g_assert_no_error(error);
    g_autofree char *port = wait_port(folder), *address = find_page(b, port);
    g_autoptr(SoupMessage) message = soup_message_new("GET", address);
    soup_session_websocket_connect_async(b->session, message, NULL, NULL, G_PRIORITY_DEFAULT, NULL,
                                         on_connected, b);
    while (b->socket == NULL)
        g_main_context_iteration(NULL, TRUE);
    soup_websocket_connection_set_max_incoming_payload_size(b->socket, 64 << 20);
    g_signal_connect(b->socket, "message", G_CALLBACK(on_text), b);
    tell(b, "Page.enable", NULL);
    tell(b, "Runtime.enable", NULL);
    tell(b, "Log.enable", NULL);
    return b;
}

void browser_free(Browser *b)
{
    g_signal_handlers_disconnect_by_data(b->socket, b);
    g_object_unref(b->socket);
    g_object_unref(b->session);
    g_subprocess_force_exit(b->process);
    g_subprocess_wait(b->process, NULL, NULL);
    g_object_unref(b->process);
    g_string_free(b->errors, TRUE);
    g_free(b);
}

/* --- what it is told --- */

void browser_open(Browser *b, const char *address)
{
    tell(b, "Page.navigate", params_of("url", address));
    browser_wait(b, "document.readyState === 'complete'");
}

void browser_set_view(Browser *b, guint width, guint height, gboolean dark)
{
    JsonObject *size = json_object_new(), *media = json_object_new(),
               *feature = params_of("name", "prefers-color-scheme");
    JsonArray *features = json_array_new();
    json_object_set_int_member(size, "width", width);
    json_object_set_int_member(size, "height", height);
    json_object_set_double_member(size, "deviceScaleFactor", 1);
    json_object_set_boolean_member(size, "mobile", width < 600);
    tell(b, "Emulation.setDeviceMetricsOverride", size);
    json_object_set_string_member(feature, "value", dark ? "dark" : "light");
    json_array_add_object_element(features, feature);
    json_object_set_array_member(media, "features", features);
    tell(b, "Emulation.setEmulatedMedia", media);
}

static char *evaluate(Browser *b, const char *expression, gboolean *failed)
{
    JsonObject *params = params_of("expression", expression);
    json_object_set_boolean_member(params, "awaitPromise", TRUE);
    json_object_set_boolean_member(params, "returnByValue", TRUE);
    g_autoptr(JsonObject) result = call(b, "Runtime.evaluate", params);
    JsonObject *value = json_object_get_object_member(result, "result");
    *failed = json_object_has_member(result, "exceptionDetails");
    if (*failed)
        return g_strdup(json_object_get_string_member_with_default(value, "description", "?"));
    JsonNode *node = json_object_get_member(value, "value");
    if (node == NULL)
        return g_strdup("undefined");
    return json_node_get_value_type(node) == G_TYPE_STRING ? json_node_dup_string(node)
                                                           : json_to_string(node, FALSE);
}

char *browser_ask(Browser *b, const char *expression)
{
    gboolean failed;
    g_autofree char *value = evaluate(b, expression, &failed);
    if (failed)
        g_error("%s: %s", expression, value);
    return g_steal_pointer(&value);
}

void browser_wait(Browser *b, const char *expression)
{
    gint64 end = g_get_monotonic_time() + LIMIT;
    for (;;) {
        gboolean failed;
        g_autofree char *value = evaluate(b, expression, &failed);
        if (!failed && strcmp(value, "true") == 0)
            return;
        if (g_get_monotonic_time() > end) {
            g_autofree char *text = browser_ask(b, "document.body.innerText");
            g_error("expected %s, got %s\n%s\nerrors:\n%s", expression, value, text,
                    b->errors->str);
        }
        g_usleep(50000);
    }
}

void browser_press(Browser *b, const char *key)
{
    static const struct {
        const char *key;
        guint code;
        const char *text;
    } keys[] = {{"Tab", 9, NULL}, {"Enter", 13, "\r"}, {"Escape", 27, NULL}, {" ", 32, " "}};
    static const char *const types[] = {"keyDown", "keyUp"};
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
        for (guint k = 0; strcmp(keys[i].key, key) == 0 && k < G_N_ELEMENTS(types); k++) {
            JsonObject *params = params_of("type", types[k]);
            json_object_set_string_member(params, "key", key);
            json_object_set_string_member(params, "code", key);
            json_object_set_int_member(params, "windowsVirtualKeyCode", keys[i].code);
            if (keys[i].text != NULL && k == 0)
                json_object_set_string_member(params, "text", keys[i].text);
            tell(b, "Input.dispatchKeyEvent", params);
        }
}

void browser_picture(Browser *b, const char *file)
{
    g_autoptr(JsonObject) result = call(b, "Page.captureScreenshot", params_of("format", "png"));
    g_autoptr(GError) error = NULL;
    gsize n;
    g_autofree guchar *png = g_base64_decode(json_object_get_string_member(result, "data"), &n);
    g_file_set_contents(file, (char *)png, (gssize)n, &error);
    g_assert_no_error(error);
}

const char *browser_get_errors(Browser *b)
{
    return b->errors->str;
}
