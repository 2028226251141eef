/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page in a real browser, before a service that runs: what it shows, what it changes, that it
 * can be used by keyboard and on a phone, and what it says when nothing answers. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "../daemon/fixture.h"
#include "../process.h"
#include "browser.h"

#define TOKEN "a-token-of-the-test-that-controls"
#define CODED "[stream]\nsource=street:///\nsource-pipeline=street-coded\n"

/* Not what the page shows of the same name. */
#define BUTTON(text)                                                                               \
    "[...document.querySelectorAll('main button, dialog button')]"                                 \
    ".find((one) => one.textContent === '" text "')"
#define CLICK(text)       "(" BUTTON(text) ".click(), true)"
#define FITS              "document.documentElement.scrollWidth <= innerWidth"
#define GO(hash)          "(location.hash = '" hash "', true)"
#define SEEN(text)        "document.querySelector('main').innerText.includes('" text "')"
#define N_EVENTS          "document.querySelectorAll('.event').length"
#define DIALOG            "document.getElementById('dialog')"
#define SET(field, value) "set('" field "', '" value "')"

typedef struct {
    GSubprocess *process;
    Browser *browser;
    char *folder, *address;
} Scene;

static void start_service(Scene *scene)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
    g_autoptr(GError) error = NULL;
    g_autofree char *state = g_strdup(fixture_path("state")),
                    *tokens = g_strdup(fixture_path("tokens"));
    guint16 port = process_find_port();
    g_autofree char *service =
        g_strdup_printf("[http]\nlisten=127.0.0.1:%u\ntokens-file=%s\n", port, tokens);
    g_autofree char *front =
        g_strdup_printf(CODED "[recognizer]\nmodel=%s/tiny/card.json\nwindow=500ms\n"
                              "interval=200ms\nhysteresis=0\nthreshold=0\n[record]\nafter=1s\n"
                              "most=4s\n",
                        g_getenv("VEDETTE_TEST_MODELS"));
    fixture_files("vedette.conf", service, "streams.d/front.conf", front, "streams.d/yard.conf",
                  "[stream]\nsource=rtsp://127.0.0.1:1/none\n", "tokens",
                  "control test " TOKEN "\n", NULL);
    g_assert_cmpint(g_chmod(tokens, 0600), ==, 0);
    g_assert_cmpint(g_mkdir(state, 0700), ==, 0);
    scene->folder = g_strdup(fixture_path(""));
    scene->address = g_strdup_printf("http://127.0.0.1:%u/", port);
    g_subprocess_launcher_set_child_setup(launcher, process_die_with_parent, NULL, NULL);
    g_subprocess_launcher_set_stdout_file_path(launcher, fixture_path("out"));
    g_subprocess_launcher_set_stderr_file_path(launcher, fixture_path("err"));
    scene->process = g_subprocess_launcher_spawn(launcher, &error, g_getenv("VEDETTE_EXE"), "serve",
                                                 "--config", scene->folder, "--state", state, NULL);
    g_assert_no_error(error);
}

static void await_answer(Scene *scene, guint port)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    for (guint i = 0; i < 300; i++) {
        g_autoptr(GSocketConnection) connection =
            g_socket_client_connect_to_uri(client, scene->address, (guint16)port, NULL, NULL);
        if (connection != NULL)
            return;
        g_usleep(100000);
    }
    g_error("the service does not listen");
}

static void scene_open(Scene *scene)
{
    start_service(scene);
    await_answer(scene, 80);
    scene->browser = browser_new(fixture_path("browser"));
    browser_set_view(scene->browser, 1200, 900, FALSE);
    browser_open(scene->browser, scene->address);
}

static void scene_close(Scene *scene)
{
    browser_free(scene->browser);
    g_subprocess_send_signal(scene->process, SIGTERM);
    g_subprocess_wait(scene->process, NULL, NULL);
    g_assert_true(g_subprocess_get_if_exited(scene->process));
    g_assert_cmpint(g_subprocess_get_exit_status(scene->process), ==, 0);
    g_object_unref(scene->process);
    g_free(scene->folder);
    g_free(scene->address);
}

/* For who wants to see them: $VEDETTE_PICTURES names a folder. */
static void show(Scene *scene, const char *name)
{
    const char *folder = g_getenv("VEDETTE_PICTURES");
    if (folder == NULL)
        return;
    g_autofree char *file = g_strdup_printf("%s/%s.png", folder, name);
    browser_picture(scene->browser, file);
}

static void check_live(Scene *scene)
{
    Browser *b = scene->browser;
    browser_wait(b, "document.querySelectorAll('.tile').length === 2");
    browser_wait(b, "document.querySelector('.tile[href$=front] .state').textContent === 'live'");
    browser_wait(b, "document.querySelector('.tile[href$=front] img').naturalWidth > 0");
    browser_wait(b, "['backoff', 'connecting'].includes("
                    "document.querySelector('.tile[href$=yard] .state').textContent)");
    /* who may only look is offered nothing else */
    browser_wait(b, "document.querySelector('main a[href=\"#/add\"]') === null");
    show(scene, "live");
}

static void check_events(Scene *scene)
{
    Browser *b = scene->browser;
    browser_wait(b, GO("/events?stream=front&type=action"));
    browser_wait(b, N_EVENTS " >= 1");
    browser_wait(b, "document.querySelector('.event img') !== null");
    browser_wait(b, SEEN("clip"));
    show(scene, "events");
    browser_wait(b, "([...document.querySelectorAll('.event')]"
                    ".find((one) => one.innerText.includes('clip')).click(), true)");
    browser_wait(b, DIALOG ".open");
    browser_wait(b, DIALOG ".querySelector('video').duration > 0.5");
    browser_wait(b, "(" DIALOG ".querySelector('video').muted = true, " DIALOG
                    ".querySelector('video').play().then(() => true))");
    browser_wait(b, DIALOG ".querySelector('video').currentTime > 0.2");
    show(scene, "event");
    browser_press(b, "Escape");
    browser_wait(b, "!" DIALOG ".open");
    browser_wait(b, GO("/events?stream=yard&type=action"));
    browser_wait(b, SEEN("Nothing that fits has happened."));
}

static void check_detail(Scene *scene)
{
    Browser *b = scene->browser;
    browser_wait(b, GO("/streams/front"));
    browser_wait(b, SEEN("video/x-h264") " && " SEEN("recognizer"));
    browser_wait(b, "document.querySelectorAll('.chart path').length === 4");
    browser_wait(b, "document.querySelector('.chart path').getAttribute('d').includes('L')");
    browser_wait(b, N_EVENTS " >= 1");
    show(scene, "detail");
    browser_wait(b, GO("/streams/nosuch"));
    browser_wait(b, SEEN("There is no such stream."));
}

/* All that can be done can be done without a mouse. */
static void check_keyboard(Scene *scene)
{
    Browser *b = scene->browser;
    browser_wait(b, GO("/events"));
    browser_wait(b, N_EVENTS " >= 1");
    browser_wait(b, "(document.querySelector('.event').focus(), true)");
    browser_press(b, "Enter");
    browser_wait(b, DIALOG ".open && " DIALOG ".contains(document.activeElement)");
    browser_press(b, "Enter"); /* on the button that closes it */
    browser_wait(b, "!" DIALOG ".open");
    browser_wait(b, "(document.activeElement.blur(), scrollTo(0, 0), location.reload(), true)");
    browser_wait(b, "document.readyState === 'complete' && " N_EVENTS " >= 1");
    browser_press(b, "Tab");
    browser_wait(b, "document.activeElement.className === 'skip'");
}

static void check_phone(Scene *scene)
{
    static const char *const views[] = {GO("/"), GO("/events"), GO("/streams/front"),
                                        GO("/configuration")};
    Browser *b = scene->browser;
    browser_set_view(b, 390, 844, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(views); i++) {
        browser_wait(b, views[i]);
        browser_wait(b, "document.querySelector('main h1') !== null && " FITS);
    }
    browser_wait(b, GO("/"));
    browser_wait(b, "getComputedStyle(document.body).backgroundColor === 'rgb(18, 23, 28)'");
    browser_wait(b, "document.querySelector('.tile img').naturalWidth > 0");
    show(scene, "phone");
    browser_set_view(b, 1200, 900, FALSE);
}

static void log_in(Scene *scene)
{
    Browser *b = scene->browser;
    g_autofree char *login = g_strconcat(scene->address, "login", NULL);
    browser_open(b, login);
    browser_wait(b, "(document.getElementById('token').value = '" TOKEN
                    "', document.querySelector('button').click(), true)");
    browser_wait(b, "location.pathname === '/' && document.querySelector('.tile') !== null");
    browser_wait(b, "!document.getElementById('logout').hidden");
}

/* What a field is set to goes into the file, and what the file says into the fields. */
static void check_changes(Scene *scene)
{
    Browser *b = scene->browser;
    browser_wait(b, "(window.set = (name, value) => { const field = document.querySelector("
                    "`form.form [name=${name}], form.form ${name}`); field.value = value; "
                    "field.dispatchEvent(new Event('change')); return true; }, true)");
    browser_wait(b, GO("/add"));
    browser_wait(b, SET("name", "street") " && " SET("source", "street:///"));
    browser_wait(b, "([...document.querySelectorAll('.choices input')].forEach((one) => { if "
                    "(one.checked) one.click(); }), true)");
    browser_wait(b, "document.querySelector('textarea').value === "
                    "'[stream]\\nsource=street:///\\n'");
    browser_wait(b, SET("textarea", "[stream]\\nsource=street:///\\nstall-timeout=5\\n"));
    browser_wait(b, CLICK("Check"));
    browser_wait(b, SEEN("expected a duration with its unit"));
    show(scene, "add");
    browser_wait(b, SET("textarea", "[stream]\\nsource=street:///\\nstall-timeout=5s\\n"));
    browser_wait(b, CLICK("Check"));
    browser_wait(b, SEEN("All is right."));
    browser_wait(b, CLICK("Add"));
    browser_wait(b, "location.hash === '#/streams/street'");
    browser_wait(b, SEEN("live"));
    g_autofree char *file = g_strdup(fixture_path("streams.d/street.conf"));
    g_assert_true(g_file_test(file, G_FILE_TEST_IS_REGULAR));

    browser_wait(b, GO("/streams/street/edit"));
    browser_wait(b, "document.querySelector('textarea').value.includes('stall-timeout=5s')");
    browser_wait(b, SET("textarea", "[stream]\\nsource=street:///\\nstall-timeout=7s\\n"));
    browser_wait(b, CLICK("Save"));
    browser_wait(b, "location.hash === '#/streams/street'");
    browser_wait(b, BUTTON("Remove") " !== undefined");
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "stall-timeout=7s"));

    browser_wait(b, "(window.confirm = () => true)()");
    browser_wait(b, CLICK("Remove"));
    browser_wait(b, "location.hash === '#/'");
    browser_wait(b, "document.querySelectorAll('.tile').length === 2");
    g_assert_false(g_file_test(file, G_FILE_TEST_EXISTS));

    browser_wait(b, GO("/configuration"));
    browser_wait(b, BUTTON("Check the files") " !== undefined");
    browser_wait(b, CLICK("Check the files"));
    browser_wait(b, SEEN("All files are right."));
    browser_wait(b, SEEN("1 live"));
    show(scene, "configuration");
}

/* The service keeps what was chosen. */
static void check_arm(Scene *scene)
{
    static const char *const arms[] = {"disarmed", "auto"};
    Browser *b = scene->browser;
    browser_wait(b, GO("/"));
    browser_wait(b, "document.getElementById('arm') !== null");
    for (guint i = 0; i < G_N_ELEMENTS(arms); i++) {
        g_autofree char *choose =
            g_strdup_printf("((one) => (one.value = '%s', one.dispatchEvent(new Event('change'))))"
                            "(document.getElementById('arm'))",
                            arms[i]);
        g_autofree char *kept = g_strdup_printf("auto %s\n", arms[i]), *text = NULL;
        browser_wait(b, choose);
        for (guint n = 0; g_strcmp0(text, kept) != 0; n++) {
            g_assert_cmpuint(n, <, 200);
            g_usleep(50000);
            g_clear_pointer(&text, g_free);
            g_file_get_contents(fixture_path("state/arm"), &text, NULL, NULL);
        }
        browser_wait(b, "!document.getElementById('arm').disabled");
    }
}

/* It says so, and goes on by itself. */
static void check_offline(Scene *scene)
{
    Browser *b = scene->browser;
    browser_wait(b, GO("/"));
    browser_wait(b, "document.querySelectorAll('.tile').length === 2");
    g_subprocess_send_signal(scene->process, SIGSTOP);
    browser_wait(b, "!document.getElementById('banner').hidden");
    show(scene, "offline");
    g_subprocess_send_signal(scene->process, SIGCONT);
    browser_wait(b, "document.getElementById('banner').hidden");
}

static void test_page(void)
{
    Scene scene;
    scene_open(&scene);
    check_live(&scene);
    check_events(&scene);
    check_detail(&scene);
    check_keyboard(&scene);
    check_phone(&scene);
    log_in(&scene);
    check_changes(&scene);
    check_arm(&scene);
    check_offline(&scene);
    g_test_message("%s", browser_get_errors(scene.browser));
    g_assert_null(strstr(browser_get_errors(scene.browser), "exceptionDetails"));
    scene_close(&scene);
}

int main(int argc, char **argv)
{
    g_autofree char *program = browser_find();
    fixture_open(&argc, &argv);
    if (program == NULL)
        g_printerr("no chromium: the page is not looked at\n");
    else
        g_test_add_func("/page", test_page);
    return fixture_close();
}
