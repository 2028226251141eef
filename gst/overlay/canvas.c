/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas.h"

#include <math.h>

#include "pen.h"

/* Text in shares of the frame's shorter side; no smaller than can be read on small frames. */
#define TEXT_SHARE   0.028
#define TEXT_FLOOR   12.0
#define TEXT_LEAST   9.0 /* whatever the scale */
#define TEXT_MOST    512.0
#define MARGIN       0.7 /* em, from a panel to the frame's edge */
#define BETWEEN      0.4 /* em, from a panel to the next */
#define PANEL_SHARE  0.6 /* of the frame's width */
#define TAG_SHARE    0.4
#define LINE         11.0 /* em in half a box's line */
#define MOST_SQUEEZE 4.0
#define TILE         32 /* rows and columns, even */

/* A picture that was drawn, and where it was shown last. */
typedef struct {
    GstBuffer *pixels; /* NULL: there is no room for it */
    guint width, height;
    GstVideoOverlayRectangle *placed; /* NULL if it was not shown yet */
    GPtrArray *tiles;                 /* in place of that: rectangles, for zones; else NULL */
    guint x, y;
    guint64 shown; /* number of the composition */
} Sprite;

struct _VdtOverlayCanvas {
    VdtOverlayPen *pen;
    guint width, height;
    double squeeze;

    VdtOverlayLook look; /* of the pictures */
    GHashTable *sprites; /* by the bytes of what they show */
    GHashTable *lines;   /* of boxes, two for each kind */
    guint64 count;       /* of compositions */

    /* the last one, and what it was made for */
    gboolean composed;
    VdtOverlayShow show;
    GstBuffer *held[VDT_OVERLAY_MAPS]; /* so that no other map takes the place of one in memory */
    VdtOverlayStyle style;
    GstVideoOverlayComposition *composition; /* NULL if nothing fits */
};

static void sprite_free(gpointer data)
{
    Sprite *sprite = data;

    gst_clear_buffer(&sprite->pixels);
    g_clear_pointer(&sprite->placed, gst_video_overlay_rectangle_unref);
    g_clear_pointer(&sprite->tiles, g_ptr_array_unref);
    g_free(sprite);
}

/* Takes @pixels. */
static Sprite *sprite_new(GstBuffer *pixels)
{
    Sprite *sprite = g_new0(Sprite, 1);

    sprite->pixels = pixels;
    if (pixels) {
        const GstVideoMeta *meta = gst_buffer_get_video_meta(pixels);

        sprite->width = meta->width;
        sprite->height = meta->height;
    }
    return sprite;
}

VdtOverlayCanvas *vdt_overlay_canvas_new(void)
{
    VdtOverlayCanvas *canvas = g_new0(VdtOverlayCanvas, 1);

    canvas->pen = vdt_overlay_pen_new();
    canvas->sprites = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
                                            (GDestroyNotify)g_bytes_unref, sprite_free);
    canvas->lines = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)gst_buffer_unref);
    canvas->squeeze = 1;
    return canvas;
}

static void forget_composition(VdtOverlayCanvas *canvas)
{
    canvas->composed = FALSE;
    g_clear_pointer(&canvas->composition, gst_video_overlay_composition_unref);
}

static void forget_pictures(VdtOverlayCanvas *canvas)
{
    forget_composition(canvas);
    g_hash_table_remove_all(canvas->sprites);
    g_hash_table_remove_all(canvas->lines);
}

void vdt_overlay_canvas_free(VdtOverlayCanvas *canvas)
{
    forget_composition(canvas);
    for (guint i = 0; i < VDT_OVERLAY_MAPS; i++)
        gst_clear_buffer(&canvas->held[i]);
    g_hash_table_unref(canvas->sprites);
    g_hash_table_unref(canvas->lines);
    vdt_overlay_pen_free(canvas->pen);
    g_free(canvas);
}

void vdt_overlay_canvas_set_info(VdtOverlayCanvas *canvas, const GstVideoInfo *info)
{
    const double squeeze = (double)GST_VIDEO_INFO_PAR_D(info) / GST_VIDEO_INFO_PAR_N(info);

    canvas->width = (guint)GST_VIDEO_INFO_WIDTH(info);
    canvas->height = (guint)GST_VIDEO_INFO_HEIGHT(info);
    canvas->squeeze = CLAMP(squeeze, 1 / MOST_SQUEEZE, MOST_SQUEEZE);
    forget_pictures(canvas);
}

/* Has the look follow the frame and the properties; pictures of another look are void. */
static void set_look(VdtOverlayCanvas *canvas, const VdtOverlayStyle *style)
{
    const double side = MIN(canvas->height, canvas->width / canvas->squeeze);
    const double em = MAX(TEXT_SHARE * side, TEXT_FLOOR) * style->font_scale;
    const VdtOverlayLook look = {CLAMP(em, TEXT_LEAST, TEXT_MOST), canvas->squeeze, style->opacity,
                                 style->map_opacity};

    if (look.em == canvas->look.em && look.squeeze == canvas->look.squeeze &&
        look.opacity == canvas->look.opacity && look.map_opacity == canvas->look.map_opacity)
        return;
    forget_pictures(canvas);
    canvas->look = look;
}

static guint down_to_even(double length)
{
    return (guint)MAX(length, 0) & ~1u;
}

/* Placing */

static void add(GstVideoOverlayComposition **to, GstVideoOverlayRectangle *rectangle)
{
    if (*to)
        gst_video_overlay_composition_add_rectangle(*to, rectangle);
    else
        *to = gst_video_overlay_composition_new(rectangle);
}

static GstVideoOverlayRectangle *rectangle_new(GstBuffer *pixels, guint x, guint y, guint width,
                                               guint height)
{
    return gst_video_overlay_rectangle_new_raw(pixels, (int)x, (int)y, width, height,
                                               GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);
}

/* A sprite that stays where it was is the same rectangle: sinks upload it only once. */
static void show_sprite(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to, Sprite *sprite,
                        guint x, guint y)
{
    sprite->shown = canvas->count;
    if (!sprite->placed || sprite->x != x || sprite->y != y) {
        g_clear_pointer(&sprite->placed, gst_video_overlay_rectangle_unref);
        sprite->placed = rectangle_new(sprite->pixels, x, y, sprite->width, sprite->height);
        sprite->x = x;
        sprite->y = y;
    }
    add(to, sprite->placed);
}

/* Maps, panels, zones and tags differ in size, so their bytes tell them apart. */
static Sprite *find_sprite(VdtOverlayCanvas *canvas, gconstpointer what, gsize size)
{
    g_autoptr(GBytes) key = g_bytes_new_static(what, size);
    Sprite *sprite = g_hash_table_lookup(canvas->sprites, key);

    if (sprite)
        sprite->shown = canvas->count;
    return sprite;
}

/* Takes @pixels, which may be NULL: that there is no room is worth keeping, too. */
static Sprite *keep_sprite(VdtOverlayCanvas *canvas, gconstpointer what, gsize size,
                           GstBuffer *pixels)
{
    Sprite *sprite = sprite_new(pixels);

    sprite->shown = canvas->count;
    g_hash_table_insert(canvas->sprites, g_bytes_new(what, size), sprite);
    return sprite;
}

static gboolean is_gone(gpointer key, gpointer value, gpointer canvas)
{
    return ((const Sprite *)value)->shown != ((const VdtOverlayCanvas *)canvas)->count;
}

/* Panels */

static Sprite *get_panel(VdtOverlayCanvas *canvas, const VdtOverlayPanel *panel)
{
    const double margin = MARGIN * canvas->look.em;
    Sprite *sprite = find_sprite(canvas, panel, sizeof *panel);

    if (sprite)
        return sprite;
    return keep_sprite(canvas, panel, sizeof *panel,
                       vdt_overlay_pen_panel(canvas->pen, &canvas->look, panel,
                                             down_to_even(PANEL_SHARE * canvas->width),
                                             down_to_even(canvas->height - 2 * margin)));
}

static gboolean is_right(VdtOverlayPosition position)
{
    return position == VDT_OVERLAY_TOP_RIGHT || position == VDT_OVERLAY_BOTTOM_RIGHT;
}

static gboolean is_bottom(VdtOverlayPosition position)
{
    return position == VDT_OVERLAY_BOTTOM_LEFT || position == VDT_OVERLAY_BOTTOM_RIGHT;
}

/* One below the other, as many as there is room for. */
static void add_panels(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                       const VdtOverlayShow *show, VdtOverlayPosition position)
{
    const guint margin = down_to_even(MARGIN * canvas->look.em);
    const guint side = down_to_even(MARGIN * canvas->look.em * canvas->squeeze);
    const guint between = down_to_even(BETWEEN * canvas->look.em);
    Sprite *sprites[VDT_OVERLAY_PANELS];
    guint n, y = margin, total = 0;

    for (n = 0; n < show->n_panels; n++) {
        Sprite *sprite = get_panel(canvas, &show->panels[n]);
        const guint more = sprite->height + (n > 0 ? between : 0);

        if (!sprite->pixels || total + more + 2 * margin > canvas->height ||
            sprite->width + 2 * side > canvas->width)
            break;
        sprites[n] = sprite;
        total += more;
    }
    if (is_bottom(position))
        y = (canvas->height - margin - total) & ~1u;
    for (guint i = 0; i < n; i++) {
        const guint x =
            is_right(position) ? (canvas->width - side - sprites[i]->width) & ~1u : side;

        show_sprite(canvas, to, sprites[i], x, y);
        y += sprites[i]->height + between;
    }
}

/* Maps */

static void add_map(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                    const VdtOverlayMap *map)
{
    Sprite *sprite = find_sprite(canvas, map, sizeof *map);

    if (!sprite)
        sprite =
            keep_sprite(canvas, map, sizeof *map,
                        vdt_overlay_pen_map(&canvas->look, map, canvas->width, canvas->height));
    if (sprite->pixels)
        show_sprite(canvas, to, sprite, 0, 0);
}

/* Boxes */

/* Part of a long line, which all boxes of its kind share. */
static void add_line(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to, guint kind, guint x,
                     guint y, guint width, guint height, gboolean across)
{
    const gpointer key = GUINT_TO_POINTER((kind % VDT_OVERLAY_COLOURS) * 2 + across);
    GstBuffer *line = g_hash_table_lookup(canvas->lines, key);
    g_autoptr(GstBuffer) part = NULL;
    g_autoptr(GstVideoOverlayRectangle) rectangle = NULL;
    GstVideoMeta *whole;

    if (!line) {
        line = vdt_overlay_pen_line(kind, across ? canvas->width : width,
                                    across ? height : canvas->height);
        if (!line)
            return;
        g_hash_table_insert(canvas->lines, key, line);
    }
    whole = gst_buffer_get_video_meta(line);
    part = gst_buffer_new();
    gst_buffer_append_memory(part, gst_buffer_get_memory(line, 0));
    gst_buffer_add_video_meta_full(part, GST_VIDEO_FRAME_FLAG_NONE, whole->format, width, height, 1,
                                   whole->offset, whole->stride);
    rectangle = rectangle_new(part, x, y, width, height);
    add(to, rectangle);
}

typedef struct {
    guint left, top, right, bottom;
} Edges;

/* From @at, @length long, at least @least; inside of @size. FALSE if there is no room. */
static gboolean clip(guint at, guint length, guint least, guint size, guint *from, guint *to)
{
    const guint64 end = (guint64)at + length;

    if (at >= size || size < least)
        return FALSE;
    *from = at & ~1u;
    *to = (guint)MIN((end + 1) & ~(guint64)1, size);
    if (*to - *from < least) {
        *from = MIN(*from, (size - least) & ~1u);
        *to = *from + least;
    }
    return TRUE;
}

static void add_tag(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                    const VdtOverlayTag *tag, const Edges *box, guint line)
{
    Sprite *sprite = find_sprite(canvas, tag, sizeof *tag);
    guint y;

    if (!sprite)
        sprite = keep_sprite(canvas, tag, sizeof *tag,
                             vdt_overlay_pen_tag(canvas->pen, &canvas->look, tag,
                                                 down_to_even(TAG_SHARE * canvas->width)));
    if (!sprite->pixels || sprite->width > canvas->width || sprite->height > canvas->height)
        return;
    /* above the box; inside, if it is at the frame's top */
    y = box->top >= sprite->height ? box->top - sprite->height : box->top + line;
    show_sprite(canvas, to, sprite, MIN(box->left, (canvas->width - sprite->width) & ~1u),
                MIN(y, (canvas->height - sprite->height) & ~1u));
}

static void add_box(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                    const VdtOverlayBox *box)
{
    const guint down = 2 * (guint)MAX(lround(canvas->look.em / LINE), 1);
    const guint across = 2 * (guint)MAX(lround(canvas->look.em * canvas->squeeze / LINE), 1);
    const guint kind = box->tag.kind;
    Edges e;
    guint inner;

    if (!clip(box->x, box->width, 3 * across, canvas->width, &e.left, &e.right) ||
        !clip(box->y, box->height, 3 * down, canvas->height, &e.top, &e.bottom))
        return;
    inner = e.bottom - e.top - 2 * down;
    add_line(canvas, to, kind, e.left, e.top, e.right - e.left, down, TRUE);
    add_line(canvas, to, kind, e.left, e.bottom - down, e.right - e.left, down, TRUE);
    add_line(canvas, to, kind, e.left, e.top + down, across, inner, FALSE);
    add_line(canvas, to, kind, e.right - across, e.top + down, across, inner, FALSE);
    if (box->tag.text[0])
        add_tag(canvas, to, &box->tag, &e, down);
}

/* Zones */

/* Part of a picture, as a rectangle; the pixels are shared. */
static GstVideoOverlayRectangle *part_new(GstBuffer *picture, guint left, guint top, guint width,
                                          guint height, guint x, guint y)
{
    const GstVideoMeta *whole = gst_buffer_get_video_meta(picture);
    g_autoptr(GstBuffer) part = gst_buffer_new();
    gsize offset[GST_VIDEO_MAX_PLANES] = {whole->offset[0] + (gsize)top * (gsize)whole->stride[0] +
                                          (gsize)4 * left};
    gint stride[GST_VIDEO_MAX_PLANES] = {whole->stride[0]};

    gst_buffer_append_memory(part, gst_buffer_get_memory(picture, 0));
    gst_buffer_add_video_meta_full(part, GST_VIDEO_FRAME_FLAG_NONE, whole->format, width, height, 1,
                                   offset, stride);
    return rectangle_new(part, x + left, y + top, width, height);
}

static gboolean is_clear(const guint32 *pixels, gsize stride, guint width, guint height)
{
    for (guint y = 0; y < height; y++)
        for (guint x = 0; x < width; x++)
            if (pixels[y * stride + x])
                return FALSE;
    return TRUE;
}

/* An outline is a large picture with next to nothing in it: only what is not clear is shown, or
 * else it would cost as much as to blend all of the frame. */
static void cut_tiles(Sprite *sprite, guint x, guint y)
{
    GstMapInfo map;

    sprite->tiles = g_ptr_array_new_with_free_func((GDestroyNotify)gst_mini_object_unref);
    if (!gst_buffer_map(sprite->pixels, &map, GST_MAP_READ))
        return;
    for (guint top = 0; top < sprite->height; top += TILE) {
        const guint height = MIN(TILE, sprite->height - top);
        const guint32 *row = (const guint32 *)(gpointer)map.data + (gsize)top * sprite->width;
        guint from = 0; /* of those side by side that are not clear */

        for (guint left = 0; left < sprite->width + TILE; left += TILE) {
            const guint end = MIN(left, sprite->width);

            if (left < sprite->width &&
                !is_clear(row + left, sprite->width, MIN(TILE, sprite->width - left), height))
                continue;
            if (end > from)
                g_ptr_array_add(sprite->tiles,
                                part_new(sprite->pixels, from, top, end - from, height, x, y));
            from = left + TILE;
        }
    }
    gst_buffer_unmap(sprite->pixels, &map);
}

/* The tag stands at the highest corner that can be seen. */
static void add_name(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                     const VdtOverlayZone *zone)
{
    const guint line = 2 * (guint)MAX(lround(canvas->look.em / LINE), 1);
    Edges e = {0};
    guint best = 0;

    for (guint i = 1; i < zone->n_points; i++)
        if (CLAMP(zone->points[i][1], 0, 1) < CLAMP(zone->points[best][1], 0, 1))
            best = i;
    e.left = down_to_even(CLAMP(zone->points[best][0], 0, 1) * canvas->width);
    e.top = down_to_even(CLAMP(zone->points[best][1], 0, 1) * canvas->height);
    add_tag(canvas, to, &zone->tag, &e, line);
}

static void add_zone(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                     const VdtOverlayZone *zone)
{
    const gsize size = G_STRUCT_OFFSET(VdtOverlayZone, tag);
    Sprite *sprite = find_sprite(canvas, zone, size);
    guint x, y;

    if (!sprite) {
        sprite = keep_sprite(
            canvas, zone, size,
            vdt_overlay_pen_zone(&canvas->look, zone, canvas->width, canvas->height, &x, &y));
        if (sprite->pixels)
            cut_tiles(sprite, x, y);
    }
    if (!sprite->pixels)
        return;
    for (guint i = 0; i < sprite->tiles->len; i++)
        add(to, sprite->tiles->pdata[i]);
    if (zone->tag.text[0])
        add_name(canvas, to, zone);
}

static gboolean same_style(const VdtOverlayStyle *a, const VdtOverlayStyle *b)
{
    return a->position == b->position && a->opacity == b->opacity &&
           a->map_opacity == b->map_opacity && a->font_scale == b->font_scale;
}

GstVideoOverlayComposition *vdt_overlay_canvas_compose(VdtOverlayCanvas *canvas,
                                                       const VdtOverlayShow *show,
                                                       const VdtOverlayStyle *style)
{
    if (!canvas->composed || !same_style(&canvas->style, style) ||
        !vdt_overlay_show_equal(&canvas->show, show)) {
        forget_composition(canvas);
        set_look(canvas, style);
        canvas->count++;
        for (guint i = 0; i < show->n_maps; i++)
            add_map(canvas, &canvas->composition, &show->maps[i]);
        for (guint i = 0; i < show->n_zones; i++)
            add_zone(canvas, &canvas->composition, &show->zones[i]);
        for (guint i = 0; i < show->n_boxes; i++)
            add_box(canvas, &canvas->composition, &show->boxes[i]);
        add_panels(canvas, &canvas->composition, show, style->position);
        g_hash_table_foreach_remove(canvas->sprites, is_gone, canvas);
        vdt_overlay_show_copy(&canvas->show, show);
        for (guint i = 0; i < VDT_OVERLAY_MAPS; i++)
            gst_buffer_replace(&canvas->held[i], i < show->n_maps ? show->maps[i].classes : NULL);
        canvas->style = *style;
        canvas->composed = TRUE;
    }
    return canvas->composition ? gst_video_overlay_composition_ref(canvas->composition) : NULL;
}
