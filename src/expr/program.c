/* program.c: trees flattened into steps, what is known beforehand evaluated, and the end of it all. */
#include "base/mem.h"
#include "expr/expr_literal.h"
#include "expr/program_internal.h"

/* The step that does the same already; -1: none. A value that differs each time is only itself. */
static int32_t find_step(const struct program *p, const struct expr *x, const int32_t *args, bool is_volatile)
{
    for (int32_t i = 0; i < p->step_count; i++) {
        const struct expr *other = p->steps[i].expr;

        if (other == x)
            return i;
        if (is_volatile || other->kind != x->kind || other->arg_count != x->arg_count)
            continue;
        if (x->kind != EXPR_CALL && expr_equal(other, x))
            return i;
        if (x->kind == EXPR_CALL && other->function == x->function && other->variant == x->variant &&
            type_equal(other->type, x->type) &&
            memcmp(p->steps[i].args, args, (size_t)x->arg_count * sizeof *args) == 0)
            return i;
    }
    return -1;
}

static void describe(struct program *p, struct step *s)
{
    const struct function *f = s->expr->function;

    s->scalar = s->expr->kind != EXPR_COLUMN;
    if (s->expr->kind != EXPR_CALL)
        return;
    s->guarded = f->flags & (FN_FAILS | FN_COSTLY);
    for (int32_t i = 0; i < s->expr->arg_count; i++) {
        s->scalar &= p->steps[s->args[i]].scalar;
        s->guarded |= p->steps[s->args[i]].guarded;
    }
    s->scalar &= !(f->flags & FN_VOLATILE);
    s->form = s->expr->variant ? NULL : program_form_find(f, &s->shares);
}

static enum err add_step(struct program *p, const struct expr *x, const int32_t *args, int32_t *out,
                         struct error *e)
{
    size_t capacity = (size_t)p->step_capacity;
    struct step *s;

    if (!MEM_GROW(p->steps, (size_t)p->step_count, capacity))
        return program_no_memory(e);
    p->step_capacity = (int32_t)capacity;
    s = &p->steps[p->step_count];
    *s = (struct step){.expr = x, .args = args};
    describe(p, s);
    if (x->kind == EXPR_CALL && x->variant == NULL && s->form == NULL)
        return error_set(e, ERR_UNSUPPORTED, "%s is not evaluated row by row; it belongs into an aggregation",
                         x->function->name);
    *out = p->step_count++;
    return OK;
}

static enum err flatten(struct program *p, const struct expr *x, int32_t *out, struct error *e)
{
    bool is_volatile = x->kind == EXPR_CALL && x->function->flags & FN_VOLATILE;
    int32_t *args = ARENA_ARRAY(&p->arena, int32_t, MAX(x->arg_count, 1));
    enum err rc;

    if (args == NULL)
        return program_no_memory(e);
    for (int32_t i = 0; i < x->arg_count; i++)
        if ((rc = flatten(p, x->args[i], &args[i], e)) != OK)
            return rc;
    if ((*out = find_step(p, x, args, is_volatile)) >= 0)
        return OK;
    return add_step(p, x, args, out, e);
}

static enum err flatten_all(struct program *p, struct error *e)
{
    const struct program_spec *spec = p->spec;
    enum err rc;

    p->condition = -1;
    p->only_passes = true;
    if ((p->results = ARENA_ARRAY(&p->arena, int32_t, MAX(spec->result_count, 1))) == NULL)
        return program_no_memory(e);
    if (spec->condition && (rc = flatten(p, spec->condition, &p->condition, e)) != OK)
        return rc;
    for (int32_t i = 0; i < spec->result_count; i++) {
        if ((rc = flatten(p, spec->results[i], &p->results[i], e)) != OK)
            return rc;
        p->only_passes &= spec->results[i]->kind == EXPR_COLUMN;
    }
    return OK;
}

/* A value of this type may point at memory of another. */
static bool may_point(const struct type *t)
{
    return type_is_view(t) || type_is_nested(t);
}

/* Results escape, and what those that escape may point into. Steps come after their arguments. */
static void mark_escapes(struct program *p)
{
    for (int32_t i = 0; i < p->spec->result_count; i++)
        p->steps[p->results[i]].escapes = true;
    for (int32_t i = p->step_count - 1; i >= 0; i--) {
        struct step *s = &p->steps[i];

        bool points = may_point(s->expr->type) || s->shares;

        for (int32_t k = 0; s->escapes && points && k < s->expr->arg_count; k++)
            if (may_point(p->steps[s->args[k]].expr->type))
                p->steps[s->args[k]].escapes = true;
        p->scratch_texts |= !s->escapes;
    }
}

static enum err open_step(struct program *p, struct step *s, struct error *e)
{
    const struct variant *v = s->expr->variant;
    enum err rc;

    if (v ? v->builds : s->form && type_is_nested(s->expr->type)) {
        s->built = (struct field){.name = "result", .type = s->expr->type};
        s->building = (struct schema){1, &s->built};
        if ((s->rows = mem_zalloc(sizeof *s->rows)) == NULL ||
            !builder_init(s->rows, &s->building, p->budget))
            return program_no_memory(e);
    }
    if (v == NULL || v->open == NULL)
        return OK;
    if ((rc = v->open(s->expr, p->spec->session, &s->self, e)) != OK)
        return rc;
    s->opened = true;
    return OK;
}

/* --- what is known beforehand */

static enum err copy_literal(struct program *p, int32_t step, struct error *e)
{
    struct literal_memory m = literal_in_batch(p->constants);
    const struct column *c = literal_copy(&m, p->steps[step].expr->literal);

    p->folded[step] = (struct arg){c, 0};
    return c ? OK : program_no_memory(e);
}

/* A step that needs the clock, however deep. */
static bool is_dynamic(const struct expr *x)
{
    if (x->kind == EXPR_CALL && x->function->flags & FN_DYNAMIC)
        return true;
    for (int32_t i = 0; i < x->arg_count; i++)
        if (is_dynamic(x->args[i]))
            return true;
    return false;
}

/* Evaluate what is the same in every row. What fails is left to fail when a row needs it. */
static enum err fold_step(struct program *p, int32_t step, struct error *e)
{
    struct run r = {.p = p, .out = p->constants, .folding = true};
    struct arg value;
    enum err rc;

    if (p->steps[step].expr->kind == EXPR_LITERAL)
        return copy_literal(p, step, e);
    if (is_dynamic(p->steps[step].expr))
        return OK;
    scratch_reset(&p->scratch);
    r.scalars = (struct frame){.row_count = 1, .values = p->folded};
    rc = program_eval(&r, &r.scalars, step, &value, e);
    return rc == ERR_MEMORY ? rc : OK;
}

static enum err fold(struct program *p, struct error *e)
{
    static const struct schema nothing = {0};
    enum err rc;

    p->folded = ARENA_ARRAY(&p->arena, struct arg, MAX(p->step_count, 1));
    if (p->folded == NULL || (p->constants = batch_new(&nothing, p->budget)) == NULL)
        return program_no_memory(e);
    for (int32_t i = 0; i < p->step_count; i++)
        if (p->steps[i].scalar && (rc = fold_step(p, i, e)) != OK)
            return rc;
    return OK;
}

static enum err prepare(struct program *p, struct error *e)
{
    const struct expr_session *session = p->spec->session;
    enum err rc;

    if (session && session->legacy_cast)
        return error_set(e, ERR_UNSUPPORTED,
                         "table.exec.legacy-cast-behaviour: only DISABLED is there; write TRY_CAST where a "
                         "cast may fail");
    if ((rc = flatten_all(p, e)) != OK)
        return rc;
    mark_escapes(p);
    for (int32_t i = 0; i < p->step_count; i++)
        if ((rc = open_step(p, &p->steps[i], e)) != OK)
            return rc;
    return fold(p, e);
}

enum err program_new(const struct program_spec *spec, struct budget *budget, struct program **out,
                     struct error *e)
{
    struct program *p = mem_zalloc(sizeof *p);
    enum err rc;

    if (p == NULL)
        return program_no_memory(e);
    arena_init(&p->arena, budget);
    p->budget = p->scratch.budget = budget;
    p->watermark_us = INT64_MIN;
    if ((p->spec = arena_copy(&p->arena, spec, sizeof *spec)) == NULL)
        rc = program_no_memory(e);
    else
        rc = prepare(p, e);
    if (rc == OK)
        *out = p;
    else
        program_free(p);
    return rc;
}

void program_watermark(struct program *p, int64_t watermark_us)
{
    p->watermark_us = watermark_us;
}

void program_free(struct program *p)
{
    if (p == NULL)
        return;
    for (int32_t i = 0; i < p->step_count; i++) {
        struct step *s = &p->steps[i];

        if (s->opened && s->expr->variant->close)
            s->expr->variant->close(s->self);
        if (s->rows)
            builder_fini(s->rows);
        mem_free(s->rows);
    }
    mem_free(p->steps);
    batch_unref(p->constants);
    scratch_fini(&p->scratch);
    arena_fini(&p->arena);
    mem_free(p);
}

enum err program_constant(struct arena *a, const struct expr *x, const struct expr_session *s,
                          const struct expr **out, struct error *e)
{
    struct field field = {.name = "constant", .type = x->type};
    struct schema schema = {1, &field}, nothing = {0};
    struct program_spec spec = {.results = &x, .schema = &schema, .result_count = 1, .session = s};
    struct batch *one = NULL, *result = NULL;
    struct program *p = NULL;
    enum err rc;

    if ((one = batch_new(&nothing, NULL)) == NULL)
        return program_no_memory(e);
    one->row_count = 1;
    if ((rc = program_new(&spec, NULL, &p, e)) != OK ||
        (rc = program_run(p, one, s ? s->query_start_us : 0, &result, e)) != OK)
        goto out;
    if ((*out = expr_literal(a, x->type, &result->columns[0])) == NULL)
        rc = program_no_memory(e);
out:
    batch_unref(result);
    program_free(p);
    batch_unref(one);
    return rc;
}
