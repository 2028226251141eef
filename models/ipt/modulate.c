/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modulate.h"

#include <math.h>
#include <string.h>

#define MOST_RANK  64
/* How much larger V begins than what keeps variance. A step of Adam is as large for any weight, so
 * that the product goes as far as V is large: with 1 a task hardly gets away from the others. */
#define HEAD_START 8

static const char *const kind_names[] = {"head", "conv", "attention", "mlp", "tail", NULL};

void vdt_modulation_read(VdtFields *fields, VdtModulation *m)
{
    g_auto(GStrv) names = vdt_fields_strings(fields, "modulated");
    m->rank = vdt_fields_int(fields, "rank", 0, 0, MOST_RANK);
    m->kinds = names == NULL ? (1u << VDT_MODULATED_KINDS) - 1 : 0;
    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        guint kind = 0;
        while (kind < VDT_MODULATED_KINDS && strcmp(kind_names[kind], names[i]) != 0)
            kind++;
        if (kind < VDT_MODULATED_KINDS) {
            m->kinds |= 1u << kind;
            continue;
        }
        g_autofree char *all = g_strjoinv(", ", (char **)kind_names);
        vdt_fields_fail(fields, "\"modulated\" has \"%s\", but can have %s", names[i], all);
    }
    if (m->rank == 0)
        m->kinds = 0;
}

void vdt_modulation_to_json(const VdtModulation *m, JsonObject *object)
{
    json_object_set_int_member(object, "rank", m->rank);
    if (m->rank == 0)
        return;
    JsonArray *names = json_array_new();
    for (guint i = 0; i < VDT_MODULATED_KINDS; i++)
        if (m->kinds & 1u << i)
            json_array_add_string_element(names, kind_names[i]);
    json_object_set_array_member(object, "modulated", names);
}

/* A layer's own. */
typedef struct {
    VdtShape shape; /* of the weights */
    VdtValue *weight, *bias, *u, *v;
} Layer;

/* What one output is made of. */
static gint64 seen(const VdtShape *weights)
{
    return vdt_shape_elements(weights) / weights->dims[0];
}

static Layer declare(const VdtModulation *m, VdtScope s, VdtShape weights, double deviation)
{
    const VdtShape bias = vdt_shape(weights.dims[0]);
    const VdtShape u = vdt_shape(weights.dims[0], m->restorations, m->rank);
    const VdtShape v = vdt_shape(m->restorations, m->rank, seen(&weights));
    Layer l = {.shape = weights};
    l.weight = vdt_param_with(s, "weight", &weights, (VdtStart){.deviation = deviation});
    l.bias = vdt_param_with(s, "bias", &bias, (VdtStart){0});
    if (m->rank == 0)
        return l;
    l.u = vdt_param_with(s, "lora_u", &u, (VdtStart){0});
    l.v = vdt_param_with(s, "lora_v", &v,
                         (VdtStart){.deviation = HEAD_START * sqrt(1.0 / (double)v.dims[2])});
    return l;
}

/* Weights of x for those of x times the factor. */
static VdtValue *times(const VdtModulation *m, VdtValue *weight)
{
    return m->factor != NULL ? vdt_mul(weight, m->factor) : weight;
}

/* W, or W + U V of the restoration: a constant wherever weights are. In a training they are tokens,
 * which have one form in memory. */
static VdtValue *merged(const VdtModulation *m, const Layer *l)
{
    if (m->rank == 0)
        return times(m, l->weight);
    const VdtShape left = vdt_shape(1, l->shape.dims[0], m->rank),
                   right = vdt_shape(1, m->rank, -1);
    const VdtShape rows = vdt_shape(1, l->shape.dims[0], -1);
    VdtValue *u = vdt_reshape(vdt_slice(l->u, 1, m->restoration, 1), &left);
    VdtValue *v = vdt_reshape(vdt_slice(l->v, 0, m->restoration, 1), &right);
    VdtValue *sum = vdt_add(vdt_reshape(l->weight, &rows), vdt_matmul(u, v));
    return times(m, vdt_reshape(sum, &l->shape));
}

static VdtModulation modulation_of(const VdtModulation *m, VdtModulatedKind kind)
{
    VdtModulation own = *m;
    if ((m->kinds & 1u << kind) == 0)
        own.rank = 0;
    return own;
}

VdtValue *vdt_modulated_conv(const VdtModulation *m, VdtModulatedKind kind, VdtScope s, VdtValue *x,
                             VdtConv2d o)
{
    VdtModulation own = modulation_of(m, kind);
    /* As convolutions start: Kaiming, fan out. */
    double deviation = own.silent ? 0 : sqrt(2.0 / ((double)o.out * o.kernel * o.kernel));
    Layer l =
        declare(&own, s, vdt_shape(o.out, vdt_value_dim(x, 1), o.kernel, o.kernel), deviation);
    return vdt_conv2d_by(x, merged(&own, &l), l.bias, .stride = o.stride, .pad = o.pad);
}

VdtValue *vdt_modulated_linear(const VdtModulation *m, VdtModulatedKind kind, VdtScope s,
                               VdtValue *x, gint64 out)
{
    VdtModulation own = modulation_of(m, kind);
    Layer l = declare(&own, s, vdt_shape(out, vdt_value_dim(x, 2)), 0.02);
    return vdt_linear_by(x, merged(&own, &l), l.bias);
}
