/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette cameras: answers of cameras and of those who mean harm, taken apart; and the command, in
 * a network of its own where cameras stand in.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cameras/answer.h"
#include "cameras/device.h"
#include "cameras/snippet.h"
#include "cameras/soap.h"
#include "fixture.h"
#include "server.h"
#include "standin.h"
#include "tlsfront.h"

#define ID "0d1c5f2a-5d2f-4c9e-9a61-0f4f0d8b2f11"
#define ENVELOPE(relates, body)                                                                    \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"                                                   \
    "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\""                              \
    " xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\""                                \
    " xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\">"                                \
    "<s:Header><a:RelatesTo>" relates "</a:RelatesTo></s:Header><s:Body>" body                     \
    "</s:Body></s:Envelope>"
#define MATCHES(relates, inside) ENVELOPE(relates, "<d:ProbeMatches>" inside "</d:ProbeMatches>")
#define MATCH(id, scopes, services)                                                                \
    "<d:ProbeMatch><a:EndpointReference><a:Address>" id "</a:Address></a:EndpointReference>"       \
    "<d:Scopes>" scopes "</d:Scopes><d:XAddrs>" services "</d:XAddrs></d:ProbeMatch>"
#define NAMED(name) "onvif://www.onvif.org/name/" name
#define LAUGHS                                                                                     \
    "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;\">"  \
    "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;\">"          \
    "<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;&e;\">"          \
    "<!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;\"><!ENTITY h \"&g;&g;&g;&g;&g;&g;&g;&g;&g;\">]>"        \
    "<l a=\"&h;\">&h;</l>"

static const char *const ids[] = {ID, NULL};

static GPtrArray *no_cameras(void)
{
    return g_ptr_array_new_with_free_func(camera_free);
}

static AnswerKind take(GPtrArray *cameras, const char *host, const char *text)
{
    return answer_take(text, strlen(text), host, ids, cameras);
}

static void test_answer(void)
{
    g_autoptr(GPtrArray) cameras = no_cameras();
    const char *text = MATCHES(
        "urn:uuid:" ID,
        MATCH("urn:uuid:1",
              "onvif://www.onvif.org/type/video_encoder " NAMED(
                  "Front%20door") "\n onvif://www.onvif.org/hardware/DS-2CD "
                                  "onvif://www.onvif.org/location/yard",
              "http://10.0.0.1/onvif/device_service https://10.0.0.1:8443/x ftp://10.0.0.1/ "
              "http://u:p@10.0.0.1/ http:/// javascript:alert(1)"));
    for (guint i = 0; i < 3; i++)
        g_assert_cmpint(take(cameras, "10.0.0.1", text), ==, ANSWER_TAKEN);
    g_assert_cmpuint(cameras->len, ==, 1);
    const Camera *camera = cameras->pdata[0];
    g_assert_cmpstr(camera->name, ==, "Front door");
    g_assert_cmpstr(camera->hardware, ==, "DS-2CD");
    g_assert_cmpstr(camera->location, ==, "yard");
    g_assert_cmpuint(camera->scopes->len, ==, 4);
    g_assert_cmpuint(camera->services->len, ==, 2);
    g_assert_cmpstr(camera->services->pdata[1], ==, "https://10.0.0.1:8443/x");
    take(cameras, "10.0.0.2", MATCHES("uuid:" ID, MATCH("2", NAMED("100%"), "")));
    g_assert_cmpstr(((Camera *)cameras->pdata[1])->name, ==, "100%");
    /* The same one by IPv6, and then by IPv4. */
    g_autoptr(GPtrArray) both = no_cameras();
    take(both, "fe80::1%eth0", text);
    take(both, "10.0.0.1", text);
    g_assert_cmpuint(both->len, ==, 1);
    camera = both->pdata[0];
    g_assert_cmpstr(camera->hosts->pdata[0], ==, "10.0.0.1");
    g_assert_cmpstr(camera->hosts->pdata[1], ==, "fe80::1%eth0");
}

static void test_left_aside(void)
{
    static const struct {
        const char *text;
        AnswerKind kind;
    } cases[] = {
        {"", ANSWER_BAD},
        {"\x80\x02garbage", ANSWER_BAD},
        {"<a><b></a>", ANSWER_BAD},
        {LAUGHS, ANSWER_BAD},
        {"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", ANSWER_BAD},
        {"<!DOCTYPE a><a/>", ANSWER_BAD},
        {"<a>&undeclared;</a>", ANSWER_BAD},
        {"<a/>", ANSWER_NOT_OURS},
        {MATCHES("uuid:another", MATCH("1", "", "")), ANSWER_NOT_OURS},
        {MATCHES("", MATCH("1", "", "")), ANSWER_NOT_OURS},
        {MATCHES("uuid:" ID, ""), ANSWER_NOT_OURS},
        {ENVELOPE("uuid:" ID, "<d:Probe/>"), ANSWER_NOT_OURS},
    };
    g_autoptr(GPtrArray) cameras = no_cameras();
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(take(cameras, "10.0.0.1", cases[i].text), ==, cases[i].kind);
    g_autoptr(GString) deep = g_string_new(NULL);
    for (guint i = 0; i < 33; i++)
        g_string_append(deep, "<a>");
    for (guint i = 0; i < 33; i++)
        g_string_append(deep, "</a>");
    g_assert_cmpint(take(cameras, "10.0.0.1", deep->str), ==, ANSWER_BAD);
    deep->str[deep->len - 4] = '\0';
    g_assert_cmpint(take(cameras, "10.0.0.1", deep->str + 3), ==, ANSWER_NOT_OURS);
    g_assert_cmpuint(cameras->len, ==, 0);
}

/* No end of everything. */
static void test_bounds(void)
{
    g_autoptr(GPtrArray) cameras = no_cameras();
    for (guint i = 0; i < 300; i++) {
        g_autofree char *text = g_strdup_printf(MATCHES("uuid:" ID, MATCH("%u", "", "")), i);
        g_assert_cmpint(take(cameras, "10.0.0.1", text), ==,
                        i < 256 ? ANSWER_TAKEN : ANSWER_TOO_MANY);
    }
    g_assert_cmpuint(cameras->len, ==, 256);
    g_autoptr(GString) scopes = g_string_new(NULL);
    for (guint i = 0; i < 500; i++)
        g_string_append_printf(scopes, "onvif://www.onvif.org/%u http://10.0.0.%u/ ", i, i);
    g_autofree char *text =
        g_strdup_printf(MATCHES("uuid:" ID, MATCH("1", "%s", "%s")), scopes->str, scopes->str);
    g_autofree char *host = g_strdup("10.0.1.0");
    for (guint i = 0; i < 10; i++) {
        host[strlen(host) - 1] = '0' + i;
        g_assert_cmpint(take(cameras, host, text), ==, ANSWER_TAKEN);
    }
    g_autofree char *longer =
        g_strdup_printf(MATCHES("uuid:" ID, MATCH("2", NAMED("%s"), "")), scopes->str);
    take(cameras, "10.0.0.1", longer);
    const Camera *one = cameras->pdata[1];
    g_assert_cmpuint(one->scopes->len, <=, 64);
    g_assert_cmpuint(one->services->len, <=, 8);
    g_assert_cmpuint(one->hosts->len, ==, 8);
}

/* Nothing that a terminal or a file of the service would obey. */
static void test_control(void)
{
    g_autoptr(GPtrArray) cameras = no_cameras();
    take(cameras, "10.0.0.1",
         MATCHES("uuid:" ID, MATCH("1", NAMED("a%0asource=rtsp://evil/%1b[2J"), "")));
    Camera *camera = cameras->pdata[0];
    g_assert_cmpstr(camera->name, ==, "a source=rtsp://evil/ [2J");
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *name = snippet_name(camera, taken), *again = snippet_name(camera, taken);
    g_assert_cmpstr(name, ==, "a-source-rtsp-evil-2j");
    g_assert_cmpstr(again, ==, "a-source-rtsp-evil-2j-2");
    g_autofree char *text = snippet_text(camera, NULL, NULL);
    g_assert_nonnull(strstr(text, "\nsource=rtsp://10.0.0.1/\n"));
    g_assert_null(strstr(text, "evil"));
    g_assert_nonnull(strstr(text, "GetStreamUri"));
}

/* The example of ONVIF's programmer's guide. */
static void test_token(void)
{
    gsize n;
    g_autofree guchar *nonce = g_base64_decode("LKqI6G/AikKCQrN0zqZFlg==", &n);
    const Credential credential = {(char *)"a<b", (char *)"userpassword"};
    g_autofree char *token = soap_token(&credential, nonce, "2010-09-16T07:50:45Z");
    g_assert_nonnull(strstr(token, ">tuOSpGlFlIXsozq4HFNeeGeFLEI=<"));
    g_assert_nonnull(strstr(token, ">a&lt;b<"));
    g_assert_null(strstr(token, "userpassword"));
}

static const xmlNode *body_of(xmlDoc **doc, const char *inside)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(ENVELOPE("", "%s"), inside);
    *doc = xml_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    return soap_body(*doc, &error);
}

#define PROFILES                                                                                   \
    "<GetProfilesResponse><Profiles token=\"p&amp;1\"><Name>main</Name>"                           \
    "<VideoEncoderConfiguration><Encoding>H264</Encoding><Resolution><Width>1920</Width>"          \
    "<Height>1080</Height></Resolution><RateControl><FrameRateLimit>25</FrameRateLimit>"           \
    "</RateControl></VideoEncoderConfiguration></Profiles><Profiles><Name>no token</Name>"         \
    "</Profiles><Profiles token=\"sub\"><VideoEncoderConfiguration><Resolution>"                   \
    "<Width>-5</Width><Height>99999999999</Height></Resolution></VideoEncoderConfiguration>"       \
    "</Profiles></GetProfilesResponse>"
#define URI(uri)                                                                                   \
    "<GetStreamUriResponse><MediaUri><Uri>" uri "</Uri></MediaUri></GetStreamUriResponse>"

static void test_device(void)
{
    g_autoptr(GPtrArray) cameras = no_cameras();
    take(cameras, "10.0.0.1", MATCHES("uuid:" ID, MATCH("1", "", "http://10.0.0.9/x")));
    Camera *camera = cameras->pdata[0];
    /* A service elsewhere is asked nothing. */
    g_autofree char *service = device_service(camera);
    g_assert_cmpstr(service, ==, "http://10.0.0.1/onvif/device_service");
    g_autoptr(xmlDoc) list = NULL, media = NULL;
    g_auto(Device) device = {NULL};
    device_parse_profiles(&device, body_of(&list, PROFILES));
    g_assert_cmpuint(device.profiles->len, ==, 2);
    Profile *one = device.profiles->pdata[0], *other = device.profiles->pdata[1];
    g_assert_cmpstr(one->token, ==, "p&1");
    g_assert_cmpstr(one->codec, ==, "H264");
    g_assert_cmpuint(one->width, ==, 1920);
    g_assert_cmpuint(one->rate, ==, 25);
    g_assert_cmpuint(other->width + other->height, ==, 0);
    g_autofree char *at = device_parse_media(
        body_of(&media, "<GetCapabilitiesResponse><Capabilities><Media><XAddr>"
                        "http://evil.example:81/onvif/media</XAddr></Media></Capabilities>"
                        "</GetCapabilitiesResponse>"),
        "http://10.0.0.1:8080/onvif/device_service");
    g_assert_cmpstr(at, ==, "http://10.0.0.1:8080/onvif/media");

    static const struct {
        const char *body, *uri;
        gboolean elsewhere;
    } uris[] = {
        {URI("rtsp://10.0.0.1:554/a?channel=1"), "rtsp://10.0.0.1:554/a?channel=1", FALSE},
        {URI("rtsp://u:hunter2@10.0.0.1/a"), "rtsp://10.0.0.1/a", FALSE},
        {URI("rtsp://10.0.0.1/a?user=u&amp;Password=hunter2"), "rtsp://10.0.0.1/a?***", FALSE},
        {URI("rtsp://10.0.0.1/a?%70assword=hunter2"), "rtsp://10.0.0.1/a?***", FALSE},
        {URI("rtsp://evil.example/a"), "rtsp://evil.example/a", TRUE},
        {URI("file:///etc/passwd"), NULL, FALSE},
        {URI("rtsp:///a"), NULL, FALSE},
        {URI("rtsp://10.0.0.1/a b"), "rtsp://10.0.0.1/a%20b", FALSE},
        {"<GetStreamUriResponse/>", NULL, FALSE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(uris); i++) {
        g_autoptr(xmlDoc) doc = NULL;
        g_clear_pointer(&one->uri, g_free);
        one->elsewhere = FALSE;
        device_parse_uri(one, body_of(&doc, uris[i].body), camera);
        g_assert_cmpstr(one->uri, ==, uris[i].uri);
        g_assert_cmpint(one->elsewhere, ==, uris[i].elsewhere);
        g_autofree char *text = snippet_text(camera, &device, "/etc/secret");
        g_assert_nonnull(strstr(text, uris[i].uri != NULL && !uris[i].elsewhere
                                          ? uris[i].uri
                                          : "source=rtsp://10.0.0.1/\n"));
        g_assert_nonnull(strstr(text, "\nsecret-file=/etc/secret\n"));
    }
    g_autofree char *v6 = device_host("fe80::1%eth0");
    g_assert_cmpstr(v6, ==, "[fe80::1%25eth0]");
}

static void test_fault(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc = NULL;
    const char *text = ENVELOPE(
        "", "<s:Fault><s:Reason><s:Text>Sender not authorized</s:Text></s:Reason></s:Fault>");
    doc = xml_parse(text, strlen(text), NULL);
    g_assert_null(soap_body(doc, &error));
    g_assert_cmpstr(error->message, ==, "it refuses: Sender not authorized");
    g_autoptr(xmlDoc) clock = NULL;
    g_autoptr(GDateTime) now = g_date_time_new_utc(2026, 1, 2, 3, 4, 5);
    const xmlNode *body = body_of(
        &clock, "<GetSystemDateAndTimeResponse><SystemDateAndTime><UTCDateTime><Time><Hour>3</Hour>"
                "<Minute>5</Minute><Second>5</Second></Time><Date><Year>2026</Year><Month>1</Month>"
                "<Day>2</Day></Date></UTCDateTime></SystemDateAndTime>"
                "</GetSystemDateAndTimeResponse>");
    g_assert_cmpint(device_parse_ahead(body, now), ==, 60);
    g_assert_cmpint(device_parse_ahead(NULL, now), ==, 0);
}

static void test_usage(void)
{
    g_auto(Outcome) help = vedette("cameras", "find", "--help", NULL);
    g_assert_cmpint(help.status, ==, 0);
    g_assert_nonnull(strstr(help.out, "vedette cameras find"));
    expect(2, "Actions:", "cameras", NULL);
    expect(2, "there is no action", "cameras", "hide", NULL);
    static const char *const times[] = {"3", "0s", "61s", "-1s", "nans", "1h", ""};
    for (guint i = 0; i < G_N_ELEMENTS(times); i++)
        expect(2, "--timeout is", "cameras", "find", "--timeout", times[i], NULL);
    expect(1, "there is no interface called nosuch", "cameras", "find", "--interface", "nosuch",
           NULL);
    const char *secret = in_folder("secret");
    g_assert_true(g_file_set_contents(secret, "admin:hunter2\n", -1, NULL));
    g_chmod(secret, 0644);
    expect(1, "chmod 0600", "cameras", "find", "--credential-file", secret, NULL);
    g_chmod(secret, 0600);
    g_assert_true(
        g_file_set_contents_full(secret, "hunter2", -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    g_auto(Outcome) o = vedette("cameras", "find", "--credential-file", secret, NULL);
    g_assert_nonnull(strstr(o.err, "expected USER:PASSWORD"));
    g_assert_null(strstr(o.err, "hunter2"));
}

/* What follows runs in a network of its own. */

static gboolean has_six; /* a camera that hears IPv6 alone */
static char *front;      /* of the camera that has a service; its port is known late */
static char *basic;      /* of one that would have the password itself */
static const char *front_says[4];
static const char *const back_says[] = {
    MATCHES("uuid:nobody", MATCH("urn:back", "", "")),
    MATCHES("urn:uuid:%ID%", MATCH("urn:back", NAMED("Back%20yard"), "http://10.9.0.11:1/x")),
    MATCHES("%ID%", MATCH("urn:back", "", "")), NULL};
static const char *const evil_says[] = {LAUGHS, "\x01\x02\x03", "<%LONG%/>",
                                        MATCHES("uuid:%ID%", MATCH("urn:long", "%LONG%", "%LONG%")),
                                        NULL};
static char *secure; /* of one that wants TLS, with a certificate of its own making */
static const char *stranger_says[] = {MATCHES("uuid:" ID, MATCH("urn:stranger", "", "")), NULL,
                                      NULL};
static const char *const other_says[] = {
    MATCHES("uuid:%ID%", MATCH("urn:other", NAMED("Other net"), "")), NULL};

static const char *const six_says[] = {
    MATCHES("uuid:%ID%", MATCH("urn:six", NAMED("By IPv6"), "http://[fe80::1]/x")), NULL};

#define OK "HTTP/1.1 200 OK\r\nConnection: close"
static Page pages[] = {
    {"/onvif/device_service", OK, .holds = "<GetSystemDateAndTime",
     .body =
         ENVELOPE("", "<GetSystemDateAndTimeResponse><SystemDateAndTime><UTCDateTime><Time>"
                      "<Hour>1</Hour><Minute>2</Minute><Second>3</Second></Time><Date><Year>2020"
                      "</Year><Month>5</Month><Day>6</Day></Date></UTCDateTime>"
                      "</SystemDateAndTime></GetSystemDateAndTimeResponse>")},
    {"/onvif/device_service", OK, .holds = "<GetDeviceInformation",
     .body = ENVELOPE("", "<GetDeviceInformationResponse><Manufacturer>Maker</Manufacturer>"
                          "<Model>M1</Model><FirmwareVersion>1.2</FirmwareVersion>"
                          "</GetDeviceInformationResponse>")},
    {"/onvif/device_service", OK, .holds = "<GetCapabilities",
     .body = ENVELOPE("", "<GetCapabilitiesResponse><Capabilities><Media><XAddr>"
                          "http://192.168.1.64/onvif/media</XAddr></Media></Capabilities>"
                          "</GetCapabilitiesResponse>")},
    {"/onvif/basic", "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nWWW-Authenticate: Basic "
                     "realm=\"r\""},
    {"/onvif/media", OK, .holds = "Digest username=\"admin\"", .body = ENVELOPE("", PROFILES)},
    {"/onvif/media",
     "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n"
     "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"",
     .holds = "<GetProfiles", .body = ""},
    {"/onvif/media", OK, .holds = "<ProfileToken>p&amp;1<",
     .body = ENVELOPE("", URI("rtsp://admin:hunter2@10.9.0.11/main"))},
    {"/onvif/media", "HTTP/1.1 400 Bad Request\r\nConnection: close", .holds = "<GetStreamUri",
     .body = ENVELOPE("", "<s:Fault/>")},
    {NULL},
};

static void start(void)
{
    static gboolean started;
    if (started)
        return;
    started = TRUE;
    for (Page *page = pages; page->path != NULL; page++)
        page->n = page->body != NULL ? strlen(page->body) : 0;
    guint port = server_start("10.9.0.11", pages);
    front =
        g_strdup_printf(MATCHES("uuid:%%ID%%", MATCH("urn:front", NAMED("Front%%20door"),
                                                     "http://10.9.0.11:%u/onvif/device_service")),
                        port);
    basic = g_strdup_printf(MATCHES("uuid:%%ID%%", MATCH("urn:basic", NAMED("Wants%%20Basic"),
                                                         "http://10.9.0.11:%u/onvif/basic")),
                            port);
    guint port_tls = tls_front_start("10.9.0.14", "10.9.0.11", port, VEDETTE_TEST_PEM);
    secure =
        g_strdup_printf(MATCHES("uuid:%%ID%%", MATCH("urn:secure", NAMED("Yard%%20by%%20TLS"),
                                                     "https://10.9.0.14:%u/onvif/device_service")),
                        port_tls);
    stranger_says[1] = secure;
    front_says[0] = front_says[1] = front;
    front_says[2] = basic;
    static const StandIn cameras[] = {
        {"v0", "10.9.0.11", front_says},       {"v0", "10.9.0.12", back_says},
        {"v0", "10.9.0.13", evil_says, 30000}, {"v0", "10.9.0.14", stranger_says},
        {"v1", "10.8.0.11", other_says},       {NULL},
    };
    standin_start(cameras);
    static const StandIn six[] = {{"v0", NULL, six_says}, {NULL}};
    g_autofree char *addresses = NULL;
    /* Without IPv6 here there is nobody to hear it. */
    if (g_file_get_contents("/proc/net/if_inet6", &addresses, NULL, NULL) &&
        strstr(addresses, "v0\n") != NULL) {
        standin_start(six);
        has_six = TRUE;
    }
}

static JsonArray *cameras_of(const Outcome *o, JsonNode **node)
{
    g_autoptr(GError) error = NULL;
    *node = json_from_string(o->out, &error);
    g_assert_no_error(error);
    return json_object_get_array_member(json_node_get_object(*node), "cameras");
}

static const char *text_of(JsonArray *cameras, guint i, const char *member)
{
    return json_object_get_string_member(json_array_get_object_element(cameras, i), member);
}

/* In which all cameras answer: under a sanitizer they take longer, and others' work comes between.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define AWHILE "6s"
#else
#define AWHILE "900ms"
#endif

static void test_found(void)
{
    start();
    g_autoptr(JsonNode) node = NULL, one = NULL;
    g_auto(Outcome) o = vedette("cameras", "find", "--timeout", AWHILE, "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    JsonArray *cameras = cameras_of(&o, &node);
    guint i = has_six;
    g_assert_cmpuint(json_array_get_length(cameras), ==, 6 + has_six);
    g_assert_cmpstr(text_of(cameras, 0, "name"), ==, "Back yard");
    if (has_six) {
        g_assert_cmpstr(text_of(cameras, 1, "id"), ==, "urn:six");
        g_assert_nonnull(strstr(text_of(cameras, 1, "conf"), "source=rtsp://[fe80::"));
        g_assert_nonnull(strstr(text_of(cameras, 1, "conf"), "%25v0]/\n"));
    }
    g_assert_cmpstr(text_of(cameras, i + 1, "name"), ==, "Front door");
    g_assert_cmpstr(text_of(cameras, i + 1, "stream"), ==, "front-door");
    g_assert_cmpstr(text_of(cameras, i + 2, "id"), ==, "urn:other");
    g_assert_cmpstr(text_of(cameras, i + 3, "id"), ==, "urn:basic");
    g_assert_cmpstr(text_of(cameras, i + 4, "id"), ==, "urn:secure");
    g_assert_cmpstr(text_of(cameras, i + 5, "id"), ==, "urn:long");
    g_assert_nonnull(strstr(o.err, "messages were no answers"));
    /* On one interface, only those that hear it there. */
    g_auto(Outcome) v1 =
        vedette("cameras", "find", "--timeout", AWHILE, "--interface", "v1", "--json", NULL);
    JsonArray *there = cameras_of(&v1, &one);
    g_assert_cmpuint(json_array_get_length(there), ==, 1);
    g_assert_cmpstr(text_of(there, 0, "id"), ==, "urn:other");
    g_auto(Outcome) text = vedette("cameras", "find", "--timeout", AWHILE, NULL);
    g_assert_nonnull(strstr(text.out, "Front door\n    address   10.9.0.11\n"));
    g_assert_nonnull(strstr(text.out, "    streams.d/front-door.conf:\n        [stream]\n"));
}

static void test_silence(void)
{
    g_auto(Outcome) o =
        vedette("cameras", "find", "--timeout", "300ms", "--interface", "lo", "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_assert_cmpstr(o.out, ==, "{\"cameras\": []}\n");
    g_assert_nonnull(strstr(o.err, "no camera answered"));
}

/* What is between the tag that ends in @tag and the next one, in the last question. */
static char *last(const char *asked, const char *tag)
{
    const char *at = g_strrstr(asked, tag);
    g_assert_nonnull(at);
    at = strchr(at, '>') + 1;
    return g_strndup(at, strcspn(at, "<"));
}

static void test_asked(void)
{
    start();
    g_autoptr(JsonNode) node = NULL;
    const char *secret = in_folder("secret");
    g_assert_true(g_file_set_contents_full(secret, "admin:hunter2\n", -1, G_FILE_SET_CONTENTS_NONE,
                                           0600, NULL));
    g_auto(Outcome) o = vedette("cameras", "find", "--timeout", AWHILE, "--interface", "v0",
                                "--credential-file", secret, "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_assert_null(strstr(o.out, "hunter2"));
    g_assert_null(strstr(o.err, "hunter2"));
    JsonArray *cameras = cameras_of(&o, &node);
    guint i = 1 + has_six;
    g_assert_cmpstr(text_of(cameras, i, "model"), ==, "M1");
    JsonArray *profiles =
        json_object_get_array_member(json_array_get_object_element(cameras, i), "profiles");
    g_assert_cmpuint(json_array_get_length(profiles), ==, 2);
    g_assert_cmpstr(text_of(profiles, 0, "uri"), ==, "rtsp://10.9.0.11/main");
    g_autofree char *conf =
        g_strdup_printf("[stream]\nsource=rtsp://10.9.0.11/main\nsecret-file=%s\n", secret);
    g_assert_cmpstr(text_of(cameras, i, "conf"), ==, conf);
    /* The one whose service is elsewhere was asked where it is itself, and does not answer. */
    g_assert_nonnull(text_of(cameras, 0, "problem"));

    g_assert_cmpstr(text_of(cameras, i + 1, "id"), ==, "urn:basic");
    g_assert_cmpstr(text_of(cameras, i + 1, "problem"), ==, "it refuses user and password");

    g_assert_cmpstr(text_of(cameras, i + 2, "id"), ==, "urn:secure");
    g_assert_cmpstr(text_of(cameras, i + 2, "problem"), ==,
                    "nobody vouches for its certificate; --untrusted asks it all the same");

    /* The clock is asked without a password, all else by a digest in the camera's time. */
    g_autofree char *asked = server_asked();
    g_assert_null(strstr(asked, "hunter2"));
    g_assert_null(strstr(asked, "Authorization: Basic"));
    char *others = strstr(asked, "POST /onvif/basic");
    g_assert_nonnull(others);
    *others = '\0';
    const char *clock = strstr(asked, "<GetSystemDateAndTime");
    g_assert_nonnull(clock);
    g_assert_null(g_strstr_len(asked, clock - asked, "UsernameToken"));
    g_autofree char *nonce_text = last(asked, "<s:Nonce"), *created = last(asked, "<u:Created"),
                    *digest = last(asked, "<s:Password");
    gsize n;
    g_autofree guchar *nonce = g_base64_decode(nonce_text, &n);
    g_assert_cmpuint(n, ==, 16);
    g_assert_true(g_str_has_prefix(created, "2020-05-06T01:02:0"));
    const Credential credential = {(char *)"admin", (char *)"hunter2"};
    g_autofree char *token = soap_token(&credential, nonce, created);
    g_assert_nonnull(strstr(token, digest));
}

static guint count_secure_profiles(const char *secret)
{
    g_autoptr(JsonNode) node = NULL;
    start();
    g_auto(Outcome) o = vedette("cameras", "find", "--timeout", AWHILE, "--interface", "v0",
                                "--credential-file", secret, "--untrusted", "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    JsonArray *cameras = cameras_of(&o, &node);
    guint i = 3 + has_six;
    g_assert_cmpstr(text_of(cameras, i, "id"), ==, "urn:secure");
    return json_array_get_length(
        json_object_get_array_member(json_array_get_object_element(cameras, i), "profiles"));
}

/* A certificate that nobody vouches for is taken only if that is asked for. A stand-in that speaks
 * TLS under a sanitizer, beside others, may take longer than anybody waits for a camera. */
static void test_untrusted(void)
{
    const char *secret = in_folder("secret");
    guint tries = 0;
    g_assert_true(g_file_set_contents_full(secret, "admin:hunter2\n", -1, G_FILE_SET_CONTENTS_NONE,
                                           0600, NULL));
    while (count_secure_profiles(secret) != 2)
        g_assert_cmpuint(++tries, <, 4);
}

/* This program again, where it may have interfaces as it likes. */
static void test_network(void)
{
    static const char script[] =
        "ip link set lo up && ip link add v0 type veth peer name p0 && "
        "ip link add v1 type veth peer name p1 || exit 77\n"
        "echo 0 >/proc/sys/net/ipv6/conf/v0/accept_dad\n" /* or its address is not good yet */
        "ip addr add 10.9.0.1/24 dev v0 && ip addr add 10.8.0.1/24 dev v1 && "
        "for i in 1 2 3 4; do ip addr add 10.9.0.1$i/24 dev v0 || exit 77; done && "
        "ip addr add 10.8.0.11/24 dev v1 && for i in v0 p0 v1 p1; do ip link set $i up || exit 77; "
        "done\n"
        /* The search for leaks dies at the end of a process in which TLS was spoken. */
        "ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 VEDETTE_INSIDE=1 exec \"$@\"";
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    /* Root needs to be no other's, which a changed root does not allow. */
    const char *argv[] = {"unshare", geteuid() == 0 ? "-n" : "-rn", "sh", "-c", script, "sh", self,
                          NULL};
    g_autofree char *out = NULL, *err = NULL;
    int status;
    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                      &status, NULL) ||
        (WIFEXITED(status) && (WEXITSTATUS(status) == 77 || strstr(out, "1..") == NULL))) {
        g_autofree char *why = g_strdup_printf("no network of one's own here: %s",
                                               err != NULL ? g_strstrip(err) : "no unshare");
        g_test_skip(why);
        return;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        g_error("inside:\n%s%s", out, err);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_setenv("no_proxy", "*", TRUE);
    if (g_getenv("VEDETTE_INSIDE") != NULL) {
        g_test_add_func("/inside/found", test_found);
        g_test_add_func("/inside/silence", test_silence);
        g_test_add_func("/inside/asked", test_asked);
        g_test_add_func("/inside/untrusted", test_untrusted);
        return fixture_close();
    }
    g_test_add_func("/cameras/answer", test_answer);
    g_test_add_func("/cameras/left-aside", test_left_aside);
    g_test_add_func("/cameras/bounds", test_bounds);
    g_test_add_func("/cameras/control", test_control);
    g_test_add_func("/cameras/token", test_token);
    g_test_add_func("/cameras/device", test_device);
    g_test_add_func("/cameras/fault", test_fault);
    g_test_add_func("/cameras/usage", test_usage);
    g_test_add_func("/cameras/network", test_network);
    return fixture_close();
}
