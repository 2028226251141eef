/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the configuration says of events: who is told, what is kept, what the system tells of
 * itself; and whether the service is armed, which others may change. Any thread. */
#pragma once

#include "config/config.h"
#include "events/hub.h"
#include "events/profile.h"
#include "events/system.h"
#include "store/store.h"

typedef struct _VdtPolicy VdtPolicy;

/* Judges the events of @hub from now on, for as long as that is there. How it was armed is kept in
 * @folder, over restarts, until the configuration's key is another one; NULL for nowhere. */
VdtPolicy *vdt_policy_new(const VdtConfig *config, VdtHub *hub, const char *folder);
void vdt_policy_unref(VdtPolicy *policy);
/* Goes by another configuration; how it is armed stays, unless that key has changed. */
void vdt_policy_reload(VdtPolicy *policy, const VdtConfig *config);
VdtArm vdt_policy_get_arm(VdtPolicy *policy);
/* Waits for the disk. FALSE, and nothing changes, if it cannot be kept there. */
gboolean vdt_policy_set_arm(VdtPolicy *policy, VdtArm arm, GError **error);

VdtStoreLimits vdt_policy_store_limits(const VdtConfig *config);
VdtSystemLimits vdt_policy_system_limits(const VdtConfig *config);
