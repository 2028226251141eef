/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzer/vdtanalyzer.h"

G_BEGIN_DECLS

#define VDT_TYPE_SLAB_CLASSIFIER (vdt_slab_classifier_get_type())
G_DECLARE_FINAL_TYPE(VdtSlabClassifier, vdt_slab_classifier, VDT, SLAB_CLASSIFIER, VdtAnalyzer)
GST_ELEMENT_REGISTER_DECLARE(slab_classifier)

G_END_DECLS
