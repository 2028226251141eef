/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin: a list of its elements. */
#include "classifier/slabclassifier.h"
#include "overlay/overlay.h"
#include "recognizer/squeezetimerecognizer.h"
#include "restorer/iptrestorer.h"
#include "segmenter/cgrsegsegmenter.h"
#include "street/scenesrc.h"

static gboolean plugin_init(GstPlugin *plugin)
{
    return GST_ELEMENT_REGISTER(cgrseg_segmenter, plugin) &&
           GST_ELEMENT_REGISTER(ipt_restorer, plugin) &&
           GST_ELEMENT_REGISTER(slab_classifier, plugin) &&
           GST_ELEMENT_REGISTER(squeezetime_recognizer, plugin) &&
           GST_ELEMENT_REGISTER(vedette_overlay, plugin) &&
           GST_ELEMENT_REGISTER(vedette_scenesrc, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, vedette, "Neural video analytics on CPUs",
                  plugin_init, VEDETTE_VERSION, "LGPL", "Vedette", "Vedette")
