/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes a restorer of which is known what it does: make-restorer DIR CONFIG.json NAMES
 *
 * NAMES are of its tasks, separated by commas. With "arch" in its configuration it has made-up
 * weights instead, which do something to pictures. Else x2 makes a square of four of each pixel,
 * noise changes nothing, rain makes it lighter by 20, dark halves it, blur is the mean of nine
 * pixels. An IPT network does that with few of its weights: the head passes colours, the body what
 * comes in, so that it is there twice, and the tail makes the difference. All others are 0.
 */
#include "maker.h"

#include <string.h>

#define COLOURS 3
#define CARD                                                                                       \
    "{\"schema\": 1, \"name\": \"%s\", \"architecture\": \"ipt\", \"variant\": \"custom\",\n"      \
    "\"title\": \"Simple restorations\", \"licence\": \"CC0-1.0\", \"origin\": "                   \
    "\"make-restorer\",\n"                                                                         \
    "\"weights\": \"weights.safetensors\", \"tasks\": [\"%s\"],\n\"config\": %s}\n"

enum { X2, NOISE, RAIN, DARK, BLUR };

/* Kernels [out,in,h,w]: output @to is @value times input @from. */
static void set(VdtTensor *kernels, gint64 to, gint64 from, float value)
{
    const gint64 n = kernels->shape.dims[2] * kernels->shape.dims[3];

    ((float *)kernels->data)[(to * kernels->shape.dims[1] + from) * n + n / 2] = value;
}

static void pass(VdtTensor *kernels, float value)
{
    for (guint c = 0; c < COLOURS; c++)
        set(kernels, c, c, value);
}

static void blur(VdtTensor *kernels)
{
    for (guint c = 0; c < COLOURS; c++)
        for (guint i = 0; i < 9; i++)
            ((float *)kernels->data)[(c * kernels->shape.dims[1] + c) * 9 + i] = 0.5f / 9;
}

static void set_tail(guint task, const char *part, VdtTensor *tensor)
{
    if (strcmp(part, "0.0.weight") == 0) {
        for (guint c = 0; c < COLOURS; c++)
            for (guint i = 0; i < 4; i++)
                set(tensor, 4 * c + i, c, 1);
    } else if (strcmp(part, "1.weight") == 0 && task == BLUR) {
        blur(tensor);
    } else if (strcmp(part, "1.weight") == 0) {
        pass(tensor, task == DARK ? 0.25f : 0.5f);
    } else if (strcmp(part, "1.bias") == 0 && task == RAIN) {
        maker_fill(tensor, 20);
    }
}

static void set_weight(guint task, const char *name, VdtTensor *tensor)
{
    g_autofree char *head = g_strdup_printf("head.%u.0.weight", task);
    g_autofree char *tail = g_strdup_printf("tail.%u.", task);

    maker_fill(tensor, 0);
    if (strcmp(name, head) == 0 || strcmp(name, "sub_mean.weight") == 0 ||
        strcmp(name, "add_mean.weight") == 0)
        pass(tensor, 1);
    else if (g_str_has_prefix(name, tail))
        set_tail(task, name + strlen(tail), tensor);
}

typedef struct {
    guint task;
    gboolean live; /* the network that takes any size */
} Restorer;

static void set_any(const char *name, VdtTensor *tensor, gpointer data)
{
    const Restorer *restorer = data;

    if (strcmp(name, "pixels.in") == 0 || strcmp(name, "pixels.out") == 0) /* from 0 to 1 */
        maker_fill(tensor, strcmp(name, "pixels.in") == 0 ? 1 / 255.0f : 255);
    else if (restorer->live)
        vdt_tensor_fill_uniform(tensor, name, -0.15, 0.15);
    else
        set_weight(restorer->task, name, tensor);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    g_autoptr(JsonObject) config = NULL;
    g_autofree char *text = NULL, *card = NULL, *names = NULL, *base = NULL;
    g_auto(GStrv) list = NULL;
    const VdtModel *model;
    VdtShape input;

    if (argc != 4) {
        g_printerr("usage: make-restorer DIR CONFIG.json NAMES\n");
        return 2;
    }
    g_set_prgname("make-restorer");
    list = g_strsplit(argv[3], ",", -1);
    model = vdt_model_find("ipt", &error);
    maker_need(model != NULL, error);
    config = maker_load(argv[2], &text);
    input = model->input_shape(config, 1, 8, 8);
    /* what a task has; others have most of it, too */
    for (guint task = 0; task < g_strv_length(list); task++) {
        Restorer restorer = {task, json_object_has_member(config, "arch")};
        VdtBuild asked = vdt_model_ask(model, &input);

        asked.restoration = (int)task;
        maker_add(model, config, &asked, weights, set_any, &restorer);
    }
    base = g_path_get_basename(argv[1]);
    names = g_strjoinv("\", \"", list);
    card = g_strdup_printf(CARD, base, names, text);
    maker_save(argv[1], weights, card, NULL);
    return 0;
}
