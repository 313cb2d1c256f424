/* base.h: the few macros that every file uses. */
#ifndef WEIR_BASE_BASE_H
#define WEIR_BASE_BASE_H
#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUST_USE        __attribute__((warn_unused_result))
#define UNUSED          __attribute__((unused))
#define PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b)       ((a) < (b) ? (a) : (b))
#define MAX(a, b)       ((a) > (b) ? (a) : (b))
#define LIKELY(x)       __builtin_expect(!!(x), 1)
#define UNLIKELY(x)     __builtin_expect(!!(x), 0)

/* The struct of type that has member at ptr: how an implementation finds itself from its interface. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* The same, from a pointer to const. */
#define CONTAINER_OF_CONST(ptr, type, member)                                                                \
    ((const type *)(const void *)((const char *)(ptr)-offsetof(type, member)))
#endif
