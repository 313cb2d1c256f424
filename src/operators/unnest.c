/* unnest.c: parents and elements are gathered, a limited number of rows at a time, so that one payload with
 * very many elements does not become one very large batch.
 */
#include "operators/unnest.h"
#include "base/mem.h"

#define CHUNK_ROWS 8192

struct unnest {
    struct op base;
    const struct unnest_spec *spec;
    const struct op_env *env;
    int32_t parents[CHUNK_ROWS];  /* row numbers of the input */
    int32_t elements[CHUNK_ROWS]; /* row numbers of the list's child */
    int32_t count;
    int32_t *empty; /* owned: row numbers without elements */
    size_t empty_count, empty_capacity;
};

static struct unnest *self(struct op *o)
{
    return CONTAINER_OF(o, struct unnest, base);
}

static bool is_multiset(const struct type *list)
{
    return list->kind == TYPE_MAP && list->form == FORM_MULTISET;
}

/* --- one chunk --- */

static const struct column *element_column(const struct unnest *u, const struct batch *from, int32_t i)
{
    const struct column *list = &from->columns[u->spec->list_column], *child = &list->children[0];

    if (list->type->kind == TYPE_MAP && !is_multiset(list->type))
        return &list->children[i];
    if (child->type->kind != TYPE_STRUCT)
        return child;
    return &child->children[u->spec->elements ? u->spec->elements[i] : i];
}

/* The last column: which element of its list each row is, from 1; absent for a row without elements. */
static bool number_elements(struct unnest *u, const struct batch *from, struct batch *to)
{
    const struct column *list = &from->columns[u->spec->list_column];
    struct column *c = &to->columns[to->schema->field_count - 1];
    size_t words = VALIDITY_WORDS(u->count);

    c->row_count = u->count;
    c->values = batch_alloc(to, (size_t)u->count * sizeof *c->i32);
    c->validity = u->spec->outer ? batch_alloc(to, words * sizeof *c->validity) : NULL;
    if (c->values == NULL || (u->spec->outer && c->validity == NULL))
        return false;
    if (c->validity)
        memset(c->validity, 0, words * sizeof *c->validity);
    for (int32_t i = 0; i < u->count; i++) {
        bool there = u->elements[i] >= 0;

        c->i32[i] = there ? u->elements[i] - list->offsets[u->parents[i]] + 1 : 0;
        if (there && c->validity)
            c->validity[i >> 6] |= UINT64_C(1) << (i & 63);
    }
    return true;
}

/* The children of an absent STRUCT are absent too (builder.h), so validity needs no more than the gathering.
 */
static bool gather(struct unnest *u, const struct batch *from, struct batch *to)
{
    const struct unnest_spec *s = u->spec;
    uint8_t *kinds = NULL;

    for (int32_t i = 0; i < s->parent_count; i++)
        if (!column_gather(&from->columns[s->parents[i]], u->parents, u->count, to, &to->columns[i]))
            return false;
    for (int32_t i = 0; i < s->element_count; i++)
        if (!column_gather(element_column(u, from, i), u->elements, u->count, to,
                           &to->columns[s->parent_count + i]))
            return false;
    if (s->ordinality && !number_elements(u, from, to))
        return false;
    if (from->row_kinds && (kinds = batch_alloc(to, (size_t)u->count)) == NULL)
        return false;
    for (int32_t i = 0; kinds && i < u->count; i++)
        kinds[i] = from->row_kinds[u->parents[i]];
    to->row_kinds = kinds;
    return true;
}

static enum err flush(struct unnest *u, struct batch *from, struct error *e)
{
    struct batch *to;

    if (u->count == 0)
        return OK;
    if ((to = batch_new(u->spec->output, u->env->budget)) == NULL)
        return error_memory(e, (size_t)u->count, "flattened rows");
    to->row_count = u->count;
    to->split = from->split;
    to->born_us = from->born_us;
    if (!gather(u, from, to))
        goto failed;
    if (!batch_keep(to, keep_ref(&from->keep))) {
        batch_unref(from);
        goto failed;
    }
    u->count = 0;
    return u->env->out->batch(u->env->out, 0, to, e);
failed:
    batch_unref(to);
    return error_memory(e, (size_t)u->count, "flattened rows");
}

/* --- batches --- */

static enum err add_elements(struct unnest *u, struct batch *b, int32_t row, int32_t from, int32_t to,
                             struct error *e)
{
    enum err rc = OK;

    while (rc == OK && from < to) {
        int32_t n = MIN(to - from, CHUNK_ROWS - u->count);

        for (int32_t i = 0; i < n; i++) {
            u->parents[u->count] = row;
            u->elements[u->count++] = from + i;
        }
        from += n;
        if (u->count == CHUNK_ROWS)
            rc = flush(u, b, e);
    }
    return rc;
}

/* Each element as often as it is there. */
static enum err add_multiset(struct unnest *u, struct batch *b, int32_t row, int32_t from, int32_t to,
                             struct error *e)
{
    const struct column *times = &b->columns[u->spec->list_column].children[1];
    enum err rc = OK;

    for (int32_t i = from; rc == OK && i < to; i++)
        for (int32_t k = column_valid(times, i) ? times->i32[i] : 0; rc == OK && k > 0; k--)
            rc = add_elements(u, b, row, i, i + 1, e);
    return rc;
}

static enum err send_empty(struct unnest *u, struct batch *b, struct error *e)
{
    struct batch *rows;

    if (u->empty_count == 0)
        return OK;
    if ((rows = batch_select(b, u->empty, (int32_t)u->empty_count, u->env->budget)) == NULL)
        return error_memory(e, u->empty_count * sizeof *u->empty, "rows with an empty list");
    return u->env->out->batch(u->env->out, 1, rows, e);
}

static enum err unnest_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct unnest *u = self(o);
    const struct column *list = &b->columns[u->spec->list_column];
    int32_t live = batch_live(b);
    enum err rc = OK;

    u->count = 0;
    u->empty_count = 0;
    for (int32_t i = 0; rc == OK && i < live; i++) {
        int32_t row = batch_row(b, i), from = 0, to = 0;

        if (column_valid(list, row)) {
            from = list->offsets[row];
            to = list->offsets[row + 1];
        }
        if (from < to && is_multiset(list->type))
            rc = add_multiset(u, b, row, from, to, e);
        else if (from < to)
            rc = add_elements(u, b, row, from, to, e);
        else if (u->spec->outer)
            rc = add_elements(u, b, row, -1, 0, e);
        else if (u->spec->empty_to_port && !MEM_GROW(u->empty, u->empty_count, u->empty_capacity))
            rc = error_memory(e, u->empty_count * sizeof *u->empty, "rows with an empty list");
        else if (u->spec->empty_to_port)
            u->empty[u->empty_count++] = row;
    }
    if (rc == OK)
        rc = flush(u, b, e);
    return rc == OK ? send_empty(u, b, e) : rc;
}

/* --- life --- */

static enum err wrong_type(const struct field *want, const struct field *have, struct error *e)
{
    struct bytes a = {0}, b = {0};

    type_print(want->type, &a);
    type_print(have->type, &b);
    error_set(e, ERR_CONFIG, "flattening gives column %s as %s, not as %s", want->name,
              bytes_cstr(&b) ? b.ptr : "?", bytes_cstr(&a) ? a.ptr : "?");
    bytes_fini(&a);
    bytes_fini(&b);
    return ERR_CONFIG;
}

/* The memory of both must be the same, so all but nullability counts; that may only get wider. */
static bool fits(const struct type *want, const struct type *have)
{
    return want->kind == have->kind && want->precision == have->precision && want->scale == have->scale &&
           want->length == have->length && want->field_count == have->field_count &&
           (want->field_count == 0 || type_equal(want, have));
}

static enum err check_spec(const struct unnest_spec *s, struct error *e)
{
    const struct field *list = &s->input->fields[s->list_column];
    const struct field *element;

    if (list->type->kind != TYPE_LIST && list->type->kind != TYPE_MAP)
        return error_set(e, ERR_CONFIG, "column %s cannot be flattened: it is neither ARRAY nor MAP",
                         list->name);
    assert(s->output->field_count == s->parent_count + s->element_count + s->ordinality);
    for (int32_t i = 0; i < s->parent_count; i++)
        if (!fits(s->output->fields[i].type, s->input->fields[s->parents[i]].type))
            return wrong_type(&s->output->fields[i], &s->input->fields[s->parents[i]], e);
    for (int32_t i = 0; i < s->element_count; i++) {
        const struct field *want = &s->output->fields[s->parent_count + i], *have;

        bool pair = list->type->kind == TYPE_MAP && !is_multiset(list->type);

        element = &list->type->fields[pair ? i : 0];
        have = element->type->kind == TYPE_STRUCT && !pair
                   ? &element->type->fields[s->elements ? s->elements[i] : i]
                   : element;

        if (!fits(want->type, have->type))
            return wrong_type(want, have, e);
    }
    return OK;
}

static enum err unnest_open(struct op *o, const struct op_env *env, UNUSED struct error *e)
{
    self(o)->env = env;
    return OK;
}

static void unnest_close(struct op *o)
{
    mem_free(self(o)->empty);
    mem_free(self(o));
}

static const struct operator_ops unnest_ops = {
    .name = "unnest",
    .open = unnest_open,
    .batch = unnest_batch,
    .close = unnest_close,
};

static enum err unnest_new(const void *spec, struct op **out, struct error *e)
{
    struct unnest *u;
    enum err rc = check_spec(spec, e);

    if (rc != OK)
        return rc;
    if ((u = mem_zalloc(sizeof *u)) == NULL)
        return error_memory(e, sizeof *u, "an unnest operator");
    u->base.ops = &unnest_ops;
    u->spec = spec;
    *out = &u->base;
    return OK;
}

const struct operator_factory unnest_factory = {.name = "unnest", .operator_new = unnest_new};
