/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values by type, what people may have meant, and secrets blotted out. */
#include <string.h>

#include "values/mask.h"
#include "values/nearest.h"
#include "values/option.h"

static const VdtOptionSpec truth = {VDT_OPTION_BOOL}, count = {VDT_OPTION_INT, "0", "64"},
                           share = {VDT_OPTION_FLOAT, "0", "1"},
                           pause_spec = {VDT_OPTION_DURATION, "100ms", "1h"},
                           bytes = {VDT_OPTION_BYTES, "1K", "2G"},
                           choice = {VDT_OPTION_ENUM, .choices = "tcp udp"},
                           name = {VDT_OPTION_NAME}, list = {VDT_OPTION_LIST},
                           path = {VDT_OPTION_PATH}, uri = {VDT_OPTION_URI},
                           model = {VDT_OPTION_MODEL}, size = {VDT_OPTION_SIZE},
                           region = {VDT_OPTION_REGION}, zones = {VDT_OPTION_ZONES},
                           schedule = {VDT_OPTION_SCHEDULE}, timezone_spec = {VDT_OPTION_TIMEZONE},
                           some = {VDT_OPTION_LIST, .choices = "mqtt page"},
                           lines = {VDT_OPTION_LINES}, text = {VDT_OPTION_STRING},
                           optional = {VDT_OPTION_INT, .unset = "7"};

typedef struct {
    const VdtOptionSpec *spec;
    const char *text;
    double number; /* that it is; 0 where it is none */
} Good;

static void test_good(void)
{
    static const Good cases[] = {
        {&truth, "yes", 1},
        {&truth, "FALSE", 0},
        {&truth, "1", 1},
        {&count, "64", 64},
        {&count, "0", 0},
        {&share, "0.25", 0.25},
        {&share, "1e-3", 0.001},
        {&pause_spec, "100ms", 1e5},
        {&pause_spec, "1.5s", 1.5e6},
        {&pause_spec, "2min", 120e6},
        {&pause_spec, "1min 30s", 90e6},
        {&pause_spec, "1min30s", 90e6},
        {&pause_spec, "60 min", 3600e6},
        {&bytes, "2G", 2147483648.0},
        {&bytes, "1.5K", 1536},
        {&bytes, "4096", 4096},
        {&optional, "", 7},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(VdtOption) value = {NULL};
        g_autoptr(GError) error = NULL;
        g_assert_true(vdt_option_parse(cases[i].spec, cases[i].text, &value, &error));
        g_assert_no_error(error);
        g_assert_cmpfloat(value.whole + value.real, ==, cases[i].number);
    }
    static const Good texts[] = {
        {&choice, "udp"},
        {&name, "front-door_2.x"},
        {&list, "a;b-c"},
        {&list, "a; b;"},
        {&path, "/dev/video0"},
        {&uri, "rtsp://cam:554/a?b=c"},
        {&uri, "street:///"},
        {&model, "kinetics"},
        {&model, "/srv/a b/card.json"},
        {&size, "640x360"},
        {&region, "0,0.5,1,0.5"},
        {&zones, "a: 0,0 1,0 1,1"},
        {&lines, "a: 0,0 1,0"},
        {&text, "people, Straße"},
        {&uri, "rtsp://[::1]/x"},
        {&some, "page; mqtt"},
        {&schedule, "Mon-Fri 22:00-06:00; Sat,Sun"},
        {&timezone_spec, "Europe/Berlin"},
        {&timezone_spec, "UTC"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(VdtOption) value = {NULL};
        g_autoptr(GError) error = NULL;
        vdt_option_parse(texts[i].spec, texts[i].text, &value, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(value.text, ==, texts[i].text);
    }
}

static void test_bad(void)
{
    static const Good cases[] = {
        {&truth, "maybe"},
        {&count, "65"},
        {&count, "-1"},
        {&count, "3 "},
        {&count, "0x3"},
        {&count, "99999999999999999999"},
        {&share, "1.01"},
        {&share, "nan"},
        {&share, "inf"},
        {&share, "0x1"},
        {&share, ""},
        {&pause_spec, "5"},
        {&pause_spec, "5 sec"},
        {&pause_spec, "50ms"},
        {&pause_spec, "2h"},
        {&pause_spec, "s"},
        {&pause_spec, "1s2"},
        {&pause_spec, "-1s"},
        {&pause_spec, "1e3s"},
        {&bytes, "2GB"},
        {&bytes, "3G"},
        {&bytes, "K"},
        {&choice, "TCP"},
        {&choice, "tcp udp"},
        {&name, "-x"},
        {&name, "a/b"},
        {&name, "a b"},
        {&name, "ä"},
        {&list, "a;;b"},
        {&list, "a b"},
        {&path, "dev"},
        {&uri, "camera/stream"},
        {&uri, "rtsp://a b/"},
        {&uri, "rtsp://u:p/w@h/"},
        {&model, "a/b"},
        {&size, "640"},
        {&size, "0x3"},
        {&size, "1x2x3"},
        {&size, "99999x1"},
        {&region, "0,0,1"},
        {&region, "0.5,0,0.6,1"},
        {&region, "0,0,0,1"},
        {&zones, "door: 0,0"},
        {&some, "page; mail"},
        {&schedule, "Mon-Fri 25:00-06:00"},
        {&timezone_spec, "Europe/Bielefeld"},
        {&timezone_spec, "/etc/localtime"},
        {&timezone_spec, "../../../etc/localtime"},
        {&lines, "door: 0,0 1,0 1,1"},
        {&lines, "door"},
        {&text, "a\"b"},
        {&text, "a\\b"},
        {&text, "a\nb"},
        {&text, "a\x7f"},
        {&text, "a\xff"},
        {&path, "/a\" ! filesink"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(VdtOption) value = {NULL};
        g_autoptr(GError) error = NULL;
        if (vdt_option_parse(cases[i].spec, cases[i].text, &value, &error))
            g_error("\"%s\" is allowed for a %s", cases[i].text,
                    vdt_option_type_name(cases[i].spec->type));
        g_assert_nonnull(error);
        g_assert_null(value.text);
    }
    g_autofree char *long_text = g_strnfill(VDT_OPTION_MOST_BYTES + 1, 'x');
    g_auto(VdtOption) value = {NULL};
    g_assert_false(vdt_option_parse(&text, long_text, &value, NULL));
}

static void test_uri(void)
{
    g_auto(VdtOption) value = {NULL};
    g_assert_true(vdt_option_parse(&uri, "rtsp://ad%40min:p%2fw:x@cam:554/a@b?c=d", &value, NULL));
    g_assert_cmpstr(value.text, ==, "rtsp://cam:554/a@b?c=d");
    g_assert_cmpstr(value.user, ==, "ad@min");
    g_assert_cmpstr(value.password, ==, "p/w:x");
}

static void test_expected(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(VdtOption) value = {NULL};
    g_assert_false(vdt_option_parse(&count, "many", &value, &error));
    g_assert_cmpstr(error->message, ==, "expected a whole number from 0 to 64");
    g_clear_error(&error);
    g_assert_false(vdt_option_parse(&choice, "tpc", &value, &error));
    g_assert_cmpstr(error->message, ==, "expected one of tcp, udp; did you mean tcp?");
    g_clear_error(&error);
    /* GLib would repeat a part of it. */
    g_assert_false(vdt_option_parse(&uri, "rtsp://u:hunter2/x@h/", &value, &error));
    g_assert_null(strstr(error->message, "hunter2"));
}

static void test_equal(void)
{
    g_auto(VdtOption) a = {NULL}, b = {NULL}, c = {NULL};
    g_assert_true(vdt_option_parse(&pause_spec, "60s", &a, NULL));
    g_assert_true(vdt_option_parse(&pause_spec, "1min", &b, NULL));
    g_assert_true(vdt_option_parse(&pause_spec, "61s", &c, NULL));
    g_assert_true(vdt_option_equal(&a, &b));
    g_assert_false(vdt_option_equal(&a, &c));
    g_auto(VdtOption) x = {NULL}, y = {NULL};
    g_assert_true(vdt_option_parse(&name, "a", &x, NULL));
    g_assert_true(vdt_option_parse(&name, "b", &y, NULL));
    g_assert_false(vdt_option_equal(&x, &y));
    g_auto(VdtOption) one = {NULL}, other = {NULL};
    g_assert_true(vdt_option_parse(&uri, "rtsp://u:1@h/", &one, NULL));
    g_assert_true(vdt_option_parse(&uri, "rtsp://u:2@h/", &other, NULL));
    g_assert_false(vdt_option_equal(&one, &other));
}

static void test_spec(void)
{
    static const VdtOptionSpec bad[] = {
        {VDT_OPTION_INT, "0"},
        {VDT_OPTION_INT, "0", "many"},
        {VDT_OPTION_NAME, "0", "1"},
        {VDT_OPTION_ENUM},
        {VDT_OPTION_INT, .choices = "a b"},
        {VDT_OPTION_INT, "0", "5", .unset = "6"},
        {VDT_OPTION_DURATION, "0s", "5s", .unset = "1"},
    };
    g_assert_true(vdt_option_spec_check(&pause_spec, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(vdt_option_spec_check(&bad[i], NULL));
}

static void check_text(char *got, const char *expected)
{
    g_assert_cmpstr(got, ==, expected);
    g_free(got);
}

static void test_show(void)
{
    check_text(vdt_bytes_show(1610612736), "1.5G");
    check_text(vdt_bytes_show(100), "100");
    check_text(vdt_bytes_show(48u << 20), "48M");
}

static void test_nearest(void)
{
    static const char *const names[] = {"source", "stall-timeout", "backoff-min", NULL};
    check_text(vdt_did_you_mean("sorce", names), "; did you mean source?");
    check_text(vdt_did_you_mean("stall-tiemout", names), "; did you mean stall-timeout?");
    check_text(vdt_did_you_mean("Source", names), "; did you mean source?");
    g_assert_null(vdt_did_you_mean("zone", names));
    g_assert_null(vdt_did_you_mean("", names));
    g_autofree char *long_name = g_strnfill(5000, 'x');
    g_assert_null(vdt_did_you_mean(long_name, names));
}

static void test_mask(void)
{
    check_text(vdt_mask("Could not open rtsp://u:p@cam/x: no route"),
               "Could not open rtsp://***@cam/x: no route");
    check_text(vdt_mask("rtsp://u:p@w@cam/ and http://a:b@c/"),
               "rtsp://***@cam/ and http://***@c/");
    check_text(vdt_mask("see http://host:80/path, or mail a@b"),
               "see http://host:80/path, or mail a@b");
    check_text(vdt_mask("rtsp://h/user=admin&password=x1&channel=1"),
               "rtsp://h/user=admin&password=***&channel=1");
    check_text(vdt_mask("http://h/a?token=abc&b=2#c"), "http://h/a?token=***&b=2#c");
    check_text(vdt_mask("\"rtsp://u:p@h/\"<rtsp://u:q@h>"), "\"rtsp://***@h/\"<rtsp://***@h>");
    check_text(vdt_mask("user-id=admin user-pw=hunter2"), "user-id=admin user-pw=***");
    check_text(vdt_mask_value("rtsp://u:pass word@h/"), "rtsp://***@h/");
    check_text(vdt_mask_value("u:pw@h"), "***@h");
    check_text(vdt_mask(""), "");
    g_assert_true(vdt_has_secret_query("http://h/?pwd=x"));
    g_assert_false(vdt_has_secret_query("http://h/?channel=1&pwd="));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/options/good", test_good);
    g_test_add_func("/options/bad", test_bad);
    g_test_add_func("/options/uri", test_uri);
    g_test_add_func("/options/expected", test_expected);
    g_test_add_func("/options/equal", test_equal);
    g_test_add_func("/options/spec", test_spec);
    g_test_add_func("/options/show", test_show);
    g_test_add_func("/options/nearest", test_nearest);
    g_test_add_func("/options/mask", test_mask);
    return g_test_run();
}
