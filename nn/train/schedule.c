/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rate of each step. */
#include <math.h>
#include <vedette/train.h>

double vdt_schedule_get_rate(const VdtSchedule *schedule, guint64 step)
{
    double rate = schedule->rate, progress = 1;

    if (step < schedule->warmup)
        return rate * (schedule->warmup_start +
                       (1 - schedule->warmup_start) * (double)step / (double)schedule->warmup);
    if (step < schedule->steps)
        progress = (double)(step - schedule->warmup) / (double)(schedule->steps - schedule->warmup);
    switch (schedule->kind) {
    case VDT_SCHEDULE_COSINE:
        return rate * (schedule->final + (1 - schedule->final) * (1 + cos(G_PI * progress)) / 2);
    case VDT_SCHEDULE_STEP:
        for (guint i = 0; i < G_N_ELEMENTS(schedule->milestones); i++)
            if (schedule->milestones[i] != 0 && schedule->milestones[i] <= step)
                rate *= schedule->gamma;
        return rate;
    case VDT_SCHEDULE_POLY:
        return rate *
               (schedule->final + (1 - schedule->final) * pow(1 - progress, schedule->power));
    case VDT_SCHEDULE_CONSTANT:
        break;
    }
    return rate;
}
