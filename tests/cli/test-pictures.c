/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decoders of pictures, on files that are made here: kinds of colours, orientations, sizes that
 * cannot be, and files that are not whole. */
#include <glib/gstdio.h>
#include <png.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
/* These want stdio.h first. */
#include <jpeglib.h>

#include "data/labelpng.h"
#include "data/picturefolder.h"
#include "fixture.h"
#include "pictures/exif.h"
#include "pictures/formats.h"

#define WIDTH  24
#define HEIGHT 16

/* An EXIF directory of one entry: orientation, a short. */
static const guint8 exif_big[] = "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
static const guint8 exif_little[] =
    "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
#define N_EXIF        (sizeof exif_big - 1)
#define AT_BIG_END    19
#define AT_LITTLE_END 18

static void set_orientation(guint8 *exif, gboolean big, guint orientation)
{
    memcpy(exif, big ? exif_big : exif_little, N_EXIF);
    exif[big ? AT_BIG_END : AT_LITTLE_END] = orientation;
}

typedef struct {
    int type, depth, interlace;
    guint orientation; /* 0: says nothing */
    const guint8 *transparent;
} PngKind;

/* The rows as they are, @bytes of each; the palette is (i, 2i, 255 - i). */
static const char *make_png(const char *name, const PngKind *kind, const guint8 *rows, gsize bytes)
{
    const char *path = in_folder(name);
    FILE *file = g_fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_color palette[256];
    png_bytep at[HEIGHT];
    guint8 exif[N_EXIF];
    if (setjmp(png_jmpbuf(png)))
        g_error("libpng cannot write %s", path);
    png_init_io(png, file);
    png_set_IHDR(png, info, WIDTH, HEIGHT, kind->depth, kind->type, kind->interlace,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    for (int i = 0; i < 256; i++)
        palette[i] = (png_color){i, 2 * i, 255 - i};
    if (kind->type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 1 << kind->depth);
    if (kind->transparent != NULL)
        png_set_tRNS(png, info, kind->transparent, 2, NULL);
    if (kind->orientation > 0) {
        set_orientation(exif, TRUE, kind->orientation);
        png_set_eXIf_1(png, info, N_EXIF, exif);
    }
    for (int y = 0; y < HEIGHT; y++)
        at[y] = (png_bytep)rows + y * bytes;
    png_set_rows(png, info, at);
    png_write_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
    png_destroy_write_struct(&png, &info);
    fclose(file);
    return path;
}

typedef struct {
    J_COLOR_SPACE from, stored;
    gboolean progressive, arithmetic, adobe;
    guint orientation; /* 0: says nothing */
    gboolean little;
} JpegKind;

static const char *make_jpeg(const char *name, const JpegKind *kind, const guint8 *pixels)
{
    const char *path = in_folder(name);
    FILE *file = g_fopen(path, "wb");
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr manager;
    const int channels = kind->from == JCS_CMYK ? 4 : kind->from == JCS_GRAYSCALE ? 1 : 3;
    guint8 app1[6 + N_EXIF] = "Exif\0";
    jpeg.err = jpeg_std_error(&manager);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = WIDTH;
    jpeg.image_height = HEIGHT;
    jpeg.input_components = channels;
    jpeg.in_color_space = kind->from;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, kind->stored);
    jpeg_set_quality(&jpeg, 100, TRUE);
    jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = 1;
    jpeg.write_Adobe_marker = kind->adobe;
    jpeg.arith_code = kind->arithmetic;
    if (kind->progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    if (kind->orientation > 0) {
        set_orientation(app1 + 6, !kind->little, kind->orientation);
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, app1, sizeof app1);
    }
    while (jpeg.next_scanline < HEIGHT) {
        JSAMPROW row = (JSAMPROW)pixels + (gsize)jpeg.next_scanline * WIDTH * channels;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    fclose(file);
    return path;
}

/* Does not wait for the disk, as hundreds of files would. */
static void put(const char *path, gconstpointer data, gsize size)
{
    FILE *file = g_fopen(path, "wb");
    g_assert_cmpuint(fwrite(data, 1, size, file), ==, size);
    g_assert_cmpint(fclose(file), ==, 0);
}

/* The picture as it is to be shown. */
static gboolean load(const char *path, Pixels *pixels, GError **error)
{
    g_auto(PictureSource) source = {0};
    guint orientation = 0;
    if (!picture_source_open(path, &source, error))
        return FALSE;
    const Format *format = format_find(&source);
    g_assert_nonnull(format);
    g_assert_nonnull(format->decode);
    return format->decode(&source, pixels, &orientation, error) &&
           pixels_turn(path, pixels, orientation, error);
}

static Pixels load_well(const char *path)
{
    g_autoptr(GError) error = NULL;
    Pixels pixels = {0};
    load(path, &pixels, &error);
    g_assert_no_error(error);
    return pixels;
}

static const guint8 *at(const Pixels *pixels, guint x, guint y)
{
    return pixels->data + ((gsize)y * pixels->width + x) * pixels->channels;
}

static void assert_colour(const Pixels *pixels, guint x, guint y, int r, int g, int b, int off)
{
    const guint8 *seen = at(pixels, x, y);
    const int wanted[3] = {r, g, b};
    for (int c = 0; c < 3; c++)
        if (ABS(seen[c] - wanted[c]) > off)
            g_error("at %u,%u there is %u %u %u, not %d %d %d", x, y, seen[0], seen[1], seen[2], r,
                    g, b);
}

/* Grey, colours, palettes and transparency, at every depth. */
static void test_png_kinds(void)
{
    static const guint8 transparent[2] = {0, 128};
    guint8 rows[HEIGHT * WIDTH * 8];
    for (int depth = 1; depth <= 8; depth *= 2)
        for (int palette = 0; palette < 2; palette++)
            for (int lace = 0; lace < 2; lace++) {
                const PngKind kind = {palette ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_GRAY, depth,
                                      lace ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                                      .transparent = palette ? transparent : NULL};
                const int most = (1 << depth) - 1;
                memset(rows, 0, sizeof rows);
                for (int y = 0; y < HEIGHT; y++)
                    for (int x = 0; x < WIDTH; x++)
                        rows[y * (WIDTH * depth / 8) + x * depth / 8] |=
                            ((x + 5 * y) & most) << (8 - depth - x * depth % 8);
                g_auto(Pixels) seen =
                    load_well(make_png("kind.png", &kind, rows, WIDTH * depth / 8));
                g_auto(LabelPng) numbers = {0};
                g_assert_true(label_png_load(in_folder("kind.png"), &numbers, NULL));
                for (int y = 0; y < HEIGHT; y++)
                    for (int x = 0; x < WIDTH; x++) {
                        const int v = (x + 5 * y) & most;
                        const int grey = v * 255 / most;
                        g_assert_cmpuint(numbers.classes[y * WIDTH + x], ==, v);
                        if (palette)
                            assert_colour(&seen, x, y, v, 2 * v & 255, 255 - v, 0);
                        else
                            assert_colour(&seen, x, y, grey, grey, grey, 0);
                    }
            }
    for (int y = 0; y < HEIGHT; y++)
        for (int i = 0; i < WIDTH * 4; i++)
            rows[y * WIDTH * 4 + i] = i + 7 * y;
    const PngKind rgba = {PNG_COLOR_TYPE_RGB_ALPHA, 8};
    g_auto(Pixels) opaque = load_well(make_png("kind.png", &rgba, rows, WIDTH * 4));
    assert_colour(&opaque, 5, 2, 34, 35, 36, 0);
    const PngKind grey_alpha = {PNG_COLOR_TYPE_GRAY_ALPHA, 8};
    g_auto(Pixels) grey = load_well(make_png("kind.png", &grey_alpha, rows, WIDTH * 2));
    assert_colour(&grey, 5, 0, 10, 10, 10, 0);
}

/* 16 bits are rounded, in each channel by itself. */
static void test_png_16(void)
{
    guint8 rows[HEIGHT * WIDTH * 6];
    for (int i = 0; i < HEIGHT * WIDTH * 3; i++) {
        const guint value = 300 * (i % 3) + 97 * i;
        rows[2 * i] = value >> 8;
        rows[2 * i + 1] = value & 255;
    }
    const PngKind colour = {PNG_COLOR_TYPE_RGB, 16}, grey = {PNG_COLOR_TYPE_GRAY, 16};
    g_auto(Pixels) seen = load_well(make_png("16.png", &colour, rows, WIDTH * 6));
    g_auto(Pixels) dull = load_well(make_png("16.png", &grey, rows, WIDTH * 2));
    for (int i = 0; i < HEIGHT * WIDTH * 3; i++) {
        const guint value = (300 * (i % 3) + 97 * i) & 0xffff;
        g_assert_cmpuint(seen.data[i], ==, (value * 255 + 32767) / 65535);
        if (i < HEIGHT * WIDTH)
            g_assert_cmpuint(dull.data[3 * i], ==, seen.data[i]);
    }
    g_auto(LabelPng) numbers = {0};
    g_autoptr(GError) error = NULL;
    g_assert_false(label_png_load(in_folder("16.png"), &numbers, &error));
    g_assert_nonnull(strstr(error->message, "at most 8 bits"));
}

/* Smooth, and different in each corner. */
static void fill_gradient(guint8 *rgb)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++, rgb += 3) {
            rgb[0] = 10 * x;
            rgb[1] = 15 * y;
            rgb[2] = 40;
        }
}

/* Where a shown pixel lies in the stored picture, as EXIF has it: what is the first row and the
 * first column. */
static void find_stored(guint orientation, int x, int y, int *from_x, int *from_y)
{
    const gboolean sideways = orientation >= 5;
    const int along = sideways ? y : x, across = sideways ? x : y;
    const gboolean right =
        orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const gboolean bottom =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    *from_x = right ? WIDTH - 1 - along : along;
    *from_y = bottom ? HEIGHT - 1 - across : across;
}

static void assert_turned(const Pixels *seen, guint orientation, int off)
{
    const gboolean sideways = orientation >= 5;
    g_assert_cmpuint(seen->width, ==, sideways ? HEIGHT : WIDTH);
    g_assert_cmpuint(seen->height, ==, sideways ? WIDTH : HEIGHT);
    for (guint y = 0; y < seen->height; y++)
        for (guint x = 0; x < seen->width; x++) {
            int from_x, from_y;
            find_stored(orientation, x, y, &from_x, &from_y);
            assert_colour(seen, x, y, 10 * from_x, 15 * from_y, 40, off);
        }
}

static void test_orientation(void)
{
    guint8 rgb[HEIGHT * WIDTH * 3], grey[HEIGHT * WIDTH];
    fill_gradient(rgb);
    for (int i = 0; i < HEIGHT * WIDTH; i++)
        grey[i] = i % 251;
    for (guint orientation = 1; orientation <= 8; orientation++) {
        const PngKind png = {PNG_COLOR_TYPE_RGB, 8, .orientation = orientation};
        g_auto(Pixels) exact = load_well(make_png("turned.png", &png, rgb, WIDTH * 3));
        assert_turned(&exact, orientation, 0);
        for (int little = 0; little < 2; little++) {
            const JpegKind jpeg = {JCS_RGB, JCS_YCbCr, .orientation = orientation,
                                   .little = little};
            g_auto(Pixels) near = load_well(make_jpeg("turned.jpg", &jpeg, rgb));
            assert_turned(&near, orientation, 4);
        }
        /* A map of classes, likewise. */
        const PngKind map = {PNG_COLOR_TYPE_GRAY, 8, .orientation = orientation};
        g_auto(LabelPng) classes = {0};
        g_assert_true(label_png_load(make_png("map.png", &map, grey, WIDTH), &classes, NULL));
        int x, y;
        find_stored(orientation, 3, 2, &x, &y);
        g_assert_cmpuint(classes.classes[2 * classes.width + 3], ==, grey[y * WIDTH + x]);
    }
    /* What is no orientation leaves the picture as it is. */
    const PngKind odd = {PNG_COLOR_TYPE_RGB, 8, .orientation = 9};
    g_auto(Pixels) seen = load_well(make_png("turned.png", &odd, rgb, WIDTH * 3));
    assert_turned(&seen, 1, 0);
}

/* EXIF that points anywhere. */
static void test_exif(void)
{
    guint8 exif[N_EXIF];
    set_orientation(exif, FALSE, 8);
    g_assert_cmpuint(exif_read(exif, N_EXIF).orientation, ==, 8);
    for (gsize n = 0; n < 20; n++)
        g_assert_cmpuint(exif_read(exif, n).orientation, ==, 1);
    for (gsize i = 0; i < N_EXIF; i++)
        for (guint value = 0; value < 256; value += 51) {
            g_autofree guint8 *copy = g_memdup2(exif, N_EXIF);
            copy[i] = value;
            const guint orientation = exif_read(copy, N_EXIF).orientation;
            g_assert_true(orientation >= 1 && orientation <= 8);
        }
}

/* Grey, progressive, and inks with either idea of what 0 means. */
static void test_jpeg_kinds(void)
{
    guint8 rgb[HEIGHT * WIDTH * 3], grey[HEIGHT * WIDTH], inks[HEIGHT * WIDTH * 4];
    fill_gradient(rgb);
    for (int i = 0; i < HEIGHT * WIDTH; i++) {
        grey[i] = i / 2;
        const guint8 colour[4] = {rgb[3 * i], rgb[3 * i + 1], 200, 220};
        memcpy(inks + 4 * i, colour, 4);
    }
    const JpegKind ways[] = {{JCS_RGB, JCS_YCbCr, .progressive = TRUE},
                             {JCS_RGB, JCS_YCbCr, .arithmetic = TRUE}};
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_auto(Pixels) seen = load_well(make_jpeg("kind.jpg", &ways[i], rgb));
        assert_turned(&seen, 1, 4);
    }
    const JpegKind dull = {JCS_GRAYSCALE, JCS_GRAYSCALE};
    g_auto(Pixels) one = load_well(make_jpeg("kind.jpg", &dull, grey));
    assert_colour(&one, 20, 10, 130, 130, 130, 2);
    const JpegKind kinds[] = {{JCS_CMYK, JCS_CMYK},
                              {JCS_CMYK, JCS_CMYK, .adobe = TRUE},
                              {JCS_CMYK, JCS_YCCK, .adobe = TRUE}};
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_auto(Pixels) ink = load_well(make_jpeg("kind.jpg", &kinds[i], inks));
        if (kinds[i].adobe) /* how much of each colour is left */
            assert_colour(&ink, 12, 8, 120 * 220 / 255, 120 * 220 / 255, 200 * 220 / 255, 4);
        else
            assert_colour(&ink, 12, 8, 135 * 35 / 255, 135 * 35 / 255, 55 * 35 / 255, 4);
    }
}

/* Every beginning of a file is refused, and said to be one. */
static void test_truncated(void)
{
    guint8 noise[HEIGHT * WIDTH * 3];
    for (guint i = 0; i < sizeof noise; i++)
        noise[i] = i * i * 31 >> 3;
    const PngKind png = {PNG_COLOR_TYPE_RGB, 8};
    const JpegKind plain = {JCS_RGB, JCS_YCbCr}, many = {JCS_RGB, JCS_YCbCr, .progressive = TRUE};
    const char *files[] = {make_png("whole.png", &png, noise, WIDTH * 3),
                           make_jpeg("whole.jpg", &plain, noise),
                           make_jpeg("scans.jpg", &many, noise)};
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *data = NULL;
        gsize size;
        g_assert_true(g_file_get_contents(files[i], &data, &size, NULL));
        for (gsize cut = 8; cut < size; cut += 1 + cut / 50) {
            g_auto(Pixels) pixels = {0};
            g_autoptr(GError) error = NULL;
            put(in_folder("cut"), data, cut);
            if (load(in_folder("cut"), &pixels, &error))
                g_error("%s: %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " bytes will do", files[i],
                        cut, size);
            g_assert_true(g_str_has_prefix(error->message, in_folder("cut")));
            if (cut > size / 2)
                g_assert_nonnull(strstr(error->message, "truncated"));
            g_assert_null(pixels.data);
        }
    }
}

static void put_size(guint8 *to, guint size, guint n)
{
    for (guint i = 0; i < n; i++)
        to[i] = size >> 8 * (n - 1 - i);
}

static guint32 crc32_of(const guint8 *data, gsize n)
{
    guint32 crc = ~0u;
    while (n-- > 0) {
        crc ^= *data++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

/* A header alone, which asks for more than the file can hold, gets no memory. */
static void test_claims(void)
{
    guint8 rgb[HEIGHT * WIDTH * 3];
    fill_gradient(rgb);
    const PngKind kind = {PNG_COLOR_TYPE_GRAY, 8};
    const JpegKind plain = {JCS_RGB, JCS_YCbCr}, many = {JCS_RGB, JCS_YCbCr, .progressive = TRUE};
    const JpegKind rare = {JCS_RGB, JCS_YCbCr, .arithmetic = TRUE};
    const struct {
        const char *file;
        guint width, height;
        const char *says;
    } cases[] = {
        {make_jpeg("plain.jpg", &plain, rgb), 30000, 30000, "30000x30000 pixels, the limit is"},
        {make_jpeg("plain.jpg", &plain, rgb), 40000, 10, "width of 40000 pixels, the limits are"},
        {make_jpeg("plain.jpg", &plain, rgb), 16000, 16000, "cannot hold 16000x16000"},
        {make_jpeg("many.jpg", &many, rgb), 16000, 16000, "cannot hold 16000x16000"},
        {make_jpeg("rare.jpg", &rare, rgb), 16000, 16000, "cannot hold 16000x16000"},
        {make_png("plain.png", &kind, rgb, WIDTH), 1, 1 << 28, "height of 268435456 pixels"},
        {make_png("plain.png", &kind, rgb, WIDTH), 16000, 16000, "cannot hold 16000x16000"},
        {make_png("plain.png", &kind, rgb, WIDTH), 32768, 32768, "the limit is 268435456"},
        {make_png("plain.png", &kind, rgb, WIDTH), 0, 8, ""},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const gboolean png = g_str_has_suffix(cases[i].file, ".png");
        g_autofree char *data = NULL;
        gsize size, place = 16;
        g_assert_true(g_file_get_contents(cases[i].file, &data, &size, NULL));
        guint8 *bytes = (guint8 *)data;
        if (png) {
            put_size(bytes + 16, cases[i].width, 4);
            put_size(bytes + 20, cases[i].height, 4);
            put_size(bytes + 29, crc32_of(bytes + 12, 17), 4);
        } else {
            for (place = 2;
                 bytes[place + 1] != 0xc0 && bytes[place + 1] != 0xc2 && bytes[place + 1] != 0xc9;)
                place += 2 + 256 * bytes[place + 2] + bytes[place + 3];
            put_size(bytes + place + 5, cases[i].height, 2);
            put_size(bytes + place + 7, cases[i].width, 2);
        }
        put(in_folder("claim"), data, size);
        g_auto(Pixels) pixels = {0};
        g_autoptr(GError) error = NULL;
        g_assert_false(load(in_folder("claim"), &pixels, &error));
        if (strstr(error->message, cases[i].says) == NULL)
            g_error("%s", error->message);
        if (png) {
            g_auto(LabelPng) map = {0};
            g_assert_false(label_png_load(in_folder("claim"), &map, NULL));
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    g_assert_cmpint(usage.ru_maxrss, <, 200 << 10);
}

/* KB of addresses that the process ever had. */
static guint64 most_addresses(void)
{
    g_autofree char *status = NULL;
    g_assert_true(g_file_get_contents("/proc/self/status", &status, NULL, NULL));
    return g_ascii_strtoull(strstr(status, "VmPeak:") + strlen("VmPeak:"), NULL, 10);
}

/* Nor does a chunk that is longer than its file, before it turns out that there is no more. */
static void test_chunk(void)
{
    guint8 rgb[HEIGHT * WIDTH * 3];
    fill_gradient(rgb);
    const PngKind kind = {PNG_COLOR_TYPE_GRAY, 8};
    static const char *const chunks[] = {"eXIf", "tEXt", "zTXt", "iTXt", "sPLT", "pCAL", "vpAg"};
    g_autofree char *data = NULL;
    gsize size;
    g_assert_true(
        g_file_get_contents(make_png("plain.png", &kind, rgb, WIDTH), &data, &size, NULL));
    const guint64 before = most_addresses();
    for (guint i = 0; i < G_N_ELEMENTS(chunks); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(Pixels) pixels = {0};
        memcpy(data + 33, "\x70\0\0\0", 4); /* behind IHDR */
        memcpy(data + 37, chunks[i], 4);
        put(in_folder("chunk"), data, 60);
        g_assert_false(load(in_folder("chunk"), &pixels, &error));
        g_assert_nonnull(strstr(error->message, "is truncated"));
    }
    g_assert_cmpuint(most_addresses() - before, <, 64 << 10);
}

/* Formats that GStreamer decodes say their size, and how long they are, before it sees them. */
static void test_looks(void)
{
#define FILE_OF(...) (const guint8[]){__VA_ARGS__}, sizeof((const guint8[]){__VA_ARGS__})
    const struct {
        const char *name;
        const guint8 *data;
        gsize size;
        const char *says; /* NULL: nothing is wrong */
    } cases[] = {
        {"gif",
         FILE_OF('G', 'I', 'F', '8', '9', 'a', 2, 0, 2, 0, 0, 0, 0, ',', 0, 0, 0, 0, 2, 0, 2, 0, 0,
                 2, 2, 'D', 1, 0, ';'),
         NULL},
        {"gif",
         FILE_OF('G', 'I', 'F', '8', '9', 'a', 2, 0, 2, 0, 0, 0, 0, ',', 0, 0, 0, 0, 2, 0, 2, 0, 0,
                 2, 2, 'D', 1, 0),
         "is truncated"},
        {"gif", FILE_OF('G', 'I', 'F', '8', '9', 'a', 0x30, 0x75, 0x30, 0x75, 0, 0, 0, ';'),
         "30000x30000 pixels, the limit is"},
        {"gif", FILE_OF('G', 'I', 'F', '8', '9', 'a', 0x80, 0x3e, 0x80, 0x3e, 0, 0, 0, ';'),
         "cannot hold 16000x16000"},
        /* a frame that is larger than the screen */
        {"gif",
         FILE_OF('G', 'I', 'F', '8', '9', 'a', 2, 0, 2, 0, 0, 0, 0, ',', 0, 0, 0, 0, 0x30, 0x75,
                 0x30, 0x75, 0, 2, 2, 'D', 1, 0, ';'),
         "30000x30000 pixels"},
        {"bmp",
         FILE_OF('B', 'M', 0, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 0xff, 0xff,
                 0xff, 0xff, 1, 0, 24, 0, 0, 0, 0, 0),
         "is truncated"},
        {"bmp",
         FILE_OF('B', 'M', 0, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0,
                 1, 0, 24, 0, 1, 0, 0, 0),
         "65536x65536 pixels"},
        {"webp",
         FILE_OF('R', 'I', 'F', 'F', 40, 0, 0, 0, 'W', 'E', 'B', 'P', 'V', 'P', '8', 'X', 10, 0, 0,
                 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0),
         "is truncated"},
        {"webp",
         FILE_OF('R', 'I', 'F', 'F', 22, 0, 0, 0, 'W', 'E', 'B', 'P', 'V', 'P', '8', 'X', 10, 0, 0,
                 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0xff, 0xff, 0),
         "65536x65536 pixels"},
        {"tga", FILE_OF(0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 24, 0), "is truncated"},
        {"tga", FILE_OF(0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 24, 0, 1, 2, 3), NULL},
        {"mp4", FILE_OF(0, 0, 0, 8, 'f', 't', 'y', 'p', 0, 0, 1, 0, 'm', 'd', 'a', 't'),
         "has 264 bytes, but there are 16"},
        {"mkv",
         FILE_OF(0x1a, 0x45, 0xdf, 0xa3, 0x81, 0, 0x18, 0x53, 0x80, 0x67, 0x42, 0, 0, 0, 0, 0, 0,
                 0),
         "has 524 bytes, but there are 18"},
        {"avi", FILE_OF('R', 'I', 'F', 'F', 100, 0, 0, 0, 'A', 'V', 'I', ' '),
         "has 108 bytes, but there are 12"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("%u.%s", i, cases[i].name);
        const char *path = in_folder(name);
        g_auto(PictureSource) source = {0};
        g_autofree char *note = NULL;
        g_autoptr(GError) error = NULL;
        FormatLook look;
        put(path, cases[i].data, cases[i].size);
        g_assert_true(picture_source_open(path, &source, NULL));
        const Format *format = format_find(&source);
        g_assert_nonnull(format);
        const gboolean ok = format_check(format, &source, &look, &note, &error);
        const char *said = ok ? note : error->message;
        g_assert_true(ok == (cases[i].says == NULL || format->is_film));
        if ((said == NULL) != (cases[i].says == NULL) ||
            (said != NULL && strstr(said, cases[i].says) == NULL))
            g_error("%s: says \"%s\"", path, said);
    }
}

/* What a Macintosh leaves beside pictures is none. */
static void test_names(void)
{
    g_assert_true(picture_name_matches("a.jpg"));
    g_assert_true(picture_name_matches("B.JPEG"));
    g_assert_false(picture_name_matches("._a.jpg"));
    g_assert_false(picture_name_matches("a.txt"));
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/pictures/png-kinds", test_png_kinds);
    g_test_add_func("/pictures/png-16", test_png_16);
    g_test_add_func("/pictures/jpeg-kinds", test_jpeg_kinds);
    g_test_add_func("/pictures/orientation", test_orientation);
    g_test_add_func("/pictures/exif", test_exif);
    g_test_add_func("/pictures/truncated", test_truncated);
    g_test_add_func("/pictures/claims", test_claims);
    g_test_add_func("/pictures/chunk", test_chunk);
    g_test_add_func("/pictures/looks", test_looks);
    g_test_add_func("/pictures/names", test_names);
    return fixture_close();
}
