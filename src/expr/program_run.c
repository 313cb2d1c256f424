/* program_run.c: a batch in, a batch out: the condition, then the results over the rows that pass. */
#include "base/mem.h"
#include "expr/program_internal.h"

/* What a step gives over a frame, as a column with a row for each of the frame's. */
static enum err result_column(struct run *r, struct frame *f, int32_t step, struct column *to,
                              struct error *e)
{
    struct arg a;
    int32_t *zeros;
    enum err rc = program_eval(r, f, step, &a, e);

    if (rc != OK)
        return rc;
    if (a.mask != 0) {
        column_adopt(to, a.column, to->type);
        return OK;
    }
    zeros = scratch_alloc(&r->p->scratch, (size_t)f->row_count * sizeof *zeros);
    if (zeros == NULL)
        return program_no_memory(e);
    memset(zeros, 0, (size_t)f->row_count * sizeof *zeros);
    return column_gather(a.column, zeros, f->row_count, r->out, to) ? OK : program_no_memory(e);
}

/* Values of absent rows are 0, which kernels need not care for. */
static void clear_absent(struct column *c)
{
    size_t width = type_width(c->type);

    if (c->validity == NULL || type_is_nested(c->type))
        return;
    for (int32_t i = 0; i < c->row_count; i++)
        if (!column_valid(c, i))
            memset((char *)c->values + (size_t)i * width, 0, width);
}

static enum err results(struct run *r, struct frame *f, struct error *e)
{
    struct program *p = r->p;
    enum err rc;

    for (int32_t i = 0; i < p->spec->result_count; i++) {
        const struct step *s = &p->steps[p->results[i]];

        if ((rc = result_column(r, f, p->results[i], &r->out->columns[i], e)) != OK)
            return rc;
        if (s->expr->kind == EXPR_CALL && !s->shares)
            clear_absent(&r->out->columns[i]);
    }
    return OK;
}

/* The row kinds of the frame's rows. */
static bool row_kinds(struct run *r, const struct frame *f)
{
    uint8_t *kinds;

    r->out->row_kinds = r->in->row_kinds;
    if (r->in->row_kinds == NULL || f->input_rows == NULL)
        return true;
    if ((kinds = batch_alloc(r->out, (size_t)f->row_count)) == NULL)
        return false;
    for (int32_t i = 0; i < f->row_count; i++)
        kinds[i] = r->in->row_kinds[f->input_rows[i]];
    r->out->row_kinds = kinds;
    return true;
}

/* Results that are columns of the input: their headers, and which rows are live. */
static enum err pass(struct run *r, const struct frame *f, struct error *e)
{
    struct program *p = r->p;
    int32_t *selection;

    for (int32_t i = 0; i < p->spec->result_count; i++) {
        struct column *to = &r->out->columns[i];

        column_adopt(to, &r->in->columns[p->steps[p->results[i]].expr->column], to->type);
    }
    r->out->row_count = r->in->row_count;
    r->out->row_kinds = r->in->row_kinds;
    if (f->input_rows == NULL)
        return OK;
    if ((selection = batch_alloc(r->out, (size_t)f->row_count * sizeof *selection)) == NULL)
        return program_no_memory(e);
    memcpy(selection, f->input_rows, (size_t)f->row_count * sizeof *selection);
    r->out->selection = selection;
    r->out->selected_count = f->row_count;
    return OK;
}

/* The rows of a frame for which the condition is TRUE. */
static int32_t passing(const struct frame *f, const struct arg *condition, int32_t *rows)
{
    const uint8_t *v = condition->column->u8;
    int32_t n = 0;

    if (condition->mask == 0) {
        bool all = column_valid(condition->column, 0) && v[0];

        for (int32_t i = 0; all && i < f->row_count; i++)
            rows[n++] = i;
        return n;
    }
    if (condition->column->validity == NULL) {
        for (int32_t i = 0; i < f->row_count; i++) {
            rows[n] = i;
            n += v[i];
        }
        return n;
    }
    for (int32_t i = 0; i < f->row_count; i++) {
        rows[n] = i;
        n += v[i] & column_valid(condition->column, i);
    }
    return n;
}

/* Narrow the root to the rows that pass: *f is then the root itself, or its child in `room`. */
static enum err filter(struct run *r, struct frame *root, struct frame *room, struct frame **f,
                       struct error *e)
{
    struct arg condition;
    int32_t *rows, count;
    enum err rc;

    *f = root;
    if (r->p->condition < 0)
        return OK;
    if ((rc = program_eval(r, root, r->p->condition, &condition, e)) != OK)
        return rc;
    rows = scratch_alloc(&r->p->scratch, ((size_t)root->row_count + 1) * sizeof *rows);
    if (rows == NULL)
        return program_no_memory(e);
    count = passing(root, &condition, rows);
    if (count == root->row_count)
        return OK;
    *f = room;
    return program_frame(r, root, rows, count, room, e);
}

static enum err frames(struct run *r, struct frame *root, struct error *e)
{
    struct program *p = r->p;
    size_t values = (size_t)p->step_count * sizeof(struct arg);

    *root = (struct frame){.input_rows = r->in ? r->in->selection : NULL,
                           .row_count = r->in ? batch_live(r->in) : 1};
    root->values = scratch_alloc(&p->scratch, values);
    r->scalars = (struct frame){.row_count = 1, .values = scratch_alloc(&p->scratch, values)};
    if (root->values == NULL || r->scalars.values == NULL)
        return program_no_memory(e);
    memset(root->values, 0, values);
    memcpy(r->scalars.values, p->folded, values);
    return OK;
}

/* The batch that comes out has to keep what its columns point into. */
static bool keep_sources(struct run *r)
{
    if (!batch_keep(r->out, keep_ref(&r->in->keep))) {
        batch_unref(r->in);
        return false;
    }
    if (r->p->constants && !batch_keep(r->out, keep_ref(&r->p->constants->keep))) {
        batch_unref(r->p->constants);
        return false;
    }
    return true;
}

static enum err start(struct run *r, struct error *e)
{
    static const struct schema nothing = {0};
    struct program *p = r->p;

    scratch_reset(&p->scratch);
    if ((r->out = batch_new(p->spec->schema, p->budget)) == NULL || !keep_sources(r))
        return program_no_memory(e);
    r->out->split = r->in->split;
    r->out->born_us = r->in->born_us;
    if (p->scratch_texts && (r->rest = batch_new(&nothing, p->budget)) == NULL)
        return program_no_memory(e);
    return OK;
}

static enum err evaluate(struct run *r, struct error *e)
{
    struct frame root, room, *f;
    enum err rc;

    if ((rc = frames(r, &root, e)) != OK || (rc = filter(r, &root, &room, &f, e)) != OK)
        return rc;
    if (f->row_count == 0)
        return OK;
    if (r->p->only_passes)
        return pass(r, f, e);
    r->out->row_count = f->row_count;
    if ((rc = results(r, f, e)) != OK)
        return rc;
    return row_kinds(r, f) ? OK : program_no_memory(e);
}

enum err program_run(struct program *p, struct batch *in, int64_t now_us, struct batch **out, struct error *e)
{
    struct run r = {.p = p, .in = in, .now_us = now_us};
    enum err rc = start(&r, e);

    *out = NULL;
    if (rc == OK)
        rc = evaluate(&r, e);
    if (rc == OK && r.out->row_count > 0) {
        *out = r.out;
        r.out = NULL;
    }
    batch_unref(r.rest);
    batch_unref(r.out);
    return rc;
}
