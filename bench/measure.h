/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What benches measure: clocks, memory, and sorting for medians. */
#pragma once

#include <stddef.h>
#include <time.h>

/* Milliseconds: CLOCK_MONOTONIC, CLOCK_THREAD_CPUTIME_ID or CLOCK_PROCESS_CPUTIME_ID. */
double measure_ms(clockid_t clock);
/* Resident memory of this process, in MB. */
double measure_resident_mb(void);
void measure_sort(double *values, size_t n);
