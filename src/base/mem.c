/* mem.c: malloc behind a counter. */
#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static _Thread_local uint64_t count;
static _Thread_local uint64_t fail_at;
static _Thread_local bool fail_forever;

static bool must_fail(void)
{
    count++;
    if (LIKELY(fail_at == 0))
        return false;
    return fail_forever ? count >= fail_at : count == fail_at;
}

void *mem_alloc(size_t byte_count)
{
    return must_fail() ? NULL : malloc(byte_count ? byte_count : 1);
}

void *mem_zalloc(size_t byte_count)
{
    return mem_calloc(1, byte_count);
}

void *mem_calloc(size_t n, size_t size)
{
    return must_fail() ? NULL : calloc(n ? n : 1, size ? size : 1);
}

void *mem_realloc(void *ptr, size_t byte_count)
{
    return must_fail() ? NULL : realloc(ptr, byte_count ? byte_count : 1);
}

char *mem_strdup(const char *text)
{
    return mem_strndup(text, strlen(text));
}

char *mem_strndup(const char *text, size_t len)
{
    char *copy = mem_alloc(len + 1);

    if (copy == NULL)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *mem_printf(const char *fmt, ...)
{
    va_list va;
    char *text;
    int n;

    va_start(va, fmt);
    n = vsnprintf(NULL, 0, fmt, va);
    va_end(va);
    assert(n >= 0);
    text = mem_alloc((size_t)n + 1);
    if (text == NULL)
        return NULL;
    va_start(va, fmt);
    vsnprintf(text, (size_t)n + 1, fmt, va);
    va_end(va);
    return text;
}

void mem_free(void *ptr)
{
    free(ptr);
}

bool mem_grow(void **array, size_t n, size_t *capacity, size_t size)
{
    size_t more;
    void *grown;

    if (n < *capacity)
        return true;
    more = *capacity ? *capacity * 2 : 8;
    if (more > SIZE_MAX / size || (grown = mem_realloc(*array, more * size)) == NULL)
        return false;
    *array = grown;
    *capacity = more;
    return true;
}

void mem_fail_at(uint64_t nth, bool forever)
{
    fail_at = nth ? count + nth : 0;
    fail_forever = forever;
}

uint64_t mem_count(void)
{
    return count;
}
