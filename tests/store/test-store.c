/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is put is there: as events, in the journal, for those who listen, and after a restart. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "fixture.h"
#include "store/foreign.h"

/* Without an end to what is kept: events are of 1970. */
static VdtStore *open_plain(const char *folder)
{
    g_autoptr(GError) error = NULL;
    VdtStoreOptions options = {.limits = vdt_store_limits_default};
    options.limits.retention = G_MAXINT64 / 2;
    VdtStore *store = vdt_store_open(folder, &options, &error);
    g_assert_no_error(error);
    return store;
}

static void test_lives(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    g_autoptr(VdtStore) store = open_plain(folder);
    VdtEventLine line = fixture_line("start", "a");
    line.time = 1000;
    line.zone = "door";
    g_autoptr(VdtEvent) start = vdt_event_new(&line);
    vdt_store_put(store, start);
    fixture_flush(store);
    g_autoptr(VdtStoredEvent) open = fixture_find(store, "a");
    g_assert_cmpint(open->start, ==, 1000);
    g_assert_cmpint(open->end, ==, 0);
    g_assert_cmpstr(open->stream, ==, "front");
    g_assert_cmpstr(open->type, ==, "objects");
    g_assert_cmpstr(open->element, ==, "segmenter");
    g_assert_cmpstr(open->label, ==, "person");
    g_assert_cmpstr(open->zone, ==, "door");
    g_assert_null(open->line);
    g_assert_null(open->what);
    g_assert_cmpstr(open->json, ==, start->json);
    g_assert_cmpuint(open->audience, ==, VDT_TO_ALL);

    line.event = "update";
    line.time = 2000;
    line.score = 0.9;
    g_autoptr(VdtEvent) update = vdt_event_new(&line);
    line.event = "end";
    line.time = 3000;
    line.score = 0.7;
    g_autoptr(VdtEvent) end = vdt_event_new(&line);
    vdt_store_put(store, update);
    vdt_store_put(store, end);
    vdt_store_attach(store, "a", VDT_ATTACH_SNAPSHOT, "/a.jpg");
    vdt_store_attach(store, "a", VDT_ATTACH_CLIP, "/a.mp4");
    fixture_flush(store);
    g_autoptr(VdtStoredEvent) closed = fixture_find(store, "a");
    g_assert_cmpint(closed->start, ==, 1000);
    g_assert_cmpint(closed->end, ==, 3000);
    g_assert_cmpint(closed->last, ==, 3000);
    g_assert_cmpfloat(closed->score, ==, 0.9);
    g_assert_cmpstr(closed->snapshot, ==, "/a.jpg");
    g_assert_cmpstr(closed->clip, ==, "/a.mp4");
    g_assert_cmpstr(closed->json, ==, end->json);
    g_autofree char *journal = fixture_show_journal(store, 0);
    g_assert_cmpstr(journal, ==, "1:start:a 2:update:a 3:end:a");

    vdt_store_detach(store, VDT_ATTACH_CLIP, "/a.mp4");
    fixture_flush(store);
    g_autoptr(VdtStoredEvent) without = fixture_find(store, "a");
    g_assert_null(without->clip);
    g_assert_cmpstr(without->snapshot, ==, "/a.jpg");
}

/* Of events that share a file none has it once it is gone. */
static void test_shared_file(void)
{
    static const char *const ids[] = {"a", "b", "c"};
    g_autoptr(Folder) folder = fixture_folder();
    g_autoptr(VdtStore) store = open_plain(folder);
    g_autofree char *shared = g_build_filename(folder, "recordings/a.mp4", NULL),
                    *other = g_build_filename(folder, "recordings/c.mp4", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        fixture_put(store, "start", ids[i]);
        vdt_store_attach(store, ids[i], VDT_ATTACH_CLIP, i < 2 ? shared : other);
        vdt_store_attach(store, ids[i], VDT_ATTACH_SNAPSHOT, shared);
    }
    vdt_store_detach(store, VDT_ATTACH_CLIP, shared);
    fixture_flush(store);
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autoptr(VdtStoredEvent) event = fixture_find(store, ids[i]);
        g_assert_cmpstr(event->clip, ==, i < 2 ? NULL : other);
        g_assert_cmpstr(event->snapshot, ==, shared);
    }
}

/* What lies in the folder goes with it; what lies elsewhere stays there. */
static void test_moved_folder(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    g_autofree char *inside = g_build_filename(folder, "recordings/a.jpg", NULL),
                    *beside = g_strconcat(folder, "-2/a.mp4", NULL),
                    *moved = g_strconcat(folder, "-moved", NULL),
                    *now = g_build_filename(moved, "recordings/a.jpg", NULL);
    VdtStore *store = open_plain(folder);
    fixture_put(store, "start", "a");
    vdt_store_attach(store, "a", VDT_ATTACH_SNAPSHOT, inside);
    vdt_store_attach(store, "a", VDT_ATTACH_CLIP, beside);
    fixture_flush(store);
    vdt_store_close(store);
    g_assert_cmpint(g_rename(folder, moved), ==, 0);
    store = open_plain(moved);
    g_autoptr(VdtStoredEvent) event = fixture_find(store, "a");
    g_assert_cmpstr(event->snapshot, ==, now);
    g_assert_cmpstr(event->clip, ==, beside);
    vdt_store_close(store);
    g_assert_cmpint(g_rename(moved, folder), ==, 0);
}

/* As another process sees it: rows of the journal, and files as they come and go. */
static void test_foreign(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    g_autoptr(GError) error = NULL;
    g_autofree char *clip = g_build_filename(folder, "recordings/a.mp4", NULL);
    VdtFollowed followed;
    g_assert_null(vdt_foreign_open(folder, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
    g_clear_error(&error);
    VdtStore *store = open_plain(folder);
    fixture_put_many(store, "a", 2);
    vdt_store_attach(store, "a-0", VDT_ATTACH_CLIP, clip);
    vdt_store_attach(store, "a-1", VDT_ATTACH_CLIP, clip);
    fixture_flush(store);

    VdtForeign *foreign = vdt_foreign_open(folder, &error);
    g_assert_no_error(error);
    guint64 after = 1;
    g_autoptr(GPtrArray) records = vdt_foreign_read(foreign, &after, 2, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(records->len, ==, 2);
    g_assert_cmpuint(((VdtRecord *)records->pdata[1])->seq, ==, 3);
    g_autoptr(GPtrArray) files = vdt_foreign_read_files(foreign, 0, 10, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(files->len, ==, 2);
    const VdtForeignFiles *first = files->pdata[0], *second = files->pdata[1];
    g_assert_cmpstr(first->id, ==, "a-0");
    g_assert_cmpstr(second->clip, ==, "recordings/a.mp4");
    g_assert_null(second->snapshot);
    g_assert_cmpint(first->changed, <, second->changed);

    /* what comes while it is read */
    vdt_store_detach(store, VDT_ATTACH_CLIP, clip);
    fixture_flush(store);
    g_autoptr(GPtrArray) gone = vdt_foreign_read_files(foreign, second->changed, 10, &error);
    g_assert_cmpuint(gone->len, ==, 2);
    g_assert_null(((VdtForeignFiles *)gone->pdata[0])->clip);
    /* a journal that ends before is another one */
    after = 1000;
    g_autoptr(GPtrArray) again = vdt_foreign_read(foreign, &after, 10, &error);
    g_assert_cmpuint(after, ==, 0);
    g_assert_cmpuint(again->len, ==, 4);

    g_assert_true(vdt_store_get_followed(store, "front", &followed, &error));
    g_assert_cmpuint(followed.seq, ==, 0);
    vdt_store_set_followed(store, "front", &(VdtFollowed){7, 8});
    fixture_flush(store);
    vdt_store_close(store);
    vdt_foreign_free(foreign);
    store = open_plain(folder);
    g_assert_true(vdt_store_get_followed(store, "front", &followed, &error));
    g_assert_cmpuint(followed.seq, ==, 7);
    g_assert_cmpint(followed.changed, ==, 8);
    vdt_store_close(store);
    /* it is there to be read when nobody writes it, too */
    foreign = vdt_foreign_open(folder, &error);
    g_assert_no_error(error);
    vdt_foreign_free(foreign);
    fixture_sql(folder, "PRAGMA user_version=2");
    g_assert_null(vdt_foreign_open(folder, &error));
    g_assert_error(error, VDT_STORE_ERROR, VDT_STORE_ERROR_READ);
}

/* A database of the first version, whose paths were whole. */
static void test_first_version(void)
{
    static const char tables[] =
        "CREATE TABLE events (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
        " stream TEXT, type TEXT NOT NULL, what TEXT, element TEXT, label TEXT, zone TEXT,"
        " line TEXT, began INTEGER NOT NULL, ended INTEGER NOT NULL, last INTEGER NOT NULL,"
        " score REAL, audience INTEGER NOT NULL, snapshot TEXT, clip TEXT, json TEXT NOT NULL);"
        "CREATE INDEX events_ended ON events (ended, number);"
        "CREATE INDEX events_stream ON events (stream, number);"
        "CREATE INDEX events_label ON events (label, number);"
        "CREATE TABLE journal (seq INTEGER PRIMARY KEY AUTOINCREMENT, written INTEGER NOT NULL,"
        " phase INTEGER NOT NULL, time INTEGER NOT NULL, id TEXT NOT NULL, stream TEXT,"
        " type TEXT NOT NULL, what TEXT, element TEXT, label TEXT, zone TEXT, line TEXT,"
        " score REAL, audience INTEGER NOT NULL, json TEXT NOT NULL);"
        "CREATE TABLE marks (reader TEXT PRIMARY KEY, seq INTEGER NOT NULL, lost INTEGER NOT NULL)"
        " WITHOUT ROWID;"
        "INSERT INTO marks VALUES ('mqtt',7,1);"
        "PRAGMA user_version=1;";
    g_autoptr(Folder) folder = fixture_folder();
    g_autofree char *inside = g_build_filename(folder, "recordings/a.jpg", NULL);
    g_autofree char *row = g_strdup_printf(
        "INSERT INTO events VALUES (1,'a','front','action',NULL,NULL,NULL,NULL,NULL,1,2,2,0.5,15,"
        "'%s','/elsewhere/a.mp4','{}')",
        inside);
    fixture_sql(folder, tables);
    fixture_sql(folder, row);
    g_autoptr(VdtStore) store = open_plain(folder);
    g_autoptr(VdtStoredEvent) event = fixture_find(store, "a");
    g_assert_cmpstr(event->snapshot, ==, inside);
    g_assert_cmpstr(event->clip, ==, "/elsewhere/a.mp4");
    g_assert_cmpint(
        fixture_number(folder, "SELECT count(*) FROM events WHERE snapshot='recordings/a.jpg'"), ==,
        1);
    g_assert_cmpuint(vdt_store_get_mark(store, "mqtt"), ==, 7);
    g_assert_cmpuint(vdt_store_get_lost(store, "mqtt"), ==, 1);
    fixture_put(store, "start", "b");
    fixture_flush(store);
}

/* What is told of without ever starting lasts from the first to the last of it, and is not open. */
static void test_without_start(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    g_autoptr(VdtStore) store = open_plain(folder);
    VdtEventLine line = fixture_line("update", "a");
    for (gint64 time = 1000; time <= 3000; time += 1000) {
        line.time = time;
        g_autoptr(VdtEvent) event = vdt_event_new(&line);
        vdt_store_put(store, event);
    }
    fixture_flush(store);
    g_autoptr(VdtStoredEvent) found = fixture_find(store, "a");
    g_assert_cmpint(found->start, ==, 1000);
    g_assert_cmpint(found->end, ==, 3000);
}

/* A clock that is set back, or stands at nothing, leaves no event that ends before it started. */
static void test_clock(void)
{
    static const gint64 times[][2] = {{5000, 1000}, {0, 0}, {-5, -9}, {0, G_MAXINT64}};
    g_autoptr(Folder) folder = fixture_folder();
    g_autoptr(VdtStore) store = open_plain(folder);
    for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autofree char *id = g_strdup_printf("a%u", i);
        for (guint k = 0; k < 2; k++) {
            VdtEventLine line = fixture_line(k == 0 ? "start" : "end", id);
            line.time = times[i][k];
            g_autoptr(VdtEvent) event = vdt_event_new(&line);
            vdt_store_put(store, event);
        }
        fixture_flush(store);
        g_autoptr(VdtStoredEvent) found = fixture_find(store, id);
        g_assert_cmpint(found->end, >, 0);
        g_assert_cmpint(found->end, >=, found->start);
    }
}

static void test_scores(void)
{
    static const double scores[][3] = {
        {NAN, 0.5, 0.5}, {0.5, NAN, 0.5}, {0.2, 0.1, 0.2}, {NAN, NAN, NAN}};
    g_autoptr(Folder) folder = fixture_folder();
    g_autoptr(VdtStore) store = open_plain(folder);
    for (guint i = 0; i < G_N_ELEMENTS(scores); i++) {
        g_autofree char *id = g_strdup_printf("a%u", i);
        for (guint k = 0; k < 2; k++) {
            VdtEventLine line = fixture_line(k == 0 ? "start" : "end", id);
            line.score = scores[i][k];
            g_autoptr(VdtEvent) event = vdt_event_new(&line);
            vdt_store_put(store, event);
        }
        fixture_flush(store);
        g_autoptr(VdtStoredEvent) found = fixture_find(store, id);
        g_assert_true(isnan(scores[i][2]) ? isnan(found->score) : found->score == scores[i][2]);
    }
}

/* Who was told of any of it, in its row; who of each line, in the journal; and of the end that is
 * made for what a process has left. */
static void test_audience(void)
{
    static const guint audiences[] = {0, VDT_TO_MQTT, VDT_TO_PAGE};
    g_autoptr(Folder) folder = fixture_folder();
    VdtStore *store = open_plain(folder);
    for (guint i = 0; i < G_N_ELEMENTS(audiences); i++) {
        VdtEvent *event = fixture_event(i == 0 ? "start" : "update", "a");
        event = vdt_event_address(event, audiences[i]);
        vdt_store_put(store, event);
        vdt_event_unref(event);
    }
    fixture_flush(store);
    g_autoptr(VdtStoredEvent) open = fixture_find(store, "a");
    g_assert_cmpuint(open->audience, ==, VDT_TO_MQTT | VDT_TO_PAGE);
    vdt_store_close(store);
    store = open_plain(folder);
    fixture_flush(store);
    g_autoptr(GPtrArray) rows = vdt_store_read(store, 0, 10, NULL);
    g_assert_cmpuint(rows->len, ==, 4);
    for (guint i = 0; i < G_N_ELEMENTS(audiences); i++)
        g_assert_cmpuint(((VdtRecord *)rows->pdata[i])->event->audience, ==, audiences[i]);
    g_assert_cmpuint(((VdtRecord *)rows->pdata[3])->event->audience, ==, VDT_TO_MQTT | VDT_TO_PAGE);
    vdt_store_close(store);
}

/* What is read again is what was put, to the byte; and what was put is made text first. */
static void test_hostile(void)
{
    static const char *const texts[] = {"",
                                        "'); DROP TABLE events; --",
                                        "\"quotes\" \\ and \x01\x1f\n\r\t",
                                        "\xff\xfe no utf-8 \xc3",
                                        "\xe2\x80\xa8 \xf0\x9f\x92\xa9 \xc0\x80",
                                        "%_%",
                                        "\xed\xa0\x80"};
    g_autoptr(Folder) folder = fixture_folder();
    g_autoptr(VdtStore) store = open_plain(folder);
    for (guint i = 0; i <= G_N_ELEMENTS(texts); i++) {
        g_autofree char *huge = g_strnfill(100000, 'x');
        const char *text = i < G_N_ELEMENTS(texts) ? texts[i] : huge;
        g_autofree char *id = g_strdup_printf("%u%s", i, text);
        VdtEventLine line = fixture_line("start", id);
        line.type = line.stream = line.what = line.label = line.zone = line.line = line.element =
            text;
        g_autoptr(VdtEvent) event = vdt_event_new(&line);
        g_assert_true(g_utf8_validate(event->json, -1, NULL));
        g_autoptr(JsonNode) node = json_from_string(event->json, NULL);
        JsonObject *object = json_node_get_object(node);
        g_assert_cmpstr(json_object_get_string_member(object, "id"), ==, event->id);
        g_assert_cmpstr(json_object_get_string_member(object, "label"), ==, event->label);
        g_assert_cmpuint(strlen(event->label), <=, VDT_EVENT_MOST_TEXT);
        guint64 before = vdt_store_get_last(store);
        vdt_store_put(store, event);
        fixture_flush(store);
        g_autoptr(VdtStoredEvent) found = fixture_find(store, event->id);
        g_assert_nonnull(found);
        g_assert_cmpstr(found->type, ==, event->type);
        g_assert_cmpstr(found->zone, ==, event->zone);
        g_autoptr(GPtrArray) rows = vdt_store_read(store, before, 10, NULL);
        g_assert_cmpuint(rows->len, ==, 1);
        const VdtRecord *row = rows->pdata[0];
        g_assert_cmpstr(row->event->json, ==, event->json);
        g_assert_cmpstr(row->event->line, ==, event->line);
        g_assert_cmpfloat(row->event->score, ==, 0.5);
        g_autoptr(GPtrArray) searched =
            vdt_store_query(store, &(VdtStoreQuery){.text = event->id}, NULL);
        g_assert_cmpuint(searched->len, ==, 1);
    }
}

/* Cut text ends with a whole character. */
static void test_cut(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    while (text->len < 3000)
        g_string_append(text, "\xe2\x82\xac");
    for (guint i = 0; i < 4; i++) {
        VdtEventLine line = fixture_line("start", "a");
        line.label = text->str;
        g_autoptr(VdtEvent) event = vdt_event_new(&line);
        g_assert_true(g_utf8_validate(event->label, -1, NULL));
        g_assert_cmpuint(strlen(event->label), <=, VDT_EVENT_MOST_TEXT);
        g_assert_cmpuint(strlen(event->label), >, VDT_EVENT_MOST_TEXT - 4);
        g_string_prepend_c(text, 'x');
    }
}

static char *show(GPtrArray *events)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < events->len; i++) {
        const VdtStoredEvent *event = events->pdata[i];
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", event->id);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void test_query(void)
{
    static const struct {
        VdtStoreQuery query;
        const char *found;
    } cases[] = {
        {{0}, "d c b a"},
        {{.most = 2}, "d c"},
        {{.stream = "yard"}, "c"},
        {{.label = "bag"}, "b"},
        {{.zone = "door"}, "d b"},
        {{.zone = "door", .label = "bag"}, "b"},
        {{.zone = "door", .stream = "yard"}, ""},
        {{.type = "objects"}, "d c b a"},
        {{.type = "Objects"}, ""},
        {{.what = "crossing"}, "a"},
        {{.element = "segmenter"}, "d c b a"},
        {{.line = "kerb"}, "a"},
        {{.id = "c"}, "c"},
        {{.open = TRUE}, "d"},
        {{.from = 250}, "d c"}, /* b ended at 200 */
        {{.from = 200}, "d c b"},
        {{.to = 150}, "a"},
        {{.to = 151}, "b a"},
        {{.from = 150, .to = 200}, "b"},
        {{.from = 1000}, "d"}, /* which goes on */
        {{.text = "KERB"}, "a"},
        {{.text = "oo"}, "d b"},
        {{.text = "%"}, ""},
        {{.text = "_"}, ""},
        {{.before = 2}, "a"},
        {{.before = 1}, ""},
        {{.before = G_MAXUINT64, .most = G_MAXUINT}, "d c b a"},
    };
    g_autoptr(Folder) folder = fixture_folder();
    g_autoptr(VdtStore) store = open_plain(folder);
    static const struct {
        const char *id, *stream, *label, *zone, *what, *line;
        gint64 start, end;
    } events[] = {{"a", "front", "person", NULL, "crossing", "kerb", 100, 140},
                  {"b", "front", "bag", "door", NULL, NULL, 150, 200},
                  {"c", "yard", "person", NULL, NULL, NULL, 250, 300},
                  {"d", "front", "person", "door", NULL, NULL, 350, 0}};
    for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
        VdtEventLine line = fixture_line("start", events[i].id);
        line.stream = events[i].stream;
        line.label = events[i].label;
        line.zone = events[i].zone;
        line.what = events[i].what;
        line.line = events[i].line;
        line.time = events[i].start;
        g_autoptr(VdtEvent) start = vdt_event_new(&line);
        vdt_store_put(store, start);
        if (events[i].end == 0)
            continue;
        line.event = "end";
        line.time = events[i].end;
        g_autoptr(VdtEvent) end = vdt_event_new(&line);
        vdt_store_put(store, end);
    }
    fixture_flush(store);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) found = vdt_store_query(store, &cases[i].query, &error);
        g_assert_no_error(error);
        g_autofree char *shown = show(found);
        g_test_message("case %u", i);
        g_assert_cmpstr(shown, ==, cases[i].found);
    }
}

/* Pages have no gap and no event twice, though more come in between. */
static void test_pages(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    g_autoptr(VdtStore) store = open_plain(folder);
    fixture_put_many(store, "a", 95);
    fixture_flush(store);
    guint n = 0;
    VdtStoreQuery query = {.most = 10};
    for (;;) {
        g_autoptr(GPtrArray) page = vdt_store_query(store, &query, NULL);
        if (page->len == 0)
            break;
        for (guint i = 0; i < page->len; i++) {
            const VdtStoredEvent *event = page->pdata[i];
            g_autofree char *id = g_strdup_printf("a-%u", 94 - n++);
            g_assert_cmpstr(event->id, ==, id);
            query.before = event->number;
        }
        fixture_put_many(store, "b", 1);
        fixture_flush(store);
    }
    g_assert_cmpuint(n, ==, 95);
}

static void test_restart(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    VdtStore *store = open_plain(folder);
    fixture_put(store, "start", "a");
    fixture_put(store, "start", "b");
    fixture_put(store, "end", "a");
    g_assert_cmpuint(vdt_store_get_mark(store, "mqtt"), ==, vdt_store_get_last(store));
    vdt_store_close(store); /* writes what waits */

    store = open_plain(folder);
    g_assert_cmpuint(vdt_store_get_last(store), ==, 3);
    fixture_flush(store);
    fixture_put(store, "start", "c");
    fixture_flush(store);
    g_autofree char *journal = fixture_show_journal(store, 0);
    g_assert_cmpstr(journal, ==, "1:start:a 2:start:b 3:end:a 4:end:b 5:start:c");
    g_autoptr(VdtStoredEvent) b = fixture_find(store, "b");
    g_assert_cmpint(b->end, ==, b->start);
    g_assert_nonnull(strstr(b->json, "\"event\":\"end\""));
    g_assert_nonnull(strstr(b->json, "\"reason\":\"lost\""));
    vdt_store_close(store);
}

static void test_marks(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    VdtStore *store = open_plain(folder);
    fixture_put_many(store, "a", 5);
    fixture_flush(store);
    g_assert_cmpuint(vdt_store_get_mark(store, "new"), ==, 10);
    vdt_store_set_mark(store, "mqtt", 4);
    vdt_store_set_mark(store, "mqtt", 3); /* never back */
    vdt_store_set_mark(store, "gone", 2);
    fixture_flush(store);
    vdt_store_forget_mark(store, "gone");
    fixture_flush(store);
    vdt_store_close(store);
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM marks"), ==, 2);

    store = open_plain(folder);
    fixture_put_many(store, "b", 1);
    fixture_flush(store);
    g_assert_cmpuint(vdt_store_get_mark(store, "mqtt"), ==, 4);
    g_assert_cmpuint(vdt_store_get_mark(store, "new"), ==, 10);
    g_assert_cmpuint(vdt_store_get_mark(store, "gone"), ==, 12);
    g_autofree char *rest = fixture_show_journal(store, 10);
    g_assert_cmpstr(rest, ==, "11:start:b-0 12:end:b-0");
    vdt_store_close(store);
}

typedef struct {
    GMutex lock;
    guint64 last;
    guint n, freed;
    VdtStore *store;
    guint itself;
} Heard;

static void on_commit(guint64 last, gpointer data)
{
    Heard *heard = data;
    g_mutex_lock(&heard->lock);
    g_assert_cmpuint(last, >, heard->last);
    g_assert_cmpuint(vdt_store_get_last(heard->store), >=, last);
    heard->last = last;
    heard->n++;
    guint itself = heard->itself;
    g_mutex_unlock(&heard->lock);
    if (itself > 0)
        vdt_store_unlisten(heard->store, itself);
}

static void on_freed(gpointer data)
{
    ((Heard *)data)->freed++;
}

static void test_listeners(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    g_autoptr(VdtStore) store = open_plain(folder);
    Heard one = {.store = store}, other = {.store = store};
    g_mutex_init(&one.lock);
    g_mutex_init(&other.lock);
    guint id = vdt_store_listen(store, on_commit, &one, on_freed);
    other.itself = vdt_store_listen(store, on_commit, &other, on_freed);
    fixture_put_many(store, "a", 2);
    gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    guint64 last = 0;
    while (last < 4 && g_get_monotonic_time() < end) {
        g_usleep(1000);
        g_mutex_lock(&one.lock);
        last = one.last;
        g_mutex_unlock(&one.lock);
    }
    g_assert_cmpuint(last, ==, 4);
    vdt_store_set_mark(store, "x", 1); /* adds no row */
    fixture_flush(store);
    vdt_store_unlisten(store, id);
    g_assert_cmpuint(one.freed, ==, 1);
    guint n = one.n;
    fixture_put_many(store, "b", 2);
    fixture_flush(store);
    g_usleep(10000);
    g_assert_cmpuint(one.n, ==, n);
    g_assert_cmpuint(other.n, ==, 1);
    g_assert_cmpuint(other.freed, ==, 1);
    g_mutex_clear(&one.lock);
    g_mutex_clear(&other.lock);
}

#define N_THREADS 6
#define N_EACH    300

static gpointer put_some(gpointer data)
{
    VdtStore *store = ((gpointer *)data)[0];
    g_autofree char *name = g_strdup_printf("t%p", data);
    fixture_put_many(store, name, N_EACH);
    return NULL;
}

static gpointer read_some(gpointer data)
{
    VdtStore *store = data;
    guint64 seq = 0;
    gint64 end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    while (seq < N_THREADS * N_EACH * 2 && g_get_monotonic_time() < end) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) rows = vdt_store_read(store, seq, 100, &error);
        g_autoptr(GPtrArray) events = vdt_store_query(store, &(VdtStoreQuery){.most = 3}, NULL);
        g_assert_no_error(error);
        g_assert_nonnull(events);
        for (guint i = 0; i < rows->len; i++)
            g_assert_cmpuint(((VdtRecord *)rows->pdata[i])->seq, ==, ++seq);
        vdt_store_set_mark(store, "reader", seq);
        g_autoptr(VdtStoreInfo) info = vdt_store_get_info(store);
        g_assert_cmpuint(info->lost, ==, 0);
    }
    g_assert_cmpuint(seq, ==, N_THREADS * N_EACH * 2);
    return NULL;
}

static void test_threads(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    g_autoptr(VdtStore) store = open_plain(folder);
    GThread *threads[N_THREADS], *readers[3];
    gpointer data[N_THREADS][1];
    for (guint i = 0; i < G_N_ELEMENTS(readers); i++)
        readers[i] = g_thread_new("reader", read_some, store);
    for (guint i = 0; i < N_THREADS; i++) {
        data[i][0] = store;
        threads[i] = g_thread_new("putter", put_some, data[i]);
    }
    for (guint i = 0; i < N_THREADS; i++)
        g_thread_join(threads[i]);
    for (guint i = 0; i < G_N_ELEMENTS(readers); i++)
        g_thread_join(readers[i]);
    fixture_flush(store);
    g_autoptr(VdtStoreInfo) info = vdt_store_get_info(store);
    g_assert_cmpuint(info->put, ==, N_THREADS * N_EACH * 2);
    g_assert_cmpuint(info->written, ==, info->put);
    g_assert_cmpuint(info->waiting, ==, 0);
    g_assert_cmpuint(info->first, ==, 1);
    g_assert_cmpuint(info->last, ==, info->put);
    g_assert_cmpuint(info->bytes, >, 0);
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM events WHERE ended=0"), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/lives", test_lives);
    g_test_add_func("/store/shared-file", test_shared_file);
    g_test_add_func("/store/moved-folder", test_moved_folder);
    g_test_add_func("/store/foreign", test_foreign);
    g_test_add_func("/store/first-version", test_first_version);
    g_test_add_func("/store/without-start", test_without_start);
    g_test_add_func("/store/clock", test_clock);
    g_test_add_func("/store/scores", test_scores);
    g_test_add_func("/store/audience", test_audience);
    g_test_add_func("/store/hostile", test_hostile);
    g_test_add_func("/store/cut", test_cut);
    g_test_add_func("/store/query", test_query);
    g_test_add_func("/store/pages", test_pages);
    g_test_add_func("/store/restart", test_restart);
    g_test_add_func("/store/marks", test_marks);
    g_test_add_func("/store/listeners", test_listeners);
    g_test_add_func("/store/threads", test_threads);
    return g_test_run();
}
