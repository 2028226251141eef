/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names, and the lists of clips that training and evaluation are made of. */
#include "street.h"
#include "world/maths.h"

const char *vdt_street_action_name(VdtStreetAction action)
{
    static const char *const names[VDT_STREET_N_ACTIONS] = {
        "empty",  "walk",  "run",       "fall",     "get-up",   "wave",
        "loiter", "fight", "leave-bag", "car-pass", "car-stop", "car-park",
    };

    g_return_val_if_fail((guint)action < VDT_STREET_N_ACTIONS, NULL);
    return names[action];
}

const char *vdt_street_class_name(VdtStreetClass class)
{
    static const char *const names[VDT_STREET_N_CLASSES] = {
        "sky", "building", "road", "pavement", "tree", "person", "vehicle", "bag", "lamp",
    };

    g_return_val_if_fail((guint) class < VDT_STREET_N_CLASSES, NULL);
    return names[class];
}

const char *vdt_street_body_name(VdtStreetBody body)
{
    static const char *const names[VDT_STREET_N_BODIES] = {"saloon", "hatchback", "estate", "van"};

    g_return_val_if_fail((guint)body < VDT_STREET_N_BODIES, NULL);
    return names[body];
}

const char *vdt_street_condition_name(VdtStreetCondition condition)
{
    static const char *const names[VDT_STREET_N_CONDITIONS] = {
        "day", "night", "rain", "snow", "haze", "noise", "shake",
    };

    g_return_val_if_fail((guint)condition < VDT_STREET_N_CONDITIONS, NULL);
    return names[condition];
}

VdtStreetClip vdt_street_list_clip(guint64 seed, guint64 index, gint64 duration,
                                   VdtStreetCondition *condition)
{
    VdtDice dice = vdt_dice(vdt_mix64_with(seed, 0x5eed), index);
    guint64 key = vdt_roll(&dice);
    VdtStreetCondition of = index / VDT_STREET_N_ACTIONS % VDT_STREET_N_CONDITIONS;
    VdtStreetConditions now = {0};
    double *fields[] = {
        [VDT_STREET_NIGHT] = &now.night, [VDT_STREET_RAIN] = &now.rain,
        [VDT_STREET_SNOW] = &now.snow,   [VDT_STREET_HAZE] = &now.haze,
        [VDT_STREET_NOISE] = &now.noise, [VDT_STREET_SHAKE] = &now.shake,
    };

    for (guint i = VDT_STREET_NIGHT; i < VDT_STREET_N_CONDITIONS; i++) {
        double bad = vdt_between(&dice, 0.4, 1), mild = vdt_between(&dice, 0.05, 0.35);
        gboolean some = vdt_pick(&dice, 3) == 0;

        *fields[i] = i == of ? bad : some ? mild : 0;
    }
    /* No list stands for a lens out of focus: it comes along with the others. */
    double mild = vdt_between(&dice, 0.1, 0.5);
    now.blur = vdt_pick(&dice, 3) == 0 ? mild : 0;
    /* It does not rain and snow at once, unless that is what the clip stands for. */
    if (now.rain > 0 && now.snow > 0)
        *(of == VDT_STREET_SNOW ? &now.rain : &now.snow) = 0;
    if (condition != NULL)
        *condition = of;
    return (VdtStreetClip){.seed = key,
                           .action = index % VDT_STREET_N_ACTIONS,
                           .conditions = now,
                           .duration = duration};
}
