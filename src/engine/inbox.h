/* inbox.h: what others tell the master: notes, each embedded in what it is about, so that telling never needs
 * memory; and a bell, for "look again" without a note. Thread: any puts and rings; the master takes and
 * waits.
 */
#ifndef WEIR_ENGINE_INBOX_H
#define WEIR_ENGINE_INBOX_H
#include "base/base.h"
#include <pthread.h>

enum note_kind {
    NOTE_RECOVERED, /* recovery.h: the work before the tasks is done */
    NOTE_OPENED,    /* task.h: its operators are open and restored */
    NOTE_FAILED,    /* task.h: it cannot go on */
    NOTE_ENDED,     /* task.h: all its input is worked off */
    NOTE_SNAPSHOT,  /* task_snapshot.h: a task's part of a checkpoint is durable, or failed */
    NOTE_STORED,    /* master_checkpoint.c: a checkpoint's metadata is written, or not */
    NOTE_COMMITTED, /* master_checkpoint.c: all committers are through, or one failed */
};

struct note {
    struct note *next;
    enum note_kind kind;
};

struct inbox {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct note *head, **tail;
    bool rung;
};

void inbox_init(struct inbox *in);
void inbox_fini(struct inbox *in);
void inbox_put(struct inbox *in, struct note *note); /* note must not be in it already */
void inbox_ring(struct inbox *in);
struct note *inbox_take(struct inbox *in); /* NULL when it is empty */
bool inbox_has_news(struct inbox *in);     /* a note or the bell */

/* Until there is news, at most timeout_us (INT64_MAX: for ever). The bell is then silent again. */
void inbox_wait(struct inbox *in, int64_t timeout_us);
void inbox_silence(struct inbox *in); /* forget the bell */
#endif
