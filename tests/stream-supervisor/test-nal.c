/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which bytes could be a picture. */
#include "stream/nal.h"

#define START 0, 0, 1

static void check(VdtNalCodec codec, VdtNalForm form, gboolean sane, const guint8 *data, gsize size)
{
    /* a copy of its own, so that reading past it shows */
    guint8 *copy = g_memdup2(data, size);

    g_assert_cmpint(vdt_nal_is_sane(codec, form, copy, size), ==, sane);
    g_free(copy);
}

#define CHECK_FORM(form, codec, sane, ...)                                                         \
    check(VDT_NAL_##codec, VDT_NAL_##form, sane, (const guint8[]){__VA_ARGS__},                    \
          sizeof((const guint8[]){__VA_ARGS__}))
#define CHECK(...) CHECK_FORM(STARTS, __VA_ARGS__)

static void test_h264(void)
{
    CHECK(H264, TRUE, START, 0x65, 0x88);
    CHECK(H264, TRUE, 0, START, 0x09, 0xf0, 0, START, 0x67, 0x42, 0, START, 0x68, 0xce, 0, START,
          0x65, 1);
    CHECK(H264, TRUE, START, 0x41, 0x9a, 0, 0);
    CHECK(H264, FALSE, 0x65, 0x88, 0x80);  /* no start code */
    CHECK(H264, FALSE, START, 0x65);       /* a header alone */
    CHECK(H264, FALSE, START, 0x65, 0, 0); /* with zeros that are none of it */
    CHECK(H264, FALSE, START);             /* nothing */
    CHECK(H264, FALSE, START, 0x65, 0x88, START, START, 0x65, 0x88);
    CHECK(H264, FALSE, START, 0xe5, 0x88);                    /* the bit that is never set */
    CHECK(H264, FALSE, START, 0x60, 0x88);                    /* type 0 */
    CHECK(H264, FALSE, START, 0x65, 0x88, START, 0x7c, 0x88); /* type 28: a packet's */
    CHECK(H264, FALSE, START, 0x0b, START, 0x65, 0x88);       /* the end of the stream, and more */
}

static void test_h265(void)
{
    CHECK(H265, TRUE, START, 0x26, 0x01, 0xaf);
    CHECK(H265, TRUE, 0, START, 0x40, 0x01, 0x0c, 0, START, 0x42, 0x01, 0x01, 0, START, 0x02, 0x01,
          0xd0);
    CHECK(H265, FALSE, START, 0x26, 0x01);
    CHECK(H265, FALSE, START, 0xa6, 0x01, 0xaf);
    CHECK(H265, FALSE, START, 0x62, 0x01, 0xaf); /* type 49: a packet's */
    CHECK(H265, FALSE, START, 0x1e, 0x01, 0xaf); /* type 15: reserved */
}

static void test_lengths(void)
{
    CHECK_FORM(LENGTHS, H264, TRUE, 0, 0, 0, 2, 0x09, 0xf0, 0, 0, 0, 3, 0x65, 0x88, 0x80);
    CHECK_FORM(LENGTHS, H264, FALSE, 0, 0, 0, 2, 0x09, 0xf0, 0, 0, 0, 1, 0x65);
    CHECK_FORM(LENGTHS, H264, FALSE, 0, 0, 0, 2, 0x09, 0xf0, 0, 0, 0, 0); /* half of one */
    CHECK_FORM(LENGTHS, H264, FALSE, 0, 0, 0, 4, 0x65, 0x88, 0x80);       /* more than there is */
    CHECK_FORM(LENGTHS, H264, FALSE, 0xff, 0xff, 0xff, 0xff, 0x65, 0x88, 0x80);
    CHECK_FORM(LENGTHS, H264, FALSE, START, 0x65, 0x88);
    CHECK_FORM(LENGTHS, H265, TRUE, 0, 0, 0, 3, 0x26, 0x01, 0xaf);
    CHECK_FORM(LENGTHS, H265, FALSE, 0, 0, 0, 3, 0x62, 0x01, 0xaf);
}

/* Any bytes, of any length: an answer, and no reading past them. */
static void test_random(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    guint sane = 0;

    for (guint i = 0; i < 20000; i++) {
        const gsize size = (gsize)g_rand_int_range(random, 0, 40);
        guint8 *data = g_malloc(size);

        for (gsize k = 0; k < size; k++)
            data[k] = (guint8)(g_rand_int_range(random, 0, 3) ? g_rand_int_range(random, 0, 3)
                                                              : g_rand_int_range(random, 0, 256));
        sane += vdt_nal_is_sane(i % 2, i / 2 % 2, data, size);
        g_free(data);
    }
    g_assert_cmpuint(sane, >, 100);
    g_assert_cmpuint(sane, <, 19900);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nal/h264", test_h264);
    g_test_add_func("/nal/h265", test_h265);
    g_test_add_func("/nal/lengths", test_lengths);
    g_test_add_func("/nal/random", test_random);
    return g_test_run();
}
