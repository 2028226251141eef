/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures through a network whose weights say exactly what comes out. */
#include "restore.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>

#include "../models/littleipt.h"

#define TILE LITTLE_IPT_TILE

enum { LARGER, SAME, MOVED };

static char *dir, *live_dir;

static VdtEngine *open_engine_in(const char *folder)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "card.json", NULL);
    VdtEngine *engine = vdt_engine_new(&(VdtEngineOptions){.model = path, .strict = TRUE}, &error);
    g_assert_no_error(error);
    return engine;
}

static VdtEngine *open_engine(void)
{
    return open_engine_in(dir);
}

static VdtRestorer *new_restorer(const VdtRestorerOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtEngine) engine = open_engine();
    VdtRestorer *restorer = vdt_restorer_new(engine, options, &error);
    g_assert_no_error(error);
    return restorer;
}

static float *new_picture(guint width, guint height)
{
    float *picture = g_new(float, 3 * width * height);
    guint32 state = width * 31 + height;
    for (guint i = 0; i < 3 * width * height; i++) {
        state = state * 1664525 + 1013904223;
        picture[i] = state >> 24;
    }
    return picture;
}

/* What of @picture is at (@x, @y), enlarged by @s. */
static float at(const float *picture, guint width, guint height, guint s, guint c, guint x, guint y)
{
    return picture[(c * height + y / s) * width + x / s];
}

static void check_scaled(VdtRestorer *restorer, guint task, guint scale, guint width, guint height,
                         const VdtRestoreArea *area)
{
    g_autoptr(GError) error = NULL;
    guint s = vdt_restorer_get_scale(restorer, task, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(s, ==, scale);
    VdtRestoreArea all = {0, 0, width, height}, a = area != NULL ? *area : all;
    g_autofree float *picture = new_picture(width, height);
    gsize n = (gsize)3 * a.width * s * a.height * s;
    g_autofree float *result = g_new(float, n + 1);
    VdtRestoreRequest request = {task, 1, area};
    result[n] = 12345;
    g_assert_true(vdt_restorer_prepare(restorer, &request, width, height, &error));
    g_assert_true(
        vdt_restorer_run(restorer, &request, picture, width, height, result, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpfloat(result[n], ==, 12345);
    for (guint c = 0; c < 3; c++)
        for (guint y = 0; y < a.height * s; y++)
            for (guint x = 0; x < a.width * s; x++)
                g_assert_cmpfloat_with_epsilon(
                    result[(c * a.height * s + y) * a.width * s + x],
                    at(picture, width, height, s, c, a.x * s + x, a.y * s + y), 2e-3);
}

static void check_size(VdtRestorer *restorer, guint task, guint width, guint height,
                       const VdtRestoreArea *area)
{
    check_scaled(restorer, task, task == LARGER ? 2 : 1, width, height, area);
}

static void test_sizes(void)
{
    static const guint sizes[][2] = {{24, 24}, {1, 1},  {5, 40},   {25, 24},
                                     {48, 48}, {61, 7}, {100, 67}, {24, 300}};
    g_autoptr(VdtRestorer) restorer = new_restorer(&(VdtRestorerOptions){0});
    g_autoptr(VdtRestorer) singly = new_restorer(&(VdtRestorerOptions){.batch = 1});
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        check_size(restorer, SAME, sizes[i][0], sizes[i][1], NULL);
        check_size(restorer, LARGER, sizes[i][0], sizes[i][1], NULL);
        check_size(singly, SAME, sizes[i][0], sizes[i][1], NULL);
    }
}

static void test_authors_tiles(void)
{
    g_autoptr(VdtRestorer) restorer = new_restorer(&(VdtRestorerOptions){.authors_tiles = TRUE});
    check_size(restorer, SAME, 61, 50, NULL);
    check_size(restorer, LARGER, 30, 25, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree float *picture = new_picture(30, 20);
    g_assert_false(vdt_restorer_run(restorer, &(VdtRestoreRequest){SAME, 1, NULL}, picture, 30, 20,
                                    picture, NULL, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_SHAPE);
}

static void test_areas(void)
{
    static const VdtRestoreArea areas[] = {{0, 0, 100, 67}, {0, 0, 1, 1},   {99, 66, 1, 1},
                                           {40, 30, 7, 9},  {0, 20, 60, 3}, {70, 0, 30, 67}};
    g_autoptr(VdtRestorer) restorer = new_restorer(&(VdtRestorerOptions){0});
    for (guint i = 0; i < G_N_ELEMENTS(areas); i++) {
        check_size(restorer, SAME, 100, 67, &areas[i]);
        check_size(restorer, LARGER, 100, 67, &areas[i]);
    }
    check_size(restorer, SAME, 10, 67, &(VdtRestoreArea){3, 40, 5, 5});
}

/* An area, smaller or larger than a tile, is restored by what is around it: moved pixels come from
 * outside. */
static void test_surroundings(void)
{
    static const VdtRestoreArea areas[] = {{50, 30, 5, 4}, {20, 10, 30, 27}};
    g_autoptr(VdtRestorer) restorer = new_restorer(&(VdtRestorerOptions){0});
    g_autofree float *picture = new_picture(100, 67);
    for (guint i = 0; i < G_N_ELEMENTS(areas); i++) {
        const VdtRestoreArea *a = &areas[i];
        g_autofree float *result = g_new(float, 3 * a->width * a->height);
        g_assert_true(vdt_restorer_run(restorer, &(VdtRestoreRequest){MOVED, 1, a}, picture, 100,
                                       67, result, NULL, NULL));
        for (guint c = 0; c < 3; c++)
            for (guint y = 0; y < a->height; y++)
                g_assert_cmpfloat_with_epsilon(
                    result[(c * a->height + y) * a->width + a->width - 1],
                    at(picture, 100, 67, 1, c, a->x + a->width, a->y + y), 2e-3);
    }
}

/* One that moves to the left, turned in all ways, is the mean of the four neighbours. */
static void test_ensemble(void)
{
    g_autoptr(VdtRestorer) restorer = new_restorer(&(VdtRestorerOptions){.ensemble = TRUE});
    check_size(restorer, SAME, 50, 30, NULL);
    check_size(restorer, LARGER, 50, 30, NULL);
    g_autofree float *picture = new_picture(TILE, TILE), *result = new_picture(TILE, TILE);
    g_assert_true(vdt_restorer_run(restorer, &(VdtRestoreRequest){MOVED, 1, NULL}, picture, TILE,
                                   TILE, result, NULL, NULL));
    for (guint c = 0; c < 3; c++)
        for (guint y = 1; y + 1 < TILE; y++)
            for (guint x = 1; x + 1 < TILE; x++) {
                const float *p = picture + (c * TILE + y) * TILE + x;
                g_assert_cmpfloat_with_epsilon(result[(c * TILE + y) * TILE + x],
                                               (p[-1] + p[1] + p[-TILE] + p[TILE]) / 4, 2e-3);
            }
}

static void test_strength(void)
{
    g_autoptr(VdtRestorer) restorer = new_restorer(&(VdtRestorerOptions){0});
    const guint width = 30, height = 26;
    g_autofree float *picture = new_picture(width, height), *all = new_picture(width, height);
    g_autofree float *part = new_picture(width, height), *none = new_picture(width, height);
    struct {
        double strength;
        float *result;
    } runs[] = {{1, all}, {0.25, part}, {0, none}};
    for (guint i = 0; i < G_N_ELEMENTS(runs); i++)
        g_assert_true(vdt_restorer_run(restorer,
                                       &(VdtRestoreRequest){MOVED, runs[i].strength, NULL}, picture,
                                       width, height, runs[i].result, NULL, NULL));
    for (guint i = 0; i < 3 * width * height; i++) {
        g_assert_cmpfloat_with_epsilon(part[i], 0.75 * picture[i] + 0.25 * all[i], 2e-3);
        g_assert_cmpfloat(none[i], ==, picture[i]);
    }
    VdtRestoreArea area = {3, 5, 7, 4};
    float small[3 * 7 * 4];
    g_assert_true(vdt_restorer_run(restorer, &(VdtRestoreRequest){SAME, 0, &area}, picture, width,
                                   height, small, NULL, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(small); i++)
        g_assert_cmpfloat(small[i], ==,
                          at(picture, width, height, 1, i / 28, 3 + i % 7, 5 + i / 7 % 4));
    /* Two pixels become four: a quarter and three quarters of the way. */
    const float two[] = {0, 100, 8, 8, 0, 0};
    float four[3 * 4 * 2];
    g_assert_true(vdt_restorer_run(restorer, &(VdtRestoreRequest){LARGER, 0, NULL}, two, 2, 1, four,
                                   NULL, NULL));
    static const float row[] = {0, 25, 75, 100, 0, 25, 75, 100, 8, 8, 8, 8};
    for (guint i = 0; i < G_N_ELEMENTS(row); i++)
        g_assert_cmpfloat(four[i], ==, row[i]);
}

static gint64 most_resident(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss * G_GINT64_CONSTANT(1024);
}

/* A large picture takes no memory that grows with it, but for itself and its result. */
static void test_memory(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    g_test_skip("sanitizers take memory of their own");
    return;
#endif
    g_autoptr(VdtRestorer) restorer = new_restorer(&(VdtRestorerOptions){0});
    const guint width = 1500, height = 500;
    VdtRestoreArea area = {1000, 300, 40, 40};
    const VdtRestoreRequest all = {SAME, 1, NULL}, some = {SAME, 1, &area};
    g_autofree float *picture = new_picture(width, height), *result = new_picture(width, height);
    g_assert_true(vdt_restorer_prepare(restorer, &all, width, height, NULL));
    gint64 before = most_resident();
    g_assert_true(vdt_restorer_run(restorer, &some, picture, width, height, result, NULL, NULL));
    g_assert_true(vdt_restorer_run(restorer, &all, picture, width, height, result, NULL, NULL));
    gint64 more = most_resident() - before;
    g_test_message("%" G_GINT64_FORMAT " bytes more, the picture: %u", more, 12 * width * height);
    g_assert_cmpint(more, <, 12 * width * height / 3);
}

/* A network of any size gets the whole picture, or pieces of it. */
static void test_any_size(void)
{
    static const guint sizes[][2] = {{64, 64}, {1, 1}, {7, 5}, {8, 8}, {333, 210}, {2500, 900}};
    static const VdtRestoreArea areas[] = {{0, 0, 5, 5}, {100, 90, 64, 40}, {332, 0, 1, 210}};
    g_autoptr(VdtEngine) engine = open_engine_in(live_dir);
    g_autoptr(GError) error = NULL;
    g_assert_null(vdt_restorer_new(engine, &(VdtRestorerOptions){.authors_tiles = TRUE}, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED);
    for (int ensemble = 0; ensemble < 2; ensemble++) {
        const VdtRestorerOptions options = {.ensemble = ensemble};
        g_autoptr(VdtRestorer) restorer = vdt_restorer_new(engine, &options, NULL);
        for (guint i = 0; i < G_N_ELEMENTS(sizes) - ensemble; i++)
            check_scaled(restorer, i % 2, 1, sizes[i][0], sizes[i][1], NULL);
        for (guint i = 0; i < G_N_ELEMENTS(areas); i++)
            check_scaled(restorer, 1, 1, 333, 210, &areas[i]);
    }
}

/* So its memory does not grow with the picture either. */
static void test_large(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    g_test_skip("sanitizers take memory of their own");
    return;
#endif
    g_autoptr(VdtEngine) engine = open_engine_in(live_dir);
    VdtShape square = vdt_shape(1, 3, 512, 512);
    gsize session = 0;
    g_assert_true(vdt_engine_measure(engine, &square, NULL, &session, NULL));
    g_autoptr(VdtRestorer) restorer = vdt_restorer_new(engine, &(VdtRestorerOptions){0}, NULL);
    const guint width = 3000, height = 1500;
    g_autofree float *picture = new_picture(width, height), *result = new_picture(width, height);
    const VdtRestoreRequest request = {0, 1, NULL};
    gint64 before = most_resident();
    g_assert_true(vdt_restorer_run(restorer, &request, picture, width, height, result, NULL, NULL));
    gint64 more = most_resident() - before;
    g_test_message("%" G_GINT64_FORMAT " bytes more, of a piece: %" G_GSIZE_FORMAT, more, session);
    g_assert_cmpint(more, <, 2 * (gint64)session + 12 * 512 * 512 * 4);
}

static void check_refused_run(VdtRestorer *restorer, const VdtRestoreRequest *request, guint width,
                              int code, const char *text)
{
    g_autoptr(GError) error = NULL, prepared = NULL;
    float picture[3 * 10 * 10] = {0}, result[4 * 3 * 10 * 10];
    g_assert_false(vdt_restorer_run(restorer, request, picture, width, 10, result, NULL, &error));
    g_assert_error(error, VDT_ERROR, code);
    if (strstr(error->message, text) == NULL)
        g_error("'%s' does not have '%s' in it", error->message, text);
    g_assert_false(vdt_restorer_prepare(restorer, request, width, 10, &prepared));
    g_assert_cmpstr(error->message, ==, prepared->message);
}

static void test_bad(void)
{
    g_autoptr(VdtRestorer) restorer = new_restorer(&(VdtRestorerOptions){0});
    static const VdtRestoreArea areas[] = {{0, 0, 11, 1},        {0, 0, 0, 5}, {10, 0, 1, 1},
                                           {G_MAXUINT, 0, 2, 2}, {5, 5, 1, 6}, {0, G_MAXUINT, 1, 1},
                                           {1, 1, G_MAXUINT, 1}, {0, 9, 10, 2}};
    for (guint i = 0; i < G_N_ELEMENTS(areas); i++)
        check_refused_run(restorer, &(VdtRestoreRequest){SAME, 1, &areas[i]}, 10, VDT_ERROR_SHAPE,
                          "is not in the picture of 10 x 10");
    static const double strengths[] = {-0.1, 1.1, NAN, INFINITY};
    for (guint i = 0; i < G_N_ELEMENTS(strengths); i++)
        check_refused_run(restorer, &(VdtRestoreRequest){SAME, strengths[i], NULL}, 10,
                          VDT_ERROR_UNSUPPORTED, "from 0 to 1");
    check_refused_run(restorer, &(VdtRestoreRequest){3, 1, NULL}, 10, VDT_ERROR_UNSUPPORTED,
                      "from 0 to 2");
    check_refused_run(restorer, &(VdtRestoreRequest){SAME, 1, NULL}, 0, VDT_ERROR_SHAPE,
                      "sides are 1 to");
    check_refused_run(restorer, &(VdtRestoreRequest){SAME, 1, NULL}, VDT_RESTORE_MOST_SIDE + 1,
                      VDT_ERROR_SHAPE, "sides are 1 to");
    g_autoptr(VdtEngine) engine = open_engine();
    g_autoptr(GError) error = NULL;
    g_assert_null(vdt_restorer_new(engine, &(VdtRestorerOptions){.batch = 65}, &error));
    g_assert_nonnull(strstr(error->message, "64 are the most"));
}

static void test_names(void)
{
    g_autoptr(VdtRestorer) restorer = new_restorer(&(VdtRestorerOptions){0});
    g_autoptr(GError) error = NULL;
    guint usual = 9, found = 9;
    const char *const *names = vdt_restorer_get_restorations(restorer, &usual);
    g_assert_true(g_strv_equal(names, (const char *const[]){"x2", "noise", "rain", NULL}));
    g_assert_cmpuint(usual, ==, SAME);
    g_assert_true(vdt_restorer_find(restorer, "rain", &found, NULL));
    g_assert_cmpuint(found, ==, MOVED);
    g_assert_false(vdt_restorer_find(restorer, "fog", &found, &error));
    g_assert_nonnull(strstr(error->message, "\"fog\", but these: x2, noise, rain"));
}

static void test_cancelled(void)
{
    g_autoptr(VdtRestorer) restorer = new_restorer(&(VdtRestorerOptions){0});
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_autofree float *picture = new_picture(60, 60), *result = new_picture(60, 60);
    g_cancellable_cancel(cancellable);
    g_assert_false(vdt_restorer_run(restorer, &(VdtRestoreRequest){SAME, 1, NULL}, picture, 60, 60,
                                    result, cancellable, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_CANCELLED);
}

typedef struct {
    guint64 done, all;
    guint calls;
} Told;

static void tell(guint64 done, guint64 all, gpointer data)
{
    Told *told = data;
    g_assert_cmpuint(done, >, told->done);
    g_assert_true(told->all == 0 || told->all == all);
    *told = (Told){done, all, told->calls + 1};
}

/* Tiles are counted up to the last. */
static void test_progress(void)
{
    static const VdtRestorerOptions options[] = {
        {.batch = 2}, {.batch = 2, .authors_tiles = TRUE}, {.batch = 2, .ensemble = TRUE}};
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autoptr(VdtRestorer) restorer = new_restorer(&options[i]);
        g_autofree float *picture = new_picture(60, 40), *result = new_picture(60, 40);
        const VdtRestoreRequest request = {SAME, 1, NULL};
        Told told = {0};
        vdt_restorer_set_progress(restorer, tell, &told);
        g_assert_true(vdt_restorer_run(restorer, &request, picture, 60, 40, result, NULL, NULL));
        g_assert_cmpuint(told.done, ==, told.all);
        g_assert_cmpuint(told.calls, >=, told.all / 2);
        vdt_restorer_set_progress(restorer, NULL, NULL);
        guint calls = told.calls;
        g_assert_true(vdt_restorer_run(restorer, &request, picture, 60, 40, result, NULL, NULL));
        g_assert_cmpuint(told.calls, ==, calls);
    }
}

static gpointer run_often(gpointer data)
{
    g_autoptr(VdtRestorer) restorer = vdt_restorer_new(data, &(VdtRestorerOptions){0}, NULL);
    for (guint i = 0; i < 6; i++) {
        check_size(restorer, SAME, 30 + 9 * i, 40, NULL);
        check_size(restorer, LARGER, 40, 30 + 9 * i, NULL);
    }
    return NULL;
}

/* Each thread has a restorer, all have one engine. */
static void test_threads(void)
{
    g_autoptr(VdtEngine) engine = open_engine();
    GThread *threads[3];
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("restorer", run_often, engine);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
}

static void test_pictures(void)
{
    guint8 bytes[2 * 8] = {0, 1, 2, 253, 254, 255, 99, 99, 10, 20, 30, 40, 50, 60, 99, 99};
    VdtPicture picture = {bytes, 2, 2, 8};
    float planes[12];
    static const float want[] = {0, 253, 10, 40, 1, 254, 20, 50, 2, 255, 30, 60};
    vdt_restore_from_picture(&picture, planes);
    g_assert_cmpmem(planes, sizeof planes, want, sizeof want);
    const float odd[] = {-1, 255.4, 300, NAN, 0.4, 0.6, INFINITY, -INFINITY, 1.5, 2.4, 254.6, 7};
    static const guint8 got[] = {0, 0, 2, 255, 1, 2, 99, 99, 255, 255, 255, 0, 0, 7, 99, 99};
    vdt_restore_to_picture(odd, &picture);
    g_assert_cmpmem(bytes, sizeof bytes, got, sizeof got);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    dir = g_dir_make_tmp("vedette-restore-XXXXXX", NULL);
    live_dir = g_dir_make_tmp("vedette-restore-live-XXXXXX", NULL);
    little_ipt_save(dir);
    little_ipt_save_live(live_dir);
    g_test_add_func("/restore/sizes", test_sizes);
    g_test_add_func("/restore/authors-tiles", test_authors_tiles);
    g_test_add_func("/restore/areas", test_areas);
    g_test_add_func("/restore/surroundings", test_surroundings);
    g_test_add_func("/restore/ensemble", test_ensemble);
    g_test_add_func("/restore/strength", test_strength);
    g_test_add_func("/restore/memory", test_memory);
    g_test_add_func("/restore/large", test_large); /* before what takes more at once */
    g_test_add_func("/restore/any-size", test_any_size);
    g_test_add_func("/restore/bad", test_bad);
    g_test_add_func("/restore/names", test_names);
    g_test_add_func("/restore/cancelled", test_cancelled);
    g_test_add_func("/restore/progress", test_progress);
    g_test_add_func("/restore/threads", test_threads);
    g_test_add_func("/restore/pictures", test_pictures);
    int status = g_test_run();
    char *const dirs[] = {dir, live_dir};
    for (guint i = 0; i < G_N_ELEMENTS(dirs); i++) {
        little_ipt_remove(dirs[i]);
        g_rmdir(dirs[i]);
        g_free(dirs[i]);
    }
    return status;
}
