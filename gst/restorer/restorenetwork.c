/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restorenetwork.h"

#include <string.h>

#include "analyzer/enginecontext.h"

static void clear_restorers(gpointer data)
{
    VdtRestorers *restorers = data;

    vdt_restorer_free(restorers->restorer);
    vdt_restorer_free(restorers->squares);
    vdt_engine_unref(restorers->engine);
}

static VdtRestorers *restorers_new(VdtEngine *engine, GError **error)
{
    const VdtRestorerOptions usual = {0};
    VdtRestorers *restorers = g_atomic_rc_box_new0(VdtRestorers);

    restorers->engine = vdt_engine_ref(engine);
    restorers->restorer = vdt_restorer_new(engine, &usual, error);
    restorers->squares = restorers->restorer ? vdt_restorer_new(engine, &usual, error) : NULL;
    if (!restorers->squares) {
        g_atomic_rc_box_release_full(restorers, clear_restorers);
        return NULL;
    }
    return restorers;
}

void vdt_restore_network_clear(gpointer data)
{
    VdtRestoreNetwork *network = data;

    vdt_estimator_free(network->estimator);
    if (network->restorers)
        g_atomic_rc_box_release_full(network->restorers, clear_restorers);
}

guint vdt_restore_network_scale(VdtRestoreNetwork *network, guint restoration, GError **error)
{
    return vdt_restorer_get_scale(network->restorers->restorer, restoration, error);
}

static gboolean add_step(VdtRestoreNetwork *network, VdtRestoreSteps *steps, guint restoration,
                         GError **error)
{
    const guint scale = vdt_restore_network_scale(network, restoration, error);

    if (scale == 0)
        return FALSE;
    steps->restoration[steps->n] = restoration;
    steps->scale[steps->n++] = scale;
    return TRUE;
}

/* --- What an instruction asks for ----------------------------------------------------------- */

/* Read once in a process; never freed, as what is installed is not. */
static const VdtInstructions *get_instructions(GError **error)
{
    static GMutex lock;
    static VdtInstructions *instructions;
    const VdtInstructions *got;

    g_mutex_lock(&lock);
    if (!instructions)
        instructions = vdt_instructions_load(NULL, error);
    got = instructions;
    g_mutex_unlock(&lock);
    return got;
}

static char *explain(const char *instruction, const char *why)
{
    g_autofree char *valid = g_utf8_make_valid(instruction, -1);

    return g_strdup_printf("The instruction \"%.200s\" changes nothing: %s.", valid, why);
}

/* FALSE, with *@note, if nothing comes of it. */
static gboolean read_instruction(VdtRestoreNetwork *network, const char *text, char **note)
{
    g_autoptr(GError) error = NULL;
    const VdtInstructions *instructions = get_instructions(&error);
    VdtInstruction instruction;
    VdtRestoreSteps steps = {0};

    if (!instructions ||
        !vdt_instruction_parse(instructions, text, strlen(text), &instruction, &error)) {
        *note = explain(text, error->message);
        return FALSE;
    }
    if (instruction.n_steps == 0) {
        *note = explain(text, vdt_instruction_explain(instruction.answer));
        return FALSE;
    }
    for (guint i = 0; i < MIN(instruction.n_steps, VDT_RESTORE_MOST_STEPS); i++) {
        guint restoration;

        if (!vdt_restorer_find(network->restorers->restorer, instruction.steps[i], &restoration,
                               &error) ||
            !add_step(network, &steps, restoration, &error)) {
            *note = explain(text, error->message);
            return FALSE;
        }
    }
    network->steps = steps;
    return TRUE;
}

/* --- What is to be done --------------------------------------------------------------------- */

static gboolean take_task(VdtRestoreNetwork *network, const char *task, GError **error)
{
    guint restoration;

    if (g_strcmp0(task, VDT_ESTIMATOR_TASK) == 0) {
        network->automatic = TRUE;
        return TRUE;
    }
    if (!task || !*task)
        vdt_restorer_get_restorations(network->restorers->restorer, &restoration);
    else if (!vdt_restorer_find(network->restorers->restorer, task, &restoration, error))
        return FALSE;
    return add_step(network, &network->steps, restoration, error);
}

static gboolean choose(VdtRestoreNetwork *network, const VdtRestoreAsked *asked,
                       const VdtRestoreNetwork *before, char **note, GError **error)
{
    const gboolean says = asked->instruction && *asked->instruction;

    if (!says)
        return take_task(network, asked->task, error);
    if (read_instruction(network, asked->instruction, note))
        return TRUE;
    if (before && before->restorers == network->restorers) {
        network->steps = before->steps;
        network->automatic = before->automatic;
        return TRUE;
    }
    return !asked->task || !*asked->task || take_task(network, asked->task, error);
}

static VdtEstimator *estimator_new(const char *model, const char *const *names, GError **error)
{
    g_autofree char *resolved =
        vdt_engine_resolve(model && *model ? model : VDT_ESTIMATOR_MODEL, error);
    const VdtEngineOptions options = {.model = resolved};
    g_autoptr(VdtEngine) engine = resolved ? vdt_engine_get_shared(&options, error) : NULL;

    if (engine)
        return vdt_estimator_new(engine, names, TRUE, error);
    g_prefix_error(error, "what says which task pictures need: ");
    return NULL;
}

VdtRestoreNetwork *vdt_restore_network_new(VdtEngine *engine, const VdtRestoreAsked *asked,
                                           const VdtRestoreNetwork *before, char **note,
                                           GError **error)
{
    VdtRestoreNetwork *network = g_atomic_rc_box_new0(VdtRestoreNetwork);
    g_autofree char *said = NULL;

    *note = NULL;
    if (before && before->restorers->engine == engine)
        network->restorers = g_atomic_rc_box_acquire(before->restorers);
    else
        network->restorers = restorers_new(engine, error);
    if (!network->restorers)
        goto fail;
    network->card = vdt_engine_get_card(engine);
    network->names = vdt_restorer_get_restorations(network->restorers->restorer, NULL);
    if (!choose(network, asked, before, &said, error))
        goto fail;
    if (network->automatic || asked->estimates) {
        network->estimator = estimator_new(asked->estimator, network->names, error);
        if (!network->estimator)
            goto fail;
    }
    *note = g_steal_pointer(&said);
    return network;

fail:
    g_atomic_rc_box_release_full(network, vdt_restore_network_clear);
    return NULL;
}
