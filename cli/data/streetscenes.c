/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "streetscenes.h"

#include <math.h>
#include <street.h>
#include <string.h>

#include "config.h"
#include "random.h"
#include "streetdraw.h"
#include "textures.h"

#define SECOND   G_GINT64_CONSTANT(1000000000)
/* How long clips of the list are, and of endless streets from when to when. */
#define DURATION (12 * SECOND / 5)
#define BEGIN    (10 * SECOND)
#define END      (190 * SECOND)
/* One in so many is a texture. */
#define TEXTURED 3
/* Brightness up to which, and from which on, a texture is dark, or is not. */
#define DARK     40
#define BRIGHT   60
/* A change of what is chosen, or of how faults look, is another. */
#define VERSION  1

static const char *const labels[] = {"day",     "night",   "clear",  "rain",
                                     "snow",    "haze",    "sharp",  "out-of-focus",
                                     "covered", "blinded", "shaken", NULL};
static const VdtCardGroup groups[SCENE_N_GROUPS] = {
    [SCENE_LIGHT] = {(char *)"light", 0, 2},
    [SCENE_WEATHER] = {(char *)"weather", 2, 4},
    [SCENE_CAMERA] = {(char *)"camera", 6, CAMERA_N_STATES},
};

typedef struct {
    ClipSet set;
    guint64 seed, first;
    guint coded;
    /* as they are asked for; nobody asks for one clip in two threads */
    ClipInfo *infos;
    gboolean *known;
} StreetScenes;

/* Everything that is chosen for a scene. */
typedef struct {
    gboolean textured, endless, darkened;
    guint width, height;
    VdtStreetClip clip;
    double moment; /* 0 to 1 */
    CameraState camera;
    int light, weather; /* -1: neither */
    double noise;       /* levels, on top of the street's own */
    guint64 seed;
} Scene;

static double between(guint64 *state, double from, double to)
{
    return from + (to - from) * random_double(state);
}

/* Sharp, half of the time. */
static CameraState choose_camera(guint64 *state)
{
    if (random_double(state) < 0.5)
        return CAMERA_SHARP;
    return 1 + random_next(state) % (CAMERA_N_STATES - 1);
}

static void choose_conditions(guint64 *state, Scene *scene)
{
    VdtStreetConditions *now = &scene->clip.conditions;
    double light = random_double(state);
    *now = (VdtStreetConditions){0};
    scene->light = light < 0.45 ? SCENE_DAY : light < 0.9 ? SCENE_NIGHT : -1;
    now->night = scene->light == SCENE_DAY     ? (light < 0.3 ? 0 : between(state, 0, 0.15))
                 : scene->light == SCENE_NIGHT ? between(state, 0.6, 1)
                                               : between(state, 0.15, 0.6);
    scene->weather = random_next(state) % 4;
    double much = between(state, 0.35, 1);
    double *const weather[] = {NULL, &now->rain, &now->snow, &now->haze};
    if (weather[scene->weather] != NULL)
        *weather[scene->weather] = much;
    now->noise = random_double(state) < 0.5 ? between(state, 0, 0.7) : 0;
    now->blur = random_double(state) < 0.5 ? between(state, 0, 1) : 0;
}

static Scene choose(const StreetScenes *scenes, guint clip)
{
    static const guint sizes[][2] = {{320, 180}, {320, 180}, {480, 270}, {640, 360}};
    guint64 index = scenes->first + clip;
    guint64 state = random_seed3(scenes->seed, index, G_GUINT64_CONSTANT(0x5343454e45));
    guint size = random_next(&state) % G_N_ELEMENTS(sizes);
    Scene scene = {.textured = index % TEXTURED == 1,
                   .width = sizes[size][0],
                   .height = sizes[size][1],
                   .clip = vdt_street_list_clip(scenes->seed, index, DURATION, NULL),
                   .endless = random_double(&state) < 0.5,
                   .moment = random_double(&state),
                   .seed = random_next(&state)};
    scene.camera = choose_camera(&state);
    choose_conditions(&state, &scene);
    scene.noise = random_double(&state) < 0.5 ? between(&state, 0, 8) : 0;
    if (scene.textured) {
        scene.weather = -1;
        scene.darkened = random_double(&state) < 0.3;
    }
    /* What cannot be seen cannot be told. */
    if (scene.camera == CAMERA_COVERED || scene.camera == CAMERA_BLINDED)
        scene.light = -1;
    if (scene.camera != CAMERA_SHARP)
        scene.weather = -1;
    return scene;
}

static VdtPicture texture_of(const Scene *scene, guint8 *pixels)
{
    VdtPicture picture = {pixels, scene->width, scene->height, (gsize)3 * scene->width};
    texture_draw(scene->seed, &picture);
    if (scene->darkened)
        camera_darken(scene->seed, &picture);
    return picture;
}

/* Of textures it is known once they are there whether they are dark; a small one says it, too. */
static int light_of_texture(const Scene *scene)
{
    Scene small = *scene;
    small.width = 64;
    small.height = 36;
    g_autofree guint8 *pixels = g_malloc((gsize)3 * small.width * small.height);
    VdtPicture picture = texture_of(&small, pixels);
    double brightness = camera_get_brightness(&picture);
    return scene->darkened && brightness < DARK      ? SCENE_NIGHT
           : !scene->darkened && brightness > BRIGHT ? SCENE_DAY
                                                     : -1;
}

static guint8 answer(int label)
{
    return label < 0 ? CLIP_NO_ANSWER : (guint8)label;
}

static gboolean is_coded(const StreetScenes *scenes, guint clip)
{
    return scenes->coded > 0 && (scenes->first + clip) / TEXTURED % scenes->coded == 0;
}

static ClipInfo describe(const StreetScenes *scenes, guint clip)
{
    Scene scene = choose(scenes, clip);
    if (scene.textured && scene.light >= 0)
        scene.light = light_of_texture(&scene);
    return (ClipInfo){.condition = -1,
                      .coded = is_coded(scenes, clip),
                      .textured = scene.textured,
                      .answers = {[SCENE_LIGHT] = answer(scene.light),
                                  [SCENE_WEATHER] = answer(scene.weather),
                                  [SCENE_CAMERA] = (guint8)scene.camera}};
}

static ClipInfo info(const ClipSet *set, guint clip)
{
    const StreetScenes *scenes = (const StreetScenes *)set;
    if (!scenes->known[clip]) {
        scenes->infos[clip] = describe(scenes, clip);
        scenes->known[clip] = TRUE;
    }
    return scenes->infos[clip];
}

static void draw_street(const Scene *scene, guint8 *pixels)
{
    g_autoptr(VdtStreet) street = NULL;
    gint64 time = scene->moment * DURATION;
    if (scene->endless) {
        VdtStreetOptions options = {.seed = scene->clip.seed, .conditions = scene->clip.conditions};
        street = vdt_street_new(&options);
        time = BEGIN + scene->moment * (END - BEGIN);
    } else {
        street = vdt_street_new_clip(&scene->clip);
    }
    g_autoptr(VdtStreetPainter) painter =
        vdt_street_painter_new(street, scene->width, scene->height);
    street_draw_rgb(painter, time, scene->width, scene->height, pixels);
}

static gboolean fill(const ClipSet *set, guint item, guint8 *clip, GCancellable *cancellable,
                     GError **error)
{
    const StreetScenes *scenes = (const StreetScenes *)set;
    Scene scene = choose(scenes, item);
    g_autofree guint8 *pixels = g_malloc((gsize)4 * scene.width * scene.height);
    VdtPicture picture = {pixels, scene.width, scene.height, (gsize)3 * scene.width};
    if (scene.textured)
        texture_of(&scene, pixels);
    else
        draw_street(&scene, pixels);
    camera_fault_apply(scene.camera, scene.seed, &picture);
    if (scene.noise > 0)
        camera_add_noise(scene.noise, scene.seed, &picture);
    if (is_coded(scenes, item) && !street_send_picture(&picture, error))
        return FALSE;
    clip_format_store(&set->format, &picture, clip, 0);
    return TRUE;
}

static void finalize(ClipSet *set)
{
    StreetScenes *scenes = (StreetScenes *)set;
    g_free(scenes->infos);
    g_free(scenes->known);
}

static ClipSet *scenes_open(guint64 seed, guint64 first, guint n, guint coded,
                            const ClipFormat *format, GError **error)
{
    const char *encoder = street_find_encoder(coded, error);
    if (encoder == NULL)
        return NULL;
    StreetScenes *scenes = g_new0(StreetScenes, 1);
    ClipSet *set = &scenes->set;
    scenes->seed = seed;
    scenes->first = first;
    scenes->coded = coded;
    scenes->infos = g_new0(ClipInfo, n);
    scenes->known = g_new0(gboolean, n);
    set->format = *format;
    set->n_items = n;
    set->group = 1;
    set->info = info;
    set->fill = fill;
    set->finalize = finalize;
    street_task_set(&street_scenes_task, set);
    g_autoptr(GString) key = g_string_new("street scenes\n");
    street_describe(seed, first, coded, encoder, DURATION, key);
    g_string_append_printf(key, "scenes: %d\n", VERSION);
    clip_format_describe(format, key);
    set->key = g_string_free(g_steal_pointer(&key), FALSE);
    return set;
}

static const char *const background[] = {"day", "clear", "sharp", NULL};

const StreetTask street_scenes_task = {
    .name = "scene",
    .title = "what pictures of the synthetic street are like",
    .labels = labels,
    .groups = groups,
    .n_groups = G_N_ELEMENTS(groups),
    .background = background,
    .size = 144,
    .config = "{\"arch\": \"deit\", \"norm\": \"linearnorm\", \"attention\": \"linear\", "
              "\"dim\": 96, \"depth\": 6, \"heads\": 3, \"patch\": 8, \"img_size\": 144}",
    .alarms = SCENE_CAMERA,
    .open = scenes_open};
