/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gate.h"

#include <string.h>

typedef struct {
    gpointer who; /* NULL: free */
    gint64 until;
} Turn;

struct _VdtGate {
    gint64 hold;
    guint width;
    GQueue waiting;
    Turn *turns; /* width */
};

VdtGate *vdt_gate_new(guint width, gint64 hold)
{
    VdtGate *gate = g_new0(VdtGate, 1);

    gate->hold = hold;
    gate->width = width;
    gate->turns = g_new0(Turn, width);
    return gate;
}

static void forget_free(VdtGate *gate)
{
    guint n = 0;

    for (guint i = 0; i < gate->width; i++)
        if (gate->turns[i].who)
            gate->turns[n++] = gate->turns[i];
    memset(gate->turns + n, 0, (gate->width - n) * sizeof(Turn));
}

void vdt_gate_set_width(VdtGate *gate, guint width)
{
    forget_free(gate);
    gate->turns = g_renew(Turn, gate->turns, width);
    if (width > gate->width)
        memset(gate->turns + gate->width, 0, (width - gate->width) * sizeof(Turn));
    gate->width = width;
}

void vdt_gate_free(VdtGate *gate)
{
    g_queue_clear(&gate->waiting);
    g_free(gate->turns);
    g_free(gate);
}

static Turn *find_turn(VdtGate *gate, gpointer who)
{
    for (guint i = 0; i < gate->width; i++)
        if (gate->turns[i].who == who)
            return &gate->turns[i];
    return NULL;
}

void vdt_gate_ask(VdtGate *gate, gpointer who)
{
    if (!find_turn(gate, who) && !g_queue_find(&gate->waiting, who))
        g_queue_push_tail(&gate->waiting, who);
}

void vdt_gate_leave(VdtGate *gate, gpointer who)
{
    Turn *turn = find_turn(gate, who);

    if (turn)
        turn->who = NULL;
    g_queue_remove(&gate->waiting, who);
}

gpointer vdt_gate_next(VdtGate *gate, gint64 now)
{
    if (g_queue_is_empty(&gate->waiting))
        return NULL;
    for (guint i = 0; i < gate->width; i++) {
        Turn *turn = &gate->turns[i];

        if (turn->who && now < turn->until)
            continue;
        turn->who = g_queue_pop_head(&gate->waiting);
        turn->until = now + gate->hold;
        return turn->who;
    }
    return NULL;
}

gint64 vdt_gate_get_deadline(const VdtGate *gate)
{
    gint64 first = G_MAXINT64;

    if (g_queue_is_empty((GQueue *)&gate->waiting))
        return first;
    for (guint i = 0; i < gate->width; i++)
        first = MIN(first, gate->turns[i].who ? gate->turns[i].until : 0);
    return first;
}
