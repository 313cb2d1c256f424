/* task.h: one subtask of a chain: its operators, the channels into the first, the exchanges out of any of
 * them.
 *
 *   inputs ──► [ link 0 ] ──call──► [ link 1 ] ──call──► [ link 3 ] ──exchange──► channels of other tasks
 *                                   [ link 2 ] ──exchange──►
 *
 * A worker runs it when it was woken, one element after the other, until there is no input, no room
 * downstream, or its turn is over. Within a run everything is a function call; what an operator cannot take
 * yet (ERR_WAIT, *more) is parked in front of it, in order, and while anything is parked no new input is
 * taken.
 *
 * Barriers. A source begins one when the master's notice board says so; another task when the barrier has
 * come through all of its inputs that have not ended (those where it has come already are blocked meanwhile).
 * Then every operator gives its snapshot in chain order, the barrier goes out, and the inputs flow again. A
 * task that has ended takes part by the notice board: it has nothing in flight.
 *
 * The end. When all inputs have ended (or the source has), the watermark goes to WATERMARK_END, every
 * operator is told in chain order, END goes out, and the task lives on for the checkpoints until the job is
 * over. Thread: the worker that runs it; opened and closed on executor threads, before and after all runs.
 */
#ifndef WEIR_ENGINE_TASK_H
#define WEIR_ENGINE_TASK_H
#include "engine/attempt.h"
#include "engine/exchange.h"
#include "engine/task_snapshot.h"

/* What waits in front of an operator. */
enum parked_kind { PARKED_BATCH, PARKED_WATERMARK, PARKED_SPLIT };
struct parked {
    enum parked_kind kind;
    int32_t input;
    struct batch *batch; /* one reference */
    int64_t watermark_us;
    struct split_event split; /* its name is owned */
};

/* One operator in a chain. */
struct link {
    struct output output; /* what the operator emits into */
    struct op *op;        /* owned */
    struct task *task;
    const struct vertex *vertex;
    struct op_env env;
    struct state_store *state; /* owned; NULL when not keyed */
    struct alarm alarm;
    atomic_bool woken;     /* poll is asked for */
    bool waits_for_room;   /* what is parked first waits for room downstream, not for a wake */
    bool is_idle;          /* as told downstream */
    int64_t watermark_out; /* newest emitted */
    struct parked *parked; /* owned: a queue in parked[parked_first..parked_count) */
    size_t parked_first, parked_count, parked_capacity;
    struct link **children;              /* owned array */
    int32_t *child_ports, *child_inputs; /* owned, by child */
    int32_t child_count;
    struct exchange *exchanges; /* owned */
    int32_t exchange_count;
    struct io_counts counts; /* since the last flush */
    struct operator_metrics *metrics;
};

/* One channel into the task. */
struct input {
    struct channel *channel; /* borrowed from the attempt */
    int32_t number;          /* of the operator's input */
    bool is_idle, is_blocked, has_ended;
    int64_t watermark_us;
};

struct split_status {
    int32_t number;
    bool is_idle;
};

enum task_phase { TASK_FLOWING, TASK_ENDING, TASK_ENDED };

struct task {
    struct runnable runnable;
    struct attempt *attempt;   /* borrowed */
    const struct chain *chain; /* borrowed */
    int32_t number, subtask;
    struct link *links;   /* owned, chain->op_count of them, parents first */
    struct input *inputs; /* owned; none for a source */
    int32_t input_count, input_capacity, next_input;
    int32_t flowing_inputs, blocked_inputs; /* not ended; blocked by the barrier they delivered */
    int64_t watermark_us;                   /* combined of the inputs */
    int32_t parked_links;                   /* links in front of which something is parked */

    enum task_phase phase;
    int32_t end_next; /* TASK_ENDING: the link to be told next */
    bool end_waits;   /* that link asked to be told again after its wake */

    bool in_barrier;      /* snapshots are being taken: the inputs rest */
    int32_t barrier_next; /* the link to be asked next */
    struct notice barrier;
    struct task_snapshot *snapshot;
    int64_t aligning_since_us;
    int64_t last_barrier_id;
    _Atomic uint32_t barriers_seen; /* on the notice board; the master looks how far we are */
    int64_t completed_seen;
    bool is_quiet; /* the last barrier has passed: nothing new is begun */

    /* sources */
    struct split_status *splits; /* owned */
    size_t split_count, split_capacity;

    struct error error; /* why it failed */
    bool has_failed;
    struct link *culprit;
    struct note opened_note, failed_note, ended_note;
    struct io_counts counts;
    struct task_metrics *metrics;
};

/* --- task.c --- */

MUST_USE enum err task_new(struct attempt *a, const struct chain *chain, int32_t subtask, struct task **out,
                           struct error *e);
void task_free(struct task *t); /* closed before; NULL is fine */
MUST_USE enum err task_add_input(struct task *t, struct channel *channel, int32_t number, struct error *e);

/* Make, open and restore the operators, last first. Blocking. */
MUST_USE enum err task_open(struct task *t, struct error *e);
void task_close(struct task *t); /* those that were opened. Blocking */
void task_fail(struct task *t, const struct error *e);
bool task_is_full(const struct task *t); /* a channel behind it is */

/* --- task_run.c --- */

bool task_run(struct runnable *r);

/* --- task_barrier.c --- */

/* Each goes as far as it can and is called again; *did tells whether it got anywhere. */
MUST_USE enum err task_read_board(struct task *t, bool *did, struct error *e);
MUST_USE enum err task_continue_barrier(struct task *t, bool *did, struct error *e);
MUST_USE enum err task_continue_end(struct task *t, bool *did, struct error *e);

void task_input_barrier(struct task *t, struct input *in, struct notice barrier);
void task_input_ended(struct task *t, struct input *in);

/* --- link.c: calls along the chain --- */

extern const struct output link_output;

/* Give an element to an operator, or park it in front. b and s are borrowed. */
MUST_USE enum err link_batch(struct link *l, int32_t input, struct batch *b, struct error *e);
MUST_USE enum err link_watermark(struct link *l, int64_t watermark_us, struct error *e);
MUST_USE enum err link_split(struct link *l, const struct split_event *s, struct error *e);

/* Offer what is parked again, in order, until the operator has to wait again. */
MUST_USE enum err link_retry(struct link *l, bool *did, struct error *e);
MUST_USE enum err link_poll(struct link *l, bool *more, bool *done, struct error *e);
void link_drop_parked(struct link *l);
MUST_USE enum err link_blame(struct link *l, enum err rc); /* rc came out of l's operator */

/* Tell all channels behind the task. */
MUST_USE enum err task_send_all(struct task *t, struct element element, struct error *e);
MUST_USE enum err link_set_idle(struct link *l, bool is_idle, struct error *e);
#endif
