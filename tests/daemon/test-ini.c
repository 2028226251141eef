/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of groups and keys: as GKeyFile reads them, but with lines, and without its mercy. */
#include <string.h>

#include "fixture.h"
#include "values/ini.h"

static const char *value_of(const VdtIni *ini, const char *group, const char *key)
{
    for (guint g = 0; g < ini->groups->len; g++) {
        const VdtIniGroup *each = ini->groups->pdata[g];
        for (guint e = 0; strcmp(each->name, group) == 0 && e < each->entries->len; e++) {
            const VdtIniEntry *entry = each->entries->pdata[e];
            if (strcmp(entry->key, key) == 0)
                return entry->value;
        }
    }
    return NULL;
}

/* What GKeyFile takes for right has the same values here. */
static void test_as_keyfile(void)
{
    static const char text[] = "# comment\n\n[a]\nx=1\n  y = two words  \n z\t=\t3\r\n"
                               "[b c]  \nlist=a;b;\nempty=\nescaped=\\sone\\ttwo\\\\\n"
                               "uri=rtsp://h/?a=b=c#d\n#x=2\n[ d ]\nq=\xc3\xa4";
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autoptr(VdtIni) ini = vdt_ini_parse("f", 1, text, strlen(text), problems);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_assert_true(g_key_file_load_from_data(file, text, -1, G_KEY_FILE_NONE, NULL));
    g_assert_cmpuint(vdt_problems_count(problems), ==, 0);
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    guint n = 0;
    for (guint g = 0; groups[g] != NULL; g++) {
        g_auto(GStrv) keys = g_key_file_get_keys(file, groups[g], NULL, NULL);
        for (guint k = 0; keys[k] != NULL; k++, n++) {
            g_autofree char *expected = g_key_file_get_string(file, groups[g], keys[k], NULL);
            g_assert_cmpstr(value_of(ini, groups[g], keys[k]), ==, g_strchomp(expected));
        }
    }
    g_assert_cmpuint(n, ==, 8);
    g_assert_cmpuint(ini->groups->len, ==, 3);
}

static void test_lines(void)
{
    static const char text[] = "x=1\n[a]\nx=1\ny=2\nx=3\nno equals\n[b\n[c] d\nz=1\n[a]\nx=4\n[]\n"
                               "=5\n[e\tf]\n[d]\nbad key=1\nx=\\q\nx[de]=1\n";
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autoptr(VdtIni) ini = vdt_ini_parse("f", 11, text, strlen(text), problems);
    fixture_expect(problems, "f:11: x=1: expected a group");
    fixture_expect(problems, "f:15: [a] x=3: this key is in line 13, too");
    fixture_expect(problems, "f:16: [a] expected [GROUP], KEY=VALUE");
    fixture_expect(problems, "f:17: expected a group, [NAME], on a line");
    fixture_expect(problems, "f:18: expected a group, [NAME], on a line");
    fixture_expect(problems, "f:20: [a] this group is in line 12, too");
    fixture_expect(problems, "f:22: expected a name in [ and ]");
    fixture_expect(problems, "f:24: expected a name in [ and ]");
    fixture_expect(problems, "f:26: [d] expected a key of letters");
    fixture_expect(problems, "f:27: [d] x=\\q: expected \\s");
    fixture_expect(problems, "f:28: [d] expected a key of letters");
    g_assert_cmpuint(vdt_problems_count(problems), ==, 11);
    g_assert_cmpstr(value_of(ini, "a", "x"), ==, "1");
    g_assert_cmpstr(value_of(ini, "a", "y"), ==, "2");
}

static void expect_one(const char *text, gsize n, const char *start)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autoptr(VdtIni) ini = vdt_ini_parse("f", 1, text, n, problems);
    fixture_expect(problems, start);
    g_assert_cmpuint(vdt_problems_count(problems), ==, 1);
}

static void test_limits(void)
{
    g_autoptr(GString) groups = g_string_new(NULL), keys = g_string_new("[a]\n"),
                       value = g_string_new("[a]\nx=");
    for (guint i = 0; i <= VDT_INI_MOST_GROUPS + 10; i++)
        g_string_append_printf(groups, "[g%u]\n", i);
    for (guint i = 0; i <= VDT_INI_MOST_KEYS + 10; i++)
        g_string_append_printf(keys, "k%u=1\n", i);
    for (guint i = 0; i <= 40000; i++)
        g_string_append_c(value, 'x');
    expect_one(groups->str, groups->len, "f:65: too many groups");
    expect_one(keys->str, keys->len, "f:130: [a] too many keys");
    expect_one(value->str, value->len, "f:2: [a] x: expected a value of at most");
    expect_one("[a]\nx=\xff", 7, "f:2: expected UTF-8");
    expect_one("[a]\nx=\0y\n", 9, "f:2: expected UTF-8");
}

static void test_read(void)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autofree char *large = g_strnfill(VDT_INI_MOST_BYTES + 1, '#');
    gsize n;
    guint mode = 0;
    fixture_files("large", large, "folder/x", "", "good", "[a]\n", NULL);
    g_assert_null(vdt_ini_read(fixture_path("large"), &n, NULL, problems));
    g_assert_null(vdt_ini_read(fixture_path("folder"), &n, NULL, problems));
    g_assert_null(vdt_ini_read(fixture_path("nothing"), &n, NULL, problems));
    g_assert_null(vdt_ini_read("/dev/zero", &n, NULL, problems));
    fixture_expect(problems, "large: expected a file of at most 256 KiB");
    fixture_expect(problems, "folder: expected a file");
    fixture_expect(problems, "nothing: No such file");
    fixture_expect(problems, "/dev/zero: expected a file");
    g_autofree char *text = vdt_ini_read(fixture_path("good"), &n, &mode, problems);
    g_assert_cmpstr(text, ==, "[a]\n");
    g_assert_cmpuint(n, ==, 4);
    g_assert_cmpuint(mode & 0777, ==, 0644);
}

/* As many as a file can bring take no memory without end. */
static void test_many_problems(void)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autofree char *text = g_malloc(200001);
    for (guint i = 0; i < 200000; i += 2)
        memcpy(text + i, "x\n", 2);
    g_autoptr(VdtIni) ini = vdt_ini_parse("f", 1, text, 200000, problems);
    g_assert_cmpuint(vdt_problems_count(problems), ==, 100000);
    g_assert_cmpuint(problems->list->len, ==, 200);
    g_assert_cmpuint(problems->n_more, ==, 99800);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/ini/as-keyfile", test_as_keyfile);
    g_test_add_func("/ini/lines", test_lines);
    g_test_add_func("/ini/limits", test_limits);
    g_test_add_func("/ini/read", test_read);
    g_test_add_func("/ini/many-problems", test_many_problems);
    return fixture_close();
}
