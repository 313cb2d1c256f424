/* error.h: how a failure of the world is told: a code for the program, a sentence for the user.
 * A sentence says what, where and what to do: `reading s3://b/x: access denied (403); check s3.access-key`.
 * Our own mistakes are no errors but asserts.
 */
#ifndef WEIR_BASE_ERROR_H
#define WEIR_BASE_ERROR_H
#include "base/base.h"

enum err {
    OK = 0,
    ERR_INPUT,       /* a record or document that cannot be read */
    ERR_CONFIG,      /* an option, variable or argument that is wrong or missing */
    ERR_NOT_FOUND,   /* what was asked for is not there */
    ERR_EXISTS,      /* what should be made is there already */
    ERR_CONFLICT,    /* somebody else changed it first: read again and retry */
    ERR_IO,          /* disk or object store failed */
    ERR_UNAVAILABLE, /* a service does not answer, or says 5xx; later may be better */
    ERR_DENIED,      /* credentials refused */
    ERR_MEMORY,      /* the budget or the machine has no more */
    ERR_CORRUPT,     /* stored data that fails its checksum or its format */
    ERR_UNSUPPORTED, /* weir cannot do this (yet) */
    ERR_CANCELLED,   /* we were told to stop */
    ERR_UNKNOWN,     /* the outcome of a commit is not known: ask before doing it again */
    ERR_WAIT,        /* not a failure: nothing was taken, offer it again after the wake-up (operator.h) */
};

/* What the caller should do about it. Derived from the code unless set by error_advise. */
enum error_advice { ADVICE_GIVE_UP, ADVICE_RETRY, ADVICE_RESTART };

struct error {
    enum err code;
    enum error_advice advice;
    char text[1000]; /* one line, no final full stop, always terminated */
};

/* Fill e and return rc, for `return error_set(e, ERR_IO, "...", ...)`. e may not be NULL. */
enum err error_set(struct error *e, enum err rc, const char *fmt, ...) PRINTF(3, 4);

/* Put `fmt: ` before the text that is there, and return rc: the way outwards adds what it knows. */
enum err error_add(struct error *e, enum err rc, const char *fmt, ...) PRINTF(3, 4);

/* `fmt: <strerror(errno_value)>`, with the code that fits errno_value (ENOENT: ERR_NOT_FOUND, ...). */
enum err error_errno(struct error *e, int errno_value, const char *fmt, ...) PRINTF(3, 4);

/* ERR_MEMORY with the number of bytes that could not be had and for what. */
enum err error_memory(struct error *e, size_t byte_count, const char *what);

void error_advise(struct error *e, enum error_advice advice);

/* A short lower-case name of a code for metrics and labels: "io", "conflict", ... Static. */
const char *error_name(enum err rc);
#endif
