/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "enginecontext.h"

#include <gio/gio.h>

VdtEngine *vdt_engine_from_context(GstContext *context)
{
    VdtEngine *engine = NULL;

    if (gst_context_has_context_type(context, VDT_ENGINE_CONTEXT))
        gst_structure_get(gst_context_get_structure(context), "engine", VDT_TYPE_ENGINE, &engine,
                          NULL);
    return engine;
}

static gboolean ask_neighbour(GstElement *element, GstPad *pad, gpointer data)
{
    GstQuery *query = data;
    GstContext *context = NULL;

    if (gst_pad_peer_query(pad, query))
        gst_query_parse_context(query, &context);
    if (context)
        gst_element_set_context(element, context);
    return !context; /* goes on until somebody has one */
}

void vdt_engine_ask(GstElement *element)
{
    g_autoptr(GstQuery) query = gst_query_new_context(VDT_ENGINE_CONTEXT);

    /* in the order that GStreamer's documentation of GstContext asks for */
    if (gst_element_foreach_src_pad(element, ask_neighbour, query) &&
        gst_element_foreach_sink_pad(element, ask_neighbour, query))
        gst_element_post_message(
            element, gst_message_new_need_context(GST_OBJECT(element), VDT_ENGINE_CONTEXT));
}

static gboolean fits(const VdtCard *card, const char *const *architectures, const char *model)
{
    return g_strv_contains(architectures, card->architecture) &&
           (!model || !*model || g_strcmp0(model, card->name) == 0 ||
            g_strcmp0(model, card->path) == 0);
}

char *vdt_engine_resolve(const char *model, GError **error)
{
    if (model && g_str_has_prefix(model, "~/"))
        return g_build_filename(g_get_home_dir(), model + 2, NULL);
    if (model && g_str_has_prefix(model, "file:"))
        return g_filename_from_uri(model, NULL, error);
    return g_strdup(model ? model : "");
}

VdtEngine *vdt_engine_find(const char *const *architectures, const char *usual, const char *name,
                           VdtPrecision precision, VdtEngine *handed, GError **error)
{
    g_autofree char *model = vdt_engine_resolve(name, error);
    VdtEngineOptions options = {.model = model, .precision = precision};
    g_autoptr(VdtEngine) engine = NULL;
    const VdtCard *card;

    if (!model)
        return NULL;
    if (handed && fits(vdt_engine_get_card(handed), architectures, model))
        return vdt_engine_ref(handed);
    /* said only where it selects the model: a card of another architecture is to be noticed */
    if (!*model && usual)
        options.model = usual;
    else if (!*model)
        options.architecture = architectures[0];
    engine = vdt_engine_get_shared(&options, error);
    if (!engine)
        return NULL;
    card = vdt_engine_get_card(engine);
    if (!g_strv_contains(architectures, card->architecture)) {
        g_autofree char *known = g_strjoinv(" or ", (char **)architectures);

        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "%s: the architecture is %s, but this element runs %s", card->path,
                    card->architecture, known);
        return NULL;
    }
    return g_steal_pointer(&engine);
}

void vdt_engine_complain(GstElement *element, GstMessageType type, const GError *error)
{
    int code = GST_RESOURCE_ERROR_FAILED;

    if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        code = GST_RESOURCE_ERROR_NOT_FOUND;
    else if (error->domain == G_FILE_ERROR)
        code = GST_RESOURCE_ERROR_OPEN_READ;
    gst_element_message_full(element, type, GST_RESOURCE_ERROR, code, g_strdup(error->message),
                             NULL, __FILE__, GST_FUNCTION, __LINE__);
}
