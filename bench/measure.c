/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

double measure_ms(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

double measure_resident_mb(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long size = 0, resident = 0;

    if (file) {
        if (fscanf(file, "%lu %lu", &size, &resident) != 2)
            resident = 0;
        fclose(file);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void measure_sort(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
}
