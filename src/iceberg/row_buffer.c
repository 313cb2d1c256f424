/* row_buffer.c: each incoming batch is dealt out to its partitions, a copied run of rows to each. */
#include "iceberg/row_buffer.h"
#include "base/budget.h"
#include "base/mem.h"
#include "iceberg/absent_column.h"

struct row_buffer {
    const struct schema *schema;
    const int32_t *columns;
    const struct partition_spec *spec;
    struct budget *budget;
    struct partitioner *partitioner;
    struct partition_rows **partitions; /* owned, by partition number; NULL: no rows */
    int32_t partition_count;
    size_t partition_capacity;
    size_t bytes;
    /* for dealing out one batch; kept so that nothing is allocated per row */
    int32_t *numbers, *order, *starts;
    size_t order_capacity, start_capacity;
};

void partition_rows_free(struct partition_rows *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->run_count; i++) {
        batch_unref(p->runs[i].batch);
        mem_free(p->runs[i].dead);
    }
    mem_free(p->runs);
    arena_fini(&p->arena);
    mem_free(p);
}

enum err row_buffer_new(const struct schema *schema, const int32_t *columns,
                        const struct partition_spec *spec, struct budget *budget, struct row_buffer **out,
                        struct error *e)
{
    struct row_buffer *b = mem_zalloc(sizeof *b);
    enum err rc;

    if (b == NULL)
        return error_memory(e, sizeof *b, "a row buffer");
    *b = (struct row_buffer){.schema = schema, .columns = columns, .spec = spec, .budget = budget};
    if ((rc = partitioner_new(spec, schema, &b->partitioner, e)) != OK) {
        row_buffer_free(b);
        return rc;
    }
    *out = b;
    return OK;
}

void row_buffer_free(struct row_buffer *b)
{
    if (b == NULL)
        return;
    for (int32_t i = 0; i < b->partition_count; i++)
        partition_rows_free(b->partitions[i]);
    mem_free(b->partitions);
    mem_free(b->numbers);
    mem_free(b->order);
    mem_free(b->starts);
    partitioner_free(b->partitioner);
    mem_free(b);
}

/* Whether every row of c has a value, told by whole words. */
static bool all_valid(const struct column *c)
{
    int32_t whole = c->row_count >> 6;
    uint64_t rest = (UINT64_C(1) << (c->row_count & 63)) - 1;

    if (c->validity == NULL)
        return true;
    for (int32_t i = 0; i < whole; i++)
        if (c->validity[i] != UINT64_MAX)
            return false;
    return rest == 0 || (c->validity[whole] & rest) == rest;
}

/* A row that deletes needs no more than its key. */
static bool must_be_whole(const struct batch *view, int32_t row)
{
    return view->row_kinds == NULL || view->row_kinds[row] != ROW_DELETE;
}

static enum err check_required(const struct batch *view, struct error *e)
{
    for (int32_t i = 0; i < view->schema->field_count; i++) {
        const struct column *c = &view->columns[i];

        if (c->type->nullable || all_valid(c))
            continue;
        for (int32_t k = 0; k < batch_live(view); k++)
            if (!column_valid(c, batch_row(view, k)) && must_be_whole(view, batch_row(view, k)))
                return error_set(e, ERR_INPUT,
                                 "column %s is NOT NULL in the table, but a row has no value for it",
                                 view->schema->fields[i].name);
    }
    return OK;
}

/* The batch under the table's schema; borrows from's columns. */
static enum err view_as_table(const struct row_buffer *b, const struct batch *from, struct batch **out,
                              struct error *e)
{
    struct batch *view = batch_new(b->schema, NULL);
    enum err rc;

    if (view == NULL)
        return error_memory(e, sizeof *view, "a batch");
    for (int32_t i = 0; i < b->schema->field_count; i++) {
        if (b->columns[i] >= 0)
            column_adopt(&view->columns[i], &from->columns[b->columns[i]], b->schema->fields[i].type);
        else if (!absent_column_fill(&view->columns[i], from->row_count, view)) {
            batch_unref(view);
            return error_memory(e, (size_t)from->row_count, "a column of absent values");
        }
    }
    view->row_count = from->row_count;
    view->row_kinds = from->row_kinds;
    view->selection = from->selection;
    view->selected_count = from->selected_count;
    view->born_us = from->born_us;
    if ((rc = check_required(view, e)) != OK) {
        batch_unref(view);
        return rc;
    }
    *out = view;
    return OK;
}

static bool room_for(int32_t **array, size_t *capacity, size_t count)
{
    int32_t *grown;

    if (count <= *capacity)
        return true;
    if ((grown = mem_realloc(*array, count * sizeof **array)) == NULL)
        return false;
    *array = grown;
    *capacity = count;
    return true;
}

/* Sort the live rows by partition: starts[p] .. starts[p + 1] are p's places in order. */
static enum err sort_rows(struct row_buffer *b, const struct batch *view, struct error *e)
{
    int32_t live = batch_live(view), partitions;
    size_t capacity = b->order_capacity;
    enum err rc;

    if (!room_for(&b->numbers, &capacity, (size_t)live) ||
        !room_for(&b->order, &b->order_capacity, (size_t)live))
        return error_memory(e, (size_t)live * 4, "row numbers");
    if ((rc = partitioner_assign(b->partitioner, view, b->numbers, e)) != OK)
        return rc;
    partitions = partitioner_count(b->partitioner);
    if (!room_for(&b->starts, &b->start_capacity, (size_t)partitions + 2))
        return error_memory(e, (size_t)partitions * 4, "partition numbers");
    memset(b->starts, 0, ((size_t)partitions + 2) * sizeof *b->starts);
    for (int32_t i = 0; i < live; i++)
        b->starts[b->numbers[i] + 2]++;
    for (int32_t p = 2; p < partitions + 2; p++)
        b->starts[p] += b->starts[p - 1];
    for (int32_t i = 0; i < live; i++)
        b->order[b->starts[b->numbers[i] + 1]++] = i;
    return OK;
}

static struct partition_rows *partition_at(struct row_buffer *b, int32_t number)
{
    struct partition_rows *p;
    struct partition_value *values;

    while (b->partition_count <= number) {
        if (!MEM_GROW(b->partitions, (size_t)b->partition_count, b->partition_capacity))
            return NULL;
        b->partitions[b->partition_count++] = NULL;
    }
    if (b->partitions[number])
        return b->partitions[number];
    if ((p = mem_zalloc(sizeof *p)) == NULL)
        return NULL;
    p->spec = b->spec;
    p->path = arena_strdup(&p->arena, partitioner_path(b->partitioner, number));
    values = arena_copy(&p->arena, partitioner_values(b->partitioner, number),
                        (size_t)b->spec->field_count * sizeof *values);
    for (int32_t i = 0; values && i < b->spec->field_count; i++)
        values[i].value = arena_slice(&p->arena, values[i].value);
    p->values = values;
    if (p->arena.failed) {
        partition_rows_free(p);
        return NULL;
    }
    b->partitions[number] = p;
    return p;
}

/* Copy count rows (positions among view's live ones) as one more run of partition number. */
static bool add_run(struct row_buffer *b, const struct batch *view, int32_t number, const int32_t *live_rows,
                    int32_t count, int32_t *rows, size_t *bytes)
{
    struct partition_rows *p = partition_at(b, number);
    struct batch some = *view, *copy;

    for (int32_t i = 0; i < count; i++)
        rows[i] = batch_row(view, live_rows[i]);
    some.selection = rows;
    some.selected_count = count;
    if (p == NULL || !MEM_GROW(p->runs, p->run_count, p->run_capacity) ||
        (copy = batch_copy(&some, b->budget)) == NULL)
        return false;
    p->runs[p->run_count++] = (struct row_run){.batch = copy};
    p->live_count += count;
    p->bytes += batch_bytes(copy);
    *bytes += batch_bytes(copy);
    return true;
}

/* Take back the newest run of each partition before number: the add failed half-way. */
static void undo_runs(struct row_buffer *b, int32_t number)
{
    for (int32_t k = 0; k < number; k++) {
        struct partition_rows *p = b->partitions[k];
        struct row_run *run;

        if (b->starts[k + 1] == b->starts[k])
            continue;
        run = &p->runs[--p->run_count];
        p->live_count -= run->batch->row_count;
        p->bytes -= batch_bytes(run->batch);
        batch_unref(run->batch);
    }
}

static enum err deal_out(struct row_buffer *b, const struct batch *view, struct row_place *places,
                         struct error *e)
{
    int32_t partitions = partitioner_count(b->partitioner);
    int32_t *rows = mem_alloc((size_t)batch_live(view) * sizeof *rows);
    size_t bytes = 0;

    if (rows == NULL)
        return error_memory(e, (size_t)batch_live(view) * 4, "row numbers");
    for (int32_t k = 0; k < partitions; k++) {
        int32_t from = b->starts[k], count = b->starts[k + 1] - from;

        if (count == 0)
            continue;
        if (!add_run(b, view, k, b->order + from, count, rows, &bytes)) {
            undo_runs(b, k);
            mem_free(rows);
            return error_memory(e, batch_bytes(view), "rows waiting to be written to an Iceberg table");
        }
        for (int32_t i = 0; places && i < count; i++)
            places[b->order[from + i]] = (struct row_place){k, (int32_t)b->partitions[k]->run_count - 1, i};
    }
    mem_free(rows);
    b->bytes += bytes;
    return OK;
}

enum err row_buffer_add(struct row_buffer *b, const struct batch *batch, struct row_place *places,
                        struct error *e)
{
    struct batch *view = NULL;
    enum err rc;

    if (batch_live(batch) == 0)
        return OK;
    if ((rc = view_as_table(b, batch, &view, e)) != OK)
        return rc;
    if ((rc = sort_rows(b, view, e)) == OK)
        rc = deal_out(b, view, places, e);
    batch_unref(view);
    return rc;
}

bool row_buffer_kill(struct row_buffer *b, struct row_place place)
{
    struct partition_rows *p = b->partitions[place.partition];
    struct row_run *run = &p->runs[place.run];

    assert(!row_run_is_dead(run, place.row));
    if (run->dead == NULL &&
        (run->dead = mem_calloc(VALIDITY_WORDS(run->batch->row_count), sizeof(uint64_t))) == NULL)
        return false;
    run->dead[place.row >> 6] |= UINT64_C(1) << (place.row & 63);
    run->dead_count++;
    p->live_count--;
    return true;
}

size_t row_buffer_bytes(const struct row_buffer *b)
{
    return b->bytes;
}

struct partition_rows *row_buffer_take(struct row_buffer *b, int32_t *number)
{
    struct partition_rows *most = NULL;

    for (int32_t i = 0; i < b->partition_count; i++)
        if (b->partitions[i] && (most == NULL || b->partitions[i]->bytes > most->bytes)) {
            most = b->partitions[i];
            *number = i;
        }
    if (most == NULL)
        return NULL;
    b->partitions[*number] = NULL;
    b->bytes -= most->bytes;
    return most;
}

void row_buffer_reset(struct row_buffer *b)
{
    assert(b->bytes == 0);
    for (int32_t i = 0; i < b->partition_count; i++)
        partition_rows_free(b->partitions[i]); /* without rows: an add had no memory for them */
    partitioner_reset(b->partitioner);
    b->partition_count = 0;
}
