/* java_regex.c: compiling, matching and keeping patterns; java_regex_translate.c knows the dialects. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "expr/java_regex.h"
#include "base/hash.h"
#include "base/mem.h"
#include <pcre2.h>

struct java_regex {
    pcre2_code *code;
    pcre2_match_data *match;
    uint32_t groups;
};

static void *allocate(size_t byte_count, UNUSED void *self)
{
    return mem_alloc(byte_count);
}

static void release(void *ptr, UNUSED void *self)
{
    mem_free(ptr);
}

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "a regular expression");
}

static enum err compile_failed(int code, size_t offset, struct slice pattern, struct error *e)
{
    PCRE2_UCHAR text[200];

    if (code == PCRE2_ERROR_HEAP_FAILED)
        return no_memory(e);
    pcre2_get_error_message(code, text, sizeof text);
    return error_set(e, code == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH ? ERR_UNSUPPORTED : ERR_INPUT,
                     "the regular expression '%.*s': %s (near byte %zu)", (int)MIN(pattern.len, 300),
                     pattern.ptr ? pattern.ptr : "", (const char *)text, offset);
}

static enum err compile(struct java_regex *r, struct slice pattern, unsigned flags, struct slice translated,
                        struct error *e)
{
    pcre2_general_context *memory = pcre2_general_context_create(allocate, release, NULL);
    pcre2_compile_context *context = memory ? pcre2_compile_context_create(memory) : NULL;
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    enum err rc = OK;
    size_t offset;
    int code;

    if (context == NULL) {
        rc = no_memory(e);
        goto out;
    }
    if (flags & JAVA_REGEX_WHOLE)
        options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
    pcre2_set_newline(context, PCRE2_NEWLINE_ANY);
    r->code = pcre2_compile((PCRE2_SPTR)(translated.len ? translated.ptr : ""), translated.len, options,
                            &code, &offset, context);
    if (r->code == NULL) {
        rc = compile_failed(code, offset, pattern, e);
        goto out;
    }
    pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE); /* where there is none, the interpreter does it */
    pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &r->groups);
    if ((r->match = pcre2_match_data_create_from_pattern(r->code, memory)) == NULL)
        rc = no_memory(e);
out:
    pcre2_compile_context_free(context);
    pcre2_general_context_free(memory);
    return rc;
}

enum err java_regex_new(struct slice pattern, unsigned flags, struct java_regex **out, struct error *e)
{
    struct java_regex *r = mem_zalloc(sizeof *r);
    struct bytes translated = {0};
    enum err rc;

    *out = NULL;
    if (r == NULL)
        return no_memory(e);
    if ((rc = java_regex_translate(pattern, &translated, e)) == OK && translated.failed)
        rc = no_memory(e);
    if (rc == OK)
        rc = compile(r, pattern, flags, bytes_all(&translated), e);
    bytes_fini(&translated);
    if (rc != OK)
        java_regex_free(r);
    else
        *out = r;
    return rc;
}

void java_regex_free(struct java_regex *r)
{
    if (r == NULL)
        return;
    pcre2_match_data_free(r->match);
    pcre2_code_free(r->code);
    mem_free(r);
}

int32_t java_regex_groups(const struct java_regex *r)
{
    return (int32_t)r->groups;
}

enum java_regex_result java_regex_find(struct java_regex *r, struct slice text, size_t from)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)(text.len ? text.ptr : "");
    int rc = pcre2_match(r->code, subject, text.len, from, 0, r->match, NULL);

    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(r->code, subject, text.len, from, PCRE2_NO_JIT, r->match, NULL);
    if (rc >= 0)
        return JAVA_REGEX_FOUND;
    return rc == PCRE2_ERROR_NOMATCH ? JAVA_REGEX_NONE : JAVA_REGEX_FAILED;
}

bool java_regex_group(const struct java_regex *r, struct slice text, int32_t group, struct slice *out)
{
    const size_t *at = pcre2_get_ovector_pointer(r->match) + 2 * (size_t)group;

    assert(group >= 0 && (uint32_t)group <= r->groups);
    if (at[0] == PCRE2_UNSET || at[1] < at[0])
        return false;
    *out = slice_of(text.len ? text.ptr + at[0] : "", at[1] - at[0]);
    return true;
}

/* --- the cache: each pattern has one place, by its hash */

#define PLACES 64

struct place_entry {
    char *pattern; /* owned */
    size_t len;
    struct java_regex *regex; /* owned; NULL: does not compile */
};

struct java_regex_cache {
    unsigned flags;
    struct place_entry *last; /* the one used before: it most often is the next too */
    struct place_entry places[PLACES];
};

enum err java_regex_cache_new(unsigned flags, struct java_regex_cache **out, struct error *e)
{
    if ((*out = mem_zalloc(sizeof **out)) == NULL)
        return no_memory(e);
    (*out)->flags = flags;
    return OK;
}

static void empty_place(struct place_entry *p)
{
    mem_free(p->pattern);
    java_regex_free(p->regex);
    *p = (struct place_entry){0};
}

void java_regex_cache_free(struct java_regex_cache *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < PLACES; i++)
        empty_place(&c->places[i]);
    mem_free(c);
}

static bool is_here(const struct place_entry *p, struct slice pattern)
{
    return p && p->pattern && slice_equal(slice_of(p->pattern, p->len), pattern);
}

static enum err fill_place(struct java_regex_cache *c, struct place_entry *p, struct slice pattern,
                           struct error *e)
{
    struct java_regex *made = NULL;
    struct error why;
    enum err rc = java_regex_new(pattern, c->flags, &made, &why);
    char *copy;

    if (rc != OK && rc != ERR_INPUT) {
        *e = why;
        return rc;
    }
    if ((copy = mem_strndup(pattern.ptr ? pattern.ptr : "", pattern.len)) == NULL) {
        java_regex_free(made);
        return no_memory(e);
    }
    empty_place(p);
    *p = (struct place_entry){copy, pattern.len, made};
    return OK;
}

enum err java_regex_cache_get(struct java_regex_cache *c, struct slice pattern, struct java_regex **out,
                              struct error *e)
{
    struct place_entry *p = c->last;
    enum err rc = OK;

    if (!is_here(p, pattern)) {
        p = &c->places[hash_bytes(pattern.ptr, pattern.len) % PLACES];
        if (!is_here(p, pattern))
            rc = fill_place(c, p, pattern, e);
    }
    if (rc != OK)
        return rc;
    c->last = p;
    *out = p->regex;
    return OK;
}
