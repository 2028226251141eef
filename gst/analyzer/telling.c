/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "telling.h"

void vdt_telling_init(VdtTelling *telling)
{
    g_mutex_init(&telling->posting);
}

void vdt_telling_clear(VdtTelling *telling)
{
    g_clear_pointer(&telling->events, vdt_events_free);
    g_mutex_clear(&telling->posting);
}

void vdt_telling_start(VdtTelling *telling, VdtAnalyzer *analyzer)
{
    if (!telling->events)
        telling->events =
            vdt_events_new(GST_ELEMENT(analyzer), VDT_ANALYZER_GET_CLASS(analyzer)->kind);
}

/* What the bus is told of @result. Posting is held: events change only then. */
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
    g_mutex_lock(&telling->posting);
    /* if it becomes void after this, who makes it void will end what is started here */
    newest = vdt_worker_publish(job, vdt_result_ref(result), took);
    if (newest)
        messages = tell(telling, analyzer, &job->span, found, result, least);
    vdt_events_post(telling->events, messages, pace->post_messages);
    g_mutex_unlock(&telling->posting);
    if (newest && klass->published)
        klass->published(analyzer, job->work, result);
}

void vdt_telling_end(VdtTelling *telling, VdtAnalyzer *analyzer, const VdtPace *pace)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(analyzer);
    GList *end;

    if (!telling->events) /* never started */
        return;
    g_mutex_lock(&telling->posting);
    end = klass->end ? klass->end(analyzer) : vdt_events_end(telling->events);
    vdt_events_post(telling->events, end, pace->post_messages);
    g_mutex_unlock(&telling->posting);
}
