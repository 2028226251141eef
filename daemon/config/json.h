/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong with a configuration, and what differs, for programs. */
#pragma once

#include <json-glib/json-glib.h>

#include "diff.h"

/* An object for each. Caller unrefs. */
JsonArray *vdt_problems_to_json(const VdtProblems *problems);
JsonArray *vdt_differences_to_json(const GPtrArray *differences);
