/* iceberg_rebuild.c: see iceberg_rebuild.h. Only rows of this subtask's key groups are kept. */
#include "connectors/iceberg_rebuild.h"
#include "base/mem.h"
#include "iceberg/table_reader.h"
#include "os/log.h"
#include <pthread.h>

struct found { /* one row of the table */
    size_t  key, key_len; /* in keys */
    int64_t until_us, position;
    int32_t file;
};

struct rebuild {
    const struct iceberg_sink_spec *spec;
    const struct op_env            *env;
    bool                            has_state;
    pthread_mutex_t                 mutex;
    pthread_cond_t                  changed;
    bool                            done; /* under mutex; what follows is the I/O thread's until then */
    enum err                        rc;
    struct error                    error;
    struct bytes                    keys;
    struct found                   *rows; /* owned */
    size_t                          row_count, row_capacity;
    struct arena                    arena; /* owned: paths */
    const char                    **paths;
    int32_t                         path_count;
    struct key_batch                batch_keys;
};

/* The newest snapshot is this job's, of this lineage: nobody has touched the table since. */
static bool head_is_ours(const struct rebuild *r, const struct metadata *m)
{
    const struct snapshot *head = metadata_snapshot(m, m->current_snapshot_id);
    const char            *pipeline = head ? json_string_value(json_object_get(head->summary, "weir.pipeline")) : NULL;
    char                  *ours = mem_printf("%s/%s/%s", r->env->job_name, r->env->uid, r->env->lineage);
    bool                   same = pipeline && ours && strcmp(pipeline, ours) == 0;

    mem_free(ours);
    return same;
}

static int64_t until_of(const struct rebuild *r, const struct batch *b, int32_t row)
{
    int32_t field = r->spec->until_field;

    if (field < 0 || !column_valid(&b->columns[field], row))
        return UPSERT_FOR_EVER;
    return b->columns[field].i64[row] + r->spec->until_lateness_us;
}

static bool is_ours(const struct rebuild *r, uint64_t hash)
{
    uint32_t most = (uint32_t)r->env->max_parallelism;

    return hash_subtask(hash_key_group(hash, most), most, (uint32_t)r->env->parallelism) == (uint32_t)r->env->subtask;
}

static enum err note_rows(void *arg, UNUSED const struct data_file *file, int64_t first_row, struct batch *b, struct error *e)
{
    struct rebuild *r = arg;

    if (!key_batch_fill(&r->batch_keys, b, r->spec->keys, r->spec->key_count))
        return error_memory(e, (size_t)b->row_count, "keys");
    for (int32_t i = 0; i < batch_live(b); i++) {
        struct key key = r->batch_keys.keys[i];
        int32_t    row = batch_row(b, i);

        if (!is_ours(r, key.hash))
            continue;
        if (!MEM_GROW(r->rows, r->row_count, r->row_capacity))
            return error_memory(e, sizeof *r->rows, "the upsert index");
        r->rows[r->row_count++] = (struct found){r->keys.len, key.bytes.len, until_of(r, b, row), first_row + row, r->path_count - 1};
        bytes_slice(&r->keys, key.bytes);
    }
    return r->keys.failed ? error_memory(e, r->keys.len, "the upsert index") : OK;
}

static enum err read_table(struct rebuild *r, struct table *t, struct error *e)
{
    struct table_reader *reader = NULL;
    enum err             rc = table_reader_open(t, r->env->budget, &reader, e);
    int32_t              files = rc == OK ? table_reader_files(reader) : 0;

    r->paths = ARENA_ARRAY(&r->arena, const char *, MAX(files, 1));
    for (int32_t i = 0; rc == OK && i < files; i++) {
        const char *path = arena_strdup(&r->arena, table_reader_file(reader, i)->path);

        if (r->arena.failed)
            rc = error_memory(e, 0, "the paths of data files");
        else {
            r->paths[r->path_count++] = path;
            rc = table_reader_visit(reader, i, note_rows, r, e);
        }
    }
    table_reader_free(reader);
    return rc;
}

static enum err read_index(struct rebuild *r, struct error *e)
{
    struct table *t = NULL;
    enum err      rc = catalog_load(r->spec->catalog, r->spec->name_space, r->spec->table, &t, e);

    if (rc == OK && t->metadata->current_snapshot_id != 0 && !(r->has_state && head_is_ours(r, t->metadata))) {
        log_info("iceberg_sink", "%s: finding where the rows of the primary key lie, from the table itself", r->spec->label);
        rc = read_table(r, t, e);
    }
    table_free(t);
    return rc == OK ? OK : error_add(e, rc, "making the upsert index of table %s anew", r->spec->label);
}

static void run(void *arg)
{
    struct rebuild      *r = arg;
    const struct op_env *env = r->env;

    r->rc = read_index(r, &r->error);
    pthread_mutex_lock(&r->mutex);
    r->done = true;
    env->wake(env->wake_arg);
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->mutex);
}

enum err rebuild_start(const struct iceberg_sink_spec *spec, const struct op_env *env, bool has_state,
                       struct rebuild **out, struct error *e)
{
    struct rebuild *r = mem_zalloc(sizeof *r);

    if (r == NULL)
        return error_memory(e, sizeof *r, "an upsert index");
    *r = (struct rebuild){.spec = spec, .env = env, .has_state = has_state};
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->changed, NULL);
    if (!executor_submit(env->executor, run, r)) {
        r->done = true;
        rebuild_free(r);
        return error_memory(e, sizeof *r, "work on an I/O thread");
    }
    *out = r;
    return OK;
}

enum err rebuild_finish(struct rebuild *r, struct upsert_index *index, struct error *e)
{
    const char *old_file;
    int64_t     old_position, number = 0;
    int32_t     file = -1;
    bool        done, had;
    enum err    rc = OK;

    pthread_mutex_lock(&r->mutex);
    done = r->done;
    pthread_mutex_unlock(&r->mutex);
    if (!done)
        return ERR_WAIT;
    if (r->rc != OK) {
        *e = r->error;
        return r->rc;
    }
    for (size_t i = 0; rc == OK && i < r->row_count; i++) {
        const struct found *row = &r->rows[i];

        if (row->file != file)
            rc = upsert_index_file(index, r->paths[file = row->file], &number, e);
        if (rc == OK)
            rc = upsert_index_set(index, key_of(slice_of(r->keys.ptr + row->key, row->key_len)), row->until_us, number,
                                  row->position, &had, &old_file, &old_position, e);
    }
    return rc;
}

void rebuild_free(struct rebuild *r)
{
    if (r == NULL)
        return;
    pthread_mutex_lock(&r->mutex);
    while (!r->done)
        pthread_cond_wait(&r->changed, &r->mutex);
    pthread_mutex_unlock(&r->mutex);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->mutex);
    bytes_fini(&r->keys);
    key_batch_fini(&r->batch_keys);
    arena_fini(&r->arena);
    mem_free(r->rows);
    mem_free(r);
}
