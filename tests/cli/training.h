/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A network that is trained in a second, for the tests of train and eval.
 */
#pragma once

#define TINY                                                                                       \
    "{\"block\": \"bottleneck\", \"layers\": [1, 1, 1, 1], \"planes\": [4, 4, 4, 4], "             \
    "\"pos_dim\": [4, 2, 1, 1], \"frames\": 4}"
/* Begins an argument list; the output folder follows. */
#define TRAIN_TINY                                                                                 \
    "train", "squeezetime", "--config", TINY, "--size", "32x32", "--batch", "8", "--validations",  \
        "2", "--threads", "2", "--output"
#define ON_STREET "--street", "--coded", "0", "--clips", "24", "--validation-clips", "12"
