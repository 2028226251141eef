/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The curve as a picture: loss on the left axis, the score on the right one: the share of right
 * answers, or if it is more than all, dB. */
#include <gio/gio.h>
#include <math.h>

#include "curve.h"
#include "surface.h"

#define WIDTH  900
#define HEIGHT 480
#define LEFT   64
#define RIGHT  64
#define TOP    40
#define BOTTOM 48
#define ACROSS (WIDTH - LEFT - RIGHT)
#define DOWN   (HEIGHT - TOP - BOTTOM)

typedef struct {
    cairo_t *cr;
    const CurveRow *rows;
    guint n;
    double epochs, most_loss, most_score; /* ends of the axes */
} Plot;

static void set_colour(cairo_t *cr, guint rgb)
{
    cairo_set_source_rgb(cr, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0,
                         (rgb & 255) / 255.0);
}

/* @anchor: 0 begins, 0.5 is centred, 1 ends at x. */
static void write_text(cairo_t *cr, double x, double y, double anchor, const char *text)
{
    cairo_text_extents_t extents;
    cairo_text_extents(cr, text, &extents);
    cairo_move_to(cr, x - anchor * extents.x_advance, y);
    cairo_show_text(cr, text);
}

/* 1, 2 or 5 times a power of ten, so that there are 4 to 10 steps. */
static double nice_step(double most)
{
    double power = pow(10, floor(log10(most / 4)));
    double steps = most / power;
    return power * (steps < 10 ? 1 : steps < 20 ? 2 : 5);
}

static double x_of(const Plot *plot, const CurveRow *row)
{
    return LEFT + ACROSS * row->epoch / plot->epochs;
}

static double y_of(double value, double most)
{
    return TOP + DOWN * (1 - CLAMP(value / most, 0, 1));
}

static double take_loss(const CurveRow *row)
{
    return row->loss;
}
static double take_val_loss(const CurveRow *row)
{
    return row->val_loss;
}
static double take_score(const CurveRow *row)
{
    return row->score;
}

/* A line through the rows that have the value. */
static void draw_line(const Plot *plot, double (*take)(const CurveRow *), double most, guint rgb,
                      const char *name, double place)
{
    cairo_t *cr = plot->cr;
    set_colour(cr, rgb);
    write_text(cr, LEFT + place * ACROSS, TOP - 10, 0.5, name);
    cairo_new_path(cr);
    for (guint i = 0; i < plot->n; i++)
        if (isfinite(take(&plot->rows[i])))
            cairo_line_to(cr, x_of(plot, &plot->rows[i]), y_of(take(&plot->rows[i]), most));
    cairo_stroke(cr);
}

static void draw_axes(const Plot *plot)
{
    cairo_t *cr = plot->cr;
    char text[32];
    cairo_set_line_width(cr, 1);
    for (int i = 0; i <= 10; i++) {
        double y = y_of(i, 10);
        set_colour(cr, 0xe4e4e4);
        cairo_move_to(cr, LEFT, y);
        cairo_line_to(cr, LEFT + ACROSS, y);
        cairo_stroke(cr);
        set_colour(cr, 0x333333);
        if (i % 2 == 0) {
            if (plot->most_score > 1)
                g_snprintf(text, sizeof text, "%g dB", plot->most_score * i / 10);
            else
                g_snprintf(text, sizeof text, "%d %%", 10 * i);
            write_text(cr, LEFT + ACROSS + 8, y + 4, 0, text);
            g_snprintf(text, sizeof text, "%.2g", plot->most_loss * i / 10);
            write_text(cr, LEFT - 8, y + 4, 1, text);
        }
    }
    double step = nice_step(plot->epochs);
    for (double epoch = 0; epoch <= plot->epochs * 1.0001; epoch += step) {
        g_snprintf(text, sizeof text, "%g", epoch);
        write_text(cr, LEFT + ACROSS * epoch / plot->epochs, TOP + DOWN + 18, 0.5, text);
    }
    write_text(cr, LEFT + ACROSS / 2, HEIGHT - 10, 0.5, "epochs");
    write_text(cr, LEFT, TOP - 10, 0.5, "loss");
    write_text(cr, LEFT + ACROSS, TOP - 10, 0.5, plot->most_score > 1 ? "PSNR" : "right");
}

static void draw(Plot *plot, const char *title)
{
    cairo_t *cr = plot->cr;
    set_colour(cr, 0xffffff);
    cairo_paint(cr);
    cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, 13);
    plot->epochs = 1e-6;
    plot->most_loss = 1e-6;
    plot->most_score = 1;
    for (guint i = 0; i < plot->n; i++) {
        plot->epochs = MAX(plot->epochs, plot->rows[i].epoch);
        if (isfinite(plot->rows[i].loss))
            plot->most_loss = MAX(plot->most_loss, plot->rows[i].loss);
        if (plot->rows[i].score > plot->most_score)
            plot->most_score = 10 * ceil(plot->rows[i].score / 10);
    }
    draw_axes(plot);
    set_colour(cr, 0x111111);
    write_text(cr, WIDTH / 2.0, 20, 0.5, title);
    cairo_set_line_width(cr, 1.6);
    draw_line(plot, take_loss, plot->most_loss, 0x9ab8d8, "training loss", 0.22);
    draw_line(plot, take_val_loss, plot->most_loss, 0x1f5fa8, "validation loss", 0.45);
    draw_line(plot, take_score, plot->most_score, 0xd2691e, "score in validation", 0.7);
}

gboolean curve_draw(const Curve *curve, const char *path, const char *title, GError **error)
{
    Plot plot = {NULL};
    plot.rows = curve_get_rows(curve, &plot.n);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
    plot.cr = cairo_create(surface);
    draw(&plot, title);
    cairo_destroy(plot.cr);
    gboolean ok = surface_save(surface, path, error);
    cairo_surface_destroy(surface);
    return ok;
}
