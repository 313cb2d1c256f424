/* iceberg_rebuild.c: see iceberg_rebuild.h. Only rows of this subtask's key groups are kept, only key columns
 * are read. */
#include "connectors/iceberg_rebuild.h"
#include "base/budget.h"
#include "base/mem.h"
#include "iceberg/commit_history.h"
#include "iceberg/table_reader.h"
#include "os/log.h"
#include <pthread.h>

struct found {           /* one row of the table */
    size_t key, key_len; /* in keys */
    int64_t until_us, position;
    int32_t file;
};

enum rebuild_state { REBUILD_NEW, REBUILD_RUNNING, REBUILD_DONE };

struct rebuild {
    const struct iceberg_sink_spec *spec;
    const struct op_env *env;
    atomic_int refs; /* the sink's and the executor's */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum rebuild_state state; /* under mutex; what follows is the I/O thread's until it is done */
    enum err rc;
    struct error error;
    struct index_base *bases; /* owned: what was restored */
    size_t base_count;
    struct index_base base;           /* the new one */
    bool is_anew;                     /* what is in the index does not count */
    struct schema wanted;             /* in arena: the key's fields, and the one that ends its life */
    int32_t *key_fields, until_field; /* of wanted */
    struct bytes keys;
    struct found *rows; /* owned */
    size_t row_count, row_capacity;
    size_t charged;     /* to the budget */
    struct arena arena; /* owned: paths */
    const char **paths;
    int32_t path_count;
    struct key_batch batch_keys;
};

/* --- the base --- */

void index_base_put(struct bytes *out, const struct index_base *base)
{
    bytes_u8(out, base->is_complete);
    bytes_zigzag(out, base->snapshot_id);
    bytes_zigzag(out, base->spec_id);
}

struct index_base index_base_take(struct reader *r)
{
    struct index_base base = {.is_complete = reader_u8(r) != 0};

    base.snapshot_id = reader_zigzag(r);
    base.spec_id = (int32_t)reader_zigzag(r);
    return base;
}

/* Everything restored is complete, and nobody but us has changed the table since. */
static bool still_fits(const struct rebuild *r, const struct metadata *m, const char *pipeline)
{
    for (size_t i = 0; i < r->base_count; i++) {
        const struct index_base *b = &r->bases[i];

        if (!b->is_complete || b->spec_id != r->base.spec_id ||
            !commit_history_is_own(m, pipeline, b->snapshot_id, false))
            return false;
    }
    return r->base_count > 0;
}

/* --- reading the table --- */

/* The fields that are to be read: those of the key, then that of its life's end unless it is among them. */
static enum err plan_fields(struct rebuild *r, struct error *e)
{
    const struct iceberg_sink_spec *spec = r->spec;
    struct field *fields = ARENA_ARRAY(&r->arena, struct field, spec->key_count + 1);

    r->key_fields = ARENA_ARRAY(&r->arena, int32_t, spec->key_count);
    if (r->arena.failed)
        return error_memory(e, sizeof *fields, "the columns of a primary key");
    r->until_field = -1;
    for (int32_t i = 0; i < spec->key_count; i++) {
        fields[i] = spec->metadata->schema->fields[spec->keys[i]];
        r->key_fields[i] = i;
        if (spec->keys[i] == spec->until_field)
            r->until_field = i;
    }
    r->wanted = (struct schema){spec->key_count, fields};
    if (spec->until_field >= 0 && r->until_field < 0) {
        r->until_field = r->wanted.field_count++;
        fields[r->until_field] = spec->metadata->schema->fields[spec->until_field];
    }
    return OK;
}

static bool is_ours(const struct rebuild *r, uint64_t hash)
{
    uint32_t most = (uint32_t)r->env->max_parallelism;

    return hash_subtask(hash_key_group(hash, most), most, (uint32_t)r->env->parallelism) ==
           (uint32_t)r->env->subtask;
}

/* What was found counts against the budget too. */
static enum err charge(struct rebuild *r, struct error *e)
{
    size_t held = r->keys.capacity + r->row_capacity * sizeof *r->rows;

    if (r->keys.failed || !budget_take(r->env->budget, held - r->charged))
        return error_memory(e, held, "the upsert index");
    r->charged = held;
    return OK;
}

static enum err note_rows(void *arg, UNUSED const struct data_file *file, int64_t first_row, struct batch *b,
                          struct error *e)
{
    struct rebuild *r = arg;

    if (!key_batch_fill(&r->batch_keys, b, r->key_fields, r->spec->key_count))
        return error_memory(e, (size_t)b->row_count, "keys");
    for (int32_t i = 0; i < batch_live(b); i++) {
        struct key key = r->batch_keys.keys[i];
        int32_t row = batch_row(b, i);

        if (!is_ours(r, key.hash))
            continue;
        if (!MEM_GROW(r->rows, r->row_count, r->row_capacity))
            return error_memory(e, sizeof *r->rows, "the upsert index");
        r->rows[r->row_count++] = (struct found){
            .key = r->keys.len,
            .key_len = key.bytes.len,
            .until_us = iceberg_sink_until(b, r->until_field, r->spec->until_lateness_us, row),
            .position = first_row + row,
            .file = r->path_count - 1,
        };
        bytes_slice(&r->keys, key.bytes);
    }
    return charge(r, e);
}

/* A position delete must lie in the partition of the data file, and ours are written under our own
 * partitioning. */
static enum err check_spec(const struct rebuild *r, const struct data_file *f, struct error *e)
{
    if (f->spec_id == r->base.spec_id)
        return OK;
    return error_set(e, ERR_UNSUPPORTED,
                     "%s was written under partition spec %" PRId32 ", the table has %" PRId32
                     " now; rewrite the table's old files before upserting (rewrite_data_files in Spark)",
                     f->path, f->spec_id, r->base.spec_id);
}

static enum err read_file(struct rebuild *r, struct table_reader *reader, int32_t file, struct error *e)
{
    const struct data_file *f = table_reader_file(reader, file);
    enum err rc = check_spec(r, f, e);
    const char *path;

    if (rc != OK)
        return rc;
    if ((path = arena_strdup(&r->arena, f->path)) == NULL)
        return error_memory(e, 0, "the paths of data files");
    r->paths[r->path_count++] = path;
    return table_reader_visit(reader, file, note_rows, r, e);
}

static enum err read_table(struct rebuild *r, struct table *t, struct error *e)
{
    struct table_reader *reader = NULL;
    int32_t files;
    enum err rc;

    if ((rc = plan_fields(r, e)) != OK || (rc = table_reader_open(t, r->env->budget, &reader, e)) != OK)
        return rc;
    table_reader_project(reader, &r->wanted);
    files = table_reader_files(reader);
    if ((r->paths = ARENA_ARRAY(&r->arena, const char *, MAX(files, 1))) == NULL)
        rc = error_memory(e, (size_t)files * sizeof *r->paths, "the paths of data files");
    for (int32_t i = 0; rc == OK && i < files; i++)
        rc = read_file(r, reader, i, e);
    table_reader_free(reader);
    return rc;
}

static enum err look(struct rebuild *r, struct table *t, struct error *e)
{
    const struct metadata *m = t->metadata;
    char *pipeline = iceberg_sink_pipeline(r->env);

    if (pipeline == NULL)
        return error_memory(e, 0, "the name of a pipeline");
    r->base = (struct index_base){true, m->current_snapshot_id, r->spec->metadata->spec->spec_id};
    r->is_anew = !still_fits(r, m, pipeline);
    mem_free(pipeline);
    if (!r->is_anew || m->current_snapshot_id == 0)
        return OK;
    log_info("iceberg_sink", "%s: finding where the rows of the primary key lie, from the table itself",
             r->spec->label);
    return read_table(r, t, e);
}

static enum err load_and_look(struct rebuild *r, struct error *e)
{
    struct table *t = NULL;
    enum err rc = catalog_load(r->spec->catalog, r->spec->name_space, r->spec->table, &t, e);

    if (rc == OK)
        rc = look(r, t, e);
    table_free(t);
    return rc == OK ? OK : error_add(e, rc, "making the upsert index of table %s", r->spec->label);
}

/* --- life --- */

static void unref(struct rebuild *r)
{
    if (atomic_fetch_sub(&r->refs, 1) != 1)
        return;
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->mutex);
    bytes_fini(&r->keys);
    key_batch_fini(&r->batch_keys);
    arena_fini(&r->arena);
    mem_free(r->rows);
    mem_free(r->bases);
    mem_free(r);
}

static void run(void *arg)
{
    struct rebuild *r = arg;
    bool wanted;

    pthread_mutex_lock(&r->mutex);
    wanted = r->state == REBUILD_NEW;
    if (wanted)
        r->state = REBUILD_RUNNING;
    pthread_mutex_unlock(&r->mutex);
    if (wanted) {
        r->rc = load_and_look(r, &r->error);
        pthread_mutex_lock(&r->mutex);
        r->state = REBUILD_DONE;
        r->env->wake(r->env->wake_arg); /* under the mutex: the sink waits for it before it goes */
        pthread_cond_signal(&r->changed);
        pthread_mutex_unlock(&r->mutex);
    }
    unref(r);
}

enum err rebuild_start(const struct iceberg_sink_spec *spec, const struct op_env *env,
                       const struct index_base *bases, size_t base_count, struct rebuild **out,
                       struct error *e)
{
    struct rebuild *r = mem_zalloc(sizeof *r);

    if (r == NULL || (r->bases = mem_calloc(MAX(base_count, 1), sizeof *bases)) == NULL) {
        mem_free(r);
        return error_memory(e, sizeof *r, "an upsert index");
    }
    r->spec = spec;
    r->env = env;
    r->base_count = base_count;
    if (base_count)
        memcpy(r->bases, bases, base_count * sizeof *bases);
    atomic_init(&r->refs, 2);
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->changed, NULL);
    if (executor_submit(env->executor, run, r)) {
        *out = r;
        return OK;
    }
    unref(r);
    unref(r);
    return error_memory(e, sizeof *r, "work on an I/O thread");
}

/* What was found goes into the index. */
static enum err fill(struct rebuild *r, struct upsert_index *index, struct error *e)
{
    const char *old_file;
    int64_t old_position, number = 0, twice = 0;
    int32_t file = -1;
    bool had;
    enum err rc = OK;

    upsert_index_clear(index);
    for (size_t i = 0; rc == OK && i < r->row_count; i++) {
        const struct found *row = &r->rows[i];
        struct key key = key_of(slice_of(r->keys.ptr + row->key, row->key_len));

        if (row->file != file)
            rc = upsert_index_file(index, r->paths[file = row->file], &number, e);
        if (rc == OK)
            rc = upsert_index_set(index, key, row->until_us, number, row->position, &had, &old_file,
                                  &old_position, e);
        twice += rc == OK && had;
    }
    if (twice)
        log_warn("iceberg_sink",
                 "%s: %" PRId64 " rows have a primary key that another row has too; they stay",
                 r->spec->label, twice);
    return rc;
}

enum err rebuild_finish(struct rebuild *r, struct upsert_index *index, struct index_base *base,
                        struct error *e)
{
    bool done;
    enum err rc;

    pthread_mutex_lock(&r->mutex);
    done = r->state == REBUILD_DONE;
    pthread_mutex_unlock(&r->mutex);
    if (!done)
        return ERR_WAIT;
    if (r->rc != OK) {
        *e = r->error;
        return r->rc;
    }
    if (r->is_anew && (rc = fill(r, index, e)) != OK)
        return rc;
    *base = r->base;
    return OK;
}

void rebuild_free(struct rebuild *r)
{
    if (r == NULL)
        return;
    pthread_mutex_lock(&r->mutex);
    if (r->state == REBUILD_NEW)
        r->state = REBUILD_DONE; /* the executor will find nothing to do */
    while (r->state != REBUILD_DONE)
        pthread_cond_wait(&r->changed, &r->mutex);
    pthread_mutex_unlock(&r->mutex);
    if (r->env->budget)
        budget_give(r->env->budget, r->charged);
    unref(r);
}
