/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How far a camera that shakes has moved the picture: by points with contrast, whose levels are
 * known from pictures before.
 *
 * Not thread-safe.
 */
#pragma once

#include "preprocess.h"

G_BEGIN_DECLS

/* Pixels. */
typedef struct {
    int x, y;
} VdtShift;

typedef struct _VdtSteady VdtSteady;

VdtSteady *vdt_steady_new(void);
void vdt_steady_free(VdtSteady *steady);
/* The next picture is of something else. */
void vdt_steady_reset(VdtSteady *steady);
/*
 * How far @picture is moved from the first one since new or reset, or one of another size. Points
 * in pixels that are not 0 in @moves, rows of the picture's width, are not looked at: these move by
 * themselves.
 */
VdtShift vdt_steady_update(VdtSteady *steady, const VdtPicture *picture, const guint8 *moves);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtSteady, vdt_steady_free)

G_END_DECLS
