/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "enums.h"

#include <vedette/card.h>
#include <vedette/plan.h>

#include "street.h"

/* The name is for people, the nick is what a pipeline says. */
static GType register_enum(gsize *type, const char *name, const GEnumValue *values)
{
    if (g_once_init_enter(type)) {
        GType made = g_enum_register_static(name, values);

        gst_type_mark_as_plugin_api(made, 0);
        g_once_init_leave(type, made);
    }
    return *type;
}

GType vdt_analyzer_mode_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {VDT_ANALYZER_LIVE, "Pass frames at once, with the newest result there is", "live"},
        {VDT_ANALYZER_EXACT, "Hold each frame until the result it makes due is there", "exact"},
        {VDT_ANALYZER_ALIGNED, "Hold each frame until the result nearest in time is there",
         "aligned"},
        {0, NULL, NULL},
    };

    return register_enum(&type, "VdtAnalyzerMode", values);
}

GType vdt_event_kinds_get_type(void)
{
    static gsize type;
    static const GFlagsValue values[] = {
        {VDT_EVENT_START, "Something begins", "start"},
        {VDT_EVENT_UPDATE, "It goes on, otherwise than before", "update"},
        {VDT_EVENT_END, "It ends", "end"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type)) {
        GType made = g_flags_register_static("VdtEventKinds", values);

        gst_type_mark_as_plugin_api(made, 0);
        g_once_init_leave(&type, made);
    }
    return type;
}

GType vdt_precision_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {VDT_PRECISION_F32, "32-bit floating point", "f32"},
        {VDT_PRECISION_BF16, "bfloat16, summed in 32 bits", "bf16"},
        {VDT_PRECISION_INT8, "Products in 8 bits, the rest in floating point", "int8"},
        {0, NULL, NULL},
    };

    return register_enum(&type, "VdtPrecision", values);
}

GType vdt_framing_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {VDT_FRAMING_OF_MODEL, "What the model's card says", "model"},
        {VDT_FRAMING_STRETCH, "Both sides to the network's size", "stretch"},
        {VDT_FRAMING_CROP, "Shorter side to the network's size, centre of the longer", "crop"},
        {VDT_FRAMING_FIT, "Longer side to the network's size, margins filled", "fit"},
        {0, NULL, NULL},
    };

    return register_enum(&type, "VdtFraming", values);
}

GType vdt_map_size_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {VDT_MAP_OF_NETWORK, "As fine as the network's picture", "network"},
        {VDT_MAP_OF_FRAME, "A pixel for each of the frame's", "frame"},
        {0, NULL, NULL},
    };

    return register_enum(&type, "VdtMapSize", values);
}

GType vdt_classify_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {VDT_CLASSIFY_FRAME, "The whole frame", "frame"},
        {VDT_CLASSIFY_REGIONS, "The parts of it that `regions` names", "regions"},
        {VDT_CLASSIFY_BOXES, "What other elements found in it: its regions of interest", "boxes"},
        {0, NULL, NULL},
    };

    return register_enum(&type, "VdtClassify", values);
}

GType vdt_restore_mode_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {VDT_RESTORE_ALWAYS, "Each frame", "always"},
        {VDT_RESTORE_AUTO, "Frames that need it, as the estimator says", "auto"},
        {VDT_RESTORE_NEVER, "No frame", "never"},
        {VDT_RESTORE_ON_DEMAND, "The frame after each `restore-still`", "on-demand"},
        {0, NULL, NULL},
    };

    return register_enum(&type, "VdtRestoreMode", values);
}

GType vdt_restore_what_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {VDT_RESTORE_FRAME, "The whole frame, or the part of it that `region` names", "frame"},
        {VDT_RESTORE_BOXES, "What other elements found in it: its regions of interest", "boxes"},
        {0, NULL, NULL},
    };

    return register_enum(&type, "VdtRestoreWhat", values);
}

GType vdt_scene_action_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {VDT_SCENE_ANY, "An endless street, where one thing follows another", "any"},
        {VDT_STREET_EMPTY, "Nobody does anything but walk or stand", "empty"},
        {VDT_STREET_WALK, "A person walks", "walk"},
        {VDT_STREET_RUN, "A person runs", "run"},
        {VDT_STREET_FALL, "A person walks, falls and lies", "fall"},
        {VDT_STREET_GET_UP, "A person lies, then gets up", "get-up"},
        {VDT_STREET_WAVE, "A person stands and waves", "wave"},
        {VDT_STREET_LOITER, "A person paces to and fro", "loiter"},
        {VDT_STREET_FIGHT, "Two people fight", "fight"},
        {VDT_STREET_LEAVE_BAG, "A person puts a bag down and leaves", "leave-bag"},
        {VDT_STREET_CAR_PASS, "A car passes", "car-pass"},
        {VDT_STREET_CAR_STOP, "A car stops in its lane", "car-stop"},
        {VDT_STREET_CAR_PARK, "A car parks at the kerb", "car-park"},
        {0, NULL, NULL},
    };

    return register_enum(&type, "VdtSceneAction", values);
}

GType vdt_scene_output_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {VDT_SCENE_PICTURE, "What the camera sees (BGRx)", "picture"},
        {VDT_SCENE_CLEAN, "The same without weather, haze, noise and blur (BGRx)", "clean"},
        {VDT_SCENE_CLASSES, "The number of a class for each pixel (GRAY8)", "classes"},
        {0, NULL, NULL},
    };

    return register_enum(&type, "VdtSceneOutput", values);
}

GType vdt_overlay_position_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {VDT_OVERLAY_TOP_LEFT, "Top left corner", "top-left"},
        {VDT_OVERLAY_TOP_RIGHT, "Top right corner", "top-right"},
        {VDT_OVERLAY_BOTTOM_LEFT, "Bottom left corner", "bottom-left"},
        {VDT_OVERLAY_BOTTOM_RIGHT, "Bottom right corner", "bottom-right"},
        {0, NULL, NULL},
    };

    return register_enum(&type, "VdtOverlayPosition", values);
}
