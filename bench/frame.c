/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it costs to bring a decoder's frame to the network's size: one JSON line for each format.
 * Frames take turns in memory, so that none is in the cache.
 */
#include <stdio.h>
#include <stdlib.h>

#include "frame/framemap.h"
#include "measure.h"

#define N_BUFFERS 8
#define N_RUNS    400
#define TO        224

static void bench(GstVideoFormat format, int width, int height)
{
    const VdtFrameTarget target = {TO, TO, VDT_FRAMING_CROP, {0}};
    g_autofree guint8 *rgb = g_malloc(TO * TO * 3);
    g_autoptr(VdtFrameMap) map = NULL;
    GstVideoFrame frames[N_BUFFERS];
    double ms[N_RUNS];
    GstVideoInfo info;

    gst_video_info_set_format(&info, format, width, height);
    for (guint i = 0; i < N_BUFFERS; i++) {
        g_autoptr(GstBuffer) buffer = gst_buffer_new_allocate(NULL, info.size, NULL);

        gst_buffer_memset(buffer, 0, (guint8)(40 + i), info.size);
        if (!gst_video_frame_map(&frames[i], &info, buffer, GST_MAP_READ))
            exit(1);
    }
    map = vdt_frame_map_new(&info, NULL, &target);
    for (guint i = 0; i < N_RUNS; i++) {
        const double begin = measure_ms(CLOCK_THREAD_CPUTIME_ID);

        vdt_frame_map_convert(map, &frames[i % N_BUFFERS], rgb);
        ms[i] = measure_ms(CLOCK_THREAD_CPUTIME_ID) - begin;
    }
    measure_sort(ms, N_RUNS);
    printf("{\"bench\":\"frame\",\"format\":\"%s\",\"width\":%d,\"height\":%d,\"to\":%d,"
           "\"min_ms\":%.3f,\"median_ms\":%.3f,\"p90_ms\":%.3f}\n",
           gst_video_format_to_string(format), width, height, TO, ms[0], ms[N_RUNS / 2],
           ms[N_RUNS * 9 / 10]);
    for (guint i = 0; i < N_BUFFERS; i++)
        gst_video_frame_unmap(&frames[i]);
}

int main(int argc, char **argv)
{
    static const GstVideoFormat formats[] = {GST_VIDEO_FORMAT_NV12, GST_VIDEO_FORMAT_I420,
                                             GST_VIDEO_FORMAT_YUY2, GST_VIDEO_FORMAT_I420_10LE,
                                             GST_VIDEO_FORMAT_BGRx, GST_VIDEO_FORMAT_GRAY8};

    gst_init(&argc, &argv);
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
        bench(formats[i], 1920, 1080);
    return 0;
}
