/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A row of a plane is blended by two rows of numbers that were written before: how much stays of
 * each byte, and what is added to it. Rows of the frame that show the same row of the map share
 * them, and what remains for each byte is a multiplication that vectors do.
 */
#include "maps.h"

#include <math.h>

/* Shares in 256ths, so that all of it fits into 16 bits: 255 * 256 and half a level. */
#define ONE     256
#define HALF    (ONE / 2)
#define N_BYTES 4 /* of a pixel or sample, most */

typedef struct {
    guint width, height, step;
    guint across, down;     /* subsampling, in bits */
    int component[N_BYTES]; /* that a byte of a sample is; -1: none that has a colour */
} Plane;

struct _VdtOverlayMaps {
    GstVideoInfo info;
    Plane planes[GST_VIDEO_MAX_PLANES];
    guint n_planes;
    int alpha; /* byte of a pixel that is its opacity, -1 if pixels have none */

    /* what is to be blended; borrowed buffers are held */
    VdtOverlayMap maps[VDT_OVERLAY_MAPS];
    guint n_maps, share; /* share: in 256ths */

    guint32 *columns;    /* of the map, for a plane's */
    guint16 *stay, *add; /* for the bytes of a row */
};

VdtOverlayMaps *vdt_overlay_maps_new(void)
{
    VdtOverlayMaps *maps = g_new0(VdtOverlayMaps, 1);

    gst_video_info_init(&maps->info);
    return maps;
}

static void drop(VdtOverlayMaps *maps)
{
    for (guint i = 0; i < maps->n_maps; i++)
        gst_clear_buffer(&maps->maps[i].classes);
    maps->n_maps = 0;
}

static void free_rows(VdtOverlayMaps *maps)
{
    g_clear_pointer(&maps->columns, g_free);
    g_clear_pointer(&maps->stay, g_free);
    g_clear_pointer(&maps->add, g_free);
}

void vdt_overlay_maps_free(VdtOverlayMaps *maps)
{
    drop(maps);
    free_rows(maps);
    g_free(maps);
}

/* FALSE if samples are no bytes, which no format here is. */
static gboolean plane_init(Plane *plane, const GstVideoInfo *info, guint n)
{
    const GstVideoFormatInfo *format = info->finfo;
    int components[GST_VIDEO_MAX_COMPONENTS];

    gst_video_format_info_component(format, n, components);
    plane->across = GST_VIDEO_FORMAT_INFO_W_SUB(format, components[0]);
    plane->down = GST_VIDEO_FORMAT_INFO_H_SUB(format, components[0]);
    plane->width = (guint)GST_VIDEO_INFO_COMP_WIDTH(info, components[0]);
    plane->height = (guint)GST_VIDEO_INFO_COMP_HEIGHT(info, components[0]);
    plane->step = (guint)GST_VIDEO_INFO_COMP_PSTRIDE(info, components[0]);
    for (guint i = 0; i < N_BYTES; i++)
        plane->component[i] = -1;
    for (guint i = 0; i < G_N_ELEMENTS(components) && components[i] >= 0; i++) {
        const int c = components[i], at = GST_VIDEO_FORMAT_INFO_POFFSET(format, c);

        if (GST_VIDEO_FORMAT_INFO_DEPTH(format, c) != 8 || at >= N_BYTES)
            return FALSE;
        if (c != GST_VIDEO_COMP_A)
            plane->component[at] = c;
    }
    return plane->step <= N_BYTES;
}

void vdt_overlay_maps_set_info(VdtOverlayMaps *maps, const GstVideoInfo *info)
{
    const gsize width = (gsize)GST_VIDEO_INFO_WIDTH(info);

    drop(maps);
    free_rows(maps);
    maps->info = *info;
    maps->n_planes = GST_VIDEO_INFO_N_PLANES(info);
    maps->alpha = GST_VIDEO_INFO_HAS_ALPHA(info)
                      ? (int)GST_VIDEO_FORMAT_INFO_POFFSET(info->finfo, GST_VIDEO_COMP_A)
                      : -1;
    for (guint i = 0; i < maps->n_planes; i++)
        if (!plane_init(&maps->planes[i], info, i))
            maps->n_planes = 0;
    maps->columns = g_new(guint32, width);
    maps->stay = g_new(guint16, N_BYTES * width);
    maps->add = g_new(guint16, N_BYTES * width);
}

static gboolean has_colour(const VdtOverlayMap *map)
{
    for (guint i = 0; i < G_N_ELEMENTS(map->colours); i++)
        if (map->colours[i])
            return TRUE;
    return FALSE;
}

gboolean vdt_overlay_maps_take(VdtOverlayMaps *maps, VdtOverlayShow *show, double opacity)
{
    drop(maps);
    maps->share = (guint)lround(opacity * ONE);
    for (guint i = 0; i < show->n_maps; i++) {
        if (maps->share == 0 || !has_colour(&show->maps[i]))
            continue;
        maps->maps[maps->n_maps] = show->maps[i];
        gst_buffer_ref(maps->maps[maps->n_maps++].classes);
    }
    show->n_maps = 0;
    return maps->n_maps > 0;
}

/* Colours */

/* A colour's components as the frame's colorimetry has them, 0 to 255 each. */
static void convert(const GstVideoInfo *info, guint32 rgb, double to[3])
{
    const double r = (rgb >> 16 & 0xff) / 255.0, g = (rgb >> 8 & 0xff) / 255.0,
                 b = (rgb & 0xff) / 255.0;
    GstVideoColorRange range = info->colorimetry.range;
    int offset[GST_VIDEO_MAX_COMPONENTS], scale[GST_VIDEO_MAX_COMPONENTS];
    double part[3] = {r, g, b};

    if (range == GST_VIDEO_COLOR_RANGE_UNKNOWN)
        range = GST_VIDEO_INFO_IS_RGB(info) ? GST_VIDEO_COLOR_RANGE_0_255
                                            : GST_VIDEO_COLOR_RANGE_16_235;
    gst_video_color_range_offsets(range, info->finfo, offset, scale);
    if (!GST_VIDEO_INFO_IS_RGB(info)) {
        double kr = 0.2126, kb = 0.0722; /* as GStreamer blends, if nothing is known */

        gst_video_color_matrix_get_Kr_Kb(info->colorimetry.matrix, &kr, &kb);
        part[0] = kr * r + (1 - kr - kb) * g + kb * b;
        part[1] = (b - part[0]) / (1 - kb) / 2;
        part[2] = (r - part[0]) / (1 - kr) / 2;
    }
    for (guint c = 0; c < 3; c++)
        to[c] = CLAMP(offset[c] + scale[c] * part[c], 0, 255);
}

/* For each class, what stays of and what is added to each byte of a sample. */
typedef struct {
    gboolean seen[256];
    guint16 stay[256][N_BYTES], add[256][N_BYTES];
} Colours;

static void set_colours(Colours *colours, const VdtOverlayMaps *maps, const VdtOverlayMap *map,
                        const Plane *plane)
{
    for (guint k = 0; k < G_N_ELEMENTS(colours->seen); k++) {
        double to[3] = {0};

        colours->seen[k] = map->colours[k] != 0;
        if (colours->seen[k])
            convert(&maps->info, map->colours[k], to);
        for (guint i = 0; i < N_BYTES; i++) {
            const int c = plane->component[i];
            const gboolean blended = colours->seen[k] && c >= 0;

            colours->stay[k][i] = (guint16)(blended ? ONE - maps->share : ONE);
            colours->add[k][i] = (guint16)(HALF + (blended ? lround(to[c] * maps->share) : 0));
        }
    }
}

/* Rows */

/* The numbers of a row of @n samples that shows a row of the map; FALSE if there is no colour in
 * it. Inline, so that @step is a constant. */
static inline gboolean write_samples(VdtOverlayMaps *maps, const Colours *colours,
                                     const guint8 *classes, guint n, guint step)
{
    guint16 *stay = maps->stay, *add = maps->add;
    gboolean any = FALSE;

    for (guint x = 0; x < n; x++) {
        const guint class = classes[maps->columns[x]];

        any |= colours->seen[class];
        for (guint i = 0; i < step; i++) {
            *stay++ = colours->stay[class][i];
            *add++ = colours->add[class][i];
        }
    }
    return any;
}

static gboolean write_row(VdtOverlayMaps *maps, const Colours *colours, const guint8 *classes,
                          const Plane *plane)
{
    switch (plane->step) {
    case 1:
        return write_samples(maps, colours, classes, plane->width, 1);
    case 2:
        return write_samples(maps, colours, classes, plane->width, 2);
    case 3:
        return write_samples(maps, colours, classes, plane->width, 3);
    default:
        return write_samples(maps, colours, classes, plane->width, N_BYTES);
    }
}

static void blend_bytes(guint8 *restrict bytes, const guint16 *restrict stay,
                        const guint16 *restrict add, gsize n)
{
    for (gsize i = 0; i < n; i++)
        bytes[i] = (guint8)((guint16)(bytes[i] * stay[i] + add[i]) >> 8);
}

/* Over pixels that may be seen through, and are not multiplied by their opacity: opaque ones are
 * blended as all others are, for the rest, shares depend on how opaque they are. */
static void blend_pixels(const VdtOverlayMaps *maps, const Colours *colours, const guint8 *classes,
                         guint8 *pixel, guint n)
{
    for (guint x = 0; x < n; x++, pixel += N_BYTES) {
        const guint class = classes[maps->columns[x]];
        const guint below = pixel[maps->alpha] * (ONE - maps->share);
        const guint all = below + 255 * maps->share;

        if (!colours->seen[class])
            continue;
        if (pixel[maps->alpha] == 255) {
            blend_bytes(pixel, colours->stay[class], colours->add[class], N_BYTES);
            continue;
        }
        for (int i = 0; i < N_BYTES; i++) {
            const guint above = (colours->add[class][i] - HALF) * 255u;

            if (i != maps->alpha)
                pixel[i] = (guint8)((pixel[i] * below + above + all / 2) / all);
        }
        pixel[maps->alpha] = (guint8)((all + HALF) / ONE);
    }
}

static void blend_plane(VdtOverlayMaps *maps, const VdtOverlayMap *map, const guint8 *classes,
                        const Plane *plane, guint8 *data, gssize stride)
{
    const guint64 width = (guint64)GST_VIDEO_INFO_WIDTH(&maps->info);
    const guint64 height = (guint64)GST_VIDEO_INFO_HEIGHT(&maps->info);
    guint64 written = G_MAXUINT64;
    gboolean any = FALSE;
    Colours colours;

    set_colours(&colours, maps, map, plane);
    for (guint x = 0; x < plane->width; x++)
        maps->columns[x] = (guint32)(((guint64)x << plane->across) * map->width / width);
    for (guint y = 0; y < plane->height; y++, data += stride) {
        const guint64 row = ((guint64)y << plane->down) * map->height / height;

        if (maps->alpha >= 0) {
            blend_pixels(maps, &colours, classes + row * map->width, data, plane->width);
            continue;
        }
        if (row != written)
            any = write_row(maps, &colours, classes + row * map->width, plane);
        written = row;
        if (any)
            blend_bytes(data, maps->stay, maps->add, (gsize)plane->width * plane->step);
    }
}

void vdt_overlay_maps_blend(VdtOverlayMaps *maps, const GstVideoFrame *frame)
{
    for (guint i = 0; i < maps->n_maps; i++) {
        const VdtOverlayMap *map = &maps->maps[i];
        GstMapInfo classes;

        if (!gst_buffer_map(map->classes, &classes, GST_MAP_READ))
            continue;
        for (guint p = 0; p < maps->n_planes; p++)
            blend_plane(maps, map, classes.data, &maps->planes[p],
                        GST_VIDEO_FRAME_PLANE_DATA(frame, p),
                        GST_VIDEO_FRAME_PLANE_STRIDE(frame, p));
        gst_buffer_unmap(map->classes, &classes);
    }
    drop(maps);
}
