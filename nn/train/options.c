/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether options of a training make sense. */
#include "trainer-private.h"
#include <math.h>

static gboolean fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean fail(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_propagate_error(error, g_error_new_valist(VDT_ERROR, VDT_ERROR_FAILED, format, args));
    va_end(args);
    return FALSE;
}

/* NaN is in no range. */
static gboolean check_range(const char *name, double value, double low, double high, GError **error)
{
    return (value >= low && value <= high) ||
           fail(error, "%s is %g, but must be from %g to %g", name, value, low, high);
}

static gboolean check_schedule(const VdtSchedule *s, GError **error)
{
    if ((guint)s->kind > VDT_SCHEDULE_POLY)
        return fail(error, "there is no schedule of kind %u", (guint)s->kind);
    if (s->warmup >= s->steps)
        return fail(error,
                    "%" G_GUINT64_FORMAT
                    " steps of warm-up are not fewer than the %" G_GUINT64_FORMAT
                    " steps of the schedule",
                    s->warmup, s->steps);
    if (!check_range("the rate", s->rate, 0, 1e6, error) ||
        !check_range("the start of the warm-up", s->warmup_start, 0, 1, error) ||
        !check_range("the final share of the rate", s->final, 0, 1, error))
        return FALSE;
    if (s->kind == VDT_SCHEDULE_POLY && !check_range("the power", s->power, 0.01, 100, error))
        return FALSE;
    if (s->kind == VDT_SCHEDULE_STEP && !check_range("gamma", s->gamma, 1e-6, 1, error))
        return FALSE;
    for (guint i = 1; i < G_N_ELEMENTS(s->milestones) && s->milestones[i] != 0; i++)
        if (s->milestones[i] <= s->milestones[i - 1])
            return fail(error,
                        "milestone %" G_GUINT64_FORMAT " does not come after milestone "
                        "%" G_GUINT64_FORMAT,
                        s->milestones[i], s->milestones[i - 1]);
    return TRUE;
}

gboolean vdt_train_options_check(const VdtTrainOptions *o, GError **error)
{
    const double below1 = nextafter(1, 0);

    if (o->kind != VDT_OPTIMIZER_SGD && o->kind != VDT_OPTIMIZER_ADAMW)
        return fail(error, "there is no optimizer of kind %u", (guint)o->kind);
    return check_range("the momentum", o->momentum, 0, below1, error) &&
           check_range("beta1", o->beta1, 0, below1, error) &&
           check_range("beta2", o->beta2, 0, below1, error) &&
           check_range("eps", o->eps, 0, 1, error) &&
           check_range("the weight decay", o->weight_decay, 0, 1e3, error) &&
           check_range("the largest norm", o->max_norm, 0, G_MAXDOUBLE, error) &&
           check_range("the decay of the average", o->average, 0, below1, error) &&
           (!o->slow_prefix ||
            check_range("the factor of slow parameters", o->slow_factor, 0, 1e3, error)) &&
           check_schedule(&o->schedule, error);
}
