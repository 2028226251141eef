/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running the real command, in a folder that goes when the tests are done.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <vedette/weights.h>

/* Call first and last in main(). */
void fixture_open(int *argc, char ***argv);
int fixture_close(void);

/* A path in the folder; not to be freed. */
const char *in_folder(const char *name);
const char *golden_case(const char *name);
/* Made-up weights of a small network of pictures, deit_t. */
const char *picture_weights(void);
const char *golden_case_of(const char *model, const char *name);

typedef struct {
    int status;
    char *out, *err;
} Outcome;
void outcome_clear(Outcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

/* Runs `vedette` with these arguments, NULL-terminated. */
Outcome vedette(const char *first, ...) G_GNUC_NULL_TERMINATED;
/* The same, and fails the test unless it exits with @status (and says @says, if given). */
void expect(int status, const char *says, const char *first, ...) G_GNUC_NULL_TERMINATED;

/* The same through `sh -c script sh vedette ...`; the script ends in exec "$@". */
Outcome in_shell(const char *script, const char *first, ...) G_GNUC_NULL_TERMINATED;

/* The file k400.safetensors with the weights of the k400 cases, made once. */
const char *k400_weights(void);
/* Of a CGRSeg-T, made by the golden cases' formula. */
const char *segmentation_weights(void);
/* A network of the same family that runs in milliseconds, with a card; its folder. */
const char *small_model(void);
/* The input of a golden case as .npy. */
const char *golden_npy(const char *name);
/* An 80-frame video and a picture, or NULL if GStreamer's tools are not there. */
const char *some_video(void);
/* A video by a pipeline from  to raw pictures, or NULL. */
const char *make_video(const char *name, const char *source);
const char *some_picture(void);
