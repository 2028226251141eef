/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What a fuzz target and whatever drives it agree on: libFuzzer's entry point. The driver is
 * libFuzzer itself (-Dfuzz=libfuzzer) or replay.c.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** Feeds @data to a parser. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
