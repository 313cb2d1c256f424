/* iceberg_source.c: see iceberg_source.h. */
#include "connectors/iceberg_source.h"
#include "base/hash.h"
#include "base/mem.h"
#include "connectors/iceberg_work.h"
#include "iceberg/scan_reader.h"
#include "iceberg/snapshot_pick.h"
#include "os/log.h"

#define BATCH_ROWS 4096
#define ITEM_ROUND "round"
#define ITEM_DONE  "done"
#define ITEM_AT    "at"

/* What is being done, or is to be done next, on an I/O thread. */
enum step { STEP_NONE, STEP_PLAN, STEP_READ };

/* A round and what it reads. */
struct planned {
    struct iceberg_round round;
    struct table *table;             /* owned: streaming: the version that it was planned in */
    const struct metadata *metadata; /* of it, or the spec's */
    struct arena arena;              /* owned: splits */
    struct scan_split *splits;
    int32_t split_count;
};

struct iceberg_source {
    struct op op;
    const struct iceberg_source_spec *spec;
    const struct op_env *env;
    struct work *work;
    enum step step;

    /* The I/O thread's while the work is busy. */
    enum err rc;
    struct error error;
    struct planned fresh; /* STEP_PLAN: a round to go on with, if any */
    bool any;
    struct scan_source source;    /* STEP_READ */
    struct scan_deletes *deletes; /* owned */
    struct scan_reader *reader;   /* owned */
    struct batch *group;          /* one reference; rows of spec->schema; NULL: none */
    int64_t group_row;            /* of the file: the group's row 0 */
    bool end;

    bool has_round, is_planned; /* from a checkpoint it has a round that is not planned */
    struct planned plan;
    int32_t next;      /* of its splits */
    struct map done;   /* names of pieces that were given whole */
    struct map resume; /* name -> row of the file to begin with, + 1 */

    const struct scan_split *split; /* at hand; NULL: none */
    char *name;                     /* owned */
    int64_t row;                    /* of its file: what lies before was given */
    int32_t at;                     /* of the group's live rows: the next */

    int64_t look_again_us; /* streaming: wall clock */
    int64_t failures;      /* in a row, to see what is new */
};

static struct iceberg_source *self(struct op *o)
{
    return CONTAINER_OF(o, struct iceberg_source, op);
}

/* --- planning: on an I/O thread ----------------------------------------------------------------------- */

static void planned_fini(struct planned *p)
{
    table_free(p->table);
    arena_fini(&p->arena);
    *p = (struct planned){0};
}

static void warn_of_skipped(const struct iceberg_source *s, int32_t skipped)
{
    if (skipped && s->env->subtask == 0)
        log_warn("iceberg_source",
                 "%s.%s: %" PRId32 " snapshots up to %" PRId64
                 " changed rows otherwise than by appending; they are passed over",
                 s->spec->name_space, s->spec->table, skipped, s->fresh.round.to_id);
}

static enum err plan_splits(struct iceberg_source *s, struct error *e)
{
    struct planned *p = &s->fresh;
    const struct scan_request request = {s->spec->fs, p->metadata, s->spec->filter, p->round.split_bytes};
    const struct snapshot *to = NULL;
    int32_t skipped = 0;
    enum err rc;

    if (p->round.to_id == 0)
        return OK; /* the table was empty */
    if ((rc = snapshot_pick_id(p->metadata, p->round.to_id, &to, e)) != OK)
        return rc;
    if (!p->round.appends)
        return scan_plan_snapshot(&request, to, &p->arena, &p->splits, &p->split_count, e);
    rc = scan_plan_appends(&request, p->round.from_id, to, &p->arena, &p->splits, &p->split_count, &skipped,
                           e);
    warn_of_skipped(s, skipped);
    return rc;
}

/* The round to go on with. One that was begun before a restart stays what it was. */
static enum err choose_round(struct iceberg_source *s, struct error *e)
{
    struct planned *p = &s->fresh;
    enum err rc;

    p->metadata = s->spec->metadata;
    p->round = s->has_round ? s->plan.round : s->spec->round;
    s->any = true;
    if (!s->spec->streaming)
        return OK;
    if ((rc = catalog_load(s->spec->catalog, s->spec->name_space, s->spec->table, &p->table, e)) != OK)
        return rc;
    p->metadata = p->table->metadata;
    if (s->has_round && !s->is_planned)
        return OK;
    return iceberg_round_next(s->spec, p->metadata, s->has_round ? &s->plan.round : NULL, &p->round, &s->any,
                              e);
}

static enum err plan_round(struct iceberg_source *s, struct error *e)
{
    enum err rc = choose_round(s, e);

    return rc == OK && s->any ? plan_splits(s, e) : rc;
}

/* --- reading: on an I/O thread ------------------------------------------------------------------------ */

static enum err open_split(struct iceberg_source *s, struct error *e)
{
    bool with_deletes = !s->plan.round.appends;

    if (with_deletes && s->deletes == NULL &&
        (s->deletes = scan_deletes_new(s->spec->fs, s->plan.metadata, s->env->budget)) == NULL)
        return error_memory(e, sizeof *s, "the deletes of a table");
    s->source = (struct scan_source){.fs = s->spec->fs,
                                     .metadata = s->plan.metadata,
                                     .wanted = s->spec->wanted,
                                     .deletes = with_deletes ? s->deletes : NULL,
                                     .budget = s->env->budget};
    return scan_reader_open(&s->source, s->split, s->row, &s->reader, e);
}

/* The next row group, under the names and types that are wanted. */
static enum err read_group(struct iceberg_source *s, struct error *e)
{
    struct batch *b = NULL;
    int32_t count = s->spec->schema->field_count;
    int32_t *columns;
    enum err rc = s->reader ? OK : open_split(s, e);

    if (rc == OK)
        rc = scan_reader_next(s->reader, &b, &s->group_row, e);
    if (rc != OK)
        return rc;
    s->end = b == NULL;
    if (s->end)
        return OK;
    if ((columns = mem_alloc(sizeof *columns * (size_t)MAX(count, 1))) != NULL) {
        for (int32_t i = 0; i < count; i++)
            columns[i] = i;
        s->group = batch_project(b, s->spec->schema, columns, s->env->budget);
    }
    mem_free(columns);
    batch_unref(b);
    return s->group ? OK : error_memory(e, sizeof *b, "rows of a data file");
}

static void run_step(void *arg)
{
    struct iceberg_source *s = arg;

    s->rc = s->step == STEP_PLAN ? plan_round(s, &s->error) : read_group(s, &s->error);
}

static enum err start(struct iceberg_source *s, enum step step, struct error *e)
{
    s->step = step;
    return work_start(s->work, run_step, s, e);
}

/* --- pieces ------------------------------------------------------------------------------------------- */

/* `path#begin`; to be freed by mem_free. */
static char *name_of(const struct scan_split *split)
{
    return mem_printf("%s#%" PRId64, split->file->path, split->begin);
}

static bool is_mine(const struct iceberg_source *s, const char *name)
{
    return hash_bytes(name, strlen(name)) % (uint64_t)s->env->parallelism == (uint64_t)s->env->subtask;
}

static enum err begin_split(struct iceberg_source *s, const struct scan_split *split, char *name,
                            struct error *e)
{
    uintptr_t row = (uintptr_t)map_get(&s->resume, slice_text(name));

    s->split = split;
    s->name = name;
    s->row = row ? (int64_t)row - 1 : 0;
    s->end = false;
    return start(s, STEP_READ, e);
}

static void drop_split(struct iceberg_source *s)
{
    scan_reader_free(s->reader);
    batch_unref(s->group);
    mem_free(s->name);
    s->reader = NULL;
    s->group = NULL;
    s->name = NULL;
    s->split = NULL;
    s->at = 0;
}

static enum err end_split(struct iceberg_source *s, struct error *e)
{
    if (!map_put(&s->done, slice_text(s->name), s))
        return error_memory(e, strlen(s->name), "the files that were read");
    drop_split(s);
    return OK;
}

/* A bounded read ends with its round, a streaming one looks for what is new, now and then. */
static enum err end_round(struct iceberg_source *s, bool *more, bool *done, struct error *e)
{
    *more = false;
    *done = !s->spec->streaming;
    if (*done)
        return OK;
    if (s->look_again_us > clock_wall_us(s->env->clock)) {
        s->env->wake_at(s->env->wake_arg, s->look_again_us);
        return OK;
    }
    s->look_again_us = clock_wall_us(s->env->clock) + s->spec->monitor_ms * 1000;
    return start(s, STEP_PLAN, e);
}

static enum err next_split(struct iceberg_source *s, bool *more, bool *done, struct error *e)
{
    if (!s->is_planned)
        return start(s, STEP_PLAN, e);
    while (s->next < s->plan.split_count) {
        const struct scan_split *split = &s->plan.splits[s->next++];
        char *name = name_of(split);

        if (name == NULL)
            return error_memory(e, strlen(split->file->path), "the name of a piece of a file");
        if (is_mine(s, name) && map_get(&s->done, slice_text(name)) == NULL)
            return begin_split(s, split, name, e);
        mem_free(name);
    }
    return end_round(s, more, done, e);
}

/* --- rows --------------------------------------------------------------------------------------------- */

static enum err emit(struct iceberg_source *s, struct error *e)
{
    int32_t live = batch_live(s->group), count = MIN(live - s->at, BATCH_ROWS);
    int32_t *rows = mem_alloc(sizeof *rows * BATCH_ROWS);
    struct batch *part = NULL;

    if (rows == NULL)
        return error_memory(e, sizeof *rows * BATCH_ROWS, "rows");
    for (int32_t i = 0; i < count; i++)
        rows[i] = batch_row(s->group, s->at + i);
    part = batch_select(s->group, rows, count, s->env->budget);
    if (part) {
        s->at += count;
        s->row = s->group_row + rows[count - 1] + 1;
        part->born_us = clock_wall_us(s->env->clock);
    }
    mem_free(rows);
    return part ? s->env->out->batch(s->env->out, 0, part, e)
                : error_memory(e, sizeof *rows * BATCH_ROWS, "rows");
}

static enum err go_on(struct iceberg_source *s, struct error *e)
{
    if (s->group && s->at < batch_live(s->group))
        return emit(s, e);
    batch_unref(s->group);
    s->group = NULL;
    s->at = 0;
    return s->end ? end_split(s, e) : start(s, STEP_READ, e);
}

/* A catalog that does not answer is asked again at the next look, some times. */
static enum err plan_failed(struct iceberg_source *s, struct error *e)
{
    bool transient = s->rc == ERR_UNAVAILABLE || s->rc == ERR_UNKNOWN;

    planned_fini(&s->fresh);
    *e = s->error;
    if (s->spec->streaming && s->is_planned && transient &&
        (s->spec->most_failures < 0 || ++s->failures <= s->spec->most_failures)) {
        log_warn("iceberg_source", "%s.%s: looking for new snapshots: %s; it is tried again",
                 s->spec->name_space, s->spec->table, e->text);
        return OK;
    }
    return error_add(e, s->rc, "planning to read table %s.%s", s->spec->name_space, s->spec->table);
}

static void begin_round(struct iceberg_source *s)
{
    bool goes_on = s->has_round && !s->is_planned;

    s->failures = 0;
    if (!s->any) {
        planned_fini(&s->fresh);
        return;
    }
    scan_deletes_free(s->deletes); /* they borrow the last one's metadata */
    s->deletes = NULL;
    planned_fini(&s->plan);
    s->plan = s->fresh;
    s->fresh = (struct planned){0};
    s->next = 0;
    if (!goes_on) {
        map_fini(&s->done);
        map_fini(&s->resume);
        map_init(&s->done);
        map_init(&s->resume);
    }
    s->has_round = s->is_planned = true;
}

/* What a step left behind. */
static enum err take_step(struct iceberg_source *s, struct error *e)
{
    enum step step = s->step;

    s->step = STEP_NONE;
    if (step == STEP_PLAN && s->rc != OK)
        return plan_failed(s, e);
    if (step == STEP_PLAN)
        begin_round(s);
    if (step == STEP_NONE || s->rc == OK)
        return OK;
    *e = s->error;
    return error_add(e, s->rc, "reading table %s.%s", s->spec->name_space, s->spec->table);
}

static enum err source_poll(struct op *o, bool *more, bool *done, struct error *e)
{
    struct iceberg_source *s = self(o);
    enum err rc;

    if (work_is_busy(s->work)) /* it will wake us */
        return OK;
    if ((rc = take_step(s, e)) != OK)
        return rc;
    *more = true;
    return s->split ? go_on(s, e) : next_split(s, more, done, e);
}

/* --- checkpoints -------------------------------------------------------------------------------------- */

static void put_text(struct bytes *b, const char *text)
{
    bytes_varint(b, strlen(text));
    bytes_text(b, text);
}

static void put_round(const struct iceberg_round *r, struct bytes *out)
{
    bytes_u8(out, r->appends);
    bytes_zigzag(out, r->from_id);
    bytes_zigzag(out, r->to_id);
    bytes_zigzag(out, r->split_bytes);
}

static void put_done(struct iceberg_source *s, struct bytes *out)
{
    struct map_entry *entry;
    size_t step = 0;

    while ((entry = map_next(&s->done, &step)) != NULL)
        put_text(out, entry->key.ptr);
}

/* Pieces that were begun before the last restart and not since, and the one at hand. */
static void put_at(struct iceberg_source *s, struct bytes *out)
{
    struct map_entry *entry;
    size_t step = 0;

    while ((entry = map_next(&s->resume, &step)) != NULL)
        if (map_get(&s->done, entry->key) == NULL && (s->name == NULL || !slice_is(entry->key, s->name))) {
            put_text(out, entry->key.ptr);
            bytes_varint(out, (uint64_t)(uintptr_t)entry->value - 1);
        }
    if (s->name) {
        put_text(out, s->name);
        bytes_varint(out, (uint64_t)s->row);
    }
}

static enum err source_snapshot(struct op *o, UNUSED int64_t id, struct op_snapshot *out, struct error *e)
{
    struct iceberg_source *s = self(o);
    struct bytes round = {0}, done = {0}, at = {0};
    enum err rc = OK;

    if (s->has_round)
        put_round(&s->plan.round, &round);
    put_done(s, &done);
    put_at(s, &at);
    if (round.failed || done.failed || at.failed) {
        rc = error_memory(e, done.len + at.len, "the state of an Iceberg source");
    } else {
        snapshot_item(out, ITEM_ROUND, bytes_all(&round));
        snapshot_item(out, ITEM_DONE, bytes_all(&done));
        snapshot_item(out, ITEM_AT, bytes_all(&at));
    }
    bytes_fini(&round);
    bytes_fini(&done);
    bytes_fini(&at);
    return rc;
}

static enum err damaged(struct error *e)
{
    return error_set(e, ERR_CORRUPT, "the state of an Iceberg source is cut off");
}

static enum err restore_round(struct iceberg_source *s, struct slice bytes, struct error *e)
{
    struct reader r = reader_of(bytes);

    if (bytes.len == 0)
        return OK; /* it had not begun */
    s->plan.round.appends = reader_u8(&r) != 0;
    s->plan.round.from_id = reader_zigzag(&r);
    s->plan.round.to_id = reader_zigzag(&r);
    s->plan.round.split_bytes = reader_zigzag(&r);
    s->has_round = true;
    return r.failed ? damaged(e) : OK;
}

/* Two subtasks may both know a piece that one of them has not begun again: the one that is further is right. */
static enum err restore_names(struct iceberg_source *s, const struct op_item *item, bool is_at,
                              struct error *e)
{
    struct reader r = reader_of(item->bytes);
    struct map *to = is_at ? &s->resume : &s->done;

    while (reader_left(&r)) {
        struct slice name = reader_bytes(&r, (size_t)reader_varint(&r));
        uintptr_t row = is_at ? (uintptr_t)reader_varint(&r) + 1 : 1;

        if (r.failed)
            return damaged(e);
        if (row > (uintptr_t)map_get(to, name) && !map_put(to, name, (void *)row))
            return error_memory(e, name.len, "the files that were read");
    }
    return OK;
}

static enum err source_restore(struct op *o, const struct op_restore *from, struct error *e)
{
    struct iceberg_source *s = self(o);
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < from->item_count; i++) {
        const struct op_item *item = &from->items[i];

        if (strcmp(item->name, ITEM_ROUND) == 0)
            rc = restore_round(s, item->bytes, e);
        else if (strcmp(item->name, ITEM_DONE) == 0 || strcmp(item->name, ITEM_AT) == 0)
            rc = restore_names(s, item, strcmp(item->name, ITEM_AT) == 0, e);
    }
    return rc;
}

/* --- life --------------------------------------------------------------------------------------------- */

static enum err source_open(struct op *o, const struct op_env *env, struct error *e)
{
    struct iceberg_source *s = self(o);

    s->env = env;
    if ((s->work = work_new(env)) == NULL)
        return error_memory(e, sizeof *s, "an Iceberg source");
    env->wake(env->wake_arg);
    return OK;
}

static void source_close(struct op *o)
{
    struct iceberg_source *s = self(o);

    work_free(s->work);
    drop_split(s);
    scan_deletes_free(s->deletes);
    planned_fini(&s->fresh);
    planned_fini(&s->plan);
    map_fini(&s->done);
    map_fini(&s->resume);
    mem_free(s);
}

static const struct operator_ops source_ops = {
    .name = "iceberg_source",
    .open = source_open,
    .restore = source_restore,
    .poll = source_poll,
    .snapshot = source_snapshot,
    .close = source_close,
};

static enum err source_new(const void *spec, struct op **out, struct error *e)
{
    struct iceberg_source *s = mem_zalloc(sizeof *s);

    if (s == NULL)
        return error_memory(e, sizeof *s, "an Iceberg source");
    s->op.ops = &source_ops;
    s->spec = spec;
    *out = &s->op;
    return OK;
}

const struct operator_factory iceberg_source_factory = {"iceberg_source", source_new, NULL};
