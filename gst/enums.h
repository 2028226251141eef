/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enumerations of the elements' properties. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * VdtAnalyzerMode:
 * @VDT_ANALYZER_LIVE: frames pass at once, and carry the newest result there is
 * @VDT_ANALYZER_EXACT: frames wait for the result that they make due
 */
typedef enum { VDT_ANALYZER_LIVE, VDT_ANALYZER_EXACT } VdtAnalyzerMode;

#define VDT_TYPE_ANALYZER_MODE (vdt_analyzer_mode_get_type())
GType vdt_analyzer_mode_get_type(void);

/* Values are VdtPrecision's. */
#define VDT_TYPE_PRECISION (vdt_precision_get_type())
GType vdt_precision_get_type(void);

/* Values are VdtFraming's, and one for what the model's card says. */
#define VDT_FRAMING_OF_MODEL (-1)
#define VDT_TYPE_FRAMING     (vdt_framing_get_type())
GType vdt_framing_get_type(void);

G_END_DECLS
