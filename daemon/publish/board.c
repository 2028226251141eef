/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "board.h"

#include <string.h>

struct _VdtBoard {
    gint ref_count;
    GMutex lock;
    guint64 change;      /* guarded, as is what follows */
    GHashTable *notices; /* by stream; names of configured streams, of which there are few */
    const char *arm;
};

void vdt_notice_free(VdtNotice *notice)
{
    if (notice == NULL)
        return;
    g_free(notice->stream);
    g_free(notice->state);
    g_free(notice->reason);
    g_free(notice);
}

VdtBoard *vdt_board_new(void)
{
    VdtBoard *board = g_new0(VdtBoard, 1);
    board->ref_count = 1;
    g_mutex_init(&board->lock);
    board->notices =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)vdt_notice_free);
    return board;
}

VdtBoard *vdt_board_ref(VdtBoard *board)
{
    g_atomic_int_inc(&board->ref_count);
    return board;
}

void vdt_board_unref(VdtBoard *board)
{
    if (board == NULL || !g_atomic_int_dec_and_test(&board->ref_count))
        return;
    g_hash_table_unref(board->notices);
    g_mutex_clear(&board->lock);
    g_free(board);
}

/* With the lock. */
static void put(VdtBoard *board, const char *stream, const char *state, const char *reason,
                gboolean removed)
{
    VdtNotice *notice = g_new(VdtNotice, 1);
    *notice = (VdtNotice){++board->change, removed,          g_strdup(stream),
                          g_strdup(state), g_strdup(reason), g_get_real_time()};
    g_hash_table_replace(board->notices, notice->stream, notice);
}

void vdt_board_add(VdtBoard *board, const char *stream)
{
    g_mutex_lock(&board->lock);
    const VdtNotice *before = g_hash_table_lookup(board->notices, stream);
    if (before == NULL || before->removed)
        put(board, stream, "connecting", NULL, FALSE);
    g_mutex_unlock(&board->lock);
}

gboolean vdt_board_set(VdtBoard *board, const char *stream, const char *state, const char *reason)
{
    g_mutex_lock(&board->lock);
    const VdtNotice *before = g_hash_table_lookup(board->notices, stream);
    gboolean differs =
        before != NULL && !before->removed &&
        (strcmp(before->state, state) != 0 || g_strcmp0(before->reason, reason) != 0);
    if (differs)
        put(board, stream, state, reason, FALSE);
    g_mutex_unlock(&board->lock);
    return differs;
}

void vdt_board_remove(VdtBoard *board, const char *stream)
{
    g_mutex_lock(&board->lock);
    const VdtNotice *before = g_hash_table_lookup(board->notices, stream);
    if (before != NULL && !before->removed) {
        g_autofree char *name = g_strdup(stream);
        put(board, name, NULL, NULL, TRUE);
    }
    g_mutex_unlock(&board->lock);
}

gboolean vdt_board_has(VdtBoard *board, const char *stream)
{
    g_mutex_lock(&board->lock);
    const VdtNotice *notice = g_hash_table_lookup(board->notices, stream);
    gboolean has = notice != NULL && !notice->removed;
    g_mutex_unlock(&board->lock);
    return has;
}

GStrv vdt_board_list(VdtBoard *board)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    GHashTableIter iter;
    VdtNotice *notice;
    g_mutex_lock(&board->lock);
    g_hash_table_iter_init(&iter, board->notices);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&notice))
        if (!notice->removed)
            g_strv_builder_add(names, notice->stream);
    g_mutex_unlock(&board->lock);
    return g_strv_builder_end(names);
}

VdtNotice *vdt_board_next(VdtBoard *board, guint64 after)
{
    VdtNotice *next = NULL, *copy = NULL;
    GHashTableIter iter;
    VdtNotice *notice;
    g_mutex_lock(&board->lock);
    g_hash_table_iter_init(&iter, board->notices);
    while (board->change > after && g_hash_table_iter_next(&iter, NULL, (gpointer *)&notice))
        if (notice->change > after && (next == NULL || notice->change < next->change))
            next = notice;
    if (next != NULL) {
        copy = g_new(VdtNotice, 1);
        *copy = *next;
        copy->stream = g_strdup(next->stream);
        copy->state = g_strdup(next->state);
        copy->reason = g_strdup(next->reason);
    }
    g_mutex_unlock(&board->lock);
    return copy;
}

void vdt_board_set_arm(VdtBoard *board, const char *arm)
{
    g_mutex_lock(&board->lock);
    board->arm = arm;
    g_mutex_unlock(&board->lock);
}

const char *vdt_board_get_arm(VdtBoard *board)
{
    g_mutex_lock(&board->lock);
    const char *arm = board->arm;
    g_mutex_unlock(&board->lock);
    return arm;
}
