/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Vision transformers as DeiT has them, under timm's names: what a picture shows. Everything goes
 * through the row; docs/vit.md describes the configuration.
 */
#pragma once

#include "../model.h"

extern const VdtModel vdt_vit;
