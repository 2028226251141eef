/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "telling.h"

#include "analytics.h"
#include "analyzerstream.h"

void vdt_telling_init(VdtTelling *telling)
{
    g_mutex_init(&telling->lock);
    g_queue_init(&telling->messages);
}

void vdt_telling_clear(VdtTelling *telling)
{
    g_clear_pointer(&telling->events, vdt_events_free);
    g_mutex_clear(&telling->lock);
}

void vdt_telling_start(VdtTelling *telling, VdtAnalyzer *analyzer)
{
    if (!telling->events)
        telling->events =
            vdt_events_new(GST_ELEMENT(analyzer), VDT_ANALYZER_GET_CLASS(analyzer)->kind);
}

static gboolean is_wanted(GstMessage *message, const VdtPace *pace)
{
    static const struct {
        const char *name;
        VdtEventKinds kind;
    } kinds[] = {{"start", VDT_EVENT_START}, {"update", VDT_EVENT_UPDATE}, {"end", VDT_EVENT_END}};
    const char *event = gst_structure_get_string(gst_message_get_structure(message), "event");

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_strcmp0(event, kinds[i].name) == 0)
            return pace->post_messages && (pace->post_events & kinds[i].kind);
    return pace->post_messages;
}

/* Takes @messages. The lock is held, and given up. */
static void post(VdtTelling *telling, VdtAnalyzer *analyzer, GList *messages, const VdtPace *pace)
{
    GstMessage *message;

    for (GList *l = messages; l; l = l->next) {
        if (is_wanted(l->data, pace))
            g_queue_push_tail(&telling->messages, l->data);
        else
            gst_message_unref(l->data);
    }
    g_list_free(messages);
    if (!telling->posting) {
        telling->posting = TRUE;
        while ((message = g_queue_pop_head(&telling->messages))) {
            g_mutex_unlock(&telling->lock);
            gst_element_post_message(GST_ELEMENT(analyzer), message);
            g_mutex_lock(&telling->lock);
        }
        telling->posting = FALSE;
    }
    g_mutex_unlock(&telling->lock);
}

/* What the bus is told of @result. The lock is held: events change only then. */
static GList *tell(VdtTelling *telling, VdtAnalyzer *analyzer, const VdtSpan *span,
                   GPtrArray *found, const VdtResult *result, GstClockTime least)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(analyzer);
    VdtEvents *events = telling->events;
    const GstStructure *finding = NULL;

    if (klass->tell)
        return klass->tell(analyzer, events, span, &result->structures, least);
    if (klass->choose)
        finding = klass->choose(analyzer, found, vdt_events_get_class(events));
    return vdt_events_follow(events, span, finding, &result->structures, least);
}

void vdt_telling_publish(VdtTelling *telling, VdtAnalyzer *analyzer, const VdtPace *pace,
                         VdtJob *job, GPtrArray *found)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(analyzer);
    const GstClockTime took = vdt_job_took(job);
    const GstClockTime least = (GstClockTime)(pace->min_duration * GST_SECOND);
    g_autoptr(VdtResult) result = vdt_result_new(found, vdt_span_newest(&job->span));
    GList *messages = NULL;
    gboolean newest;

    result->backwards = job->span.backwards;
    result->fields = klass->describe ? klass->describe(analyzer) : NULL;
    vdt_analytics_prepare(result);
    g_mutex_lock(&telling->lock);
    /* if it becomes void after this, who makes it void will end what is started here */
    newest = vdt_worker_publish(job, vdt_result_ref(result), took);
    if (newest)
        vdt_analyzer_found(analyzer, job, result);
    if (newest)
        messages = tell(telling, analyzer, &job->span, found, result, least);
    post(telling, analyzer, messages, pace);
    /* a handler of these may have made it void */
    if (newest && klass->published && !vdt_job_is_void(job))
        klass->published(analyzer, job->work, result);
}

void vdt_telling_end(VdtTelling *telling, VdtAnalyzer *analyzer, const VdtPace *pace)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(analyzer);
    GList *end;

    if (!telling->events) /* never started */
        return;
    g_mutex_lock(&telling->lock);
    end = klass->end ? klass->end(analyzer) : vdt_events_end(telling->events);
    post(telling, analyzer, end, pace);
}
