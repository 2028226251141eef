/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "silence.h"

/* In a row, from which on it is said: streams have a late frame now and then. */
#define MOST_LATE   10
#define MOST_BROKEN 3

typedef enum { UNTIMED, UNREADABLE, LATE, BROKEN, ENDED } Reason;

static const struct {
    const char *text, *help;
} reasons[] = {
    [UNTIMED] = {"Frames without time or frame rate are not analysed.",
                 "timestamp the stream, for example with videorate before"},
    [UNREADABLE] = {"Frames that cannot be read are not analysed.",
                    "they are shorter than their caps say, or their memory cannot be mapped"},
    [LATE] = {"Frames whose time does not go on are not analysed.",
              "their timestamps stand still, or go to and fro within half a second"},
    [BROKEN] = {"The stream breaks off again and again before there is a result.",
                "its time goes back, or its pieces are too short to be looked at"},
    [ENDED] = {"The stream has ended before there was enough of it to be looked at.",
               "a shorter window needs less of it"},
};

static void tell(VdtSilence *silence, VdtWorker *worker, Reason reason)
{
    if (silence->told & 1u << reason)
        return;
    silence->told |= 1u << reason;
    GST_ELEMENT_WARNING(worker->element, STREAM, FORMAT, ("%s", reasons[reason].text),
                        ("%s", reasons[reason].help));
}

void vdt_silence_untimed(VdtSilence *silence, VdtWorker *worker)
{
    vdt_worker_count_unseen(worker);
    tell(silence, worker, UNTIMED);
}

void vdt_silence_unreadable(VdtSilence *silence, VdtWorker *worker)
{
    vdt_worker_count_unseen(worker);
    tell(silence, worker, UNREADABLE);
}

void vdt_silence_timed(VdtSilence *silence, VdtWorker *worker, gboolean newer)
{
    silence->late = newer ? 0 : silence->late + 1;
    if (!newer)
        vdt_worker_count_unseen(worker);
    if (silence->late >= MOST_LATE)
        tell(silence, worker, LATE);
}

void vdt_silence_broke(VdtSilence *silence, VdtWorker *worker)
{
    const guint64 results = vdt_worker_count_broken(worker, silence->results);

    silence->broken = results > silence->results ? 0 : silence->broken + 1;
    silence->results = results;
    if (silence->broken >= MOST_BROKEN)
        tell(silence, worker, BROKEN);
}

void vdt_silence_ended(VdtSilence *silence, VdtWorker *worker)
{
    if (!silence->took && !silence->told)
        tell(silence, worker, ENDED);
}
