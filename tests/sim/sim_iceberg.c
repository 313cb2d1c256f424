/* sim_iceberg.c: the graph with its two tables, and the judge. See sim_iceberg.h. */
#include "sim_iceberg.h"
#include "connectors/iceberg_sink.h"
#include "connectors/test_compact.h"
#include "iceberg/table_reader.h"
#include "sim_world.h"
#include <stdarg.h>
#include <stdio.h>

#define WAREHOUSE "sim:/warehouse"
#define COLUMNS   "k BIGINT NOT NULL, p BIGINT NOT NULL, o BIGINT NOT NULL, n BIGINT NOT NULL"

/* Retries at once: what a commit's wait would bring is brought by slow work. */
static const char *const common_options[] = {
    "catalog-type",
    "hadoop",
    "warehouse",
    WAREHOUSE,
    "catalog-database",
    "db",
    "commit.retry.min-wait-ms",
    "0",
    "commit.retry.max-wait-ms",
    "0",
    "commit.retry.num-retries",
    "20",
    "commit.status-check.min-wait-ms",
    "0",
    "commit.status-check.max-wait-ms",
    "0",
    "commit.manifest.min-count-to-merge",
    "4",
    NULL,
};
static const char *const append_options[] = {"catalog-table", "rows", "table.partitioned-by", "p", NULL};
static const char *const upsert_options[] = {
    "catalog-table",
    "counts",
    "table.partitioned-by",
    "bucket(3, k)",
    "table.primary-key",
    "k",
    "write.upsert.enabled",
    "true",
    NULL,
};

/* --- the graph --- */

static bool put_options(struct map *options, const char *const *list)
{
    for (; *list; list += 2)
        if (!map_put(options, slice_text(list[0]), (void *)(uintptr_t)list[1]))
            return false;
    return true;
}

/* Whoever sleeps finds that time has passed. */
static void sleep_simulated(void *arg, int64_t ms)
{
    struct sim_world *w = CONTAINER_OF(arg, struct sim_world, clock);

    w->now_us += ms * 1000;
}

static enum err plan_sink(struct sim_iceberg *s, struct graph *g, const char *const *own, struct map *options,
                          struct connector_plan *out, struct fs *fs, struct clock *clock, struct error *e)
{
    struct connector_request r = {.arena = &g->arena,
                                  .name = "sink",
                                  .options = options,
                                  .schema = s->job.count_schema,
                                  .fs = fs,
                                  .clock = clock,
                                  .sleep_ms = sleep_simulated,
                                  .sleep_arg = clock};
    enum err rc;

    if (!put_options(options, common_options) || !put_options(options, own))
        return error_memory(e, 0, "options");
    if ((rc = connector_check_options(connector_find("iceberg"), options, "", e)) != OK ||
        (rc = connector_find("iceberg")->sink(&r, out, e)) != OK)
        return rc;
    ((struct iceberg_sink_spec *)(uintptr_t)out->spec)->buffer_bytes = s->buffer_bytes;
    return OK;
}

static enum err parse_schemas(struct sim_iceberg *s, struct graph *g, struct error *e)
{
    enum err rc;

    if ((rc = schema_parse(&g->arena, SLICE("k BIGINT NOT NULL, p BIGINT NOT NULL, o BIGINT NOT NULL"),
                           &s->job.source_schema, e)) != OK ||
        (rc = schema_parse(&g->arena, SLICE(COLUMNS), &s->job.count_schema, e)) != OK)
        return rc;
    return schema_parse(&g->arena, SLICE("k BIGINT NOT NULL"), &s->job.key_schema, e);
}

static int32_t add(struct graph *g, const struct vertex *v)
{
    struct vertex named = *v;

    named.name = v->uid;
    return graph_vertex(g, &named);
}

static void connect(struct graph *g, int32_t from, int32_t to, enum partitioning partitioning,
                    const int32_t *key)
{
    graph_edge(
        g, &(struct edge){
               .from = from, .to = to, .partitioning = partitioning, .key_count = key != NULL, .keys = key});
}

enum err sim_iceberg_graph(struct sim_iceberg *s, struct graph *g, int32_t parallelism, struct fs *fs,
                           struct clock *clock, struct error *e)
{
    static const int32_t key[] = {0}, partition[] = {1};
    int32_t source, count, change, append, upsert;
    enum err rc;

    s->append = s->upsert = (struct connector_plan){0};
    if ((rc = parse_schemas(s, g, e)) != OK ||
        (rc = plan_sink(s, g, append_options, &s->append_options, &s->append, fs, clock, e)) != OK ||
        (rc = plan_sink(s, g, upsert_options, &s->upsert_options, &s->upsert, fs, clock, e)) != OK)
        return rc;
    assert(s->upsert.keyed && s->upsert.key_count == 1 && s->upsert.keys[0] == 0 && !s->append.keyed);
    source = add(g, &(struct vertex){.uid = "source",
                                     .factory = &sim_source_factory,
                                     .spec = &s->job,
                                     .is_source = true,
                                     .schema = s->job.source_schema});
    count = add(g, &(struct vertex){.uid = "count",
                                    .factory = &sim_count_factory,
                                    .spec = &s->job,
                                    .keyed = true,
                                    .schema = s->job.count_schema});
    change = add(
        g, &(struct vertex){
               .uid = "change", .factory = &sim_change_factory, .spec = s, .schema = s->job.count_schema});
    append = add(g, &(struct vertex){.uid = "append", .factory = s->append.factory, .spec = s->append.spec});
    upsert = add(g,
                 &(struct vertex){
                     .uid = "upsert", .factory = s->upsert.factory, .spec = s->upsert.spec, .keyed = true});
    connect(g, source, count, EDGE_HASH, key);
    connect(g, count, append, EDGE_HASH, partition);
    connect(g, count, change, EDGE_FORWARD, NULL);
    connect(g, change, upsert, EDGE_HASH, key);
    return graph_finish(g, parallelism, 16, e);
}

void sim_iceberg_fini(struct sim_iceberg *s)
{
    if (s->append.release)
        s->append.release(s->append.spec);
    if (s->upsert.release)
        s->upsert.release(s->upsert.spec);
    s->append = s->upsert = (struct connector_plan){0};
    map_fini(&s->append_options);
    map_fini(&s->upsert_options);
    map_init(&s->append_options);
    map_init(&s->upsert_options);
}

/* --- others --- */

static enum err open_catalog(struct fs *fs, struct clock *clock, uint64_t seed, struct map *options,
                             struct catalog **out, struct error *e)
{
    struct catalog_config config = {
        .name = "other", .options = options, .fs = fs, .clock = clock, .seed = seed};

    if (!map_put(options, SLICE("catalog-type"), (void *)(uintptr_t) "hadoop") ||
        !map_put(options, SLICE("warehouse"), (void *)(uintptr_t)WAREHOUSE))
        return error_memory(e, 0, "options");
    return catalog_open(&config, out, e);
}

enum err sim_iceberg_compact(struct fs *fs, struct clock *clock, uint64_t seed, bool *done, struct error *e)
{
    struct map options = {0};
    struct catalog *catalog = NULL;
    struct table *table = NULL;
    enum err rc;

    *done = false;
    if ((rc = open_catalog(fs, clock, seed, &options, &catalog, e)) == OK &&
        (rc = catalog_load(catalog, "db", "counts", &table, e)) == OK) {
        *done = table->metadata->current_snapshot_id != 0;
        rc = test_compact(table, seed, e);
    }
    table_free(table);
    catalog_free(catalog);
    map_fini(&options);
    return rc == ERR_NOT_FOUND ? OK : rc;
}

/* --- the judge --- */

struct judge {
    const struct sim_iceberg *spec;
    struct sim_verdict *verdict;
    struct arena arena;
    int64_t most;     /* records in all */
    uint8_t *seen;    /* by partition and offset */
    uint8_t *counted; /* by key and count */
    int64_t *totals;  /* records by key, in the log */
    int64_t *latest;  /* count by key, in the table; 0: no row */
};

PRINTF(2, 3) static void wrong(struct judge *j, const char *fmt, ...)
{
    va_list va;

    if (j->verdict->wrong[0] != '\0')
        return;
    va_start(va, fmt);
    vsnprintf(j->verdict->wrong, sizeof j->verdict->wrong, fmt, va);
    va_end(va);
}

static struct sim_row row_at(const struct batch *b, int32_t row)
{
    return (struct sim_row){b->columns[0].i64[row], b->columns[1].i64[row], b->columns[2].i64[row],
                            b->columns[3].i64[row]};
}

static bool is_of_log(const struct judge *j, const struct sim_row *row)
{
    const struct sim_job *job = &j->spec->job;

    return row->partition >= 0 && row->partition < job->partition_count && row->offset >= 0 &&
           row->offset < job->records_each &&
           row->key == sim_key_of(job, (int32_t)row->partition, row->offset) && row->count >= 1 &&
           row->count <= j->totals[row->key];
}

static enum err judge_appended(void *arg, UNUSED const struct data_file *file, UNUSED int64_t first_row,
                               struct batch *b, UNUSED struct error *e)
{
    struct judge *j = arg;

    for (int32_t i = 0; i < batch_live(b); i++) {
        struct sim_row row = row_at(b, batch_row(b, i));

        j->verdict->row_count++;
        if (!is_of_log(j, &row))
            wrong(j,
                  "rows: no record makes key %" PRId64 ", partition %" PRId64 ", offset %" PRId64
                  ", count %" PRId64,
                  row.key, row.partition, row.offset, row.count);
        else if (j->seen[row.partition * j->spec->job.records_each + row.offset]++)
            wrong(j, "rows: partition %" PRId64 " offset %" PRId64 " is there twice", row.partition,
                  row.offset);
        else if (j->counted[row.key * (j->most + 1) + row.count]++)
            wrong(j, "rows: key %" PRId64 " was counted to %" PRId64 " twice", row.key, row.count);
    }
    return OK;
}

static enum err judge_upserted(void *arg, const struct data_file *file, UNUSED int64_t first_row,
                               struct batch *b, UNUSED struct error *e)
{
    struct judge *j = arg;

    for (int32_t i = 0; i < batch_live(b); i++) {
        struct sim_row row = row_at(b, batch_row(b, i));

        if (!is_of_log(j, &row) || row.count % 5 == 0)
            wrong(j,
                  "counts: no record makes key %" PRId64 ", partition %" PRId64 ", offset %" PRId64
                  ", count %" PRId64,
                  row.key, row.partition, row.offset, row.count);
        else if (j->latest[row.key] != 0)
            wrong(j, "counts: key %" PRId64 " has counts %" PRId64 " and %" PRId64 " (in %s)", row.key,
                  j->latest[row.key], row.count, file->path);
        else
            j->latest[row.key] = row.count;
    }
    return OK;
}

static enum err read_table(struct catalog *catalog, const char *name, table_visit *visit, struct judge *j,
                           struct error *e)
{
    struct table *table = NULL;
    struct table_reader *reader = NULL;
    int64_t before = j->verdict->row_count;
    enum err rc;

    if ((rc = catalog_load(catalog, "db", name, &table, e)) == ERR_NOT_FOUND)
        return OK; /* the job has not come so far */
    if (rc == OK && (rc = table_reader_open(table, NULL, &reader, e)) == OK) {
        j->verdict->commit_count += table->metadata->snapshot_count;
        for (int32_t i = 0; rc == OK && i < table_reader_files(reader); i++)
            rc = table_reader_visit(reader, i, visit, j, e);
        if (rc == OK && visit == judge_appended &&
            j->verdict->row_count - before != table_reader_rows(reader))
            wrong(j, "%s: the manifests tell of another number of rows", name);
    }
    table_reader_free(reader);
    table_free(table);
    return rc;
}

static void judge_key(struct judge *j, int64_t key, bool complete)
{
    const uint8_t *counted = &j->counted[key * (j->most + 1)];
    int64_t total = j->totals[key], wanted = total % 5 == 0 ? 0 : total;

    for (int64_t n = 1; n < total; n++)
        if (counted[n + 1] > counted[n])
            wrong(j, "rows: key %" PRId64 " was never counted to %" PRId64, key, n);
    if (complete && total > 0 && !counted[total])
        wrong(j, "rows: key %" PRId64 " has not been counted to its end, %" PRId64, key, total);
    if (complete && j->latest[key] != wanted)
        wrong(j, "counts: key %" PRId64 " is %" PRId64 " and should be %" PRId64, key, j->latest[key],
              wanted);
}

static bool judge_init(struct judge *j)
{
    const struct sim_job *job = &j->spec->job;

    j->most = (int64_t)job->partition_count * job->records_each;
    j->seen = arena_alloc(&j->arena, (size_t)j->most);
    j->counted = arena_alloc(&j->arena, (size_t)((j->most + 1) * job->key_count));
    j->totals = ARENA_ARRAY(&j->arena, int64_t, job->key_count);
    j->latest = ARENA_ARRAY(&j->arena, int64_t, job->key_count);
    for (int32_t p = 0; !j->arena.failed && p < job->partition_count; p++)
        for (int64_t o = 0; o < job->records_each; o++)
            j->totals[sim_key_of(job, p, o)]++;
    return !j->arena.failed;
}

enum err sim_iceberg_judge(const struct sim_iceberg *s, struct fs *fs, struct clock *clock, bool complete,
                           struct sim_verdict *out, struct error *e)
{
    struct judge j = {.spec = s, .verdict = out};
    struct map options = {0};
    struct catalog *catalog = NULL;
    enum err rc;

    *out = (struct sim_verdict){0};
    rc = judge_init(&j) ? open_catalog(fs, clock, 1, &options, &catalog, e) : error_memory(e, 0, "the judge");
    if (rc == OK && (rc = read_table(catalog, "rows", judge_appended, &j, e)) == OK)
        rc = read_table(catalog, "counts", judge_upserted, &j, e);
    for (int64_t key = 0; rc == OK && key < s->job.key_count; key++)
        judge_key(&j, key, complete);
    if (rc == OK && complete && out->row_count != j.most)
        wrong(&j, "rows: %" PRId64 " rows instead of %" PRId64, out->row_count, j.most);
    catalog_free(catalog);
    map_fini(&options);
    arena_fini(&j.arena);
    return rc;
}
