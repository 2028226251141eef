/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events as lines of JSON at the end of a file. What looks after it may rename or remove it at any
 * time: it is made anew. A line is whole, or it is not there; where the disk is full, what does not
 * fit is written later.
 */
#pragma once

#include "config/config.h"
#include "sink.h"

/* By [file]; NULL if there is none. */
VdtSink *vdt_json_file_new(const VdtConfig *config, const VdtSinkOptions *options);
