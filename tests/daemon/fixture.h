/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configurations in a folder that goes when the tests are done.
 */
#pragma once

#include "values/problems.h"

/* How much longer all may take where a sanitizer makes it slow, beside what else runs. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FIXTURE_SLOWER 10
#else
#define FIXTURE_SLOWER 1
#endif

/* Call first and last in main(). */
void fixture_open(int *argc, char ***argv);
int fixture_close(void);

/* Forgets all files, and writes those: name and text in turns, NULL-terminated. They can be read by
 * everybody. */
void fixture_files(const char *name, ...) G_GNUC_NULL_TERMINATED;
/* One more. */
void fixture_add(const char *name, const char *text);
/* A path in the folder; good until it is asked for the next time. "" for the folder itself. */
const char *fixture_path(const char *name);

/* Whether exactly one problem shows itself so: "streams.d/a.conf:3: [stream] source=...: ...",
 * where the file is named from the folder on, and what follows @start does not matter. */
void fixture_expect(const VdtProblems *problems, const char *start);
