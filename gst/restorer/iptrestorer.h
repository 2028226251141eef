/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ipt-restorer: makes frames clearer, or larger. */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define VDT_TYPE_IPT_RESTORER (vdt_ipt_restorer_get_type())
G_DECLARE_FINAL_TYPE(VdtIptRestorer, vdt_ipt_restorer, VDT, IPT_RESTORER, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE(ipt_restorer)

G_END_DECLS
