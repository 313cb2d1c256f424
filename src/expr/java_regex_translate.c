/* java_regex_translate.c: a pattern of Java's in PCRE2's words, character by character; what only one of the two
 * knows is said otherwise or refused. A pattern that both refuse is left to PCRE2.
 */
#include "base/hex.h"
#include "expr/characters.h"
#include "expr/java_regex.h"

struct walk {
    struct slice pattern;
    size_t at;
    struct bytes *out;
    int classes; /* how deep we are in [ ] */
    struct error *e;
};

static enum err bad(struct walk *w, const char *what)
{
    return error_set(w->e, ERR_INPUT, "the regular expression '%.*s': %s (near byte %zu)",
                     (int)MIN(w->pattern.len, 300), w->pattern.ptr, what, w->at);
}

static enum err unsupported(struct walk *w, const char *what)
{
    return error_set(
        w->e, ERR_UNSUPPORTED,
        "the regular expression '%.*s': %s (near byte %zu) cannot be used here; write it otherwise",
        (int)MIN(w->pattern.len, 300), w->pattern.ptr, what, w->at);
}

static int peek(const struct walk *w, size_t ahead)
{
    return w->at + ahead < w->pattern.len ? (uint8_t)w->pattern.ptr[w->at + ahead] : -1;
}

static void copy(struct walk *w, size_t count)
{
    bytes_append(w->out, w->pattern.ptr + w->at, count);
    w->at += count;
}

/* Four digits behind the backslash and u at `ahead`; -1 when they are not there. */
static int64_t unit_at(const struct walk *w, size_t ahead)
{
    int64_t v = 0;

    if (peek(w, ahead) != '\\' || peek(w, ahead + 1) != 'u')
        return -1;
    for (size_t i = 2; i < 6; i++) {
        int digit = hex_value(peek(w, ahead + i));

        if (digit < 0)
            return -1;
        v = v << 4 | digit;
    }
    return v;
}

static enum err unicode_escape(struct walk *w)
{
    int64_t code = unit_at(w, 0), low;

    if (code < 0)
        return bad(w, "\\u wants four hexadecimal digits");
    w->at += 6;
    if (code >= 0xd800 && code < 0xdc00 && (low = unit_at(w, 0)) >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
        w->at += 6;
    }
    if (code >= 0xd800 && code < 0xe000)
        return bad(w, "half of a surrogate pair");
    bytes_printf(w->out, "\\x{%" PRIx64 "}", code);
    return OK;
}

/* \0n, \0nn, \0mnn with m at most 3 */
static enum err octal_escape(struct walk *w)
{
    int code = 0, digits = 0;

    for (w->at += 2; digits < 3 && peek(w, 0) >= '0' && peek(w, 0) <= '7'; digits++, w->at++) {
        if (digits == 2 && code > 037)
            break;
        code = code * 8 + peek(w, 0) - '0';
    }
    if (digits == 0)
        return bad(w, "\\0 wants octal digits");
    bytes_printf(w->out, "\\x{%x}", code);
    return OK;
}

/* --- \p{...} */

static void posix_class(struct walk *w, const char *name, bool negated)
{
    const char *open = w->classes ? "" : "[", *close = w->classes ? "" : "]";

    bytes_printf(w->out, "%s[:%s%s:]%s", open, negated ? "^" : "", name, close);
}

static bool put_named(struct walk *w, struct slice name, bool negated)
{
    static const struct {
        const char *java, *posix, *property;
    } names[] = {{"Lower", "lower"},
                 {"Upper", "upper"},
                 {"ASCII", "ascii"},
                 {"Alpha", "alpha"},
                 {"Digit", "digit"},
                 {"Alnum", "alnum"},
                 {"Punct", "punct"},
                 {"Graph", "graph"},
                 {"Print", "print"},
                 {"Blank", "blank"},
                 {"Cntrl", "cntrl"},
                 {"XDigit", "xdigit"},
                 {"Space", "space"},
                 {"javaLowerCase", NULL, "Ll"},
                 {"javaUpperCase", NULL, "Lu"},
                 {"javaTitleCase", NULL, "Lt"},
                 {"javaLetter", NULL, "L"},
                 {"javaDigit", NULL, "Nd"},
                 {"javaAlphabetic", NULL, "Alphabetic"},
                 {"IsLetter", NULL, "L"},
                 {"IsDigit", NULL, "Nd"},
                 {"IsPunctuation", NULL, "P"},
                 {"IsControl", NULL, "Cc"},
                 {"IsTitlecase", NULL, "Lt"},
                 {"all", NULL, "Any"}};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!slice_is(name, names[i].java))
            continue;
        if (names[i].posix)
            posix_class(w, names[i].posix, negated);
        else
            bytes_printf(w->out, "\\%c{%s}", negated ? 'P' : 'p', names[i].property);
        return true;
    }
    return false;
}

static bool skip_prefix(struct slice *name, const char *prefix)
{
    struct slice p = slice_text(prefix);

    if (!slice_starts(*name, p))
        return false;
    *name = slice_from(*name, p.len);
    return true;
}

static enum err property(struct walk *w)
{
    bool negated = peek(w, 1) == 'P';
    struct slice name = slice_of(w->pattern.ptr + w->at + 2, 1);

    if (peek(w, 2) < 0)
        return bad(w, "\\p wants a name");
    if (peek(w, 2) == '{') {
        const char *end;

        name = slice_from(w->pattern, w->at + 3);
        if ((end = name.len ? memchr(name.ptr, '}', name.len) : NULL) == NULL)
            return bad(w, "\\p{ is not closed");
        name.len = (size_t)(end - name.ptr);
        w->at += name.len + 4;
    } else {
        w->at += 3;
    }
    if (put_named(w, name, negated))
        return OK;
    if (slice_starts(name, SLICE("In")) || slice_starts(name, SLICE("blk=")) ||
        slice_starts(name, SLICE("block=")))
        return unsupported(w, "a block of characters (\\p{In...})");
    if (slice_starts(name, SLICE("java")))
        return unsupported(w, "a property by the name of a method of Java's");
    if (!skip_prefix(&name, "Is") && !skip_prefix(&name, "sc=") && !skip_prefix(&name, "script=") &&
        !skip_prefix(&name, "gc=") && !skip_prefix(&name, "general_category=") && name.len > 2)
        return bad(w, "there is no such property");
    if (name.len == 0 || memchr(name.ptr, '^', name.len))
        return bad(w, "there is no such property");
    bytes_printf(w->out, "\\%c{" SLICE_FMT "}", negated ? 'P' : 'p', SLICE_ARG(name));
    return OK;
}

/* --- other escapes */

static void quoted(struct walk *w)
{
    while (w->at < w->pattern.len) {
        if (peek(w, 0) == '\\' && peek(w, 1) == 'E') {
            copy(w, 2);
            return;
        }
        copy(w, 1);
    }
}

static enum err escape(struct walk *w)
{
    int next = peek(w, 1);

    if (next < 0)
        return bad(w, "a backslash at the end");
    switch (next) {
    case 'u':
        return unicode_escape(w);
    case '0':
        return octal_escape(w);
    case 'p':
    case 'P':
        return property(w);
    case 'Q':
        quoted(w);
        return OK;
    }
    if ((next | 0x20) >= 'a' && (next | 0x20) <= 'z' && strchr("AaBbcDdEeFfGHhknRrSstVvWwXxZz", next) == NULL)
        return bad(w, "there is no such escape");
    if (next == 'F' || next == 'E' || (w->classes && strchr("AbBGkRXzZ", next)))
        return bad(w, "there is no such escape");
    copy(w, 2);
    return OK;
}

/* --- classes */

static enum err character_class(struct walk *w)
{
    enum err rc = OK;

    copy(w, 1);
    w->classes = 1;
    if (peek(w, 0) == '^')
        copy(w, 1);
    if (peek(w, 0) == ']')
        copy(w, 1); /* stands for itself */
    while (rc == OK && w->classes && w->at < w->pattern.len) {
        int c = peek(w, 0);

        if (c == '&' && peek(w, 1) == '&') {
            rc = unsupported(w, "an intersection of classes (&&)");
        } else if (c == '[' && peek(w, 1) == '^') {
            rc = unsupported(w, "a negated class within a class");
        } else if (c == '[' && peek(w, 1) == ':') {
            rc = unsupported(w, "a class by name ([:alpha:], which Java calls \\p{Alpha})");
        } else if (c == '[') {
            w->classes++;
            w->at++;
        } else if (c == ']' && --w->classes > 0) {
            w->at++;
        } else if (c == '\\') {
            rc = escape(w);
        } else {
            copy(w, 1);
        }
    }
    if (rc == OK && w->classes)
        rc = bad(w, "a class is not closed");
    return rc;
}

/* --- groups and repetitions */

static enum err flags(struct walk *w)
{
    size_t at = w->at + 2;

    copy(w, 2);
    for (; at < w->pattern.len && w->pattern.ptr[at] != ')' && w->pattern.ptr[at] != ':'; at++) {
        char flag = w->pattern.ptr[at];

        w->at = at;
        if (flag == 'd' || flag == 'U')
            return unsupported(w, "the flag d or U");
        if (strchr("imsx-", flag))
            bytes_u8(w->out, (uint8_t)flag);
        else if (flag != 'u')
            return bad(w, "there is no such group");
    }
    w->at = at;
    return OK;
}

static enum err group(struct walk *w)
{
    int kind = peek(w, 2), next = peek(w, 3);

    if (peek(w, 1) == '*')
        return bad(w, "nothing that * could repeat");
    if (peek(w, 1) != '?') {
        copy(w, 1);
        return OK;
    }
    if (kind == ':' || kind == '=' || kind == '!' || kind == '>') {
        copy(w, 3);
        return OK;
    }
    if (kind == '<' && (next == '=' || next == '!')) {
        copy(w, 4);
        return OK;
    }
    if (kind == '<' && ((next | 0x20) >= 'a' && (next | 0x20) <= 'z')) {
        copy(w, 3);
        return OK;
    }
    return flags(w);
}

/* {n}, {n,}, {n,m}; Java takes a brace for nothing else. */
static enum err repetition(struct walk *w)
{
    size_t len = 1, digits = 0;

    for (; peek(w, len) >= '0' && peek(w, len) <= '9'; len++)
        digits++;
    if (digits && peek(w, len) == ',')
        for (len++; peek(w, len) >= '0' && peek(w, len) <= '9';)
            len++;
    if (digits == 0 || peek(w, len) != '}')
        return bad(w, "a brace that is no repetition");
    copy(w, len + 1);
    return OK;
}

enum err java_regex_translate(struct slice pattern, struct bytes *out, struct error *e)
{
    struct walk w = {.pattern = pattern, .out = out, .e = e};
    enum err rc = OK;

    while (rc == OK && w.at < pattern.len) {
        switch (peek(&w, 0)) {
        case '\\':
            rc = escape(&w);
            break;
        case '[':
            rc = character_class(&w);
            break;
        case '(':
            rc = group(&w);
            break;
        case '{':
            rc = repetition(&w);
            break;
        default:
            copy(&w, 1);
        }
    }
    return rc;
}

void java_regex_quote(struct bytes *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] > 0 && strchr("\\^$.|?*+()[]{}", text.ptr[i]))
            bytes_u8(out, '\\');
        bytes_u8(out, (uint8_t)text.ptr[i]);
    }
}
