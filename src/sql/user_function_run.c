/* user_function_run.c: a user's function evaluated over a batch.
 *
 *   arguments: columns, constants spread over the rows; of a strict function the rows without a NULL only
 *   results:   put into the step's own builder; with rows left out, into a builder of its own, and merged
 */
#include "base/mem.h"
#include "graph/user_task.h"
#include "os/clock.h"
#include "sql/user_function.h"

/* One instance: what is kept from batch to batch. */
struct user_call {
    const struct user_function *u; /* borrowed: the expression's */
    struct weir_task task;
    struct op_env env; /* of the task: what a function may ask of it */
    void *self;        /* owned: the function's own data */
    bool opened;
};

/* Where the rows of a table function go: a list being built. weir_rows first: it is what the function has. */
struct table_rows {
    struct weir_rows rows;
    struct builder builder;      /* the columns of the ROWs, which the list's builder owns */
    struct column_builder *list; /* borrowed */
    const int32_t *numbers;      /* per row of the arguments: its row of the call; NULL: the same */
    int32_t arg_count;           /* rows of the arguments */
    int32_t now;                 /* row of the arguments that rows are for, -1: not said yet */
};

static enum err fail(const struct user_call *uc, struct error *e)
{
    *e = uc->task.error;
    return e->code;
}

static enum err outcome(struct user_call *uc, bool ok, struct error *e)
{
    if (!ok && !uc->task.failed)
        weir_task_fail(&uc->task, "it gave no reason (weir_task_fail)");
    return uc->task.failed ? fail(uc, e) : OK;
}

/* --- open and close --- */

static void close_call(void *self)
{
    struct user_call *uc = self;

    if (uc->opened && uc->u->fn->close)
        uc->u->fn->close(uc->self);
    mem_free(uc->self);
    mem_free(uc);
}

static enum err open_call(const struct expr *call, UNUSED const struct expr_session *s, void **self,
                          struct error *e)
{
    const struct user_function *u = (const struct user_function *)(const void *)call->function;
    const struct schema *const none[TASK_OUTPUTS] = {0};
    struct user_call *uc = mem_zalloc(sizeof *uc);
    enum err rc;

    if (uc == NULL || (uc->self = mem_zalloc(MAX(u->fn->self_bytes, 1))) == NULL) {
        mem_free(uc);
        return error_memory(e, u->fn->self_bytes, "a function");
    }
    uc->u = u;
    uc->env = (struct op_env){.name = u->function.name, .parallelism = 1, .clock = clock_system()};
    user_task_init(&uc->task, &uc->env, none);
    if ((rc = outcome(uc, u->fn->open == NULL || u->fn->open(uc->self, &uc->task), e)) != OK) {
        close_call(uc);
        return error_add(e, rc, "function %s", u->function.name);
    }
    uc->opened = true;
    *self = uc;
    return OK;
}

/* --- arguments --- */

/* The rows that a strict function is shown; NULL: all of them. False: no memory. */
static bool rows_with_all(struct call *c, struct batch *owner, int32_t **rows, int32_t *count)
{
    bool absent = false;

    *rows = NULL;
    *count = c->row_count;
    if (!(c->expr->function->flags & FN_STRICT))
        return true;
    for (int32_t i = 0; i < c->arg_count; i++)
        absent |= c->args[i].column->validity != NULL;
    if (!absent)
        return true;
    if ((*rows = batch_alloc(owner, (size_t)MAX(c->row_count, 1) * sizeof **rows)) == NULL)
        return false;
    *count = 0;
    for (int32_t row = 0; row < c->row_count; row++)
        if (call_all_valid(c, row))
            (*rows)[(*count)++] = row;
    return true;
}

static bool take_argument(const struct arg *a, const int32_t *rows, int32_t count, struct batch *b,
                          int32_t number)
{
    struct column *to = &b->columns[number];
    int32_t *numbers;

    if (a->mask && rows == NULL) {
        column_adopt(to, a->column, a->column->type);
        return true;
    }
    if (a->mask)
        return column_gather(a->column, rows, count, b, to);
    if ((numbers = batch_alloc(b, (size_t)MAX(count, 1) * sizeof *numbers)) == NULL)
        return false;
    memset(numbers, 0, (size_t)count * sizeof *numbers); /* the same value in every row */
    return column_gather(a->column, numbers, count, b, to);
}

static struct batch *take_arguments(struct call *c, const struct schema *schema, int32_t **rows)
{
    struct batch *b = batch_new(schema, NULL);
    int32_t count;

    if (b == NULL)
        return NULL;
    if (!rows_with_all(c, b, rows, &count))
        goto fail;
    b->row_count = count;
    for (int32_t i = 0; i < c->arg_count; i++)
        if (!take_argument(&c->args[i], *rows, count, b, i))
            goto fail;
    return b;
fail:
    batch_unref(b);
    return NULL;
}

/* --- results --- */

static enum err check_column(struct user_call *uc, const struct column_builder *c, int32_t row_count,
                             const char *name, struct error *e)
{
    if (c->row_count != row_count)
        return error_set(e, ERR_INPUT, "it put %" PRId32 " values %s for %" PRId32 " rows", c->row_count,
                         name, row_count);
    if (c->validity && !c->type->nullable && c->null_count)
        return error_set(e, ERR_INPUT, "it put a NULL %s, which is declared NOT NULL", name);
    return uc->task.failed ? fail(uc, e) : OK;
}

static enum err call_scalar(struct user_call *uc, const struct call *c, struct batch *args, struct builder *b,
                            struct error *e)
{
    struct weir_rows rows = {.task = &uc->task, .b = b, .ready = true, .now_us = c->now_us};
    enum err rc;

    rc = outcome(uc, uc->u->fn->call(uc->self, &uc->task, (const struct weir_batch *)args, &rows), e);
    if (rc == OK && b->failed)
        rc = error_memory(e, 0, "results");
    return rc == OK ? check_column(uc, &b->columns[0], args->row_count, "as its result", e) : rc;
}

/* Rows were left out: their results are absent. */
static enum err merge(struct call *c, struct builder *from, const int32_t *rows, int32_t count,
                      struct error *e)
{
    struct batch *made;
    int32_t next = 0;
    enum err rc;

    if ((rc = builder_finish(from, &made, e)) != OK)
        return rc;
    for (int32_t row = 0; row < c->row_count; row++)
        if (next < count && rows[next] == row)
            builder_value(c->rows, &made->columns[0], next++);
        else
            builder_null(c->rows);
    builder_keep(c->rows->owner, &made->keep); /* long texts are shared */
    return OK;
}

static enum err scalar_of_some(struct user_call *uc, struct call *c, struct batch *args, const int32_t *rows,
                               struct error *e)
{
    struct field field = {.name = "result", .type = c->expr->type};
    struct schema schema = {1, &field};
    struct builder b;
    enum err rc;

    if (!builder_init(&b, &schema, NULL))
        return error_memory(e, 0, "results");
    rc = call_scalar(uc, c, args, &b, e);
    if (rc == OK)
        rc = merge(c, &b, rows, args->row_count, e);
    builder_fini(&b);
    return rc;
}

/* --- table functions --- */

/* The rows that were put so far belong to the rows of the arguments before `row`. */
static bool end_rows(struct table_rows *t, int32_t row)
{
    struct column_builder *structs = &t->list->children[0];
    int32_t made = structs->children[0].row_count,
            call_row = t->numbers && row < t->arg_count ? t->numbers[row] : row;

    for (int32_t i = 0; i < structs->type->field_count; i++) {
        const struct field *f = &structs->type->fields[i];

        if (structs->children[i].row_count != made)
            return weir_task_fail(
                t->rows.task,
                "column %s has %" PRId32 " values where %s has %" PRId32 "; give each column one value a row",
                f->name, structs->children[i].row_count, structs->type->fields[0].name, made);
        if (structs->children[i].null_count && !f->type->nullable)
            return weir_task_fail(t->rows.task, "it put a NULL into column %s, which is declared NOT NULL",
                                  f->name);
    }
    if (t->now < 0 && made > structs->row_count)
        return weir_task_fail(t->rows.task, "rows were put before weir_rows_of said for which row");
    while (structs->row_count < made && !t->list->owner->failed)
        builder_struct_end(structs);
    while (t->list->row_count < call_row && !t->list->owner->failed)
        builder_list_end(t->list);
    return true;
}

static void begin_rows(struct weir_rows *out, int32_t row)
{
    struct table_rows *t = (struct table_rows *)(void *)out;

    if (row <= t->now || row >= t->arg_count) {
        weir_task_fail(out->task,
                       "weir_rows_of: row %" PRId32 " after row %" PRId32 " of %" PRId32 "; rows go upwards",
                       row, t->now, t->arg_count);
        return;
    }
    if (end_rows(t, row))
        t->now = row;
}

static enum err call_table(struct user_call *uc, struct call *c, struct batch *args, const int32_t *numbers,
                           struct error *e)
{
    const struct type *row = c->rows->type->fields[0].type;
    const struct schema schema = {row->field_count, row->fields};
    struct builder *owner = c->rows->owner;
    struct table_rows t = {.list = c->rows, .numbers = numbers, .arg_count = args->row_count, .now = -1};
    enum err rc;

    t.builder = (struct builder){.schema = &schema,
                                 .columns = c->rows->children[0].children,
                                 .batch = owner->batch,
                                 .budget = owner->budget};
    t.rows = (struct weir_rows){
        .task = &uc->task, .b = &t.builder, .ready = true, .rows_of = begin_rows, .now_us = c->now_us};
    rc = outcome(uc, uc->u->fn->call(uc->self, &uc->task, (const struct weir_batch *)args, &t.rows), e);
    owner->batch = t.builder.batch;
    owner->failed |= t.builder.failed;
    if (rc == OK) {
        t.numbers = NULL;
        rc = outcome(uc, end_rows(&t, c->row_count), e);
    }
    if (rc == OK && owner->failed)
        rc = error_memory(e, 0, "results");
    return rc;
}

/* --- a batch --- */

static enum err run_call(struct call *c, struct error *e)
{
    struct user_call *uc = c->self;
    int32_t *rows = NULL;
    struct batch *args = take_arguments(c, uc->u->arguments, &rows);
    struct error why = {0};
    enum err rc;

    if (args == NULL)
        return error_memory(e, 0, "a function's arguments");
    if (uc->u->is_table)
        rc = call_table(uc, c, args, rows, &why);
    else if (rows == NULL)
        rc = call_scalar(uc, c, args, c->rows->owner, &why);
    else
        rc = scalar_of_some(uc, c, args, rows, &why);
    batch_unref(args);
    if (rc == OK)
        return OK;
    uc->task.failed = false;
    if (rc != ERR_INPUT) {
        *e = why;
        return error_add(e, rc, "function %s", uc->u->function.name);
    }
    return call_fail(c, e, "function %s: %s", uc->u->function.name, why.text);
}

const struct variant user_function_variant = {
    .kernel = run_call, .open = open_call, .close = close_call, .builds = true};
