/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas.h"

#include <math.h>
#include <string.h>

#include "outline.h"
#include "pen.h"
#include "room.h"
#include "tiles.h"

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
#define THIN         20.0 /* in half of an object's */
#define DASH         0.5  /* em, of where an object is not seen */
#define BESIDE       0.4  /* em, from a crossing to its counts */
#define MOST_SQUEEZE 4.0

/* A picture that was drawn, and where it was shown last. */
typedef struct {
    GstBuffer *pixels; /* NULL: there is no room for it */
    guint width, height;
    GstVideoOverlayRectangle *placed; /* NULL if it was not shown yet */
    GPtrArray *tiles;                 /* in place of that: rectangles, for outlines; else NULL */
    guint x, y;
    guint64 shown; /* number of the composition */
} Sprite;

struct _VdtOverlayCanvas {
    VdtOverlayPen *pen;
    guint width, height;
    double squeeze;

    VdtOverlayLook look; /* of the pictures */
    GHashTable *sprites; /* by the bytes of what they show */
    GHashTable *sides;   /* of boxes, by kind, direction, and whether they are dashed */
    Sprite *paths;       /* of the last composition; NULL if there are none */
    guint64 count;       /* of compositions */
    VdtOverlayRoom room; /* what text of the one that is made has taken */

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
    canvas->sides = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)gst_buffer_unref);
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
    g_hash_table_remove_all(canvas->sides);
    g_clear_pointer(&canvas->paths, sprite_free);
}

void vdt_overlay_canvas_free(VdtOverlayCanvas *canvas)
{
    forget_pictures(canvas);
    for (guint i = 0; i < VDT_OVERLAY_MAPS; i++)
        gst_clear_buffer(&canvas->held[i]);
    g_hash_table_unref(canvas->sprites);
    g_hash_table_unref(canvas->sides);
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

/* A sprite that stays where it was is the same rectangle: sinks upload it only once. */
static void show_sprite(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to, Sprite *sprite,
                        guint x, guint y)
{
    sprite->shown = canvas->count;
    if (!sprite->placed || sprite->x != x || sprite->y != y) {
        g_clear_pointer(&sprite->placed, gst_video_overlay_rectangle_unref);
        sprite->placed =
            vdt_overlay_rectangle_new(sprite->pixels, x, y, sprite->width, sprite->height);
        sprite->x = x;
        sprite->y = y;
    }
    add(to, sprite->placed);
}

/* Maps, panels, zones, crossings and tags differ in size, so their bytes tell them apart. */
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

typedef struct {
    Sprite *sprites[VDT_OVERLAY_PANELS];
    GstVideoRectangle places[VDT_OVERLAY_PANELS];
    guint n;
} Panels;

/* One below the other, as many as there is room for; they are shown last, on top of all else. */
static void lay_panels(VdtOverlayCanvas *canvas, Panels *panels, const VdtOverlayShow *show,
                       VdtOverlayPosition position)
{
    const guint margin = down_to_even(MARGIN * canvas->look.em);
    const guint side = down_to_even(MARGIN * canvas->look.em * canvas->squeeze);
    const guint between = down_to_even(BETWEEN * canvas->look.em);
    guint n, y = margin, total = 0;

    for (n = 0; n < show->n_panels; n++) {
        Sprite *sprite = get_panel(canvas, &show->panels[n]);
        const guint more = sprite->height + (n > 0 ? between : 0);

        if (!sprite->pixels || total + more + 2 * margin > canvas->height ||
            sprite->width + 2 * side > canvas->width)
            break;
        panels->sprites[n] = sprite;
        total += more;
    }
    panels->n = n;
    if (is_bottom(position))
        y = (canvas->height - margin - total) & ~1u;
    for (guint i = 0; i < n; i++) {
        const guint width = panels->sprites[i]->width, height = panels->sprites[i]->height;
        const guint x = is_right(position) ? (canvas->width - side - width) & ~1u : side;

        panels->places[i] = (GstVideoRectangle){(int)x, (int)y, (int)width, (int)height};
        vdt_overlay_room_take(&canvas->room, &panels->places[i]);
        y += height + between;
    }
}

static void add_panels(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                       const Panels *panels)
{
    for (guint i = 0; i < panels->n; i++)
        show_sprite(canvas, to, panels->sprites[i], (guint)panels->places[i].x,
                    (guint)panels->places[i].y);
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

/* How a box is drawn: its kind, pixels of a dash (0: it is not dashed), and of its lines. */
typedef struct {
    guint kind, dash;
    guint across, down; /* of upright lines, and of the others */
} Stroke;

/* em over @thin is half as thick as lines are. */
static Stroke get_stroke(const VdtOverlayCanvas *canvas, guint kind, double thin)
{
    const double em = canvas->look.em;

    return (Stroke){kind, 0, 2 * (guint)MAX(lround(em * canvas->squeeze / thin), 1),
                    2 * (guint)MAX(lround(em / thin), 1)};
}

/* Part of a long line, which all boxes of its kind share. */
static void add_side(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                     const Stroke *stroke, guint x, guint y, guint width, guint height,
                     gboolean across)
{
    const gpointer key = GUINT_TO_POINTER((stroke->kind * 2 + across) * 2 + (stroke->dash > 0));
    GstBuffer *side = g_hash_table_lookup(canvas->sides, key);
    g_autoptr(GstBuffer) part = NULL;
    g_autoptr(GstVideoOverlayRectangle) rectangle = NULL;
    GstVideoMeta *whole;

    if (!side) {
        side = vdt_overlay_outline_side(stroke->kind, stroke->dash, across ? canvas->width : width,
                                        across ? height : canvas->height);
        if (!side)
            return;
        g_hash_table_insert(canvas->sides, key, side);
    }
    whole = gst_buffer_get_video_meta(side);
    part = gst_buffer_new();
    gst_buffer_append_memory(part, gst_buffer_get_memory(side, 0));
    gst_buffer_add_video_meta_full(part, GST_VIDEO_FRAME_FLAG_NONE, whole->format, width, height, 1,
                                   whole->offset, whole->stride);
    rectangle = vdt_overlay_rectangle_new(part, x, y, width, height);
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

static void add_sides(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to, const Edges *e,
                      const Stroke *stroke)
{
    const guint down = stroke->down, across = stroke->across;
    const guint inner = e->bottom - e->top - 2 * down;

    add_side(canvas, to, stroke, e->left, e->top, e->right - e->left, down, TRUE);
    add_side(canvas, to, stroke, e->left, e->bottom - down, e->right - e->left, down, TRUE);
    add_side(canvas, to, stroke, e->left, e->top + down, across, inner, FALSE);
    add_side(canvas, to, stroke, e->right - across, e->top + down, across, inner, FALSE);
}

/* NULL if there is no room for it. */
static Sprite *get_tag(VdtOverlayCanvas *canvas, const VdtOverlayTag *tag)
{
    Sprite *sprite;

    if (!tag->text[0])
        return NULL;
    sprite = find_sprite(canvas, tag, sizeof *tag);
    if (!sprite)
        sprite = keep_sprite(canvas, tag, sizeof *tag,
                             vdt_overlay_pen_tag(canvas->pen, &canvas->look, tag,
                                                 down_to_even(TAG_SHARE * canvas->width)));
    return sprite->pixels && sprite->width <= canvas->width && sprite->height <= canvas->height
               ? sprite
               : NULL;
}

static void show_tag(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to, Sprite *sprite,
                     GstVideoRectangle place)
{
    show_sprite(canvas, to, sprite, (guint)place.x, (guint)place.y);
}

/* Above the box; inside, if it is at the frame's top. */
static void add_tag(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                    const VdtOverlayTag *tag, const Edges *box, guint line)
{
    Sprite *sprite = get_tag(canvas, tag);

    if (sprite)
        show_tag(canvas, to, sprite,
                 vdt_overlay_room_at(&canvas->room, sprite->width, sprite->height, box->left,
                                     box->top >= sprite->height ? box->top - sprite->height
                                                                : box->top + line));
}

static void add_box(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                    const VdtOverlayBox *box)
{
    const Stroke stroke = get_stroke(canvas, box->tag.kind, LINE);
    Edges e;

    if (!clip(box->x, box->width, 3 * stroke.across, canvas->width, &e.left, &e.right) ||
        !clip(box->y, box->height, 3 * stroke.down, canvas->height, &e.top, &e.bottom))
        return;
    add_sides(canvas, to, &e, &stroke);
    add_tag(canvas, to, &box->tag, &e, stroke.down);
}

/* Objects */

/* From @at, @length long, in shares of @size; as clip. */
static gboolean clip_share(double at, double length, guint least, guint size, guint *from,
                           guint *to)
{
    /* what is a pixel's edge may have been rounded to either side */
    const double low = floor(MAX(at * size, 0) + 0.1), high = ceil((at + length) * size - 0.1);

    return low < high && low < size &&
           clip((guint)low, (guint)(MIN(high, size) - low), least, size, from, to);
}

static gboolean add_object(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                           const VdtOverlayObject *object, Edges *e)
{
    Stroke stroke = get_stroke(canvas, object->tag.kind, THIN);

    if (object->predicted)
        stroke.dash = (guint)MAX(lround(DASH * canvas->look.em), 2);
    if (!clip_share(object->x, object->width, 3 * stroke.across, canvas->width, &e->left,
                    &e->right) ||
        !clip_share(object->y, object->height, 3 * stroke.down, canvas->height, &e->top,
                    &e->bottom))
        return FALSE;
    add_sides(canvas, to, e, &stroke);
    return TRUE;
}

static void add_number(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                       const VdtOverlayTag *tag, const Edges *e)
{
    const GstVideoRectangle box = {(int)e->left, (int)e->top, (int)(e->right - e->left),
                                   (int)(e->bottom - e->top)};
    Sprite *sprite = get_tag(canvas, tag);

    if (sprite)
        show_tag(canvas, to, sprite,
                 vdt_overlay_room_by_box(&canvas->room, sprite->width, sprite->height, &box));
}

/* Outlines */

/* An outline that was drawn, if there is anything of it to be seen. */
static gboolean show_outline(GstVideoOverlayComposition **to, const Sprite *sprite)
{
    if (!sprite->pixels)
        return FALSE;
    for (guint i = 0; i < sprite->tiles->len; i++)
        add(to, sprite->tiles->pdata[i]);
    return TRUE;
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

static gboolean add_zone(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                         const VdtOverlayZone *zone)
{
    const gsize size = G_STRUCT_OFFSET(VdtOverlayZone, tag);
    Sprite *sprite = find_sprite(canvas, zone, size);
    guint x, y;

    if (!sprite) {
        sprite = keep_sprite(
            canvas, zone, size,
            vdt_overlay_outline_zone(&canvas->look, zone, canvas->width, canvas->height, &x, &y));
        if (sprite->pixels)
            sprite->tiles = vdt_overlay_tiles_cut(sprite->pixels, x, y);
    }
    return show_outline(to, sprite);
}

static gboolean add_crossing(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                             const VdtOverlayCrossing *crossing)
{
    const gsize size = G_STRUCT_OFFSET(VdtOverlayCrossing, tag);
    Sprite *sprite = find_sprite(canvas, crossing, size);
    guint x, y;

    if (!sprite) {
        sprite = keep_sprite(canvas, crossing, size,
                             vdt_overlay_outline_crossing(&canvas->look, crossing, canvas->width,
                                                          canvas->height, &x, &y));
        if (sprite->pixels)
            sprite->tiles = vdt_overlay_tiles_cut(sprite->pixels, x, y);
    }
    return show_outline(to, sprite);
}

/* Where the arrow is not. */
static void add_counts(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                       const VdtOverlayCrossing *crossing)
{
    Sprite *sprite = get_tag(canvas, &crossing->tag);

    if (sprite)
        show_tag(canvas, to, sprite,
                 vdt_overlay_room_by_line(&canvas->room, sprite->width, sprite->height,
                                          crossing->points, BESIDE * canvas->look.em));
}

/* They change with each result, all at once: one picture, whatever their number. */
static void add_paths(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                      const VdtOverlayShow *show)
{
    const guint n = show->n_paths;
    guint x, y;

    if (n != canvas->show.n_paths ||
        memcmp(show->paths, canvas->show.paths, n * sizeof *show->paths) != 0)
        g_clear_pointer(&canvas->paths, sprite_free);
    if (n == 0)
        return;
    if (!canvas->paths) {
        canvas->paths = sprite_new(vdt_overlay_outline_paths(
            &canvas->look, show->paths, n, canvas->width, canvas->height, &x, &y));
        if (canvas->paths->pixels)
            canvas->paths->tiles = vdt_overlay_tiles_cut(canvas->paths->pixels, x, y);
    }
    show_outline(to, canvas->paths);
}

/* All but panels. Tags of what has outlines, and of objects, come last: no line goes through one.
 */
static void add_all(VdtOverlayCanvas *canvas, GstVideoOverlayComposition **to,
                    const VdtOverlayShow *show)
{
    gboolean zones[VDT_OVERLAY_ZONES], crossings[VDT_OVERLAY_CROSSINGS];
    gboolean objects[VDT_OVERLAY_OBJECTS]; /* whether there is anything of them to be seen */
    Edges edges[VDT_OVERLAY_OBJECTS];

    for (guint i = 0; i < show->n_maps; i++)
        add_map(canvas, to, &show->maps[i]);
    for (guint i = 0; i < show->n_zones; i++)
        zones[i] = add_zone(canvas, to, &show->zones[i]);
    for (guint i = 0; i < show->n_boxes; i++)
        add_box(canvas, to, &show->boxes[i]);
    add_paths(canvas, to, show);
    for (guint i = 0; i < show->n_crossings; i++)
        crossings[i] = add_crossing(canvas, to, &show->crossings[i]);
    for (guint i = 0; i < show->n_objects; i++)
        objects[i] = add_object(canvas, to, &show->objects[i], &edges[i]);
    for (guint i = 0; i < show->n_zones; i++)
        if (zones[i])
            add_name(canvas, to, &show->zones[i]);
    for (guint i = 0; i < show->n_crossings; i++)
        if (crossings[i])
            add_counts(canvas, to, &show->crossings[i]);
    for (guint i = 0; i < show->n_objects; i++)
        if (objects[i])
            add_number(canvas, to, &show->objects[i].tag, &edges[i]);
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
    Panels panels;

    if (!canvas->composed || !same_style(&canvas->style, style) ||
        !vdt_overlay_show_equal(&canvas->show, show)) {
        forget_composition(canvas);
        set_look(canvas, style);
        canvas->count++;
        vdt_overlay_room_init(&canvas->room, canvas->width, canvas->height, canvas->squeeze);
        lay_panels(canvas, &panels, show, style->position);
        add_all(canvas, &canvas->composition, show);
        add_panels(canvas, &canvas->composition, &panels);
        g_hash_table_foreach_remove(canvas->sprites, is_gone, canvas);
        vdt_overlay_show_copy(&canvas->show, show);
        for (guint i = 0; i < VDT_OVERLAY_MAPS; i++)
            gst_buffer_replace(&canvas->held[i], i < show->n_maps ? show->maps[i].classes : NULL);
        canvas->style = *style;
        canvas->composed = TRUE;
    }
    return canvas->composition ? gst_video_overlay_composition_ref(canvas->composition) : NULL;
}
