/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* squeezetime-recognizer: names what happens in a stream. */
#pragma once

#include "analyzer/vdtanalyzer.h"

G_BEGIN_DECLS

#define VDT_TYPE_SQUEEZETIME_RECOGNIZER (vdt_squeezetime_recognizer_get_type())
G_DECLARE_FINAL_TYPE(VdtSqueezetimeRecognizer, vdt_squeezetime_recognizer, VDT,
                     SQUEEZETIME_RECOGNIZER, VdtAnalyzer)
GST_ELEMENT_REGISTER_DECLARE(squeezetime_recognizer)

G_END_DECLS
