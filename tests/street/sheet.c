/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures of the street to look at: a sheet of a clip's frames, or one frame. */
#include <street.h>

#include <cairo.h>
#include <stdlib.h>
#include <string.h>

static int width = 320, height = 180, columns = 4, rows = 4;
static double at = -1, bad = 0.8, duration = 2.4;
static gboolean classes, clean, endless, seeds;

static const GOptionEntry options[] = {
    {"width", 0, 0, G_OPTION_ARG_INT, &width, "Width of a frame", "PIXELS"},
    {"height", 0, 0, G_OPTION_ARG_INT, &height, "Height of a frame", "PIXELS"},
    {"columns", 0, 0, G_OPTION_ARG_INT, &columns, "Frames beside each other", "N"},
    {"rows", 0, 0, G_OPTION_ARG_INT, &rows, "Frames below each other", "N"},
    {"at", 0, 0, G_OPTION_ARG_DOUBLE, &at, "One frame only, at this time", "SECONDS"},
    {"bad", 0, 0, G_OPTION_ARG_DOUBLE, &bad, "How bad the condition is, 0 to 1", "SHARE"},
    {"duration", 0, 0, G_OPTION_ARG_DOUBLE, &duration, "Of the clip", "SECONDS"},
    {"seeds", 0, 0, G_OPTION_ARG_NONE, &seeds, "Another seed in each frame, all at --at", NULL},
    {"classes", 0, 0, G_OPTION_ARG_NONE, &classes, "Show the classes of pixels", NULL},
    {"clean", 0, 0, G_OPTION_ARG_NONE, &clean, "Without weather and noise", NULL},
    {"endless", 0, 0, G_OPTION_ARG_NONE, &endless, "The endless street; ACTION is ignored", NULL},
    {NULL}};

static void show(VdtStreetPainter *painter, gint64 time, guint8 *pixels, gsize stride)
{
    static const guint32 colours[VDT_STREET_N_CLASSES] = {
        0x8fc7ff, 0xb08968, 0x555560, 0xc8c8b8, 0x3f8f3f, 0xff4040, 0x4060ff, 0xffb000, 0xffff40};

    if (!classes && clean) {
        vdt_street_painter_draw_clean(painter, time, pixels, stride);
    } else if (!classes) {
        vdt_street_painter_draw(painter, time, pixels, stride);
    } else {
        g_autofree guint8 *map = g_malloc((gsize)width * height);

        vdt_street_painter_classes(painter, time, map, width);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                memcpy(pixels + y * stride + 4 * x, &colours[map[y * width + x]], 4);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context = g_option_context_new("OUT.png ACTION CONDITION SEED");
    VdtStreetConditions now = {0};
    double *fields[VDT_STREET_N_CONDITIONS] = {
        NULL, &now.night, &now.rain, &now.snow, &now.haze, &now.noise, &now.shake,
    };
    guint action = 0, condition = 0;

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || argc != 5) {
        g_printerr("%s\n", error ? error->message : "usage: OUT.png ACTION CONDITION SEED");
        return 2;
    }
    while (action < VDT_STREET_N_ACTIONS && strcmp(argv[2], vdt_street_action_name(action)) != 0)
        action++;
    while (condition < VDT_STREET_N_CONDITIONS &&
           strcmp(argv[3], vdt_street_condition_name(condition)) != 0)
        condition++;
    if (action == VDT_STREET_N_ACTIONS || condition == VDT_STREET_N_CONDITIONS) {
        g_printerr("no such action or condition\n");
        return 2;
    }
    if (fields[condition] != NULL)
        *fields[condition] = bad;
    VdtStreetClip clip = {.seed = g_ascii_strtoull(argv[4], NULL, 10),
                          .action = action,
                          .conditions = now,
                          .duration = (gint64)(duration * 1e9)};
    if (at >= 0 && !seeds)
        columns = rows = 1;
    cairo_surface_t *sheet =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, columns * width, rows * height);
    guint8 *pixels = cairo_image_surface_get_data(sheet);
    gsize stride = cairo_image_surface_get_stride(sheet);
    int n = columns * rows;
    for (int i = 0; i < n; i++, clip.seed += seeds) {
        VdtStreetOptions all = {.seed = clip.seed, .conditions = now};
        g_autoptr(VdtStreet) street = endless ? vdt_street_new(&all) : vdt_street_new_clip(&clip);
        g_autoptr(VdtStreetPainter) painter = vdt_street_painter_new(street, width, height);
        double time = at >= 0 ? at : seeds ? duration / 2 : duration * i / n;

        show(painter, (gint64)(time * 1e9),
             pixels + i / columns * height * stride + i % columns * width * 4, stride);
    }
    cairo_surface_mark_dirty(sheet);
    int failed = cairo_surface_write_to_png(sheet, argv[1]) != CAIRO_STATUS_SUCCESS;
    cairo_surface_destroy(sheet);
    if (failed)
        g_printerr("%s: cannot be written\n", argv[1]);
    return failed;
}
