/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What drawing the street costs: one JSON line for each condition and size, over clips of every
 * action, and for the endless street. CPU time of one thread; clips are made, drawn and freed as
 * training does.
 */
#include <stdio.h>
#include <street.h>

#include "measure.h"

#define N_FRAMES 16
#define N_ROUNDS 4 /* of every action */
#define DURATION (24 * G_GINT64_CONSTANT(100000000))

typedef struct {
    double street, painter, frames;
    guint n_streets, n_frames;
} Cost;

static void draw(VdtStreet *street, guint width, guint height, gint64 from, guint n, Cost *cost)
{
    g_autofree guint8 *pixels = g_malloc((gsize)width * height * 4);
    double begin = measure_ms(CLOCK_THREAD_CPUTIME_ID);
    VdtStreetPainter *painter = vdt_street_painter_new(street, width, height);

    /* The backdrop is made for the first frame. */
    vdt_street_painter_draw(painter, from, pixels, 4 * width);
    double middle = measure_ms(CLOCK_THREAD_CPUTIME_ID);
    for (guint i = 0; i < n; i++)
        vdt_street_painter_draw(painter, from + i * DURATION / N_FRAMES, pixels, 4 * width);
    cost->frames += measure_ms(CLOCK_THREAD_CPUTIME_ID) - middle;
    cost->painter += middle - begin;
    cost->n_streets++;
    cost->n_frames += n;
    vdt_street_painter_free(painter);
}

static void report(const char *what, guint width, guint height, const Cost *cost)
{
    double frame = cost->frames / cost->n_frames;

    printf("{\"bench\":\"street\",\"condition\":\"%s\",\"width\":%u,\"height\":%u,"
           "\"frames_per_s\":%.0f,\"frame_ms\":%.3f,\"street_ms\":%.3f,\"painter_ms\":%.3f}\n",
           what, width, height, 1e3 / frame, frame, cost->street / cost->n_streets,
           cost->painter / cost->n_streets - frame);
}

static void clips(VdtStreetCondition condition, guint width, guint height)
{
    Cost cost = {0};

    for (guint round = 0; round < N_ROUNDS; round++) {
        for (guint action = 0; action < VDT_STREET_N_ACTIONS; action++) {
            guint64 index = (round * VDT_STREET_N_CONDITIONS + condition) * VDT_STREET_N_ACTIONS;
            VdtStreetClip clip = vdt_street_list_clip(1, index + action, DURATION, NULL);
            double begin = measure_ms(CLOCK_THREAD_CPUTIME_ID);
            g_autoptr(VdtStreet) street = vdt_street_new_clip(&clip);

            cost.street += measure_ms(CLOCK_THREAD_CPUTIME_ID) - begin;
            draw(street, width, height, 0, N_FRAMES, &cost);
        }
    }
    report(vdt_street_condition_name(condition), width, height, &cost);
}

static void everything(guint width, guint height)
{
    Cost cost = {0};

    for (guint i = 0; i < N_ROUNDS * VDT_STREET_N_ACTIONS; i++) {
        VdtStreetClip clip = {.seed = i, .action = i % VDT_STREET_N_ACTIONS, .duration = DURATION};

        clip.conditions = (VdtStreetConditions){1, 1, 1, 1, 1, 1, 1};
        double begin = measure_ms(CLOCK_THREAD_CPUTIME_ID);
        g_autoptr(VdtStreet) street = vdt_street_new_clip(&clip);
        cost.street += measure_ms(CLOCK_THREAD_CPUTIME_ID) - begin;
        draw(street, width, height, 0, N_FRAMES, &cost);
    }
    report("everything at its worst", width, height, &cost);
}

static void endless(guint width, guint height)
{
    VdtStreetOptions options = {.seed = 1, .changing = TRUE};
    Cost cost = {0};

    double begin = measure_ms(CLOCK_THREAD_CPUTIME_ID);
    g_autoptr(VdtStreet) street = vdt_street_new(&options);
    cost.street += measure_ms(CLOCK_THREAD_CPUTIME_ID) - begin;
    draw(street, width, height, 100 * DURATION, 40 * N_FRAMES, &cost);
    report("endless, changing", width, height, &cost);
}

int main(void)
{
    static const guint sizes[][2] = {{320, 180}, {640, 360}, {1920, 1080}};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        for (guint k = 0; k < VDT_STREET_N_CONDITIONS && sizes[i][0] < 1000; k++)
            clips(k, sizes[i][0], sizes[i][1]);
        if (sizes[i][0] < 1000)
            everything(sizes[i][0], sizes[i][1]);
        endless(sizes[i][0], sizes[i][1]);
    }
    return 0;
}
