/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "voice.h"

#include "eventjson.h"
#include "stream/clock.h"
#include "watch.h"

static VdtTellLevel level_of(VdtStreamState state)
{
    switch (state) {
    case VDT_STREAM_FAILED:
        return VDT_TELL_ERROR;
    case VDT_STREAM_DEGRADED:
    case VDT_STREAM_STALLED:
    case VDT_STREAM_BACKOFF:
        return VDT_TELL_WARNING;
    default:
        return VDT_TELL_INFO;
    }
}

/* What explains itself, and comes with every attempt, has no reason. */
static char *show_state(const VdtStreamInfo *info)
{
    const char *state = vdt_stream_state_name(info->state);
    if (level_of(info->state) == VDT_TELL_INFO)
        return g_strdup(state);
    if (info->retry < 0)
        return g_strdup_printf("%s (%s)", state, info->reason);
    return g_strdup_printf("%s (%s), again in %.1f s", state, info->reason,
                           (double)MAX(info->retry - vdt_clock_now(), 0) / (double)VDT_SECOND);
}

void vdt_voice_tell_state(const VdtTell *tell, const char *name, const VdtStreamInfo *info,
                          char **said)
{
    g_autofree char *text = show_state(info);
    if (g_strcmp0(text, *said) == 0)
        return;
    vdt_tell_state(tell, level_of(info->state), name, vdt_stream_state_name(info->state), "%s: %s",
                   name, text);
    g_free(*said);
    *said = g_steal_pointer(&text);
}

void vdt_voice_init(VdtVoice *voice, VdtOutlets *outlets, const char *stream)
{
    *voice = (VdtVoice){.outlets = outlets, .stream = g_strdup(stream)};
}

void vdt_voice_clear(VdtVoice *voice)
{
    g_free(voice->stream);
    g_free(voice->said);
}

/* The elements of another pipeline know nothing of what those before had open. */
static void end_events(VdtVoice *voice, const VdtStreamInfo *info)
{
    if (info->builds != voice->builds && voice->builds > 0)
        vdt_hub_end_stream(voice->outlets->hub, voice->stream, "rebuilt");
    voice->builds = info->builds;
}

/* While it is away, what it connects again for is still the reason. */
static void tell_camera(VdtVoice *voice, const VdtStreamInfo *info)
{
    VdtStreamState state = info->state;
    gboolean away =
        state != VDT_STREAM_LIVE && state != VDT_STREAM_DEGRADED && state != VDT_STREAM_STOPPED;
    if (!away || !voice->away || state != VDT_STREAM_CONNECTING)
        vdt_system_set_camera(voice->outlets->system, voice->stream, away ? info->reason : NULL,
                              g_get_monotonic_time());
    voice->away = away;
}

void vdt_voice_changed(VdtVoice *voice, VdtStream *stream)
{
    g_autoptr(VdtStreamInfo) info = vdt_stream_get_info(stream);
    end_events(voice, info);
    tell_camera(voice, info);
    vdt_voice_tell_state(voice->outlets->tell, voice->stream, info, &voice->said);
    if (voice->outlets->publisher != NULL)
        vdt_publisher_set_state(voice->outlets->publisher, voice->stream,
                                vdt_stream_state_name(info->state), info->reason);
}

void vdt_voice_message(VdtVoice *voice, VdtStream *stream, GstMessage *message)
{
    VdtEventLine line;
    guint flags;
    if (vdt_watch_read(message, &flags))
        vdt_system_set_view(voice->outlets->system, voice->stream, flags);
    if (!vdt_event_from_message(message, voice->stream, &line))
        return;
    g_autoptr(VdtStreamInfo) info = vdt_stream_get_info(stream);
    end_events(voice, info);
    vdt_hub_put(voice->outlets->hub, vdt_event_new(&line));
}

void vdt_voice_end(VdtVoice *voice)
{
    vdt_hub_end_stream(voice->outlets->hub, voice->stream, "stopped");
    vdt_system_forget_stream(voice->outlets->system, voice->stream);
}
