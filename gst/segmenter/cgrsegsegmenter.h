/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cgrseg-segmenter: a class for every pixel of a stream. */
#pragma once

#include "analyzer/vdtanalyzer.h"

G_BEGIN_DECLS

#define VDT_TYPE_CGRSEG_SEGMENTER (vdt_cgrseg_segmenter_get_type())
G_DECLARE_FINAL_TYPE(VdtCgrsegSegmenter, vdt_cgrseg_segmenter, VDT, CGRSEG_SEGMENTER, VdtAnalyzer)
GST_ELEMENT_REGISTER_DECLARE(cgrseg_segmenter)

G_END_DECLS
