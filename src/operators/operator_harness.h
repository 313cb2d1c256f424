/* operator_harness.h: an operator run by a test instead of the engine: a clock that stands still until moved,
 * work that runs at once or when told, everything emitted collected as text, snapshots kept and given to the
 * next.
 *
 *   harness_open(&h, &config, NULL, 0, &e)      open
 *   harness_batch, harness_watermark, ...       what the engine would call; harness_take gives what came out
 *   harness_snapshot(&h, 1, false, &image, &e)  the barrier: operator state, keyed state as files, parts to
 * commit harness_open(&other, &config, images, n, e) open and restore, at any parallelism
 *
 * A failed call is returned, never asserted, so that tests can make allocations fail. Thread: the test's.
 */
#ifndef WEIR_OPERATORS_OPERATOR_HARNESS_H
#define WEIR_OPERATORS_OPERATOR_HARNESS_H
#include "operators/operator.h"

struct harness_config {
    const struct operator_factory *factory;
    const void *spec;
    int32_t subtask, parallelism; /* parallelism 0: 1 */
    int32_t max_parallelism;      /* 0: 128 */
    bool keyed;                   /* has env->state */
    bool queued;                  /* work waits for harness_work; else it runs inside executor_submit */
    size_t budget_bytes;          /* 0: no limit */
    const struct config *config;
    struct fs *fs;      /* borrowed; NULL: the local one */
    const char *folder; /* for keyed state, must exist and end with '/'; NULL: none is kept */
};

/* What a snapshot handed over. */
struct harness_image {
    struct op_item *items; /* owned, names and bytes too */
    size_t item_count, item_capacity;
    struct slice *parts; /* owned */
    size_t part_count, part_capacity;
    struct state_file *files; /* owned */
    size_t file_count;
    int64_t checkpoint_id;
    int32_t parallelism; /* of the operator that wrote it */
};

struct harness_clock {
    struct clock clock;
    int64_t wall_us, mono_us;
};

struct harness_work {
    void (*fn)(void *arg);
    void *arg;
};

struct harness {
    struct op_env env;
    struct op *op; /* owned */
    struct harness_clock clock;
    struct executor executor;
    struct output output;
    struct harness_work *work; /* owned: what waits */
    size_t work_count, work_capacity;
    bool queued;
    struct fs *fs; /* owned when the local one */
    bool own_fs;
    const char *folder;
    struct budget *budget;    /* owned */
    struct metrics *registry; /* owned */
    struct bytes text;        /* what came out since harness_take */
    struct bytes taken;       /* what that gave */
    struct batch **batches;   /* owned references: the same, as batches */
    int32_t *ports;           /* of batches */
    size_t batch_count, batch_capacity, port_capacity;
    int64_t rows;       /* emitted in all */
    int64_t watermark;  /* emitted last */
    int32_t full_after; /* output_full says so after this many batches; 0: never */
    int32_t since_full; /* batches since harness_room */
    bool quiet;         /* only count rows: for much data */
    int wakes;          /* calls of env.wake */
    int64_t wake_at_us; /* the earliest asked for, INT64_MAX: none */
};

/* A new operator, opened; with images (of all old subtasks) restored from them. On failure h needs no close.
 */
MUST_USE enum err harness_open(struct harness *h, const struct harness_config *c,
                               const struct harness_image *const *images, size_t image_count,
                               struct error *e);
void harness_close(struct harness *h);

MUST_USE enum err harness_batch(struct harness *h, int32_t input, struct batch *b,
                                struct error *e); /* b is borrowed */
MUST_USE enum err harness_watermark(struct harness *h, int64_t watermark_us,
                                    struct error *e); /* until it is done */
/* One call only; *more says that it wants another. */
MUST_USE enum err harness_watermark_step(struct harness *h, int64_t watermark_us, bool *more,
                                         struct error *e);
MUST_USE enum err harness_split(struct harness *h, enum split_change change, int32_t number, const char *name,
                                int64_t watermark_us, struct error *e);
MUST_USE enum err harness_poll(struct harness *h, bool *more, bool *done, struct error *e);
MUST_USE enum err harness_end(struct harness *h, struct error *e);

/* Move both clocks; polls when the time asked for by wake_at has come. */
MUST_USE enum err harness_advance(struct harness *h, int64_t us, struct error *e);
void harness_room(struct harness *h);   /* the output has room again */
size_t harness_work(struct harness *h); /* run what waits, also what that submits; how many pieces */

MUST_USE enum err harness_snapshot(struct harness *h, int64_t checkpoint_id, bool is_last,
                                   struct harness_image *out, struct error *e);
void harness_image_fini(struct harness_image *image);
/* The bytes of an item; {NULL, 0} when there is none of that name. */
struct slice harness_image_item(const struct harness_image *image, const char *name);

/* Everything that came out since the last call, a line each: `0 +I(a, 1)` with the port before a row,
 * `watermark 1000`, `split 0 added`, `idle`, `active`. Terminated; valid until the next call on h. Drops the
 * collected batches. */
const char *harness_take(struct harness *h);

/* Fail the test unless harness_take gives want (needs cmocka, so it is a macro). */
#define HARNESS_EXPECT(h, want)                                                                              \
    do {                                                                                                     \
        const char *harness_got = harness_take(h);                                                           \
        if (strcmp(harness_got, (want)) != 0)                                                                \
            fail_msg("wanted:\n%s\ngot:\n%s", (want), harness_got);                                          \
    } while (0)

/* A batch from text, a line a row, fields separated by blanks: `NULL`, numbers, text without blanks; for
 * schemas of simple types. NULL when there is no memory. Split is -1. */
struct batch *harness_rows(const struct schema *schema, const char *lines, struct budget *budget);
#endif
