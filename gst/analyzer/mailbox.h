/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One worker thread behind a mailbox of one slot: a newer job replaces the one that waits.
 *
 * A mailbox is closed until it is started. Any thread may put, poke, drain, discard, close and
 * open at any time. Jobs belong to the mailbox from the moment they are put, until it gives one
 * back.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _VdtMailbox VdtMailbox;

/* Runs in the worker thread. @cancellable is cancelled when the result is no longer wanted; the
 * function then returns as soon as it can. */
typedef void (*VdtMailboxRun)(gpointer job, GCancellable *cancellable, gpointer user_data);
/* The same for what is not a job: called after each one, when it is asked for, and at the monotonic
 * time that it returned last; 0 for never. */
typedef gint64 (*VdtMailboxIdle)(GCancellable *cancellable, gpointer user_data);

VdtMailbox *vdt_mailbox_new(VdtMailboxRun run, VdtMailboxIdle idle, GDestroyNotify free_job,
                            gpointer user_data);
void vdt_mailbox_free(VdtMailbox *mailbox);
/* Starts the thread, and opens the mailbox. Start and stop come in turns, from one thread. */
void vdt_mailbox_start(VdtMailbox *mailbox, const char *thread_name);
/* Closes the mailbox until it is started again: after this nobody waits for long. Any thread. */
void vdt_mailbox_shut(VdtMailbox *mailbox);
/* Shuts the mailbox, and waits for what runs. */
void vdt_mailbox_stop(VdtMailbox *mailbox);

/* Returns the job that @job replaced before it began, then the caller's; NULL if none did. */
gpointer vdt_mailbox_put(VdtMailbox *mailbox, gpointer job);
/* Whether a job waits for the one that runs. */
gboolean vdt_mailbox_is_waiting(VdtMailbox *mailbox);
/* Puts @job in the place of the one that waits. Returns what is the caller's then: the one that was
 * replaced, or @job itself if none waited. */
gpointer vdt_mailbox_refresh(VdtMailbox *mailbox, gpointer job);
/* Has the thread call idle now, or after what runs. */
void vdt_mailbox_poke(VdtMailbox *mailbox);
/* Waits until nothing waits and nothing runs. FALSE if the mailbox was closed meanwhile. The
 * mailbox's own thread, which may come here from what it runs, does not wait for itself; nor does
 * it in open. */
gboolean vdt_mailbox_drain(VdtMailbox *mailbox);
/* Drops the job that waits and cancels the one that runs, without waiting for it. */
void vdt_mailbox_discard(VdtMailbox *mailbox);
/* Like discard, and refuses jobs and wakes whoever drains, until opened again. */
void vdt_mailbox_close(VdtMailbox *mailbox);
/* Waits for the job that runs, then accepts jobs. */
void vdt_mailbox_open(VdtMailbox *mailbox);

G_END_DECLS
