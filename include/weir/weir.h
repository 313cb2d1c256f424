/* weir.h: jobs in C: what Flink's DataStream API gives, a batch of rows at a time.
 *
 * A job is a shared object that exports weir_main (or another name, `weir run -c NAME`). weir_main describes
 * the job by calls that return streams; nothing runs before it returns. A missing memory or a wrong argument
 * is remembered by the environment and told once, with the place, when weir_main has returned; so the calls
 * need no checks.
 *
 *     int weir_main(struct weir_env *env, int argc, char **argv)
 *     {
 *         struct weir_stream *words = weir_from(env, "kafka", WEIR_WITH({"topic", "words"}, {"format", "json"}),
 *                                               "word STRING NOT NULL, at TIMESTAMP(3)");
 *         struct weir_stream *timed = weir_watermark(words, "at", 5 * WEIR_SECOND);
 *         struct weir_windows minutes = {.size_us = WEIR_MINUTE};
 *         struct weir_stream *counts = weir_window(weir_key_by(timed, "word"), &minutes, &word_count, NULL);
 *
 *         weir_into(counts, "print", WEIR_WITH({"print-identifier", "count"}));
 *         return 0;
 *     }
 *
 * Times are microseconds since 1970 UTC, durations microseconds. Columns are written as in SQL. Strings and
 * batches that a function is given are valid until it returns; what must stay is copied or kept in state.
 */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_MILLISECOND INT64_C(1000)
#define WEIR_SECOND      INT64_C(1000000)
#define WEIR_MINUTE      (60 * WEIR_SECOND)
#define WEIR_HOUR        (60 * WEIR_MINUTE)
#define WEIR_DAY         (24 * WEIR_HOUR)

struct weir_env;    /* the job being described */
struct weir_stream; /* rows of one kind, flowing */
struct weir_task;   /* one parallel instance of a function, while it runs */
struct weir_batch;  /* some rows as columns; read-only */
struct weir_rows;   /* rows being made, for one output */

/* --- describing a job --- */

int weir_main(struct weir_env *env, int argc, char **argv);

struct weir_option {
    const char *name, *value;
};
/* Options for a connector, as in SQL's WITH, ended by {0}; one whose value is NULL is not given. */
#define WEIR_WITH(...) ((const struct weir_option[]){__VA_ARGS__, {0}})

/* Say why the job cannot be described, and return 1 for weir_main to return. printf's format. */
int weir_fail(struct weir_env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* An environment variable, or standard when it is unset or empty; lives as long as env. */
const char *weir_getenv(struct weir_env *env, const char *name, const char *standard);
/* Set a configuration key unless the user gave it by -D or file; names are Flink's. */
void weir_configure(struct weir_env *env, const char *key, const char *value);
/* printf into memory that lives as long as env. */
const char *weir_text(struct weir_env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Zeroed memory that lives as long as the job; NULL when there is none (weir_main then returns 1). */
void *weir_memory(struct weir_env *env, size_t byte_count);

/* Read a connector's rows. A column may end in METADATA [FROM 'key'], as in SQL; keys: value, key, topic,
 * partition, offset, timestamp, timestamp-type, headers, leader-epoch (NULL where the client does not tell).
 * Options: the connector's, 'format' and '<format>.*', and 'on-error' = 'fail' | 'skip' | 'dead-letter'. Side output 1 are the records that could not
 * be decoded: value, key, topic, partition, offset, timestamp, timestamp-type, headers, leader-epoch,
 * error_type, error_message. Using it means 'on-error' = 'dead-letter'; else it is 'fail'. Connectors that
 * give rows (datagen, nexmark, filesystem) have their own metadata keys, as in SQL, and no side output. */
struct weir_stream *weir_from(struct weir_env *env, const char *connector, const struct weir_option *options,
                              const char *columns);

/* Write a stream's rows by a connector ("kafka", "iceberg", "print", ...), with the options that a SQL table
 * takes; 'table.primary-key' = "a, b" stands for its PRIMARY KEY. */
void weir_into(struct weir_stream *s, const char *connector, const struct weir_option *options);

/* About the last operator of a stream; each returns s. uid: the name of its state in savepoints; keep it over
 * versions. */
struct weir_stream *weir_uid(struct weir_stream *s, const char *uid);
struct weir_stream *weir_name(struct weir_stream *s, const char *name);
struct weir_stream *weir_parallelism(struct weir_stream *s, int parallelism);

/* The other outputs of the operator behind s: 1, 2, ...: what it emits there. */
struct weir_stream *weir_side(struct weir_stream *s, int number);
/* Rows of both, columns must be alike. */
struct weir_stream *weir_union(struct weir_stream *a, struct weir_stream *b);
/* Rows are dealt out evenly among the next operator's instances. */
struct weir_stream *weir_rebalance(struct weir_stream *s);

/* One row for each element of an ARRAY<ROW<...>> column: the other columns, then the element's fields. Side
 * output 1: rows whose array is empty or absent. */
struct weir_stream *weir_unnest(struct weir_stream *s, const char *column);
/* Only these columns, comma-separated, `name` or `old AS new`. */
struct weir_stream *weir_project(struct weir_stream *s, const char *columns);
/* Event time is that column; a watermark follows the largest seen at a distance, per source split. */
struct weir_stream *weir_watermark(struct weir_stream *s, const char *time_column,
                                   int64_t max_out_of_orderness_us);
struct weir_stream *weir_watermark_idle(struct weir_stream *s, const char *time_column,
                                        int64_t max_out_of_orderness_us, int64_t idle_timeout_us);

/* A function over batches: map, filter and flatMap in one. open makes an instance's own data from arg (which
 * lives as long as the job); false from open or batch fails the job: say why by weir_task_fail. */
struct weir_map {
    const char *name;
    const char *columns;  /* of output 0; NULL: as the input */
    const char *sides[4]; /* of outputs 1 to 4; NULL: none */
    size_t self_bytes;    /* of an instance's data, zeroed before open */
    bool (*open)(void *self, struct weir_task *t, const void *arg); /* may be NULL */
    bool (*batch)(void *self, struct weir_task *t, const struct weir_batch *in);
    void (*close)(void *self); /* may be NULL */
};
struct weir_stream *weir_map(struct weir_stream *s, const struct weir_map *fn, const void *arg);

/* Rows with the same values in these columns (comma-separated) go to the same instance. */
struct weir_stream *weir_key_by(struct weir_stream *s, const char *columns);

/* --- windows --- */

enum weir_window_kind { WEIR_TUMBLING, WEIR_SLIDING, WEIR_SESSION, WEIR_MONTHLY };
struct weir_windows {
    enum weir_window_kind kind;
    int64_t size_us;   /* TUMBLING, SLIDING */
    int64_t slide_us;  /* SLIDING */
    int64_t offset_us; /* of the grid from 1970-01-01T00:00 (a Thursday): weeks from Monday are 4 days */
    int64_t gap_us;    /* SESSION */
    int64_t allowed_lateness_us; /* a late row inside it fires its window again */
};
struct weir_window {
    int64_t start_us, end_us; /* end exclusive */
};

/* What a window keeps of its rows and makes of them. The accumulator is plain memory without pointers, zeroed
 * at first: it is part of checkpoints. arg is weir_window's; self is an instance's own data, for metrics. */
struct weir_field {
    const char *name, *type; /* SQL, fixed width: "BIGINT", "DOUBLE" */
    size_t offset;
};
struct weir_aggregate {
    const char *name;
    const char *columns; /* of the results; begins with the key columns, which weir fills in */
    size_t acc_bytes;
    const struct weir_field
        *fields; /* what lies in the accumulator, for readers of savepoints, ended by {0}; or NULL */
    /* Rows of one key and window, in order of arrival. */
    void (*add)(const void *arg, void *acc, const struct weir_batch *in, const int32_t *rows, int32_t count);
    void (*merge)(const void *arg, void *acc, const void *other); /* WEIR_SESSION only */
    /* Append the result's other columns with weir_put_*. */
    void (*result)(const void *arg, const void *acc, const struct weir_window *w, struct weir_rows *out);
    size_t self_bytes;
    bool (*open)(void *self, struct weir_task *t, const void *arg); /* this and the next two may be NULL */
    /* Windows fired at once and how long that took; rows that came in, and how many of them were too late. */
    void (*fired)(void *self, struct weir_task *t, int64_t windows, int64_t took_us);
    void (*added)(void *self, struct weir_task *t, const struct weir_batch *in, int64_t rows, int64_t late);
};
/* Side output 1: rows that came after the allowed lateness, with the input's columns. */
struct weir_stream *weir_window(struct weir_stream *keyed, const struct weir_windows *windows,
                                const struct weir_aggregate *fn, const void *arg);

/* --- keyed state and timers --- */

struct weir_state;
struct weir_process {
    const char *name;
    const char *columns;
    const char *sides[4];
    size_t self_bytes;
    bool (*open)(void *self, struct weir_task *t, const void *arg); /* declare state here */
    bool (*row)(void *self, struct weir_task *t, const struct weir_batch *in,
                int32_t row); /* the current key is row's */
    bool (*timer)(void *self, struct weir_task *t, int64_t due_us, bool event_time); /* may be NULL */
    void (*close)(void *self);
};
struct weir_stream *weir_process(struct weir_stream *keyed, const struct weir_process *fn, const void *arg);

/* Declare in open; ttl_us 0: kept for ever. */
struct weir_state *weir_state_value(struct weir_task *t, const char *name, size_t value_bytes,
                                    int64_t ttl_us);
struct weir_state *weir_state_list(struct weir_task *t, const char *name, size_t element_bytes,
                                   int64_t ttl_us);
struct weir_state *weir_state_map(struct weir_task *t, const char *name, size_t value_bytes, int64_t ttl_us);
/* Of the current key. NULL: none, or (edit, put) no memory: return false from the function then. */
const void *weir_value_get(struct weir_state *s);
void *weir_value_edit(struct weir_state *s); /* made zeroed when there is none */
void weir_value_clear(struct weir_state *s);
bool weir_list_add(struct weir_state *s, const void *element);
const void *weir_list_get(struct weir_state *s, size_t *count);
void weir_list_clear(struct weir_state *s);
const void *weir_map_get(struct weir_state *s, const void *key, size_t key_bytes);
void *weir_map_edit(struct weir_state *s, const void *key, size_t key_bytes);
void weir_map_remove(struct weir_state *s, const void *key, size_t key_bytes);
/* Step through the keys: start with *at = 0; NULL at the end. Valid until the state is changed. */
const void *weir_map_next(struct weir_state *s, size_t *at, size_t *key_bytes);

bool weir_timer_event(struct weir_task *t, int64_t due_us);      /* when the watermark passes due_us */
bool weir_timer_processing(struct weir_task *t, int64_t due_us); /* when the clock does */
void weir_timer_delete(struct weir_task *t, int64_t due_us, bool event_time);
int64_t weir_current_watermark(struct weir_task *t);

/* --- reading a batch --- */

struct weir_str {
    const char *ptr;
    size_t len;
};
/* Live rows are numbered by weir_row(b, 0..weir_rows_count(b)-1); columns by position, or by name once in
 * open. */
int32_t weir_rows_count(const struct weir_batch *b);
int32_t weir_row(const struct weir_batch *b, int32_t nth);
int weir_column(const struct weir_batch *b, const char *name); /* -1: none */
bool weir_is_null(const struct weir_batch *b, int column, int32_t row);

/* Whole columns, to be indexed by row number: DATE and INT as i32; BIGINT, TIME, TIMESTAMPs (microseconds) as
 * i64. */
const int32_t *weir_i32s(const struct weir_batch *b, int column);
const int64_t *weir_i64s(const struct weir_batch *b, int column);
const double *weir_f64s(const struct weir_batch *b, int column);
const uint8_t *weir_bools(const struct weir_batch *b, int column);
struct weir_str weir_str(const struct weir_batch *b, int column, int32_t row); /* STRING, BYTES */

/* STRING and BYTES as a whole column: views, which hold a text of up to 12 bytes themselves and point at a longer one
 * behind its first four bytes. For loops that look at many texts. */
struct weir_view {
    uint32_t len;
    char bytes[12];
};
const struct weir_view *weir_views(const struct weir_batch *b, int column);
static inline struct weir_str weir_view_str(const struct weir_view *v)
{
    struct weir_str s = {v->bytes, v->len};

    if (v->len > sizeof v->bytes)
        __builtin_memcpy(&s.ptr, v->bytes + 4, sizeof s.ptr);
    return s;
}

/* Which rows of a column have a value, a bit each, row 0 the lowest of the first word. NULL: all of them. */
const uint64_t *weir_validity(const struct weir_batch *b, int column);
static inline bool weir_is_valid(const uint64_t *validity, int32_t row)
{
    return validity == NULL || (validity[row >> 6] >> (row & 63) & 1);
}

/* --- making rows --- */

/* Rows for an output: give each column one value, in any order; a row is done when all have one. */
struct weir_rows *weir_out(struct weir_task *t, int output);
void weir_put_null(struct weir_rows *r, int column);
void weir_put_bool(struct weir_rows *r, int column, bool v);
void weir_put_i32(struct weir_rows *r, int column, int32_t v);
void weir_put_i64(struct weir_rows *r, int column, int64_t v);
void weir_put_f64(struct weir_rows *r, int column, double v);
void weir_put_str(struct weir_rows *r, int column, const char *ptr, size_t len); /* copied */
/* Bytes as text without loss: themselves when they are UTF-8 without NUL, else "base64:" and their base64. */
void weir_put_printable(struct weir_rows *r, int column, const char *ptr, size_t len);
int64_t weir_rows_now_us(struct weir_rows *r); /* the wall clock when these rows were begun */
/* The value of a column and row of the batch that the function was given: its bytes are shared, not copied.
 */
void weir_put_from(struct weir_rows *r, int column, const struct weir_batch *in, int in_column, int32_t row);

/* Or by columns: a batch with the input's rows, whose columns are the input's or new, of which some rows are
 * emitted. NULL: no memory; return false. */
struct weir_columns;
struct weir_columns *weir_columns(struct weir_task *t, int output, const struct weir_batch *in);
void weir_share(struct weir_columns *c, int column, int in_column);
int32_t *weir_new_i32s(struct weir_columns *c, int column); /* indexed by row number; nothing absent */
int64_t *weir_new_i64s(struct weir_columns *c, int column);
double *weir_new_f64s(struct weir_columns *c, int column);
int32_t *weir_scratch_i32s(struct weir_columns *c); /* room for as many row numbers as the input has rows */
/* Emit these rows (NULL: the live ones of the input). False: no memory. Frees c. */
bool weir_emit(struct weir_columns *c, const int32_t *rows, int32_t count);
void weir_drop(struct weir_columns *c); /* emit nothing */

/* --- a running function's surroundings --- */

int weir_subtask(const struct weir_task *t);
int64_t weir_now_us(struct weir_task *t); /* the wall clock */
bool weir_task_fail(struct weir_task *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))); /* returns false */
void weir_log(struct weir_task *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Metrics under their bare names, as Prometheus means them. Labels are name, value, ..., ended by NULL. Made
 * in open. */
struct weir_counter;
struct weir_histogram;
struct weir_counter *weir_metric_counter(struct weir_task *t, const char *name, const char *help,
                                         const char *const *labels);
struct weir_histogram *weir_metric_histogram(struct weir_task *t, const char *name, const char *help,
                                             const char *const *labels);
void weir_count(struct weir_counter *c, int64_t n);
void weir_observe(struct weir_histogram *h, double v, int64_t n);

/* Instants as text, and back: NULL on success, else why not ("has no time zone"). */
const char *weir_parse_iso(const char *ptr, size_t len, int64_t *out_us);
int32_t weir_date(int64_t us); /* days since 1970 */
void weir_civil(int32_t date, int32_t *year, int32_t *month, int32_t *day);
void weir_iso_week(int32_t date, int32_t *year, int32_t *week); /* ISO 8601: weeks from Monday */

#ifdef __cplusplus
}
#endif
#endif
