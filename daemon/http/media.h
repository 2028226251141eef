/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files as answers: whole, or a range of them. */
#pragma once

#include "request.h"

/* Answers with the file @path, NULL for none, or that part of it that is asked for. Its suffix says
 * what it is. */
void vdt_media_answer(VdtRequest *request, const char *path);

typedef enum {
    VDT_RANGE_NONE,  /* all of it: there is none, or one that need not be understood */
    VDT_RANGE_PART,  /* from *@first to *@last, which are in it */
    VDT_RANGE_WRONG, /* there is no such part */
} VdtRange;
/* What @text, a Range of a thing of @size bytes, means; it may be NULL. */
VdtRange vdt_media_range(const char *text, guint64 size, guint64 *first, guint64 *last);
