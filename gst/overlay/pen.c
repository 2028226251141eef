/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pen.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

#define FONT         "Sans"
/* Of text in em, see below for pictures. */
#define TITLE_SIZE   0.8
#define TAG_SIZE     0.85
#define SMALLEST     9.0 /* rows: smaller text cannot be read */
/* A label without a score is a sentence, it may take this many rows. */
#define SENTENCE     3
#define NARROWEST    6.0
#define WIDEST       20.0
/* Widths grow in steps, so that a panel does not change its own with every label. */
#define WIDTH_STEP   2.0
#define PAD          0.5
#define GAP          0.6  /* from a label to its score */
#define BAR_ABOVE    0.14 /* from a label to its bar */
#define BAR          0.16
#define BETWEEN      0.28 /* from a row to the next */
#define ROUNDING     0.35
#define PATCH        0.7 /* a class's colour, in front of its label */
#define PATCH_GAP    0.35
#define TEXT_ALPHA   0.96
#define OLD_ALPHA    0.62
#define OTHERS_ALPHA 0.8 /* of all labels but the best */

static const VdtOverlayColour accent = {0.25, 0.72, 1.0};
static const VdtOverlayColour stale = {0.65, 0.65, 0.65};

struct _VdtOverlayPen {
    PangoFontMap *fonts;
    PangoContext *context;
};

/* Text */

static PangoLayout *layout_new(VdtOverlayPen *pen, double size, const char *text)
{
    PangoLayout *layout = pango_layout_new(pen->context);
    PangoFontDescription *font = pango_font_description_from_string(FONT);

    pango_font_description_set_absolute_size(font, MAX(size, SMALLEST) * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_text(layout, text, -1);
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    return layout;
}

static double layout_width(PangoLayout *layout)
{
    int width;

    pango_layout_get_size(layout, &width, NULL);
    return (double)width / PANGO_SCALE;
}

static double layout_height(PangoLayout *layout)
{
    int height;

    pango_layout_get_size(layout, NULL, &height);
    return (double)height / PANGO_SCALE;
}

static void layout_limit(PangoLayout *layout, double width, int rows)
{
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_height(layout, -rows);
}

/* With a shadow, for where the ground is thin. */
static void draw_text(cairo_t *cr, double x, double y, PangoLayout *layout, double em, double alpha)
{
    const double away = MAX(em / 16, 0.75);

    cairo_set_source_rgba(cr, 0, 0, 0, 0.75 * alpha);
    cairo_move_to(cr, x + away, y + away);
    pango_cairo_show_layout(cr, layout);
    cairo_set_source_rgba(cr, 1, 1, 1, alpha);
    cairo_move_to(cr, x, y);
    pango_cairo_show_layout(cr, layout);
}

VdtOverlayPen *vdt_overlay_pen_new(void)
{
    VdtOverlayPen *pen = g_new0(VdtOverlayPen, 1);
    cairo_font_options_t *options = cairo_font_options_create();
    g_autoptr(PangoLayout) layout = NULL;

    /* not the thread's own: the one that draws is another */
    pen->fonts = pango_cairo_font_map_new();
    pen->context = pango_font_map_create_context(pen->fonts);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(pen->context, options);
    cairo_font_options_destroy(options);
    /* finds the font and reads it, so that the first picture need not */
    layout = layout_new(pen, SMALLEST, "Vedette 100%");
    layout_width(layout);
    return pen;
}

void vdt_overlay_pen_free(VdtOverlayPen *pen)
{
    g_object_unref(pen->context);
    g_object_unref(pen->fonts);
    g_free(pen);
}

static void trace_rounded(cairo_t *cr, double x, double y, double width, double height,
                          double radius)
{
    cairo_new_sub_path(cr);
    cairo_arc(cr, x + width - radius, y + radius, radius, -G_PI_2, 0);
    cairo_arc(cr, x + width - radius, y + height - radius, radius, 0, G_PI_2);
    cairo_arc(cr, x + radius, y + height - radius, radius, G_PI_2, G_PI);
    cairo_arc(cr, x + radius, y + radius, radius, G_PI, 3 * G_PI_2);
    cairo_close_path(cr);
}

static void draw_ground(VdtOverlaySheet *sheet, const VdtOverlayLook *look)
{
    trace_rounded(sheet->cr, 0, 0, sheet->width, sheet->height, ROUNDING * look->em);
    cairo_set_source_rgba(sheet->cr, 0.04, 0.05, 0.07, look->opacity);
    cairo_fill(sheet->cr);
}

/* Panels */

typedef struct {
    PangoLayout *label, *score; /* no score: NULL */
    double indent;              /* room for a patch of colour; 0: there is none */
    double height;
} Row;

typedef struct {
    PangoLayout *title; /* NULL for none */
    Row rows[VDT_OVERLAY_LINES];
    guint n_rows;
    double width, height; /* of what is inside */
    double scores;        /* width of the column of scores; 0 if there is none */
} Rows;

static void rows_make(Rows *rows, VdtOverlayPen *pen, const VdtOverlayPanel *panel, double em)
{
    double widest = 0;

    *rows = (Rows){0};
    if (panel->title[0]) {
        rows->title = layout_new(pen, TITLE_SIZE * em, panel->title);
        widest = layout_width(rows->title);
    }
    for (guint i = 0; i < panel->n_lines; i++) {
        const VdtOverlayLine *line = &panel->lines[i];
        Row *row = &rows->rows[rows->n_rows++];
        char percent[16];

        row->label = layout_new(pen, em, line->text);
        row->indent = line->colour ? (PATCH + PATCH_GAP) * em : 0;
        if (line->percent < 0)
            continue;
        if (!rows->scores) {
            g_autoptr(PangoLayout) most = layout_new(pen, em, "100%");

            rows->scores = layout_width(most) + GAP * em;
        }
        g_snprintf(percent, sizeof percent, "%d%%", line->percent);
        row->score = layout_new(pen, em, percent);
    }
    for (guint i = 0; i < rows->n_rows; i++)
        widest =
            MAX(widest, rows->rows[i].indent + layout_width(rows->rows[i].label) + rows->scores);
    rows->width = MAX(ceil(widest / (WIDTH_STEP * em)) * WIDTH_STEP, NARROWEST) * em;
}

/* Fits the rows into a space; FALSE if not one of them does. */
static gboolean rows_fit(Rows *rows, double width, double height, double em)
{
    guint n = 0;

    rows->width = MIN(rows->width, width);
    if (rows->width < NARROWEST * em)
        return FALSE;
    if (rows->title) {
        layout_limit(rows->title, rows->width, 1);
        rows->height = layout_height(rows->title) + BETWEEN * em / 2;
    }
    for (n = 0; n < rows->n_rows; n++) {
        Row *row = &rows->rows[n];

        layout_limit(row->label, rows->width - row->indent - (row->score ? rows->scores : 0),
                     row->score ? 1 : SENTENCE);
        row->height = layout_height(row->label) + (row->score ? (BAR_ABOVE + BAR) * em : 0);
        if (rows->height + row->height > height)
            break;
        rows->height += row->height + BETWEEN * em;
    }
    rows->height -= BETWEEN * em;
    while (rows->n_rows > n) {
        Row *left_out = &rows->rows[--rows->n_rows];

        g_clear_object(&left_out->label);
        g_clear_object(&left_out->score);
    }
    return n > 0;
}

static void rows_clear(Rows *rows)
{
    g_clear_object(&rows->title);
    for (guint i = 0; i < rows->n_rows; i++) {
        g_clear_object(&rows->rows[i].label);
        g_clear_object(&rows->rows[i].score);
    }
}

static VdtOverlayColour colour_of(guint32 rgb)
{
    return (VdtOverlayColour){(rgb >> 16 & 0xff) / 255.0, (rgb >> 8 & 0xff) / 255.0,
                              (rgb & 0xff) / 255.0};
}

static void draw_patch(cairo_t *cr, double x, double y, double height, double em, guint32 rgb)
{
    const VdtOverlayColour colour = colour_of(rgb);

    trace_rounded(cr, x, y + (height - PATCH * em) / 2, PATCH * em, PATCH * em, em / 8);
    vdt_overlay_set_colour(cr, &colour, 1);
    cairo_fill(cr);
}

static void draw_bar(cairo_t *cr, double y, double width, double em, double share, gboolean old)
{
    const double x = PAD * em, height = BAR * em;

    trace_rounded(cr, x, y, width, height, height / 2);
    cairo_set_source_rgba(cr, 1, 1, 1, 0.2);
    cairo_fill(cr);
    if (share <= 0)
        return;
    trace_rounded(cr, x, y, MAX(share * width, height), height, height / 2);
    vdt_overlay_set_colour(cr, old ? &stale : &accent, old ? 0.6 : 1);
    cairo_fill(cr);
}

static void draw_rows(VdtOverlaySheet *sheet, const Rows *rows, const VdtOverlayPanel *panel,
                      double em)
{
    cairo_t *cr = sheet->cr;
    const double x = PAD * em, fade = panel->old ? OLD_ALPHA : 1;
    double y = PAD * em;

    if (rows->title) {
        draw_text(cr, x, y, rows->title, em, OTHERS_ALPHA * fade);
        y += layout_height(rows->title) + BETWEEN * em / 2;
    }
    for (guint i = 0; i < rows->n_rows; i++) {
        const Row *row = &rows->rows[i];
        const double alpha = fade * (i == 0 ? TEXT_ALPHA : OTHERS_ALPHA);

        draw_text(cr, x + row->indent, y, row->label, em, alpha);
        if (row->indent > 0)
            draw_patch(cr, x, y, layout_height(row->label), em, panel->lines[i].colour);
        if (row->score) {
            draw_text(cr, x + rows->width - layout_width(row->score), y, row->score, em, alpha);
            draw_bar(cr, y + row->height - BAR * em, rows->width, em,
                     panel->lines[i].percent / 100.0, panel->old);
        }
        y += row->height + BETWEEN * em;
    }
}

GstBuffer *vdt_overlay_pen_panel(VdtOverlayPen *pen, const VdtOverlayLook *look,
                                 const VdtOverlayPanel *panel, guint max_width, guint max_height)
{
    const double em = look->em, around = 2 * PAD * em;
    GstBuffer *picture = NULL;
    VdtOverlaySheet sheet;
    Rows rows;

    rows_make(&rows, pen, panel, em);
    /* two less: sizes are rounded up */
    if (rows_fit(&rows, MIN((max_width - 2.0) / look->squeeze - around, WIDEST * em),
                 max_height - 2.0 - around, em) &&
        vdt_overlay_sheet_open(&sheet, look, rows.width + around, rows.height + around)) {
        draw_ground(&sheet, look);
        draw_rows(&sheet, &rows, panel, em);
        picture = vdt_overlay_sheet_close(&sheet);
    }
    rows_clear(&rows);
    return picture;
}

/* Maps */

static guint32 premultiply(guint32 argb, double opacity)
{
    guint32 out = (guint32)lround(opacity * 255) << 24;

    if (!argb)
        return 0;
    for (int shift = 16; shift >= 0; shift -= 8)
        out |= (guint32)lround((argb >> shift & 0xff) * opacity) << shift;
    return out;
}

GstBuffer *vdt_overlay_pen_map(const VdtOverlayLook *look, const VdtOverlayMap *map, guint width,
                               guint height)
{
    GstBuffer *picture = vdt_overlay_picture_new(width, height);
    guint32 colours[256];
    GstMapInfo from, to;

    if (!gst_buffer_map(map->classes, &from, GST_MAP_READ)) {
        gst_buffer_unref(picture);
        return NULL;
    }
    for (guint c = 0; c < G_N_ELEMENTS(colours); c++)
        colours[c] = premultiply(map->colours[c], look->map_opacity);
    if (gst_buffer_map(picture, &to, GST_MAP_WRITE)) {
        for (guint y = 0; y < height; y++) {
            const guint8 *row = from.data + (gsize)((guint64)y * map->height / height) * map->width;
            guint32 *out = (guint32 *)(gpointer)(to.data + (gsize)4 * width * y);

            for (guint x = 0; x < width; x++)
                out[x] = colours[row[(guint64)x * map->width / width]];
        }
        gst_buffer_unmap(picture, &to);
    } else {
        gst_clear_buffer(&picture);
    }
    gst_buffer_unmap(map->classes, &from);
    return picture;
}

/* Tags */

GstBuffer *vdt_overlay_pen_tag(VdtOverlayPen *pen, const VdtOverlayLook *look,
                               const VdtOverlayTag *tag, guint max_width)
{
    const double em = look->em, pad = 0.3 * em, edge = 0.2 * em;
    const double most = (max_width - 2.0) / look->squeeze - 2 * pad - edge;
    g_autoptr(PangoLayout) layout = layout_new(pen, TAG_SIZE * em, tag->text);
    const double width = MIN(layout_width(layout), most);
    VdtOverlaySheet sheet;

    if (width < em / 2)
        return NULL;
    layout_limit(layout, ceil(width), 1);
    if (!vdt_overlay_sheet_open(&sheet, look, width + 2 * pad + edge,
                                layout_height(layout) + pad / 2))
        return NULL;
    draw_ground(&sheet, look);
    /* says whose tag it is */
    cairo_rectangle(sheet.cr, 0, 0, edge, sheet.height);
    vdt_overlay_set_colour(sheet.cr, vdt_overlay_colour(tag->kind), 1);
    cairo_fill(sheet.cr);
    draw_text(sheet.cr, edge + pad, pad / 4, layout, em, TEXT_ALPHA);
    return vdt_overlay_sheet_close(&sheet);
}
