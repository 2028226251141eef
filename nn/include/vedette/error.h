/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Errors of the Vedette library.
 *
 * Every function that can fail takes a GError. The message is one sentence that names the file,
 * the field or tensor, and both the value met and the limit. The library never logs, aborts or
 * exits on bad input. File access errors come in the G_FILE_ERROR domain.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VDT_API __attribute__((visibility("default")))

#define VDT_ERROR (vdt_error_quark())

/**
 * VdtError:
 * @VDT_ERROR_FAILED: anything that has no code of its own
 * @VDT_ERROR_FORMAT: a file or message is damaged, truncated or hostile
 * @VDT_ERROR_UNSUPPORTED: well formed, but not something this version or this CPU can do
 * @VDT_ERROR_SHAPE: shapes do not fit each other
 * @VDT_ERROR_WEIGHTS: tensors are missing, mis-shaped or not finite
 * @VDT_ERROR_MODEL: unknown architecture, variant, or an invalid configuration or model card
 * @VDT_ERROR_CANCELLED: stopped by a GCancellable
 */
typedef enum {
    VDT_ERROR_FAILED,
    VDT_ERROR_FORMAT,
    VDT_ERROR_UNSUPPORTED,
    VDT_ERROR_SHAPE,
    VDT_ERROR_WEIGHTS,
    VDT_ERROR_MODEL,
    VDT_ERROR_CANCELLED,
} VdtError;

VDT_API GQuark vdt_error_quark(void);

G_END_DECLS
