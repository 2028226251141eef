/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which elements of a result a golden case keeps, and how far they are from what was computed.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <vedette/tensor.h>

/* The elements of @full, float32, that @spec (one of a case's outputs or intermediates) says are
 * stored: all, a slice, or the mean over some dimensions. New tensor. */
VdtTensor *stored_elements(JsonObject *spec, const VdtTensor *full, GError **error);

/* ||got - want|| / ||want|| in double; NaN where something is not finite. Both have as many
 * elements. */
double relative_error(const VdtTensor *got, const VdtTensor *want);
/* Share of elements that differ. */
double mismatch(const VdtTensor *got, const VdtTensor *want);
