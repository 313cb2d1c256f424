/* mem.h: the only door to the heap, so that a test can make any allocation fail.
 * Sizes are bytes. Failure is NULL, never an abort: the caller returns ERR_MEMORY.
 */
#ifndef WEIR_BASE_MEM_H
#define WEIR_BASE_MEM_H
#include "base/base.h"

MUST_USE void *mem_alloc(size_t byte_count);
MUST_USE void *mem_zalloc(size_t byte_count);
MUST_USE void *mem_calloc(size_t count, size_t size);     /* zeroed; NULL too when count * size overflows */
MUST_USE void *mem_realloc(void *ptr, size_t byte_count); /* on failure ptr is as it was */
MUST_USE char *mem_strdup(const char *text);
MUST_USE char *mem_strndup(const char *text, size_t len);
MUST_USE char *mem_printf(const char *fmt, ...) PRINTF(1, 2);
void mem_free(void *ptr); /* NULL is fine */

/* An array that grows: make room for one more element behind *count, doubling *capacity.
 * false when there is no memory; the array is then as it was. */
#define MEM_GROW(array, count, capacity) mem_grow((void **)&(array), (count), &(capacity), sizeof *(array))
MUST_USE bool mem_grow(void **array, size_t count, size_t *capacity, size_t size);

/* Tests: let the nth allocation of this thread from now fail, and every one after it when `forever`. 0: none.
 */
void mem_fail_at(uint64_t nth, bool forever);
uint64_t mem_count(
    void); /* allocations of this thread so far: a test counts first, then fails each in turn */
#endif
