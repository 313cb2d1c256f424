/* program_memory.c: memory of a running program: scratch blocks, texts, and what kernels call for theirs. */
#include "base/budget.h"
#include "base/mem.h"
#include "expr/program_internal.h"
#include <stdarg.h>
#include <stdio.h>

#define ALIGNMENT         64
#define FIRST_BLOCK_BYTES 65536
#define TEXT_CHUNK_BYTES  16384

struct scratch_block {
    struct scratch_block *next;
    size_t size, used; /* of data, in bytes */
    char data[];
};

enum err program_no_memory(struct error *e)
{
    return error_memory(e, 0, "the results of an expression");
}

static bool add_block(struct scratch *s, size_t byte_count)
{
    size_t size = MAX(byte_count, s->blocks ? s->blocks->size * 2 : (size_t)FIRST_BLOCK_BYTES);
    size_t whole = sizeof(struct scratch_block) + size + ALIGNMENT;
    struct scratch_block *b;

    if (!budget_take(s->budget, whole))
        return false;
    if ((b = mem_alloc(whole)) == NULL) {
        if (s->budget)
            budget_give(s->budget, whole);
        return false;
    }
    *b = (struct scratch_block){.next = s->blocks, .size = size};
    s->blocks = b;
    return true;
}

/* The block's data begin at the next border of ALIGNMENT. */
static char *block_data(struct scratch_block *b)
{
    return (char *)(((uintptr_t)b->data + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
}

void *scratch_alloc(struct scratch *s, size_t byte_count)
{
    size_t need = (MAX(byte_count, 1) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    char *ptr;

    if (need < byte_count)
        return NULL;
    if ((s->blocks == NULL || s->blocks->size - s->blocks->used < need) && !add_block(s, need))
        return NULL;
    ptr = block_data(s->blocks) + s->blocks->used;
    s->blocks->used += need;
    s->wanted += need;
    return ptr;
}

static void drop_block(struct scratch *s)
{
    struct scratch_block *b = s->blocks;

    s->blocks = b->next;
    if (s->budget)
        budget_give(s->budget, sizeof *b + b->size + ALIGNMENT);
    mem_free(b);
}

/* Blocks double, so after a few batches the newest holds all that one wants and is the only one kept. */
void scratch_reset(struct scratch *s)
{
    struct scratch_block *newest = s->blocks;

    if (newest) {
        s->blocks = newest->next;
        while (s->blocks)
            drop_block(s);
        s->blocks = newest;
        newest->next = NULL;
        newest->used = 0;
    }
    s->wanted = 0;
}

void scratch_fini(struct scratch *s)
{
    while (s->blocks)
        drop_block(s);
}

/* --- for kernels */

static struct program_call *whole(struct call *c)
{
    return CONTAINER_OF(c, struct program_call, call);
}

static struct text_chunk *chunk_of(struct program_call *pc)
{
    return pc->escapes ? &pc->run->out_text : &pc->run->rest_text;
}

char *call_text(struct call *c, size_t len)
{
    struct text_chunk *chunk = chunk_of(whole(c));
    static char nothing[1];
    char *text;

    if (len == 0)
        return nothing;
    if (len > INT32_MAX)
        return NULL; /* more than a view can say */
    if (len > chunk->left) {
        size_t size = MAX(len, (size_t)TEXT_CHUNK_BYTES);

        if ((chunk->begin = batch_alloc(c->owner, size)) == NULL) {
            *chunk = (struct text_chunk){0};
            return NULL;
        }
        chunk->next = chunk->begin;
        chunk->left = size;
    }
    text = chunk->next;
    chunk->next += len;
    chunk->left -= len;
    return text;
}

static bool within(const char *ptr, size_t len, const char *begin, const char *end)
{
    return (uintptr_t)ptr >= (uintptr_t)begin && (uintptr_t)ptr + len <= (uintptr_t)end;
}

/* The text's bytes live as long as the result without being copied. */
static bool is_kept(struct call *c, int32_t row, struct slice text)
{
    struct text_chunk *chunk = chunk_of(whole(c));

    if (within(text.ptr, text.len, chunk->begin, chunk->next))
        return true;
    for (int32_t i = 0; i < c->arg_count; i++) {
        const struct column *column = c->args[i].column;
        const struct view *v;

        if (!type_is_view(column->type) || !arg_valid(&c->args[i], row))
            continue;
        v = &column->views[row & c->args[i].mask];
        if (v->len > VIEW_INLINE && within(text.ptr, text.len, v->ptr, v->ptr + v->len))
            return true;
    }
    return false;
}

bool call_put(struct call *c, int32_t row, struct slice text)
{
    char *copy;

    if (text.len <= VIEW_INLINE || is_kept(c, row, text)) {
        c->out->views[row] = view_of(text.ptr, text.len);
        return true;
    }
    if ((copy = call_text(c, text.len)) == NULL)
        return false;
    memcpy(copy, text.ptr, text.len);
    c->out->views[row] = view_of(copy, text.len);
    return true;
}

bool call_null(struct call *c, int32_t row)
{
    struct column *out = c->out;
    size_t words = VALIDITY_WORDS(out->row_count);

    if (out->validity == NULL) {
        uint64_t *validity = whole(c)->in_scratch ? scratch_alloc(&whole(c)->run->p->scratch, words * 8)
                                                  : batch_alloc(c->owner, words * 8);

        if (validity == NULL)
            return false;
        memset(validity, 0xff, words * 8);
        out->validity = validity;
    }
    out->validity[row >> 6] &= ~(UINT64_C(1) << (row & 63));
    if (out->type->kind != TYPE_STRUCT && !type_is_nested(out->type))
        memset((char *)out->values + (size_t)row * type_width(out->type), 0, type_width(out->type));
    return true;
}

enum err call_fail(struct call *c, struct error *e, const char *fmt, ...)
{
    struct place place = c->expr->place;
    va_list va;

    va_start(va, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, va);
    va_end(va);
    e->code = ERR_INPUT;
    e->advice = ADVICE_GIVE_UP;
    if (place.line > 0)
        return error_add(e, ERR_INPUT, "line %" PRId32 ", column %" PRId32, place.line, place.column);
    return ERR_INPUT;
}
