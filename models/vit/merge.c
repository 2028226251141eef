/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "merge.h"

static int moved(int level, gint64 tokens)
{
    return (int)MIN(level, (tokens - 1) / 2);
}

double vdt_tokens_kept(int tokens, int n_blocks, int level)
{
    gint64 sum = 0, left = tokens;
    for (int i = 0; i < n_blocks; i++) {
        sum += left;
        left -= moved(level, left);
        sum += left;
    }
    return (double)sum / (2.0 * n_blocks * tokens);
}

VdtValue *vdt_tokens_weigh(const VdtTokens *tokens, VdtValue *scores)
{
    if (tokens->sizes == NULL || !tokens->weighs)
        return scores;
    VdtShape keys =
        vdt_shape(vdt_value_dim(tokens->sizes, 0), 1, 1, vdt_value_dim(tokens->sizes, 1));
    return vdt_add(scores, vdt_reshape(vdt_log(tokens->sizes), &keys));
}

VdtValue *vdt_tokens_merge(VdtTokens *tokens, VdtValue *x, VdtValue *k, int block)
{
    gint64 length = vdt_value_dim(x, 1);
    int n = moved(tokens->level, length);
    if (n < 1)
        return x;
    VdtMatch match = vdt_match_tokens(k, n, .heads = tokens->heads, .protect = TRUE);
    vdt_tap(match.source, "merge%d.src", block);
    vdt_tap(match.target, "merge%d.dst", block);
    x = vdt_merge_tokens(x, match, tokens->sizes);
    tokens->sizes = vdt_merge_sizes(match, length, tokens->sizes);
    return x;
}
