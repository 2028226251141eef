/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error domain of the library. */
#include <vedette/error.h>

G_DEFINE_QUARK(vdt - error - quark, vdt_error)
