/* program_eval.c: the value of a step over a frame, from its arguments' by its kernel. */
#include "base/mem.h"
#include "expr/program_internal.h"

static bool to_out(const struct run *r, const struct step *s)
{
    return r->folding || s->escapes;
}

static struct batch *owner_of(const struct run *r, const struct step *s)
{
    return to_out(r, s) || r->rest == NULL ? r->out : r->rest;
}

void *program_alloc(struct run *r, const struct step *s, size_t byte_count)
{
    return to_out(r, s) ? batch_alloc(r->out, byte_count) : scratch_alloc(&r->p->scratch, byte_count);
}

/* Column headers of a type and of all below it. */
struct column *program_header(struct run *r, const struct step *s, const struct type *type)
{
    struct column *c = program_alloc(r, s, sizeof *c);

    if (c == NULL)
        return NULL;
    *c = (struct column){.type = type};
    if (type->field_count == 0)
        return c;
    c->children = program_alloc(r, s, (size_t)type->field_count * sizeof *c);
    for (int32_t i = 0; c->children && i < type->field_count; i++) {
        struct column *child = program_header(r, s, type->fields[i].type);

        if (child == NULL)
            return NULL;
        c->children[i] = *child;
    }
    return c->children ? c : NULL;
}

static bool alloc_values(struct run *r, const struct step *s, struct column *c)
{
    bool list = c->type->kind == TYPE_LIST || c->type->kind == TYPE_MAP;
    size_t byte_count = ((size_t)c->row_count + list) * type_width(c->type);

    if (c->type->kind == TYPE_STRUCT)
        return true;
    if ((c->values = program_alloc(r, s, MAX(byte_count, 1))) == NULL)
        return false;
    if (list || type_is_view(c->type))
        memset(c->values, 0, byte_count);
    return true;
}

struct column *program_column(struct run *r, const struct step *s, int32_t row_count)
{
    struct column *c = program_header(r, s, s->expr->type);

    if (c == NULL)
        return NULL;
    c->row_count = row_count;
    return alloc_values(r, s, c) ? c : NULL;
}

static bool make_absent(struct run *r, const struct step *s, struct column *c, int32_t row_count)
{
    size_t words = VALIDITY_WORDS(row_count);

    c->row_count = row_count;
    if ((c->validity = program_alloc(r, s, words * sizeof(uint64_t))) == NULL || !alloc_values(r, s, c))
        return false;
    memset(c->validity, 0, words * sizeof(uint64_t));
    if (c->type->kind != TYPE_STRUCT)
        memset(c->values, 0, (size_t)row_count * type_width(c->type));
    for (int32_t i = 0; i < c->type->field_count; i++)
        if (!make_absent(r, s, &c->children[i], c->type->kind == TYPE_STRUCT ? row_count : 0))
            return false;
    return true;
}

/* A column of the step's type, all absent. */
static struct column *absent_column(struct run *r, const struct step *s, int32_t row_count)
{
    struct column *c = program_header(r, s, s->expr->type);

    return c && make_absent(r, s, c, row_count) ? c : NULL;
}

/* --- frames */

static const int32_t *compose(struct run *r, const int32_t *outer, const int32_t *rows, int32_t count)
{
    int32_t *composed;

    if (outer == NULL)
        return rows;
    if ((composed = scratch_alloc(&r->p->scratch, (size_t)count * sizeof *composed)) == NULL)
        return NULL;
    for (int32_t i = 0; i < count; i++)
        composed[i] = outer[rows[i]];
    return composed;
}

enum err program_frame(struct run *r, struct frame *f, const int32_t *rows, int32_t count, struct frame *out,
                       struct error *e)
{
    size_t values = (size_t)r->p->step_count * sizeof *out->values;

    *out = (struct frame){.parent = f, .rows = rows, .row_count = count};
    out->values = scratch_alloc(&r->p->scratch, values);
    out->input_rows = compose(r, f->input_rows, rows, count);
    if (out->values == NULL || out->input_rows == NULL)
        return program_no_memory(e);
    memset(out->values, 0, values);
    return OK;
}

/* --- gathering */

enum err program_gather(struct run *r, const struct step *s, const struct column *from, const int32_t *rows,
                        int32_t count, struct arg *out, struct error *e)
{
    struct column *c = program_header(r, s, s->expr->type);

    if (c == NULL || !column_gather(from, rows, count, owner_of(r, s), c))
        return program_no_memory(e);
    *out = (struct arg){c, -1};
    return OK;
}

static enum err eval_column(struct run *r, struct frame *f, const struct step *s, struct arg *out,
                            struct error *e)
{
    const struct column *from = &r->in->columns[s->expr->column];

    if (f->input_rows)
        return program_gather(r, s, from, f->input_rows, f->row_count, out, e);
    *out = (struct arg){from, -1};
    return OK;
}

/* A step that a frame further out has. False: none has. */
static bool has_outside(const struct frame *f, int32_t step)
{
    for (f = f->parent; f; f = f->parent)
        if (f->values[step].column)
            return true;
    return false;
}

static enum err from_outside(struct run *r, struct frame *f, int32_t step, struct arg *out, struct error *e)
{
    struct arg outer;
    enum err rc = program_eval(r, f->parent, step, &outer, e);

    if (rc != OK)
        return rc;
    return program_gather(r, &r->p->steps[step], outer.column, f->rows, f->row_count, out, e);
}

/* --- kernels */

/* All rows of an argument are absent. */
static bool all_absent(const struct arg *a)
{
    return a->mask == 0 && !column_valid(a->column, 0);
}

/* The rows where every argument has a value; NULL in out when all have. */
static bool and_validity(struct run *r, const struct step *s, const struct arg *args, int32_t count,
                         struct column *out)
{
    size_t words = VALIDITY_WORDS(out->row_count);

    for (int32_t k = 0; k < count; k++) {
        const uint64_t *v = args[k].column->validity;

        if (v == NULL || args[k].mask == 0)
            continue;
        if (out->validity == NULL) {
            if ((out->validity = program_alloc(r, s, words * sizeof *v)) == NULL)
                return false;
            memcpy(out->validity, v, words * sizeof *v);
            continue;
        }
        for (size_t w = 0; w < words; w++)
            out->validity[w] &= v[w];
    }
    return true;
}

/* What the builder made, kept by the batch that owns the step's memory. */
enum err program_take_built(struct run *r, const struct step *s, int32_t row_count, struct column *out,
                            struct error *e)
{
    struct batch *built;
    enum err rc = builder_finish(s->rows, &built, e);

    if (rc != OK)
        return rc;
    assert(built->row_count == row_count);
    column_adopt(out, &built->columns[0], s->expr->type);
    if (batch_keep(owner_of(r, s), &built->keep))
        return OK;
    batch_unref(built);
    return program_no_memory(e);
}

static enum err run_building(struct run *r, struct step *s, struct program_call *pc, struct column *out,
                             struct error *e)
{
    enum err rc;

    builder_truncate(s->rows, 0); /* what a failure left */
    s->rows->failed = false;
    pc->call.rows = &s->rows->columns[0];
    if ((rc = s->expr->variant->kernel(&pc->call, e)) != OK)
        return rc;
    return program_take_built(r, s, pc->call.row_count, out, e);
}

static enum err run_kernel(struct run *r, struct frame *f, struct step *s, const struct arg *args,
                           struct column *out, struct error *e)
{
    bool strict = s->expr->function->flags & FN_STRICT;
    const struct variant *variant = s->expr->variant;
    struct program_call pc = {
        .call = {.row_count = f->row_count,
                 .arg_count = s->expr->arg_count,
                 .args = args,
                 .expr = s->expr,
                 .out = out,
                 .owner = owner_of(r, s),
                 .self = s->self,
                 .session = r->p->spec->session,
                 .now_us = r->now_us,
                 .watermark_us = r->p->watermark_us},
        .run = r,
        .escapes = owner_of(r, s) == r->out,
        .in_scratch = !to_out(r, s),
    };

    if (variant->builds)
        return run_building(r, s, &pc, out, e);
    out->row_count = f->row_count;
    if ((strict && !and_validity(r, s, args, s->expr->arg_count, out)) || !alloc_values(r, s, out))
        return program_no_memory(e);
    return variant->kernel(&pc.call, e);
}

static enum err eval_kernel(struct run *r, struct frame *f, int32_t step, struct arg *out, struct error *e)
{
    struct step *s = &r->p->steps[step];
    int32_t count = s->expr->arg_count;
    bool strict = s->expr->function->flags & FN_STRICT, absent = false;
    struct arg *args = scratch_alloc(&r->p->scratch, (size_t)count * sizeof *args);
    struct column *column;
    enum err rc;

    if (args == NULL)
        return program_no_memory(e);
    for (int32_t i = 0; i < count; i++) {
        if ((rc = program_eval(r, f, s->args[i], &args[i], e)) != OK)
            return rc;
        absent |= all_absent(&args[i]);
    }
    if (strict && absent)
        column = absent_column(r, s, f->row_count);
    else
        column = program_header(r, s, s->expr->type);
    if (column == NULL)
        return program_no_memory(e);
    if (!(strict && absent) && (rc = run_kernel(r, f, s, args, column, e)) != OK)
        return rc;
    *out = (struct arg){column, -1};
    return OK;
}

/* Nothing to evaluate over: the value is a column without rows. */
static enum err eval_nothing(struct run *r, const struct step *s, struct arg *out, struct error *e)
{
    struct column *c = absent_column(r, s, 0);

    *out = (struct arg){c, -1};
    return c ? OK : program_no_memory(e);
}

enum err program_eval(struct run *r, struct frame *f, int32_t step, struct arg *out, struct error *e)
{
    struct step *s = &r->p->steps[step];
    struct arg *kept;
    enum err rc;

    if (s->scalar)
        f = &r->scalars;
    kept = &f->values[step];
    if (kept->column) {
        *out = *kept;
        return OK;
    }
    if (f->row_count == 0)
        rc = eval_nothing(r, s, out, e);
    else if (s->expr->kind == EXPR_COLUMN)
        rc = eval_column(r, f, s, out, e);
    else if (has_outside(f, step))
        rc = from_outside(r, f, step, out, e);
    else if (s->form)
        rc = s->form(r, f, step, out, e);
    else
        rc = eval_kernel(r, f, step, out, e);
    if (rc != OK)
        return rc;
    if (s->scalar)
        out->mask = 0;
    *kept = *out;
    return OK;
}
