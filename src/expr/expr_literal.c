/* expr_literal.c: see expr_literal.h. */
#include "expr/expr_literal.h"

static void *from_arena(void *from, size_t byte_count)
{
    return arena_alloc(from, byte_count);
}

static void *from_batch(void *from, size_t byte_count)
{
    return batch_alloc(from, byte_count);
}

struct literal_memory literal_in_arena(struct arena *a)
{
    return (struct literal_memory){from_arena, a};
}

struct literal_memory literal_in_batch(struct batch *b)
{
    return (struct literal_memory){from_batch, b};
}

static size_t value_bytes(const struct column *c)
{
    bool list = c->type->kind == TYPE_LIST || c->type->kind == TYPE_MAP;

    return ((size_t)c->row_count + list) * type_width(c->type);
}

static void *copy(const struct literal_memory *m, const void *from, size_t byte_count)
{
    void *to = m->alloc(m->from, MAX(byte_count, 1));

    return to && byte_count ? memcpy(to, from, byte_count) : to;
}

static bool copy_texts(const struct literal_memory *m, struct column *c)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        struct view *v = &c->views[i];

        if (!column_valid(c, i))
            *v = (struct view){0};
        else if (v->len > VIEW_INLINE && (v->ptr = copy(m, v->ptr, v->len)) == NULL)
            return false;
    }
    return true;
}

static bool copy_into(const struct literal_memory *m, const struct column *from, struct column *to)
{
    int32_t children = from->type->field_count;

    *to = (struct column){.type = from->type, .row_count = from->row_count};
    if (from->validity &&
        (to->validity = copy(m, from->validity, VALIDITY_WORDS(from->row_count) * sizeof(uint64_t))) == NULL)
        return false;
    if (from->type->kind != TYPE_STRUCT && (to->values = copy(m, from->values, value_bytes(from))) == NULL)
        return false;
    if (type_is_view(from->type))
        return copy_texts(m, to);
    if (children == 0)
        return true;
    if ((to->children = m->alloc(m->from, (size_t)children * sizeof *to->children)) == NULL)
        return false;
    for (int32_t i = 0; i < children; i++)
        if (!copy_into(m, &from->children[i], &to->children[i]))
            return false;
    return true;
}

struct column *literal_copy(const struct literal_memory *m, const struct column *from)
{
    struct column *to = m->alloc(m->from, sizeof *to);

    return to && copy_into(m, from, to) ? to : NULL;
}

/* A header for row_count absent rows; the children of a LIST or MAP have none. */
static bool absent_into(const struct literal_memory *m, const struct type *type, int32_t row_count,
                        struct column *c)
{
    int32_t below = type->kind == TYPE_STRUCT ? row_count : 0;

    *c = (struct column){.type = type, .row_count = row_count};
    if ((c->validity = m->alloc(m->from, sizeof(uint64_t))) == NULL)
        return false;
    *c->validity = 0;
    if (type->kind != TYPE_STRUCT) {
        if ((c->values = m->alloc(m->from, value_bytes(c) + 1)) == NULL)
            return false;
        memset(c->values, 0, value_bytes(c) + 1);
    }
    if (type->field_count == 0)
        return true;
    if ((c->children = m->alloc(m->from, (size_t)type->field_count * sizeof *c->children)) == NULL)
        return false;
    for (int32_t i = 0; i < type->field_count; i++)
        if (!absent_into(m, type->fields[i].type, below, &c->children[i]))
            return false;
    return true;
}

struct column *literal_null(const struct literal_memory *m, const struct type *type)
{
    struct column *c = m->alloc(m->from, sizeof *c);

    return c && absent_into(m, type, 1, c) ? c : NULL;
}
