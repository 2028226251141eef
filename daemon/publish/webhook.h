/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events posted to a server, one after another, signed if there is a secret:
 *
 *     Content-Type: application/json
 *     X-Vedette-Delivery: the same for every attempt to post one event
 *     X-Vedette-Timestamp: seconds since 1970, of this attempt
 *     X-Vedette-Signature: sha256=HMAC-SHA256(secret, timestamp "." body), in hex
 *
 * 2xx: it has arrived; 4xx other than 408 and 429: it is not wanted, and the next one is posted;
 * all else: again, later. No more than 64 KiB of an answer are read, and no redirect is followed.
 */
#pragma once

#include "config/config.h"
#include "sink.h"

/* By [webhook]; NULL if there is none, or its secret could not be read. */
VdtSink *vdt_webhook_new(const VdtConfig *config, const VdtSinkOptions *options);
