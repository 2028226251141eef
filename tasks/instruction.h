/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From an instruction in words, "remove the rain and brighten it a bit", to what is to be restored:
 * one thing, two in their order, or "don't know", of which nothing must be changed.
 *
 * A small classifier, trained by `vedette train instructions` on English and German, says of each
 * clause what it asks for. docs/instructions.md says what it makes of what.
 */
#pragma once

#include <vedette/weights.h>

G_BEGIN_DECLS

#define VDT_INSTRUCTION_MAX_BYTES 4096
#define VDT_INSTRUCTION_MAX_STEPS 2

/* Immutable: several threads may use one at once. */
typedef struct _VdtInstructions VdtInstructions;

/* Why there are no steps. */
typedef enum {
    VDT_INSTRUCTION_KNOWN,         /* there are */
    VDT_INSTRUCTION_EMPTY,         /* no word in it */
    VDT_INSTRUCTION_FOREIGN,       /* too few words of the languages that were learned */
    VDT_INSTRUCTION_LONG,          /* more clauses than are looked at */
    VDT_INSTRUCTION_OTHER,         /* asks for nothing that can be restored */
    VDT_INSTRUCTION_UNSURE,        /* may ask for something, but for what is not clear */
    VDT_INSTRUCTION_FORBIDDEN,     /* says only what is not to be done */
    VDT_INSTRUCTION_CONTRADICTION, /* asks for what it forbids */
    VDT_INSTRUCTION_MANY,          /* asks for more than VDT_INSTRUCTION_MAX_STEPS */
} VdtInstructionAnswer;

typedef struct {
    VdtInstructionAnswer answer;
    guint n_steps;                                /* 0: change nothing */
    const char *steps[VDT_INSTRUCTION_MAX_STEPS]; /* "rain", first what is done first; owned by the
                                                     VdtInstructions; all different */
    double sureness;                              /* of the least sure clause with a step, 0 to 1 */
} VdtInstruction;

/* What a file of `vedette train instructions` holds, or, if @path is NULL, the one that comes with
 * Vedette. NULL if it is none, or one that does not fit. */
VdtInstructions *vdt_instructions_load(const char *path, GError **error);
/* The same of weights that were read, or trained; these are not kept. */
VdtInstructions *vdt_instructions_new(const VdtWeights *weights, GError **error);
void vdt_instructions_free(VdtInstructions *instructions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtInstructions, vdt_instructions_free)

/* All steps that there can be, NULL-terminated; owned by @instructions. */
const char *const *vdt_instructions_get_steps(const VdtInstructions *instructions);

/*
 * Reads @length bytes of @text. FALSE, with VDT_ERROR_FORMAT, if they are more than
 * VDT_INSTRUCTION_MAX_BYTES, no UTF-8, or have control characters other than tabs and ends of
 * lines; anything else has an answer. Allocates nothing unless it fails.
 */
gboolean vdt_instruction_parse(const VdtInstructions *instructions, const char *text, gsize length,
                               VdtInstruction *instruction, GError **error);

/* What an answer means, in words that can follow "nothing is changed: "; static. */
const char *vdt_instruction_explain(VdtInstructionAnswer answer);

G_END_DECLS
