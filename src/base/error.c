/* error.c: see error.h. */
#include "base/error.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static enum error_advice advice_of(enum err rc)
{
    switch (rc) {
    case ERR_UNAVAILABLE:
    case ERR_CONFLICT:
        return ADVICE_RETRY;
    case ERR_IO:
    case ERR_MEMORY:
    case ERR_UNKNOWN:
        return ADVICE_RESTART;
    default:
        return ADVICE_GIVE_UP;
    }
}

enum err error_set(struct error *e, enum err rc, const char *fmt, ...)
{
    va_list va;

    e->code = rc;
    e->advice = advice_of(rc);
    va_start(va, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, va);
    va_end(va);
    return rc;
}

/* As much of text as fits into size bytes with the terminator. */
static void append(char *to, size_t size, const char *text)
{
    size_t len = strnlen(text, size - 1);

    memcpy(to, text, len);
    to[len] = '\0';
}

enum err error_add(struct error *e, enum err rc, const char *fmt, ...)
{
    char inner[sizeof e->text];
    va_list va;
    size_t used;

    memcpy(inner, e->text, sizeof inner);
    va_start(va, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, va);
    va_end(va);
    used = strlen(e->text);
    append(e->text + used, sizeof e->text - used, ": ");
    used = strlen(e->text);
    append(e->text + used, sizeof e->text - used, inner);
    e->code = rc;
    return rc;
}

static enum err code_of_errno(int errno_value)
{
    switch (errno_value) {
    case ENOENT:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    case ENOMEM:
        return ERR_MEMORY;
    case ECONNREFUSED:
    case ETIMEDOUT:
        return ERR_UNAVAILABLE;
    default:
        return ERR_IO;
    }
}

enum err error_errno(struct error *e, int errno_value, const char *fmt, ...)
{
    char what[700], buffer[128];
    const char *why = strerror_r(errno_value, buffer, sizeof buffer);
    va_list va;

    va_start(va, fmt);
    vsnprintf(what, sizeof what, fmt, va);
    va_end(va);
    return error_set(e, code_of_errno(errno_value), "%s: %s", what, why);
}

enum err error_memory(struct error *e, size_t byte_count, const char *what)
{
    return error_set(e, ERR_MEMORY, "no memory for %zu bytes of %s; raise taskmanager.memory.process.size",
                     byte_count, what);
}

void error_advise(struct error *e, enum error_advice advice)
{
    e->advice = advice;
}

const char *error_name(enum err rc)
{
    static const char *const names[] = {
        [OK] = "ok",
        [ERR_INPUT] = "input",
        [ERR_CONFIG] = "config",
        [ERR_NOT_FOUND] = "not_found",
        [ERR_EXISTS] = "exists",
        [ERR_CONFLICT] = "conflict",
        [ERR_IO] = "io",
        [ERR_UNAVAILABLE] = "unavailable",
        [ERR_DENIED] = "denied",
        [ERR_MEMORY] = "memory",
        [ERR_CORRUPT] = "corrupt",
        [ERR_UNSUPPORTED] = "unsupported",
        [ERR_CANCELLED] = "cancelled",
        [ERR_UNKNOWN] = "unknown",
        [ERR_WAIT] = "wait",
    };
    assert((size_t)rc < COUNT_OF(names));
    return names[rc];
}
