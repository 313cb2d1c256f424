/* arena.c: blocks of doubling size, each a header and its bytes. */
#include "base/arena.h"
#include "base/budget.h"
#include "base/mem.h"
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>

struct arena_block {
    struct arena_block *next;
    size_t used, size; /* of data, in bytes */
    alignas(max_align_t) char data[];
};

void arena_init(struct arena *a, struct budget *budget)
{
    *a = (struct arena){.budget = budget};
}

void arena_fini(struct arena *a)
{
    while (a->blocks) {
        struct arena_block *block = a->blocks;

        a->blocks = block->next;
        if (a->budget)
            budget_give(a->budget, block->size);
        mem_free(block);
    }
    a->failed = false;
}

static struct arena_block *add_block(struct arena *a, size_t byte_count)
{
    size_t size = a->blocks ? MIN(a->blocks->size * 2, (size_t)1 << 20) : 1024;
    struct arena_block *block;

    size = MAX(size, byte_count);
    if (!budget_take(a->budget, size))
        return NULL;
    block = mem_alloc(sizeof *block + size);
    if (block == NULL) {
        if (a->budget)
            budget_give(a->budget, size);
        return NULL;
    }
    *block = (struct arena_block){.next = a->blocks, .size = size};
    a->blocks = block;
    return block;
}

void *arena_alloc(struct arena *a, size_t byte_count)
{
    size_t align = alignof(max_align_t);
    size_t need = (byte_count + align - 1) / align * align;
    struct arena_block *block = a->blocks;
    void *ptr;

    if (need < byte_count) {
        a->failed = true;
        return NULL;
    }
    if (block == NULL || block->size - block->used < need)
        block = add_block(a, need);
    if (block == NULL) {
        a->failed = true;
        return NULL;
    }
    ptr = block->data + block->used;
    block->used += need;
    return memset(ptr, 0, byte_count);
}

void *arena_copy(struct arena *a, const void *ptr, size_t byte_count)
{
    void *to = arena_alloc(a, byte_count);

    return to && byte_count ? memcpy(to, ptr, byte_count) : to;
}

const char *arena_text(struct arena *a, struct slice s)
{
    char *to = arena_alloc(a, s.len + 1);

    if (to && s.len)
        memcpy(to, s.ptr, s.len);
    return to;
}

const char *arena_strdup(struct arena *a, const char *text)
{
    return text ? arena_text(a, slice_text(text)) : NULL;
}

struct slice arena_slice(struct arena *a, struct slice s)
{
    const char *to = arena_text(a, s);

    return to ? (struct slice){to, s.len} : (struct slice){NULL, 0};
}

const char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list va;
    char *to;
    int n;

    va_start(va, fmt);
    n = vsnprintf(NULL, 0, fmt, va);
    va_end(va);
    assert(n >= 0);
    to = arena_alloc(a, (size_t)n + 1);
    if (to == NULL)
        return NULL;
    va_start(va, fmt);
    vsnprintf(to, (size_t)n + 1, fmt, va);
    va_end(va);
    return to;
}
