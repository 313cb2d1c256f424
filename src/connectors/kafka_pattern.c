/* kafka_pattern.c: see kafka_pattern.h. The two dialects agree on what topic patterns are made of:
 * characters, classes, alternatives, groups and counts. \d, \w and non-capturing groups are rewritten; the
 * rest of what differs is refused.
 */
#include "connectors/kafka_pattern.h"
#include "base/bytes.h"

static enum err unsupported(const char *java, const char *at, struct error *e)
{
    return error_set(
        e, ERR_UNSUPPORTED,
        "topic-pattern '%s': '%.2s' at position %zu is not supported; use classes like [0-9], groups and |",
        java, at, (size_t)(at - java) + 1);
}

/* An escape: at is behind the backslash. */
static enum err translate_escape(struct bytes *out, const char *java, const char *at, bool in_class,
                                 struct error *e)
{
    switch (*at) {
    case 'd':
        bytes_text(out, in_class ? "0-9" : "[0-9]");
        return OK;
    case 'w':
        bytes_text(out, in_class ? "a-zA-Z0-9_" : "[a-zA-Z0-9_]");
        return OK;
    default:
        if (*at == '\0' || (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') ||
            (*at >= 'A' && *at <= 'Z'))
            return unsupported(java, at - 1, e);
        if (in_class) /* there a backslash is a character to POSIX; no topic has one that would need it */
            bytes_append(out, at, 1);
        else
            bytes_printf(out, "\\%c", *at);
        return OK;
    }
}

static enum err translate(const char *java, struct bytes *out, struct error *e)
{
    bool in_class = false;
    enum err rc = OK;

    for (const char *at = java; rc == OK && *at; at++) {
        if (*at == '\\') {
            rc = translate_escape(out, java, ++at, in_class, e);
            continue;
        }
        if (!in_class && strncmp(at, "(?:", 3) == 0) {
            bytes_text(out, "(");
            at += 2;
            continue;
        }
        if (!in_class &&
            (strncmp(at, "(?", 2) == 0 || (at > java && strchr("*+?}", at[-1]) && strchr("?+", *at))))
            return unsupported(java, at, e);
        if (*at == '[' && in_class)
            return unsupported(java, at, e);
        in_class = *at == '[' || (in_class && *at != ']');
        bytes_append(out, at, 1);
    }
    return rc;
}

enum err kafka_pattern_compile(const char *java, regex_t *out, struct error *e)
{
    struct bytes posix = {0};
    char why[200];
    enum err rc;
    int failed;

    bytes_text(&posix, "^(");
    if ((rc = translate(java, &posix, e)) != OK)
        goto out;
    bytes_text(&posix, ")$");
    if (bytes_cstr(&posix) == NULL) {
        rc = error_memory(e, posix.len, "a pattern");
        goto out;
    }
    if ((failed = regcomp(out, bytes_cstr(&posix), REG_EXTENDED | REG_NOSUB)) != 0) {
        regerror(failed, out, why, sizeof why);
        rc = error_set(e, ERR_CONFIG, "topic-pattern '%s': %s", java, why);
    }
out:
    bytes_fini(&posix);
    return rc;
}
